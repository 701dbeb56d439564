"""Two documents side by side: what they say differently, and what only one of them says.

Statements that have most of their words in common, rare ones counting more and numbers little,
speak of the same: it is in numbers that they differ. Each is put beside the one of the other
document that is likest to it, the likest pairs first.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from quire.records import Passage, Statement
from quire.text import analysis, statements

_ALIKE = 0.5  # of the weight of two statements' words: what they share at least
_NUMBER = 0.1  # what the weight of a number is multiplied by
_MOST = 1_500  # statements of a document that are compared
_HELD_BY = 40  # statements that share a word, above which it does not lead from one to another

Place = tuple[Passage, Statement]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differing` are pairs that speak of the same and say other things, in the order of the first
    document, `same` is how many say the same. `only` are those of each that have no counterpart.
    `cut` says that the documents were longer than what was compared."""

    differing: tuple[tuple[Place, Place], ...]
    same: int
    only: tuple[tuple[Place, ...], tuple[Place, ...]]
    cut: bool


def compare(first: Sequence[Passage], second: Sequence[Passage]) -> Comparison:
    """What the passages of two documents say, side by side."""
    one, other = _said(first), _said(second)
    cut = max(len(one), len(other)) > _MOST
    one, other = one[:_MOST], other[:_MOST]
    left, right = ([_terms(statement) for _, statement in each] for each in (one, other))
    pairs = _pairs(left, right)
    alike = {a: b for a, b in pairs if left[a] == right[b]}
    differing = sorted((a, b) for a, b in pairs if a not in alike)
    mine, theirs = {a for a, _ in pairs}, {b for _, b in pairs}
    return Comparison(
        differing=tuple((one[a], other[b]) for a, b in differing),
        same=len(alike),
        only=(
            tuple(place for at, place in enumerate(one) if at not in mine),
            tuple(place for at, place in enumerate(other) if at not in theirs),
        ),
        cut=cut,
    )


def _said(passages: Sequence[Passage]) -> list[Place]:
    return [
        (passage, statement)
        for passage in passages
        for statement in statements.of(passage)
        if not statement.leads and analysis.terms(statement.text)
    ]


def _terms(statement: Statement) -> Counter[str]:
    return Counter(analysis.terms(statement.told))


def _pairs(left: Sequence[Counter[str]], right: Sequence[Counter[str]]) -> list[tuple[int, int]]:
    """The likest pairs, each statement in one at most."""
    holding: defaultdict[str, list[int]] = defaultdict(list)
    for at, terms in enumerate(right):
        for term in terms:
            holding[term].append(at)
    counts = Counter(term for terms in (*left, *right) for term in terms)
    total = len(left) + len(right)
    weights = {
        term: math.log(1 + total / count) * (_NUMBER if term[0].isdigit() else 1.0)
        for term, count in counts.items()
    }
    likeness: list[tuple[float, int, int]] = []
    for a, terms in enumerate(left):
        near = {b for term in terms if len(holding[term]) <= _HELD_BY for b in holding[term]}
        for b in near:
            shared = sum(weights[term] for term in terms.keys() & right[b].keys())
            whole = sum(weights[term] for term in terms.keys() | right[b].keys())
            if shared >= _ALIKE * whole:
                likeness.append((shared / whole, a, b))
    pairs: list[tuple[int, int]] = []
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    for _, a, b in sorted(likeness, key=lambda each: (-each[0], abs(each[1] - each[2]), each[1])):
        if a not in taken_left and b not in taken_right:
            pairs.append((a, b))
            taken_left.add(a)
            taken_right.add(b)
    return pairs
