"""The lists and tables of a text, whole, with what they stand under; and the paragraphs between.

A list may have blank lines and a page break between its items, and goes on after a remark where its
numbers do. A table may go on after a page break, with its header again or without. So what a chunk
holds of them is read together with the lines around it (see `quire.text.around`).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from quire.text import cells, lines, nesting, sentences, titles
from quire.text.lines import Line

Span = tuple[int, int]

_SHORT = 120  # characters of a line in a page's footer, and of a caption
_FAR = 2_000  # characters in which the last sentence of a paragraph is looked for
_JUMP = 20  # a number that is so much greater than the last item's counts no item
_FOOTER = 3  # pieces that may stand between two items: a page's footer and the next's header
_LONG = 400  # characters of a line that are looked into for a title
_HEADER = 3  # rows of a table's header, at most
_SAYS = re.compile("[.。！!?？；;:：]$")
_KEY = re.compile(r"[^:：\n]{1,30}[:：]|.*\d{4}")
_CAPTION = re.compile(
    r"\s*(?:(?:table|tab\.|figure|exhibit|schedule|appendix)\s+(?:[\w.-]*\d|\w\b)|附?[表图]\s*[\d一二三四五六七八九十])",
    re.I,
)
_NUMERIC = re.compile(r"[^\w]*\d")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\b|年)|(?:FY|Q[1-4]|H[12])\s?\d*|\d{1,2}月")
_ENDS = re.compile(r"[.。！!？?；;，,、]$")
_LEADS = re.compile(r"[:：]\s*$")
_ANNOUNCES = re.compile(
    r"\b(?:following|as follows|(?:steps|items|points) below"
    r"|these (?:\w+ )?(?:steps|points|items|rules|conditions|documents|things)|in this order)\b"
    "|如下|下列|以下(?=[几各步事内条项要材文补规情流程三四五六七八九十两])|下述|依次|步骤",
    re.IGNORECASE,
)
STEPS = frozenset({"step", "nth"})  # "Step 3: …" may be a heading, and what follows belongs to it


@dataclass(slots=True)
class Paragraph:
    """Running text, lines that follow each other."""

    lines: list[Line]

    @property
    def span(self) -> Span:
        return self.lines[0].start, self.lines[-1].end


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that names what follows: a `known` one, which a loader told of, or one that is written
    in a `style` of titles (see `quire.text.titles`)."""

    span: Span
    style: str = ""
    known: bool = False


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
    line_start = text.rfind("\n", 0, start) + 1
    if not text[line_start:start].strip():
        start = line_start  # how far the first line is indented tells what it belongs to
    return _Reader(text, known).read(lines.read(text, start, end))


