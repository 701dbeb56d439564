"""Documents, pages, chunks and places as rows of the catalog, read and written through a
connection that `Catalog.reading()` or `Catalog.writing()` gives."""

import itertools
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from quire.errors import KnowledgeBaseDamaged
from quire.indexes import embeddings, filing, lexical, scans, tags, totals
from quire.indexes.checksums import checksum, damaged, is_sound, mended_row, require_sound
from quire.indexes.folder.names import ORIGINALS
from quire.indexes.noticing import notice
from quire.records import PAGE_BREAK, Chunk, Document, Pages, PageText, ParsedDocument, Span

_BATCH = 1_000  # chunks inserted at once: a document may have a hundred thousand
_PART = 500_000  # characters of a page in a row: most books have fewer in all

_JOINERS = "\u200c\u200d"  # without width; they choose the forms of the letters beside them

UNKNOWN_PATH = "(damaged path)"
"""What stands for the name and the path of a document whose path is damaged."""
_PATH_DAMAGED = "Its path is damaged. Add the file again, or run: quire verify --repair"


@dataclass(frozen=True, slots=True)
class Location:
    """A place that holds a document, as it was when it was last looked at."""

    path: Path
    document_id: str
    size: int
    modified_ns: int


# -- writing ----------------------------------------------------------------------------------


def insert(
    connection: apsw.Connection,
    parsed: ParsedDocument,
    *,
    language: str,
    chunks: embeddings.EmbeddedChunks,
) -> None:
    """Add a document with its pages, chunks, vectors and lexical rows. Another version of the same
    content, which OCR had not read, leaves its places, tags and folder to it, and goes."""
    before = id_of_content(connection, parsed.content_hash)
    if before is not None:
        _replace(connection, before, parsed, language=language, chunks=chunks)
        return
    numbered = sum(number is not None for number in parsed.pages.numbers)
    row = (
        parsed.id,
        parsed.content_hash,
        parsed.title,
        parsed.media_type,
        language,
        numbered or None,
        len(chunks),
        datetime.now(UTC).isoformat(timespec="milliseconds"),
        json.dumps(parsed.warnings, ensure_ascii=False),
    )
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, checksum(*row))
    )
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)",
        (
            (*row, checksum(*row))
            for row in (
                (parsed.id, position, number, start, text)
                for position, (number, start, text) in enumerate(_parts(parsed.pages))
            )
        ),
    )
    scans.insert(connection, parsed)
    rest = iter(chunks)
    while batch := list(itertools.islice(rest, _BATCH)):
        _insert_chunks(connection, parsed.id, parsed.title, batch)


def _replace(
    connection: apsw.Connection,
    before: str,
    parsed: ParsedDocument,
    *,
    language: str,
    chunks: embeddings.EmbeddedChunks,
) -> None:
    places = _locations(connection, f"{_LOCATION} {_OF}", [json.dumps([before])])
    tagged = tags.of(connection, [before]).get(before, ())
    folder = filing.of(connection, [before]).get(before, "")
    delete(connection, before)
    insert(connection, parsed, language=language, chunks=chunks)
    for place in places:
        put_location(connection, replace(place, document_id=parsed.id))
    tags.add(connection, parsed.id, tagged)
    filing.put(connection, parsed.id, folder)


def _parts(pages: Pages) -> Iterator[tuple[int | None, int, str]]:
    """(number, start, text) of each page, a very long one in parts that follow on each other: a row
    is in memory several times over while it is written."""
    for position, number in enumerate(pages.numbers):
        start, end = pages.starts[position], pages.end(position)
        for at in range(start, max(end, start + 1), _PART):
            yield number, at, pages.text[at : min(at + _PART, end)]


