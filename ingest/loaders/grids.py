"""Sheets of cells: each stretch of rows a table, of the cells that hold something alone."""

import itertools
from collections.abc import Iterable

from quire.ingest.limits import Limits
from quire.ingest.loaders.content import CELL_BREAK, ContentBuilder

Row = dict[int, str]
"""The cells of one row that hold something: column from 1 -> text."""


def add_rows(rows: Iterable[tuple[int, Row]], builder: ContentBuilder, *, limits: Limits) -> None:
    """Adds the rows of a sheet, given with their numbers; an empty one between two ends a table."""
    table: list[Row] = []
    size, last = 0, 0
    for number, cells in rows:
        row = dict(itertools.islice(cells.items(), limits.table_columns))
        if len(row) < len(cells):
            builder.warn(f"Cells past column {limits.table_columns:,} are left out.")
        if table and number != last + 1:
            builder.add("table", _text(table))
            table, size = [], 0
            if builder.full:
                return
        table.append(row)
        last = number
        size += sum(map(len, row.values()))
        if size > limits.characters:
            break
    if table:
        builder.add("table", _text(table))


def _text(rows: list[Row]) -> str:
    """Rows as lines; cells of one column at the same place in each line, empty ones too."""
    columns = sorted({column for row in rows for column in row})
    cells = sum(map(len, rows))
    if len(columns) * len(rows) > 4 * cells + 1000:
        # Scattered cells: the grid between them would be mostly empty.
        return "\n".join(CELL_BREAK.join(row[column] for column in sorted(row)) for row in rows)
    return "\n".join(
        CELL_BREAK.join(row.get(column, "") for column in columns).rstrip(CELL_BREAK)
        for row in rows
    )


def number_of(letters: str) -> int:
    """The number of a column: A is 1, AA is 27.

    >>> number_of("A"), number_of("AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def letters_of(number: int) -> str:
    """The letters of a column, of which `number_of` is the number.

    >>> letters_of(1), letters_of(27)
    ('A', 'AA')
    """
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
