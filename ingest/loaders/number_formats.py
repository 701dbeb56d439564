"""A number as its cell shows it: 01234, 12.5 kg, $1,234.50, 25:30:00, 2024年3月1日.

A format code has up to four sections (positive; negative; zero; text), each with places for digits,
signs, quoted text, and letters for the parts of a date (see `date_formats`).

Codes and built-in numbers: ECMA-376 Part 1, 18.8.30 and 18.8.31.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from quire.ingest.loaders import date_formats
from quire.ingest.loaders.date_formats import Token

_LONGEST = 300  # characters of a code; spreadsheets allow 255
_WIDEST = 30  # digits after the point that a code may ask for, as spreadsheets allow
_FAR = Decimal(10) ** 40  # numbers past it are shown as they are stored

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    # Those with the sign of a currency have the one of whoever looks: the file names none.
    **dict.fromkeys((5, 6, 37, 38), "#,##0;(#,##0)"),
    **dict.fromkeys((7, 8, 39, 40), "#,##0.00;(#,##0.00)"),
    **dict.fromkeys((41, 42), "#,##0;(#,##0);-"),
    **dict.fromkeys((43, 44), "#,##0.00;(#,##0.00);-"),
}  # fmt: skip
"""The code of each built-in format; those that are not here show a number as it is."""

_FULL, _MONTH, _DAY = 'yyyy"年"m"月"d"日"', 'yyyy"年"m"月"', 'm"月"d"日"'
_TIMES = {32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"'}
EAST_ASIAN = {
    "zh": {
        **dict.fromkeys((27, 36, 50, 52, 57), _MONTH),
        **dict.fromkeys((28, 29, 51, 53, 54, 58), _DAY),
        30: "yyyy-mm-dd", 31: _FULL, **_TIMES,
        **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
        **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
    },
    "ja": {
        **dict.fromkeys((27, 30, 36, 50, 57), "yyyy-mm-dd"),
        **dict.fromkeys((28, 29, 31, 51, 54, 58), _FULL),
        32: 'h"時"mm"分"', 33: 'h"時"mm"分"ss"秒"',
        **dict.fromkeys((34, 52, 55), _MONTH), **dict.fromkeys((35, 53, 56), _DAY),
    },
    "ko": {
        **dict.fromkeys((27, 36, 50, 57), "yyyy-mm-dd"), 28: "mm-dd", 29: "mm-dd", 30: "yyyy-mm-dd",
        31: 'yyyy"년" mm"월" dd"일"', 32: 'h"시" mm"분"', 33: 'h"시" mm"분" ss"초"',
        **dict.fromkeys((34, 35, 52, 53, 55, 56), "yyyy-mm-dd"),
        **dict.fromkeys((51, 54, 58), "mm-dd"),
    },
}  # fmt: skip
"""Codes of the built-in formats that each language of East Asia has of its own."""

_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | _(?P<blank>.?) | \*(?P<fill>.?)
    | \[(?P<elapsed>h+|m+|s+)\] | \[\$(?P<sign>[^\]-]*)[^\]]*\]
    | \[(?P<condition>[<>=]{1,2}-?[\d.]+)\] | \[(?P<other>[^\]]*)\]
    | (?P<general>General) | (?P<half>AM/PM|A/P|上午/下午)
    | (?P<exponent>E[+-]) | (?P<letters>y+|m+|d+|h+|s+|e+|g+|a{3,4})
    | (?P<place>[0\#?]) | (?P<text>@) | (?P<plain>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(r"(#,##)?(0+)(?:\.(0+))?")
_CONDITION = re.compile(r"([<>=]{1,2})(-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class _Plain:
    """A section as most are, such as `"$"#,##0.00`: digits, with text before and after."""

    before: str
    after: str
    step: Decimal  # of the last digit that is shown
    width: int  # of what is filled up with zeros, the point included
    grouped: bool
    times: int


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[Token, ...]
    condition: tuple[str, Decimal] | None
    is_date: bool
    plain: "_Plain | None"

    def holds(self, number: Decimal) -> bool:
        """Whether the section's own condition is met."""
        if self.condition is None:
            return False
        sign, bound = self.condition
        met = {"<": number < bound, ">": number > bound, "=": number == bound}
        if sign == "<>":
            return number != bound
        return any(met.get(part, False) for part in sign)


