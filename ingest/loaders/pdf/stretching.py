"""Words of a justified line that stand so far apart that they look like the cells of a row.

In a narrow column that is set to both edges a gap between two words may be wider than the gap
between two cells, or two columns, elsewhere. Two things tell it: the gaps of its line are alike,
since the typesetter spreads them evenly, and the lines above and below have words where it is,
while what parts cells or columns goes on from row to row.
"""

from collections.abc import Sequence

from quire.ingest.loaders.cleaning import is_cjk, is_leftward
from quire.ingest.loaders.pdf.segments import Segment

_WIDEST = 4.0  # sizes of the font: no typesetter spreads words further
_ALIKE = 1.3  # times as wide: what still counts as an even spread; sentences end with a wider one
_HELD = 3  # rows that a gap goes through, from which on it parts cells or columns
_LOOKED = 6  # rows on each side that are looked at for it
_FIGURES = 3  # one segment in so many may be a number; a row of a table has more
_FAR = 2.5  # heights between two rows that do not follow each other closely
_LEAST = 0.5  # sizes that are left of a gap which goes on in the next row


def join_stretched(rows: Sequence[Sequence[Segment]]) -> list[list[Segment]]:
    """Rows, from top to bottom and each from left to right, with the words of justified lines put
    together."""
    joined: list[list[Segment]] = []
    for at, row in enumerate(rows):
        kept = [row[0]]
        for number, segment in enumerate(row[1:], 1):
            if _is_stretched(row, number) and not _is_held(rows, at, number):
                last = kept[-1] = kept[-1].copy()
                for each, run in enumerate(segment.runs):
                    left, right = segment.lefts[each], segment.rights[each]
                    last.add(run, left, segment.y0, right, segment.y1)
            else:
                kept.append(segment)
        joined.append(kept)
    return joined


def _is_stretched(row: Sequence[Segment], number: int) -> bool:
    """True if the gap before segment `number` is like another one beside it, between words."""
    before, after = row[number - 1], row[number]
    gap = after.x0 - before.x1
    size = max(before.runs[-1].size, after.runs[0].size)
    if not 0 < gap < _WIDEST * size or before.runs[-1].line != after.runs[0].line:
        return False
    if before.grid is not None or after.grid is not None:
        return False
    if not (_is_word(before.runs[-1].text) and _is_word(after.runs[0].text)):
        return False
    if _FIGURES * sum(segment.is_figure for segment in row) > len(row):
        return False
    beside = [*_inner(before)[-1:], *_inner(after)[:1]]
    if len(before.runs) == 1 and number > 1:
        beside.append(before.x0 - row[number - 2].x1)
    if len(after.runs) == 1 and number + 1 < len(row):
        beside.append(row[number + 1].x0 - after.x1)
    return any(gap < _ALIKE * other and other < _ALIKE * gap for other in beside)


def _is_word(text: str) -> bool:
    """False for Chinese, which has no spaces to be stretched, and for what is read leftwards."""
    return not (is_cjk(text[0]) or is_cjk(text[-1]) or is_leftward(text))


def _inner(segment: Segment) -> list[float]:
    """The gaps between the runs of a segment."""
    return [
        left - right for left, right in zip(segment.lefts[1:], segment.rights[:-1], strict=True)
    ]


def _is_held(rows: Sequence[Sequence[Segment]], at: int, number: int) -> bool:
    """True if the gap before segment `number` of a row goes on through the rows around it."""
    segment, before = rows[at][number], rows[at][number - 1]
    gap = before.x1, segment.x0
    least = _LEAST * segment.runs[0].size
    height = 1
    for step in (-1, 1):
        strip, here = gap, at
        for _ in range(_LOOKED):
            if height >= _HELD or not 0 <= here + step < len(rows):
                break
            above, below = sorted((here, here + step))
            here += step
            if rows[below][0].y0 - rows[above][0].y1 > _FAR * (segment.y1 - segment.y0):
                break
            through = _through(rows[here], strip, least)
            if through is None:
                break
            strip = through
            height += _is_closed(rows[here], strip, near=3 * (gap[1] - gap[0]))
    return height >= _HELD


def _through(
    row: Sequence[Segment], strip: tuple[float, float], least: float
) -> tuple[float, float] | None:
    """What is left of a strip between the segments of a row."""
    edges = [float("-inf"), *(x for s in row for x in (s.x0, s.x1)), float("inf")]
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        low, high = max(left, strip[0]), min(right, strip[1])
        if high - low >= least:
            return low, high
    return None


def _is_closed(row: Sequence[Segment], strip: tuple[float, float], *, near: float) -> bool:
    """True if a row has text near a strip on both sides. Beside the short last line of a paragraph
    all is blank, which says nothing about a gap."""
    left = any(0 <= strip[0] - segment.x1 < near for segment in row)
    right = any(0 <= segment.x0 - strip[1] < near for segment in row)
    return left and right
