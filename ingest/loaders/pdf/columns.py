"""The columns of a PDF page, in reading order, from where its text stands."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from quire.ingest.loaders.pdf.prose import (
    MIN_LINES,
    begin_together,
    is_prose,
    stands_beside,
)
from quire.ingest.loaders.pdf.segments import Segment, gap_between, height_of, side_by_side

_MAX_DEPTH = 3  # of columns within columns
_BIN = 2.0  # points; a gutter is at least this wide
_TRIED = 4  # gutters of a page, the emptiest first; within columns the emptiest alone
_FIGURES = 2  # cells of a row with nothing but a number, which make it one of a table
_TABULAR = 0.3  # of what stands in columns of prose is a figure at most
_SHORT = 0.4  # of its column: a name in a table, hardly a line of text
_HEADERS = 3  # rows that may stand above them


def reading_order(segments: list[Segment], *, depth: int = 0) -> Iterable[list[Segment]]:
    """The columns of a page one after the other, each a list of segments.

    Text that spans a gutter (a title, a wide table) ends the columns above it and begins anew.
    """
    rows = side_by_side(segments)
    stretches = _at_gutter(segments, rows, depth=depth) if depth < _MAX_DEPTH else None
    if stretches is None:
        if segments:
            yield segments
        return
    whole: list[Segment] = []
    for stretch in stretches:
        if isinstance(stretch, tuple):
            if whole:
                yield whole
                whole = []
            for side in stretch:
                yield from reading_order(side, depth=depth + 1)
        else:
            whole.extend(stretch)
    if whole:
        yield whole


Stretch = list[Segment] | tuple[list[Segment], list[Segment]]
"""What stands across a gutter, or the columns on both sides of it."""


def _at_gutter(
    segments: list[Segment], rows: list[list[Segment]], *, depth: int
) -> list[Stretch] | None:
    """A page at the emptiest gutter that has columns on both sides; None where there is none."""
    for gutter in itertools.islice(_gutters(segments), _TRIED if depth == 0 else 1):
        if min(map(len, _sides(rows, gutter))) < MIN_LINES:
            continue
        stretches = list(_stretches(rows, gutter, depth=depth))
        if any(isinstance(stretch, tuple) for stretch in stretches):
            return stretches
    return None


def _gutters(segments: list[Segment]) -> Iterator[float]:
    """The middles of the emptiest upright strips."""
    if len(segments) < 2 * MIN_LINES:
        return
    left = min(segment.x0 for segment in segments)
    right = max(segment.x1 for segment in segments)
    bins = int((right - left) / _BIN)
    if bins < 20:
        return
    # How many segments cover each strip, by a sum over their first and last strips.
    change = [0] * (bins + 2)
    for segment in segments:
        if segment.grid is not None:
            continue
        change[max(0, int((segment.x0 - left) / _BIN))] += 1
        change[min(bins, int((segment.x1 - left) / _BIN)) + 1] -= 1
    covered, depth = [], 0
    for delta in change[: bins + 1]:
        depth += delta
        covered.append(depth)
    candidates = []
    at = int(0.15 * bins)
    while at < int(0.85 * bins):
        end = at
        while end < bins and covered[end] == covered[at]:
            end += 1
        if covered[at] <= 0.5 * len(segments):
            candidates.append((covered[at], -(end - at), at, end))
        at = end
    for _, _, first, last in sorted(candidates):
        yield left + (first + last) / 2 * _BIN


def _stretches(rows: list[list[Segment]], gutter: float, *, depth: int) -> Iterator[Stretch]:
    """Splits a page into columns on both sides of a gutter, and what stands across it: titles, and
    tables with several cells on one side."""
    for spans, band in _bands(rows, _across(rows, gutter)):
        if spans:
            yield _all(band)
            continue
        sides = _sides(band, gutter)
        if _are_columns(*sides, depth=depth):
            yield sides
            continue
        for several, part in _bands(band, [_has_several(row, gutter) for row in band]):
            sides = _sides(part, gutter)
            if not several and _are_columns(*sides, depth=depth):
                yield sides
            else:
                yield _all(part)


def _bands(
    rows: Sequence[list[Segment]], marked: Sequence[bool]
) -> Iterator[tuple[bool, list[list[Segment]]]]:
    """Rows that follow each other and are all marked, or all not."""
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or marked[at] != marked[start]:
            yield marked[start], list(rows[start:at])
            start = at


def _all(rows: list[list[Segment]]) -> list[Segment]:
    return [segment for row in rows for segment in row]


def _sides(rows: list[list[Segment]], gutter: float) -> tuple[list[Segment], list[Segment]]:
    left = [segment for row in rows for segment in row if segment.x1 <= gutter]
    right = [segment for row in rows for segment in row if segment.x0 >= gutter]
    return left, right


def _spans(row: list[Segment], gutter: float) -> bool:
    return any(
        segment.x0 < gutter < segment.x1
        or (segment.grid is not None and segment.grid.xs[0] < gutter < segment.grid.xs[-1])
        for segment in row
    )


def _across(rows: Sequence[list[Segment]], gutter: float) -> list[bool]:
    """Which rows stand across a gutter: those with text in it, and those of a table of figures that
    has cells on both sides, with its header."""
    across = [_spans(row, gutter) for row in rows]
    left = gutter - min(segment.x0 for row in rows for segment in row)
    right = max(segment.x1 for row in rows for segment in row) - gutter
    for at, row in enumerate(rows):
        if across[at] or len(row) == 1:
            continue
        if _has_figures(row, gutter) or _is_entry(row, gutter, left=left, right=right):
            across[at] = True
            for header in range(_header(rows, at), at):
                across[header] = True
    return across


def _header(rows: Sequence[list[Segment]], first: int) -> int:
    """The first of the rows close above row `first`, where they are set apart from what is above
    them; else `first` itself."""
    for at in range(first - 1, max(first - 1 - _HEADERS, -1), -1):
        height = height_of(rows[at])
        below = gap_between(rows[at], rows[at + 1])
        if below > height:
            break
        if at == 0 or gap_between(rows[at - 1], rows[at]) > below + 0.5 * height:
            return at
    return first


def _has_figures(row: list[Segment], gutter: float) -> bool:
    """True for a row of a table with several figures and cells on both sides of a gutter."""
    row = [segment for segment in row if segment.grid is None]
    if sum(segment.is_figure for segment in row) < _FIGURES:
        return False
    sides = [[segment.is_figure for segment in side] for side in _sides([row], gutter)]
    if not all(sides):
        return False
    return all(any(side) or len(side) > 1 for side in sides) or any(
        all(side) and len(side) >= _FIGURES for side in sides
    )


def _is_entry(row: list[Segment], gutter: float, *, left: float, right: float) -> bool:
    """True for a short name on one side of a gutter and a figure on the other."""
    if len(row) != 2 or row[0].is_figure == row[1].is_figure:
        return False
    first, second = sorted(row, key=lambda segment: segment.x0)
    return (
        first.x1 <= gutter <= second.x0
        and first.x1 - first.x0 < _SHORT * left
        and second.x1 - second.x0 < _SHORT * right
    )


def _has_several(row: list[Segment], gutter: float) -> bool:
    """True for a row with several cells on one side of a gutter."""
    cells = [segment for segment in row if segment.grid is None and not segment.is_mark]
    left = sum(segment.x1 <= gutter for segment in cells)
    right = sum(segment.x0 >= gutter for segment in cells)
    return left > 1 or right > 1


def _are_columns(left: list[Segment], right: list[Segment], *, depth: int) -> bool:
    """True if both sides are running text, or one is and the other is in no rows with it."""
    left = [segment for segment in left if segment.grid is None]
    right = [segment for segment in right if segment.grid is None]
    if min(len(left), len(right)) < MIN_LINES:
        return False
    left_runs, right_runs = _runs(left, depth=depth), _runs(right, depth=depth)
    if left_runs and right_runs:
        return not begin_together(left, right)
    if left_runs:
        return stands_beside(left, right)
    return right_runs and stands_beside(right, left)


def _runs(segments: list[Segment], *, depth: int) -> bool:
    """True for running text in one column, or in several."""
    if is_prose(segments):
        return True
    figures = sum(segment.is_figure for segment in segments)
    if depth + 1 >= _MAX_DEPTH or figures > _TABULAR * len(segments):
        return False
    stretches = _at_gutter(segments, side_by_side(segments), depth=depth + 1)
    if stretches is None:
        return False
    return sum(len(s) for s in stretches if not isinstance(s, tuple)) <= 0.3 * len(segments)
