"""Bounds that a question sets: "larger than 50 m²", "between 10 and 20 euros", 面积超过50平方米的.

A bound chooses the rows of a table whose cell of a column lies within it. Which column that is, the
word after the number tells, or the unit, or what the question names, or the comparative; a column
without numbers has no bounds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quire.answering import measures
from quire.text import analysis, cells
from quire.text.cells import Number
from quire.verification import units

_HINTS = {
    "price cost fee rate charge rent amount budget 价 费 金 额": (
        "cheaper dearer pricier expensive cost costs pay pays 贵 便宜"
    ),
    "area size surface capacity 面 积": "larger bigger smaller 大 小",
    "weight mass 重": "heavier lighter weigh weighs weighing 重 轻",
    "length duration time 长": "longer shorter last lasts lasting take takes took 长 短",
    "height 高": "taller",
    "width 宽": "wider narrower 宽 窄",
    "depth 深": "deeper shallower 深 浅",
    "age 龄": "older younger",
    "speed 速": "faster slower 快 慢",
    "date day time year begin begun start 日 时 年": (
        "later earlier after before begin begins began start starts started 晚 早"
    ),
}
"""What a column may be called, by the words for what is bound."""
_MORE = (
    r"(?:more(?: expensive)?|greater|larger|bigger|higher|longer|heavier|older|taller|wider|faster"
    r"|later|dearer|deeper|pricier) than|above|over|exceed(?:s|ing)?|after"
    "|超过|大于|高于|多于|长于|重于|晚于|贵于|大过"
)
_LESS = (
    r"(?:less(?: expensive)?|fewer|smaller|lower|shorter|lighter|cheaper|younger|narrower|slower"
    r"|earlier|shallower) than|under|below|before|低于|小于|少于|短于|轻于|早于|不足|不到|不满"
)
_LEAST = (
    r"at least|(?:no|not) (?:less|fewer|smaller|lower|shorter|lighter|cheaper|earlier) than"
    "|not (?:below|under)|不少于|不低于|不小于|不短于|至少"
)
_MOST = (
    r"at most|up to|(?:no|not) (?:more|greater|larger|higher|longer|heavier|later) than"
    r"|not (?:above|over|exceeding)|不超过|不高于|不大于|不多于|至多|最多"
)
_FROM = r"(?:and|or) (?:more|above|over|larger|longer|higher|heavier|later)|[及或]?以上"
_TO = r"(?:and|or) (?:less|fewer|below|under|smaller|shorter|lower|lighter|earlier)|[及或]?以[下内]"
_NUMBER = r"(?:(?:[€£¥]|US\$|\$|(?:EUR|GBP|USD|CNY|CHF))\s?)?\d[\d,.:/-]*(?<![,.:/-])"
_DAY = r"\d{4}[-/.年]\d{1,2}(?:[-/.月](?:\d{1,2}日?)?)?"
_VALUE = rf"(?:{_DAY}|{_NUMBER})"
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+(?P<low>{_VALUE})(?P<of_low>[^\d,.?]{{0,16}}?)\s*(?:and|to|–|-)\s*(?P<high>{_VALUE})"
    rf"|在?(?P<low_zh>{_VALUE})(?P<of_low_zh>[^\d，。？,.?]{{0,6}}?)(?:[和到至~～—–-])(?P<high_zh>{_VALUE})"
    r"(?=[^\d，。？]{0,6}之间)",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?:(?P<least>{_LEAST})|(?P<most>{_MOST})|(?P<more>{_MORE})|(?P<less>{_LESS}))了?\s*"
    rf"(?:the year )?(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"^\s*(?:(?P<counted>[a-z]+)\s+)?(?:(?P<from>{_FROM})|(?P<to>{_TO}))", re.IGNORECASE
)
_BARE = re.compile(_VALUE)
_BETWEEN_ZH = re.compile("^之间")
_NOUN = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
_BEFORE = 30  # characters before a bound in which may stand what is bound
_SHORT = 3  # letters of a unit that ends the name of a column: "weight kg"
_NUMERIC = 0.66  # of a column's cells hold a number


@dataclass(frozen=True, slots=True)
class Bound:
    """From `low` to `high`, either of which may be open; `strict` says that they do not belong to
    it themselves. `said` are the question's words for it, `counted` the word after the number, and
    `hint` what the column may be called."""

    low: Number | None
    high: Number | None
    strict: bool
    said: str
    counted: str
    hint: frozenset[str]

    def told(self, column: str) -> str:
        """As it is told of a column.

        >>> read("Which rooms are larger than 50 m²?")[0].told("Area")
        'Area > 50 m²'
        """
        column = cells.without_unit(column)
        low, high = (_told(one) if one else "" for one in (self.low, self.high))
        if low and high:
            return f"{column}: {low} – {high}".strip(": ")
        sign = ("<" if high else ">") if self.strict else ("≤" if high else "≥")
        return f"{column} {sign} {low or high}".strip()

    def holds(self, cell: str, *, column: str) -> bool:
        """Whether the number of a cell lies within it."""
        number = cells.number(cell)
        if number is None:
            return False
        number = _with_unit(number, column)
        for end, sign in ((self.low, 1), (self.high, -1)):
            if end is None:
                continue
            both = _comparable(number, end)
            if both is None or sign * (both[0] - both[1]) < 0:
                return False
            if self.strict and both[0] == both[1]:
                return False
        return True


def read(question: str) -> list[Bound]:
    """The bounds that a question sets.

    >>> [(b.low.value, b.high.value) for b in read("What costs between 10 and 20 euros?")]
    [(10.0, 20.0)]
    >>> [(b.said, b.strict) for b in read("面积不少于50平方米的有哪些？")]
    [('不少于50平方米', False)]
    >>> read("What is the limit for 50 kg?")
    []
    """
    found: list[Bound] = []
    for match in _BETWEEN.finditer(question):
        low = match["low"] or match["low_zh"]
        high = match["high"] or match["high_zh"]
        unit, end = _unit_after(question, match.end())
        own = (match["of_low"] or match["of_low_zh"] or "").strip()
        if own and measures.unit(own) != measures.unit(unit):
            continue
        if closing := _BETWEEN_ZH.match(question[end:]):
            end += closing.end()
        ends = _number(low, unit), _number(high, unit)
        if ends[0] and ends[1]:
            found.append(_bound(question, match.start(), end, ends[0], ends[1], strict=False))
    for match in _ONE.finditer(question):
        unit, end = _unit_after(question, match.end())
        number = _number(match["value"], unit)
        if number is None or _overlaps(found, question, match.start(), end):
            continue
        strict = not (match["least"] or match["most"])
        up = match["least"] or match["more"]
        ends = (number, None) if up else (None, number)
        found.append(_bound(question, match.start(), end, *ends, strict=strict))
    for match in _BARE.finditer(question):
        unit, end = _unit_after(question, match.end())
        after = _AFTER.match(question[end:])
        number = _number(match[0], unit) if after else None
        if after is None or number is None:
            continue
        if not _overlaps(found, question, match.start(), end):
            ends = (number, None) if after["from"] else (None, number)
            end += after.end()
            made = _bound(question, match.start(), end, *ends, strict=False)
            found.append(replace(made, counted=after["counted"] or ""))
    return found


def without(question: str) -> str:
    """A question without the words for its bounds: "at least 40" asks for no minimum."""
    for bound in read(question):
        question = question.replace(bound.said, " ")
    return question


def words(bound: Bound) -> frozenset[str]:
    """Words that only say what is bound: "costs", "weighs"."""
    said = (said for names, said in _HINTS.items() if {*names.split()} <= bound.hint)
    return cells.bag(cells.words(" ".join(said)))


def column(
    bound: Bound, names: Sequence[str], columns: Sequence[Sequence[str]], named: Sequence[int]
) -> int | None:
    """The column that a bound is about, given the cells of all and those that a question names."""
    counted = cells.bag(cells.words(bound.counted))
    numeric = [at for at, of in enumerate(columns) if at and _fits(bound, names[at], of)]
    for at, name in enumerate(names):
        if counted & cells.bag(cells.words(cells.without_unit(name))):
            return at if at in numeric else None
    end = bound.low or bound.high
    unit = measures.unit(end.unit) if end else ""
    for among in (
        [at for at in numeric if at in named],
        [at for at in numeric if _called(names[at], bound.hint)],
        [at for at in numeric if unit and _unit_of(names[at], columns[at])],
        numeric if not unit else [],
    ):
        if among:
            return among[0] if len(among) == 1 else None
    return None


def _bound(
    question: str, start: int, end: int, low: Number | None, high: Number | None, *, strict: bool
) -> Bound:
    noun = _NOUN.match(question[end:])
    before = question[max(0, start - _BEFORE) : end].casefold()
    words = {*re.findall(r"[a-z]+", before), *question[max(0, start - 2) : end]}
    hint = frozenset(
        name for names, said in _HINTS.items() if words & {*said.split()} for name in names.split()
    )
    return Bound(low, high, strict, question[start:end].strip(), noun[1] if noun else "", hint)


def _overlaps(found: Sequence[Bound], question: str, start: int, end: int) -> bool:
    spans = [(at := question.find(one.said), at + len(one.said)) for one in found]
    return any(first < end and start < last for first, last in spans)


def _unit_after(question: str, at: int) -> tuple[str, int]:
    """The unit that stands after a number, as it is written, and where it ends."""
    folded = analysis.fold(question)
    if len(folded) != len(question):
        folded = question.casefold()
    _, end = units.after(folded, at)
    return question[at:end].strip(), end


def _number(written: str, unit: str) -> Number | None:
    return cells.number(f"{written} {unit}".strip())


def _told(number: Number) -> str:
    if number.kind == "date":
        year, rest = divmod(int(number.value), 372)
        return f"{year}-{rest // 31 + 1:02}-{rest % 31 + 1:02}"
    if number.kind == "clock":
        return f"{int(number.value) // 60:02}:{int(number.value) % 60:02}"
    return f"{number.value:,.{number.decimals}f} {number.unit}".strip()


def _with_unit(number: Number, column: str) -> Number:
    """A number with the unit that its column's name says, where it has none itself."""
    if number.unit or number.kind != "number":
        return number
    return Number(number.value, _unit_in(column), number.kind, number.decimals)


