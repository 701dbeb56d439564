"""Documents put into a catalog without files, parsers or models."""

import hashlib
from pathlib import Path

import numpy as np

from quire.indexes import documents
from quire.indexes.catalog import Catalog
from quire.indexes.documents import EmbeddedChunk, Location
from quire.ingest import chunking
from quire.models.fakes import FakeEmbedder
from quire.records import PAGE_BREAK, Block, PageText, ParsedDocument

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
        tuple(PageText(number, page) for number, page in enumerate(pages, start=1)),
        tuple(blocks),
    )


def insert(catalog: Catalog, name: str, *pages: str, title: str = "title") -> str:
    """Commit a document as if it had come from the file /made/`name`; returns its id."""
    document = parsed(*pages, title=title)
    limit = EMBEDDER.max_tokens
    chunks = chunking.chunk(document, count_tokens=EMBEDDER.count_tokens, limit=limit)
    texts = [
        chunking.embedded_text(chunk, count_tokens=EMBEDDER.count_tokens, limit=limit)
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
