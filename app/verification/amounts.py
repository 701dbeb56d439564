"""Numbers as amounts to compute with: what they are worth, of what, and how exactly they say it."""

import math
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from quire.records import Citation
from quire.text import analysis
from quire.verification import units
from quire.verification.quantities import Quantity

_NUMBER = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)"
    r"(?P<scale>\s?(?:hundred|thousand|million|billion|trillion)\b|[十百千万亿]+)?"
)
_NO_SUBJECT = re.compile(r"\d|[.!?。！？；;](?:\s|$|(?<=[。！？；]))")
_SUBJECT = 80  # characters before a number
_BESIDE = re.compile(r"\d\s\d")
_GROUPS = re.compile(r"\d,\d{3}\s\d")  # no number is grouped by a comma and by a blank
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.?|some|nearly|almost|close to|circa|ca\.)"
    r"|[~约]|大概|差不多|将近|接近|近)[\s*$€£¥]*$"
)
_ABOUT_AFTER = re.compile(r"\s?(?:左右|上下|or so\b)")
_RATE = re.compile(
    r"\b(?:per|each|every|apiece|daily|weekly|monthly|yearly|hourly|annual(?:ly)?|a piece"
    r"|an? (?:hour|day|night|week|month|quarter|year|head|person|piece))\b|/\s?[^\W\d]|[每/]|单价"
)
_NEAR_RATE = 40  # characters around a number in which it is said that it is one
_REACH = 24  # characters before a number in which such a word may stand
_NO_AMOUNT = frozenset({"date", "clock", "code", "weekday", "decade", "every", "th", "century"})
_YEARS = range(1900, 2101)  # written bare they are years: the head of a table's column
_COARSE = 0.05  # of a number, that "about 400" leaves open at most
_ROUND = 100  # steps that a round number counts for: there are more of them than of others
_TENTH = 0.1
_EXACT = 1e-9  # of a number, that floats may be off
_OF_THINGS = frozenset({"", "%", "point", "person", "time", "fold"})


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, and where it stands.

    `step` is worth one in its last place: 0.1 of "36.5%", a million of "3 million". `bare` is the
    number without its word for a scale, which a table has in its head. `limit` is "~" of "about
    5", ">" of "more than 5" and "<" of "less than 5". `quantity` is where it was read.
    One without citations is given by the question, or a constant.
    """

    value: float
    unit: str
    written: str
    step: float
    bare: float
    limit: str = ""
    quantity: Quantity | None = field(default=None, repr=False, compare=False)
    citations: tuple[Citation, ...] = ()

    @property
    def is_rate(self) -> bool:
        """Whether it is so much for each of something: "€120 a night", 每晚400元."""
        if self.quantity is None:
            return False
        text, start, end = self.quantity.text, self.quantity.start, self.quantity.end
        return _RATE.search(text[max(0, start - _NEAR_RATE) : end + _NEAR_RATE]) is not None

    @property
    def in_words(self) -> bool:
        return self.quantity is not None and not any(
            c.isdigit() for c in self.quantity.text[self.quantity.start : self.quantity.end]
        )

    @property
    def width(self) -> float:
        """How long the stretch of values is that it may stand for."""
        return max(
            self.step, 2 * self._slack if self.limit else 0, min(self.coarse, _ROUND * self.step)
        )

    @property
    def _slack(self) -> float:
        """How far "about" it reaches: one step, or where it ends in zeros, half of what the last
        other figure is worth, within reason."""
        return max(self.step, min(self.coarse / 2, _COARSE * abs(self.value)))

    @property
    def coarse(self) -> float:
        """What one in its last figure is worth that is no zero: 100 of 3,600."""
        value, coarse = abs(self.value), self.step
        while value and coarse < value and value % (10 * coarse) == 0:
            coarse *= 10
        return coarse

    def tells(self, value: float, *, bare: bool = False) -> bool:
        """Whether it is how one writes a value, rounded as it is; `bare` without its scale.

        >>> from quire.verification.quantities import quantities
        >>> [of(q).tells(36.456) for q in quantities("36.5%, 36.4%, about 36.4%, over 36%")]
        [True, False, True, True]
        """
        own, scale = (self.bare, self.scale) if bare else (self.value, 1.0)
        off = value - own
        slack = _EXACT * max(1e-6, abs(own), abs(value))
        if abs(off) <= self.step / scale / 2 + slack:
            return True
        if self.limit == "~":
            return abs(off) <= self._slack / scale + slack
        reach = max(self._slack, self.step) / scale
        return (self.limit == ">" and 0 < off <= reach) or (self.limit == "<" and 0 < -off <= reach)

    @property
    def scale(self) -> float:
        return self.value / self.bare if self.bare else 1.0

    def shown(self, value: float | None = None) -> str:
        """It, or another value written as it is: with its decimals, its scale and its unit.

        >>> from quire.verification.quantities import quantities
        >>> of(quantities("$11,435 million")[0]).shown(12e9)
        '12,000 million'
        """
        mark = self.unit if self.unit in {"%", "‰"} else ""
        if value is None:
            return f"{self.written}{mark}"
        decimals = max(0, round(-math.log10(self.step / self.scale)))
        _, scale = _split(self.written)
        return f"{value / self.scale:,.{decimals}f}{scale}{mark}"


@lru_cache(maxsize=4096)
def of(quantity: Quantity) -> Amount | None:
    """A quantity as an amount; None where it is a date, a name or another thing that is no number.

    >>> from quire.verification.quantities import quantities
    >>> [of(one) and of(one).step for one in quantities("3.5 million in 2024")]
    [100000.0, None]
    """
    if quantity.unit in _NO_AMOUNT or ":" in quantity.value:
        return None
    try:
        value = float(quantity.value)
    except ValueError:
        return None
    text, start, end = quantity.text, quantity.start, quantity.end
    found = _NUMBER.search(text, start, end)
    if not found or _is_more(found, value, text[start:end]):
        decimals = len(re.split(r"[点]", text[start:end])[-1]) if "点" in text[start:end] else 0
        step = 10.0 ** -min(decimals, 6)
        if not decimals and value % 1:  # half an hour, 八块五
            step = min(_TENTH, abs(value) / 10)
        written = f"{value:g}" if value % 1 else f"{value:,.0f}"
        limit = _limit(quantity)
        return Amount(value, quantity.unit, written, step or 1.0, value, limit, quantity)
    number = found["number"].rstrip(",")
    if re.fullmatch(r"\d+,\d{1,2}", number):
        number = number.replace(",", ".")
    plain = float(number.replace(",", ""))
    decimals = min(len(number.partition(".")[2]), 9)
    scale = abs(value) / plain if found["scale"] and plain else 1.0
    if quantity.unit in {"", "year"} and plain == value and _is_year(number):
        return None
    sign = "-" if value < 0 else ""
    written = f"{sign}{found['number'].rstrip(',')}{found['scale'] or ''}"
    if quantity.unit == "%" and plain != abs(value):
        written, scale = f"{value:g}", 1.0  # 3成
    bare = value / scale
    step = scale * 10.0**-decimals
    limit = _limit(quantity)
    return Amount(value, quantity.unit, written, step, bare, limit, quantity)


def apart(quantity: Quantity) -> tuple[Quantity, ...]:
    """The numbers of a row's text that were read as one, 845 and 500 of "845 500"; else it alone.

    >>> from quire.verification.quantities import quantities
    >>> [[one.value for one in apart(q)] for q in quantities("845 500; 12 000 km; $ 8,370 182")]
    [['845', '500'], ['12000'], ['8370', '182']]
    """
    text, start, end = quantity.text, quantity.start, quantity.end
    if not (_GROUPS if quantity.unit else _BESIDE).search(text, start, end):
        return (quantity,)
    return tuple(
        replace(
            quantity,
            value=found[0].replace(",", ""),
            start=found.start(),
            end=found.end(),
        )
        for found in re.finditer(r"\d[\d,]*(?:\.\d+)?", text[:end])
        if found.start() >= start
    )


@lru_cache(maxsize=4096)
def subject(quantity: Quantity) -> frozenset[str]:
    """The terms that lead to a number within its sentence: what it is of.

    >>> from quire.verification.quantities import quantities
    >>> [sorted(subject(one)) for one in quantities("Debt 1,567, equity 6,275.")]
    [['debt'], ['equiti']]
    """
    before = quantity.text[max(0, quantity.start - _SUBJECT) : quantity.start]
    return frozenset(analysis.terms(_NO_SUBJECT.split(before)[-1])) - analysis.stop_terms()


def in_unit(amount: Amount, unit: str) -> Amount | None:
    """An amount in another unit of its kind; None where there is no way from one to the other. One
    without a unit may be of any: it may stand in the head of a table.

    >>> from quire.verification.quantities import quantities
    >>> metres = of(quantities("1,500 m")[0])
    >>> in_unit(metres, "km").value, in_unit(metres, "kg")
    (1.5, None)
    """
    if not amount.unit:
        counts = amount.quantity is not None and amount.quantity.counted != ""
        return amount if not counts or unit in _OF_THINGS else None
    if units.alike(amount.unit, unit):
        return amount
    if not unit:
        return None if amount.unit in {"%", "‰", "point"} else amount
    factor = units.factor(amount.unit, unit)
    if factor is None:
        return None
    return replace(
        amount, value=amount.value * factor, step=amount.step * factor, bare=amount.bare * factor
    )


def _split(written: str) -> tuple[str, str]:
    found = re.search(r"[\d.]\s?(\D*)$", written)
    at = found.start(1) if found else len(written)
    number = written[:at]
    return number.rstrip(), (" " if number.endswith(" ") else "") + written[at:]


def _is_year(number: str) -> bool:
    return number.isdecimal() and len(number) == 4 and int(number) in _YEARS


def _is_more(found: re.Match[str], value: float, written: str) -> bool:
    """Whether words beside its digits are part of a number: 2 and a half, 1 hour 50 minutes."""
    digits = re.findall(r"\d[\d,.]*", written)
    plain = float(found["number"].replace(",", ""))
    return len(digits) > 1 or (bool(value % 1) and plain == abs(value) // 1)


def _limit(quantity: Quantity) -> str:
    text = quantity.text
    before = text[max(0, quantity.start - _REACH) : quantity.start]
    if _ABOUT.search(before) or _ABOUT_AFTER.match(text, quantity.end):
        return "~"
    return quantity.bound[0] if quantity.bound in {">", ">=", "<", "<="} else ""
