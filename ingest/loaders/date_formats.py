"""Dates and times of cells: the parts that a format code shows, in one order.

1-Mar-24 and 3/1/2024 are 2024-03-01, Mar-24 is 2024-03, and 6:00 PM is 18:00, as a reader far from
the sheet cannot know whether 3/1 is in March. Dates in Chinese, Japanese or Korean signs say their
order, and stay as they are; so do spans of time, such as [h]:mm.
"""

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

_LAST_DAY = 2_958_465  # 31 December 9999
_EAST_ASIAN_SIGNS = re.compile("[年月日时時分秒년월일시분초]")
_MONTHS = "January February March April May June July August September October November December"
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_WEEKDAYS_ZH = "一二三四五六日"

Token = tuple[str, str]
"""A piece of a format code: its kind ("letters", "elapsed", "place", …), and what it says."""


def shown(number: Decimal, tokens: tuple[Token, ...], *, since_1904: bool) -> str:
    """A day and time, counted in days since a first one; empty where that is none."""
    if not 0 <= number <= _LAST_DAY:
        return ""
    tokens = _with_minutes(tokens)
    decimals = _decimals_of_seconds(tokens)
    finest = Decimal(1).scaleb(-decimals)
    seconds = (number * 86_400).quantize(finest, rounding=ROUND_HALF_UP)
    days, clock = divmod(seconds, 86_400)
    moment = _moment(int(days), since_1904)
    if moment is None:
        return ""
    kinds = {kind for kind, _ in tokens}
    text = "".join(text for kind, text in tokens if kind not in {"letters", "minutes"})
    kept = "elapsed" in kinds or "上午" in text or _EAST_ASIAN_SIGNS.search(text)
    iso = "" if kept else _iso(moment, clock, tokens, decimals)
    return iso or _as_written(moment, clock, seconds, tokens)


def _moment(days: int, since_1904: bool) -> dt.date | None:
    if since_1904:
        return dt.date(1904, 1, 1) + dt.timedelta(days) if days <= _LAST_DAY - 1462 else None
    # Spreadsheets believe that there was a 29 February 1900, which is day 60.
    first = dt.date(1899, 12, 30) if days > 59 else dt.date(1899, 12, 31)
    return first + dt.timedelta(days)


def _with_minutes(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens with those `m` told apart that are minutes: after hours or before seconds."""
    parts = [at for at, (kind, _) in enumerate(tokens) if kind in {"letters", "elapsed"}]
    out = list(tokens)
    for place, at in enumerate(parts):
        kind, text = tokens[at]
        if kind != "letters" or text[0] not in "mM" or len(text) > 2:
            continue
        before = tokens[parts[place - 1]][1][0].lower() if place else ""
        behind = tokens[parts[place + 1]][1][0].lower() if place + 1 < len(parts) else ""
        if before == "h" or behind == "s":
            out[at] = "minutes", text
    return tuple(out)


def _decimals_of_seconds(tokens: tuple[Token, ...]) -> int:
    text = "".join(text if kind in {"place", "plain"} else " " for kind, text in tokens)
    match = re.search(r"\.(0{1,3})", text)
    return len(match[1]) if match else 0


def _iso(day: dt.date, clock: Decimal, tokens: tuple[Token, ...], decimals: int) -> str:
    """The parts that a format shows, from the year down; empty where they do not begin with it."""
    letters = {text[0].lower() for kind, text in tokens if kind == "letters"}
    days = {text.lower() for kind, text in tokens if kind == "letters" and text[0] in "dD"}
    numbered = any(len(text) < 3 for text in days)
    weekday = next((text for text in days if len(text) > 2), "")
    year, month = bool(letters & {"y", "e"}), "m" in letters
    if year and month and numbered:
        date = day.isoformat()
        date += f" {_letters(weekday, day)}" if weekday else ""
    elif year and not days:
        date = f"{day.year:04}-{day.month:02}" if month else f"{day.year:04}"
    elif year or month or days or "a" in letters:
        return ""
    else:
        date = ""
    if "h" not in letters:
        return date if "s" not in letters and not any(k == "minutes" for k, _ in tokens) else ""
    if not any(kind == "minutes" for kind, _ in tokens):
        return ""
    whole = int(clock)
    time = f"{whole // 3600:02}:{whole // 60 % 60:02}"
    if "s" in letters:
        time += f":{clock % 60:0{3 + decimals if decimals else 2}.{decimals}f}"
    return f"{date} {time}".strip()


def _as_written(day: dt.date, clock: Decimal, seconds: Decimal, tokens: tuple[Token, ...]) -> str:
    whole = int(clock)
    halved = any(kind == "half" for kind, _ in tokens)
    out: list[str] = []
    fraction = f"{clock % 1:f}".partition(".")[2]
    for kind, text in tokens:
        if kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
            out.append(f"{int(seconds) // unit:0{len(text)}}")
        elif kind == "minutes":
            out.append(f"{whole // 60 % 60:0{len(text)}}")
        elif kind == "half":
            names = ("上午", "下午") if text == "上午/下午" else ("AM", "PM")
            out.append(names[whole >= 43_200][: len(text) // 2])
        elif kind == "letters" and text[0] in "hHsS":
            hours = whole // 3600
            hours = (hours + 11) % 12 + 1 if halved else hours
            out.append(f"{hours if text[0] in 'hH' else whole % 60:0{min(len(text), 2)}}")
        elif kind == "letters":
            out.append(_letters(text.lower(), day))
        elif kind == "place":
            out.append(fraction[:1])
            fraction = fraction[1:]
        else:
            out.append(text)
    return "".join(out).strip()


def _letters(text: str, day: dt.date) -> str:
    """A part of a date, by its letters. Years have four digits, and are no emperor's."""
    first, size = text[0], len(text)
    if first in "ye":
        return f"{day.year:04}"
    if first == "g":
        return ""
    if first == "a":
        return ("星期" if size > 3 else "周") + _WEEKDAYS_ZH[day.weekday()]
    if first == "m" and size > 2:
        name = _MONTHS.split()[day.month - 1]
        return name if size == 4 else name[: 3 if size == 3 else 1]
    if first == "d" and size > 2:
        name = _WEEKDAYS.split()[day.weekday()]
        return name if size > 3 else name[:3]
    return f"{day.month if first == 'm' else day.day:0{min(size, 2)}}"
