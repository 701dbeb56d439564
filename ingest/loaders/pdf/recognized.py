"""From words that were read of a picture to the runs that the layout of text pages works on, and
from the text back to the words: so lines come into reading order by the same code."""

import bisect
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from quire.ingest.loaders.ocr.words import Recognition, Word
from quire.ingest.loaders.pdf.layout import lay_out
from quire.ingest.loaders.pdf.ruling import Box
from quire.ingest.loaders.pdf.runs import PageRuns, Run, centre, covered, turned, view_size
from quire.ingest.loaders.pdf.writer import PageLayout
from quire.records import RecognizedPage, RecognizedWord

# Heights against the page's median that are taken for its plain text, as is whatever ends like a
# sentence: plain lines have 0.87 to 1.14 of it, headings of 14 points over 11 some 1.2.
_PLAIN = (0.85, 1.18)
_HEADING = 1.3
_ENDS = tuple(".,;:!?。，；：！？、")
_FONT = 0.72  # of a line's height is the size of its font: boxes reach above and below
_NO_TEXT = PageRuns(
    runs=[], astray=[], quadrant=0, box=(0.0, 0.0, 1.0, 1.0), hidden=0, grids=[], undecoded=0.0
)


@dataclass(frozen=True, slots=True)
class _Placed:
    """`length` characters from `first` on, and their box as the page is viewed."""

    first: int
    length: int
    box: Box
    confidence: float | None


def lay_out_recognized(
    number: int,
    recognition: Recognition,
    *,
    width: float,
    beside: PageRuns = _NO_TEXT,
    rotation: int = 0,
) -> tuple[PageLayout, RecognizedPage]:
    """The text of page `number`, `width` points wide as it is viewed, and where its words stand.

    `beside` is what the page has of text besides; what was read of it again is left out.
    `rotation` counts the clockwise quarter turns after which the page is viewed.
    """
    scale = width / recognition.width
    height = recognition.height * scale
    upright = view_size((0.0, 0.0, width, height), recognition.quadrant)
    frame = (0.0, 0.0, *upright)
    runs: list[Run] = []
    astray: list[Run] = []
    placed: list[_Placed] = []
    fits = beside.quadrant == (rotation + recognition.quadrant) % 4
    for group, into in ((beside.runs, runs if fits else astray), (beside.astray, astray)):
        for run in group:
            viewed = turned(run.box, page=beside.box, quarter_turns=rotation)
            placed.append(_Placed(run.start, run.end - run.start, viewed, None))
            box = _flipped(
                turned(_flipped(viewed, height), page=(0.0, 0.0, width, height),
                       quarter_turns=recognition.quadrant),
                upright[1],
            )  # fmt: skip
            into.append(replace(run, box=box))
    there = [run.box for run in (*runs, *astray)]
    first = max((run.end for run in (*runs, *astray)), default=0)
    line = max((run.line for run in (*runs, *astray)), default=-1) + 1
    kept = _apart_from(recognition, there, scale=scale, height=upright[1])
    read, found = _runs(
        kept, scale=scale, height=upright[1], skew=recognition.skew, first=first, line=line
    )
    layout = lay_out(
        replace(beside, runs=[*runs, *read], astray=astray, quadrant=0, box=frame, grids=[])
    )
    back = -recognition.quadrant % 4
    placed += [
        replace(each, box=turned(_flipped(each.box, upright[1]), page=frame, quarter_turns=back))
        for each in found
    ]
    size = float(round(width, 1)), float(round(height, 1))
    return layout, RecognizedPage(number, *size, _words(layout, placed))


def _flipped(box: Box, height: float) -> Box:
    """A box whose y grows downwards as one whose y grows upwards, or the other way."""
    return box[0], height - box[3], box[2], height - box[1]


def _apart_from(
    recognition: Recognition, there: list[Box], *, scale: float, height: float
) -> list[list[Word]]:
    """The lines without the words that the page has as text."""
    lines = []
    for line in recognition.lines:
        kept = [
            word for word in line if not covered(centre(_flipped(_box(word, scale), height)), there)
        ]
        if kept:
            lines.append(kept)
    return lines


def _box(word: Word, scale: float) -> Box:
    return word.left * scale, word.top * scale, word.right * scale, word.bottom * scale


def _runs(
    lines: Sequence[Sequence[Word]],
    *,
    scale: float,
    height: float,
    skew: float,
    first: int,
    line: int,
) -> tuple[list[Run], list[_Placed]]:
    """Words without a blank between them as runs, as if their lines were level, and the words by
    their boxes in the upright picture. Characters and lines are counted from `first` and `line`
    on."""
    # subtle: the box of a stretch of a line that rises is higher than its letters
    heights = [
        scale * max(w.bottom - w.top - abs(skew) * (w.right - w.left) for w in words)
        for words in lines
    ]
    usual = statistics.median(heights) if heights else 0.0
    runs: list[Run] = []
    placed: list[_Placed] = []
    for number, (words, tall) in enumerate(zip(lines, heights, strict=True), start=line):
        plain = _PLAIN[0] * usual < tall < _PLAIN[1] * usual or words[-1].text.endswith(_ENDS)
        # Of short lines the heights tell that they are headings, and not of which level.
        size = usual if plain else min(tall, _HEADING * usual)
        for group in _without_blanks(words):
            start = first
            boxes = [_box(word, scale) for word in group]
            for word, box in zip(group, boxes, strict=True):
                placed.append(_Placed(first, len(word.text), box, word.confidence))
                first += len(word.text)
            left, right = boxes[0][0], boxes[-1][2]
            lift = skew * (left + right) / 2
            rise = abs(skew) * max(box[2] - box[0] for box in boxes) / 2
            top = min(box[1] for box in boxes) + lift + rise
            whole = (left, top, right, max(box[3] for box in boxes) + lift - rise)
            runs.append(
                Run(
                    start=start,
                    end=first,
                    text="".join(word.text for word in group),
                    box=_flipped(whole, height),
                    line=number,
                    size=_FONT * size,
                    bold=False,
                )
            )
    return runs, placed


def _without_blanks(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and not word.glued:
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _words(layout: PageLayout, placed: list[_Placed]) -> tuple[RecognizedWord, ...]:
    """Where each word came to stand in the text; one may be taken apart by it, or left out."""
    placed.sort(key=lambda each: each.first)
    firsts = [each.first for each in placed]
    where: dict[int, tuple[int, int]] = {}
    for begin, length, character in layout.pieces:
        at = max(0, bisect.bisect_right(firsts, character) - 1)
        while at < len(placed) and firsts[at] < character + length:
            low = max(firsts[at], character) - character
            high = min(firsts[at] + placed[at].length - character, length)
            if low < high:
                known = where.get(at, (begin + low, begin + high))
                where[at] = (min(known[0], begin + low), max(known[1], begin + high))
            at += 1
    found = []
    for at, (start, end) in where.items():
        left, top, right, bottom = (round(x, 1) for x in placed[at].box)
        found.append(RecognizedWord(start, end, left, top, right, bottom, placed[at].confidence))
    return tuple(sorted(found, key=lambda word: (word.start, word.end)))