def shown(value: str, code: str, *, since_1904: bool = False) -> str:
    """A stored number under a format code; what is no number stays as it is.

    >>> shown("1234", "00000"), shown("12.5", '0.0" kg"'), shown("1.0625", "[h]:mm:ss")
    ('01234', '12.5 kg', '25:30:00')
    >>> shown("-1234", "#,##0;(#,##0)"), shown("45352", "d-mmm-yy"), shown("0.5", "# ?/?")
    ('(1,234)', '2024-03-01', '1/2')
    """
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number) > _FAR:
        return value
    sections = _sections(code[:_LONGEST])
    at, section = _chosen(sections, number)
    if section is None or not section.tokens:
        return _general(value, number) if section is None else ""
    if section.is_date:
        return date_formats.shown(number, section.tokens, since_1904=since_1904) or value
    bare = at == 1 and section.condition is None  # the section says itself that it is negative
    plain = section.plain
    if plain is None:
        rendered = _number(value, abs(number), section.tokens)
    else:
        rounded = abs(number * plain.times).quantize(plain.step, rounding=ROUND_HALF_UP)
        digits = f"{rounded:,f}" if plain.grouped else f"{rounded:f}".zfill(plain.width)
        rendered = f"{plain.before}{digits}{plain.after}".strip()
    signed = number < 0 and not bare and any(digit in "123456789" for digit in rendered)
    return f"-{rendered}" if signed else rendered


@lru_cache(maxsize=1000)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "plain"
        if kind == "plain" and match[0] == ";":
            sections.append([])
        elif kind not in {"blank", "fill", "other"}:
            sections[-1].append((kind, match[kind]))
    return tuple(map(_section, sections))


def _section(tokens: list[Token]) -> _Section:
    condition = None
    for kind, text in tokens:
        if kind == "condition" and (match := _CONDITION.fullmatch(text)):
            try:
                condition = match[1], Decimal(match[2])
            except InvalidOperation:
                condition = None
    kept = tuple(token for token in tokens if token[0] != "condition")
    is_date = any(kind in {"letters", "elapsed", "half"} for kind, _ in kept)
    return _Section(kept, condition, is_date, None if is_date else _plain(kept))


def _plain(tokens: tuple[Token, ...]) -> _Plain | None:
    """A section read once for all its numbers, None where it is of another form."""
    inside = [at for at, (kind, _) in enumerate(tokens) if kind == "place"]
    if not inside or any(kind in {"exponent", "general", "text"} for kind, _ in tokens):
        return None
    first, last = inside[0], inside[-1]
    form = _PLAIN.fullmatch("".join(text for _, text in tokens[first : last + 1]))
    around = tokens[:first] + tokens[last + 1 :]
    if form is None or any(kind == "plain" and text in ",./" for kind, text in around):
        return None
    before, after = ("".join(t for _, t in part) for part in (tokens[:first], tokens[last + 1 :]))
    decimals = min(len(form[3] or ""), _WIDEST)
    width = len(form[2]) + (decimals + 1 if decimals else 0)
    percents = sum(kind == "plain" and text == "%" for kind, text in around)
    if form[1] and len(form[2]) > 1:
        return None
    return _Plain(before, after, Decimal(1).scaleb(-decimals), width, bool(form[1]), 100**percents)


def _chosen(sections: tuple[_Section, ...], number: Decimal) -> tuple[int, _Section | None]:
    """The section for a number, and its place; none for a code that says nothing of numbers."""
    numeric = sections[:3]
    if any(section.condition for section in numeric):
        for at, section in enumerate(numeric):
            if section.holds(number):
                return at, section
        rest = [(at, section) for at, section in enumerate(numeric) if section.condition is None]
        at, section = rest[-1] if rest else (0, numeric[0])
        return (2, section) if rest else (0, section)
    at = 0
    if number < 0 and len(numeric) > 1:
        at = 1
    elif number == 0 and len(numeric) > 2:
        at = 2
    section = numeric[at]
    if any(kind == "text" for kind, _ in section.tokens) or (not at and not section.tokens):
        return at, None
    return at, section


def _general(value: str, number: Decimal) -> str:
    # 15 digits are what spreadsheets keep; the stored text may show the error of the 17th.
    short = f"{float(number):.15g}"
    return short if "e" not in short else value


