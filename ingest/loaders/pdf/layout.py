"""From the runs of text on a PDF page to its text in reading order: a pure function of one page.

    runs -> segments (runs with no wide gap) -> columns -> rows -> paragraphs and tables -> text

It looks at one page alone, never at its neighbours, so that the place of a quote can be found
again years later from the file and two offsets. What needs the whole document (running headers,
heading levels) marks stretches of this text and never changes it.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from quire.ingest.loaders.cleaning import clean, count_cjk, is_cjk, is_clean
from quire.ingest.loaders.content import CELL_BREAK
from quire.ingest.loaders.pdf.columns import (
    CURRENCY_SIGNS,
    Segment,
    reading_order,
    rows_of,
    side_by_side,
)
from quire.ingest.loaders.pdf.pdfium import PageRuns, Run, turned

_SENTENCE_END = re.compile(r"[.!?:;。！？：；…][\"'”’)\]）」』]*$")
_CLOSING = re.compile(r"^[，。、；：！？）」』》】〉”’…,.;:!?)\]]")
_BULLET = re.compile(r"^[•●○■□◆◇▪▫‣⁃∙·➢➤✓✔★–—\-*]$")
_BULLET_SIGNS = frozenset("•●■◆▪➢➤")  # those that stand before a word without a space, too
_LOOSE_SPACE = re.compile(
    r"[^\S ]\s*| \s+|(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]) "
    r"(?=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])"
)
_NUMBERED = re.compile(
    r"^(\(?[0-9]{1,3}[.)](?!\d)|\([a-zA-Z]\)|[a-z][.)]|\(?[ivxIVX]{1,5}[.)]|[0-9]{1,2}、"
    r"|[（(][一二三四五六七八九十0-9]{1,3}[）)]|[一二三四五六七八九十]{1,3}、|[①-⑳])"
)
_MAX_LABELS = 12  # rows of one cell in a row that do not yet end a table


@dataclass(slots=True)
class Line:
    """One line of a paragraph or one row of a table: characters [start, end) of the page's text.

    `top` and `bottom` are the line's place as a share of the page's height, from the top.
    """

    start: int
    end: int
    top: float
    bottom: float
    size: float
    bold: bool


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together; between two paragraphs the page's text has an empty line."""

    kind: Literal["paragraph", "list", "table"]
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class PageLayout:
    """The text of a page and, piece by piece, the pdfium characters that it was made from.

    `pieces` are (start in the text, length, first character): piece by piece the text's characters
    come from as many of pdfium's in a row; what no piece covers was put in, a space for example.
    `hidden` counts runs left out because no reader sees them.
    """

    text: str
    paragraphs: list[Paragraph]
    pieces: list[tuple[int, int, int]]
    hidden: int

    def characters(self, start: int, end: int) -> list[int]:
        """The pdfium characters behind [start, end) of the text, in the text's order."""
        found: list[int] = []
        for at, length, first in self.pieces:
            low, high = max(start, at), min(end, at + length)
            found.extend(range(first + low - at, first + high - at))
        return found


