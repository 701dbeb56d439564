"""Tags: words that a user gives to documents, kept with the document and gone with it."""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from quire.errors import UsageError
from quire.indexes.checksums import checksum, damaged, tested_pairs

if TYPE_CHECKING:
    import apsw

_LONGEST = 100  # characters
_TAG = "SELECT CAST(document_id AS BLOB), CAST(tag AS BLOB), checksum FROM tags"


def spelled(tag: str) -> str:
    """A tag as it is kept: without regard to case, width and white space.

    >>> spelled(" Legal  Hold ")
    'legal hold'

    Raises UsageError for one that is empty, too long or cannot be shown.
    """
    kept = " ".join(unicodedata.normalize("NFKC", tag).casefold().split())
    if not kept or len(kept) > _LONGEST or not kept.isprintable():
        raise UsageError(
            f"{tag[:_LONGEST]!a} cannot be a tag.",
            hint=f"Use a word, or a few, of at most {_LONGEST} characters.",
        )
    return kept


def add(connection: "apsw.Connection", document_id: str, tags: Iterable[str]) -> None:
    """Give a document tags, as `spelled`."""
    connection.executemany(
        "INSERT OR REPLACE INTO tags VALUES (?, ?, ?)",
        ((document_id, tag, checksum(document_id, tag)) for tag in tags),
    )


def remove(connection: "apsw.Connection", document_id: str, tags: Iterable[str]) -> None:
    """Take tags away from a document; those that it has not are no matter."""
    connection.executemany(
        "DELETE FROM tags WHERE document_id = ? AND tag = ?", ((document_id, tag) for tag in tags)
    )


def of(connection: "apsw.Connection", documents: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The tags, in order and tested, of each of these documents that has any."""
    found: dict[str, tuple[str, ...]] = {}
    wanted = "WHERE document_id IN (SELECT value FROM json_each(?))"
    for document_id, tag, sound in _rows(connection, wanted, json.dumps(documents)):
        if not sound:
            raise damaged("a tag")
        found[document_id] = (*found.get(document_id, ()), tag)
    return found


def problems(connection: "apsw.Connection") -> list[tuple[str, str]]:
    """The tags that are no longer what was stored, as (what, where)."""
    return [("a tag is damaged", id_) for id_, _, is_sound in _rows(connection) if not is_sound]


def forget_damaged(connection: "apsw.Connection") -> None:
    """Remove tags that are no longer what was stored."""
    sound = [(id_, tag) for id_, tag, is_sound in _rows(connection) if is_sound]
    connection.execute("DELETE FROM tags")
    for document_id, tag in sound:
        add(connection, document_id, [tag])


def _rows(
    connection: "apsw.Connection", where: str = "", *values: str
) -> list[tuple[str, str, bool]]:
    """(document id, tag, whether they are as they were stored)."""
    return tested_pairs(connection.execute(f"{_TAG} {where} ORDER BY document_id, tag", values))
