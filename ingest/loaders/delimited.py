"""CSV and its kin: one table, row by row, whatever the delimiter."""

import csv
from collections.abc import Iterator

from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20
_LONGEST_ROW = 200  # lines; a quoted cell that spans more was never closed


def read(source: Source) -> Content:
    """One page without a number. Raises Skipped if no cell holds text."""
    builder = ContentBuilder(source.limits)
    text, cut = decode(source.data, limit=source.limits.characters)
    lines = clean(text).split("\n")
    columns = source.limits.table_columns
    rows = []
    for row in _rows(lines, _delimiter(lines), builder):
        if len(row) > columns:
            builder.warn(f"Cells past column {columns:,} are left out.")
        cells = list(map(clean_line, row[:columns]))
        if any(cells):
            rows.append(CELL_BREAK.join(cells))
    builder.add("table", "\n".join(rows))
    if cut:
        builder.warn_of_cut()
    return builder.finish(source.stem)


def _delimiter(lines: list[str]) -> str:
    """The sign that stands equally often in the first lines, and most often."""
    sample = [line for line in lines[:_SAMPLE_LINES] if line.strip()]

    def evenness(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in sample]
        least = min(counts, default=0)
        return (least, -len(set(counts)))

    return max(_DELIMITERS, key=evenness)


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
