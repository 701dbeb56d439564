"""Documents, pages, chunks and places as rows of the catalog, read and written through a
connection that `Catalog.reading()` or `Catalog.writing()` gives."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from quire.errors import KnowledgeBaseDamaged
from quire.indexes import embeddings, lexical, tags
from quire.indexes.checksums import checksum, damaged, require_sound
from quire.records import PAGE_BREAK, Chunk, Document, PageText, ParsedDocument, Span


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
    chunks: Sequence[embeddings.EmbeddedChunk],
) -> None:
    """Add a document with its pages, chunks, vectors and lexical rows."""
    numbered = [page for page in parsed.pages if page.number is not None]
    row = (
        parsed.id,
        parsed.content_hash,
        parsed.title,
        parsed.media_type,
        language,
        len(numbered) or None,
        len(chunks),
        datetime.now(UTC).isoformat(timespec="milliseconds"),
        json.dumps(parsed.warnings, ensure_ascii=False),
    )
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, checksum(*row))
    )
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)",
        [
            (*page, checksum(*page))
            for page in (
                (parsed.id, position, page.number, start, page.text)
                for position, (page, start) in enumerate(
                    zip(parsed.pages, parsed.page_starts, strict=True)
                )
            )
        ],
    )
    if chunks:
        _insert_chunks(connection, parsed.id, parsed.title, chunks)


def _insert_chunks(
    connection: apsw.Connection,
    document_id: str,
    title: str,
    chunks: Sequence[embeddings.EmbeddedChunk],
) -> None:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    first = (row[0] if row else 0) + 1
    rows = [
        (
            first + offset,
            document_id,
            offset,
            chunk.span.start,
            chunk.span.end,
            chunk.span.page_first,
            chunk.span.page_last,
            json.dumps(chunk.heading_path, ensure_ascii=False),
            chunk.tokens,
            chunk.text,
        )
        for offset, chunk in enumerate(embedded.chunk for embedded in chunks)
    ]
    connection.executemany(
        "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, checksum(*row)) for row in rows],
    )
    embeddings.put(
        connection,
        (
            (first + offset, embedded.text_hash, embedded.vector)
            for offset, embedded in enumerate(chunks)
        ),
    )
    lexical.insert(
        connection,
        (
            (first + offset, embedded.chunk.text, embedded.chunk.heading_path, title)
            for offset, embedded in enumerate(chunks)
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
    comes in its place takes over its tags."""
    path = os.fsencode(location.path)
    before = connection.execute(
        "SELECT document_id FROM locations WHERE path = ?", (path,)
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO locations VALUES (?, ?, ?, ?)",
        (path, location.document_id, location.size, location.modified_ns),
    )
    if before and before[0] != location.document_id:
        inherited = tags.of(connection, [before[0]]).get(before[0], ())
        tags.add(connection, location.document_id, inherited)
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
SELECT id, content_hash, title, media_type, language, pages, chunks, added_at, warnings,
       checksum,
       (SELECT path FROM locations WHERE document_id = id ORDER BY path LIMIT 1),
       (SELECT max(modified_ns) FROM locations WHERE document_id = id)
FROM documents
"""


def all_documents(connection: apsw.Connection) -> list[Document]:
    """Every document, by name."""
    found = _documents(connection, _rows(connection, "a document", _DOCUMENT))
    return sorted(found, key=lambda document: (document.name.casefold(), document.id))


def get(connection: apsw.Connection, document_ids: Iterable[str]) -> dict[str, Document]:
    """The documents of these ids that exist."""
    wanted = list(dict.fromkeys(document_ids))
    marks = ", ".join("?" * len(wanted))
    rows = _rows(connection, "a document", f"{_DOCUMENT} WHERE id IN ({marks})", wanted)
    return {document.id: document for document in _documents(connection, rows)}


def ids(connection: apsw.Connection) -> list[str]:
    """The ids of all documents, whatever has become of their texts."""
    return [id_ for (id_,) in connection.execute("SELECT id FROM documents ORDER BY id")]


def languages(connection: apsw.Connection) -> list[str]:
    """The languages of all documents, the commonest first."""
    rows = connection.execute(
        "SELECT language FROM documents GROUP BY language ORDER BY count(*) DESC, language"
    )
    return [language for (language,) in rows]


def id_of_content(connection: apsw.Connection, content_hash: str) -> str | None:
    row = connection.execute(
        "SELECT id FROM documents WHERE content_hash = ?", (content_hash,)
    ).fetchone()
    return row[0] if row else None


def locations(connection: apsw.Connection) -> dict[Path, Location]:
    """Every place that holds a document."""
    rows = connection.execute("SELECT path, document_id, size, modified_ns FROM locations")
    places = (Location(_path(raw), *rest) for raw, *rest in rows)
    return {location.path: location for location in places}


def pages(connection: apsw.Connection, document_id: str) -> tuple[PageText, ...]:
    """The pages of a document in order, tested against their checksums."""
    rows = _rows(
        connection,
        f"a page of document {document_id}",
        "SELECT document_id, position, number, start, text, checksum FROM pages "
        "WHERE document_id = ? ORDER BY position",
        [document_id],
    )
    return tuple(map(_page, rows))


_CHUNK = """
SELECT id, document_id, ordinal, start, end, page_first, page_last, heading_path, tokens, text,
       checksum
