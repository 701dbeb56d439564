"""Whether lines that are put together on a page follow each other in the file, too.

A page's own order, in which its text is drawn, knows no columns and no rows, but a sentence seldom
leaves it: where two stretches stand side by side, far apart, and the file goes on elsewhere after
the first, nothing says that they belong together. They are never made one sentence.
"""

import itertools
from collections.abc import Iterable, Sequence

from quire.ingest.loaders.pdf.segments import Cell, Segment, follows

_WIDE = 1.3  # sizes of the font between two stretches of a line


def parts_of(row: Sequence[Segment]) -> list[list[Segment]]:
    """A row of running text from left to right, cut where the file does not go on across a gap.

    What stands behind a bullet or a number stays with it.
    """
    parts = [[row[0]]]
    for before, segment in itertools.pairwise(row):
        last, first = before.runs[-1], segment.runs[0]
        wide = segment.x0 - before.x1 >= _WIDE * max(last.size, first.size)
        if wide and not follows(before, segment) and not before.is_mark:
            parts.append([segment])
        else:
            parts[-1].append(segment)
    return parts


def count_downwards(rows: Iterable[Sequence[Cell]]) -> int:
    """Of the cells in rows of words alone, which only gaps make a table, those after which the file
    goes on with the cell below: they may be lines of columns."""
    wordy = (row if _is_wordy(row) else [] for row in rows)
    return sum(
        bool(cell and under) and follows(cell[-1][-1], under[0][0])
        for row, below in itertools.pairwise(wordy)
        for cell, under in zip(row[:-1], below[:-1], strict=False)
    )


def _is_wordy(row: Sequence[Cell]) -> bool:
    """True for a row of several cells, none of them a figure."""
    cells = [cell for cell in row if cell]
    figures = any(segment.is_figure for cell in cells for line in cell for segment in line)
    return len(cells) > 1 and not figures
