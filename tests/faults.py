"""A disk that fails, and a disk that loses power, for SQLite's files."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw

_REAL = "unix"  # SQLite's own way to the disk here


@dataclass
class Disk:
    """What SQLite does to the disk, in order; with `fails_from`, the n-th write and all that follow
    fail until it is set back to None."""

    error: type[apsw.Error] = apsw.FullError
    fails_from: int | None = None
    writes: int = 0
    on_change: Callable[[str, str, int, bytes], None] | None = None
    paths: set[str] = field(default_factory=set)

    def change(self, kind: str, path: str, offset: int, data: bytes = b"") -> None:
        self.writes += 1
        if self.fails_from is not None and self.writes >= self.fails_from:
            raise self.error("injected")
        if self.on_change is not None:
            self.on_change(kind, path, offset, data)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(_REAL, name, flags)
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else (name or "")

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.change("write", self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.change("truncate", self._path, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.change("sync", self._path, 0)
        super().xSync(flags)


class _VFS(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        super().__init__("watched", _REAL, makedefault=True)
        self._disk = disk

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _File:  # noqa: N802
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._disk.change("delete", filename, 0)
        super().xDelete(filename, syncdir)


@contextmanager
def watched_disk(error: type[apsw.Error] = apsw.FullError) -> Iterator[Disk]:
    """All databases opened inside of the block are on this disk; close them before it ends."""
    disk = Disk(error)
    vfs = _VFS(disk)
    try:
        yield disk
    finally:
        vfs.unregister()


def flipped(content: bytes, bit: int) -> bytes:
    """`content` with one bit the other way round."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, but for SQLite's map of its log, which each reader
    writes to."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def files_with(folder: Path, *needles: str) -> list[str]:
    """The files below a folder that hold one of these texts, in UTF-8 or UTF-16, in a name or a
    content."""
    wanted = [needle.encode(code) for needle in needles for code in ("utf-8", "utf-16-le")]
    return [
        str(path)
        for path in folder.rglob("*")
        if any(each in os.fsencode(path) for each in wanted)
        or (path.is_file() and any(each in path.read_bytes() for each in wanted))
    ]
