"""How the places of some passages bear on a claim: which ones carry it, and what agrees.

A claim of a fluent model shares few words with its source, and often rests on two places. What can
be told without understanding either is where its numbers stand, whether what is said around each
number stands there too, or rather in a place that has another number, and how much of the rest is
there. These are the features from which, with an entailment model's word, a verdict is weighed.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quire.records import Passage
from quire.text import analysis
from quire.verification import premises, quantities, quantity_fit, rows
from quire.verification.premises import Source
from quire.verification.quantities import Quantity

_MOST = 4  # places that carry a claim together
_NUMBER, _FIRST_NUMBER = 3.0, 5.0
"""What a number is worth beside words weighted by how few places have them; in the first place,
more: numbers that belong together stand together."""
_NEAR, _NEAR_NAMED = 10, 16  # places that are compared by meaning: each takes some milliseconds
_ANYTHING = 1e-9
_ADDS = 0.2  # of a claim's words, that a further place adds which is cited
_LEAST_GAIN = 1.5  # that a further place must add
_NAMED = 1.3  # how much more a place counts of a passage that the model has named
_LIKENESS, _FROM = 4.0, 0.8  # what cosines add, above the likeness that any two texts have
_VAGUE = frozenset({"part", "every", "weekday", "fold"})  # units of what is said in words
_CLAUSE = re.compile("[,;:，；：。、·]|\\band\\b|\\bbut\\b|\\bwhile\\b|\\bwhereas\\b|而|但|和|与")


@dataclass(frozen=True, slots=True)
class Bearing:
    """The places that carry a claim, the best one `first`, in reading order in `chosen`.

    `missing` are its quantities that stand in no place at all, in whatever unit, `apart` tells how
    many stand in none of the chosen ones, and `beyond_first` how many the first lacks. For the
    number that fits worst, `around` is the share of what is said around it that the best place with
    that number holds, and `rather` how much more of it a place without that number does, which is
    then the `rival`. `cited` are those of the chosen that add much to the claim.
    """

    chosen: tuple[Source, ...]
    first: Source
    quantities: int
    missing: tuple[Quantity, ...]
    apart: int
    beyond_first: int
    around: float
    rather: float
    named: float
    cosine: float
    cited: tuple[Source, ...]
    rival: Source | None = None


class Places:
    """What some passages say, ready to have claims held against it."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.sources = premises.sources(passages)
        self._quantities = [numbers_at(source) for source in self.sources]
        self._values = {_bare(one.value) for found in self._quantities for one in found}
        self._frequencies = Counter(term for source in self.sources for term in source.terms)

    def near(self, claim: str, *, labels: Sequence[int] = ()) -> list[int]:
        """Which of the sources may carry a claim, told by words alone: those of the passages that
        the model has named, and the few with most of its words."""
        weights = self._weights(claim)

        def held(at: int) -> float:
            return sum(weights[term] for term in self.sources[at].terms & weights.keys())

        every = range(len(self.sources))
        named = [at for at in every if self.sources[at].passage.label in labels]
        best = sorted(every, key=held, reverse=True)[:_NEAR]
        first = sorted(named, key=held, reverse=True)[:_NEAR_NAMED]
        return list(dict.fromkeys([*first, *best]))

    def bearing(
        self, claim: str, *, labels: Sequence[int] = (), cosines: Mapping[int, float] | None = None
    ) -> Bearing | None:
        """The places that carry a claim; None where none has a word or a number of it, and nothing
        is like it. `cosines` are those of the claim and of the `sources` that were compared."""
        count = len(self.sources)
        weights = self._weights(claim)
        numbers = quantities.quantities(claim)[: quantity_fit.MOST]
        holds = [
            [quantity_fit.fits(number, there) != "none" for number in numbers]
            for there in self._quantities
        ]
        named = [source.passage.label in labels for source in self.sources]
        likeness = cosines or {}
        chosen = self._choose(weights, holds, named=named, cosines=likeness)
        if not chosen:
            return None
        found = {n for n in range(len(numbers)) for at in chosen if holds[at][n]}
        around, rather, rival = self._around(claim, numbers, holds)
        adding = self._adding(chosen, weights, holds)
        order = sorted(chosen, key=lambda at: self.sources[at].place)
        return Bearing(
            chosen=tuple(self.sources[at] for at in order),
            first=self.sources[chosen[0]],
            quantities=len(numbers),
            missing=tuple(
                number
                for n, number in enumerate(numbers)
                if not any(holds[at][n] for at in range(count)) and self._is_nowhere(number)
            ),
            apart=len(numbers) - len(found),
            beyond_first=sum(not holds[chosen[0]][n] for n in range(len(numbers))),
            around=around,
            rather=rather,
            named=sum(named[at] for at in chosen) / len(chosen),
            cosine=likeness.get(chosen[0], 0.0),
            cited=tuple(self.sources[at] for at in order if at in adding),
            rival=None if rival is None else self.sources[rival],
        )

    def _choose(
        self,
        weights: Mapping[str, float],
        holds: Sequence[Sequence[bool]],
        *,
        named: Sequence[bool],
        cosines: Mapping[int, float],
    ) -> list[int]:
        """The places that carry a claim, one after the other that which adds most: words by their
        `weights`, and numbers, of which `holds` tells where each stands."""
        words = dict(weights)
        open_ = set(range(len(holds[0]))) if holds else set()
        chosen: list[int] = []

        def worth(at: int) -> float:
            number, like = (_NUMBER, 0.5) if chosen else (_FIRST_NUMBER, 1.0)
            told = sum(words[term] for term in self.sources[at].terms & words.keys())
            told += number * sum(holds[at][n] for n in open_)
            told *= _NAMED if named[at] else 1.0
            return told + like * _LIKENESS * max(0.0, cosines.get(at, 0.0) - _FROM)

        while len(chosen) < _MOST:
            left = [at for at in range(len(self.sources)) if at not in chosen]
            best = max(left, key=worth, default=None)
            if best is None or worth(best) < (_LEAST_GAIN if chosen else _ANYTHING):
                break
            chosen.append(best)
            for term in self.sources[best].terms:
                words.pop(term, None)
            open_ -= {n for n in open_ if holds[best][n]}
        return chosen

    def _adding(
        self, chosen: Sequence[int], weights: Mapping[str, float], holds: Sequence[Sequence[bool]]
    ) -> set[int]:
        """The first of the chosen places, and those that add a number or many of the words."""
        adding, words, numbers = {chosen[0]}, set[str](), set[int]()
        least = _ADDS * sum(weights.values())
        for at in chosen:
            new = (self.sources[at].terms & weights.keys()) - words
            more = {n for n, held in enumerate(holds[at]) if held} - numbers
            if more or sum(weights[term] for term in new) >= least:
                adding.add(at)
            words |= new
            numbers |= more
        return adding

    def _is_nowhere(self, number: Quantity) -> bool:
        """Whether a number stands in no place even by itself: units are written in many ways, and
        "three quarters of an hour" is 45 minutes."""
        return not is_vague(number) and _bare(number.value) not in self._values

    def _weights(self, text: str) -> dict[str, float]:
        """What each term of a text tells, by how few places have it."""
        count = len(self.sources)
        return {
            term: math.log(1 + count / self._frequencies[term])
            for term in analysis.question_terms(text)
            if self._frequencies[term]
        }

    def _around(
        self, claim: str, numbers: Sequence[Quantity], holds: Sequence[Sequence[bool]]
    ) -> tuple[float, float, int | None]:
        """See `Bearing`; 1, 0 and None where no number is in question."""
        worst, rather, rival = 1.0, 0.0, None
        for n, number in enumerate(numbers):
            if not any(row[n] for row in holds):
                continue
            weights = self._weights(_clause(number))
            own = {t for t in weights if any(c.isdigit() for c in t)}
            weights = {t: w for t, w in weights.items() if t not in own} or self._weights(claim)
            total = sum(weights.values())
            if not total:
                continue
            shares = [
                sum(weights[t] for t in source.terms & weights.keys()) / total
                for source in self.sources
            ]
            with_ = max(share for at, share in enumerate(shares) if holds[at][n])
            others = [at for at in range(len(shares)) if not holds[at][n]]
            best = max(others, key=shares.__getitem__, default=None)
            worst = min(worst, with_)
            if best is not None and shares[best] - with_ > rather:
                rather, rival = shares[best] - with_, best
        return worst, rather, rival


def numbers_at(source: Source) -> tuple[Quantity, ...]:
    """The quantities of a place; of a row with the units that stand over its columns, too."""
    found = list(quantities.quantities(source.text))
    if source.statement.cells:
        found += quantities.quantities(rows.said(source.statement))
    return tuple(found)


def is_vague(number: Quantity) -> bool:
    """Whether it is said in words that are many: half, every day, a year, 一个."""
    one = number.value == "1" and not number.text[number.start : number.end][:1].isdecimal()
    return one or number.unit in _VAGUE or number.unit.endswith("every")


def _bare(value: str) -> str:
    """A value as a number by itself, where it is one."""
    try:
        return f"{float(value):g}"
    except ValueError:
        return value


def _clause(number: Quantity) -> str:
    """The clause of a claim that a number stands in."""
    start, end = 0, len(number.text)
    for cut in _CLAUSE.finditer(number.text):
        if cut.end() <= number.start:
            start = cut.end()
        elif cut.start() >= number.end:
            end = cut.start()
            break
    return number.text[start:end]