def _insert_chunks(
    connection: apsw.Connection,
    document_id: str,
    title: str,
    chunks: Sequence[embeddings.EmbeddedChunk],
) -> None:
    """Some chunks that follow on those that are there."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = (row[0] if row else 0) + 1
    rows = [
        (
            number,
            document_id,
            chunk.ordinal,
            chunk.span.start,
            chunk.span.end,
            chunk.span.page_first,
            chunk.span.page_last,
            json.dumps(chunk.heading_path, ensure_ascii=False),
            chunk.tokens,
            chunk.text,
        )
        for number, chunk in enumerate((embedded.chunk for embedded in chunks), start=first)
    ]
    connection.executemany(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, checksum(*row)) for row in rows],
    )
    embeddings.put(
        connection,
        (
            (number, embedded.text_hash, embedded.vector)
            for number, embedded in enumerate(chunks, start=first)
        ),
    )
    lexical.insert(
        connection,
        (
            (number, embedded.chunk.text, embedded.chunk.heading_path, title)
            for number, embedded in enumerate(chunks, start=first)
        ),
    )
    embeddings.note_change(connection, "add", first, first + len(chunks) - 1)


def retitle(connection: apsw.Connection, document_id: str, *, title: str) -> None:
    """Give a document another title, under which it is found from now on."""
    *row, _ = connection.execute(
        "SELECT id, content_hash, title, media_type, language, pages, chunks, added_at, warnings, "
        "checksum FROM documents WHERE id = ?",
        (document_id,),
    ).get
    row[2] = title
    connection.execute(
        "UPDATE documents SET title = ?, checksum = ? WHERE id = ?",
        (title, checksum(*row), document_id),
    )
    cut = chunks_of(connection, document_id)
    lexical.delete(connection, first=cut[0].id, last=cut[-1].id)
    lexical.insert(connection, ((chunk.id, chunk.text, chunk.heading_path, title) for chunk in cut))


def mend_chunks(connection: apsw.Connection, document_id: str) -> bool:
    """Cut the texts of damaged chunks again from their pages; False when more is damaged."""
    try:
        document = get(connection, [document_id])[document_id]
        text = PAGE_BREAK.join(page.text for page in pages(connection, document_id))
        rows = _rows(
            connection,
            f"a chunk of document {document_id}",
            "SELECT id, document_id, ordinal, start, end, page_first, page_last, heading_path, "
            "tokens, checksum FROM chunks WHERE document_id = ?",
            [document_id],
        )
    except KnowledgeBaseDamaged:
        return False
    for *row, kept in rows:
        cut = text[row[3] : row[4]]
        if checksum(*row, cut) != kept:
            return False
        connection.execute("UPDATE chunks SET text = ? WHERE id = ?", (cut, row[0]))
    return len(rows) == document.chunks


def delete(connection: apsw.Connection, document_id: str) -> None:
    """Remove a document with everything made from it, and its places."""
    first, last = connection.execute(
        "SELECT min(id), max(id) FROM chunks WHERE document_id = ?", (document_id,)
    ).get
    if first is not None:
        lexical.delete(connection, first=first, last=last)
        embeddings.note_change(connection, "remove", first, last)
    connection.execute("DELETE FROM locations WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def put_location(connection: apsw.Connection, location: Location) -> None:
    """Record that a place holds a document. A content that no place holds any more is deleted; what
    comes in its place takes over its tags and its folder."""
    path = os.fsencode(location.path)
    before = [
        id_.decode("utf-8", "replace")
        for (id_,) in connection.execute(
            "SELECT CAST(document_id AS BLOB) FROM locations WHERE path = ?", (path,)
        )
    ]
    row = (path, location.document_id, location.size, location.modified_ns)
    connection.execute(
        "INSERT OR REPLACE INTO locations VALUES (?, ?, ?, ?, ?)", (*row, checksum(*row))
    )
    if before and before[0] != location.document_id:
        inherited = tags.of(connection, [before[0]]).get(before[0], ())
        tags.add(connection, location.document_id, inherited)
        filed = filing.of(connection, [before[0], location.document_id])
        if before[0] in filed and location.document_id not in filed:
            filing.put(connection, location.document_id, filed[before[0]])
        _delete_if_nowhere(connection, before[0])


def remove_location(connection: apsw.Connection, path: Path) -> None:
    """Forget a place. A content that no place holds any more is deleted."""
    row = connection.execute(
        "DELETE FROM locations WHERE path = ? RETURNING document_id", (os.fsencode(path),)
    ).fetchone()
    if row:
        _delete_if_nowhere(connection, row[0])


def _delete_if_nowhere(connection: apsw.Connection, document_id: str) -> None:
    if not connection.execute(
        "SELECT 1 FROM locations WHERE document_id = ?", (document_id,)
    ).fetchone():
        delete(connection, document_id)


# -- reading ----------------------------------------------------------------------------------

_DOCUMENT = """
SELECT id, content_hash, title, media_type, language, pages, chunks, added_at, warnings, checksum
FROM documents
"""


def all_documents(connection: apsw.Connection) -> list[Document]:
    """Every document, by name. Word is left where there are fewer than there must be."""
    found = _documents(connection, _rows(connection, "a document", _DOCUMENT))
    kept = totals.read(connection)
    if kept is None:
        notice(connection, "What the catalog says of its number of documents is damaged.")
    elif kept.commits and kept.documents != len(found):
        notice(connection, f"{kept.documents} documents were kept, and {len(found)} are there.")
    elif kept.commits and kept.tags != (there := sum(len(each.tags) for each in found)):
        notice(connection, f"{kept.tags} tags were kept, and {there} are there.")
    elif kept.commits and kept.filed != connection.execute("SELECT count(*) FROM filed").get:
        notice(connection, "Of some documents it is not known any more which folder they are in.")
    return sorted(found, key=lambda document: (document.name.casefold(), document.id))


def get(connection: apsw.Connection, document_ids: Iterable[str]) -> dict[str, Document]:
    """The documents of these ids that exist."""
    wanted = list(dict.fromkeys(document_ids))
    marks = ", ".join("?" * len(wanted))
    rows = _rows(connection, "a document", f"{_DOCUMENT} WHERE id IN ({marks})", wanted)
    return {document.id: document for document in _documents(connection, rows)}


def existing(connection: apsw.Connection, document_id: str) -> Document:
    """The document of this id, which there must be. Raises KnowledgeBaseDamaged."""
    found = get(connection, [document_id])
    if document_id not in found:
        raise damaged(f"document {document_id}")
    return found[document_id]


def of_chunks(connection: apsw.Connection, chunks: Iterable[Chunk]) -> dict[str, Document]:
    """The documents that chunks are of, by their ids. Raises KnowledgeBaseDamaged where one is
    missing."""
    wanted = {chunk.document_id for chunk in chunks}
    found = get(connection, wanted)
    if missing := wanted - found.keys():
        raise damaged(f"document {min(missing)}")
    return found


def ids(connection: apsw.Connection) -> list[str]:
    """The ids of all documents, whatever has become of their texts."""
    return [id_ for (id_,) in connection.execute("SELECT id FROM documents ORDER BY id")]


def languages(connection: apsw.Connection) -> list[str]:
    """The languages of all documents, the commonest first."""
    rows = connection.execute(
        "SELECT language FROM documents GROUP BY language ORDER BY count(*) DESC, language"
    )
    return [language for (language,) in rows]


def languages_of(connection: apsw.Connection, chunk_ids: Iterable[int]) -> dict[int, str]:
    """The language of each chunk's document."""
    rows = connection.execute(
        "SELECT chunks.id, documents.language FROM chunks JOIN documents "
        "ON documents.id = chunks.document_id "
        "WHERE chunks.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(chunk_ids)),),
    )
    return dict(rows)


