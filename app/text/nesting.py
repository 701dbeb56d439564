"""Which item of a list stands under which: by how far it is indented, and by how it is counted.

Where indentation tells nothing, as in much Chinese writing and in text taken from PDFs, the order
of the ways to count does: 一、 then （一） then 1、 then (1) then ①; 1. then (a) then (i).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from quire.text.lines import Line

_LEADS = re.compile(r"[:：]\s*$")
_STEP = 2  # blanks that an item is indented more than the one it stands under
_RANKS = (
    ("han",),
    ("inner",),
    ("step", "nth", "number"),
    ("dotted1",),
    ("dotted2",),
    ("dotted3",),
    ("dotted4",),
    ("inside", "letter", "inside_letter"),
    ("roman", "inside_roman", "circle"),
    ("bullet",),
)
_RANK = {style: rank for rank, styles in enumerate(_RANKS) for style in styles}


class Placed(Protocol):
    """An item with its place: `above` is that of the item it stands under, None where outermost."""

    @property
    def line(self) -> Line: ...
    @property
    def end(self) -> int: ...
    @property
    def above(self) -> int | None: ...


def marker(text: str, line: Line) -> str:
    """What items of one level have in common: the way to count, or the sign of a bullet."""
    return text[line.start] if line.style == "bullet" else line.style


def above(text: str, items: Sequence[Placed], line: Line, *, apart: bool) -> int | None:
    """The place of the item that a new one stands under, None where it is of the outermost list.
    It may stand `apart`, after a blank line."""
    said = marker(text, line)
    chain = list(_chain(items))
    for at, place in enumerate(chain):
        item = items[place]
        if line.indent >= item.line.indent + _STEP:
            return place
        if line.indent + _STEP <= item.line.indent:
            continue
        if said == marker(text, item.line):
            return item.above
        if any(said == marker(text, items[upper].line) for upper in chain[at + 1 :]):
            continue
        return place if _is_under(text, line, item, apart=apart) else item.above
    return None


def begins(
    text: str, items: Sequence[Placed], line: Line, over: int | None, *, apart: bool
) -> bool:
    """Whether an item that stands under none, but follows a list, begins another one: it is counted
    from one again, or stands apart and is counted in another way."""
    if over is not None:
        return False
    outermost = items[list(_chain(items))[-1]].line
    if marker(text, line) != marker(text, outermost):
        return apart
    return line.number == 1 and (outermost.number or 0) >= 1


def follows(text: str, items: Sequence[Placed], line: Line) -> bool:
    """Whether an item after something else goes on with a list: by the next number, or by the same
    bullet as far from the margin."""
    for place in _chain(items):
        item = items[place]
        if marker(text, item.line) == marker(text, line):
            if line.number is None:
                return abs(item.line.indent - line.indent) < _STEP
            return line.number == (item.line.number or 0) + 1
    return False


def as_counted(items: Sequence[Placed], line: Line) -> Line:
    """An item in the way in which it is counted: (i), (v) and (x) are letters where (h), (u) or (w)
    came before."""
    letters = line.style.replace("roman", "letter")
    before = {1: 8, 5: 21, 10: 23}.get(line.number or 0)
    if letters != line.style and before:
        chain = (items[place].line for place in _chain(items))
        if any(other.style == letters and other.number == before for other in chain):
            return replace(line, style=letters, number=before + 1)
    return line


def _chain(items: Sequence[Placed]) -> Iterator[int]:
    """The last item and those that it stands under, from the inside out."""
    place: int | None = len(items) - 1
    while place is not None:
        yield place
        place = items[place].above


def _is_under(text: str, line: Line, item: Placed, *, apart: bool) -> bool:
    """Whether an item that is counted in a new way begins a list under the one before it."""
    if _LEADS.search(text[item.line.start : item.end][-3:]):
        return True
    if line.style == item.line.style == "bullet":
        return True
    if line.style == "bullet" and apart:
        return False
    return line.number in {None, 1} and _RANK[line.style] > _RANK[item.line.style]
