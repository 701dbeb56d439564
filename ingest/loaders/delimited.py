"""CSV and its kin: one table, row by row, whatever the delimiter, below the lines that name it."""

import csv
import re
from collections import Counter
from collections.abc import Iterator

from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode

_DELIMITERS = ",;|\t"  # those that stand in running text first
_NONE = (0, 1)
_DECIMAL = re.compile(r"(?<![\d,])(\d{1,15}),(\d{1,15})(?![\d,])")
_SAMPLE_LINES = 50
_LONGEST_LINE = 20_000  # characters that are looked at
_MOST_TITLES = 10  # rows above a table, or of its header
_LONGEST_ROW = 200  # lines; a quoted cell that spans more was never closed


def read(source: Source) -> Content:
    """One page without a number. Raises Skipped if no cell holds text."""
    builder = ContentBuilder(source.limits)
    text, cut = decode(source.data, limit=source.limits.characters)
    lines = clean(text).split("\n")
    delimiter, width = _form(lines)
    columns = source.limits.table_columns
    rows: list[str] = []
    waiting: list[list[str]] = []  # rows at the top that may be the header, or stand above it
    for row in _rows(lines, delimiter, builder):
        if len(row) > columns:
            builder.warn(f"Cells past column {columns:,} are left out.")
        cells = list(map(clean_line, row[:columns]))
        filled = sum(map(bool, cells))
        if rows and filled:
            rows.append(CELL_BREAK.join(cells))
        elif not rows and (not filled or (filled == 1 < width and cells[0])):
            for title in [*waiting, cells]:
                said = filter(None, title)
                builder.add("paragraph", (", " if delimiter == "," else " ").join(said))
            waiting = []
        elif filled:
            waiting.append(cells)
            if len(row) >= width or len(waiting) > _MOST_TITLES:
                rows.extend(map(CELL_BREAK.join, waiting))
    rows = rows or list(map(CELL_BREAK.join, waiting))
    builder.add("table", "\n".join(rows))
    if cut:
        builder.warn_of_cut()
    return builder.finish(source.stem)


def _form(lines: list[str]) -> tuple[str, int]:
    """The delimiter, which parts most lines into equally many cells, and how many these are.

    A comma within a number is no delimiter, where another sign is one.
    """
    sample = [f"{line[:_LONGEST_LINE]}\n" for line in lines if line.strip()][:_SAMPLE_LINES]
    masked = [_DECIMAL.sub(r"\1.\2", line) for line in sample]
    found = [(_evenness(masked, delimiter), at) for at, delimiter in enumerate(_DELIMITERS)]
    (number, width), at = max(found)
    if not number:
        return ",", _evenness(sample, ",")[1]
    return _DELIMITERS[at], width


def _evenness(sample: list[str], delimiter: str) -> tuple[int, int]:
    """How many lines are parted into equally many cells, those where that cuts a quote counting
    half, and into how many."""
    csv.field_size_limit(_LONGEST_LINE * _SAMPLE_LINES * 2)
    found: Counter[int] = Counter()
    for row in csv.reader(sample, delimiter=delimiter):
        found[len(row)] += 1 if any('"' in cell for cell in row) else 2
    return max(((number, width) for width, number in found.items() if width > 1), default=_NONE)


def _rows(lines: list[str], delimiter: str, builder: ContentBuilder) -> Iterator[list[str]]:
    """Rows of cells; from a quote on that is never closed, quotes are taken for plain signs."""
    csv.field_size_limit(max(map(len, lines), default=0) + 1_000_000)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    begin = 0
    for row in reader:
        if reader.line_num - begin > _LONGEST_ROW:
            builder.warn(
                f"A quote in line {begin + 1:,} is never closed; quotes are kept as signs."
            )
            yield from (line.split(delimiter) for line in lines[begin:])
            return
        begin = reader.line_num
        yield row
