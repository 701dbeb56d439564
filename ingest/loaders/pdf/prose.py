"""Which lines below each other are running text, and which are the cells of rows."""

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence

from quire.ingest.loaders.cleaning import is_cjk
from quire.ingest.loaders.pdf.segments import Segment, follows, side_by_side

SENTENCE_END = re.compile(r"[.!?:;。！？：；…][\"'”’)\]）」』]*$")

MIN_LINES = 3  # on each side of a gutter; fewer are a letterhead or a caption
_MIN_TEXT_LINES = 5  # beside a chart or box
_NARROWEST = 8  # sizes of the font: a column of running text is wider
_READ_ON = 0.25  # of the lines; in English three in four begin within a sentence
_ACROSS = 0.4  # of the lines beside something else go on there, where it is in no rows with them
_TOGETHER = 0.8  # of the paragraphs of two columns begin together where they are cells
_DRAWN = 0.9  # of the lines of a column come one after the other in the file
_ONE_WIDTH = 0.85  # times as wide is as wide, where lines are ragged
_BLANKS = 0.1  # of the lines may have none beside them
_EVEN = 1.2  # times the step from line to line
_LEVEL = 0.15  # heights by which the feet of two lines on one grid differ at most


def is_prose(segments: Sequence[Segment]) -> bool:
    """True for lines that fill their column, one a row, and are read on from one to the next:
    running text rather than cells."""
    if len(segments) < MIN_LINES:
        return False
    left = min(segment.x0 for segment in segments)
    width = max(segment.x1 for segment in segments) - left
    if width <= _NARROWEST * segments[0].runs[0].size:
        return False
    filled = sum(1 for segment in segments if segment.x1 - segment.x0 > 0.6 * width)
    if filled < 0.5 * len(segments) or len(segments) > 1.3 * len(side_by_side(segments)):
        return False
    going = _going_on(_downwards(segments), surely=True)
    return sum(going) >= _READ_ON * len(segments)


def stands_beside(text: Sequence[Segment], other: Sequence[Segment]) -> bool:
    """True if running text stands beside something that is in no rows with it: a chart, a box, a
    list of facts in the margin.

    Lines on other heights are in no rows with it. Nor are those that stand beside a line which goes
    on from the one above: the rows of a table begin in all their cells.
    """
    if len(text) < _MIN_TEXT_LINES or len(other) < MIN_LINES:
        return False
    level = list(_level(text, other, surely=True))
    if len(level) < 0.5 * len(other):
        return True
    if sum(line.is_figure for line in other) > 0.5 * len(other):
        return False
    return sum(goes_on for goes_on, _ in level) > _ACROSS * len(level)


def begin_together(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """True if the lines of two columns mostly begin anew at the same heights: they are the cells of
    rows, however long these are."""
    level = list(_level(left, right))
    together = sum(not one and not other for one, other in level)
    apart = sum(one != other for one, other in level)
    begun = min(len(side) - sum(_going_on(_downwards(side))) for side in (left, right))
    if together < max(MIN_LINES, 2 * apart, _TOGETHER * begun):
        return False
    # A file draws a table row by row; what it draws downwards is columns whose lines agree.
    lines = _downwards(left)
    drawn = sum(follows(*pair) for pair in itertools.pairwise(lines))
    if drawn >= _DRAWN * (len(lines) - 1):
        return False
    # Where it draws some lines downwards, these are of one cell.
    return drawn > _BLANKS * len(lines) or not _are_filled_alike(left, right)


def _are_filled_alike(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """True for two columns of one width whose lines all stand side by side and evenly.

    The cells of a row are seldom of one length: the shorter ones leave blanks, or the rows are set
    apart from each other. Sentences that only happen to begin level do neither.
    """
    widths = [max(s.x1 for s in side) - min(s.x0 for s in side) for side in (left, right)]
    if min(widths) < _ONE_WIDTH * max(widths):
        return False
    sides = _downwards(left), _downwards(right)
    foot = min(side[-1].y1 for side in sides) + 0.5 * (left[0].y1 - left[0].y0)
    lines = [[line for line in side if line.y1 < foot] for side in sides]
    if abs(len(lines[0]) - len(lines[1])) > _BLANKS * len(lines[0]):
        return False
    beside = sum(1 for _ in _level(*lines))
    if beside < (1 - _BLANKS) * max(map(len, lines)):
        return False
    steps = sorted(below.y1 - above.y1 for above, below in itertools.pairwise(sides[0]))
    return steps[-1 - len(steps) // 10] < _EVEN * steps[len(steps) // 10]


def _downwards(lines: Sequence[Segment]) -> list[Segment]:
    return sorted(lines, key=lambda segment: segment.y1)


def _level(
    left: Sequence[Segment], right: Sequence[Segment], *, surely: bool = False
) -> Iterator[tuple[bool, bool]]:
    """For each two lines on one level, whether each goes on from the line above it."""
    lines, others = _downwards(left), _downwards(right)
    feet = [segment.y1 for segment in lines]
    going, others_going = _going_on(lines, surely=surely), _going_on(others)
    for segment, goes_on in zip(others, others_going, strict=True):
        slack = _LEVEL * (segment.y1 - segment.y0)
        at = bisect.bisect_left(feet, segment.y1 - slack)
        if at < len(feet) and feet[at] <= segment.y1 + slack:
            yield going[at], goes_on


def _going_on(lines: Sequence[Segment], *, surely: bool = False) -> list[bool]:
    """For each line of a column, from top to bottom, whether it goes on from the one above.

    A full line above tells so, which a cell may be too; a small letter at its beginning does
    `surely`, in scripts that have any.
    """
    right = max(segment.x1 for segment in lines)
    left = min(segment.x0 for segment in lines)
    found = [False]
    for at in range(1, len(lines)):
        above, line = lines[at - 1], lines[at]
        size = line.runs[0].size
        near = line.y0 - above.y1 < line.y1 - line.y0 and line.y0 > above.y0
        first = line.runs[0].text[0]
        near = near and not SENTENCE_END.search(above.runs[-1].text)
        if first.islower():
            found.append(near)
        elif surely and (first.lower() != first.upper() or not first.isalpha()):
            found.append(False)
        else:
            wide = right - left > _NARROWEST * size
            found.append(near and wide and right - above.x1 < _room(line, size))
    return found


def _room(line: Segment, size: float) -> float:
    """As much as a line may lack at its end because the next word did not fit."""
    text = line.runs[0].text
    if is_cjk(text[0]):
        return 2 * size
    word = (line.rights[0] - line.lefts[0]) * len(line.runs[0].first_word) / len(text)
    return word + size
