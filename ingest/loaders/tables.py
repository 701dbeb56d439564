"""Rows of a table whose cells may span several rows and columns, as lines of text.

Each cell stands under its header: one that spans rows is said in each of them, so that a row can be
read alone; a header that spans columns is said over each of them; and another cell that does has
empty ones beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quire.ingest.limits import Limits
from quire.ingest.loaders.content import CELL_BREAK

_MOST_ROWS = 1000  # that one cell is said in; more is a number that nobody meant
_REPEATED = 2000  # characters that a row may take from cells that were said before


@dataclass(slots=True)
class Cell:
    """A cell in one line of text, with how many columns and rows it takes."""

    text: str
    columns: int = 1
    rows: int = 1
    is_header: bool = False


def lines(table: Iterable[Sequence[Cell]], *, limits: Limits) -> str:
    """The rows that hold text, at most as many of them and of their columns as the limits allow.

    >>> row = [Cell("Fee", columns=2, is_header=True), Cell("Note", is_header=True)]
    >>> print(lines([row, [Cell("5", rows=2), Cell("a"), Cell("b")], [Cell("c")]], limits=Limits()))
    Fee | Fee | Note
    5 | a | b
    5 | c
    """
    out: list[str] = []
    size = 0
    above: _Above = {}
    for at, row in enumerate(table):
        cells, above = _row(row, above, limits.table_columns, first=at == 0)
        if any(cell.text for cell in row):
            out.append(CELL_BREAK.join(cells).rstrip(CELL_BREAK))
            size += len(out[-1])
        if size > limits.characters:
            break
    return "\n".join(out)


_Above = dict[int, tuple[Cell, int]]
"""By column: the cell of a row above that it belongs to, and in how many rows more."""


def _row(row: Sequence[Cell], above: _Above, most: int, *, first: bool) -> tuple[list[str], _Above]:
    """The texts of a row, column by column, and what of it goes on in the next."""
    if not above and all(cell.columns == cell.rows == 1 for cell in row):
        return [cell.text for cell in row[:most]], {}
    texts: dict[int, str] = {}
    goes_on: _Above = {}
    room = _REPEATED
    for column, (cell, left) in above.items():
        room -= len(cell.text)
        texts[column] = cell.text if room >= 0 else ""
        if left > 1:
            goes_on[column] = cell, left - 1
    at = 0
    alone = len(row) == 1 and not above  # what spans the whole table is a title, and stands once
    for cell in row:
        while at in above:
            at += 1
        if at >= most:
            break
        first_column, at = at, min(at + max(1, cell.columns), most)
        for column in range(first_column, at):
            said = column == first_column
            if not said and (cell.is_header or first) and not alone:
                room -= len(cell.text)
                said = room >= 0
            texts[column] = cell.text if said else ""
            if cell.rows > 1:
                goes_on[column] = (cell if said else Cell("")), min(cell.rows, _MOST_ROWS) - 1
    return [texts.get(column, "") for column in range(max(texts, default=-1) + 1)], goes_on