def _unit_in(column: str) -> str:
    """The unit that a column's name says: in brackets, as its short last word, or as a whole.

    >>> _unit_in("weight kg"), _unit_in("hours"), _unit_in("Price per day")
    ('kg', 'hours', '')
    """
    if unit := cells.unit_of(column):
        return unit
    said = re.sub(r"\b(?:per|an?|each)\s+\S+$", "", column).split()
    last = said[-1] if said and (len(said) == 1 or len(said[-1]) <= _SHORT) else ""
    known, end = units.after(analysis.fold(last), 0)
    return last if known and end == len(last) else ""


def _comparable(number: Number, end: Number) -> tuple[float, float] | None:
    """Both values in one unit; a number without a unit is taken to be in the other's."""
    if number.kind == end.kind and not (number.unit and end.unit):
        return number.value, end.value
    both = measures.alike([number, end])
    return (both[0], both[1]) if both else None


def _fits(bound: Bound, name: str, of: Sequence[str]) -> bool:
    """Whether the cells of a column are numbers that the bound can be compared with."""
    filled = [cell for cell in of if cell]
    numbers = [_with_unit(one, name) for cell in filled if (one := cells.number(cell))]
    end = bound.low or bound.high
    if end is None or not numbers or len(numbers) < _NUMERIC * len(filled):
        return False
    return sum(_comparable(one, end) is not None for one in numbers) >= _NUMERIC * len(numbers)


def _called(name: str, hint: frozenset[str]) -> bool:
    said = analysis.fold(name)
    words = {*analysis.terms(said), *said}
    return any(one in words or analysis.stem(one) in words for one in hint)


def _unit_of(name: str, of: Sequence[str]) -> str:
    number = next((one for cell in of if (one := cells.number(cell))), None)
    return measures.unit(_with_unit(number, name).unit) if number else ""
