"""Which rows of a column are tables, and which are running text."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quire.ingest.loaders.cleaning import is_cjk
from quire.ingest.loaders.pdf.alignment import cells_of
from quire.ingest.loaders.pdf.paragraphs import is_list_mark
from quire.ingest.loaders.pdf.ruling import Grid
from quire.ingest.loaders.pdf.segments import (
    Cell,
    Segment,
    close_gaps,
    gap_between,
    height_of,
    side_by_side,
)
from quire.ingest.loaders.pdf.stream_order import count_downwards

_HEADERS = 5  # lines above a table that may be of its header
_TITLES = 2  # of the first rows, between these and the header
_MAX_LABELS = 12  # rows of one cell in a row that do not yet end a table


@dataclass(slots=True)
class Text:
    """Rows of running text."""

    rows: list[list[Segment]]


@dataclass(slots=True)
class Table:
    """Rows of as many cells as there are columns; fewer where the last ones are empty. `uncertain`
    counts the cells that may be lines of columns instead."""

    rows: list[list[Cell]]
    uncertain: int = 0


def tables_and_text(segments: list[Segment]) -> Iterable[Table | Text]:
    """What stands in a column, from top to bottom: tables, and running text between."""
    right = max(segment.x1 for segment in segments)
    left = min(segment.x0 for segment in segments)
    for grid, rows in itertools.groupby(side_by_side(segments), key=_grid_of):
        if grid is None:
            yield from _aligned_and_text([close_gaps(row) for row in rows], left=left, right=right)
            continue
        inside: list[Segment] = []
        beside: list[Segment] = []
        for row in rows:
            for segment in row:
                (inside if segment.grid is grid else beside).append(segment)
        if beside:
            yield Text([close_gaps(row) for row in side_by_side(beside)])
        yield _ruled(grid, inside)


def _grid_of(row: list[Segment]) -> Grid | None:
    return next((segment.grid for segment in row if segment.grid is not None), None)


def _ruled(grid: Grid, segments: list[Segment]) -> Table:
    """The cells of a ruled table, without rows and columns that are empty."""
    found: defaultdict[tuple[int, int], list[Segment]] = defaultdict(list)
    for segment in segments:
        middle = (segment.x0 + segment.x1) / 2, (segment.y0 + segment.y1) / 2
        found[grid.cell(*middle)].append(segment)
    columns = sorted({column for _, column in found})
    return Table(
        [
            [[_joined(line) for line in side_by_side(found.get((row, column), []))]
             for column in columns]
            for row in sorted({row for row, _ in found})
        ]
    )  # fmt: skip


def _joined(line: list[Segment]) -> list[Segment]:
    return sorted(line, key=lambda segment: segment.x0)


def _aligned_and_text(
    rows: Sequence[list[Segment]], *, left: float, right: float
) -> Iterable[Table | Text]:
    """Splits rows into stretches of table and of running text.

    A table is at least two rows of several cells whose cells stand under each other. A single cell
    between such rows (a label, the second line of a cell) stays in the table.
    """
    at = 0
    text: list[list[Segment]] = []
    while at < len(rows):
        end = _table_end(rows, at, width=right - left)
        if end is None:
            text.append(rows[at])
            at += 1
            continue
        end = _foot(rows, end)
        head = _head(text, rows[at:end])
        table = [*text[len(text) - head :], *rows[at:end]]
        if text[: len(text) - head]:
            yield Text(text[: len(text) - head])
        text = []
        cells = cells_of(table)
        yield Table(cells, count_downwards(cells))
        at = end
    if text:
        yield Text(text)


def _head(text: Sequence[list[Segment]], table: Sequence[list[Segment]]) -> int:
    """How many of the rows right above a table are lines of its header: they stand over its columns
    past the first."""
    several = [row for row in table if len(row) > 1]
    label = min(max(row[0].x1 for row in several), *(row[1].x0 for row in several))
    found, below = 0, table[0]
    for at, row in enumerate(reversed(text[-_HEADERS:]), 1):
        beyond = row[0].x0 > label - row[0].runs[0].size
        over = beyond or (len(row) > 1 and row[0].x1 < label and not is_list_mark(row))
        title = len(row) == 1 and row[0].x1 < label and at == found + 1 <= _TITLES
        if not (over or title) or gap_between(row, below) > height_of(row):
            break
        found, below = at if over else found, row
    return found


def _foot(rows: Sequence[list[Segment]], end: int) -> int:
    """The end of a table with the lines that go on with a cell of its last row, past the first."""
    while end < len(rows) and len(rows[end]) == 1:
        (line,), above = rows[end], rows[end - 1]
        over = [s for s in above if min(s.x1, line.x1) > max(s.x0, line.x0)]
        first, size = line.runs[0].text[0], line.runs[0].size
        if (
            gap_between(above, [line]) > 0.5 * height_of([line])
            or len(over) != 1
            or (over[0] is above[0] and len(above) > 1)
            or not (first.islower() or is_cjk(first) or abs(over[0].x0 - line.x0) < 0.5 * size)
        ):
            break
        end += 1
    return end


def _table_end(rows: Sequence[list[Segment]], start: int, *, width: float) -> int | None:
    if len(rows[start]) < 2 or is_list_mark(rows[start]):
        return None
    end, at, several = start + 1, start + 1, 1
    size = rows[start][0].runs[0].size
    last = rows[start]
    while at < len(rows):
        row = rows[at]
        if gap_between(rows[at - 1], row) > 2.5 * height_of(row):
            break
        if abs(row[0].runs[0].size - size) > 0.12 * size:
            break
        if len(row) >= 2:
            if is_list_mark(row) or not _aligned(last, row):
                break
            several += 1
            last = row
            end = at + 1
        elif at + 1 - end > _MAX_LABELS or row[0].x1 - row[0].x0 > 0.75 * width:
            break
        at += 1
    return end if several >= 2 else None


def _aligned(above: list[Segment], below: list[Segment]) -> bool:
    """True if a cell past the first of one row overlaps one past the first of the other."""
    return any(
        min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)
        for a in above[1:]
        for b in below[1:]
    )
