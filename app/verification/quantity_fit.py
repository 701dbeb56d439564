"""Whether a quantity of one text stands in another: exact is what is compared, not about alike."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from quire.text import languages
from quire.verification import bounds, units
from quire.verification.quantities import Quantity

Fit = Literal["exact", "loose", "none"]

_EXACT = 1e-5  # of a number: two thirds are written with six decimals
_NOON, _MIDNIGHT, _NO_HOUR = 12, 24, 99
_OF_DATES = ("before", "after", "by", "from", "first", "last")
_WORD = re.compile(r"\s(?!of\b|and\b|to\b|or\b|until\b|for\b|at\b|by\b|is\b|was\b)[a-z]{2}")

MOST = 100  # quantities; no sentence has more, and each is held against each of the quote's


def fits(wanted: Quantity, there: Sequence[Quantity]) -> Fit:
    """Whether a quantity stands among others: the same number, with the same unit and of the same
    thing; or a date that says no more than one of them. It is "loose" where one of the two is
    bounded ("at least 5") and the other is not. Nothing fits among more than `MOST`.

    >>> from quire.verification.quantities import quantities
    >>> (five,) = quantities("It takes five days.")
    >>> [fits(five, quantities(text)) for text in ("5 days", "at least 5 days", "5 weeks")]
    ['exact', 'loose', 'none']
    """
    best: Fit = "none"
    for other in there if len(there) <= MOST else ():
        if not _same(wanted, other, there):
            continue
        if wanted.bound == other.bound:
            return "exact"
        if not bounds.contrary(wanted.bound, other.bound):
            best = "loose"
    return best


def all_fit(wanted: Sequence[Quantity], there: Sequence[Quantity]) -> bool:
    """Whether each quantity fits, and none is said more often than it stands there: in "nine
    rulers and nine governors" for "nine rulers and four governors" each nine alone would fit.
    More than `MOST` do not.

    >>> from quire.verification.quantities import quantities
    >>> all_fit(quantities("9 rulers and 9 governors"), quantities("9 rulers and 4 governors"))
    False
    """
    if max(len(wanted), len(there)) > MOST:
        return not wanted
    said = Counter(one.value for one in wanted if one.unit != "date")
    held = Counter(one.value for one in there) + Counter(
        one.value.split("-")[0] for one in there if one.unit == "date"
    )
    return all(fits(one, there) != "none" for one in wanted) and all(
        count <= max(1, held[value]) for value, count in said.items()
    )


def _same(wanted: Quantity, other: Quantity, there: Sequence[Quantity]) -> bool:
    if wanted.unit == "date" or other.unit == "date":
        if wanted.unit == other.unit:
            return _within(wanted, other)
        year, bare = (other, wanted) if other.unit == "date" else (wanted, other)
        if _is_day_of_month(bare):
            return _date_parts(year.value)[2] == f"{int(bare.value):02}"
        same = bare.value == year.value.split("-")[0] and bare.unit in {"", "year"}
        return same and _counts_same(wanted, other, there)
    if "clock" in {wanted.unit, other.unit}:
        one, another = _time_of(wanted), _time_of(other)
        return bool(one and another) and _same_time(one, another)
    if wanted.unit == other.unit == "decade":
        shorter, longer = sorted((wanted.value, other.value), key=len)
        return longer.endswith(shorter)
    if _is_converted(wanted, other):
        return True
    if wanted.value != other.value:
        return False
    if wanted.unit and other.unit:
        return units.alike(wanted.unit, other.unit)
    if wanted.unit:
        # A unit may stand elsewhere, such as in the head of a table, but not with another number.
        return not other.counted and not any(units.alike(wanted.unit, one.unit) for one in there)
    if other.unit and languages.is_unspaced(wanted.counted):
        return wanted.counted in other.near
    return _counts_same(wanted, other, there)


def _is_converted(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities in different units are the same: 48 hours and two days, 2.9 km and
    2,900 m, a fifth and 20 %; two thirds are also 67 %, rounded as that is."""
    if one.unit == other.unit or not (one.unit and other.unit):
        return False
    try:
        ours, theirs = float(one.value), float(other.value)
    except ValueError:
        return False
    if {one.unit, other.unit} == {"part", "%"}:
        part, percent = (ours, other.value) if one.unit == "part" else (theirs, one.value)
        decimals = len(percent.partition(".")[2])
        return abs(100 * part - float(percent)) <= 0.5 * 10.0**-decimals + _EXACT
    factor = units.factor(one.unit, other.unit)
    return factor is not None and math.isclose(ours * factor, theirs, rel_tol=_EXACT)


def _is_day_of_month(one: Quantity) -> bool:
    """Whether a number names a day of some month: "the 24th", 24日."""
    if not one.value.isdecimal() or one.bound not in {"", *_OF_DATES}:
        return False
    if one.unit == "day":
        return one.text[one.end - 1] == "日"
    written = one.text[one.start : one.end]
    return one.unit == "th" and written[0].isdecimal() and not _WORD.match(one.text, one.end)


def _counts_same(wanted: Quantity, other: Quantity, there: Sequence[Quantity]) -> bool:
    """Whether what a number counts is not what another number there counts."""
    thing = wanted.counted
    return not thing or thing in other.near or not any(thing in one.near for one in there)


def _within(wanted: Quantity, other: Quantity) -> bool:
    """Whether each part that a date has is the same in the other: the year, the month, the day."""
    parts = zip(_date_parts(wanted.value), _date_parts(other.value), strict=True)
    return all(not ours or ours == theirs for ours, theirs in parts)


def _date_parts(value: str) -> tuple[str, str, str]:
    year, month, day = [*value.split("-"), "", ""][:3]
    return year, month, day


def _time_of(quantity: Quantity) -> str:
    """A time; an hour of "open 9 to 17" is one, too. Empty where it is none."""
    if quantity.unit == "clock":
        return quantity.value
    ranged = quantity.bound in {"first", "last"} and not quantity.unit and not quantity.counted
    hour = int(quantity.value) if ranged and quantity.value.isdecimal() else _NO_HOUR
    return f"{hour:02}:00{'?' if hour <= _NOON else ''}" if hour <= _MIDNIGHT else ""


def _same_time(one: str, other: str) -> bool:
    """Whether two times are the same; one that does not say which half of the day is either."""
    if one == other:
        return True
    (hour, rest), (other_hour, other_rest) = (time.split(":", 1) for time in (one, other))
    if {one, other} == {"00:00", "24:00"}:
        return True
    vague = "?" in one or "?" in other
    same_rest = rest.rstrip("?") == other_rest.rstrip("?")
    return vague and same_rest and int(hour) % 12 == int(other_hour) % 12
