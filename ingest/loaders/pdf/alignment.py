"""The cells of a table that nothing but white space parts: by columns, and by rows that wrap.

A column is a stretch of the table that has blanks on both sides in nearly all rows, so that a row
which lacks a cell keeps the others under their headers. What stands above the figures across
several columns is a header of its own row; the lines of one header, as of any cell, are one cell.
"""

import itertools
import re
from collections.abc import Sequence

from quire.ingest.loaders.cleaning import is_cjk
from quire.ingest.loaders.pdf.segments import (
    CURRENCY_SIGNS,
    Cell,
    Segment,
    gap_between,
    height_of,
    is_number,
)

_HEADS = 5  # rows at the top that may stand across columns
_CROSSED = 12  # one row in so many may run across a gap
_BLANK = 0.6  # sizes of the font: wider than the blank between two words
_NARROWEST = 0.3  # sizes of the font: a gap between two columns
_TIGHT = 0.8  # of the step from row to row: lines that are closer are of one row
_NEAR = 0.6  # sizes of the font by which the edges of two lines of a header differ at most
_CLOSE = 0.6  # heights between the lines of one cell at most
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEADS = re.compile(r"[:：]$")

Span = tuple[float, float]


def cells_of(rows: Sequence[list[Segment]]) -> list[list[Cell]]:
    """The rows of a table, each with a cell for each column."""
    spans = _columns(rows)
    parted = [[part for segment in row for part in _parted(segment, spans)] for row in rows]
    placed = [_placed(row, spans) for row in parted]
    values = next((at for at, row in enumerate(placed) if _has_values(row)), 0)
    while 1 < values < len(placed) and not any(placed[values - 1][1:]):
        values -= 1  # a title of rows, or the first line of a label
    step = _step(parted, placed)
    found: list[list[Cell]] = []
    for at, row in enumerate(placed):
        if 0 < at < values:
            goes_on = _names_on(parted[at - 1], parted[at])
        else:
            goes_on = (
                at > values
                and not _clashes(found[-1], row)
                and _goes_on(parted, placed, at, step=step, column=spans[0])
            )
        over = at + 1 < values and not _names_on(parted[at], parted[at + 1])
        lines = _spread(parted[at], spans) if over else row
        if goes_on:
            for cell, line in zip(found[-1], lines, strict=True):
                if line is not None:
                    cell.append(line)
        else:
            found.append([[] if line is None else [line] for line in lines])
    return found


def _clashes(above: Sequence[Cell], row: "Placed") -> bool:
    """True if a row has a figure where the one above it has one."""
    return any(
        cell and line is not None and _is_whole(line) and any(map(_is_whole, cell))
        for cell, line in zip(above, row, strict=True)
    )


Placed = list[list[Segment] | None]
"""The line that a row has in each column."""


def _columns(rows: Sequence[list[Segment]]) -> list[Span]:
    """Where the columns begin and end: those of the rows with figures. Without any, as many as
    there are when some rows at the top, in which a cell may stand over several, are left out."""
    figures = [row for row in rows if any(segment.is_figure for segment in row[1:])]
    figures = [row for row in figures if not all(map(_is_year, row[1:]))]
    if len(figures) > 1:
        return _between(figures)
    best: list[Span] = []
    for heads in range(_HEADS + 1):
        several = [row for row in rows[heads:] if len(row) > 1]
        if len(several) < min(2, len(rows)):
            break
        spans = _between(several)
        if len(spans) > len(best):
            best = spans
    return best or _between(rows)


def _between(rows: Sequence[list[Segment]]) -> list[Span]:
    """The stretches that the cells of rows cover."""
    least = _NARROWEST * rows[0][0].runs[0].size
    allowed = len(rows) // _CROSSED
    cells = [segment for row in rows for segment in row if not _is_sign(segment)]
    edges = sorted([*((s.x0, 1) for s in cells), *((s.x1, -1) for s in cells)])
    spans: list[Span] = []
    depth, start = 0, None
    for x, change in edges:
        depth += change
        if start is None and depth > allowed:
            start = x
        elif start is not None and depth <= allowed:
            if spans and start - spans[-1][1] < least:
                start = spans.pop()[0]
            spans.append((start, x))
            start = None
    return spans or [(edges[0][0], edges[-1][0])]


def _over(segment: Segment, spans: Sequence[Span]) -> list[int]:
    """The columns that a segment stands in, or the nearest one. A lone sign of currency belongs to
    the amount on its right."""
    if _is_sign(segment):
        return [next((at for at, span in enumerate(spans) if span[1] > segment.x1), len(spans) - 1)]
    x0, x1 = segment.x0, segment.x1
    found = [at for at, (left, right) in enumerate(spans) if x0 < right > left < x1 > x0]
    if found:
        return found
    return [min(range(len(spans)), key=lambda at: abs(spans[at][0] + spans[at][1] - x0 - x1))]


def _is_sign(segment: Segment) -> bool:
    return len(segment.runs) == 1 and segment.runs[0].text in CURRENCY_SIGNS