def languages_and_dates(connection: apsw.Connection) -> dict[str, tuple[str, str]]:
    """The language of each document and when it was added, but for those that are damaged: word is
    left of them."""
    found = {}
    for row in _rows(connection, "a document", _DOCUMENT):
        if is_sound(row):
            found[row[0]] = (row[4], row[7])
        else:
            notice(connection, "A document is damaged, and was passed over.")
    return found


def is_there(connection: apsw.Connection, document_id: str) -> bool:
    """Whether there is a document of this id, whatever has become of its texts."""
    row = connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone()
    return row is not None


def id_of_content(connection: apsw.Connection, content_hash: str) -> str | None:
    row = connection.execute(
        "SELECT id FROM documents WHERE content_hash = ?", (content_hash,)
    ).fetchone()
    return row[0] if row else None


# Read as bytes: what is damaged need not be text, nor of the same kind.
_LOCATION = (
    "SELECT CAST(path AS BLOB), CAST(document_id AS BLOB), size, modified_ns, checksum "
    "FROM locations"
)
_OF = "WHERE document_id IN (SELECT value FROM json_each(?))"


def locations(connection: apsw.Connection) -> dict[Path, Location]:
    """Every place that holds a document, but for those whose path is damaged: word is left of
    them."""
    places = _locations(connection, _LOCATION)
    kept = totals.read(connection)
    if kept and kept.commits and kept.locations != len(places):
        notice(connection, f"{kept.locations} paths were kept, and {len(places)} can be read.")
    return {location.path: location for location in places}


