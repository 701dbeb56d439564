"""The lists and tables of a text, whole, with what they stand under; and the paragraphs between.

A list may have blank lines and a page break between its items, and goes on after a remark where its
numbers do. A table may go on after a page break, with its header again or without. So what a chunk
holds of them is read together with the lines around it: `around` says how far.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from quire.text import lines
from quire.text.languages import CJK
from quire.text.lines import Line

Span = tuple[int, int]

_FAR = 400  # lines looked at before and after a stretch: the longest list or short table in one
_FOOTER = 3  # short lines that may stand between two items: a page's footer and the next's header
_LONGEST = 2_000  # characters that the end of a line may be away
_SHORT = 120  # characters of such a line, and of a caption
_CAPTION = re.compile(
    r"\s*(?:table|tab\.|figure|exhibit|schedule|appendix|表|附表|图)\s*[\w.-]*", re.I
)
_NUMERIC = re.compile(r"[^\w]*\d")
_YEAR = re.compile(r"(?:19|20)\d\d\b|(?:FY|Q[1-4]|H[12])\s?\d*|\d{1,2}月")
_BETWEEN = re.compile(r"\n\s*|[.!?] +|[。！？]\s*")
_NUMBERED = re.compile(r"(?:\d+(?:\.\d+)*\.?|第[一二三四五六七八九十百\d]{1,4}[章条节])\s")
_ENDS = re.compile(r"[.。！!？?；;，,、]$")
_LEADS = re.compile(r"[:：]\s*$")
_ANNOUNCES = re.compile(
    r"\b(?:following|as follows|(?:steps|items|points) below"
    r"|these (?:\w+ )?(?:steps|points|items|rules|conditions|documents|things)|in this order)\b"
    "|如下|下列|以下|下述|依次|步骤",
    re.IGNORECASE,
)
_HAN = re.compile(f"[{CJK}]")
_TITLE_WORDS, _TITLE_HAN = 12, 24
_MARKED = frozenset({"item", "row", "rule"})
_STEPS = frozenset({"step", "nth"})  # "Step 3: …" may be a heading, and what follows belongs to it
_STEP_LINES = 40  # of one step


@dataclass(slots=True)
class Paragraph:
    """Running text, lines that follow each other."""

    lines: list[Line]

    @property
    def span(self) -> Span:
        return self.lines[0].start, self.lines[-1].end


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that names what follows."""

    span: Span


@dataclass(slots=True)
class Item:
    """An item of a list with the lines that go on with it. `above` is the place in the list of the
    item that it stands under, None in the outermost list."""

    line: Line
    end: int
    above: int | None = None

    @property
    def span(self) -> Span:
        return self.line.start, self.end


@dataclass(slots=True)
class Listing:
    """A list: the sentence or title that leads to it, None where there is none, and its items."""

    head: Span | None
    items: list[Item] = field(default_factory=list)

    @property
    def span(self) -> Span:
        return self.items[0].line.start, self.items[-1].end


@dataclass(slots=True)
class Table:
    """A table: `caption` stands above it, `header` are its first rows where they name columns.

    `columns` is the greatest number of cells that one of its rows has.
    """

    caption: Span | None
    header: list[Line] = field(default_factory=list)
    rows: list[Line] = field(default_factory=list)
    columns: int = 0

    def add(self, row: Line) -> None:
        self.rows.append(row)
        self.columns = max(self.columns, len(row.cells))

    @property
    def span(self) -> Span:
        every = [*self.header, *self.rows]
        return every[0].start, every[-1].end

    def cells(self, text: str, row: Line) -> tuple[str, ...]:
        """The cells of a row, as many as there are columns. A row that lacks some lacks them at
        its end, unless it begins with a bar: then its first cell is empty."""
        found = lines.cells_of(text, row)
        lacking = self.columns - len(found)
        ended = text[row.end - 1] == "|"
        if text[row.start] == "|" and lacking > (1 if ended else 0):
            found, lacking = ("", *found), lacking - 1
        return (*found, *[""] * max(lacking, 0))

    def names(self, text: str) -> tuple[str, ...]:
        """What each column is called: its header cells, from the top down; empty where none is. A
        cell that spans several columns is written over the first of them."""
        rows = [self.cells(text, row) for row in self.header]
        spread = [_spread(row) for row in rows[:-1]] + rows[-1:]
        if not spread:
            return ("",) * self.columns
        columns = zip(*spread, strict=True)
        return tuple(" ".join(dict.fromkeys(filter(None, column))) for column in columns)