def _parted(segment: Segment, spans: Sequence[Span]) -> list[Segment]:
    """A segment that holds the cells of several columns, parted where its words keep clear of the
    blanks between them."""
    over = _over(segment, spans)
    if len(over) < 2 or len(segment.runs) < 2:
        return [segment]
    gaps = [(spans[at][1], spans[at + 1][0]) for at in over[:-1]]
    edges = [
        (right, left)
        for right, left, (before, run) in zip(
            segment.rights, segment.lefts[1:], itertools.pairwise(segment.runs), strict=False
        )
        if left - right > _BLANK * run.size or (is_number(before.text) and is_number(run.text))
    ]
    if not all(any(right <= gap[1] and left >= gap[0] for right, left in edges) for gap in gaps):
        return [segment]
    parts: list[Segment] = []
    number = -1
    for run, left, right in zip(segment.runs, segment.lefts, segment.rights, strict=True):
        middle = (left + right) / 2
        at = next((n for n, gap in enumerate(gaps) if middle < gap[1]), len(gaps))
        if at == number:
            parts[-1].add(run, left, segment.y0, right, segment.y1)
        else:
            parts.append(Segment([run], [left], [right], left, segment.y0, right, segment.y1))
        number = at
    return parts


def _placed(row: Sequence[Segment], spans: Sequence[Span]) -> Placed:
    """The segments of a row by columns. One that stands over several is written over the first."""
    placed: Placed = [None] * len(spans)
    for segment in row:
        at = _over(segment, spans)[0]
        line = placed[at]
        if line is None:
            placed[at] = [segment]
        else:
            line.append(segment)
    return placed


def _spread(row: Sequence[Segment], spans: Sequence[Span]) -> Placed:
    """The cells of a header that stand over several columns each, over the first of these: those
    that a cell covers, and those to which it is the nearest."""
    placed: Placed = [None] * len(spans)
    done: set[int] = set()
    for at, (left, right) in enumerate(spans):
        over = [s for s in row if min(right, s.x1) - max(left, s.x0) > 0]
        if not over and at == 0:
            continue
        middle = left + right
        segment = over[0] if over else min(row, key=lambda s: abs(s.x0 + s.x1 - middle))
        if id(segment) not in done:
            done.add(id(segment))
            placed[at] = [segment]
    return placed if len(done) == len(row) else _placed(row, spans)


def _names_on(above: Sequence[Segment], below: Sequence[Segment]) -> bool:
    """True if two lines of a header are of the same cells: those of one stand at the edges or the
    middle of those of the other, and over one of them only."""
    fewer, more = (above, below) if len(above) <= len(below) else (below, above)
    return all(
        any(_is_level(one, other) for other in more)
        and sum(min(one.x1, other.x1) > max(one.x0, other.x0) for other in more) < 2
        for one in fewer
    )


def _is_level(one: Segment, other: Segment) -> bool:
    near = _NEAR * one.runs[0].size
    return (
        abs(one.x0 - other.x0) < near
        or abs(one.x1 - other.x1) < near
        or abs(one.x0 + one.x1 - other.x0 - other.x1) < 2 * near
    )


def _has_values(row: Placed) -> bool:
    """True for a row of figures; the years over them are none, where nothing else is."""
    figures = [line for line in row[1:] if line is not None and _is_whole(line)]
    return any(not all(map(_is_year, line)) for line in figures)


def _is_year(segment: Segment) -> bool:
    return _YEAR.fullmatch(segment.runs[0].text) is not None


def _step(rows: Sequence[Sequence[Segment]], placed: Sequence[Placed]) -> float:
    """The least step from one row of figures to the next that follows it."""
    steps = sorted(
        rows[at][0].y1 - rows[at - 1][0].y1
        for at in range(1, len(rows))
        if all(row[0] is not None and _has_values(row) for row in placed[at - 1 : at + 1])
    )
    return steps[len(steps) // 10] if steps else 0.0


def _goes_on(
    rows: Sequence[list[Segment]], placed: Sequence[Placed], at: int, *, step: float, column: Span
) -> bool:
    """True if a line of the table goes on with the row above it: its cells wrap."""
    above, line = placed[at - 1], placed[at]
    height = height_of(rows[at])
    moved = rows[at][0].y1 - rows[at - 1][0].y1
    if moved < 0.6 * height or (0 < moved < _TIGHT * step):
        return True
    if gap_between(rows[at - 1], rows[at]) > _CLOSE * height:
        return False
    label, before = line[0], above[0]
    if label is None:
        more = [each for each in line if each is not None]
        fits = all(
            one is not None for one, other in zip(above, line, strict=True) if other is not None
        )
        wraps = len(more) == 1 or all(_reads_on(each) for each in more)
        return fits and wraps and not any(map(_is_whole, more))
    if before is None or (_has_values(above) and any(line[1:])):
        return False
    first, last = label[0].runs[0].text[0], before[-1].runs[-1].text
    if _LEADS.search(last) or _LEADS.search(label[-1].runs[-1].text):
        return False
    if is_cjk(first) and is_cjk(last[-1]):
        below = placed[at + 1][0] if at + 1 < len(placed) else None
        begins = below is not None and _has_values(above) and _is_full(label, column)
        return _is_full(before, column) and not begins
    return first.islower()


def _reads_on(line: Sequence[Segment]) -> bool:
    first = line[0].runs[0].text[0]
    return first.islower() or is_cjk(first)


def _is_full(line: Sequence[Segment], column: Span) -> bool:
    """True if no further character fits at the end of a line."""
    return line[-1].x1 > column[1] - 1.2 * line[-1].runs[-1].size


def _is_whole(line: Sequence[Segment]) -> bool:
    """True for a figure, which never wraps."""
    return all(segment.is_figure for segment in line)
