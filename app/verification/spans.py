"""How long it is from one date or time to another."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from quire.verification.quantities import Quantity

UNITS = frozenset("minute hour day night week month quarter year age".split())

_INCLUSIVE = re.compile(r"\binclusive|\bincluding both|首尾|含首尾|包括(?:当天|首日|两天)")
_THROUGH = re.compile(r"\bfrom\b.*\b(?:to|till|until|through)\b|\bthrough\b|[至到–—-]")
_ASKED = re.compile(
    r"\b(?:between|from|to|after|later|before|earlier|last\w*|run|runs|span\w*|duration|long|apart"
    r"|period|term|over|age|aged|old|lived|until|since|within|makes?|are|is|was|take[sn]?|took)\b"
    "|[天日月年周]|小时|分钟|相[差隔距]|间隔|历时|为期|期限|时长"
)
_PLAIN_YEAR = 2023  # has 365 days
_LEAP_YEAR = 2024


def is_asked(text: str) -> bool:
    """Whether a folded text may tell how long it is between two dates or times."""
    return _ASKED.search(text) is not None


def dated(one: Quantity) -> Quantity | None:
    """A quantity as a date or a time, a bare year too; None where it is neither."""
    if one.unit in {"date", "clock"}:
        return one
    year = one.unit in {"", "year"} and re.fullmatch(r"(?:19|20)\d\d", one.value)
    return replace(one, unit="date") if year else None


def between(one: Quantity, other: Quantity, unit: str, *, text: str) -> Iterator[float]:
    """How many of a unit there are between two dates or times, as a folded text may count them:
    "from 1 to 3 May" are three days or two.

    >>> from quire.verification.quantities import quantities
    >>> first, last, _ = quantities("From 1 March to 31 May are 92 days")
    >>> sorted(between(first, last, "day", text="from … to …"))
    [91.0, 92.0]
    """
    if one.unit == other.unit == "clock":
        yield from _hours(one.value, other.value, unit)
        return
    if one.unit != "date" or other.unit != "date":
        return
    first, last = _parts(one.value), _parts(other.value)
    if [part is None for part in first] != [part is None for part in last]:
        return
    there = one.text if one.text == other.text else ""
    inclusive = any(_INCLUSIVE.search(said) for said in (text, there))
    through = inclusive or any(_THROUGH.search(said) for said in (text, there))
    found: set[float] = set()
    for year in (_PLAIN_YEAR, _LEAP_YEAR) if first[0] is None else (0,):
        for extra in (0, 1) if through else (0,):
            if extra or not inclusive:
                found |= set(_counted(first, last, unit, year=year, extra=extra))
    yield from found


def _counted(
    first: tuple[int | None, int | None, int | None],
    last: tuple[int | None, int | None, int | None],
    unit: str,
    *,
    year: int,
    extra: int,
) -> Iterator[float]:
    (y1, m1, d1), (y2, m2, d2) = first, last
    if m1 is None or m2 is None:
        if unit in {"year", "age"} and y1 is not None and y2 is not None:
            yield float(abs(y2 - y1) + extra)
            if unit == "age" and abs(y2 - y1):
                yield float(abs(y2 - y1) - 1)
        return
    if d1 is None or d2 is None:
        months = abs(12 * ((y2 or 0) - (y1 or 0)) + m2 - m1) + extra
        yield from _of_months(months, unit)
        return
    try:
        start, end = date(y1 or year, m1, d1), date(y2 or year, m2, d2)
        if end < start and y1 is None:
            end = date(year + 1, m2, d2)
        start, end = sorted((start, end))
        end += timedelta(days=extra)
    except (ValueError, OverflowError):
        return
    days = (end - start).days
    if unit in {"day", "night"}:
        yield float(days)
    elif unit == "week":
        yield days / 7
    else:
        months = 12 * (end.year - start.year) + end.month - start.month - (end.day < start.day)
        if unit == "age":
            yield float(months // 12)
        elif start.day == end.day:
            yield from _of_months(months, unit)


def _of_months(months: int, unit: str) -> Iterator[float]:
    if by := {"month": 1, "quarter": 3, "year": 12, "age": 12}.get(unit):
        yield months / by


def _hours(one: str, other: str, unit: str) -> Iterator[float]:
    """Hours or minutes from one time of day to another, past midnight too."""
    by = {"hour": 60, "minute": 1}.get(unit)
    if not by:
        return
    first, last = (_minutes(value) for value in (one, other))
    for half in (0, 720) if "?" in one + other else (0,):
        minutes = (last - first + half) % 1440
        if minutes:
            yield minutes / by


def _minutes(value: str) -> int:
    hour, minute = value.rstrip("?").split(":")
    return 60 * int(hour) + int(minute)


def _parts(value: str) -> tuple[int | None, int | None, int | None]:
    if value.startswith("bc"):
        return -int(value[2:]), None, None
    year, month, day = [*value.split("-"), "", ""][:3]
    return int(year) if year else None, int(month) if month else None, int(day) if day else None
