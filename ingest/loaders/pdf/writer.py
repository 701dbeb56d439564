"""The text of a page and its lines, with the characters of the file that each piece came from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from quire.ingest.loaders.cleaning import clean, count_cjk, is_cjk, is_clean
from quire.ingest.loaders.content import CELL_BREAK
from quire.ingest.loaders.pdf.paragraphs import paragraphs, runs_on
from quire.ingest.loaders.pdf.prose import SENTENCE_END
from quire.ingest.loaders.pdf.runs import PageRuns, Run
from quire.ingest.loaders.pdf.segments import Segment
from quire.ingest.loaders.pdf.stream_order import parts_of
from quire.ingest.loaders.pdf.tables import Table, tables_and_text

_LABEL_ALONE = CELL_BREAK + CELL_BREAK.rstrip()  # what makes a label a row, its cells empty
_CLOSING = re.compile(r"^[，。、；：！？）」』》】〉”’…,.;:!?)\]]")
_LOOSE_SPACE = re.compile(
    r"[^\S ]\s*| \s+|(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]) "
    r"(?=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])"
)


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
    `hidden` counts runs left out because no reader sees them. `uncertain` counts the places where
    text stands side by side and nothing says whether it is read across; it is parted there.
    """

    text: str
    paragraphs: list[Paragraph]
    pieces: list[tuple[int, int, int]]
    hidden: int
    uncertain: int

    def characters(self, start: int, end: int) -> list[int]:
        """The pdfium characters behind [start, end) of the text, in the text's order."""
        found: list[int] = []
        for at, length, first in self.pieces:
            low, high = max(start, at), min(end, at + length)
            found.extend(range(first + low - at, first + high - at))
        return found


class Writer:
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
        self._uncertain = 0
        self._by_character = _is_set_by_character(page.runs)

    def column(self, column: list[Segment], before: list[Segment] | None) -> list[Segment] | None:
        """Writes one column; `before` is the last line of the column before, if text runs on.

        Returns this column's last line if it may run on in the next.
        """
        right = max(segment.x1 for segment in column)
        left = min(segment.x0 for segment in column)
        last: list[Segment] | None = None
        for group in tables_and_text(column):
            if isinstance(group, Table):
                self._table(group)
                self._uncertain += group.uncertain
                before = last = None
                continue
            rows = [part for row in group.rows for part in parts_of(row)]
            self._uncertain += len(rows) - len(group.rows)
            for kind, lines in paragraphs(rows, left=left, right=right):
                goes_on = before is not None and kind == "paragraph" and runs_on(before, lines[0])
                self.paragraph(kind, lines, continues=goes_on)
                before, last = None, lines[-1]
        if last is not None and SENTENCE_END.search(last[-1].runs[-1].last_word):
            return None
        return last

    def paragraph(
        self,
        kind: Literal["paragraph", "list"],
        rows: list[list[Segment]],
        *,
        continues: bool = False,
    ) -> None:
        paragraph = self._paragraphs[-1] if continues else self._begin(kind)
        for row in rows:
            start = self._break_line(row) if paragraph.lines else self._at
            self._segments(row)
            self._end_line(paragraph, start, row)
        if paragraph.lines and not continues:
            self._paragraphs.append(paragraph)

    def _table(self, table: Table) -> None:
        paragraph = self._begin("table")
        for row in table.rows:
            if paragraph.lines:
                self._put("\n")
            start = self._at
            last = max((number for number, cell in enumerate(row) if cell), default=0)
            for number, cell in enumerate(row[: last + 1]):
                if number:
                    self._put(CELL_BREAK)
                for at, line in enumerate(cell):
                    if at:
                        self._break_line(line)
                    self._segments(line)
            if last == 0 and len(row) > 2:
                self._put(_LABEL_ALONE)
            self._end_line(
                paragraph, start, [segment for cell in row for line in cell for segment in line]
            )
        if paragraph.lines:
            self._paragraphs.append(paragraph)

    def _begin(self, kind: Literal["paragraph", "list", "table"]) -> Paragraph:
        if self._parts:
            self._put("\n\n")
        return Paragraph(kind)

    def _segments(self, segments: list[Segment]) -> None:
        for number, segment in enumerate(segments):
            if number:
                self._put(" ")
            self._segment(segment)

    def _end_line(self, paragraph: Paragraph, start: int, row: list[Segment]) -> None:
        """Notes what was written since `start` as a line, if it is anything."""
        if self._at == start:
            return
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

    def finish(self, hidden: int) -> PageLayout:
        text = "".join(self._parts)
        return PageLayout(text, self._paragraphs, self._pieces, hidden, self._uncertain)

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
        at, written, blank = 0, False, False
        while at < len(run.text):
            size = 2 if "\ud800" <= run.text[at] <= "\udbff" else 1
            for letter in clean(run.text[at : at + size]):
                if letter.isspace():
                    blank = written
                    continue
                if blank:
                    self._put(" ")
                self._piece(letter, run.start + at)
                written, blank = True, False
            at += size

    def _piece(self, text: str, first: int) -> None:
        if text:
            self._pieces.append((self._at, len(text), first))
            self._put(text)

    def _break_line(self, row: list[Segment]) -> int:
        """Puts what belongs between two lines; returns where the new line begins."""
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