class _Reader:
    """Puts lines together; `pieces` is what it has so far."""

    def __init__(self, text: str, headings: set[str]) -> None:
        self.text = text
        self.headings = headings
        self.pieces: list[Piece] = []
        self._blank = True  # a blank line, or nothing, came before
        self._counted: dict[str, int] = {}  # the last number of titles, by how they are counted

    def read(self, found: Sequence[Line]) -> list[Piece]:
        for at, line in enumerate(found):
            if line.kind == "blank":
                self._blank = True
                continue
            if heading := self._heads(line, found[at + 1 : at + 6]):
                self.pieces.append(heading)
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
        if self._wraps(line, listing):
            self._text(line)
            return
        above = None
        if listing is not None:
            line = nesting.as_counted(listing.items, line)
            above = nesting.above(self.text, listing.items, line, apart=self._blank)
            if nesting.begins(self.text, listing.items, line, above, apart=self._blank):
                listing = None
        if listing is None:
            listing = Listing(self._head())
            self.pieces.append(listing)
        listing.items.append(Item(line, line.end, above))

    def _wraps(self, line: Line, listing: Listing | None) -> bool:
        """Whether a number that begins a line ends a sentence: "by 287 crews against" / "301."."""
        if self._blank or line.style not in {"number", "inside"} or not line.number:
            return False
        if listing is not None:
            return line.number > (listing.items[-1].line.number or 0) + _JUMP
        return line.number != 1 and isinstance(self._last, Paragraph)

    def _going_on(self, line: Line) -> Listing | None:
        """The list that an item belongs to: the last piece, or one before a remark where the number
        is the next one, or before a page's footer where it has the same bullet. A remark goes with
        the item before it."""
        if isinstance(self._last, Listing):
            return self._last
        for back in range(2, 2 + _FOOTER):
            if len(self.pieces) < back or not isinstance(self.pieces[1 - back], Paragraph):
                return None
            listing = self.pieces[-back]
            if not isinstance(listing, Listing):
                continue
            between = self.pieces[1 - back :]
            says = [self._says(piece) for piece in between]
            if not nesting.follows(self.text, listing.items, line):
                return None
            if line.number is None and (any(says) or not self._is_footer(between)):
                return None
            if all(says):
                listing.items[-1].end = between[-1].span[1]
                del self.pieces[1 - back :]
            return listing
        return None

    def _is_footer(self, between: Sequence[Piece]) -> bool:
        """Whether one of the pieces has a number, as the end or beginning of a page has."""
        return any(re.search(r"\d", self.text[slice(*piece.span)]) for piece in between)

    def _says(self, piece: Piece) -> bool:
        """Whether running text says something, as a page's footer does not."""
        start, end = piece.span
        return end - start > _SHORT or _SAYS.search(self.text[start:end]) is not None

    def _text(self, line: Line) -> None:
        last = self._last
        if isinstance(last, Listing):
            item = last.items[-1]
            if not self._blank or line.indent > item.line.indent or item.line.style in STEPS:
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
            return self._above(last)
        if not isinstance(last, Paragraph):
            return None
        start, end = self._last_sentence(last)
        said = self.text[start:end]
        open_ = not _ENDS.search(said) and len(last.lines) == 1
        short = len(said) <= _SHORT and (open_ or not self._blank)
        return (start, end) if short or leads_to_list(said) else None

    def _last_sentence(self, paragraph: Paragraph) -> Span:
        start = max(paragraph.lines[0].start, paragraph.lines[-1].end - _FAR)
        end = paragraph.lines[-1].end
        return start + sentences.split(self.text[start:end])[-1][0], end

    def _caption(self) -> Span | None:
        last = self._last
        if isinstance(last, Heading):
            return self._above(last)
        if not isinstance(last, Paragraph):
            return None
        line = last.lines[-1]
        said = self.text[line.start : line.end]
        if len(said) > 2 * _SHORT:
            return None
        ends = _ENDS.search(said) and not _LEADS.search(said)
        told = _CAPTION.match(said) or cells.says_unit(said)
        return None if ends and not told else (line.start, line.end)

    def _above(self, heading: Heading) -> Span | None:
        """A heading that is told with a list or table too: one that no loader told of, and so
        nobody else tells, or one with the unit of the amounts below it."""
        told = not heading.known or cells.unit_in(self.text[slice(*heading.span)])
        return heading.span if told else None

    def _names(self, line: str) -> bool:
        """Whether a line is one of the headings that are known."""
        return " ".join(line.lstrip("#").split())[:200] in self.headings

    def _heads(self, line: Line, after: Sequence[Line]) -> Heading | None:
        """The heading that a line is: a known one, or one that stands alone above other text."""
        if line.kind not in {"text", "item"} or line.style in STEPS:
            return None
        said = self.text[line.start : min(line.end, line.start + _LONG)]
        span = line.start, line.end
        if self._names(said):
            return Heading(span, known=True)
        rest = next((other for other in after if other.kind not in {"blank", "rule"}), None)
        # Clauses that are set in, below a blank line, are items of an item.
        flush = rest is not None and (rest is after[0] or rest.indent <= line.indent)
        if rest is not None and flush and lines.is_clause_of(self.text, rest, line):
            return Heading(span, "chapter")
        style = titles.style(said) if self._blank else ""
        if not style or not after or (self.headings and style == "plain"):
            return None
        if rest is None:
            return None
        near = after[0].kind not in {"blank", "rule"}
        reads = self._counts if line.kind == "item" else self._stands
        if after[0].kind != "rule" and not reads(line, style, rest, near=near):
            return None
        if line.number:
            self._counted[line.style] = line.number
        return Heading(span, style)

    def _stands(self, line: Line, style: str, rest: Line, *, near: bool) -> bool:
        """Whether a line that looks like a title stands alone above what it names."""
        below = titles.style(self.text[rest.start : min(rest.end, rest.start + _LONG)])
        opens = not self.pieces and not self.text[max(0, line.start - _LONG) : line.start].strip()
        if style == "plain":
            if not near:
                return rest.kind != "text" or below != "plain"
            # The first line of a document may stand close to its date or its author.
            return opens and _KEY.match(self.text, rest.start, rest.end) is not None
        return opens or not near or rest.kind != "text" or below != style

    def _counts(self, line: Line, style: str, rest: Line, *, near: bool) -> bool:
        """Whether what may be an item of a list is a numbered title: not where a list was led to or
        goes on, or where it is one line of several."""
        last = self._last
        capitals = titles.style(self.text[line.inside : line.end]) == "capitals"
        if (near and not capitals) or style == "plain" or rest.style == line.style:
            return False
        if rest.kind != "row" and rest.indent >= line.indent + 2:
            return False
        led = self.text[slice(*self._last_sentence(last))] if isinstance(last, Paragraph) else ""
        if _LEADS.search(led):
            return False
        goes_on = isinstance(last, Listing) and nesting.follows(self.text, last.items, line)
        if line.style in self._counted and line.number == self._counted[line.style] + 1:
            return not goes_on
        if not isinstance(last, Listing):
            return not leads_to_list(led)
        return rest.kind != "item" and all(item.line.style != line.style for item in last.items)

    def _tell_header(self, table: Table) -> None:
        """Takes the first rows for a header where no rule said so, and they look like one."""
        if table.header or len(table.rows) < 2:
            return
        rows = [table.cells(self.text, row) for row in table.rows[:8]]
        over = next((at for at, row in enumerate(rows) if not _names_all(row)), len(rows))
        named = over + 1 if _names_columns(rows[over:]) else 0
        while 0 < named < _HEADER and _goes_on_naming(rows, named):
            named += 1
        table.header, table.rows = table.rows[:named], table.rows[named:]


