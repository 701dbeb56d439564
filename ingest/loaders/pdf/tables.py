"""Which rows of a column are tables, and which are running text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quire.ingest.loaders.pdf.columns import Segment, gap_between, height_of
from quire.ingest.loaders.pdf.paragraphs import is_list_mark

_MAX_LABELS = 12  # rows of one cell in a row that do not yet end a table


@dataclass(slots=True)
class Group:
    rows: list[list[Segment]]
    is_table: bool


def tables_and_text(rows: Sequence[list[Segment]], *, left: float, right: float) -> Iterable[Group]:
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
        if text:
            yield Group(text, is_table=False)
            text = []
        yield Group(list(rows[at:end]), is_table=True)
        at = end
    if text:
        yield Group(text, is_table=False)


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