def _number(value: str, number: Decimal, tokens: tuple[Token, ...]) -> str:
    kinds = [kind for kind, _ in tokens]
    if "general" in kinds or "place" not in kinds:
        own = _general(value.lstrip("-"), number) if "general" in kinds else ""
        return "".join(own if kind == "general" else text for kind, text in tokens)
    number *= Decimal(100) ** sum(kind == "plain" and text == "%" for kind, text in tokens)
    first, last = kinds.index("place"), len(kinds) - 1 - kinds[::-1].index("place")
    plain = [text if kind == "plain" else "" for kind, text in tokens]
    slash = plain.index("/", first) if "/" in plain[first:] else len(kinds)
    if below := "".join(text for _, text in tokens[slash:] if text.isdigit() or text in "#?"):
        return _fraction(number, tokens[:slash], below)
    point = plain.index(".", first) if "." in plain[first:] else -1
    point = plain.index(".") if point < 0 and "." in plain[:first] else point  # ".00"
    stop = kinds.index("exponent") if "exponent" in kinds else len(kinds)
    whole_end = point if 0 <= point < stop else min(stop, last + 1)
    whole = [at for at in range(whole_end) if kinds[at] == "place"]
    parts = [at for at in range(whole_end, stop) if kinds[at] == "place"]
    after = max((*whole, *parts), default=last) + 1
    commas = 0
    while after + commas < len(plain) and plain[after + commas] == ",":
        commas += 1
    grouped = bool(whole) and "," in plain[whole[0] : whole[-1]]
    number /= Decimal(1000) ** commas
    power = ""
    if "exponent" in kinds:
        number, power = _scaled(number, len(whole), len(parts), tokens[stop][1],
                                sum(kind == "place" for kind in kinds[stop:]))  # fmt: skip
    digits = min(len(parts), _WIDEST)
    text = f"{number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP):f}"
    said, _, behind = text.partition(".")
    for at in reversed(parts[:digits]):
        if tokens[at][1] == "0" or not behind.endswith("0"):
            break
        behind = behind[:-1]
    out: dict[int, str] = _placed(said, [(at, tokens[at][1]) for at in whole], grouped=grouped)
    out |= dict(zip(parts, behind, strict=False))
    if point >= 0 and not behind and not any(tokens[at][1] == "0" for at in parts):
        out[point] = "" if parts else "."
    rendered = []
    for at, (kind, said) in enumerate(tokens):
        if kind == "place":
            rendered.append(out.get(at, "") if at < stop else "")
        elif kind == "exponent":
            rendered.append(power)
        elif kind == "plain" and said == ",":
            rendered.append("" if first < at < after + commas else said)
        else:
            rendered.append(out.get(at, said))
    return "".join(rendered).strip()


def _placed(digits: str, places: list[tuple[int, str]], *, grouped: bool) -> dict[int, str]:
    """The digits of a whole number in their places, the first of which takes what is left over."""
    zeros = sum(sign == "0" for _, sign in places)
    digits = digits.lstrip("0").rjust(zeros, "0")
    if not places:
        return {}
    if grouped:
        pieces: list[str] = []
        while len(digits) > 3:
            pieces.insert(0, digits[-3:])
            digits = digits[:-3]
        return {places[0][0]: ",".join(filter(None, [digits, *pieces]))}
    out: dict[int, str] = {}
    for at, _ in reversed(places[1:]):
        out[at], digits = digits[-1:], digits[:-1]
    out[places[0][0]] = digits
    return out


def _scaled(number: Decimal, whole: int, parts: int, sign: str, places: int) -> tuple[Decimal, str]:
    """A number between one and ten, or as many digits as stand before the point, and its power."""
    power = 0
    if number:
        power = number.adjusted()
        power -= power % whole if whole > 1 else 0
        rounded = number.scaleb(-power).quantize(Decimal(1).scaleb(-parts), rounding=ROUND_HALF_UP)
        if rounded >= Decimal(10) ** max(whole, 1):
            power += max(whole, 1)
        number = number.scaleb(-power)
    mark = "-" if power < 0 else ("+" if sign[1] == "+" else "")
    return number, f"{sign[0]}{mark}{abs(power):0{places}}"


def _fraction(number: Decimal, before: tuple[Token, ...], behind: str) -> str:
    """A number over the denominator that stands behind the bar, or over one of so many digits."""
    fixed = behind.isdigit() and behind.strip("0") != ""
    if fixed:
        below = int(behind)
        over = int((number * below).to_integral_value(ROUND_HALF_UP))
    else:
        near = Fraction(number).limit_denominator(10 ** min(len(behind), 4) - 1)
        over, below = near.numerator, near.denominator
    groups = "".join("#" if kind == "place" else " " for kind, _ in before).split()
    mixed = len(groups) > 1
    whole, over = divmod(over, below) if mixed else (0, over)
    said = f"{over}/{below}" if over or not mixed else ""
    return f"{whole or ''} {said}".strip() or "0"