FROM chunks
"""


def chunks(connection: apsw.Connection, chunk_ids: Iterable[int]) -> dict[int, Chunk]:
    """The chunks of these ids that exist, tested against their checksums."""
    wanted = list(chunk_ids)
    marks = ", ".join("?" * len(wanted))
    rows = _rows(connection, "a chunk", f"{_CHUNK} WHERE id IN ({marks})", wanted)
    return {chunk.id: chunk for chunk in map(_chunk, rows)}


def chunks_of(connection: apsw.Connection, document_id: str) -> list[Chunk]:
    """All chunks of a document in order."""
    rows = _rows(
        connection,
        f"a chunk of document {document_id}",
        f"{_CHUNK} WHERE document_id = ? ORDER BY ordinal",
        [document_id],
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


def chunk_ids(connection: apsw.Connection, document_id: str) -> list[int]:
    """The ids of a document's chunks, whatever has become of their texts."""
    rows = connection.execute(
        "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal", (document_id,)
    )
    return [id_ for (id_,) in rows]


def file_names(connection: apsw.Connection, chunk_ids: Iterable[int]) -> dict[int, str]:
    """For each chunk the name of its document's file, without its ending."""
    rows = connection.execute(
        "SELECT chunks.id, min(path) FROM chunks JOIN locations USING (document_id) "
        "WHERE chunks.id IN (SELECT value FROM json_each(?)) GROUP BY chunks.id",
        (json.dumps(list(chunk_ids)),),
    )
    of: dict[int, bytes] = dict(rows)
    names = {path: Path(displayed(_path(path))).stem for path in set(of.values())}
    return {chunk: names[path] for chunk, path in of.items()}


def displayed(path: Path) -> str:
    """A path as it can be shown and stand in JSON: odd bytes and control characters escaped."""
    readable = os.fsencode(path).decode("utf-8", "backslashreplace")
    return printable(readable)


def printable(text: str) -> str:
    """A text with control characters and halves of characters escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _rows(
    connection: apsw.Connection, what: str, sql: str, values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, values).fetchall()
    except UnicodeDecodeError as error:  # a damaged text need not even be one
        raise damaged(what) from error


def _documents(connection: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> list[Document]:
    tagged = tags.of(connection, [row[0] for row in rows])
    return [_document(row, tagged.get(row[0], ())) for row in rows]


def _document(row: tuple[Any, ...], tagged: tuple[str, ...]) -> Document:
    *kept, raw_path, modified_ns = row
    require_sound(kept, f"document {row[0]}")
    if not (isinstance(raw_path, bytes) and isinstance(modified_ns, int)):
        raise damaged(f"the path of document {row[0]}")
    (id_, content_hash, title, media_type, language, page_count, chunk_count, added, warnings) = (
        row[:9]
    )
    path = _path(raw_path)
    return Document(
        id=id_,
        content_hash=content_hash,
        uri=displayed(path),
        name=displayed(Path(path.name)),
        title=title,
        media_type=media_type,
        language=language,
        pages=page_count,
        chunks=chunk_count,
        added_at=added,
        modified=datetime.fromtimestamp(modified_ns / 1e9, UTC).isoformat(timespec="seconds"),
        warnings=tuple(json.loads(warnings)),
        tags=tagged,
    )


def _page(row: tuple) -> PageText:  # type: ignore[type-arg]
    document_id, _, number, _, text, _ = row
    require_sound(row, f"a page of document {document_id}")
    return PageText(number, text)


def _chunk(row: tuple) -> Chunk:  # type: ignore[type-arg]
    id_, document_id, ordinal, start, end, page_first, page_last, headings, tokens, text, _ = row
    require_sound(row, f"chunk {ordinal} of document {document_id}")
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
