"""Numbers that stand in no source, but follow from numbers that do: worked out again.

A formula that a statement writes out is evaluated as written. Else its words tell what was computed
("together", "fell by", 占), and that is tried on the numbers nearest to it: its own, those of the
statements before it, those of the places that share its words. So many numbers give something of
any size by chance; hence each try is weighed by how many of its outcomes would lie so near to the
number if it were any other, and where that is not rare, nothing is said.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from quire.records import Citation
from quire.text import analysis
from quire.verification import amounts, formulas, operands, operations, quantities, spans
from quire.verification.amounts import Amount
from quire.verification.formulas import Formula, Side, Term
from quire.verification.operands import Source
from quire.verification.operations import Candidate, Name
from quire.verification.quantities import Quantity

_LONGEST = 2_000  # characters of a statement
_WANTED = 12  # numbers of a statement that are worked out
_POOL = 12  # numbers that are tried with each other
_NEAREST = 6  # places that share the statement's words
_FEW = 4
_COUNTED = 30  # things named one by one
_FRACTION = re.compile(r"\d\s?/\s?\d")
_SAID = 4  # statements before it
_CHANCE = {"own": 0.15, "said": 0.06, "near": 0.03, "column": 0.03}
_QUOTIENTS = frozenset({"share", "ratio", "rate"})
_CONSTANTS = frozenset({*range(1, 13), 24, 30, 31, 52, 60, 90, 100, 360, 365, 366, 1000, 10000})


@dataclass(frozen=True, slots=True)
class Computation:
    """A number of a statement, worked out. `formula` is for the reader, with the outcome as the
    statement has it ("1,385 − 1,120 = 265"); where it does not hold, `right` is what should stand
    there. `explained` are the quantities of the statement that it accounts for."""

    formula: str
    operands: tuple[Amount, ...]
    result: Amount
    holds: bool
    explained: tuple[Quantity, ...]
    right: str = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Where the operands stand, each place once."""
        return tuple(dict.fromkeys(c for one in self.operands for c in one.citations))


@dataclass(frozen=True, slots=True)
class Derived:
    """What of a statement was computed, in its order."""

    steps: tuple[Computation, ...]

    @property
    def holds(self) -> bool:
        return all(step.holds for step in self.steps)

    @property
    def formula(self) -> str:
        return "; ".join(step.formula for step in self.steps)

    @property
    def explained(self) -> frozenset[Quantity]:
        """The quantities that need not stand in a source."""
        return frozenset(one for step in self.steps if step.holds for one in step.explained)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(dict.fromkeys(c for step in self.steps for c in step.citations))


def derive(
    claim: str,
    sources: Sequence[Source],
    *,
    said: Sequence[str] = (),
    earlier: Sequence[Computation] = (),
) -> Derived | None:
    """The numbers of a claim that follow from the sources, or do not though it writes the formula;
    None where nothing in it is computed, or it cannot be told.

    `said` are the statements of the reply before it, in order: their numbers are the likeliest
    operands, as far as they stand in the sources. `earlier` are the computations of the reply
    before it, whose outcomes may be used. A source without a citation is what the question gives.
    """
    if len(claim) > _LONGEST:
        return None
    told = quantities.quantities(claim)
    if not any(amounts.of(one) for one in told):
        return None
    return _Deriving(claim, told, sources, said, earlier).run()


