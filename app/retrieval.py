"""From a question to ranked chunks, and from chunks to passages.

Two legs rank all chunks: dense (cosine of embeddings) and lexical (BM25). Where both take part,
their scores are added: BM25 as a share of the best chunk's, and the cosine with a weight. Adding
scores keeps what reciprocal ranks throw away, by how much the first is better than the second; on
the English development set it found the right paragraph first in 85% of questions against 75% with
equal reciprocal ranks (docs/decisions/fusion.md has all numbers).

A leg that cannot read the question's language takes no part: an English embedder ranks Chinese
almost at random and would drown the leg that works.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from quire import evidence
from quire.errors import UsageError
from quire.evidence import Evidence
from quire.indexes import documents, lexical
from quire.indexes.catalog import Catalog
from quire.models.protocols import Embedder
from quire.models.reading import can_read
from quire.records import PAGE_BREAK, Chunk, Document, Hit, PageText, Passage, Span
from quire.text import analysis, languages

if TYPE_CHECKING:  # loads FAISS
    import apsw

    from quire.indexes.index import Index, Ranking

Mode = Literal["hybrid", "dense", "lexical"]

COSINE_WEIGHT = 1.3
"""Of a cosine beside BM25 as a share of the best chunk's. From 0.7 to 2 the result hardly moves."""
_POOL = 100  # chunks that each leg brings: deep enough that fusion at k=10 no longer changes
_LONGEST_QUESTION = 2_000  # characters; what a question says, it says in its first page
_NEIGHBOUR_GAP = 400  # characters between two hits of a document that are shown as one passage


class Retriever:
    """Search over one knowledge base. Safe to use from several threads."""

    def __init__(
        self, catalog: Catalog, index: "Index", *, embedder: Embedder, reading: dict[str, float]
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._reading = reading

    def search(self, question: str, *, k: int, mode: Mode = "hybrid") -> list[Hit]:
        """The `k` best chunks for a question, best first, all from one state of the catalog."""
        question = checked_question(question)
        legs = self._legs(question, mode)
        vector = self._embedder.embed_question(question) if "dense" in legs else None
        with self._catalog.reading() as connection:
            rankings: dict[str, Ranking] = {}
            if vector is not None:
                rankings["dense"] = self._index.dense(connection, vector, k=max(k, _POOL))
            if "lexical" in legs:
                rankings["lexical"] = self._index.lexical(connection, question, k=max(k, _POOL))
            scores = fuse(rankings)
            ranks = ranks_by_leg(rankings)
            best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:k]
            return _hits(connection, best, scores, ranks)

    def passages(self, hits: Sequence[Hit]) -> list[Passage]:
        """Hits joined with their neighbours, in the order of their best hit, labelled from 1."""
        with self._catalog.reading() as connection:
            pages = {
                document_id: documents.pages(connection, document_id)
                for document_id in {hit.document.id for hit in hits}
            }
        return join_neighbours(hits, pages)

    def evidence(self, question: str, passages: Sequence[Passage]) -> list[Evidence]:
        """The sentences of the passages that bear on the question, the best first."""
        with self._catalog.reading() as connection:
            frequencies = lexical.document_frequencies(
                connection, analysis.question_terms(question)
            )
            chunks = lexical.chunk_count(connection)
        reads = self.reads(languages.detect(question))
        return evidence.find(
            question,
            passages,
            frequencies=frequencies,
            chunks=chunks,
            embedder=self._embedder if reads else None,
        )

    def reads(self, language: str) -> bool:
        """Whether the embedder can read a language."""
        return can_read(self._reading, language)

    def _legs(self, question: str, mode: Mode) -> tuple[str, ...]:
        if mode != "hybrid":
            return (mode,)
        return ("dense", "lexical") if self.reads(languages.detect(question)) else ("lexical",)


def checked_question(question: str) -> str:
    """The question without white space around it, cut at a length that no question needs.

    Raises UsageError when nothing is left.
    """
    question = question.replace("\x00", " ").strip()[:_LONGEST_QUESTION]
    if not question:
        raise UsageError("The question is empty.", hint="Ask something about your documents.")
    return question


