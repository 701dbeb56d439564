"""The files that somebody gave and that could not be read, until they can, or are dismissed.

`unread/<hash of the place>.json` says what it was, why it was not read and what to do. A file each,
so that two processes never write over each other's.
"""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from quire.indexes.folder import files
from quire.indexes.folder.names import UNREAD

_MOST = 500  # a folder of pictures fills no disk


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file by its `name` and, where it was no upload, its path, which is its `place`; why it was
    not read, what to do about that, and when it was given, as ISO 8601 in UTC."""

    name: str
    place: str
    reason: str
    hint: str
    given_at: str


class UnreadFiles:
    """The list of one knowledge base. Nothing is made on the disk before a file is noted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / UNREAD

    def note(self, name: str, *, place: str = "", reason: str, hint: str = "") -> None:
        """Put a file on the list, in the place of what was said of it before. Raises
        KnowledgeBaseError when it cannot be written."""
        path = self._path(name, place)
        if not path.exists() and len(self._paths()) >= _MOST:
            return
        files.make_private_folder(self._folder)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        noted = UnreadFile(name, place, reason, hint, now)
        files.write_file(path, json.dumps(asdict(noted)).encode())

    def forget(self, name: str, *, place: str = "") -> None:
        """Take a file from the list: it was read since, or nobody minds."""
        path = self._path(name, place)
        if path.exists():
            files.remove(path)

    def all(self) -> list[UnreadFile]:
        """The list, the last one first; what of it is damaged is left out."""
        found = []
        for path in self._paths():
            with contextlib.suppress(OSError, ValueError, TypeError):
                found.append(UnreadFile(**json.loads(path.read_bytes())))
        return sorted(found, key=lambda one: (one.given_at, one.name), reverse=True)

    def _paths(self) -> list[Path]:
        return list(self._folder.glob("*.json"))

    def _path(self, name: str, place: str) -> Path:
        key = os.fsencode(place or name)
        return self._folder / f"{hashlib.sha256(key).hexdigest()[:32]}.json"