class _Deriving:
    """One claim against its sources."""

    def __init__(
        self,
        claim: str,
        told: Sequence[Quantity],
        sources: Sequence[Source],
        said: Sequence[str],
        earlier: Sequence[Computation],
    ) -> None:
        self._claim = claim
        self._text = analysis.fold(claim)
        self._words = operands.terms_of(self._text)
        self._told = told
        self._said = said[-_SAID:]
        self._steps: list[Computation] = []
        self._earlier = list(earlier)
        self._known = operands.Known(sources)

    def run(self) -> Derived | None:
        for formula in formulas.find(self._text):
            if step := self._evaluate(formula):
                self._steps.append(step)
        done = {one for step in self._steps for one in step.explained}
        wanted = [(one, amount) for one in self._told if (amount := amounts.of(one))]
        near = self._near_values()
        wanted = [
            pair for pair in wanted if pair[1].value not in near and not self._is_part(pair[0])
        ]
        unknown = [(one, amount) for one, amount in wanted if not self._stands(amount)]
        for one, amount in (unknown or wanted)[:_WANTED]:
            if one not in done and (step := self._work_out(one, amount)):
                self._steps.append(step)
        if not self._steps:
            return None
        self._steps.sort(key=lambda step: step.explained[-1].start)
        return Derived(tuple(self._steps))

    def _near_values(self) -> set[float]:
        """The numbers of the sources that share its words: what it may just tell."""
        near = self._known.nearest(self._text, self._said)
        return {amount.value for numbers in near for amount in numbers.amounts}

    def _is_part(self, one: Quantity) -> bool:
        """Whether a number is one half of a fraction, 3/4."""
        return (
            re.search(r"\d\s?/\s?\d", self._text[max(0, one.start - 3) : one.end + 3]) is not None
        )

    def _stands(self, amount: Amount) -> Amount | None:
        """The amount as a source or an earlier computation has it."""
        for step in (*self._steps, *self._earlier):
            for own in (step.result, step.result.bare):
                value = own.value if isinstance(own, Amount) else own
                same_unit = amounts.in_unit(step.result, amount.unit) is not None
                if step.holds and same_unit and math.isclose(value, amount.value):
                    return replace(amount, citations=step.citations)
        return self._known.find(amount)

    # Formulas that are written out.

    def _evaluate(self, formula: Formula) -> Computation | None:
        computed = next(side for side in formula.sides if side.is_computed)
        value = computed.value()
        if value is None:
            return None
        operands = self._operands(computed)
        if not operands:
            return None
        others = [side for side in formula.sides if side is not computed]
        if not others:
            return self._outcome_elsewhere(computed, operands)
        plain = [side for side in others if not side.is_computed]
        outcome = plain[-1] if plain else others[-1]
        explained = self._inside(formula)
        result = self._amount_of(outcome.numbers[0])
        if result is None or not explained:
            return None
        result = replace(result, unit=result.unit or outcome.numbers[0].unit)  # 36.5\%
        holds = all(self._equal(computed, side) for side in others)
        sign = "=" if self._is_exact(computed, outcome) else "≈"
        shown = result.shown() if len(outcome.numbers) == 1 else outcome.shown
        right = "" if holds else self._right(computed, result)
        return Computation(
            f"{computed.shown} {sign if holds else '='} {shown}",
            operands,
            result,
            holds,
            explained,
            right,
        )

    def _operands(self, side: Side) -> tuple[Amount, ...]:
        """The numbers of a side as the sources have them; none where one stands nowhere, or all
        are constants."""
        found: list[Amount] = []
        sourced = False
        for term in side.numbers:
            amount = self._amount_of(term)
            if amount is None:
                step = term.scale * 10.0**-term.decimals
                amount = Amount(term.value, term.unit, term.written, step, term.number)
            if known := self._stands(amount) or self._known.scaled(amount):
                found.append(known)
                sourced = True
            elif term.scale == 1 and term.number in _CONSTANTS:
                found.append(amount)
            else:
                return ()
        return tuple(found) if sourced else ()

    def _amount_of(self, term: Term) -> Amount | None:
        for one in self._told:
            if one.start <= term.start < one.end or term.start <= one.start < term.end:
                return amounts.of(one)
        return None

    def _inside(self, formula: Formula) -> tuple[Quantity, ...]:
        start, end = formula.sides[0].start, formula.sides[-1].end
        return tuple(one for one in self._told if one.end > start and one.start < end)

    def _equal(self, computed: Side, other: Side) -> bool:
        return any(True for _ in self._ways(computed, other))

    def _ways(self, computed: Side, other: Side) -> Iterator[float]:
        """The values of a formula in each way of reading scales and percent in which it equals
        another side."""
        for value, told in self._readings(computed, other):
            if len(other.numbers) == 1:
                term = other.numbers[0]
                amount = self._amount_of(term)
                limit = amount.limit if amount else ""
                one = Amount(told, "", "", 0, told, limit)
                step = 10.0**-term.decimals * (told / term.number if term.number else 1.0)
                if replace(one, step=abs(step)).tells(value):
                    yield value
            elif math.isclose(value, told, rel_tol=_off(other)):
                yield value

    def _readings(self, computed: Side, other: Side) -> Iterator[tuple[float, float]]:
        scaled, bare = computed.value(), computed.value(scaled=False)
        theirs, bare_theirs = other.value(), other.value(scaled=False)
        if scaled is None or bare is None or theirs is None or bare_theirs is None:
            return
        yield scaled, theirs
        ours_scaled, theirs_scaled = (
            {term.scale for term in side.numbers if term.scale != 1} for side in (computed, other)
        )
        if not ours_scaled or (not theirs_scaled and len(ours_scaled) == 1):
            yield bare, bare_theirs
        units_ = {term.unit for term in computed.numbers}
        hundred = any(term.number == 100 for term in computed.numbers)
        by_hundred = hundred or not computed.divides
        if other.numbers[0].unit in {"%", "point"} and by_hundred and "%" not in units_:
            number = other.numbers[0].number
            yield scaled, math.copysign(number, theirs)
        if other.numbers[0].unit == "point" and "%" in units_:
            yield scaled * 100, theirs

    def _is_exact(self, computed: Side, outcome: Side) -> bool:
        return any(
            math.isclose(value, told, rel_tol=1e-9)
            for value, told in self._readings(computed, outcome)
        )

    def _right(self, computed: Side, result: Amount) -> str:
        """What a formula gives, as its wrong outcome is written."""
        value = computed.value() or 0.0
        unscaled = all(term.scale == 1 for term in computed.numbers)
        if result.unit in {"%", "‰"}:
            hundred = any(term.number == 100 and not term.unit for term in computed.numbers)
            percent_of = "%" in {term.unit for term in computed.numbers} or computed.divides
            factor = 1000 if result.unit == "‰" else 100
            value = value if hundred or not percent_of else value * factor
        elif unscaled:
            value *= result.scale
        return result.shown(value)

    def _outcome_elsewhere(
        self, computed: Side, operands: tuple[Amount, ...]
    ) -> Computation | None:
        """A formula in brackets after what it gives, or before."""
        value = computed.value()
        bare = computed.value(scaled=False)
        if value is None or bare is None:
            return None
        for one in reversed(self._told):
            inside = one.end > computed.start and one.start < computed.end
            result = amounts.of(one)
            if inside or result is None:
                continue
            factor = {"%": 100.0, "‰": 1000.0}.get(result.unit, 1.0)
            if result.tells(value * factor) or (factor == 1 and result.tells(bare, bare=True)):
                sign = "=" if math.isclose(value * factor, result.value, rel_tol=1e-9) else "≈"
                explained = tuple(
                    each
                    for each in self._told
                    if each is one or (each.end > computed.start and each.start < computed.end)
                )
                formula = f"{computed.shown} {sign} {result.shown()}"
                return Computation(formula, operands, result, True, explained)
        return None

    # Numbers whose operation is told by words.

    def _work_out(self, one: Quantity, wanted: Amount) -> Computation | None:
        if wanted.value == 0:
            return None
        return (
            self._span(one, wanted)
            or self._count(one, wanted)
            or self._rewritten(one, wanted)
            or self._operation(one, wanted)
        )

    def _count(self, one: Quantity, wanted: Amount) -> Computation | None:
        """How many things the claim itself names, or a source that speaks of them."""
        few = wanted.value in range(2, _COUNTED + 1) and wanted.step == 1 and not wanted.limit
        if not few or wanted.unit not in {"", "person"}:
            return None
        for items, cited in self._known.named(self._claim, one):
            if len(items) == wanted.value:
                formula = f"{' · '.join(items)}: {wanted.shown()}"
                things = tuple(Amount(1, "", item, 1, 1, citations=cited) for item in items)
                return Computation(formula, things, wanted, True, (one,))
        return None

    def _span(self, one: Quantity, wanted: Amount) -> Computation | None:
        """The time between two dates of the claim, of what was said before, or of a source."""
        if wanted.unit not in spans.UNITS or not spans.is_asked(self._text):
            return None
        for dates in self._dates():
            for at, first in enumerate(dates):
                for last in dates[at + 1 :]:
                    for length in spans.between(first[0], last[0], wanted.unit, text=self._text):
                        if wanted.tells(length):
                            said = [_written(each) for each, _ in (first, last)]
                            operands = tuple(
                                Amount(0, each.unit, shown, 1, 0, citations=cited)
                                for (each, cited), shown in zip((first, last), said, strict=True)
                            )
                            formula = f"{said[0]} → {said[1]} = {_written(one)}"
                            return Computation(formula, operands, wanted, True, (one,))
        return None

    def _dates(self) -> Iterator[list[tuple[Quantity, tuple[Citation, ...]]]]:
        """Dates and times that belong together, the likeliest first."""
        own = self._known.dates(self._told)
        yield own
        if len(own) > 1:
            return
        for text in reversed(self._said):
            yield self._known.dates(quantities.quantities(text))
        for numbers in self._known.nearest(self._text, self._said):
            yield [pair for pair in numbers.dates if pair][:_NEAREST]

    def _rewritten(self, one: Quantity, wanted: Amount) -> Computation | None:
        """A number of a source in another unit, or rounded."""
        if self._stands(wanted) or wanted.limit in {"<", ">"}:
            return None  # a limit is said as it stands: "at most 26" does not follow from 25
        computed = bool(operations.allowed(self._text, wanted))
        near = self._known.nearest(self._text, self._said)
        pool = [amount for numbers in near for amount in numbers.amounts]
        for said in (self._pool_of(self._said), pool):
            fitting = []
            for amount in said:
                converted = amounts.in_unit(amount, wanted.unit)
                same = converted and bool(converted.unit) == bool(wanted.unit)
                if math.isclose(amount.value, wanted.bare):
                    continue  # the same number, whose scale stands elsewhere if anywhere
                rounded = amount.unit == wanted.unit and math.isclose(amount.scale, wanted.scale)
                if rounded and computed:
                    continue
                if converted and (same or wanted.scale > 1) and converted.step <= wanted.step:
                    shown = f"{amount.shown()} {amount.unit}".strip()
                    fitting.append(Candidate(converted.value, None, (amount,), shown))
            precise = abs(wanted.value) / wanted.step >= 10
            if precise and (found := _chosen(wanted, fitting, chance=_CHANCE["own"])):
                return self._computation(found, one, wanted)
        return None

    def _operation(self, one: Quantity, wanted: Amount) -> Computation | None:
        names = operations.allowed(self._text, wanted)
        if not names:
            return None
        own = self._own(one)
        for chance, pools in self._pools(own, wanted):
            found: list[Candidate] = []
            few = chance in {"own", "said"} and all(len(pool) <= _FEW for pool in pools)
            for pool in pools:
                for name in names:
                    found += self._tried(name, wanted, pool, whole=chance == "column")
            if best := _chosen(wanted, found, chance=_CHANCE[chance], few=few):
                return self._computation(best, one, wanted)
        return None

    def _computation(self, found: Candidate, one: Quantity, wanted: Amount) -> Computation:
        exact = any(
            value is not None and math.isclose(value, told, rel_tol=1e-9)
            for value, told in ((found.value, wanted.value), (found.bare, wanted.bare))
        )
        sign = "=" if exact else "≈"
        formula = f"{found.formula} {sign} {wanted.shown()}"
        return Computation(formula, found.operands, wanted, True, (one,))

    def _tried(
        self, name: Name, wanted: Amount, pool: Sequence[Amount], *, whole: bool
    ) -> Iterator[Candidate]:
        """What an operation gives on some numbers. A quotient, which any two numbers have, is one
        of those that the claim names, where it names any."""
        if whole:
            if name in {"sum", "mean"}:
                yield from operations.whole(name, wanted, pool)
            return
        named = [one for one in pool if self._is_named(one)]
        for one in operations.candidates(name, wanted, pool, text=self._text):
            if name not in _QUOTIENTS or not named or any(each in named for each in one.operands):
                yield one

    def _is_named(self, amount: Amount) -> bool:
        """Whether the claim speaks of what an amount is of, or says it."""
        if amount.quantity is None or amount.quantity in self._told:
            return True
        return bool(amounts.subject(amount.quantity) & self._words)

    def _own(self, wanted: Quantity) -> list[Amount]:
        """The other numbers of the claim, as far as they stand somewhere."""
        found = []
        for one in self._told:
            amount = amounts.of(one)
            if one is not wanted and amount and (known := self._stands(amount)):
                found.append(known)
        return found[:_POOL]

    def _pool_of(self, said: Sequence[str]) -> list[Amount]:
        found: list[Amount] = []
        for text in reversed(said):
            for one in operands.apart(operands.read(text)):
                amount = amounts.of(one)
                if amount and (known := self._stands(amount)):
                    found.append(known)
        return found[:_POOL]

    def _pools(self, own: list[Amount], wanted: Amount) -> Iterator[tuple[str, list[list[Amount]]]]:
        """Numbers that may be operands together, the likeliest first; only those of the claim
        itself where it has two that may be."""
        if len(own) > 1:
            yield "own", [own]
            unit = own[0].unit if wanted.unit in {"%", "point", "fold", "time"} else wanted.unit
            if sum(amounts.in_unit(one, unit) is not None for one in own) > 1:
                return
        last = self._pool_of(self._said[-1:])
        if last:
            yield "said", [_each_once([*own, *last])]
        results = [
            replace(step.result, citations=step.citations)
            for step in (*self._earlier, *self._steps)
            if step.holds
        ]
        if results:
            yield "said", [_each_once([*own, *results])]
        before = _each_once([*own, *results[::-1], *self._pool_of(self._said)])[:_POOL]
        if before:
            yield "said", [before]
        near = self._known.nearest(self._text, self._said)
        rows = [_each_once([*own, *numbers.amounts])[:_POOL] for numbers in near]
        yield "near", rows
        yield "near", [_each_once([*own, *(one for row in rows for one in row[:4])])[:_POOL]]
        yield "column", self._known.columns()


