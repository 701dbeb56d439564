"""Puts right what a disk has damaged in a catalog, from what is left of it.

A chunk's text is cut again from its page, a vector is computed again from its chunk. A document
whose pages are damaged can only be read again from its file.
"""

from collections.abc import Callable

from quire.indexes import documents, embeddings, filing, scans, tags
from quire.indexes.catalog import Catalog
from quire.ingest import chunking
from quire.ingest.embedded_texts import own_titles, texts_of, vectors_of
from quire.models.protocols import Embedder
from quire.records import Chunk


def mend(catalog: Catalog, *, open_embedder: Callable[[], Embedder]) -> list[str]:
    """Restore chunks and vectors; returns the ids of the documents that this could not help.

    The caller holds the writer lock. The embedder is opened only if a vector is missing.
    """
    with catalog.writing() as connection:
        tags.forget_damaged(connection)
        filing.forget_damaged(connection)
        documents.mend_locations(connection)
        damaged = {document_id for document_id, _ in scans.damaged_pages(connection)}
        lost = [
            document_id
            for document_id in documents.ids(connection)
            if not documents.mend_chunks(connection, document_id) or document_id in damaged
        ]
        sound = embeddings.sound(connection)
        embeddings.drop(connection, [chunk for chunk, is_sound in sound.items() if not is_sound])
        unembedded = [
            chunk
            for document_id in documents.ids(connection)
            if document_id not in lost
            for chunk in documents.chunks_of(connection, document_id)
            if not sound.get(chunk.id, False)
        ]
    if unembedded:
        _embed(catalog, unembedded, open_embedder())
    return lost


def _embed(catalog: Catalog, chunks: list[Chunk], embedder: Embedder) -> None:
    with catalog.reading() as connection:
        titles = own_titles(connection, chunks)
    texts = texts_of(chunks, embedder, titles=titles)
    vectors, _ = vectors_of(texts, embedder)
    with catalog.writing() as connection:
        embeddings.put(
            connection,
            (
                (chunk.id, chunking.text_hash(text), vector)
                for chunk, text, vector in zip(chunks, texts, vectors, strict=True)
            ),
        )
        embeddings.note_replaced(connection, [chunk.id for chunk in chunks])
