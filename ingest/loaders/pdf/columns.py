"""Columns and rows of a PDF page, from where its text stands."""

import bisect
from collections.abc import Iterable
from dataclasses import dataclass

from quire.ingest.loaders.pdf.runs import Run

_MIN_LINES = 3  # on each side of a gutter; fewer are a letterhead or a caption
_MIN_TEXT_LINES = 5  # beside a chart or box
_MAX_DEPTH = 3  # of columns within columns
CURRENCY_SIGNS = frozenset("$€£¥￥(")  # set at the left edge of a cell, far from their number
_BIN = 2.0  # points; a gutter is at least this wide


@dataclass(slots=True)
class Segment:
    """Runs side by side; `lefts` and `rights` are the edges of each; y grows downwards."""

    runs: list[Run]
    lefts: list[float]
    rights: list[float]
    x0: float
    y0: float
    x1: float
    y1: float

    def add(self, run: Run, x0: float, y0: float, x1: float, y1: float) -> None:
        self.runs.append(run)
        self.lefts.append(x0)
        self.rights.append(x1)
        # Comparisons, because min and max take three times as long and this runs for every word.
        self.x0 = x0 if x0 < self.x0 else self.x0
        self.y0 = y0 if y0 < self.y0 else self.y0
        self.x1 = x1 if x1 > self.x1 else self.x1
        self.y1 = y1 if y1 > self.y1 else self.y1

    @property
    def is_mark(self) -> bool:
        """True for a bullet, a number or another sign too short to be a cell."""
        return len(self.runs) == 1 and self.runs[0].end - self.runs[0].start <= 2


def reading_order(segments: list[Segment], *, depth: int = 0) -> Iterable[list[Segment]]:
    """The columns of a page one after the other, each a list of segments.

    Text that spans a gutter (a title, a wide table) ends the columns above it and begins anew.
    """
    rows = side_by_side(segments)
    gutter = _gutter(segments, rows) if depth < _MAX_DEPTH else None
    if gutter is None:
        if segments:
            yield segments
        return
    whole: list[Segment] = []
    for band in _bands(rows, gutter):
        left = [segment for segment in band if segment.x1 <= gutter]
        right = [segment for segment in band if segment.x0 >= gutter]
        if _are_columns(left, right):
            if whole:
                yield whole
                whole = []
            yield from reading_order(left, depth=depth + 1)
            yield from reading_order(right, depth=depth + 1)
        else:
            whole.extend(band)
    if whole:
        yield whole


def rows_of(segments: list[Segment]) -> list[list[Segment]]:
    """Segments side by side as rows, from top to bottom, each from left to right."""
    return [_close_gaps(sorted(row, key=lambda s: s.x0)) for row in side_by_side(segments)]


def side_by_side(segments: list[Segment]) -> list[list[Segment]]:
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


def _close_gaps(row: list[Segment]) -> list[Segment]:
    """Joins neighbours with no wide gap: a superscript, a word drawn by itself, a currency sign."""
    joined = [row[0]]
    for segment in row[1:]:
        last = joined[-1]
        size = max(last.runs[-1].size, segment.runs[0].size)
        sign = len(last.runs) == 1 and last.runs[0].text in CURRENCY_SIGNS
        tail = len(segment.runs) == 1 and segment.runs[0].text in {"%", ")", ")%"}
        new_cell = (
            segment.runs[0].text in CURRENCY_SIGNS and last.runs[-1].text[-1] in "0123456789)%"
        )
        if not new_cell and segment.x0 - last.x1 < (8 if sign or tail else 1) * size:
            for at, run in enumerate(segment.runs):
                last.add(run, segment.lefts[at], segment.y0, segment.rights[at], segment.y1)
        else:
            joined.append(segment)
    return joined


def _gutter(segments: list[Segment], rows: list[list[Segment]]) -> float | None:
    """The middle of the emptiest upright strip that has columns of prose on both sides."""
    if len(segments) < 2 * _MIN_LINES:
        return None
    left = min(segment.x0 for segment in segments)
    right = max(segment.x1 for segment in segments)
    bins = int((right - left) / _BIN)
    if bins < 20:
        return None
    # How many segments cover each strip, by a sum over their first and last strips.
    change = [0] * (bins + 2)
    for segment in segments:
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
    for _, _, first, last in sorted(candidates)[:4]:
        gutter = left + (first + last) / 2 * _BIN
        for band in _bands(rows, gutter):
            left_side = [segment for segment in band if segment.x1 <= gutter]
            right_side = [segment for segment in band if segment.x0 >= gutter]
            if _are_columns(left_side, right_side):
                return gutter
    return None


def _bands(rows: list[list[Segment]], gutter: float) -> list[list[Segment]]:
    """Splits a page into stretches of rows that keep clear of the gutter and rows that do not.

    A row with several cells on one side of it belongs to a table, and splits like one that spans.
    """
    bands: list[list[Segment]] = []
    spanning_before: bool | None = None
    for row in rows:
        left = right = 0
        spans = False
        for segment in row:
            if segment.x1 <= gutter:
                left += not segment.is_mark
            elif segment.x0 >= gutter:
                right += not segment.is_mark
            else:
                spans = True
        spans = spans or left > 1 or right > 1
        if spans != spanning_before:
            bands.append([])
            spanning_before = spans
        bands[-1].extend(row)
    return bands


def _are_columns(left: list[Segment], right: list[Segment]) -> bool:
    """True if both sides are running text, or one is and the other's lines do not match its own.

    The second case is text beside a chart or a box; the cells of a table stand on common lines.
    """
    left_prose, right_prose = _is_prose(left), _is_prose(right)
    if left_prose and right_prose:
        return True
    if not (left_prose or right_prose) or min(len(left), len(right)) < _MIN_LINES:
        return False
    text, other = (left, right) if left_prose else (right, left)
    return len(text) >= _MIN_TEXT_LINES and _share_on_lines_of(other, text) < 0.5


def _share_on_lines_of(segments: list[Segment], others: list[Segment]) -> float:
    """The share of `segments` whose foot is level with that of one of the `others`."""
    feet = sorted(other.y1 for other in others)
    level = 0
    for segment in segments:
        slack = 0.15 * (segment.y1 - segment.y0)
        at = bisect.bisect_left(feet, segment.y1 - slack)
        level += at < len(feet) and feet[at] <= segment.y1 + slack
    return level / len(segments)


def _is_prose(segments: list[Segment]) -> bool:
    """True for lines that fill their column, one a row: running text rather than cells."""
    if len(segments) < _MIN_LINES:
        return False
    left = min(segment.x0 for segment in segments)
    width = max(segment.x1 for segment in segments) - left
    if width <= 8 * segments[0].runs[0].size:
        return False
    filled = sum(1 for segment in segments if segment.x1 - segment.x0 > 0.6 * width)
    return filled >= 0.5 * len(segments) and len(segments) <= 1.3 * len(side_by_side(segments))


def gap_between(above: list[Segment], below: list[Segment]) -> float:
    """From the foot of one row to the head of the next."""
    return min(s.y0 for s in below) - max(s.y1 for s in above)


def height_of(row: list[Segment]) -> float:
    """That of a row's tallest segment."""
    return max(segment.y1 - segment.y0 for segment in row)
