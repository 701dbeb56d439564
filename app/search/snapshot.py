"""One state of the catalog, searched and read: from a query to ranked chunks, and to passages.

Two legs rank all chunks, dense (cosine of embeddings) and lexical (BM25); `fusion` makes one
ranking of them, with what the files' names say.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from quire.indexes import documents, lexical
from quire.indexes.lexical import Frequencies
from quire.indexes.scope import Scope, Selection, select
from quire.models.protocols import Reranker
from quire.records import PAGE_BREAK, Chunk, Document, Hit, Passage, Place
from quire.search import fusion, proximity, sections, wording
from quire.search.duplicates import Distinct
from quire.search.fusion import fuse, ranks_by_leg, scores_by_leg
from quire.search.information import Information
from quire.search.passages import join_neighbours
from quire.search.query import Query
from quire.search.question_words import QuestionWords
from quire.search.tracing import Standing, Trace, Words
from quire.search.wording import Change
from quire.text import analysis

if TYPE_CHECKING:  # loads FAISS
    import apsw

    from quire.indexes.index import Index, Ranking

_POOL = 100  # chunks that each leg brings: deep enough that fusion at k=10 no longer changes
_DEEPEST = 6_400  # … and at most, where copies of one text fill it: half a second
_LOOKED_INTO = 20  # of the best chunks is told how near words stand: 5 ms; more changed nothing


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The best chunks of each leg, and the score of each chunk in both together."""

    rankings: "dict[str, Ranking]"
    scores: dict[int, float]

    @property
    def order(self) -> list[int]:
        """Ids of chunks, the best first."""
        return sorted(self.scores, key=lambda chunk: (-self.scores[chunk], chunk))

    def fills(self, pool: int) -> bool:
        """Whether a leg may have more chunks than the `pool` that it was asked for."""
        return any(len(ranking) >= pool for ranking in self.rankings.values())


class Extent(TypedDict):
    """How much was searched."""

    documents: int
    passages: int
    pages: int
    pages_without_text: int


