"""From the runs of text on a PDF page to its text in reading order: a pure function of one page.

    runs -> segments (runs with no wide gap) -> columns -> rows -> paragraphs and tables -> text

It looks at one page alone, never at its neighbours, so that the place of a quote can be found
again years later from the file and two offsets. What needs the whole document (running headers,
heading levels) marks stretches of this text and never changes it.
"""

from collections import Counter

from quire.ingest.loaders.cleaning import clean, is_clean, is_leftward
from quire.ingest.loaders.pdf.columns import reading_order
from quire.ingest.loaders.pdf.ruling import Grid
from quire.ingest.loaders.pdf.runs import PageRuns, Run, all_turned
from quire.ingest.loaders.pdf.segments import (
    AMOUNT_ENDS,
    CURRENCY_SIGNS,
    Segment,
    gap_between,
    height_of,
    side_by_side,
)
from quire.ingest.loaders.pdf.stretching import join_stretched
from quire.ingest.loaders.pdf.writer import PageLayout, Writer

_MOST_IN_CELL = 20  # lines; a frame around more is around running text …
_FRAMES = 6  # … unless there are more cells than this


def lay_out(page: PageRuns) -> PageLayout:
    """The page's text in reading order."""
    writer = Writer(page)
    segments = _segments(page.runs, page)
    _put_in_grids(segments, page.grids)
    head, body, foot = _set_apart(join_stretched(side_by_side(segments)))
    if head:
        writer.column(head, None)
    before: list[Segment] | None = None
    for column in reading_order(body):
        before = writer.column(column, before)
    if foot:
        writer.column(foot, None)
    for stray in _segments(page.astray, page):
        writer.paragraph("paragraph", [[stray]])
    return writer.finish(page.hidden)


def _put_in_grids(segments: list[Segment], grids: list[Grid]) -> None:
    """Tells segments in which table they stand. A grid that frames text is none."""
    for grid in grids:
        inside, cells = [], Counter[tuple[int, int]]()
        for segment in segments:
            x, y = (segment.x0 + segment.x1) / 2, (segment.y0 + segment.y1) / 2
            if grid.holds(x, y):
                inside.append(segment)
                cells[grid.cell(x, y)] += 1
        if len(cells) > _FRAMES or (len(cells) > 1 and max(cells.values()) <= _MOST_IN_CELL):
            for segment in inside:
                segment.grid = grid


def _set_apart(
    rows: list[list[Segment]],
) -> tuple[list[Segment], list[Segment], list[Segment]]:
    """Lines apart from all others at the head and the foot of a page, and what is between.

    Running headers and page numbers would otherwise stand inside a column.
    """
    first, last = 0, len(rows)
    while first < min(2, len(rows) - 1) and _is_apart(rows[first], rows[first], rows[first + 1]):
        first += 1
    while last > max(first + 1, len(rows) - 2) and (
        _is_apart(rows[last - 1], rows[last - 2], rows[last - 1])
    ):
        last -= 1
    head, body, foot = (
        [segment for row in part for segment in row]
        for part in (rows[:first], rows[first:last], rows[last:])
    )
    return head, body, foot


def _is_apart(row: list[Segment], above: list[Segment], below: list[Segment]) -> bool:
    """True if the gap between two rows, one of which is `row`, is higher than this."""
    ruled = any(segment.grid is not None for segment in row)
    return not ruled and gap_between(above, below) > height_of(row)


def _segments(runs: list[Run], page: PageRuns) -> list[Segment]:
    """Runs in a row with no wide gap, in the order of the content stream."""
    segments: list[Segment] = []
    current: Segment | None = None
    line = -1
    boxes = all_turned([run.box for run in runs], page=page.box, quarter_turns=page.quadrant)
    for run, (x0, y0, x1, y1) in zip(runs, boxes, strict=True):
        if not is_clean(run.text) and not clean(run.text).strip():
            continue
        if run.line == line and current is not None:
            last = current.runs[-1].text
            height = current.y1 - current.y0
            wide = 1.3
            if run.text in CURRENCY_SIGNS and last[-1] in AMOUNT_ENDS:
                wide = 0.0  # the next amount of a table's row
            gap = x0 - current.x1
            if gap < 0 and (is_leftward(run.text) or is_leftward(last)):
                gap = max(current.x0 - x1, -height / 2)  # on its other side, or within it
            if (
                -height < gap < wide * max(run.size, 0.5 * height)
                and y0 < current.y1 - 0.3 * height
                and y1 > current.y0 + 0.3 * height
                and not any(grid.parts(current.x1, x0, (y0 + y1) / 2) for grid in page.grids)
            ):
                current.add(run, x0, y0, x1, y1)
                continue
        current = Segment([run], [x0], [x1], x0, y0, x1, y1)
        segments.append(current)
        line = run.line
    return segments
