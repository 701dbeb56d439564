"""Stretches of a line with no wide gap, and the rows that they stand in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from quire.ingest.loaders.cleaning import is_leftward
from quire.ingest.loaders.pdf.ruling import Grid
from quire.ingest.loaders.pdf.runs import Run

CURRENCY_SIGNS = frozenset("$€£¥￥(")  # set at the left edge of a cell, far from their number

_FIGURE = re.compile(r"[\s\d.,()$€£¥￥%—–\-−+/]*")
_BETWEEN = 3  # characters that pdfium puts between words or lines of a page: blanks, line ends
AMOUNT_ENDS = frozenset("0123456789)%—–")  # after which a sign begins another cell


@dataclass(slots=True)
class Segment:
    """Runs side by side; `lefts` and `rights` are the edges of each; y grows downwards. `grid` is
    the ruled table that they stand in. `_is_figure` keeps what was found out."""

    runs: list[Run]
    lefts: list[float]
    rights: list[float]
    x0: float
    y0: float
    x1: float
    y1: float
    grid: Grid | None = None
    _is_figure: bool | None = None

    def add(self, run: Run, x0: float, y0: float, x1: float, y1: float) -> None:
        self._is_figure = None
        self.runs.append(run)
        self.lefts.append(x0)
        self.rights.append(x1)
        # Comparisons, because min and max take three times as long and this runs for every word.
        self.x0 = x0 if x0 < self.x0 else self.x0
        self.y0 = y0 if y0 < self.y0 else self.y0
        self.x1 = x1 if x1 > self.x1 else self.x1
        self.y1 = y1 if y1 > self.y1 else self.y1

    def copy(self) -> "Segment":
        runs, lefts, rights = self.runs[:], self.lefts[:], self.rights[:]
        return Segment(runs, lefts, rights, self.x0, self.y0, self.x1, self.y1, self.grid)

    @property
    def is_figure(self) -> bool:
        """True for a number, an amount or a dash: nothing that is read on from line to line."""
        if self._is_figure is None:
            self._is_figure = not self.runs[0].text[0].isalpha() and all(
                is_number(run.text) for run in self.runs
            )
        return self._is_figure

    @property
    def is_mark(self) -> bool:
        """True for a bullet, a number or another sign too short to be a cell."""
        return len(self.runs) == 1 and self.runs[0].end - self.runs[0].start <= 2


def is_number(text: str) -> bool:
    """True for digits with their signs, and for a dash in their place."""
    return _FIGURE.fullmatch(text) is not None


def side_by_side(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Segments that stand on one line, from top to bottom."""
    rows: list[list[Segment]] = []
    top = bottom = 0.0
    for segment in sorted(segments, key=lambda s: (s.y0 + s.y1, s.x0)):
        middle = (segment.y0 + segment.y1) / 2
        if rows and top < middle < bottom:
            height = segment.y1 - segment.y0
            overlap = min(bottom, segment.y1) - max(top, segment.y0)
            if overlap > 0.5 * min(height, bottom - top):
                rows[-1].append(segment)
                continue
        rows.append([segment])
        top, bottom = segment.y0, segment.y1
    return rows


def close_gaps(row: list[Segment]) -> list[Segment]:
    """A row in the order in which it is read, its neighbours joined where there is no wide gap:
    before a superscript, a word drawn by itself, a currency sign."""
    row = sorted(row, key=lambda segment: segment.x0)
    if sum(is_leftward(segment.runs[0].text) for segment in row) * 2 > len(row):
        return row[::-1]
    joined = [row[0]]
    for segment in row[1:]:
        last = joined[-1]
        size = max(last.runs[-1].size, segment.runs[0].size)
        sign = len(last.runs) == 1 and last.runs[0].text in CURRENCY_SIGNS
        tail = len(segment.runs) == 1 and segment.runs[0].text in {"%", ")", ")%"}
        new_cell = segment.runs[0].text in CURRENCY_SIGNS and last.runs[-1].text[-1] in AMOUNT_ENDS
        if not new_cell and segment.x0 - last.x1 < (8 if sign or tail else 1) * size:
            for at, run in enumerate(segment.runs):
                last.add(run, segment.lefts[at], segment.y0, segment.rights[at], segment.y1)
        else:
            joined.append(segment)
    return joined


def follows(before: Segment, after: Segment) -> bool:
    """True if the file goes on with one segment after the other."""
    return 0 <= after.runs[0].start - before.runs[-1].end <= _BETWEEN


def gap_between(above: list[Segment], below: list[Segment]) -> float:
    """From the foot of one row to the head of the next."""
    return min(s.y0 for s in below) - max(s.y1 for s in above)


def height_of(row: list[Segment]) -> float:
    """That of a row's tallest segment."""
    return max(segment.y1 - segment.y0 for segment in row)


Cell = list[list[Segment]]
"""The lines of a table's cell, from top to bottom; none of an empty one."""
