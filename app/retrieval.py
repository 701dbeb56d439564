"""From a question to ranked chunks, and from chunks to passages.

Two legs rank all chunks, dense (cosine of embeddings) and lexical (BM25); `quire.fusion` makes one
ranking of them. A leg that cannot read the question's language takes no part: an English embedder
ranks Chinese almost at random and would drown the leg that works.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from quire import evidence
from quire.errors import UsageError
from quire.evidence import Evidence
from quire.fusion import fuse, ranks_by_leg, scores_by_leg
from quire.indexes import documents, lexical
from quire.indexes.catalog import Catalog
from quire.indexes.scope import Scope, select
from quire.models.protocols import Embedder
from quire.models.reading import can_read
from quire.passages import join_neighbours
from quire.records import Chunk, Document, Hit, Passage
from quire.text import analysis, languages

if TYPE_CHECKING:  # loads FAISS
    import apsw

    from quire.indexes.index import Index, Ranking

Mode = Literal["hybrid", "dense", "lexical"]

_POOL = 100  # chunks that each leg brings: deep enough that fusion at k=10 no longer changes
_LONGEST_QUESTION = 2_000  # characters; what a question says, it says in its first page


class Retriever:
    """Search over one knowledge base. Safe to use from several threads."""

    def __init__(
        self, catalog: Catalog, index: "Index", *, embedder: Embedder, reading: dict[str, float]
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._reading = reading

    def search(
        self, question: str, *, k: int, mode: Mode = "hybrid", scope: Scope | None = None
    ) -> list[Hit]:
        """The `k` best chunks for a question, best first, all from one state of the catalog.

        Raises DocumentNotFound when no document is in the scope.
        """
        question = checked_question(question)
        legs = self._legs(question, mode)
        vector = self._embedder.embed_question(question) if "dense" in legs else None
        with self._catalog.reading() as connection:
            within = select(connection, scope) if scope else None
            pool = max(k, _POOL)
            rankings: dict[str, Ranking] = {}
            if vector is not None:
                rankings["dense"] = self._index.dense(connection, vector, k=pool, within=within)
            if "lexical" in legs:
                rankings["lexical"] = self._index.lexical(
                    connection, question, k=pool, within=within
                )
            scores = fuse(rankings)
            ranks = ranks_by_leg(rankings)
            best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:k]
            return _hits(connection, best, scores, ranks, scores_by_leg(rankings))

    def passages(self, hits: Sequence[Hit]) -> list[Passage]:
        """Hits joined with their neighbours, in the order of their best hit, labelled from 1."""
        with self._catalog.reading() as connection:
            pages = {
                document_id: documents.pages(connection, document_id)
                for document_id in {hit.document.id for hit in hits}
            }
        # A document may be gone since it was found.
        return join_neighbours([hit for hit in hits if pages[hit.document.id]], pages)

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

    @property
    def embedder(self) -> Embedder:
        """The model that embeds questions."""
        return self._embedder

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


def _hits(
    connection: "apsw.Connection",
    best: Sequence[int],
    scores: Mapping[int, float],
    ranks: Mapping[int, dict[str, int]],
    by_leg: Mapping[int, dict[str, float]],
) -> list[Hit]:
    chunks: dict[int, Chunk] = documents.chunks(connection, best)
    of: dict[str, Document] = documents.get(
        connection, (chunk.document_id for chunk in chunks.values())
    )
    found = [chunks[id_] for id_ in best if id_ in chunks]
    return [
        Hit(rank, of[chunk.document_id], chunk, scores[chunk.id], ranks[chunk.id], by_leg[chunk.id])
        for rank, chunk in enumerate(found, start=1)
    ]