class Snapshot:
    """What a connection of `Catalog.reading()` sees, until that ends."""

    def __init__(
        self,
        connection: "apsw.Connection",
        index: "Index",
        *,
        reranker: Reranker | None = None,
        crosses: bool = False,
    ) -> None:
        self.connection = connection
        self._frequencies = Frequencies(connection)
        self._index = index
        self._reranker = reranker
        self._crosses = crosses

    def search(self, query: Query, *, k: int, scope: Scope | None = None) -> list[Hit]:
        """The `k` best chunks for a query that say different things, best first.

        Raises DocumentNotFound when no document is in the scope.
        """
        within = select(self.connection, scope) if scope else None
        pool = max(k, _POOL)
        ranked = self._ranked(query, pool, within)
        groups = self._distinct(query, ranked, most=k)
        while len(groups) < k and pool < _DEEPEST and ranked.fills(pool):
            pool *= 4
            ranked = self._ranked(query, pool, within)
            groups = self._distinct(query, ranked, most=k)
        return self._hits(groups, ranked)

    def trace(
        self, query: Query, chunks: Collection[int], *, k: int, scope: Scope | None = None
    ) -> Trace:
        """What a search does with some chunks of a document, however far down they rank."""
        within = select(self.connection, scope) if scope else None
        total = len(within.chunks) if within else self._frequencies.chunks
        pool = max(k, _POOL)
        every = self._ranked(query, max(total, pool), within).rankings
        ranked = self._ranked(query, pool, within)
        groups = self._distinct(query, ranked, most=len(ranked.scores))
        legs = {leg: _standing(ranking, chunks) for leg, ranking in every.items()}
        nearest = legs.get("lexical") or legs.get("dense")
        chunk = nearest.chunk if nearest else min(chunks)
        return Trace(
            chunks=total,
            pool=pool,
            legs=legs,
            found={leg: len(ranking) for leg, ranking in every.items()},
            fused=_standing([(c, ranked.scores[c]) for c in ranked.order], chunks),
            hit=_standing([(group[0], ranked.scores[group[0]]) for group in groups], chunks),
            repeated=_repeated(self._hits(groups, ranked), groups, chunks),
            words=self._words(query, chunk),
            unread=query.mode == "hybrid" and "dense" not in every,
        )

    def widened(self, hits: Sequence[Hit], *, passages: int, tokens: int) -> list[Hit]:
        """Hits with what stands around each in its section, as far as they make so many passages
        of so many tokens; see `sections.widen`."""

        def between(document_id: str, first: int, last: int) -> list[Chunk]:
            return documents.chunks_between(self.connection, document_id, first, last)

        return sections.widen(hits, passages=passages, tokens=tokens, between=between)

    def passages(self, hits: Sequence[Hit]) -> list[Passage]:
        """Hits joined with their neighbours, in the order of their best hit, labelled from 1."""
        pages = {
            document_id: documents.pages(self.connection, document_id)
            for document_id in {hit.document.id for hit in hits}
        }
        return join_neighbours(hits, pages)

    def holding(self, words: str, *, k: int, documents: Sequence[str] | None = None) -> list[Hit]:
        """The `k` chunks that hold most of some words, among these documents or all of them."""
        ranking = lexical.search(self._frequencies, words, k=k, documents=documents)
        return self._hits(
            [[chunk] for chunk, _ in ranking], _Ranked({"lexical": ranking}, dict(ranking))
        )

    def whole(self, document: Document, *, most: int) -> list[Passage]:
        """What a document says, in order, as far as its first `most` chunks."""
        first = documents.first_chunks(self.connection, document.id, most=most)
        return self.passages(
            [Hit(rank, document, chunk, 0.0, {}) for rank, chunk in enumerate(first, start=1)]
        )

    def around(self, document: Document, offset: int, *, chunks: int) -> list[Passage]:
        """What a document says around a character of its text: so many chunks before and after
        that in which it stands; nothing where it stands in none."""
        at = documents.chunk_at(self.connection, document.id, offset)
        if at is None:
            return []
        first, last = max(0, at.ordinal - chunks), at.ordinal + chunks
        near = documents.chunks_between(self.connection, document.id, first, last)
        return self.passages(
            [Hit(rank, document, chunk, 0.0, {}) for rank, chunk in enumerate(near, start=1)]
        )

    def opening(self, document_id: str, *, heading: str = "") -> str:
        """How a document begins, or what stands under one of its headings: the texts of its
        first chunks."""
        first = documents.first_chunks(self.connection, document_id, heading=heading)
        return "\n".join(chunk.text for chunk in first)

    def text(self, document_id: str) -> str:
        """The whole text of a document."""
        return PAGE_BREAK.join(page.text for page in documents.pages(self.connection, document_id))

    def information(self, query: Query) -> Information:
        """How much each word of what a query asks tells, without those that tell nothing in its
        language."""
        return self._information(analysis.telling_terms(query.subject, query.tongue))

    def reworded(
        self, question: str, *, pieces: Callable[[Sequence[str]], list[int]]
    ) -> tuple[str, tuple[Change, ...]]:
        """A question in the words of the collection; see `wording.reword`."""
        return wording.reword(question, self._frequencies, pieces=pieces)

    def count_absent(self, terms: Collection[str]) -> int:
        """How many of some index terms stand in no document."""
        return sum(not count for count in self._frequencies.of(set(terms)).values())

    def nowhere(self, said: QuestionWords, *, scope: Scope | None = None) -> tuple[str, ...]:
        """The words of a question that stand in no document, or in none of a scope."""
        present = {term for term, count in self._frequencies.of(said.terms).items() if count}
        if scope:
            among = select(self.connection, scope).documents
            present = {
                term for term in present if lexical.stands(self.connection, term, documents=among)
            }
        return said.those(lambda word: not word.is_in(present))

    def strange(self, query: Query) -> float:
        """The share of what the words of a query tell that stands in no document, from 0 to 1."""
        terms = analysis.telling_terms(query.subject, query.tongue)
        counts = self._frequencies.of(terms)
        weights = self._information(terms).weights
        total = sum(weights.values())
        absent = sum(weight for term, weight in weights.items() if not counts.get(term))
        return absent / total if total else 0.0

    def extent(self, scope: Scope | None = None) -> Extent:
        """How many documents there are, or are in a scope, and how many chunks and pages they
        have."""
        within = select(self.connection, scope) if scope else None
        among = within.documents if within else documents.ids(self.connection)
        pages, without_text = documents.page_counts(self.connection, among)
        return Extent(
            documents=len(among),
            passages=len(within.chunks) if within else self._frequencies.chunks,
            pages=pages,
            pages_without_text=without_text,
        )

    def words_are_sound(self) -> bool:
        """Whether the lexical index is as it was stored."""
        return self._index.words_are_sound(self.connection)

    def languages(self) -> list[str]:
        """The languages of the documents, as `quire.text.languages` names them."""
        return documents.languages(self.connection)

    def _information(self, terms: Sequence[str]) -> Information:
        return Information.of(self._frequencies.of(terms), chunks=self._frequencies.chunks)

    def _ranked(self, query: Query, pool: int, within: Selection | None) -> _Ranked:
        """The chunks for a query, each leg's first `pool`."""
        rankings: dict[str, Ranking] = {}
        if query.vector is not None:
            rankings["dense"] = self._index.dense(
                self.connection, query.vector, k=pool, within=within
            )
        if "lexical" in query.legs:
            rankings["lexical"] = self._index.lexical(
                self._frequencies, query.subject, k=pool, aside=query.source, within=within
            )
        cosines: dict[int, float] = {}
        if query.vector is not None and "lexical" in query.legs:
            near = {chunk for chunk, _ in rankings["dense"]}
            only = [chunk for chunk, _ in rankings["lexical"] if chunk not in near]
            cosines = self._index.cosines(self.connection, query.vector, only)
        scores = fuse(rankings, chunks=self._frequencies.chunks, cosines=cosines)
        if query.mode == "hybrid":
            scores = self._lifted(query, scores)
            if self._crosses and query.vector is not None and len(self.languages()) > 1:
                scores = self._across(query, scores, dict(rankings["dense"]) | cosines)
        return _Ranked(rankings, scores)

    def _across(
        self, query: Query, scores: dict[int, float], cosines: Mapping[int, float]
    ) -> dict[int, float]:
        """The scores with what chunks in another language than the question's cannot have of it."""
        written = documents.languages_of(self.connection, scores)
        foreign = {chunk for chunk, language in written.items() if language != query.language}
        return fusion.across(scores, cosines, foreign)

    def _lifted(self, query: Query, scores: dict[int, float]) -> dict[int, float]:
        """The scores with what the names of files add; and for the best chunks, how near to each
        other the question's words stand in them, and how likely a reranker holds them for an
        answer."""
        dense = query.vector is not None

        def lifted(shares: Mapping[int, float], weight: float) -> dict[int, float]:
            return fusion.lifted(
                scores, shares, weight=weight, chunks=self._frequencies.chunks, dense=dense
            )

        names = documents.file_names(self.connection, scores)
        shares = lexical.shares(self._frequencies, query.text, set(names.values()))
        scores = lifted({chunk: shares[name] for chunk, name in names.items()}, fusion.NAME_WEIGHT)
        terms = analysis.question_terms(query.subject)
        pairs = proximity.pairs(query.subject, terms)
        if not pairs and self._reranker is None:
            return scores
        best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:_LOOKED_INTO]
        texts = {id_: chunk.text for id_, chunk in documents.chunks(self.connection, best).items()}
        if pairs:
            weights = self._information(terms).weights
            near = proximity.shares(pairs, texts, information=weights)
            scores = lifted(near, fusion.PROXIMITY_WEIGHT)
        if self._reranker is not None:
            likely = self._reranker.probabilities(query.subject, list(texts.values())).tolist()
            scores = lifted(dict(zip(texts, likely, strict=True)), fusion.RERANKER_WEIGHT)
        return scores

    def _distinct(self, query: Query, ranked: _Ranked, *, most: int) -> list[list[int]]:
        """The chunks in the order of their scores, in groups that say the same, until there are
        `most` groups."""
        found = Distinct(query.text)
        order = ranked.order
        for at in range(0, len(order), max(most, 1)):
            part = order[at : at + most]
            chunks = documents.chunks(self.connection, part)
            of = documents.of_chunks(self.connection, chunks.values())
            for id_ in part:
                if id_ in chunks and len(found.groups) < most:
                    found.add(chunks[id_], of[chunks[id_].document_id])
            if len(found.groups) >= most:
                break
        return found.groups

    def _hits(self, groups: Sequence[Sequence[int]], ranked: _Ranked) -> list[Hit]:
        ranks, by_leg = ranks_by_leg(ranked.rankings), scores_by_leg(ranked.rankings)
        chunks = documents.chunks(self.connection, (id_ for group in groups for id_ in group))
        of = documents.of_chunks(self.connection, chunks.values())
        return [
            Hit(
                rank,
                of[chunks[best].document_id],
                chunks[best],
                ranked.scores[best],
                ranks[best],
                by_leg[best],
                duplicates=tuple(
                    Place(of[chunks[other].document_id], chunks[other].span) for other in others
                ),
            )
            for rank, (best, *others) in enumerate(groups, start=1)
        ]

    def _words(self, query: Query, chunk_id: int) -> Words:
        """Which words of the question a chunk holds, by itself or in its headings and title."""
        chunk = documents.chunks(self.connection, [chunk_id])[chunk_id]
        title = documents.of_chunks(self.connection, [chunk])[chunk.document_id].title
        present = set(analysis.terms("\n".join((chunk.text, *chunk.heading_path, title))))
        used = lexical.selective_terms(self._frequencies, query.text)
        asked = analysis.question_terms(query.text)
        return Words.of(
            query.text,
            has=[term for term in asked if term in present],
            lacks=[term for term in asked if term not in present],
            common=[term for term in asked if term in present and term not in used],
        )


def _standing(ranking: "Ranking", chunks: Collection[int]) -> Standing | None:
    """Where the first of some chunks stands in a ranking."""
    return next(
        (
            Standing(chunk, rank, score)
            for rank, (chunk, score) in enumerate(ranking, start=1)
            if chunk in chunks
        ),
        None,
    )


def _repeated(
    hits: Sequence[Hit], groups: Sequence[Sequence[int]], chunks: Collection[int]
) -> Hit | None:
    """The best hit that one of the chunks repeats."""
    for hit, group in zip(hits, groups, strict=True):
        if any(chunk in chunks for chunk in group):
            return hit if group[0] not in chunks else None
    return None
