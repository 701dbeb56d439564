"""Rows of tables as quotes: what a row says under its header, and what no sentence may mix of it.

A row says of its label, and of each column, one thing. That the number stands in the row is not
enough: "Model A has 7.5 kW" takes the number of another column, "Model B weighs 7.5 kg" of another
row, and a single letter is all that tells them apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from quire.records import Statement
from quire.text import analysis, cells
from quire.text.cells import Words
from quire.verification import clauses, opposites

_SCALE = re.compile(r"\b(thousand|million|billion)s?\b(?: of)?", re.IGNORECASE)
_LETTER = re.compile(r"(?<=[^\W\d_] )[B-HJ-Z](?![\w’'&-]|\.\s?[A-Z])|(?<=[^\W\d_] )A(?=[,.;:)]|$)")
"""A capital by itself that is a name: hall C. "A" may be an article."""
_CHANGE = re.compile(
    r"\b(?:change|growth|variation|year[- ]on[- ]year|yoy)\b|增减|同比|环比|变动|增长",
    re.IGNORECASE,
)
_FALLS = re.compile(
    r"\b(?:fell|fall(?:s|en|ing)?|decreas\w+|declin\w+|drop(?:s|ped)?|shr[ai]nk\w*|shrunk)\b"
    "|下降|减少|降低|下滑|下跌|回落|缩减|降了",
    re.IGNORECASE,
)
_RISES = re.compile(
    r"\b(?:rose|ris(?:e|es|en|ing)|increas\w+|grew|grow(?:s|n|th|ing)?|climb\w*|gain\w*)\b"
    "|增长|增加|上升|提高|上涨|提升|涨了",
    re.IGNORECASE,
)

LIGHT = frozenset(
    map(analysis.stem, "stands located costs weighs amounts belongs reads means measures".split())
)
"""Verbs that only join a row's label, its columns and its cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row taken apart into words. `columns` are the names of the columns after the first and
    their cells, `beside` the labels of other rows, and `changes` the numbers of columns that say by
    how much something changed, with whether it fell."""

    label: Words
    columns: tuple[tuple[Words, Words], ...]
    every: frozenset[str]
    beside: frozenset[Words]
    changes: tuple[tuple[Words, bool], ...] = ()


def labels(told: Iterable[Statement]) -> dict[int | None, frozenset[Words]]:
    """The labels of the rows among statements, by table."""
    found: dict[int | None, set[Words]] = {}
    for one in told:
        if one.kind == "row" and one.cells:
            found.setdefault(one.group, set()).add(cells.words(one.cells[0][1]))
    return {group: frozenset(words) for group, words in found.items()}


def row(statement: Statement, beside: frozenset[Words]) -> Row:
    """A row, with the labels of all rows of its table."""
    label = cells.words(statement.cells[0][1])
    under = " ".join(stretch.text for stretch in statement.under)
    return Row(
        label,
        tuple((cells.words(name), cells.words(cell)) for name, cell in statement.cells[1:]),
        frozenset(cells.words(f"{statement.told} {under}")),
        beside - {label},
        tuple(_changes(statement)),
    )


def _changes(statement: Statement) -> Iterator[tuple[Words, bool]]:
    for name, cell in statement.cells[1:]:
        number = cells.number(cell) if _CHANGE.search(name) else None
        if number and number.kind == "number" and number.value:
            yield _key(cells.words(cell)), number.value < 0


def said(statement: Statement, *, scaled: bool = True) -> str:
    """What a row says, with the units that stand over its columns or its table, and a number in
    parentheses as the negative one that it is. Not `scaled` it is without "in thousands".

    >>> said(Statement("row", 0, 7, "B | 7.5", cells=(("Model", "B"), ("Power (kW)", "7.5"))))
    'Model: B · Power: 7.5 kW'
    """
    told = []
    for name, cell in statement.cells:
        if cell:
            unit = cells.unit_at(statement, name)
            value = _with_unit(cell, unit if scaled else _SCALE.sub("", unit).strip())
            bare = cells.without_unit(name)
            told.append(f"{bare}: {value}" if bare and bare != cell else value)
    return " · ".join(told)


def _with_unit(cell: str, unit: str) -> str:
    number = cells.number(cell)
    if number is None or number.kind != "number":
        return cell
    if number.value < 0 and cell.lstrip()[:1] in "(（":
        cell = f"-{cell.strip(' ()（）')}"
    if not unit or number.unit.strip("€£$¥ "):
        return cell
    if scale := _SCALE.search(unit):
        rest = _SCALE.sub("", unit).strip()
        return f"{cell} {scale[1].lower()} {rest}".strip()
    return f"{cell}{unit}" if cells.is_han(unit[0]) else f"{cell} {unit}"


def is_of_another(text: str, one: Row) -> bool:
    """Whether a sentence names another row of the table, and not this one."""
    words = cells.words(text)
    telling = {word for word in one.label if word not in analysis.stop_terms()}
    return not telling & {*words} and names_others(text, one)


def names_others(text: str, one: Row) -> bool:
    """Whether a sentence names another row of the table."""
    words = cells.words(text)
    return any(
        _place(words, label) is not None
        for label in one.beside
        if any(word not in one.every and not word.isdigit() for word in label)
    )


def keeps_columns(text: str, one: Row) -> bool:
    """Whether what a sentence says of a column is what stands in it, and a change by its number
    goes the way that its sign says.

    >>> cells_ = (("", "Rated power"), ("Model A", "5.5 kW"), ("Model B", "7.5 kW"))
    >>> it = row(Statement("row", 0, 0, "", cells=cells_), frozenset())
    >>> [keeps_columns(f"Model {said} kW.", it) for said in ("B has 7.5", "A has 5.5", "A has 7.5")]
    [True, True, False]
    """
    names = [frozenset(name) for name, _ in one.columns]
    common = frozenset.intersection(*names) if len(names) > 1 else frozenset()
    for part in clauses.texts(text) or [text]:
        words = cells.words(part)
        named: dict[int, int] = {}
        valued: dict[int, int] = {}
        for at, (name, cell) in enumerate(one.columns):
            own = [word for word in name if word not in common]
            places = [words.index(word) for word in own if word in words]
            if own and len(places) == len(own):
                named[at] = min(places)
            place = _value(words, cell)
            if place is not None:
                valued[at] = place
        if not _agree(one, named, valued):
            return False
    return not turns(text, one)


def turns(text: str, one: Row) -> bool:
    """Whether a sentence about a row lets fall what rose by a number of it, or rise what fell.

    >>> grew = (("", "Fees"), ("2023", "12"), ("Change", "17.4%"))
    >>> it = row(Statement("row", 0, 0, "", cells=grew), frozenset())
    >>> turns("Fees rose by 17.4%.", it), turns("Fees fell by 17.4%.", it)
    (False, True)
    """
    told = {word for word in one.label if word not in analysis.stop_terms()}
    about = bool(told & {*cells.words(text)})
    return about and any(_turns(part, one) for part in clauses.texts(text) or [text])


def _turns(part: str, one: Row) -> bool:
    falls, rises = _FALLS.search(part) is not None, _RISES.search(part) is not None
    if falls == rises or opposites.negated(part):
        return False
    words = cells.words(part)
    return any(
        fell != falls and (key, falls) not in one.changes and _place(words, key) is not None
        for key, fell in one.changes
    )


def _agree(one: Row, named: dict[int, int], valued: dict[int, int]) -> bool:
    told = {_key(one.columns[at][1]) for at in named}
    stray = [at for at in valued if at not in named and _key(one.columns[at][1]) not in told]
    if stray and any(at not in valued for at in named):
        return False
    both = [at for at in named if at in valued]
    apart = len({valued[at] for at in both}) == len(both)
    return not apart or sorted(both, key=named.__getitem__) == sorted(both, key=valued.__getitem__)


def _key(cell: Words) -> Words:
    """What tells the value of a cell from others: its numbers, or all of it."""
    numbers = tuple(word for word in cell if word[0].isdigit())
    return numbers or cell


def _value(words: Words, cell: Words) -> int | None:
    key = _key(cell)
    return _place(words, key) if key else None


def _place(words: Sequence[str], phrase: Words) -> int | None:
    length = len(phrase)
    for at in range(len(words) - length + 1) if phrase else ():
        if words[at] == phrase[0] and tuple(words[at : at + length]) == phrase:
            return at
    return None


def letters(text: str) -> frozenset[str]:
    """The single capitals that name something in a sentence.

    >>> sorted(letters("Press B stands in hall C, plan A.")), letters("A press is there.")
    (['A', 'B', 'C'], frozenset())
    """
    return frozenset(_LETTER.findall(text))
