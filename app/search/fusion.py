"""Two rankings of chunks made into one score for each chunk.

Where both legs, dense and lexical, take part, their scores are added: the cosine, and BM25 with a
weight. Adding scores keeps what reciprocal ranks throw away, by how much the first is better than
the second; on the English development set it found the right paragraph first in 86% of questions
against 75% with equal reciprocal ranks (docs/decisions/fusion.md has all numbers).

BM25 is a sum over words, and a long question has more of them to go by than a short one: so it is
not divided by the best chunk's. It is divided by the logarithm of the collection's size, which the
weight of a rare word grows with.

The name of a chunk's file counts a little besides, and tells apart editions of one text; so does,
among the best chunks, how near to each other the question's words stand (`quire.search.proximity`).
"""

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loads FAISS
    from quire.indexes.index import Ranking

BM25_WEIGHT = 0.2
"""Of BM25 / ln(chunks) beside a cosine. From 0.2 to 0.4 the result hardly moves."""

NAME_WEIGHT = 0.2
"""Of the share of a question that stands in a file's name, beside a cosine
(docs/decisions/names.md)."""

PROXIMITY_WEIGHT = 0.3
"""Of the share of a question whose words stand near each other in a chunk, beside a cosine
(docs/decisions/proximity.md)."""

RERANKER_WEIGHT = 1.0
"""Of a reranker's probability, beside a cosine: it has the last word where it is sure. Not measured
for want of weights (docs/decisions/late-interaction.md)."""

FOREIGN_SHARE = 0.7
"""Of the most that words add to a chunk in the question's language, for chunks in others. From 0.6
to 0.8 the result hardly moves (docs/decisions/bilingual-starter.md)."""


def fuse(
    rankings: "Mapping[str, Ranking]", *, chunks: int, cosines: Mapping[int, float] | None = None
) -> dict[int, float]:
    """One score for each chunk, of a collection of `chunks`. A single leg keeps its own scores.

    `cosines` are those of chunks that only BM25 brought. Without one, a chunk counts with the
    lowest cosine that the dense leg did bring: an upper bound. One that BM25 did not bring counts
    with 0.

    >>> dense, bm25 = [(7, 0.9), (8, 0.5)], [(8, 8.0), (9, 6.0)]
    >>> fused = fuse({"dense": dense, "lexical": bm25}, chunks=53, cosines={9: 0.25})
    >>> {chunk: round(score, 2) for chunk, score in fused.items()}
    {7: 0.9, 8: 0.9, 9: 0.55}
    """
    dense, lexical_ = (dict(rankings.get(leg, ())) for leg in ("dense", "lexical"))
    if not dense or not lexical_:
        return dense or lexical_
    floor, weight = min(dense.values()), BM25_WEIGHT / math.log1p(chunks)
    dense |= {chunk: (cosines or {}).get(chunk, floor) for chunk in lexical_ if chunk not in dense}
    return {chunk: cosine + weight * lexical_.get(chunk, 0.0) for chunk, cosine in dense.items()}


def lifted(
    scores: Mapping[int, float],
    shares: Mapping[int, float],
    *,
    weight: float,
    chunks: int,
    dense: bool,
) -> dict[int, float]:
    """Scores of `fuse` with what a further view of the chunks adds: `shares`, from 0 to 1, with a
    `weight` that is meant beside a cosine. `dense` tells whether that leg took part: the scores are
    those of BM25 otherwise, and the shares are counted in its measure.

    >>> lifted({7: 0.9, 8: 1.0}, {7: 0.75}, weight=0.2, chunks=53, dense=True)
    {7: 1.05, 8: 1.0}
    """
    weight = weight if dense else weight * math.log1p(chunks) / BM25_WEIGHT
    return {chunk: score + weight * shares.get(chunk, 0.0) for chunk, score in scores.items()}


def across(
    scores: Mapping[int, float], cosines: Mapping[int, float], foreign: Collection[int]
) -> dict[int, float]:
    """Scores that do not hold against a chunk that it is written in another language than the
    question: such `foreign` chunks cannot share its words. Beside its cosine each has at least a
    part of the most that words add to a chunk in the question's own language.

    >>> across({7: 0.9, 8: 0.5}, {7: 0.4, 8: 0.5}, {8})
    {7: 0.9, 8: 0.85}
    """
    beside = {chunk: score - cosines.get(chunk, 0.0) for chunk, score in scores.items()}
    most = max((added for chunk, added in beside.items() if chunk not in foreign), default=0.0)
    return {
        chunk: score + max(0.0, FOREIGN_SHARE * most - beside[chunk] if chunk in foreign else 0.0)
        for chunk, score in scores.items()
    }


def ranks_by_leg(rankings: "Mapping[str, Ranking]") -> dict[int, dict[str, int]]:
    """The rank from 1 of each chunk in each leg that found it."""
    ranks: dict[int, dict[str, int]] = {}
    for leg, ranking in rankings.items():
        for rank, (chunk, _) in enumerate(ranking, start=1):
            ranks.setdefault(chunk, {})[leg] = rank
    return ranks


def scores_by_leg(rankings: "Mapping[str, Ranking]") -> dict[int, dict[str, float]]:
    """The score of each chunk in each leg that found it: cosine and BM25."""
    scores: dict[int, dict[str, float]] = {}
    for leg, ranking in rankings.items():
        for chunk, score in ranking:
            scores.setdefault(chunk, {})[leg] = float(score)
    return scores
