"""Filing: the folders of the library that a user puts documents into, wherever their files lie.

A document that was never moved is in the folder of its file. The files themselves stay.
"""

import json
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from quire.errors import UsageError
from quire.indexes.checksums import checksum, damaged, tested_pairs

if TYPE_CHECKING:
    import apsw

_LONGEST = 500  # characters of a folder with those above it
_FILED = "SELECT CAST(document_id AS BLOB), CAST(folder AS BLOB), checksum FROM filed"


def spelled(folder: str) -> str:
    """A folder as it is kept: its parts with "/" between, from the outermost to the innermost; ""
    for the folder of a document's own file.

    >>> spelled(" Contracts / 2024/ "), spelled("/home/ada/letters/"), spelled(" ")
    ('Contracts/2024', '/home/ada/letters', '')

    Raises UsageError for one that is too long or cannot be shown.
    """
    plain = unicodedata.normalize("NFC", folder)
    parts = [" ".join(part.split()) for part in plain.split("/")]
    kept = "/" * plain.lstrip().startswith("/") + "/".join(filter(None, parts))
    if len(kept) > _LONGEST or not kept.isprintable() or {".", ".."} & set(parts):
        raise UsageError(
            f"{folder[:_LONGEST]!a} cannot be a folder.",
            hint=f"Write it like Contracts/2024, with at most {_LONGEST} characters.",
        )
    return "" if kept == "/" else kept


def put(connection: "apsw.Connection", document_id: str, folder: str) -> None:
    """Put a document into a folder, as `spelled`; with "" back to where its file lies."""
    connection.execute("DELETE FROM filed WHERE document_id = ?", (document_id,))
    if folder:
        connection.execute(
            "INSERT INTO filed VALUES (?, ?, ?)",
            (document_id, folder, checksum(document_id, folder)),
        )


def of(connection: "apsw.Connection", documents: Sequence[str]) -> dict[str, str]:
    """The folder, tested, of each of these documents that was put into one."""
    wanted = "WHERE document_id IN (SELECT value FROM json_each(?))"
    found = {}
    for document_id, folder, sound in _rows(connection, wanted, json.dumps(documents)):
        if not sound:
            raise damaged("a folder")
        found[document_id] = folder
    return found


def problems(connection: "apsw.Connection") -> list[tuple[str, str]]:
    """The folders that are no longer what was stored, as (what, where)."""
    return [("a folder is damaged", id_) for id_, _, is_sound in _rows(connection) if not is_sound]


def forget_damaged(connection: "apsw.Connection") -> None:
    """Forget folders that are no longer what was stored."""
    sound = [(id_, folder) for id_, folder, is_sound in _rows(connection) if is_sound]
    connection.execute("DELETE FROM filed")
    for document_id, folder in sound:
        put(connection, document_id, folder)


def _rows(
    connection: "apsw.Connection", where: str = "", *values: str
) -> list[tuple[str, str, bool]]:
    """(document id, folder, whether they are as they were stored)."""
    return tested_pairs(connection.execute(f"{_FILED} {where}", values))
