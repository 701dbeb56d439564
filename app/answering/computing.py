"""What is computed over a table: counts, sums, means, the highest and the lowest.

A question that asks for one says so by a word ("how many", "in total", "cheapest", 平均); what is
computed over is a column that it names, or the only one with numbers. Nothing is computed where
units differ, or where cells that hold no number are more than a few.
"""

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quire.answering import bounds, measures, tables
from quire.answering.tables import Fit, Table
from quire.text import analysis, cells
from quire.text.cells import Number

Kind = Literal["count", "sum", "mean", "highest", "lowest"]

_MONEY = "price cost fee rate charge rent amount budget pay salary € £ $ eur usd gbp 价 费 金 额 元"
_MEASURE_ZH = "[个条行项家台份名种位款次座门笔件栋间辆张本组套]"
_WORDS: tuple[tuple[Kind, str, str], ...] = (
    (
        "highest",
        r"highest|largest|biggest|greatest|maximum|max|most(?! of\b)|best|top|"
        "最[高大多好强]",
        "",
    ),
    ("highest", r"most expensive|dearest|costliest|最贵", _MONEY),
    ("highest", r"heaviest|最重", "weight mass 重"),
    ("highest", r"longest|最长", "length duration 长 时"),
    ("highest", r"tallest|最高", "height 高"),
    ("highest", r"fastest|quickest|最快", "speed 速"),
    ("highest", r"oldest|最老", "age 龄"),
    ("highest", r"latest|newest|last|most recent|最[晚新近]", "date day time 日 时"),
    ("highest", r"(?:deepest|widest|warmest|hottest|loudest|strongest)|最[深宽热]", ""),
    ("lowest", r"lowest|smallest|least|fewest|minimum|min|worst|最[低小少]", ""),
    ("lowest", r"cheapest|least expensive|最便宜", _MONEY),
    ("lowest", r"lightest|最轻", "weight mass 重"),
    ("lowest", r"shortest|最短", "length duration 长 时"),
    ("lowest", r"slowest|最慢", "speed 速"),
    ("lowest", r"youngest|最年轻", "age 龄"),
    ("lowest", r"earliest|oldest|最早", "date day time 日 时"),
    ("lowest", r"(?:narrowest|coldest|quietest|weakest)|最[浅窄冷]", ""),
    ("mean", r"averages?|on average|mean(?= \w)|平均(?:值|数)?", ""),
    (
        "sum",
        r"(?:grand )?total(?: of)?|sum(?: of)?|altogether|combined|in all|in sum|add up to"
        "|合计|总计|总和|总额|一共|总共|共计|总数",
        "",
    ),
    (
        "count",
        rf"how many|the number of|count(?: of)?|(?:多少|几){_MEASURE_ZH}",
        "",
    ),
)
_ASKS = tuple(
    (kind, re.compile(rf"(?<![a-zA-Z])(?:{words})(?![a-zA-Z])", re.IGNORECASE), hint)
    for kind, words, hint in _WORDS
)
_ROWS = frozenset(map(analysis.stem, "record row entry line item".split()))
_ROWS_ZH = re.compile("[条行项笔个]?(?:记录|数据|条目)")
_COUNTED = re.compile(
    r"(?:how many|number of|count(?: of)?)\s+(?:different |distinct |all |the |of )*"
    r"(?P<thing>[\w.'’-]+(?:\s+[\w'’-]+){0,2})",
    re.IGNORECASE,
)
_COUNTED_ZH = re.compile(
    rf"(?:多少|几){_MEASURE_ZH}?(?P<thing>[\u4e00-\u9fff]{{1,6}})|(?P<before>(?!一共|总共|共有)[\u4e00-\u9fff]{{1,8}}?)"
    "(?:一共|总共|共)?有(?:多少|几)"
)
_TOTALS = re.compile(r"^(?:grand |sub)?total\b|^(?:合计|总计|共计|总额)", re.MULTILINE)
_AMONG = re.compile(
    r"\bof (?:the|these|those|all) (?:two|three|four|five|six|\d+)\b"
    "|[两三四五六](?:者|个)[之当]?[中里]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_CHOICE = re.compile(r"\bwhich\b|哪", re.IGNORECASE)
_LACKING = 0.34  # of a column's cells may hold no number


@dataclass(frozen=True, slots=True)
class Operation:
    """What a question wants computed: `said` are its words for it, and `hint` what the column that
    it is about may be called."""

    kind: Kind
    said: str
    hint: frozenset[str]


@dataclass(frozen=True, slots=True)
class Computed:
    """The outcome: `value` as it is told, over the column `column` (None for a count) of `over`
    rows of the table; `rows` are those that it rests on, the decisive ones of a highest or lowest.
    `left_out` rows hold no number."""

    kind: Kind
    value: str
    column: str | None
    over: int
    rows: tuple[int, ...]
    left_out: int = 0
    terms: tuple[str, ...] = ()
    across: bool = False  # the columns of one row were compared


def operations(question: str) -> list[Operation]:
    """What a question may want computed, by its words, the most particular first.

    >>> [one.kind for one in operations("Which is the cheapest?")], operations("Who pays?")
    (['lowest'], [])
    >>> [one.kind for one in operations("一共有多少个站点？")]
    ['sum', 'count']
    """
    found: list[Operation] = []
    for kind, pattern, hint in _ASKS:
        if said := pattern.search(question):
            found.append(Operation(kind, said[0], frozenset(hint.split())))
    return found


def compute(question: str, table: Table) -> tuple[Fit, Computed] | None:
    """What a question wants computed over a table; None where it wants nothing, where the table
    says it already (a row "Total", a column "Highest bid"), or where it cannot be told."""
    wanted = operations(bounds.without(question))
    if not wanted or _is_stated(question, wanted, table):
        return None
    among = _AMONG.search(question)
    known = [*(one.said for one in wanted), *([among[0]] if among else [])]
    fit = tables.fit(question, table, known=known)
    if fit.missing:
        return None
    for one in wanted:
        if one.kind == "count":
            if found := _counted(question, fit):
                return fit, found
            continue
        among_all = _compared(question, one, fit)
        if found := _over_column(one, among_all):
            return among_all, found
        if found := _across(one, fit):
            return fit, found
    return None


def _compared(question: str, wanted: Operation, fit: Fit) -> Fit:
    """The rows that are compared: who asks which of them is highest does not mean the one row that
    happens to have a word of what all of them are, as Swift Lifts has of "which lift company"."""
    alone = fit.partly and len(fit.rows) == 1 and not fit.bounds
    if not alone or wanted.kind not in {"highest", "lowest"} or not _CHOICE.search(question):
        return fit
    every = tuple(range(len(fit.table.rows)))
    return dataclasses.replace(fit, rows=every, chose=(), partly=False)


def _is_stated(question: str, wanted: Sequence[Operation], table: Table) -> bool:
    """Whether the table itself says what would be computed: as a row "Total", in the name of a row
    or column, or in a cell that goes on as the question does (最高允许压力)."""
    names = analysis.fold("\n".join((*table.columns, *table.column(0))))
    if any(one.kind == "sum" for one in wanted) and _TOTALS.search(names):
        return True
    folded = analysis.fold(question)
    for one in (one for one in wanted if one.kind != "count"):
        said = re.escape(analysis.fold(one.said))
        if re.search(rf"(?<![a-z]){said}(?![a-z])", names):
            return True
        goes_on = re.search(rf"{said}(?:\s*[\u4e00-\u9fff]{{2}}|\s+[a-z]+)", folded)
        if goes_on and any(goes_on[0] in analysis.fold(row.text) for row in table.rows):
            return True
    return False


def _counted(question: str, fit: Fit) -> Computed | None:
    """How many rows there are, where what is counted is what the rows are about; or the sum of the
    column that counts it."""
    thing = _thing(question)
    words = cells.words(thing)
    content = {word for word in words if word not in analysis.stop_terms()}
    if not content:
        return None
    table = fit.table
    bound = {at for at, _ in fit.bounds}
    for at in fit.columns:
        if not at or at in bound or not _numbers(fit, at):
            continue
        if fit.names_rows:
            return None
        if content & cells.bag(cells.words(table.columns[at])):
            return _over_column(Operation("sum", "", frozenset()), fit)
    generic = bool(_ROWS_ZH.search(thing)) or bool(content & _ROWS)
    near = cells.bag(cells.words(table.near))
    bag = cells.bag(words) - analysis.stop_terms()
    if any(cells.is_han(word) for word in words):
        bag = frozenset(word for word in bag if len(word) > 1) or bag
    chosen = {word for at in fit.rows[:1] for word in cells.bag(cells.words(table.rows[at].text))}
    if not (generic or bag & near or (fit.names_rows and bag <= chosen)):
        return None
    return Computed("count", f"{len(fit.rows):,}", None, len(table.rows), fit.rows)


def _thing(question: str) -> str:
    """What a question counts.

    >>> _thing("How many closed projects are there?"), _thing("一共有多少个站点？")
    ('closed projects', '站点')
    """
    if found := _COUNTED.search(question):
        kept = []
        for word in found["thing"].split():
            if analysis.stem(word.casefold()) in analysis.stop_terms():
                break
            kept.append(word)
        return " ".join(kept)
    said = [found["thing"] or found["before"] for found in _COUNTED_ZH.finditer(question)]
    return next(filter(None, said), "")


def _over_column(wanted: Operation, fit: Fit) -> Computed | None:
    """A sum, a mean, the highest or the lowest of a column."""
    at = _column(wanted, fit)
    if at is None:
        return None
    found = _numbers(fit, at) or []
    table = fit.table
    held = {row for row, _ in found}
    blank = sum(row not in held for row in fit.rows)
    value, rows = _value(wanted.kind, found, table, at)
    if not value:
        return None
    terms = tuple(table.rows[row].cells[at][1] for row, _ in found)
    return Computed(
        wanted.kind, value, table.columns[at], len(found), rows, blank, terms if rows else ()
    )


def _column(wanted: Operation, fit: Fit) -> int | None:
    """The column to compute over: one that is named, one that may be meant, or the only one."""
    every = range(len(fit.table.columns))
    bound = {at for at, _ in fit.bounds}
    asked = [at for at in fit.columns if at and at not in bound]
    named = [at for at in asked if _numbers(fit, at)]
    if not named and any(_found(fit, at) for at in asked):
        return None  # its numbers are of several units: no other column is meant
    meant = [at for at in every[1:] if _meant(fit, at, wanted.hint)] if not named else []
    if found := named or [at for at in meant if _numbers(fit, at)]:
        return found[0] if len(found) == 1 else None
    numeric = [at for at in every if _numbers(fit, at)]
    found = [at for at in numeric if at] or numeric
    return found[0] if len(found) == 1 else None


def _meant(fit: Fit, at: int, hint: frozenset[str]) -> bool:
    if not hint:
        return False
    sample = next((cell for cell in fit.table.column(at) if cell), "")
    said = analysis.fold(f"{fit.table.columns[at]} {sample}")
    words = _WORD.findall(said)
    # stems of plurals alone: "rated" is no rate
    known = {*words, *(analysis.stem(word) for word in words if word.endswith("s")), *said}
    return any(word in known or analysis.stem(word) in known for word in hint)


def _across(wanted: Operation, fit: Fit) -> Computed | None:
    """The highest or lowest cell of one row, where the columns are the things compared."""
    if len(fit.rows) != 1 or not fit.names_rows or wanted.kind not in {"highest", "lowest"}:
        return None
    cells_ = fit.table.rows[fit.rows[0]].cells
    found = [(at, one) for at, (_, cell) in enumerate(cells_) if at and (one := cells.number(cell))]
    alike = measures.alike([one for _, one in found])
    if alike is None or len(found) < 2:
        return None
    pick = max if wanted.kind == "highest" else min
    best = pick(alike)
    named = [found[at][0] for at, value in enumerate(alike) if value == best]
    value = f"{cells_[named[0]][1]} ({', '.join(fit.table.columns[at] for at in named)})"
    return Computed(wanted.kind, value, cells_[0][1], len(found), fit.rows, across=True)


def _numbers(fit: Fit, at: int) -> list[tuple[int, Number]] | None:
    """The numbers of a column in the rows that a question is about, in one unit; None where it is
    no column of numbers."""
    found = _found(fit, at)
    alike = measures.alike([one for _, one in found]) if found else None
    if alike is None:
        return None
    return [
        (row, Number(value, one.unit, one.kind, one.decimals))
        for (row, one), value in zip(found, alike, strict=True)
    ]


def _found(fit: Fit, at: int) -> list[tuple[int, Number]]:
    """… each in its own unit; empty where too few cells are numbers."""
    found: list[tuple[int, Number]] = []
    for row in fit.rows:
        values = fit.table.rows[row].cells
        cell = values[at][1] if at < len(values) else ""
        if cell and (one := cells.number(cell)):
            found.append((row, one))
    return found if len(found) >= (1 - _LACKING) * len(fit.rows) else []


def _value(
    kind: Kind, found: Sequence[tuple[int, Number]], table: Table, at: int
) -> tuple[str, tuple[int, ...]]:
    """What is told, and the rows that it rests on; empty where it cannot be computed."""
    if kind in {"highest", "lowest"}:
        best = (max if kind == "highest" else min)(one.value for _, one in found)
        rows = tuple(row for row, one in found if one.value == best)
        return _with_unit(table.rows[rows[0]].cells[at][1], table, at), rows
    if len({measures.unit(one.unit) for _, one in found}) > 1 or found[0][1].kind != "number":
        return "", ()
    total = math.fsum(one.value for _, one in found)
    decimals = max(one.decimals for _, one in found)
    if kind == "mean":
        total /= len(found)
        decimals = min(decimals + 2, 6)
    told = f"{total:,.{decimals}f}"
    if kind == "mean" and "." in told:
        told = told.rstrip("0").rstrip(".")
    unit = found[0][1].unit
    if unit[:1] in {"€", "£", "$", "¥"}:
        told = f"{unit[0]}{told}{unit[1:]}"
    elif unit:
        told = f"{told}{unit}" if unit[0] in "%‰" else f"{told} {unit}"
    return _with_unit(told, table, at), tuple(row for row, _ in found)


def _with_unit(value: str, table: Table, at: int) -> str:
    """A value with the unit that stands over its column or its table."""
    if number := cells.number(value):
        unit = cells.unit_at(table.rows[0], table.columns[at])
        if unit and not number.unit and number.kind == "number":
            return f"{value} {unit}"
    return value
