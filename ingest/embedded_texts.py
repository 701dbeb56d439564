"""What is embedded for chunks that are stored, whichever model they were cut for.

Chunks are sized in the tokens of the embedding model that they were first made for. Another model
counts other tokens, and may read less: then the end of a chunk would be lost to it without a word.
Such a chunk is embedded in parts, cut between sentences, and its vector is the mean of theirs:
every word of it counts, and its place, its words in the index and the quotes in stored chats stay.
Cutting the chunks anew would need the headings and tables of the file, which are not stored.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quire.indexes import documents
from quire.ingest import chunking
from quire.models.protocols import Embedder
from quire.records import Chunk
from quire.text import sentences

if TYPE_CHECKING:
    import apsw


def texts_of(
    chunks: Sequence[Chunk], embedder: Embedder, *, titles: Mapping[str, str]
) -> list[str]:
    """What is embedded for each chunk: its text, under headings as far as they fit. `titles` are
    those of the chunks' documents, by id, as `own_titles` gives them."""
    counts = embedder.count_tokens([chunk.text for chunk in chunks])
    return [
        chunking.embedded_text(
            dataclasses.replace(chunk, tokens=count),
            title=titles[chunk.document_id],
            count_tokens=embedder.count_tokens,
            limit=embedder.max_tokens,
        )
        for chunk, count in zip(chunks, counts, strict=True)
    ]


def own_titles(connection: "apsw.Connection", chunks: Iterable[Chunk]) -> dict[str, str]:
    """The titles that chunks' documents give themselves, by id."""
    found = documents.get(connection, {chunk.document_id for chunk in chunks})
    return {id_: chunking.own_title(each.title, Path(each.uri)) for id_, each in found.items()}


def vectors_of(
    texts: Sequence[str],
    embedder: Embedder,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[npt.NDArray[np.float16], int]:
    """Unit vectors of texts, shape (len(texts), dimension), and how many of the texts were longer
    than the model reads. `progress` hears how many parts are done, and may raise to end the work.
    """
    limit = embedder.max_tokens
    parts = [
        [text] if count <= limit else _parts(text, embedder, limit)
        for text, count in zip(texts, embedder.count_tokens(texts), strict=True)
    ]
    flat = [part for group in parts for part in group]
    vectors = embedder.embed_passages(flat, progress=progress)
    means = np.empty((len(texts), vectors.shape[1]), np.float32)
    at = 0
    for row, group in enumerate(parts):
        mean = vectors[at : at + len(group)].mean(axis=0)
        means[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        at += len(group)
    return means.astype(np.float16), sum(len(group) > 1 for group in parts)


def _parts(text: str, embedder: Embedder, limit: int) -> list[str]:
    """A text in halves, and those in halves, until each fits."""
    middle = _cut(text)
    halves = [half for half in (text[:middle].strip(), text[middle:].strip()) if half]
    counts = embedder.count_tokens(halves)
    return [
        part
        for half, count in zip(halves, counts, strict=True)
        for part in ([half] if count <= limit or len(half) < 2 else _parts(half, embedder, limit))
    ]


def _cut(text: str) -> int:
    """Where to cut a text: between the sentences nearest to its middle, else at a blank, else in
    the middle."""
    middle = len(text) // 2
    ends = [end for _, end in sentences.split(text)[:-1] if 0 < end < len(text)]
    if ends:
        return min(ends, key=lambda end: abs(end - middle))
    blank = text.rfind(" ", 1, middle)
    return blank if blank > 0 else max(1, middle)
