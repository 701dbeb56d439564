"""Puts a model's file or folder in its place on the disk, durably, and says what is in the way.

What is not whole yet lies beside, under a name that begins with a dot: that is no model.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from quire.errors import DownloadFailed, DownloadStopped
from quire.models.store.web import AGAIN

_SPARE = 50_000_000  # bytes that stay free on the disk
_BLOCK = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}


def make_folder(folder: Path) -> None:
    """Have a folder, with those above it. Raises DownloadFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DownloadFailed(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Name another folder with QUIRE_MODELS.",
        ) from error


def require_space(folder: Path, missing: int) -> None:
    """Raises DownloadFailed when the disk has no room for so many bytes more."""
    free = shutil.disk_usage(folder).free
    if missing > 0 and free < missing + _SPARE:
        raise DownloadFailed(
            f"The disk that holds {folder} has {megabytes(free)} free, and "
            f"{megabytes(missing + _SPARE)} are needed.",
            hint="Free some space, or name another folder with QUIRE_MODELS.",
        )


def part_of(target: Path) -> Path:
    """Where the part of a file lies; what begins with a dot is no model."""
    return target.with_name(f".{target.name}.part")


def place(part: Path, target: Path) -> None:
    """Give a finished file, or folder of finished files, its name, durably."""
    try:
        if part.is_file():
            descriptor = os.open(part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise no_room(part, error) from error


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the device. Windows has no such call and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blocks(path: Path, cancel: threading.Event) -> Iterator[bytes]:
    """The content of a file, piece by piece. Raises DownloadStopped once `cancel` is set."""
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            if cancel.is_set():
                raise DownloadStopped
            yield block


def sha256(path: Path, cancel: threading.Event, hear: Callable[[int], None]) -> str:
    """The SHA-256 of a file; `hear` is told how many bytes were read. Empty for what is no regular
    file."""
    if not path.is_file():
        return ""
    digest, done = hashlib.sha256(), 0
    for block in blocks(path, cancel):
        digest.update(block)
        done += len(block)
        hear(done)
    return digest.hexdigest()


def megabytes(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def no_room(part: Path, error: OSError) -> DownloadFailed:
    """What to say of a write that failed."""
    if error.errno in _FULL:
        return DownloadFailed(
            f"The disk that holds {part.parent} is full; {megabytes(size_of(part))} have arrived.",
            hint=f"Free some space. {AGAIN}",
        )
    if error.errno == errno.EFBIG:
        return DownloadFailed(
            f"The disk that holds {part.parent} takes no file this large; "
            f"{megabytes(size_of(part))} have arrived.",
            hint="Name a folder on another disk with QUIRE_MODELS: FAT ends at 4 GB.",
        )
    return DownloadFailed(
        f"{part} cannot be written: {error.strerror or error}.",
        hint="Check the permissions of the folder.",
    )
