"""What may be computed, and by which words a statement tells that it was.

"Together they have 5,390 m²" tells a sum; "降幅约为14.66%" a change in percent. Only what the
words allow is tried, so that no number is found to follow from others by chance.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from quire.verification import amounts, quantities, units
from quire.verification.amounts import Amount

Name = Literal[
    "sum", "difference", "rest", "share", "growth", "ratio", "rate", "product", "mean", "part"
]

_RISE = (
    r"increas\w*|ris(?:e|es|en|ing)|rose|grew|grow\w*|gain\w*|up|climb\w*|rais(?:e|ed|es)"
    r"|jump\w*|surg\w*"
    r"|expan(?:d\w*|sion)|exten(?:d\w*|sion)|added|adds?|higher|more|larger|bigger|greater"
    r"|longer|older|heavier|taller"
    r"|later|dearer|costlier|faster|exceed\w*|above|ahead|surplus|extra|additional"
    "|增[长加幅多大速]?|上[升涨调]|涨[幅了价]?|提[高升]|高[出于]?|多[出了]?|大于|超[出过]|长|重|晚|贵|净增|加快"
)
_FALL = (
    r"decreas\w*|declin\w*|fall(?:s|en|ing)?|fell|drop\w*|down|reduc\w*|lower\w*|less|fewer"
    r"|cut|cuts|loss|lost|shr[aiu]nk\w*"
    r"|smaller|shorter|younger|lighter|earlier|cheaper|slower|faster|quicker|below|behind|short|sav(?:e|es"
    r"|ed|ing|ings)|discount\w*|off|slump\w*"
    "|减少?|下[降跌滑调]|降[低幅了价]?|跌[幅了]?|少[了于]?|低[于了]?|缩[短小减]|短|轻|早|便宜|快|慢|节[省约]|省|亏"
)
_APART = (
    r"differ\w*|gap|chang\w*|spread|apart|margin|compar\w*|versus|vs|variance|swing"
    "|相差|差[额距异值]?|之差|变[动化]|相比|价差|变动幅度"
)
_REST = (
    r"remain\w*|left|rest|still|balance|other|others|outstanding|unused|minus|without"
    r"|excluding|except|deduct\w*|after|spare"
    "|剩余?|剩下|其余|余额?|余下|还有|扣除|除去|不含"
)
_SUM = (
    r"total\w*|sum\w*|altogether|together|combined|in all|all told|overall|adds? up|adding"
    r"|both|aggregate\w*|cumulative\w*|jointly"
    r"|amounts? to|in full|complete\w*|entire|plus|all|whole|comes? to|makes?"
    "|合计|总[计共和额量数]?|共[计有需]?|一共|累计|之和|加起来|相加|全部|全年|两者|三者|加总|上半年|下半年"
)
_PART_OF = (
    r"share\w*|proportion|account\w*|ma(?:de|kes?) up|represent\w*|fraction|portion|margin"
    r"|constitut\w*|compris\w*|占|比[例重]|份额|构成"
)
_SHARE = r"(?<=%) of|(?<=% \*\*) of|(?<=%\*\*) of|相当于|的(?=\s?[*约]*(?:\d|百分))"
_PERCENTAGE = r"per ?cent\w*|percentage|ratio|rate|equivalent|百分之|率"
_RATIO = (
    r"times|twice|fold|ratio|turnover|multiple|double|triple|factor|turned"
    r"|as (?:much|many|large|big|high|long|heavy|fast|old)"
    "|倍|比[率值]|周转|次|之比"
)
_RATE = (
    r"per|each|every|apiece|a (?:day|month|year|week|head|person|piece)|monthly|daily"
    r"|weekly|yearly|annual\w*|hourly|每|人均|单[价位]|月均|日均|年均|平分"
)
_PRODUCT = (
    r"per|each|every|for|cost\w*|mak(?:e|es|ing)|amount\w*|total\w*|need\w*|in all|altogether"
    r"|requir\w*|pay\w*|paid|worth|comes? to|claim\w*|owe\w*|spend\w*|spent|receiv\w*|earn\w*"
    r"|charg\w*|times|together|overall|adds? up|add|takes?|price\w*|bill\w*"
    "|每|共[计需有]?|合计|总[计共额价]?|需要?|为|费用|支付|付|应|可以?|报销?|得|收|花费?|一共|金额|价格"
)
_MEAN = r"averag\w*|mean|on average|平均|均[值为]|人均|月均|日均|年均"
_PART = (
    r"(?<=%) of|tax|vat|discount\w*|deposit|interest"
    r"|(?<=%)的|的(?=\s?\d+(?:\.\d+)?%)|折|税|利息|定金"
)
_MORE = (
    r"after|including|increased?|raised?|reduc\w*|cut|discount\w*|plus|税|折|涨价?|降价?|上调|下调"
)


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{'|'.join(alternatives)})(?![a-z])")


_ALLOWED: dict[Name, re.Pattern[str]] = {
    "sum": _words(_SUM),
    "difference": _words(_RISE, _FALL, _APART, _REST),
    "rest": _words(_REST),
    "share": _words(_PART_OF, _SHARE, _PERCENTAGE),
    "growth": _words(_RISE, _FALL, _APART),
    "ratio": _words(_RATIO),
    "rate": _words(_RATE),
    "product": _words(_PRODUCT),
    "mean": _words(_MEAN),
    "part": _words(_PART, _MORE),
}
_PLAIN: tuple[Name, ...] = ("difference", "sum", "mean", "rest", "product", "rate", "part")
_BY_UNIT: dict[str, tuple[Name, ...]] = {
    "%": ("share", "growth", "difference", "rest", "mean", "sum"),
    "‰": ("share",),
    "point": ("difference",),
    "fold": ("ratio",),
    "time": ("ratio", "difference", "sum", "product", "mean"),
    "": ("difference", "sum", "mean", "rest", "ratio", "product", "rate"),
}
_PARTS_OF, _SAYS_SHARE, _SAYS_MORE = _words(_PART_OF), _words(_PART_OF, _SHARE), _words(_MORE)
_SAYS_OVER = _words(_SHARE, r"ratio|as \w+ as|equivalent|比[率值]")  # a whole may be exceeded
_TIMES_MORE = re.compile(r"times (?:more|higher|larg|great|bigg)|增[长加]|[高多]出")
_RISES, _FALLS = _words(_RISE), _words(_FALL)
_FEW = 6  # numbers, of which each choice is summed up; of more, those that stand side by side
_ADDENDS = 8
_BOTH = _words(r"both|two|[两二]")
_SOME = _words(r"half|others?|remaining|rest|except|without|excluding", "半年|其[余他]|除|不含")
_NOT_MEASURED = frozenset(
    "yuan dollar euro gbp yen krw hkd twd franc ruble rupee crown".split()
) | {"", "person", "time", "fold", "%", "‰", "point"}
"""What a number in a table may be of though nothing beside it says so."""
_PERIODS = 12
_TIMES = frozenset({"year", "month", "quarter", "week", "day", "night", "hour"})
_COLUMN = 60  # cells that are summed up as a whole


class Candidate(NamedTuple):
    """What an operation gives on some operands; `bare` is the same without their scales, where that
    can be told. `formula` is its left side, and `percent` says that it is one."""

    value: float
    bare: float | None
    operands: tuple[Amount, ...]
    formula: str


def allowed(text: str, wanted: Amount) -> list[Name]:
    """The operations that a folded text tells by its words for a number of that unit.

    >>> from quire.verification.quantities import quantities
    >>> [allowed(s, amounts.of(quantities(s)[0])) for s in ("a total of 5 kg", "it fell by 5%")]
    [['sum', 'product'], ['growth', 'difference']]
    """
    names = _BY_UNIT.get(wanted.unit, _PLAIN)
    found = [name for name in names if _ALLOWED[name].search(text)]
    if "growth" in found and "share" in found and not _SAYS_SHARE.search(text):
        found.remove("share")
    return found if not wanted.in_words else []  # "over the two years" tells no outcome


def candidates(
    name: Name, wanted: Amount, pool: Sequence[Amount], *, text: str
) -> Iterator[Candidate]:
    """What an operation may give for a wanted number, on numbers that stand near each other."""
    if name in {"sum", "mean", "difference", "rest"}:
        fitting = [one for amount in pool if (one := amounts.in_unit(amount, wanted.unit))]
        if wanted.unit == "%":
            fitting = [one for one in fitting if one.unit == "%"]
        if wanted.unit == "point":
            fitting = [one for one in pool if one.unit in {"%", "", "point"}]
        # What is lost in the rounding of a sum is no part of it: 900 million and 2.2.
        for found in _ADDITIVE[name](wanted, fitting):
            if not _fits_as_addend(found.operands, wanted):
                continue
            if name in {"sum", "mean"} and _leaves_out(found.operands, fitting, text):
                continue
            largest = max(found.operands, key=lambda one: abs(one.value))
            if _scale(found.operands) or (
                len(found.operands) == 2
                and all(abs(one.value) > largest.step / 2 for one in found.operands)
            ):
                yield found
        if name == "sum":
            yield from _periods(wanted, pool)
    elif name == "product":
        yield from _products(wanted, pool)
    elif name == "part":
        yield from _parts(wanted, pool, text)
    else:
        yield from _quotients(name, wanted, pool, text)


def whole(name: Name, wanted: Amount, group: Sequence[Amount]) -> Iterator[Candidate]:
    """The sum or the mean of all of a group, such as a column of a table."""
    fitting = [one for amount in group if (one := amounts.in_unit(amount, wanted.unit))]
    if 2 <= len(fitting) == len(group) <= _COLUMN and _alike(fitting):
        yield _summed(fitting, mean=name == "mean")
        if len(fitting) > 2:
            yield _summed(fitting[:-1], mean=name == "mean")


def _leaves_out(chosen: Sequence[Amount], fitting: Sequence[Amount], text: str) -> bool:
    """Whether a sum leaves out what stands beside its addends, though the text does not say that it
    is of these alone: by their number, or by their names."""
    counts = _how_many(text)
    if counts:
        return len(chosen) not in counts
    texts = {one.quantity.text for one in chosen if one.quantity}
    beside = [
        one for one in fitting if one.quantity and one.quantity.text in texts and one not in chosen
    ]
    if not beside:
        return False
    if _SOME.search(text):
        return False
    left = frozenset().union(*(amounts.subject(one.quantity) for one in beside if one.quantity))
    return not all(
        any(word.rstrip("i") in text for word in amounts.subject(one.quantity) - left)
        for one in chosen
        if one.quantity
    )


@lru_cache(maxsize=64)  # asked for each set of addends of a statement
def _how_many(text: str) -> frozenset[int]:
    """How many things a text says in words that there are: "the three halls", both."""
    counts = {2} if _BOTH.search(text) else set()
    for one in quantities.quantities(text):
        amount = amounts.of(one)
        if amount and amount.in_words and amount.value in range(2, _ADDENDS + 1):
            counts.add(int(amount.value))
    return frozenset(counts)


def _fits_as_addend(chosen: Sequence[Amount], wanted: Amount) -> bool:
    """Whether amounts may be added: a measure is told of one of them at least, and so much for each
    is not added to how many there are."""
    if wanted.unit not in _NOT_MEASURED and not any(one.unit for one in chosen):
        return False
    rates = [one.is_rate for one in chosen]
    return all(rates) or not any(rates) or all(one.unit for one in chosen)


def _alike(chosen: Sequence[Amount]) -> bool:
    """Whether amounts are of one unit, as far as they say one."""
    said = [one.unit for one in chosen if one.unit]
    return all(units.alike(said[0], unit) for unit in said[1:])


def _scale(chosen: Sequence[Amount]) -> float | None:
    """The scale that amounts share; None where they do not."""
    first = chosen[0].scale
    return first if all(math.isclose(one.scale, first) for one in chosen) else None


def _choices(fitting: Sequence[Amount], *, least: int = 2) -> Iterator[tuple[Amount, ...]]:
    """The sets of numbers that are summed up: each of a few, of more each pair and those side by
    side."""
    if len(fitting) <= _FEW:
        for count in range(least, len(fitting) + 1):
            yield from itertools.combinations(fitting, count)
        return
    yield from itertools.combinations(fitting, 2)
    for count in range(max(3, least), min(_ADDENDS, len(fitting)) + 1):
        for at in range(len(fitting) - count + 1):
            yield tuple(fitting[at : at + count])


def _summed(chosen: Sequence[Amount], *, mean: bool) -> Candidate:
    by = len(chosen) if mean else 1
    text = _signed(chosen)
    return Candidate(
        math.fsum(one.value for one in chosen) / by,
        math.fsum(one.bare for one in chosen) / by if _scale(chosen) else None,
        tuple(chosen),
        f"({text}) ÷ {by}" if mean else text,
    )


def _signed(chosen: Sequence[Amount]) -> str:
    if len(chosen) > _ADDENDS:
        first, second, *_, last = (one.shown() for one in chosen)
        return f"{first} + {second} + … + {last} ({len(chosen)})"
    text = chosen[0].shown()
    for one in chosen[1:]:
        shown = one.shown()
        text += f" − {shown[1:]}" if shown[0] == "-" else f" + {shown}"
    return text


def _sums(_: Amount, fitting: Sequence[Amount]) -> Iterator[Candidate]:
    for chosen in _choices(fitting):
        if _alike(chosen):
            yield _summed(chosen, mean=False)


def _periods(wanted: Amount, pool: Sequence[Amount]) -> Iterator[Candidate]:
    """A sum over some years or months, in which an amount is paid more than once."""
    counts = [one for one in pool if one.unit in _TIMES and one.value in range(2, _PERIODS + 1)]
    paid = [one for one in pool if one.unit not in _TIMES and amounts.in_unit(one, wanted.unit)]
    for count in counts:
        for one, other in itertools.permutations(paid[:_FEW], 2):
            for times in range(2, int(count.value)) if _alike((one, other)) else ():
                first = count.value - times
                by = "" if first == 1 else f" × {first:.0f}"
                yield Candidate(
                    first * one.value + times * other.value,
                    first * one.bare + times * other.bare if _scale((one, other)) else None,
                    (one, other, count),
                    f"{one.shown()}{by} + {other.shown()} × {times}",
                )


def _means(_: Amount, fitting: Sequence[Amount]) -> Iterator[Candidate]:
    for chosen in _choices(fitting):
        if _alike(chosen):
            yield _summed(chosen, mean=True)


def _differences(wanted: Amount, fitting: Sequence[Amount]) -> Iterator[Candidate]:
    for one, other in itertools.combinations(fitting, 2):
        if not _alike((one, other)):
            continue
        if (one.value < other.value) != (wanted.value < 0):
            one, other = other, one  # noqa: PLW2901
        shown = other.shown()
        yield Candidate(
            one.value - other.value,
            one.bare - other.bare if _scale((one, other)) else None,
            (one, other),
            f"{one.shown()} − {f'({shown})' if shown[0] == '-' else shown}",
        )


def _rests(wanted: Amount, fitting: Sequence[Amount]) -> Iterator[Candidate]:
    """What is left of a whole when parts are taken off; of 100% too."""
    if wanted.unit == "%":
        for one in fitting:
            yield Candidate(100 - one.value, None, (one,), f"100% − {one.shown()}")
    if len(fitting) > _FEW:
        return
    for first in fitting:
        others = [one for one in fitting if one is not first]
        for chosen in _choices(others):
            if _alike((first, *chosen)):
                yield Candidate(
                    first.value - math.fsum(one.value for one in chosen),
                    first.bare - math.fsum(one.bare for one in chosen)
                    if _scale((first, *chosen))
                    else None,
                    (first, *chosen),
                    " − ".join(one.shown() for one in (first, *chosen)),
                )


_ADDITIVE = {"sum": _sums, "mean": _means, "difference": _differences, "rest": _rests}


def _quotients(
    name: Name, wanted: Amount, pool: Sequence[Amount], text: str
) -> Iterator[Candidate]:
    for one, other in itertools.permutations(pool, 2):
        if not other.value or one.value == other.value:
            continue
        ours = amounts.in_unit(one, other.unit) if one.unit and other.unit else one
        if name == "rate":
            if ours is None or not (one.unit and other.unit):
                yield from _rates(wanted, one, other)
        elif ours is not None and (one.unit == "%") == (other.unit == "%") and other.bare != 1:
            yield from (_growth if name == "growth" else _shares)(wanted, one, other, ours, text)


def _rates(wanted: Amount, one: Amount, other: Amount) -> Iterator[Candidate]:
    """So much of one for each of the other."""
    fits = not (wanted.unit and one.unit) or units.alike(wanted.unit, one.unit)
    if fits and "%" not in {one.unit, other.unit} and other.bare != 1:
        yield Candidate(
            one.value / other.value,
            one.bare / other.value,
            (one, other),
            f"{one.shown()} ÷ {other.shown()}",
        )


def _growth(
    wanted: Amount, one: Amount, other: Amount, ours: Amount, text: str
) -> Iterator[Candidate]:
    """By how many percent one is more than the other, or less, as the text says."""
    rises, falls = bool(_RISES.search(text)), bool(_FALLS.search(text))
    change = (ours.value - other.value) / abs(other.value) * _factor(wanted)
    if one.unit == "%" or (wanted.value < 0 < change):
        return
    if wanted.value > 0 and (rises, falls) == ((True, False) if change < 0 else (False, True)):
        return  # the words say the contrary
    shown, by = one.shown(), other.shown()
    if change < 0 < wanted.value:
        yield Candidate(-change, None, (one, other), f"({by} − {shown}) ÷ {by}")
    else:
        yield Candidate(change, None, (one, other), f"({shown} − {by}) ÷ {by}")


def _shares(
    wanted: Amount, one: Amount, other: Amount, ours: Amount, text: str
) -> Iterator[Candidate]:
    """What part of the other one is, or how many times as much; and how many times more."""
    quotient = ours.value / other.value
    if quotient > 1 and wanted.unit == "%" and not _SAYS_OVER.search(text):
        return
    shown, by = one.shown(), other.shown()
    if quotient > 1 and wanted.unit == "%" and _PARTS_OF.search(text):
        return
    if _is_turned(one, other, text):
        return
    yield Candidate(quotient * _factor(wanted), None, (one, other), f"{shown} ÷ {by}")
    if wanted.unit in {"fold", "time"} and quotient > 1 and _TIMES_MORE.search(text):
        yield Candidate(quotient - 1, None, (one, other), f"({shown} − {by}) ÷ {by}")


def _is_turned(one: Amount, other: Amount, text: str) -> bool:
    """Whether a text names what the second amount is of before what the first is of."""
    first, second = _place(one, other, text), _place(other, one, text)
    return first is not None and second is not None and second < first


def _place(one: Amount, other: Amount, text: str) -> int | None:
    """Where a text names what one amount is of, and the other is not."""
    if one.quantity is None or other.quantity is None:
        return None
    words = amounts.subject(one.quantity) - amounts.subject(other.quantity)
    places = [at for word in words if (at := text.find(word.rstrip("i"))) >= 0]
    return min(places, default=None)


def _factor(wanted: Amount) -> float:
    return {"%": 100.0, "‰": 1000.0}.get(wanted.unit, 1.0)


def _products(wanted: Amount, pool: Sequence[Amount]) -> Iterator[Candidate]:
    """A price times how many; or three factors, where there are only a few numbers."""
    counts = (2, 3) if len(pool) <= _FEW else (2,)
    for count in counts:
        for chosen in itertools.combinations(pool, count):
            if any(one.unit in {"%", "point", "‰"} or one.value in {0, 1} for one in chosen):
                continue
            if not any(one.is_rate for one in chosen):
                continue
            carry = [one for one in chosen if one.unit and units.alike(one.unit, wanted.unit)]
            if len(carry) > 1 or (wanted.unit and not carry and all(one.unit for one in chosen)):
                continue
            yield Candidate(
                math.prod(one.value for one in chosen),
                math.prod(one.bare for one in chosen),
                tuple(chosen),
                " × ".join(one.shown() for one in chosen),
            )


def _parts(wanted: Amount, pool: Sequence[Amount], text: str) -> Iterator[Candidate]:
    """Some percent of an amount, and it with these percent more or less."""
    for percent in (one for one in pool if one.unit == "%"):
        for one in pool:
            whole_ = amounts.in_unit(one, wanted.unit)
            if whole_ is None or one.unit == "%":
                continue
            ways = ((0.0, 1.0), (1.0, 1.0), (1.0, -1.0))
            for base, sign in ways if _SAYS_MORE.search(text) else ways[:1]:
                factor = base + sign * percent.value / 100
                sign_ = "+" if sign > 0 else "−"
                shown = f"(1 {sign_} {percent.shown()})" if base else percent.shown()
                yield Candidate(
                    whole_.value * factor,
                    whole_.bare * factor,
                    (one, percent),
                    f"{one.shown()} × {shown}",
                )
