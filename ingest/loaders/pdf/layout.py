"""From the runs of text on a PDF page to its text in reading order: a pure function of one page.

    runs -> segments (runs with no wide gap) -> columns -> rows -> paragraphs and tables -> text

It looks at one page alone, never at its neighbours, so that the place of a quote can be found
again years later from the file and two offsets. What needs the whole document (running headers,
heading levels) marks stretches of this text and never changes it.
"""

from quire.ingest.loaders.pdf.columns import (
    CURRENCY_SIGNS,
    Segment,
    gap_between,
    height_of,
    reading_order,
    side_by_side,
)
from quire.ingest.loaders.pdf.runs import PageRuns, Run, turned
from quire.ingest.loaders.pdf.writer import PageLayout, Writer


def lay_out(page: PageRuns) -> PageLayout:
    """The page's text in reading order."""
    writer = Writer(page)
    head, body, foot = _set_apart(_segments(page.runs, page))
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


def _set_apart(
    segments: list[Segment],
) -> tuple[list[Segment], list[Segment], list[Segment]]:
    """Lines apart from all others at the head and the foot of a page, and what is between.

    Running headers and page numbers would otherwise stand inside a column.
    """
    rows = side_by_side(segments)
    first, last = 0, len(rows)
    while first < min(2, len(rows) - 1) and gap_between(rows[first], rows[first + 1]) > height_of(
        rows[first]
    ):
        first += 1
    while last > max(first + 1, len(rows) - 2) and (
        gap_between(rows[last - 2], rows[last - 1]) > height_of(rows[last - 1])
    ):
        last -= 1
    head = [segment for row in rows[:first] for segment in row]
    foot = [segment for row in rows[last:] for segment in row]
    apart = {id(segment) for segment in (*head, *foot)}
    return head, [segment for segment in segments if id(segment) not in apart], foot


def _segments(runs: list[Run], page: PageRuns) -> list[Segment]:
    """Runs in a row with no wide gap, in the order of the content stream."""
    segments: list[Segment] = []
    current: Segment | None = None
    line = -1
    for run in runs:
        x0, y0, x1, y1 = turned(run.box, page=page.box, quarter_turns=page.quadrant)
        if current is not None and run.line == line:
            height = current.y1 - current.y0
            wide = 1.3
            if run.text in CURRENCY_SIGNS and current.runs[-1].text[-1].isdigit():
                wide = 0.0  # the next amount of a table's row
            if (
                -height < x0 - current.x1 < wide * max(run.size, 0.5 * height)
                and y0 < current.y1 - 0.3 * height
                and y1 > current.y0 + 0.3 * height
            ):
                current.add(run, x0, y0, x1, y1)
                continue
        current = Segment([run], [x0], [x1], x0, y0, x1, y1)
        segments.append(current)
        line = run.line
    return segments
