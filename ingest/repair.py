"""Puts right what a disk has damaged in a catalog, from what is left of it.

A chunk's text is cut again from its page, a vector is computed again from its chunk. A document
whose pages are damaged can only be read again from its file.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from quire.indexes import documents, tags
from quire.indexes.catalog import Catalog
from quire.ingest import chunking
from quire.models.protocols import Embedder
from quire.records import Chunk


def mend(catalog: Catalog, *, open_embedder: Callable[[], Embedder]) -> list[str]:
    """Restore chunks and vectors; returns the ids of the documents that this could not help.

    The caller holds the writer lock. The embedder is opened only if a vector is missing.
    """
    with catalog.writing() as connection:
        tags.forget_damaged(connection)
        lost = [
            document_id
            for document_id in documents.ids(connection)
            if not documents.mend_chunks(connection, document_id)
        ]
        sound = documents.sound_vectors(connection)
        documents.drop_vectors(
            connection, [chunk for chunk, is_sound in sound.items() if not is_sound]
        )
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
        of = documents.get(connection, {chunk.document_id for chunk in chunks})
    titles = {id_: chunking.own_title(each.title, Path(each.uri)) for id_, each in of.items()}
    texts = [
        chunking.embedded_text(
            chunk,
            title=titles[chunk.document_id],
            count_tokens=embedder.count_tokens,
            limit=embedder.max_tokens,
        )
        for chunk in chunks
    ]
    vectors = embedder.embed_passages(texts).astype(np.float16)
    with catalog.writing() as connection:
        documents.put_vectors(
            connection,
            (
                (chunk.id, chunking.text_hash(text), vector)
                for chunk, text, vector in zip(chunks, texts, vectors, strict=True)
            ),
        )
        documents.note_replaced(connection, [chunk.id for chunk in chunks])
