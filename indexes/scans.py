"""Pages whose text is a picture: which of them OCR has still to read, and where the words stand
that it has read. Beside them what it read of each picture, by the picture's hash, so that no
picture is read twice."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import apsw

from quire.indexes.checksums import checksum, is_sound
from quire.indexes.noticing import notice
from quire.records import ParsedDocument, RecognizedPage, RecognizedWord

_DAMAGED = "What OCR read of a page is damaged."
# Of a page that is damaged here it is known that it was read by OCR, and no more.
_WHOLE_PAGE = RecognizedWord(0, 2**31, 0.0, 0.0, 0.0, 0.0, 0.0)


def insert(connection: apsw.Connection, parsed: ParsedDocument) -> None:
    """Note the pages of a document that OCR has to read, and those that it has read."""
    rows: list[tuple[str, int, float | None, float | None, str | None]] = [
        (parsed.id, number, None, None, None) for number in parsed.unread
    ]
    for page in parsed.recognized:
        words = json.dumps([dataclasses.astuple(word) for word in page.words])
        rows.append((parsed.id, page.number, page.width, page.height, words))
    connection.executemany(
        "INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?)", [(*row, checksum(*row)) for row in rows]
    )


def pages_to_read(connection: apsw.Connection) -> dict[str, tuple[int, ...]]:
    """The pages that OCR has not read, by the ids of their documents."""
    found: dict[str, tuple[int, ...]] = {}
    for document_id, number in connection.execute(
        "SELECT document_id, number FROM scans WHERE words IS NULL ORDER BY document_id, number"
    ):
        found[document_id] = (*found.get(document_id, ()), number)
    return found


def of(
    connection: apsw.Connection, document_id: str, numbers: Iterable[int] | None = None
) -> dict[int, RecognizedPage]:
    """The pages of a document, or those of these numbers, that OCR has read. Word is left of those
    that are damaged; of their words nothing is known."""
    sql = (
        "SELECT document_id, number, width, height, words, checksum FROM scans "
        "WHERE document_id = ?1 AND words IS NOT NULL"
    )
    if numbers is not None:
        sql += " AND number IN (SELECT value FROM json_each(?2))"
    values = (document_id,) if numbers is None else (document_id, json.dumps(list(numbers)))
    found = {}
    for row in connection.execute(sql, values):
        _, number, width, height, words, _ = row
        if is_sound(row):
            read = tuple(RecognizedWord(*word) for word in json.loads(words))
            found[number] = RecognizedPage(number, width, height, read)
        else:
            notice(connection, _DAMAGED)
            found[number] = RecognizedPage(number, 1.0, 1.0, (_WHOLE_PAGE,))
    return found


def problems(connection: apsw.Connection) -> list[tuple[str, str]]:
    """What is damaged here, as (what, where)."""
    rows = connection.execute(
        "SELECT document_id, number, width, height, words, checksum FROM scans"
    )
    return [
        (_DAMAGED.rstrip("."), f"page {row[1]} of {row[0]}") for row in rows if not is_sound(row)
    ]


def damaged_documents(connection: apsw.Connection) -> set[str]:
    """The ids of the documents of which something is damaged here."""
    rows = connection.execute(
        "SELECT document_id, number, width, height, words, checksum FROM scans"
    )
    return {row[0] for row in rows if not is_sound(row)}


# -- what was read of pictures ----------------------------------------------------------------


def recognition(connection: apsw.Connection, picture: bytes) -> dict[str, Any] | None:
    """What OCR read of the picture with this SHA-256, None where it has not read it."""
    row = connection.execute(
        "SELECT picture, found, checksum FROM recognitions WHERE picture = ?", (picture,)
    ).fetchone()
    if row is None or not is_sound(row):  # it is read again
        return None
    found: dict[str, Any] = json.loads(row[1])
    return found


def keep_recognition(connection: apsw.Connection, picture: bytes, found: dict[str, Any]) -> None:
    """Keep what OCR read of a picture."""
    row = (picture, json.dumps(found, ensure_ascii=False))
    connection.execute(
        "INSERT OR REPLACE INTO recognitions VALUES (?, ?, ?)", (*row, checksum(*row))
    )


def forget_recognitions(connection: apsw.Connection) -> None:
    """Forget what was read of pictures; what documents hold of it stays."""
    connection.execute("DELETE FROM recognitions")
