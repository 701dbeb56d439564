"""What a statement is held against by an entailment model: the few places of the passages that bear
most on it, each under what it stands under, as one text."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quire.records import Citation, Passage, Statement
from quire.text import analysis, statements

MOST = 6  # places; most statements rest on one or two
_FIRST = 10  # places that words choose among
_FAR = 50  # the rank of those that they leave
_HEAD = 3  # of both ranks: how little the first few differ
_CHARACTERS = 900  # some 200 tokens of English, 450 of Chinese; what is longer is cut by the model
_ALSO = 0.25  # of what a place bears by itself: how much it counts beside what it adds


@dataclass(frozen=True, slots=True)
class Source:
    """A statement of a passage with all that it stands under."""

    passage: Passage
    statement: Statement
    above: tuple[str, ...]
    terms: frozenset[str]

    @property
    def place(self) -> tuple[int, int]:
        return self.passage.label, self.statement.start

    @property
    def text(self) -> str:
        """What it says, read by itself."""
        said = self.statement.told
        return f"{' › '.join(self.above)}: {said}" if self.above else said

    def citations(self) -> tuple[Citation, ...]:
        """Its place, and of a row its header's."""
        return self.passage.cite_statement(self.statement)


def sources(passages: Sequence[Passage]) -> list[Source]:
    """All that the passages say, in order."""
    return [
        source(passage, one)
        for passage in passages
        for one in statements.of(passage)
        if not one.leads
    ]


def source(passage: Passage, statement: Statement) -> Source:
    """A statement of a passage with all that it stands under."""
    above = _above(passage, statement)
    terms = frozenset(analysis.terms("\n".join((*above, statement.told))))
    return Source(passage, statement, above, terms)


def choose(
    statement: str,
    among: Sequence[Source],
    *,
    cosines: Sequence[float] | None = None,
    most: int = MOST,
) -> list[Source]:
    """The places that bear most on a statement, in reading order.

    By words, each next one is that which adds most of the statement's, weighted by how few places
    have them (greedy coverage): a statement may be told in two places. Where `cosines` say how like
    each place the statement is, both ranks are fused. On 3,101 statements of `training/` all places
    that decide were among six for 75% (English) and 82% (Chinese) by words, 79% and 82% by cosines,
    80% and 87% by both.
    """
    by_words = _covering(statement, among)
    if cosines is None:
        chosen = by_words[:most]
    else:
        ranks = {at: rank for rank, at in enumerate(by_words)}
        likest = np.argsort(-np.asarray(cosines), kind="stable").tolist()
        scores = {
            at: 1 / (_HEAD + rank) + 1 / (_HEAD + ranks.get(at, _FAR))
            for rank, at in enumerate(likest)
        }
        chosen = sorted(scores, key=lambda at: -scores[at])[:most]
    return [among[at] for at in sorted(chosen, key=lambda at: among[at].place)]


def _covering(statement: str, among: Sequence[Source]) -> list[int]:
    frequencies = Counter(term for source in among for term in source.terms)
    weights = {
        term: math.log(1 + len(among) / count)
        for term in analysis.question_terms(statement)
        if (count := frequencies[term])
    }
    chosen: list[int] = []
    open_ = dict(weights)
    left = [at for at, source in enumerate(among) if source.terms & weights.keys()]

    def worth(at: int) -> tuple[float, int]:
        terms = among[at].terms
        adds = sum(open_.get(term, 0.0) for term in terms)
        bears = sum(weights.get(term, 0.0) for term in terms)
        return adds + _ALSO * bears, -len(among[at].statement.text)

    while left and len(chosen) < _FIRST:
        best = max(left, key=worth)
        chosen.append(best)
        left.remove(best)
        for term in among[best].terms:
            open_.pop(term, None)
    return chosen


def write(chosen: Sequence[Source]) -> str:
    """The places as one text: what several stand under is written once."""
    lines: list[str] = []
    above: tuple[str, ...] | None = None
    size = 0
    for source in chosen:
        said = source.statement.told if source.above == above else source.text
        above = source.above
        if lines and size + len(said) > _CHARACTERS:
            break
        lines.append(said)
        size += len(said)
    return "\n".join(lines)


def _above(passage: Passage, one: Statement) -> tuple[str, ...]:
    """What a statement stands under, without the header row that a told row has in it."""
    named = {name for name, _ in one.cells if name}
    under = (
        stretch.text
        for stretch in one.under
        if not (one.cells and named and sum(name in stretch.text for name in named) > 1)
    )
    path = (passage.document.title, *passage.headings_at(one.start), *under)
    return tuple(dict.fromkeys(" ".join(part.split()) for part in path if part.strip()))