Piece = Paragraph | Heading | Listing | Table


def outline(text: str, start: int, end: int, *, headings: Collection[str] = ()) -> list[Piece]:
    """What characters [start, end) of a text consist of, in order.

    `headings` are those that the stretch stands under, as far as they are known: a line that says
    the same is one. Where none is known, a short line that stands alone above text is one.
    """
    known = {" ".join(heading.split()) for heading in headings}
    return _Reader(text, known).read(lines.read(text, start, end))


def around(text: str, start: int, end: int) -> Span:
    """The stretch with the rest of the list or table that it begins or ends in, and what leads to
    it, as far as a few hundred lines reach."""
    return _back(text, start), _forth(text, start, end)


class _Reader:
    """Puts lines together; `pieces` is what it has so far."""

    def __init__(self, text: str, headings: set[str]) -> None:
        self.text = text
        self.headings = headings
        self.pieces: list[Piece] = []
        self._blank = True  # a blank line, or nothing, came before
        self._ruled: Table | None = None  # whose header a rule has ended

    def read(self, found: Sequence[Line]) -> list[Piece]:
        for at, line in enumerate(found):
            if line.kind == "blank":
                self._blank = True
                continue
            if self._is_heading(line, found[at + 1 :]):
                self.pieces.append(Heading((line.start, line.end)))
            else:
                {"row": self._row, "rule": self._rule, "item": self._item, "text": self._text}[
                    line.kind
                ](line)
            self._blank = False
        for piece in self.pieces:
            if isinstance(piece, Table):
                self._tell_header(piece)
        return self.pieces

    @property
    def _last(self) -> Piece | None:
        return self.pieces[-1] if self.pieces else None

    def _row(self, line: Line) -> None:
        table = self._last
        if not isinstance(table, Table) or (
            self._blank and abs(table.columns - len(line.cells)) > 0
        ):
            self.pieces.append(table := Table(self._caption()))
        elif self._blank and self._same(line, table.header or table.rows[:1]):
            return  # the header again, after a page break
        table.add(line)

    def _same(self, line: Line, rows: Sequence[Line]) -> bool:
        said = lines.cells_of(self.text, line)
        return any(lines.cells_of(self.text, row) == said for row in rows)

    def _rule(self, _: Line) -> None:
        table = self._last
        if isinstance(table, Table) and not table.header and len(table.rows) <= 3:
            table.header, table.rows = table.rows, []

    def _item(self, line: Line) -> None:
        listing = self._going_on(line)
        if listing is None:
            listing = Listing(self._head())
            self.pieces.append(listing)
        listing.items.append(Item(line, line.end, self._above(listing, line)))

    def _going_on(self, line: Line) -> Listing | None:
        """The list that an item belongs to: the last piece, or one before a remark where the number
        is the next one."""
        if isinstance(self._last, Listing):
            return self._last
        for piece in reversed(self.pieces[-3:]):
            if isinstance(piece, Heading):
                return None
            if isinstance(piece, Listing):
                numbers = [i.line.number for i in piece.items if i.line.style == line.style]
                follows = line.number and numbers and line.number == (numbers[-1] or 0) + 1
                return piece if follows and line.number != 1 else None
        return None

    def _above(self, listing: Listing, line: Line) -> int | None:
        """The item that a new one stands under: the last that is indented less, or is counted in
        another way and leads to it."""
        for place in range(len(listing.items) - 1, -1, -1):
            before = listing.items[place]
            if line.indent >= before.line.indent + 2:
                return place
            if line.indent + 2 > before.line.indent:
                if before.line.style == line.style:
                    return before.above
                same = [i for i in listing.items if i.line.style == line.style]
                if not same and _LEADS.search(self.text[before.line.start : before.end]):
                    return place
                if not same:
                    return before.above
        return None

    def _text(self, line: Line) -> None:
        last = self._last
        if isinstance(last, Listing):
            item = last.items[-1]
            if not self._blank or line.indent > item.line.indent or item.line.style in _STEPS:
                item.end = line.end
                return
        if isinstance(last, Paragraph) and not self._blank:
            last.lines.append(line)
        else:
            self.pieces.append(Paragraph([line]))

    def _head(self) -> Span | None:
        """The last line of the paragraph before, where it leads to a list."""
        last = self._last
        if isinstance(last, Heading):
            return self._unknown(last)
        if not isinstance(last, Paragraph):
            return None
        start, end = last.span
        said = self.text[start:end]
        if leads_to_list(said) or (not self._blank and len(said) <= _SHORT):
            cuts = [m.end() for m in _BETWEEN.finditer(said) if m.end() < len(said)]
            return start + (cuts[-1] if cuts else 0), end
        return None

    def _caption(self) -> Span | None:
        last = self._last
        if isinstance(last, Heading):
            return self._unknown(last)
        if not isinstance(last, Paragraph):
            return None
        line = last.lines[-1]
        said = self.text[line.start : line.end]
        if len(said) > 2 * _SHORT:
            return None
        ends = _ENDS.search(said) and not _LEADS.search(said)
        return None if ends and not _CAPTION.match(said) else (line.start, line.end)

    def _unknown(self, heading: Heading) -> Span | None:
        """A heading that no loader told of, and so nobody else tells."""
        start, end = heading.span
        return None if self._names(self.text[start:end]) else heading.span

    def _names(self, line: str) -> bool:
        """Whether a line is one of the headings that are known."""
        return " ".join(line.lstrip("#").split())[:200] in self.headings

    def _is_heading(self, line: Line, after: Sequence[Line]) -> bool:
        if line.kind not in {"text", "item"} or line.style in _STEPS:
            return False
        said = self.text[line.start : min(line.end, line.start + 400)]
        if self._names(said):
            return True
        if self.headings and not _NUMBERED.match(said):
            return False
        if not self._blank or not is_title(said):
            return False
        if isinstance(self._last, Listing) and line.kind == "item":
            return False
        rest = [other for other in after[:6] if other.kind != "blank"][:2]
        if not rest or (line.kind == "text" and after[0].kind not in {"blank", "rule"}):
            return False
        return rest[0].kind != "item" or line.kind == "text"

    def _tell_header(self, table: Table) -> None:
        """Takes the first rows for a header where no rule said so, and they look like one."""
        if table.header or len(table.rows) < 2:
            return
        rows = [table.cells(self.text, row) for row in table.rows[:4]]
        named = 1 if _names_columns(rows) else 0
        if named and len(rows) > 2 and _is_second_header(rows):
            named = 2
        table.header, table.rows = table.rows[:named], table.rows[named:]


