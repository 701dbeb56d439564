"""The one place where Quire writes files of its own.

A file appears under its name only when all of it is on the disk: written beside, flushed to the
device, renamed, and the folder flushed as well, so that after a power loss there is the old file or
the new one.
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from quire.errors import KnowledgeBaseError


def make_private_folder(folder: Path) -> None:
    """Create `folder` with its parents, readable by its owner alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise KnowledgeBaseError(
            f"The folder {folder} cannot be created: {error.strerror}.",
            hint="Name a folder that you may write to.",
        ) from error


def write_file(path: Path, write: Callable[[Path], None]) -> None:
    """Put a file at `path`; `write` receives the temporary path to write its content to."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        write(beside)
        with beside.open("rb+") as file:
            beside.chmod(0o600)
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise KnowledgeBaseError(
            f"{path} could not be written: {error.strerror or error}.",
            hint="Check the free space and the permissions of the disk, then try again.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the device. Windows has no such call and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def probe_writable(folder: Path) -> None:
    """Raises OSError when no file can be made in `folder`; permission bits alone do not tell."""
    probe = folder / f".probe.{secrets.token_hex(4)}"
    probe.touch(0o600)
    probe.unlink()