def paths_of(connection: apsw.Connection, document_id: str) -> list[Path]:
    """The places that hold a document, but for those whose path is damaged."""
    found = _locations(connection, f"{_LOCATION} {_OF}", [json.dumps([document_id])])
    return [place.path for place in found]


def location_problems(connection: apsw.Connection) -> list[tuple[str, str]]:
    """What is wrong with places, as (what, where)."""
    known = set(ids(connection))
    found: list[tuple[str, str]] = []
    for row in connection.execute(_LOCATION):
        shown = ascii(row[0])[:200]
        if not is_sound(row):
            found.append(("a path is damaged", shown))
        elif row[1].decode() not in known:
            found.append(("a path of a document that is not there", shown))
    placed = {place.document_id for place in locations(connection).values()}
    return found + [("a document without a path", id_) for id_ in sorted(known - placed)]


def mend_locations(connection: apsw.Connection) -> None:
    """Put right the places of which one bit has changed. Of the others, and of those without a
    document, the ones are forgotten whose document is known to lie elsewhere, or is not there."""
    known = set(ids(connection))
    for row in [row for row in connection.execute(_LOCATION) if not is_sound(row)]:
        if (mended := mended_row(row)) is not None:
            path, document_id, *rest = mended
            connection.execute("DELETE FROM locations WHERE path = ?", (row[0],))
            connection.execute(
                "INSERT OR REPLACE INTO locations VALUES (?, ?, ?, ?, ?)",
                (path, document_id.decode(), *rest),
            )
    rows: list[tuple[Any, ...]] = connection.execute(_LOCATION).fetchall()
    placed = {row[1].decode() for row in rows if is_sound(row)}
    for row in rows:
        document_id = row[1].decode("utf-8", "replace")
        if is_sound(row):
            gone = document_id not in known
        else:
            gone = document_id in placed or (document_id not in known and placed >= known)
        if gone:
            connection.execute("DELETE FROM locations WHERE path = ?", (row[0],))


def _locations(connection: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[Location]:
    found = []
    for row in _rows(connection, "a path", sql, values):
        if is_sound(row):
            raw, document_id, size, modified_ns, _ = row
            found.append(Location(_path(raw), document_id.decode(), size, modified_ns))
        else:
            notice(connection, "A path is damaged: what lies there may not be found by its name.")
    return found


def pages(connection: apsw.Connection, document_id: str) -> tuple[PageText, ...]:
    """The pages of a document in order, tested against their checksums, and whether they are all
    there."""
    what = f"a page of document {document_id}"
    rows = _rows(
        connection,
        what,
        "SELECT document_id, position, number, start, text, checksum FROM pages "
        "WHERE document_id = ? ORDER BY position",
        [document_id],
    )
    found: list[tuple[int | None, list[str]]] = []
    at = 0  # where a part would go on
    for row in rows:
        require_sound(row, what)
        _, _, number, start, text, _ = _texts(row)
        if found and start == at:
            found[-1][1].append(text)
        elif start == (at + len(PAGE_BREAK) if found else 0):
            found.append((number, [text]))
        else:  # what stood between is gone
            raise damaged(what)
        at = start + len(text)
    least, end = connection.execute(
        "SELECT (SELECT coalesce(pages, 1) FROM documents WHERE id = ?1), "
        "(SELECT coalesce(max(end), 0) FROM chunks WHERE document_id = ?1)",
        (document_id,),
    ).get
    if len(found) < (least or 0) or end > at:
        raise damaged(what)
    read = scans.pages_read(connection, document_id)
    return tuple(
        PageText(number, "".join(parts), ocr=number in read, unsure=read.get(number, ()))
        for number, parts in found
    )


_CHUNK = """
SELECT id, document_id, ordinal, start, end, page_first, page_last, heading_path, tokens, text,
       checksum
FROM chunks
"""
_UNDER = "EXISTS (SELECT 1 FROM json_each(heading_path) WHERE value = ?2)"


def page_counts(
    connection: apsw.Connection, document_ids: Collection[str] | None = None
) -> tuple[int, int]:
    """How many pages there are, of these documents or of all, and how many of them have no text,
    such as scans. Formats without pages have none of either."""
    wanted = json.dumps(list(ids(connection) if document_ids is None else document_ids))
    pages: int = connection.execute(
        "SELECT coalesce(sum(pages), 0) FROM documents "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (wanted,),
    ).get
    # A document that has a page without text has a warning: no others are read.
    without_text: int = connection.execute(
        "SELECT count(*) FROM documents JOIN pages ON document_id = id "
        "WHERE warnings != '[]' AND number IS NOT NULL AND octet_length(text) = 0 "
        "AND id IN (SELECT value FROM json_each(?))",
        (wanted,),
    ).get
    return pages, without_text


def chunks(connection: apsw.Connection, chunk_ids: Iterable[int]) -> dict[int, Chunk]:
    """The chunks of these ids, tested against their checksums. Raises KnowledgeBaseDamaged where
    one is missing: the indexes have none that the catalog has not."""
    wanted = list(dict.fromkeys(chunk_ids))
    marks = ", ".join("?" * len(wanted))
    rows = _rows(connection, "a chunk", f"{_CHUNK} WHERE id IN ({marks})", wanted)
    if len(rows) < len(wanted):
        raise damaged("a chunk")
    return {chunk.id: chunk for chunk in map(_chunk, rows)}


def texts(connection: apsw.Connection) -> Iterator[str]:
    """The texts of all chunks."""
    for (text,) in connection.execute("SELECT text FROM chunks ORDER BY id"):
        yield text


def chunks_of(connection: apsw.Connection, document_id: str) -> list[Chunk]:
    """All chunks of a document in order."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        f"{_CHUNK} WHERE document_id = ? ORDER BY ordinal",
        [document_id],
    )
    return [_chunk(row) for row in rows]


def first_chunks(
    connection: apsw.Connection, document_id: str, *, heading: str = "", most: int = 2
) -> list[Chunk]:
    """The first chunks of a document, or of what stands under one of its headings."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        f"{_CHUNK} WHERE document_id = ?1 AND (?2 = '' OR {_UNDER}) ORDER BY ordinal LIMIT ?3",
        [document_id, heading, most],
    )
    return [_chunk(row) for row in rows]


