"""Opens a file of unknown origin: at once, and nowhere but in the folder that was named.

Between the moment when a file was found and that when it is read, anything may have come in its
place: a pipe that nobody writes into, a device, a link to a file that nobody named. So a file is
opened without waiting and is looked at once it is open, and from the folder that was named each
step down to it is taken without following a link.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits

# Opening a pipe would wait for its writer.
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FILE |= getattr(os, "O_BINARY", 0)  # Windows would translate the ends of lines
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_STEPWISE = os.open in os.supports_dir_fd and bool(_NO_LINK)  # not on Windows


@dataclass(frozen=True, slots=True)
class Within:
    """A place that reading must not leave: a real path, free of links, and the names that lead from
    there down to the file. A file that was named itself has none."""

    root: str
    names: tuple[str, ...] = ()


def read_bytes(path: Path, *, limits: Limits, within: Within | None = None) -> bytes:
    """The bytes of a regular file, read once; never waits on a pipe or a device.

    With `within`, which says where `path` is, no link is followed below its root. Raises Skipped
    and Unreadable.
    """
    descriptor = _opened(path, within)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Skipped("not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        # What claims no size is empty, or a window into the kernel that may never end.
        if status.st_size == 0:
            raise Skipped("empty file")
        if status.st_size > limits.file_bytes:
            raise Unreadable(
                f"limit: the file has {status.st_size / 1e6:,.0f} MB,"
                f" more than {limits.file_bytes / 1e6:,.0f} MB",
                hint="Split it, or raise the limit on file size.",
            )
        try:
            # Of a file that grows meanwhile this is what it had at first.
            data = file.read(status.st_size)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error
    if not data:
        raise Skipped("empty file")
    return data


def _opened(path: Path, within: Within | None) -> int:
    try:
        if within is None or not _STEPWISE:
            return os.open(path, _FILE)
        return _open_below(within)
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from error


def _open_below(within: Within) -> int:
    """Opens each folder on the way inside of the one before, so that none can be exchanged for a
    link in between."""
    if not within.names:
        return _step(within.root, _FILE, None)
    folder = _step(within.root, _FOLDER, None)
    try:
        for name in within.names[:-1]:
            inner = _step(name, _FOLDER, folder)
            os.close(folder)
            folder = inner
        return _step(within.names[-1], _FILE, folder)
    finally:
        os.close(folder)


def _step(name: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(name, flags | _NO_LINK, dir_fd=folder)
    except OSError:
        if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
            raise Skipped(
                "a link was put in its place", hint="Run the same command again."
            ) from None
        raise
