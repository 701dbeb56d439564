"""The numbers and dates of the sources, found by their value and by the words around them."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from quire.records import Citation
from quire.text import analysis
from quire.verification import amounts, counting, quantities, spans, units
from quire.verification.amounts import Amount
from quire.verification.quantities import Quantity
from quire.verification.quotes import Quote

_MOST = 8_000  # numbers of the sources that are looked at
_POOL = 12  # numbers that are tried with each other
_NEAREST = 6  # places that share the statement's words
_LEADS = re.compile(r"(?<=\d):(?=\s)")
_SCALES = (1e3, 1e4, 1e6, 1e8, 1e9)

Source = Quote | tuple[str, Citation | None]
"""A place that numbers stand in; without a citation it is what the question gives."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers and dates of one source, in order."""

    amounts: tuple[Amount, ...]
    dates: tuple[tuple[Quantity, tuple[Citation, ...]], ...]


class Known:
    """The numbers of the sources, found by their value."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._by_value: dict[str, list[tuple[int, Quantity]]] = {}
        self._near: list[Numbers] | None = None
        self._near_at: list[int] = []
        left = _MOST
        for at, source in enumerate(sources):
            for one in _quantities(source)[: max(0, left)]:
                for part in {one, *amounts.apart(one)}:
                    self._by_value.setdefault(part.value, []).append((at, part))
                left -= 1

    def find(self, wanted: Amount, *, value: float | None = None) -> Amount | None:
        """The amount as a source has it: the same number, positive or not, of a unit that fits."""
        key = _key(abs(wanted.value if value is None else value))
        for sign in ("", "-"):
            for at, one in self._by_value.get(sign + key, ())[:20]:
                amount = amounts.of(one)
                if amount and amounts.in_unit(amount, wanted.unit) and _alike(amount, wanted):
                    unit = wanted.unit or amount.unit
                    return replace(wanted, unit=unit, quantity=one, citations=self._cited(at))
        return None

    def scaled(self, wanted: Amount) -> Amount | None:
        """The same of a number whose scale one of the two leaves out."""
        for scale in _SCALES if math.isclose(wanted.scale, 1) else ():
            if found := self.find(wanted, value=wanted.value * scale):
                return found
        if not math.isclose(wanted.scale, 1):
            return self.find(wanted, value=wanted.bare)
        return None

    def dates(self, told: Sequence[Quantity]) -> list[tuple[Quantity, tuple[Citation, ...]]]:
        """Those of some dates and times that stand in a source."""
        found = []
        for one in told:
            if day := spans.dated(one):
                for at, _ in self._by_value.get(one.value, ())[:1]:
                    found.append((day, self._cited(at)))
        return found

    def nearest(self, text: str, said: Sequence[str]) -> list[Numbers]:
        """The sources that share most words with a claim, and have numbers."""
        if self._near is None:
            words = terms_of(text)
            context = terms_of(said[-1]) - words if said else frozenset()
            scored = []
            for at, source in enumerate(self._sources):
                if not any(True for _ in _quantities(source)):
                    continue
                terms = source.terms if isinstance(source, Quote) else terms_of(source[0])
                share = len(words & terms) + 0.5 * len(context & terms)
                if share:
                    scored.append((-share, at))
            scored.sort()
            self._near_at = [at for _, at in scored[:_NEAREST]]
            self._near = [self._numbers(at) for at in self._near_at]
        return self._near

    def named(
        self, claim: str, count: Quantity
    ) -> Iterator[tuple[tuple[str, ...], tuple[Citation, ...]]]:
        """The things that the claim names one by one, or a source does that speaks of what it
        counts; and the rows of a table of them."""
        for items in counting.named(claim, led=True):
            yield items, ()
        if not count.counted:
            return
        tables: dict[object, list[int]] = {}
        for at, source in enumerate(self._sources):
            text = source.text if isinstance(source, Quote) else source[0]
            told = source.terms if isinstance(source, Quote) else terms_of(text)
            if count.counted not in told:
                continue
            if isinstance(source, Quote) and source.row:
                tables.setdefault((source.passage.label, source.headers), []).append(at)
            else:
                for items in counting.named(text):
                    yield items, self._cited(at)
        for rows in tables.values():
            labels = [_label(self._sources[at]) for at in rows]
            yield tuple(labels), tuple(c for at in rows for c in self._cited(at))

    def columns(self) -> list[list[Amount]]:
        """The numbers that stand at the same place of rows that follow each other."""
        rows: dict[tuple[object, object, int], list[Numbers]] = {}
        for at in range(len(self._sources)):
            source = self._sources[at]
            if isinstance(source, Quote) and source.row:
                numbers = self._numbers(at)
                key = (source.passage.label, source.headers, len(numbers.amounts))
                rows.setdefault(key, []).append(numbers)
        return [
            [one.amounts[place] for one in told]
            for (_, _, count), told in rows.items()
            for place in range(min(count, _POOL))
        ]

    def _numbers(self, at: int) -> Numbers:
        cited = self._cited(at)
        found: dict[tuple[int, int], Amount] = {}
        dates = []
        source = self._sources[at]
        text = source.text if isinstance(source, Quote) else source[0]
        for one in apart(read(text)[:_POOL]):
            if day := spans.dated(one):
                dates.append((day, cited))
            elif amount := amounts.of(one):
                found[one.start, one.end] = replace(amount, citations=cited)
        return Numbers(tuple(found.values()), tuple(dates))

    def _cited(self, at: int) -> tuple[Citation, ...]:
        source = self._sources[at]
        if isinstance(source, Quote):
            return (source.citation(),)
        return (source[1],) if source[1] else ()


def _label(source: Source) -> str:
    """What a row is of, as its first cell has it."""
    text = source.text if isinstance(source, Quote) else source[0]
    return text.split(" · ")[0].rpartition(": ")[2]


def _alike(one: Amount, other: Amount) -> bool:
    return not one.unit or not other.unit or units.alike(one.unit, other.unit)


def apart(told: Sequence[Quantity]) -> list[Quantity]:
    return [part for one in told for part in amounts.apart(one)]


def _quantities(source: Source) -> Sequence[Quantity]:
    own = read(source.text if isinstance(source, Quote) else source[0])
    return (*own, *source.quantities) if isinstance(source, Quote) and source.row else own


def read(text: str) -> tuple[Quantity, ...]:
    """The quantities of a text, where a colon after a year or the like leads to a number:
    "2020: 5,319" is no ratio."""
    return quantities.quantities(_LEADS.sub("|", text))


def terms_of(text: str) -> frozenset[str]:
    """The terms of a text that say something."""
    return frozenset(analysis.terms(text)) - analysis.stop_terms()


def _key(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")