def is_title(line: str) -> bool:
    """Whether a line reads like a title: few words, none of them a value, and no stop.

    >>> is_title("5. Insurance"), is_title("Total due: EUR 1,427.80"), is_title("It rains.")
    (True, False, False)
    """
    said = line.strip()
    counted = lines.read(said)[0]
    bare = said[counted.inside - counted.start :] if counted.kind == "item" else said
    bare = re.sub(r"^\d+(?:\.\d+)*\.?\s+", "", bare)
    if not bare or _ENDS.search(bare) or re.search("[:：]", bare) or re.search(r"\d", bare):
        return False
    return len(bare.split()) <= _TITLE_WORDS and len(_HAN.findall(bare)) <= _TITLE_HAN


def _names_columns(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first row names the columns: none of its cells is a value, and of those below
    some are; or it is a table of text with three columns or more."""
    first, rest = rows[0], rows[1:]
    if sum(bool(cell) for cell in first) < min(2, len(first)):
        return False
    if any(_NUMERIC.match(cell) and not _YEAR.match(cell) for cell in first):
        return False
    values = any(_NUMERIC.match(cell) for row in rest for cell in row[1:])
    return values or len(first) > 2


def _is_second_header(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the second row goes on naming columns: the first leaves cells empty or says them
    twice, the second has no value, and the third has one."""
    first, second, third = rows[:3]
    filled = [cell for cell in first if cell]
    spans = len(filled) < len(first) or len(set(filled)) < len(filled)
    valueless = not any(_NUMERIC.match(cell) and not _YEAR.match(cell) for cell in second)
    return spans and valueless and any(_NUMERIC.match(cell) for cell in third[1:])


def _spread(row: Sequence[str]) -> tuple[str, ...]:
    """A header row with what stands over several columns said over each of them."""
    spread: list[str] = []
    for at, cell in enumerate(row):
        spread.append(cell or (spread[-1] if at > 1 else ""))
    return tuple(spread)


def _paragraphs_back(text: str, at: int) -> Iterator[Span]:
    """The runs of lines before an offset that no blank line parts, the nearest first."""
    far = 0
    end = at
    while end > 0 and far < _FAR:
        stop = end
        while stop > 0 and text[stop - 1].isspace():
            stop -= 1
        if stop == 0:
            return
        start = stop
        while start > 0:
            break_at = text.rfind("\n", 0, start)
            start = break_at + 1
            far += 1
            if break_at <= 0 or not text[text.rfind("\n", 0, break_at) + 1 : break_at].strip():
                break
            start = break_at
        yield start, stop
        end = start


def _back(text: str, start: int) -> int:
    line_start = text.rfind("\n", 0, start) + 1
    if _kind_at(text, start) not in _MARKED or text[line_start:start].strip("# \t"):
        return start
    start = line_start
    best = start
    passed = False  # a short paragraph, which may be a page's footer
    for begin, end in _paragraphs_back(text, start):
        if _kind_at(text, begin) in _MARKED:
            best, passed = begin, False
            continue
        leads = any(line.kind in _MARKED for line in lines.read(text, begin, end))
        if leads or not passed:
            best = begin
        if leads or passed or end - begin > _SHORT or _LEADS.search(text[begin:end]):
            break
        passed = True
    return best


def _forth(text: str, start: int, end: int) -> int:
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end, end + _LONGEST)
    if end > 0 and text[end - 1 : end] != "\n" and stop >= 0:
        end = stop
    inside = [line for line in lines.read(text, begin, end) if line.kind != "blank"]
    marked = [line for line in inside if line.kind in _MARKED]
    last = marked[-1] if marked else None
    steps = last is not None and last.style in _STEPS
    if not inside or not (last is inside[-1] or steps):
        if not inside or not leads_to_list(text[inside[-1].start : end]):
            return end
        last = None
    best, number, passed, blank = end, last.number if last else 0, 0, False
    most = _STEP_LINES if steps else _FOOTER
    at = end
    for _ in range(_FAR):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = lines.read(text, at, stop)[0]
        if line.kind in _MARKED:
            if passed and not steps and line.number != (number or 0) + 1:
                break
            best, passed = stop, 0
            number = line.number or number
            steps = line.style in _STEPS
            most = _STEP_LINES if steps else _FOOTER
        elif line.kind == "text" and not blank and not passed and last:
            best = stop  # goes on with the item
        elif line.kind == "text":
            passed += 1
            if passed > most or (not steps and line.end - line.start > _SHORT):
                break
            if steps and text[line.start] == "#":
                break  # the next section
            best = stop if steps else best
        blank = line.kind == "blank"
        at = stop + 1
        if at > len(text):
            break
    return best


def leads_to_list(said: str) -> bool:
    """Whether a sentence says that something is listed after it.

    >>> leads_to_list("Follow these four steps."), leads_to_list("It rains.")
    (True, False)
    """
    return _LEADS.search(said) is not None or _ANNOUNCES.search(said[-_SHORT:]) is not None


def _kind_at(text: str, at: int) -> str:
    stop = text.find("\n", at)
    return lines.read(text, at, len(text) if stop < 0 else stop)[0].kind
