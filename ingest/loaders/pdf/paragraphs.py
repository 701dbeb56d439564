"""Which lines of running text belong together: paragraphs and the items of lists."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from quire.ingest.loaders.cleaning import clean, is_cjk
from quire.ingest.loaders.pdf.prose import SENTENCE_END
from quire.ingest.loaders.pdf.segments import Segment

_BULLET = re.compile(r"^[•●○■□◆◇▪▫‣⁃∙·➢➤✓✔★–—\-*]$")
_BULLET_SIGNS = frozenset("•●■◆▪➢➤")  # those that stand before a word without a space, too
_NUMBERED = re.compile(
    r"^(\(?[0-9]{1,3}[.)](?!\d)|\([a-zA-Z]\)|[a-z][.)]|\(?[ivxIVX]{1,5}[.)]|[0-9]{1,2}、"
    r"|[（(][一二三四五六七八九十0-9]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|[①-⑳])"
)


def paragraphs(
    rows: Sequence[list[Segment]], *, left: float, right: float
) -> Iterable[tuple[Literal["paragraph", "list"], list[list[Segment]]]]:
    """Groups lines of running text into paragraphs and list items."""
    leading = _usual_leading(rows)
    current: list[list[Segment]] = []
    kind: Literal["paragraph", "list"] = "paragraph"
    for row in rows:
        listed = _is_list_item(row)
        if current and (
            listed or _breaks(current, row, kind=kind, leading=leading, left=left, right=right)
        ):
            yield kind, current
            current = []
        if not current:
            kind = "list" if listed else "paragraph"
        current.append(row)
    if current:
        yield kind, current


def _is_list_item(row: list[Segment]) -> bool:
    text = row[0].runs[0].text
    first = row[0].runs[0].first_word
    if _BULLET.match(clean(first)):
        return len(row) > 1 or len(row[0].runs) > 1 or len(text) > len(first)
    return clean(first[0]) in _BULLET_SIGNS or _NUMBERED.match(text) is not None


def is_list_mark(row: list[Segment]) -> bool:
    """True for a bullet or number set apart from its text: two segments, and yet no table."""
    if len(row) != 2 or len(row[0].runs) != 1:
        return False
    text = row[0].runs[0].text
    numbered = _NUMBERED.match(text)
    return _BULLET.match(clean(text)) is not None or (
        numbered is not None and numbered.end() == len(text)
    )


def _breaks(
    current: list[list[Segment]],
    row: list[Segment],
    *,
    kind: str,
    leading: float,
    left: float,
    right: float,
) -> bool:
    """True if `row` begins a new paragraph after the lines in `current`."""
    above = current[-1]
    first, size = row[0], row[0].runs[0].size
    above_size = above[0].runs[0].size
    if abs(size - above_size) > 0.12 * max(size, above_size):
        return True
    weight_changes = above[-1].runs[-1].bold != row[0].runs[0].bold
    if weight_changes and ((_is_bold(above) and len(current) == 1) or _is_bold(row)):
        return True
    if first.x0 > above[-1].x1 or row[-1].x1 < above[0].x0:
        return True  # beside it, or in another column
    step = first.y1 - above[0].y1
    if step > 1.3 * leading and step > 1.5 * size:
        return True
    if step < 0:
        return True
    slack = right - above[-1].x1
    text = first.runs[0].text
    first_word = (first.rights[0] - first.lefts[0]) * len(first.runs[0].first_word) / len(text)
    if is_cjk(text[0]):
        first_word = min(first_word, size)
    ended = SENTENCE_END.search(above[-1].runs[-1].last_word) is not None
    # The next word would have fitted on the line above: the line was ended on purpose.
    if slack > first_word + 0.6 * size and (ended or slack > 0.3 * (right - left)):
        return True
    indent = first.x0 - above[0].x0
    centred = abs((first.x0 + first.x1) - (above[0].x0 + above[-1].x1)) < size
    if kind == "list":
        return indent < -0.5 * size and ended
    return 0.8 * size < indent < 6 * size and not centred and above[0].x0 - left < 6 * size


def runs_on(before: list[Segment], line: list[Segment]) -> bool:
    """True if a paragraph goes on from the foot of one column to the head of the next."""
    last, first = before[-1].runs[-1], line[0].runs[0]
    return (
        abs(last.size - first.size) < 0.05 * last.size
        and last.bold == first.bold
        and (first.text[0].islower() or is_cjk(first.text[0]))
    )


def _is_bold(row: list[Segment]) -> bool:
    return row[0].runs[0].bold and row[-1].runs[-1].bold


def _usual_leading(rows: Sequence[list[Segment]]) -> float:
    """The median distance between two lines that follow each other closely."""
    steps = []
    for above, below in itertools.pairwise(rows):
        step = below[0].y1 - above[0].y1
        if 0 < step < 3 * below[0].runs[0].size:
            steps.append(step)
    return sorted(steps)[(len(steps) - 1) // 2] if steps else 0.0
