"""Which files a list of paths means, without opening any of them."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quire.errors import Unreadable


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest: its absolute path, the named path it was found under, size, mtime."""

    path: Path
    root: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedPath:
    """A path that was met and is not ingested, with the reason."""

    path: Path
    reason: str


# Written by programs beside the files that people mean.
_LEFT_OUT = {"Thumbs.db", "desktop.ini", "__MACOSX", "__pycache__", "CVS"}
_LEFT_OUT_BEGINNINGS = (".", "~$")
_LEFT_OUT_ENDINGS = ("~", ".tmp", ".part", ".crdownload")


def discover(paths: Iterable[Path]) -> Iterator[FoundFile | SkippedPath]:
    """All files under `paths`, folders in sorted order, each file once however often it is named.

    Hidden files, locks and leftovers are passed over in silence inside a folder, and taken when
    named. Links are followed inside the named folder and never out of it. Raises Unreadable,
    before anything is yielded, if a named path does not exist.
    """
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 — links stay links
    for root in roots:
        if not os.path.lexists(root):
            raise Unreadable(f"{root} does not exist", hint="Check the path's spelling.")
    return _discover(roots)


def _discover(roots: list[Path]) -> Iterator[FoundFile | SkippedPath]:
    walk = _Walk()
    for root in roots:
        yield from walk.visit(root)


class _Walk:
    """Remembers what it has met: real paths, so that links and overlaps count once."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def visit(self, root: Path) -> Iterator[FoundFile | SkippedPath]:
        real_root = os.path.realpath(root)
        stack = [root]
        while stack:
            path = stack.pop()
            real = os.path.realpath(path)
            if path.is_symlink() and path != root:
                if not _is_inside(real, real_root):
                    yield SkippedPath(path, "link that leads out of the folder")
                    continue
                if os.path.lexists(real) and not os.path.islink(real):  # noqa: PTH114
                    # What a link names is ingested under its own name.
                    path = root / os.path.relpath(real, real_root)
            if real in self._met:
                continue
            self._met.add(real)
            try:
                status = os.stat(real)  # noqa: PTH116 — of a string, as all paths here
                if stat.S_ISDIR(status.st_mode):
                    stack.extend(path / name for name in sorted(_names(real), reverse=True))
                    continue
            except OSError as error:
                broken = path.is_symlink() or isinstance(error, FileNotFoundError)
                reason = "broken link" if broken else f"cannot be read: {error.strerror}"
                yield SkippedPath(path, reason)
                continue
            yield _file(path, root, status)


def _file(path: Path, root: Path, status: os.stat_result) -> FoundFile | SkippedPath:
    if not stat.S_ISREG(status.st_mode):
        return SkippedPath(path, "not a regular file")
    if not os.access(path, os.R_OK):
        return SkippedPath(path, "cannot be read: permission denied")
    return FoundFile(path, root, status.st_size, status.st_mtime_ns)


def _names(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if not _is_left_out(name)]  # noqa: PTH208


def _is_left_out(name: str) -> bool:
    return (
        name.startswith(_LEFT_OUT_BEGINNINGS)
        or name.endswith(_LEFT_OUT_ENDINGS)
        or name in _LEFT_OUT
    )


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
