"""Removed documents that can be brought back, until the knowledge base is compacted.

`trash/<SHA-256>/record.json` says what a document was called and where it lay, `files/` beside it
holds the copies of an upload. Files of the user's own stay where they are and are not copied.

A copy is moved between here and `originals/` file by file, so that its bytes are in one of the two
whenever the process ends, and both are looked at. The record comes before what it is about and goes
before it: what is listed can be brought back.
"""

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quire.indexes.documents import displayed
from quire.indexes.folder import files, originals
from quire.indexes.folder.names import ORIGINALS, TRASH
from quire.records import Document

_RECORD = "record.json"
_FILES = "files"


@dataclass(frozen=True, slots=True)
class Removed:
    """A document that was removed at a time, ISO 8601 in UTC. `filed` is the folder of the library
    that it was put into, "" if none. `places` are the files that it was read from, copies of
    uploads left out. `restoring` says that bringing it back was begun."""

    document_id: str
    content_hash: str
    name: str
    tags: tuple[str, ...]
    filed: str
    places: tuple[Path, ...]
    removed_at: str
    restoring: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.document_id,
            "name": self.name,
            "tags": list(self.tags),
            "folder": self.filed,
            "removed_at": self.removed_at,
        }


def note(folder: Path, document: Document, places: Iterable[Path], *, filed: str = "") -> None:
    """Write down what is needed to bring a document back, before it is removed."""
    own = folder / ORIGINALS
    removed = Removed(
        document_id=document.id,
        content_hash=document.content_hash,
        name=document.name,
        tags=document.tags,
        filed=filed,
        places=tuple(path for path in places if not path.is_relative_to(own)),
        removed_at=datetime.now(UTC).isoformat(),
    )
    _write(folder, removed)


def begin_reading_again(
    folder: Path,
    document_id: str,
    *,
    content_hash: str,
    places: Sequence[Path],
    tags: Sequence[str],
    filed: str,
) -> Removed:
    """Note that a damaged document is taken in again from these files, which hold it."""
    own = folder / ORIGINALS
    removed = Removed(
        document_id=document_id,
        content_hash=content_hash,
        name=displayed(Path(places[0].name)),
        tags=tuple(tags),
        filed=filed,
        places=tuple(path for path in places if not path.is_relative_to(own)),
        removed_at=datetime.now(UTC).isoformat(),
        restoring=True,
    )
    _write(folder, removed)
    return removed


def take(folder: Path, content_hash: str) -> None:
    """Move the copies of an upload here, once its document is removed."""
    target = _place(folder, content_hash) / _FILES
    for path in originals.copies(folder, content_hash):
        files.make_private_folder(target)
        files.move(path, target / path.name)
    files.remove(originals.place(folder, content_hash))


def begin_restoring(folder: Path, removed: Removed, *, own: Sequence[Path]) -> list[Path]:
    """Files that hold exactly what was removed: the copies, which are moved back to where they
    were, and the user's `own`, which were looked at; none where all have changed or are gone.

    From now on, and until `forget` or `put_back`, compacting takes nothing of it.
    """
    content_hash = removed.content_hash
    if own or _sound(folder, content_hash):
        _write(folder, replace(removed, restoring=True))
        give_back(folder, content_hash)
    copies = originals.copies(folder, content_hash)
    return [*(path for path in copies if originals.holds(path, content_hash)), *own]


def give_back(folder: Path, content_hash: str) -> None:
    """Move the copies of an upload back to where they were."""
    place = originals.place(folder, content_hash)
    for path in _copies(folder, content_hash):
        if originals.holds(path, content_hash):
            files.make_private_folder(place)
            files.move(path, place / path.name)


def put_back(folder: Path, removed: Removed) -> None:
    """Have it lie here as before, after it could not be brought back."""
    take(folder, removed.content_hash)
    _write(folder, replace(removed, restoring=False))


def forget(folder: Path, content_hash: str) -> None:
    """Delete what is kept of one document."""
    place = _place(folder, content_hash)
    files.remove(place / _RECORD)
    files.remove(place)


def empty(folder: Path, *, sparing: Collection[str]) -> None:
    """Delete what is kept of all documents but those of these content hashes."""
    for place in sorted((folder / TRASH).glob("*")):
        if place.name not in sparing:
            forget(folder, place.name)
    with contextlib.suppress(OSError):  # some are spared; or there is none
        (folder / TRASH).rmdir()


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
                    filed=str(kept.get("folder", "")),  # no earlier version knew of any
                    places=tuple(map(Path, _several(kept["places"]))),
                    removed_at=str(kept["removed_at"]),
                    restoring=kept.get("restoring") is True,
                )
            )
    return sorted(found, key=lambda each: (each.removed_at, each.document_id), reverse=True)


def _write(folder: Path, removed: Removed) -> None:
    place = _place(folder, removed.content_hash)
    places = [os.fspath(path) for path in removed.places]
    record = {**removed.to_dict(), "places": places, "restoring": removed.restoring}
    files.make_private_folder(place)
    files.write_file(place / _RECORD, json.dumps(record).encode())  # escapes what is not UTF-8


def _copies(folder: Path, content_hash: str) -> list[Path]:
    return sorted((_place(folder, content_hash) / _FILES).glob("[!.]*"))


def _sound(folder: Path, content_hash: str) -> bool:
    """Whether a copy of an upload is here or still where it was."""
    copies = [*_copies(folder, content_hash), *originals.copies(folder, content_hash)]
    return any(originals.holds(path, content_hash) for path in copies)


def _several(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _place(folder: Path, content_hash: str) -> Path:
    return folder / TRASH / content_hash
