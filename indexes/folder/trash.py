"""Removed documents that can be brought back, until the knowledge base is compacted.

`trash/<SHA-256>/record.json` says what a document was called and where it lay, `files/` beside it
holds the copies of an upload. Files of the user's own stay where they are and are not copied.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quire.indexes.folder import files, originals
from quire.indexes.folder.names import ORIGINALS, TRASH
from quire.records import Document

_RECORD = "record.json"
_FILES = "files"


@dataclass(frozen=True, slots=True)
class Removed:
    """A document that was removed at a time, ISO 8601 in UTC. `places` are the files that it was
    read from, copies of uploads left out."""

    document_id: str
    content_hash: str
    name: str
    tags: tuple[str, ...]
    places: tuple[Path, ...]
    removed_at: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.document_id,
            "name": self.name,
            "tags": list(self.tags),
            "removed_at": self.removed_at,
        }


def note(folder: Path, document: Document, places: Iterable[Path]) -> None:
    """Write down what is needed to bring a document back, before it is removed."""
    own = folder / ORIGINALS
    place = _place(folder, document.content_hash)
    record = {
        "id": document.id,
        "name": document.name,
        "tags": document.tags,
        "places": [os.fspath(path) for path in places if not path.is_relative_to(own)],
        "removed_at": datetime.now(UTC).isoformat(),
    }
    files.make_private_folder(place)
    files.write_file(place / _RECORD, json.dumps(record).encode())  # escapes what is not UTF-8


def take(folder: Path, content_hash: str) -> None:
    """Move the copies of an upload here, once its document is removed."""
    kept = originals.place(folder, content_hash)
    if kept.is_dir():
        target = _place(folder, content_hash) / _FILES
        files.remove(target)
        files.move(kept, target)


def give_back(folder: Path, removed: Removed) -> list[Path]:
    """Files that hold exactly what was removed: the user's own where they still do, else the
    copies, which are moved back to where they were."""
    own = [path for path in removed.places if originals.holds(path, removed.content_hash)]
    copies = _place(folder, removed.content_hash) / _FILES
    if not own and copies.is_dir():
        place = originals.place(folder, removed.content_hash)
        if not place.exists():
            files.make_private_folder(place.parent)
            files.move(copies, place)
        own = originals.copies(folder, removed.content_hash)
    return [path for path in own if originals.holds(path, removed.content_hash)]


def forget(folder: Path, content_hash: str) -> None:
    """Delete what is kept of one document."""
    files.remove(_place(folder, content_hash))


def empty(folder: Path) -> None:
    """Delete what is kept of all."""
    files.remove(folder / TRASH)


def all_removed(folder: Path) -> list[Removed]:
    """What can be brought back, the latest first."""
    found = []
    for record in (folder / TRASH).glob(f"*/{_RECORD}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # cut off by a crash
            kept = json.loads(record.read_bytes())
            found.append(
                Removed(
                    document_id=str(kept["id"]),
                    content_hash=record.parent.name,
                    name=str(kept["name"]),
                    tags=tuple(map(str, _several(kept["tags"]))),
                    places=tuple(map(Path, _several(kept["places"]))),
                    removed_at=str(kept["removed_at"]),
                )
            )
    return sorted(found, key=lambda each: (each.removed_at, each.document_id), reverse=True)


def _several(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _place(folder: Path, content_hash: str) -> Path:
    return folder / TRASH / content_hash
