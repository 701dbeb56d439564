"""Files that wait to be taken in, kept on the disk so that a restart loses none.

`waiting/<owner>/<item>/record.json` says what is to be read, `content` beside it holds an upload's
bytes. An owner is a process, which holds a lock for as long as it runs; what a dead one left
behind is adopted by the next. A folder of records and not a table of the catalog, because adding a
file must wait for nobody who writes there.
"""

import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quire.errors import KnowledgeBaseLocked
from quire.indexes.folder import files, originals
from quire.indexes.folder.lock import writer_lock
from quire.indexes.folder.names import WAITING

_LOCK = "owner.lock"
_RECORD = "record.json"
_CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to be read: the file or folder at `path`, or, if `uploaded`, an upload whose bytes
    are kept there. `tries` counts how often reading it was begun: one that ends the process would
    end the next one as well."""

    place: Path
    name: str
    path: Path
    uploaded: bool
    tries: int = 0

    def content(self) -> bytes:
        """An upload's bytes."""
        return self.path.read_bytes()


class WaitingRoom:
    """What waits for one knowledge base in this process. Safe to use from several threads.

    Nothing is made on the disk before something waits. Close it: what waits then is adopted by the
    next process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / WAITING
        self._lock = threading.Lock()
        self._mine: Path | None = None
        self._held = contextlib.ExitStack()

    def keep(self, name: str, *, content: bytes | None = None, path: Path | None = None) -> Waiting:
        """Keep an upload's `content`, or what is at `path`, until `drop`. Raises
        KnowledgeBaseError when it cannot be written."""
        # Named by the time, so that they are taken in in the order in which they came.
        place = self._owned() / f"{time.time_ns():020}-{secrets.token_hex(4)}"
        item = Waiting(place, name, path or place / _CONTENT, uploaded=content is not None)
        files.make_private_folder(place)
        try:
            if content is not None:
                files.write_file(item.path, content)
            _write(item)
        except BaseException:
            files.remove(place)
            raise
        return item

    def begin(self, item: Waiting) -> Waiting:
        """Note that reading it begins."""
        begun = replace(item, tries=item.tries + 1)
        _write(begun)
        return begun

    def put_back(self, item: Waiting) -> None:
        """Note that reading it was broken off for a reason that is not in it."""
        _write(replace(item, tries=max(0, item.tries - 1)))

    def drop(self, item: Waiting) -> None:
        """Forget what need not wait any more."""
        files.remove(item.place)

    def adopt(self) -> list[Waiting]:
        """What processes that are gone have left, in the order in which it came."""
        if not self._folder.is_dir():
            return []
        left: list[Waiting] = []
        mine = self._owned()
        for owner in sorted(self._folder.iterdir()):
            if owner == mine or not owner.is_dir():
                continue
            with contextlib.suppress(KnowledgeBaseLocked), writer_lock(owner / _LOCK, wait=0):
                for item in _read(owner):
                    moved = mine / item.place.name
                    files.move(item.place, moved)
                    path = moved / _CONTENT if item.uploaded else item.path
                    left.append(replace(item, place=moved, path=path))
                files.remove(owner)
        return sorted(left, key=lambda item: item.place.name)

    def close(self) -> None:
        with self._lock:
            self._held.close()
            if self._mine is not None and not any(self._mine.glob(f"*/{_RECORD}")):
                files.remove(self._mine)
            self._mine = None
        with contextlib.suppress(OSError):  # another process has something waiting
            self._folder.rmdir()

    def _owned(self) -> Path:
        """The folder of this process, made and locked at the first use."""
        with self._lock:
            if self._mine is None:
                mine = self._folder / secrets.token_hex(8)
                files.make_private_folder(mine)
                self._held.enter_context(writer_lock(mine / _LOCK, wait=0))
                self._mine = mine
            return self._mine


def forget(folder: Path, content_hash: str) -> None:
    """Delete the uploads of this content that a process which is gone has left below `folder`: it
    was taken in before the process ended, or the document that is removed would come back."""
    for owner in (folder / WAITING).glob("*"):
        with contextlib.suppress(KnowledgeBaseLocked), writer_lock(owner / _LOCK, wait=0):
            for item in _read(owner):
                if item.uploaded and originals.holds(item.path, content_hash):
                    files.remove(item.place)


def _write(item: Waiting) -> None:
    record = {
        "name": item.name,
        "path": None if item.uploaded else os.fspath(item.path),
        "tries": item.tries,
    }
    files.write_file(item.place / _RECORD, json.dumps(record).encode())


def _read(owner: Path) -> Iterator[Waiting]:
    """What an owner has left; what was cut off while it was being written is none of it."""
    for record in sorted(owner.glob(f"*/{_RECORD}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept: dict[str, Any] = json.loads(record.read_bytes())
            path = kept["path"]
            yield Waiting(
                place=record.parent,
                name=str(kept["name"]),
                path=record.parent / _CONTENT if path is None else Path(str(path)),
                uploaded=path is None,
                tries=int(kept["tries"]),
            )
