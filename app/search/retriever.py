"""From a question to ranked chunks, and from chunks to passages.

Two legs rank all chunks, dense (cosine of embeddings) and lexical (BM25); `fusion` makes one
ranking of them, with what the files' names say. A leg that cannot read the question's language
takes no part: an English embedder ranks Chinese almost at random and would drown the leg that
works.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quire.answering import evidence
from quire.answering.evidence import Evidence
from quire.errors import UsageError
from quire.indexes import documents, lexical
from quire.indexes.catalog import Catalog
from quire.indexes.scope import Scope, Selection, select
from quire.models.protocols import Embedder, Reranker
from quire.models.reading import can_read
from quire.records import Hit, Passage, Place
from quire.search import fusion, proximity, question_parts
from quire.search.duplicates import Distinct
from quire.search.explanation import Standing, Trace, Words
from quire.search.fusion import fuse, ranks_by_leg, scores_by_leg
from quire.search.passages import join_neighbours
from quire.surveys.detect import Survey
from quire.surveys.scan import Scanned, scan
from quire.text import analysis, languages

if TYPE_CHECKING:  # loads FAISS
    import apsw

    from quire.indexes.index import Index, Ranking

Mode = Literal["hybrid", "dense", "lexical"]

_POOL = 100  # chunks that each leg brings: deep enough that fusion at k=10 no longer changes
_DEEPEST = 6_400  # … and at most, where copies of one text fill it: half a second
_LOOKED_INTO = 20  # of the best chunks is told how near words stand: 5 ms; more changed nothing
_LONGEST_QUESTION = 2_000  # characters; what a question says, it says in its first page


@dataclass(frozen=True, slots=True)
class Ranked:
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


class Retriever:
    """Search over one knowledge base. Safe to use from several threads."""

    def __init__(
        self,
        catalog: Catalog,
        index: "Index",
        *,
        embedder: Embedder,
        reading: dict[str, float],
        reranker: Reranker | None = None,
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._reading = reading
        self._reranker = reranker

    def search(
        self, question: str, *, k: int, mode: Mode = "hybrid", scope: Scope | None = None
    ) -> list[Hit]:
        """The `k` best chunks for a question that say different things, best first, all from one
        state of the catalog.

        Raises DocumentNotFound when no document is in the scope.
        """
        question = checked_question(question)
        rank = self._ranker(question, mode)
        with self._catalog.reading() as connection:
            within = select(connection, scope) if scope else None
            pool = max(k, _POOL)
            ranked = rank(connection, pool, within)
            groups = _distinct(connection, question, ranked, most=k)
            while len(groups) < k and pool < _DEEPEST and ranked.fills(pool):
                pool *= 4
                ranked = rank(connection, pool, within)
                groups = _distinct(connection, question, ranked, most=k)
            return _hits(connection, groups, ranked)

    def trace(
        self,
        question: str,
        chunks: Collection[int],
        *,
        k: int,
        mode: Mode = "hybrid",
        scope: Scope | None = None,
    ) -> Trace:
        """What a search does with some chunks of a document, however far down they rank."""
        question = checked_question(question)
        rank = self._ranker(question, mode)
        with self._catalog.reading() as connection:
            within = select(connection, scope) if scope else None
            total = len(within.chunks) if within else lexical.chunk_count(connection)
            pool = max(k, _POOL)
            every = rank(connection, max(total, pool), within).rankings
            ranked = rank(connection, pool, within)
            groups = _distinct(connection, question, ranked, most=len(ranked.scores))
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
                repeated=_repeated(_hits(connection, groups, ranked), groups, chunks),
                words=_words(connection, question, chunk),
                unread=mode == "hybrid" and "dense" not in every,
            )

    def scan(self, survey: Survey, *, scope: Scope | None = None) -> Scanned:
        """Look for a survey's phrase in every chunk. Raises DocumentNotFound when no document is in
        the scope."""
        with self._catalog.reading() as connection:
            return scan(connection, survey, scope=scope)

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
        frequencies, chunks = self.frequencies(question)
        reads = self.reads(languages.detect(question))
        return evidence.find(
            question,
            passages,
            frequencies=frequencies,
            chunks=chunks,
            embedder=self._embedder if reads else None,
        )

    def frequencies(self, question: str) -> tuple[dict[str, int], int]:
        """In how many chunks each term of the question that tells something stands, and how many
        chunks there are."""
        with self._catalog.reading() as connection:
            terms = analysis.telling_terms(question, languages.identify(question))
            return lexical.document_frequencies(connection, terms), lexical.chunk_count(connection)

    def languages(self) -> list[str]:
        """The languages of the documents, as `quire.text.languages` names them."""
        with self._catalog.reading() as connection:
            return documents.languages(connection)

    @property
    def embedder(self) -> Embedder:
        """The model that embeds questions."""
        return self._embedder

    def reads(self, language: str) -> bool:
        """Whether the embedder can read a language."""
        return can_read(self._reading, language)

    def _ranker(
        self, question: str, mode: Mode
    ) -> "Callable[[apsw.Connection, int, Selection | None], Ranked]":
        """What ranks the chunks for a question, which is embedded here and now."""
        legs = self._legs(question, mode)
        said = question_parts.parse(question)
        vector = self._embedder.embed_question(said.subject) if "dense" in legs else None

        def rank(connection: "apsw.Connection", pool: int, within: Selection | None) -> Ranked:
            rankings: dict[str, Ranking] = {}
            if vector is not None:
                rankings["dense"] = self._index.dense(connection, vector, k=pool, within=within)
            if "lexical" in legs:
                rankings["lexical"] = self._index.lexical(
                    connection, said.subject, k=pool, aside=said.source, within=within
                )
            cosines: dict[int, float] = {}
            if vector is not None and "lexical" in legs:
                near = {chunk for chunk, _ in rankings["dense"]}
                only = [chunk for chunk, _ in rankings["lexical"] if chunk not in near]
                cosines = self._index.cosines(connection, vector, only)
            scores = fuse(rankings, chunks=lexical.chunk_count(connection), cosines=cosines)
            if mode == "hybrid":
                scores = _lifted(
                    connection,
                    question,
                    scores,
                    dense=vector is not None,
                    reranker=self._reranker,
                )
            return Ranked(rankings, scores)

        return rank

    def _legs(self, question: str, mode: Mode) -> tuple[str, ...]:
        if mode != "hybrid":
            return (mode,)
        return ("dense", "lexical") if self.reads(languages.detect(question)) else ("lexical",)


def checked_question(question: str) -> str:
    """The question without white space around it, cut at a length that no question needs, and
    without what is no text: NUL, and the halves of characters that bytes in another encoding than
    UTF-8 arrive as.

    Raises UsageError when nothing is left.
    """
    text = question[: 2 * _LONGEST_QUESTION].encode("utf-8", "replace").decode()
    text = text.replace("\x00", " ").strip()[:_LONGEST_QUESTION]
    if not text:
        raise UsageError("The question is empty.", hint="Ask something about your documents.")
    return text


def _lifted(
    connection: "apsw.Connection",
    question: str,
    scores: dict[int, float],
    *,
    dense: bool,
    reranker: Reranker | None,
) -> dict[int, float]:
    """The scores with what the names of files add; and for the best chunks, how near to each other
    the question's words stand in them, and how likely a reranker holds them for an answer."""
    total = lexical.chunk_count(connection)
    subject = question_parts.parse(question).subject

    def lifted(shares: Mapping[int, float], weight: float) -> dict[int, float]:
        return fusion.lifted(scores, shares, weight=weight, chunks=total, dense=dense)

    names = documents.file_names(connection, scores)
    shares = lexical.shares(connection, question, set(names.values()))
    scores = lifted({chunk: shares[name] for chunk, name in names.items()}, fusion.NAME_WEIGHT)
    terms = analysis.question_terms(subject)
    pairs = proximity.pairs(subject, terms)
    if not pairs and reranker is None:
        return scores
    best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:_LOOKED_INTO]
    texts = {id_: chunk.text for id_, chunk in documents.chunks(connection, best).items()}
    if pairs:
        weights = evidence.information(
            lexical.document_frequencies(connection, terms), chunks=total
        )
        near = proximity.shares(pairs, texts, information=weights)
        scores = lifted(near, fusion.PROXIMITY_WEIGHT)
    if reranker is not None:
        likely = reranker.probabilities(subject, list(texts.values())).tolist()
        scores = lifted(dict(zip(texts, likely, strict=True)), fusion.RERANKER_WEIGHT)
    return scores


