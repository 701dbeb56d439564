"""Pages whose text is a picture: which of them OCR has still to read, and where the words stand
that it has read. Beside them what it read of each picture, by the picture's hash, so that no
picture is read twice."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import apsw

from quire.indexes.checksums import checksum, is_sound
from quire.indexes.noticing import notice
from quire.records import Pages, ParsedDocument, RecognizedPage, RecognizedWord

_PAGES = "SELECT document_id, number, unsure, checksum FROM scans"
_WORDS = "SELECT document_id, number, width, height, words, checksum FROM scanned_words"
_DAMAGED = "What OCR read of a page is damaged."
_EVERYWHERE = (0, 2**31)  # in the text of a page
_SURE = 0.8


def insert(connection: apsw.Connection, parsed: ParsedDocument) -> None:
    """Note the pages of a document that OCR has to read, and those that it has read."""
    pages: list[tuple[str, int, str | None]] = [
        (parsed.id, number, None) for number in parsed.unread
    ]
    pages += [
        (parsed.id, page.number, json.dumps(list(_unsure(page, parsed.pages))))
        for page in parsed.recognized
    ]
    connection.executemany(
        "INSERT INTO scans VALUES (?, ?, ?, ?)", [(*row, checksum(*row)) for row in pages]
    )
    words = (
        (
            parsed.id,
            page.number,
            page.width,
            page.height,
            json.dumps([dataclasses.astuple(word) for word in page.words]),
        )
        for page in parsed.recognized
    )
    connection.executemany(
        "INSERT INTO scanned_words VALUES (?, ?, ?, ?, ?, ?)",
        ((*row, checksum(*row)) for row in words),
    )


def _unsure(page: RecognizedPage, pages: Pages) -> Iterator[tuple[int, int]]:
    text = pages[pages.numbers.index(page.number)].text
    for word in page.words:
        if word.confidence is None or word.confidence >= _SURE:
            continue
        if any(map(str.isdigit, text[word.start : word.end])):
            yield word.start, word.end


def pages_to_read(connection: apsw.Connection) -> dict[str, tuple[int, ...]]:
    """The pages that OCR has not read, by the ids of their documents."""
    found: dict[str, tuple[int, ...]] = {}
    for document_id, number in connection.execute(
        "SELECT document_id, number FROM scans WHERE unsure IS NULL ORDER BY document_id, number"
    ):
        found[document_id] = (*found.get(document_id, ()), number)
    return found


def pages_read(
    connection: apsw.Connection, document_id: str
) -> dict[int | None, tuple[tuple[int, int], ...]]:
    """The pages of a document that OCR has read, each with the places of numbers that it may have
    read wrongly: all of them, where what is kept of the page is damaged, which word is left of."""
    found: dict[int | None, tuple[tuple[int, int], ...]] = {}
    for row in connection.execute(f"{_PAGES} WHERE document_id = ?", (document_id,)):
        if not is_sound(row):
            notice(connection, _DAMAGED)
            found[row[1]] = (_EVERYWHERE,)
        elif row[2] is not None:
            found[row[1]] = tuple((start, end) for start, end in json.loads(row[2]))
    return found


def words(connection: apsw.Connection, document_id: str, number: int) -> RecognizedPage | None:
    """What OCR read of a page; None where it did not, or what is kept of it is damaged, which word
    is left of."""
    row: tuple[Any, ...] | None = connection.execute(
        f"{_WORDS} WHERE document_id = ? AND number = ?", (document_id, number)
    ).fetchone()
    if row is None:
        return None
    if not is_sound(row):
        notice(connection, _DAMAGED)
        return None
    found = tuple(RecognizedWord(*word) for word in json.loads(row[4]))
    return RecognizedPage(number, row[2], row[3], found)


def damaged_pages(connection: apsw.Connection) -> list[tuple[str, int]]:
    """The document's id and the number of each page of which something is damaged here."""
    rows = (row for sql in (_PAGES, _WORDS) for row in connection.execute(sql))
    return [(row[0], row[1]) for row in rows if not is_sound(row)]


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