def fuse(rankings: "Mapping[str, Ranking]") -> dict[int, float]:
    """One score for each chunk. A single leg keeps its own scores.

    A chunk that the dense leg did not bring counts with the lowest cosine that it did bring: an
    upper bound, and lower than all that it found. One that BM25 did not bring counts with 0.

    >>> fused = fuse({"dense": [(7, 0.9), (8, 0.5)], "lexical": [(8, 4.0), (9, 3.0)]})
    >>> {chunk: round(score, 2) for chunk, score in fused.items()}
    {7: 1.17, 8: 1.65, 9: 1.4}
    """
    dense, lexical_ = (dict(rankings.get(leg, ())) for leg in ("dense", "lexical"))
    if not dense or not lexical_:
        return dense or lexical_
    floor, top = min(dense.values()), max(lexical_.values())
    return {
        chunk: COSINE_WEIGHT * dense.get(chunk, floor) + lexical_.get(chunk, 0.0) / top
        for chunk in [*dense, *(chunk for chunk in lexical_ if chunk not in dense)]
    }


def ranks_by_leg(rankings: "Mapping[str, Ranking]") -> dict[int, dict[str, int]]:
    """The rank from 1 of each chunk in each leg that found it."""
    ranks: dict[int, dict[str, int]] = {}
    for leg, ranking in rankings.items():
        for rank, (chunk, _) in enumerate(ranking, start=1):
            ranks.setdefault(chunk, {})[leg] = rank
    return ranks


def join_neighbours(
    hits: Sequence[Hit], pages: Mapping[str, tuple[PageText, ...]]
) -> list[Passage]:
    """Passages from hits: chunks of a document that follow each other are joined into one.

    `pages` holds the pages of each document by its id. A passage keeps its best hit's score.
    """
    groups: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: (hit.document.id, hit.chunk.ordinal)):
        last = groups[-1][-1] if groups else None
        if (
            last
            and last.document.id == hit.document.id
            and last.chunk.ordinal + 1 == hit.chunk.ordinal
            and hit.chunk.span.start - last.chunk.span.end <= _NEIGHBOUR_GAP
        ):
            groups[-1].append(hit)
        else:
            groups.append([hit])
    groups.sort(key=lambda group: min(hit.rank for hit in group))
    return [
        _passage(label, group, pages[group[0].document.id])
        for label, group in enumerate(groups, start=1)
    ]


def _passage(label: int, group: Sequence[Hit], pages: tuple[PageText, ...]) -> Passage:
    first, last = group[0].chunk, group[-1].chunk
    text = PAGE_BREAK.join(page.text for page in pages)[first.span.start : last.span.end]
    starts, at = [], 0
    for page in pages:
        if first.span.start < at + len(page.text) and at < last.span.end:
            starts.append((at, page.number))
        at += len(page.text) + len(PAGE_BREAK)
    return Passage(
        label=label,
        text=text,
        document=group[0].document,
        span=Span(first.span.page_first, last.span.page_last, first.span.start, last.span.end),
        score=max(hit.score for hit in group),
        heading_path=first.heading_path,
        stretches=tuple((hit.chunk.span.start, hit.chunk.span.end) for hit in group),
        page_starts=tuple(starts),
    )


def _hits(
    connection: "apsw.Connection",
    best: Sequence[int],
    scores: Mapping[int, float],
    ranks: Mapping[int, dict[str, int]],
) -> list[Hit]:
    chunks: dict[int, Chunk] = documents.chunks(connection, best)
    of: dict[str, Document] = documents.get(
        connection, (chunk.document_id for chunk in chunks.values())
    )
    found = [chunks[id_] for id_ in best if id_ in chunks]
    return [
        Hit(rank, of[chunk.document_id], chunk, scores[chunk.id], ranks[chunk.id])
        for rank, chunk in enumerate(found, start=1)
    ]