def lay_out(page: PageRuns) -> PageLayout:
    """The page's text in reading order."""
    writer = _Writer(page)
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
    while first < min(2, len(rows) - 1) and _gap(rows[first], rows[first + 1]) > _height(
        rows[first]
    ):
        first += 1
    while last > max(first + 1, len(rows) - 2) and (
        _gap(rows[last - 2], rows[last - 1]) > _height(rows[last - 1])
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


class _Writer:
    """Writes paragraphs and keeps account of where every character came from."""

    def __init__(self, page: PageRuns) -> None:
        box = page.box
        self._height = max(box[2] - box[0] if page.quadrant % 2 else box[3] - box[1], 1.0)
        self._parts: list[str] = []
        self._at = 0
        self._pieces: list[tuple[int, int, int]] = []
        self._paragraphs: list[Paragraph] = []
        self._runs = page.runs
        self._vocabulary: set[str] | None = None  # made when a hyphen asks for it
        self._by_character = _is_set_by_character(page.runs)

    def column(self, column: list[Segment], before: list[Segment] | None) -> list[Segment] | None:
        """Writes one column; `before` is the last line of the column before, if text runs on.

        Returns this column's last line if it may run on in the next.
        """
        rows = rows_of(column)
        right = max(segment.x1 for segment in column)
        left = min(segment.x0 for segment in column)
        last: list[Segment] | None = None
        for group in _tables_and_text(rows, left=left, right=right):
            if group.is_table:
                self.paragraph("table", group.rows)
                before = last = None
                continue
            for kind, lines in _paragraphs(group.rows, left=left, right=right):
                runs_on = before is not None and kind == "paragraph" and _runs_on(before, lines[0])
                self.paragraph(kind, lines, continues=runs_on)
                before, last = None, lines[-1]
        if last is not None and _SENTENCE_END.search(last[-1].runs[-1].last_word):
            return None
        return last

    def paragraph(
        self,
        kind: Literal["paragraph", "list", "table"],
        rows: list[list[Segment]],
        *,
        continues: bool = False,
    ) -> None:
        if continues:
            paragraph = self._paragraphs[-1]
        else:
            if self._parts:
                self._put("\n\n")
            paragraph = Paragraph(kind)
        for row in rows:
            start = self._at
            if paragraph.lines:
                start = self._break_line(kind, row)
            for number, segment in enumerate(row):
                if number:
                    self._put(CELL_BREAK if kind == "table" else " ")
                self._segment(segment)
            if self._at > start:
                first = row[0].runs
                paragraph.lines.append(
                    Line(
                        start=start,
                        end=self._at,
                        top=min(segment.y0 for segment in row) / self._height,
                        bottom=max(segment.y1 for segment in row) / self._height,
                        size=max(first[0].size, first[-1].size),
                        bold=all(s.runs[0].bold and s.runs[-1].bold for s in row),
                    )
                )
        if paragraph.lines and not continues:
            self._paragraphs.append(paragraph)

    def finish(self, hidden: int) -> PageLayout:
        return PageLayout("".join(self._parts), self._paragraphs, self._pieces, hidden)

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._at += len(text)

    def _segment(self, segment: Segment) -> None:
        before: Run | None = None
        x1 = 0.0
        for run, left, right in zip(segment.runs, segment.lefts, segment.rights, strict=True):
            if before is not None and not (
                # Spaces that pdfium sees between spread-out Chinese characters are not spaces.
                is_cjk(before.text[-1]) and is_cjk(run.text[0]) and left - x1 < 0.8 * run.size
            ):
                self._put(" ")
            if run.text.isascii() or is_clean(run.text):
                self._clean_run(run)
            else:
                self._odd_run(run)
            before, x1 = run, right

    def _clean_run(self, run: Run) -> None:
        """Writes a run whose characters stay as they are, its white space made single spaces."""
        if run.text.isascii() and "  " not in run.text and "\t" not in run.text:
            self._pieces.append((self._at, len(run.text), run.start))
            self._put(run.text)
            return
        at = 0
        for space in _LOOSE_SPACE.finditer(run.text):
            self._piece(run.text[at : space.start()], run.start + at)
            at = space.end()
            if not (is_cjk(space.string[space.start() - 1]) and is_cjk(space.string[at])):
                self._put(" ")
        self._piece(run.text[at:] if at else run.text, run.start + at)

    def _odd_run(self, run: Run) -> None:
        """Writes a run character by character: some are left out, others become several."""
        at = 0
        while at < len(run.text):
            size = 2 if "\ud800" <= run.text[at] <= "\udbff" else 1
            for letter in clean(run.text[at : at + size]):
                if not letter.isspace():
                    self._piece(letter, run.start + at)
                elif not self._parts[-1].endswith(" "):
                    self._put(" ")
            at += size

    def _piece(self, text: str, first: int) -> None:
        if text:
            self._pieces.append((self._at, len(text), first))
            self._put(text)

    def _break_line(self, kind: str, row: list[Segment]) -> int:
        """Puts what belongs between two lines; returns where the new line begins."""
        if kind == "table":
            self._put("\n")
            return self._at
        last = self._parts[-1]
        following = row[0].runs[0].first_word
        if len(last) > 1 and last[-1] in "-\u2010" and following[0].islower():
            if last[-2].isalpha() and not self._is_compound(last.rsplit(maxsplit=1)[-1], following):
                self._drop_last()
            return self._at
        joined = is_cjk(last[-1:]) or is_cjk(following[0])
        if not joined and self._by_character:
            joined = last[-1:].isalnum() and following[0].isalnum()
        if not joined and last != " ":
            self._put(" ")
        return self._at

    def _is_compound(self, before: str, following: str) -> bool:
        """True if a hyphen at a line's end belongs to the word, as the rest of the page says."""
        first = before.lower().lstrip("(\"“'")
        second = following.lower().rstrip(',.;:)"”')
        if self._vocabulary is None:
            words = " ".join(run.text for run in self._runs).lower().split()
            self._vocabulary = {word.strip(",.;:()") for word in words}
        if first + second in self._vocabulary:
            return True
        return first[:-1] + second not in self._vocabulary and first[:-1] in self._vocabulary

    def _drop_last(self) -> None:
        """Takes back the last character, a hyphen."""
        self._parts[-1] = self._parts[-1][:-1]
        self._at -= 1
        at, length, first = self._pieces[-1]
        self._pieces[-1] = (at, length - 1, first)


@dataclass(slots=True)
class _Group:
    rows: list[list[Segment]]
    is_table: bool


def _tables_and_text(
    rows: Sequence[list[Segment]], *, left: float, right: float
) -> Iterable[_Group]:
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
            yield _Group(text, is_table=False)
            text = []
        yield _Group(list(rows[at:end]), is_table=True)
        at = end
    if text:
        yield _Group(text, is_table=False)


def _table_end(rows: Sequence[list[Segment]], start: int, *, width: float) -> int | None:
    if len(rows[start]) < 2 or _is_list_mark(rows[start]):
        return None
    end, at, several = start + 1, start + 1, 1
    size = rows[start][0].runs[0].size
    last = rows[start]
    while at < len(rows):
        row = rows[at]
        if _gap(rows[at - 1], row) > 2.5 * _height(row):
            break
        if abs(row[0].runs[0].size - size) > 0.12 * size:
            break
        if len(row) >= 2:
            if _is_list_mark(row) or not _aligned(last, row):
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


def _is_list_mark(row: list[Segment]) -> bool:
    """True for a bullet or number set apart from its text: two segments, and yet no table."""
    if len(row) != 2 or len(row[0].runs) != 1:
        return False
    text = row[0].runs[0].text
    numbered = _NUMBERED.match(text)
    return _BULLET.match(clean(text)) is not None or (
        numbered is not None and numbered.end() == len(text)
    )


def _paragraphs(
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
    ended = _SENTENCE_END.search(above[-1].runs[-1].last_word) is not None
    # The next word would have fitted on the line above: the line was ended on purpose.
    if slack > first_word + 0.6 * size and (ended or slack > 0.3 * (right - left)):
        return True
    indent = first.x0 - above[0].x0
    centred = abs((first.x0 + first.x1) - (above[0].x0 + above[-1].x1)) < size
    if kind == "list":
        return indent < -0.5 * size and ended
    return 0.8 * size < indent < 6 * size and not centred and above[0].x0 - left < 6 * size


def _runs_on(before: list[Segment], line: list[Segment]) -> bool:
    """True if a paragraph goes on from the foot of one column to the head of the next."""
    last, first = before[-1].runs[-1], line[0].runs[0]
    return (
        abs(last.size - first.size) < 0.05 * last.size
        and last.bold == first.bold
        and (first.text[0].islower() or is_cjk(first.text[0]))
    )


def _is_bold(row: list[Segment]) -> bool:
    return row[0].runs[0].bold and row[-1].runs[-1].bold


def _gap(above: list[Segment], below: list[Segment]) -> float:
    return min(s.y0 for s in below) - max(s.y1 for s in above)


def _height(row: list[Segment]) -> float:
    return max(segment.y1 - segment.y0 for segment in row)


def _usual_leading(rows: Sequence[list[Segment]]) -> float:
    """The median distance between two lines that follow each other closely."""
    steps = []
    for above, below in itertools.pairwise(rows):
        step = below[0].y1 - above[0].y1
        if 0 < step < 3 * below[0].runs[0].size:
            steps.append(step)
    return sorted(steps)[(len(steps) - 1) // 2] if steps else 0.0


def _is_set_by_character(runs: Iterable[Run]) -> bool:
    """True if lines break anywhere, even inside Latin words.

    Plain Chinese typesetters do so. They are told by lines that begin with a closing bracket or
    a full stop, which careful ones avoid.
    """
    line, total, cjk, forbidden = -1, 0, 0, 0
    for run in runs:
        total += len(run.text)
        if not run.text.isascii():
            cjk += count_cjk(run.text)
        if run.line != line:
            line = run.line
            forbidden += _CLOSING.match(run.text) is not None
    return forbidden > 0 and cjk > 0.5 * total