def chunks_between(
    connection: apsw.Connection, document_id: str, first: int, last: int
) -> list[Chunk]:
    """The chunks of a document from one ordinal to another, both included, in order."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        f"{_CHUNK} WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
        [document_id, first, last],
    )
    return [_chunk(row) for row in rows]


def chunk_at(connection: apsw.Connection, document_id: str, offset: int) -> Chunk | None:
    """The chunk that holds a character of a document's text; None between two chunks."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        f"{_CHUNK} WHERE document_id = ? AND start <= ? AND end > ? LIMIT 1",
        [document_id, offset, offset],
    )
    return next((_chunk(row) for row in rows), None)


def sections(connection: apsw.Connection, document_id: str) -> list[tuple[str, ...]]:
    """The paths of headings that a document's chunks stand under, each once, in order."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        "SELECT heading_path FROM chunks WHERE document_id = ? GROUP BY heading_path "
        "ORDER BY min(ordinal)",
        [document_id],
    )
    try:
        return [tuple(map(str, json.loads(path))) for (path,) in rows]
    except (ValueError, TypeError):
        raise damaged(f"a chunk of document {document_id}") from None


def chunk_ids(connection: apsw.Connection, document_id: str) -> list[int]:
    """The ids of a document's chunks, whatever has become of their texts."""
    rows = connection.execute(
        "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal", (document_id,)
    )
    return [id_ for (id_,) in rows]


def holding(connection: apsw.Connection, terms: Iterable[str]) -> set[str]:
    """The ids of the documents of which a chunk's own text has every one of these terms; none for
    no terms."""
    wanted = list(terms)
    chunks = lexical.holding(connection, wanted) if wanted else []
    rows = connection.execute(
        "SELECT DISTINCT document_id FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(chunks),),
    )
    return {id_ for (id_,) in rows}


def file_names(connection: apsw.Connection, chunk_ids: Iterable[int]) -> dict[int, str]:
    """For each chunk the name of its document's file, without its ending; none where its path is
    damaged."""
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT id, document_id FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(chunk_ids)),),
    ).fetchall()
    names = {
        document_id: Path(displayed(place.path)).stem
        for document_id, place in _first_places(connection, {row[1] for row in rows}).items()
    }
    return {chunk: names[document_id] for chunk, document_id in rows if document_id in names}