def _distinct(
    connection: "apsw.Connection", question: str, ranked: Ranked, *, most: int
) -> list[list[int]]:
    """The chunks in the order of their scores, in groups that say the same, until there are `most`
    groups."""
    found = Distinct(question)
    order = ranked.order
    for at in range(0, len(order), max(most, 1)):
        part = order[at : at + most]
        chunks = documents.chunks(connection, part)
        of = documents.get(connection, (chunk.document_id for chunk in chunks.values()))
        for id_ in part:
            if id_ in chunks and len(found.groups) < most:
                found.add(chunks[id_], of[chunks[id_].document_id])
        if len(found.groups) >= most:
            break
    return found.groups


def _hits(
    connection: "apsw.Connection", groups: Sequence[Sequence[int]], ranked: Ranked
) -> list[Hit]:
    ranks, by_leg = ranks_by_leg(ranked.rankings), scores_by_leg(ranked.rankings)
    chunks = documents.chunks(connection, (id_ for group in groups for id_ in group))
    of = documents.get(connection, (chunk.document_id for chunk in chunks.values()))
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


def _words(connection: "apsw.Connection", question: str, chunk_id: int) -> Words:
    """Which words of the question a chunk holds, by itself or in its headings and title."""
    chunk = documents.chunks(connection, [chunk_id])[chunk_id]
    title = documents.get(connection, [chunk.document_id])[chunk.document_id].title
    present = set(analysis.terms("\n".join((chunk.text, *chunk.heading_path, title))))
    used = lexical.selective_terms(connection, question)
    asked = analysis.question_terms(question)
    return Words.of(
        question,
        has=[term for term in asked if term in present],
        lacks=[term for term in asked if term not in present],
        common=[term for term in asked if term in present and term not in used],
    )