def _each_once(pool: Sequence[Amount]) -> list[Amount]:
    return list({(one.value, one.unit): one for one in reversed(pool)}.values())[::-1]


def _chosen(
    wanted: Amount, found: Sequence[Candidate], *, chance: float, few: bool = False
) -> Candidate | None:
    """The first candidate that gives the wanted number, where so many would not give it by chance.
    On few numbers, one that is alone in giving something of its size is no chance."""
    size = abs(wanted.value)
    near = {round(one.value, 9) for one in found if size / 2 <= abs(one.value) <= 2 * size}
    near |= {
        round(one.bare * wanted.scale, 9)
        for one in found
        if one.bare is not None and size / 2 <= abs(one.bare * wanted.scale) <= 2 * size
    }
    alone = few and len(near) == 1
    if not alone and len(near) * wanted.width / (1.5 * size) > chance:
        return None
    for one in found:
        if wanted.tells(one.value):
            return one
        if one.bare is not None and _may_be_bare(one, wanted) and wanted.tells(one.bare, bare=True):
            return one
    return None


def _may_be_bare(candidate: Candidate, wanted: Amount) -> bool:
    """Whether only one of the two says its scale, so that the other may leave it to a table."""
    return math.isclose(wanted.scale, 1) or all(
        math.isclose(one.scale, 1) for one in candidate.operands
    )


def _off(side: Side) -> float:
    """How much of its value a side may be off that has rounded numbers."""
    off = 1e-9
    for term in side.numbers:
        if term.decimals and term.number:
            off += 0.5 * 10.0**-term.decimals / term.number
    return min(off, 0.05)


def _written(one: Quantity) -> str:
    return one.text[one.start : one.end].strip()