def _names_all(row: Sequence[str]) -> bool:
    """Whether a row has one cell, past the first, and no value: a title over the columns."""
    return not row[0] and sum(map(bool, row)) == 1 and not any(map(_is_value, row))


def _names_columns(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first row names the columns: none of its cells is a value, and of those below
    some are; or it is a table of text with three columns or more."""
    if len(rows) < 2:
        return False
    first, rest = rows[0], rows[1:]
    if not first[0] and len(first) > 2 and all(first[1:]) and any(row[0] for row in rest):
        return True
    if sum(bool(cell) for cell in first) < min(2, len(first)):
        return False
    if any(map(_is_value, first)):
        return False
    values = any(_NUMERIC.match(cell) for row in rest for cell in row[1:])
    return values or len(first) > 2


def _goes_on_naming(rows: Sequence[tuple[str, ...]], at: int) -> bool:
    """Whether a row below the first goes on naming columns: it has no value and stands above some,
    and either names no row itself, or the one above it leaves columns open or names some twice. One
    whose first cell is the header's, which spans both, may have numbers: "1 to 4", "5 or more"."""
    if at >= len(rows) or sum(map(bool, rows[at])) < 2:
        return False
    over = [cell for cell in rows[at - 1][1:] if cell]
    open_ = len(over) < len(rows[at - 1]) - 1 or len(set(over)) < len(over)
    spans = open_ and rows[at][0] and rows[at][0] == rows[at - 1][0]
    if not spans and any(map(_is_value, rows[at])):
        return False
    below = any(_is_value(cell) for row in rows[at + 1 :] for cell in row[1:])
    return below and (open_ or not rows[at][0])


def _is_value(cell: str) -> bool:
    return _NUMERIC.match(cell) is not None and not _YEAR.match(cell)


def _spread(row: Sequence[str]) -> tuple[str, ...]:
    """A header row with what stands over several columns said over each of them."""
    spread: list[str] = []
    for at, cell in enumerate(row):
        spread.append(cell or (spread[-1] if at > 1 else ""))
    return tuple(spread)


def leads_to_list(said: str) -> bool:
    """Whether a sentence says that something is listed after it.

    >>> leads_to_list("Follow these four steps."), leads_to_list("It rains.")
    (True, False)
    """
    return _LEADS.search(said) is not None or _ANNOUNCES.search(said[-2 * _SHORT :]) is not None