def _first_places(connection: apsw.Connection, document_ids: Iterable[str]) -> dict[str, Location]:
    """Of each document the place whose path comes first, as it was when any of its places was last
    changed. Word is left where one has none."""
    wanted = sorted(document_ids)
    places = _locations(
        connection,
        f"{_LOCATION} {_OF} ORDER BY path DESC",
        [json.dumps(wanted)],
    )
    latest: dict[str, int] = {}
    found: dict[str, Location] = {}
    for place in places:
        known = latest.get(place.document_id, place.modified_ns)
        latest[place.document_id] = max(known, place.modified_ns)
        found[place.document_id] = replace(place, modified_ns=latest[place.document_id])
    for document_id in wanted:
        if document_id not in found:
            notice(connection, f"The path of document {document_id} is damaged.")
    return found


def displayed(path: Path) -> str:
    """A path as it can be shown and stand in JSON: odd bytes and control characters escaped."""
    readable = os.fsencode(path).decode("utf-8", "backslashreplace")
    return printable(readable)


def printable(text: str) -> str:
    """A text with control characters and halves of characters escaped. Joiners stay where scripts
    and emoji need them: between two characters that are not ASCII.

    >>> print(printable("👩\u200d👧 a\u200db \u202e"))
    👩‍👧 a\\u200db \\u202e
    """
    return "".join(
        c if c.isprintable() or _joins(text, at) else ascii(c)[1:-1] for at, c in enumerate(text)
    )


def _joins(text: str, at: int) -> bool:
    if text[at] not in _JOINERS or not 0 < at < len(text) - 1:
        return False
    return not (text[at - 1].isascii() or text[at + 1].isascii())


def _rows(
    connection: apsw.Connection, what: str, sql: str, values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, values).fetchall()
    except UnicodeDecodeError as error:  # a damaged text need not even be one
        raise damaged(what) from error


def _texts(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of a table that has no bytes in it: what is damaged may have become some."""
    return tuple(each.decode() if isinstance(each, bytes) else each for each in row)


def _documents(connection: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Document]:
    for row in rows:
        require_sound(row, f"document {row[0]}")
    ids_ = [row[0] for row in rows]
    tagged = tags.of(connection, ids_)
    filed = filing.of(connection, ids_)
    places = _first_places(connection, ids_)
    return [
        _document(row, tagged.get(row[0], ()), filed.get(row[0]), places.get(row[0]))
        for row in rows
    ]


def _document(
    row: tuple[Any, ...], tagged: tuple[str, ...], filed: str | None, place: Location | None
) -> Document:
    *columns, warnings, _ = _texts(row)
    id_, content_hash, title, media_type, language, page_count, chunk_count, added = columns
    said = tuple(json.loads(warnings))
    if place is None:
        uri = name = UNKNOWN_PATH
        folder = ""
        modified = added
        said = (_PATH_DAMAGED, *said)
    else:
        uri, name = displayed(place.path), displayed(Path(place.path.name))
        folder = "" if _is_upload(place.path, content_hash) else displayed(place.path.parent)
        at = datetime.fromtimestamp(place.modified_ns / 1e9, UTC)
        modified = at.isoformat(timespec="seconds")
    return Document(
        id=id_,
        content_hash=content_hash,
        uri=uri,
        name=name,
        title=title,
        media_type=media_type,
        language=language,
        pages=page_count,
        chunks=chunk_count,
        added_at=added,
        modified=modified,
        warnings=said,
        tags=tagged,
        folder=folder if filed is None else filed,
    )


def _is_upload(path: Path, content_hash: str) -> bool:
    """Whether a path is that of a copy of an upload, whose folder is named after its hash."""
    return path.parts[-3:-1] == (ORIGINALS, content_hash)


def _chunk(row: tuple) -> Chunk:  # type: ignore[type-arg]
    require_sound(row, f"chunk {row[2]} of document {row[1]}")
    id_, document_id, ordinal, start, end, page_first, page_last, headings, tokens, text, _ = (
        _texts(row)
    )
    return Chunk(
        id=id_,
        document_id=document_id,
        ordinal=ordinal,
        text=text,
        span=Span(page_first, page_last, start, end),
        heading_path=tuple(json.loads(headings)),
        tokens=tokens,
    )


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))
