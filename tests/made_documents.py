"""Documents put into a catalog without files, parsers or models, and what a catalog holds."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.indexes import documents, embeddings
from quire.indexes.catalog import Catalog
from quire.indexes.documents import Location
from quire.indexes.embeddings import EmbeddedChunk
from quire.indexes.vectors import VectorIndex
from quire.ingest import chunking
from quire.models.fakes import FakeEmbedder
from quire.records import PAGE_BREAK, Block, Blocks, Pages, PageText, ParsedDocument

EMBEDDER = FakeEmbedder()


def parsed(*pages: str, title: str = "title") -> ParsedDocument:
    """A document whose paragraphs are parted by empty lines; "# " begins a heading."""
    blocks: list[Block] = []
    at = 0
    for page in pages:
        start = at
        for part in page.split("\n\n"):
            if part.startswith("# "):
                blocks.append(Block("heading", start, start + len(part), 1))
            elif part:
                blocks.append(Block("paragraph", start, start + len(part)))
            start += len(part) + 2
        at += len(page) + len(PAGE_BREAK)
    return ParsedDocument(
        hashlib.sha256("\f".join((title, *pages)).encode()).hexdigest(),
        "text/plain",
        title,
        Pages.of(PageText(number, page) for number, page in enumerate(pages, start=1)),
        Blocks(blocks),
    )


def insert(catalog: Catalog, name: str, *pages: str, title: str = "") -> str:
    """Commit a document as if it had come from the file /made/`name`; returns its id. Its title is
    the file's, unless it has one."""
    title = title or Path(name).stem
    document = parsed(*pages, title=title)
    limit = EMBEDDER.max_tokens
    chunks = chunking.chunk(document, count_tokens=EMBEDDER.count_tokens, limit=limit)
    texts = [
        chunking.embedded_text(
            chunk,
            title=chunking.own_title(title, Path(name)),
            count_tokens=EMBEDDER.count_tokens,
            limit=limit,
        )
        for chunk in chunks
    ]
    vectors = EMBEDDER.embed_passages(texts).astype(np.float16)
    embedded = [
        EmbeddedChunk(chunk, hashlib.blake2b(text.encode(), digest_size=16).digest(), vector)
        for chunk, text, vector in zip(chunks, texts, vectors, strict=True)
    ]
    with catalog.writing() as connection:
        documents.insert(connection, document, language="en", chunks=embedded)
        documents.put_location(connection, Location(Path("/made") / name, document.id, 1, 1))
    return document.id


def delete(catalog: Catalog, document_id: str) -> None:
    with catalog.writing() as connection:
        documents.delete(connection, document_id)


def written(index: VectorIndex) -> bytes:
    """The bytes of an index's snapshot."""
    content = bytearray()
    index.write(content.extend)
    return bytes(content)


def state(catalog: Catalog) -> dict[str, Any]:
    """All that a catalog holds, but for what may differ between two equal ones: numbers and times.

    Vectors stand apart, under "vectors" by document and ordinal: they may differ by a rounding.
    """
    with catalog.reading() as connection:
        found: dict[str, Any] = {
            "terms": connection.execute("SELECT term, doc, cnt FROM lexical_terms").fetchall(),
            "places": sorted(
                (str(path), place.document_id)
                for path, place in documents.locations(connection).items()
            ),
            "vectors": {},
        }
        for document in documents.all_documents(connection):
            chunks = documents.chunks_of(connection, document.id)
            found[document.uri] = {
                "id": document.id,
                "title": document.title,
                "language": document.language,
                "tags": document.tags,
                "folder": document.folder,
                "pages": documents.pages(connection, document.id),
                "chunks": [
                    (chunk.ordinal, chunk.span, chunk.heading_path, chunk.text, chunk.tokens)
                    for chunk in chunks
                ],
            }
            for chunk in chunks:
                ((_, vector),) = embeddings.between(connection, chunk.id, chunk.id)
                found["vectors"][document.id, chunk.ordinal] = vector
    return found


def assert_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal documents, spans and lexical rows, and vectors at cosine 0.995 or more."""
    assert one | {"vectors": None} == other | {"vectors": None}
    assert_near(one["vectors"], other["vectors"])


def assert_near(vectors: dict[Any, Any], others: dict[Any, Any]) -> None:
    """The same keys, with vectors at cosine 0.995 or more."""
    assert vectors.keys() == others.keys()
    for key, vector in vectors.items():
        assert _cosine(vector, others[key]) >= 0.995


def _cosine(one: npt.NDArray[np.float16], other: npt.NDArray[np.float16]) -> float:
    a, b = one.astype(np.float32), other.astype(np.float32)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
