"""The one place where Quire writes files of its own.

A file appears under its name only when all of it is on the disk: written beside, flushed to the
device, renamed, and the folder flushed as well, so that after a power loss there is the old file or
the new one.
"""

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from quire.errors import KnowledgeBaseError
from quire.indexes.folder.names import UNFINISHED

ROOM = 16_000  # bytes that a place of `write_in_turn` holds
_PLACE = 16_384  # bytes: whole blocks of every device, so that no two places share one


def make_private_folder(folder: Path) -> None:
    """Create `folder` with its parents, readable by its owner alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        for made in reversed(missing):  # of those above, `parents` would leave the mode to chance
            made.mkdir(exist_ok=True, mode=0o700)
            sync_folder(made.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise KnowledgeBaseError(
            f"The folder {folder} cannot be created: {error.strerror}.",
            hint="Name a folder that you may write to.",
        ) from error


def write_file(path: Path, content: bytes | memoryview) -> None:
    """Put a file with this content at `path`."""
    write_pieces(path, lambda put: put(content))


def write_pieces(
    path: Path, write: Callable[[Callable[[bytes | memoryview], object]], object]
) -> None:
    """Put a file at `path` with the content that `write` gives, piece by piece, to what it is
    given."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        beside.touch(0o600)
        with beside.open("rb+") as file:
            write(file.write)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def write_in_turn(path: Path, content: bytes, *, turn: int) -> None:
    """Write at most `ROOM` bytes to one of the two places of a small file, in turn. Whatever
    becomes of this write, the other place keeps what was written the time before.

    This costs one flush, and a file that is renamed into its place two
    (docs/decisions/ledger.md).
    """
    summed = content.ljust(ROOM, b"\n")
    try:
        if not path.is_file() or path.stat().st_size != 2 * _PLACE:
            write_file(path, bytes(2 * _PLACE))
        with path.open("rb+", buffering=0) as file:
            file.seek(turn % 2 * _PLACE)
            file.write(b"%08x\n" % zlib.crc32(summed) + summed)
            _flush_content(file.fileno())
    except OSError as error:
        raise _unwritten(path, error) from error


def read_in_turn(path: Path) -> list[bytes]:
    """What stands, whole, at the two places of such a file; nothing where there is none."""
    try:
        written = path.read_bytes()
    except OSError:
        return []
    found = []
    for start in (0, _PLACE):
        told, _, rest = written[start : start + _PLACE].partition(b"\n")
        summed = rest[:ROOM]
        if told == b"%08x" % zlib.crc32(summed):
            found.append(summed.rstrip(b"\n"))
    return found


def _unwritten(path: Path, error: OSError) -> KnowledgeBaseError:
    return KnowledgeBaseError(
        f"{path} could not be written: {error.strerror or error}.",
        hint="Check the free space and the permissions of the disk, then try again.",
    )


def _flush_content(descriptor: int) -> None:
    """Flush a file whose length has not changed."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:  # macOS and Windows
        os.fsync(descriptor)


def move(path: Path, target: Path) -> None:
    """Give a file or folder another name on the same disk; a file that stands there is replaced."""
    try:
        path.replace(target)
        sync_folder(target.parent)
        sync_folder(path.parent)
    except OSError as error:
        raise KnowledgeBaseError(
            f"{path} could not be moved: {error.strerror or error}.",
            hint="Check the permissions of the folder, then try again.",
        ) from error


def remove(path: Path) -> None:
    """Delete a file, or the folder that stands in its place."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise KnowledgeBaseError(
            f"{path} could not be deleted: {error.strerror or error}.",
            hint="Check the permissions of the folder, then delete it yourself.",
        ) from error


def remove_unfinished(folder: Path) -> None:
    """Delete what was being written below `folder` when its process was killed."""
    for beside in folder.rglob(f".*{UNFINISHED}"):
        remove(beside)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the device. Windows has no such call and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network and user-space file systems cannot
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def scratch(folder: Path, *, in_memory: int) -> Iterator[IO[bytes]]:
    """What is written and read again while the block lasts. Only so many bytes are kept in memory:
    more go to a file in `folder` without a name, which is gone whatever ends the process."""
    file = tempfile.SpooledTemporaryFile(  # noqa: SIM115  closed without complaint, see below
        in_memory, "w+b", dir=os.fspath(folder), prefix=".scratch.", suffix=UNFINISHED
    )
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # what could not be written is not needed any more
            file.close()


def probe_writable(folder: Path) -> None:
    """Raises OSError when no file can be made in `folder`; permission bits alone do not tell."""
    probe = folder / f".probe.{secrets.token_hex(4)}{UNFINISHED}"
    probe.touch(0o600)
    probe.unlink()
