"""Which files a list of paths means, without opening any of them."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quire.errors import Unreadable
from quire.indexes.folder.names import ORIGINALS, is_knowledge_base, is_own
from quire.ingest.loaders.opening import Within


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest: its absolute path, size, mtime, and how it is reached without a link."""

    path: Path
    size: int
    mtime_ns: int
    within: Within


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
    named. Links are followed inside the named folder and never out of it. What Quire itself has
    written into a knowledge base is passed over wherever one is met, and however it is named, but
    for copies of uploads that are named. Raises Unreadable, before anything is yielded, if a named
    path does not exist.
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
        self._parts: dict[str, str] = {}  # of each path, as _part_of says

    def visit(self, root: Path) -> Iterator[FoundFile | SkippedPath]:
        real_root = os.path.realpath(root)
        named = self._part_of(real_root)
        taken = ("", ORIGINALS) if named == ORIGINALS else ("",)
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
            if real in self._met or self._part_of(real) not in taken:
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
            yield _file(path, status, Within(real_root, path.relative_to(root).parts))

    def _part_of(self, path: str) -> str:
        """The part of a knowledge base that a real path is or lies in, or nothing."""
        unknown = []
        while path not in self._parts and path != os.path.dirname(path):  # noqa: PTH120
            unknown.append(path)
            path = os.path.dirname(path)  # noqa: PTH120
        part = self._parts.get(path, "")
        for each in reversed(unknown):
            folder, name = os.path.split(each)
            if not part and is_own(name) and is_knowledge_base(Path(folder)):
                part = name
            self._parts[each] = part
        return part


def _file(path: Path, status: os.stat_result, within: Within) -> FoundFile | SkippedPath:
    if not stat.S_ISREG(status.st_mode):
        return SkippedPath(path, "not a regular file")
    if not os.access(path, os.R_OK):
        return SkippedPath(path, "cannot be read: permission denied")
    return FoundFile(path, status.st_size, status.st_mtime_ns, within)


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
