"""What a text says, statement by statement, each with what it is said under.

A row of a table says nothing without its header, an item nothing without what leads to its list, an
answer nothing without its question. So search, evidence and the check all take statements and not
sentences. A line is a heading where the loader said so; where no heading is known, where it stands
alone above text; never because it is short.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from quire.records import Group, Passage, Statement, Stretch
from quire.text import around, enumerations, outline, sentences
from quire.text.lines import Line
from quire.text.outline import Heading, Listing, Paragraph, Span, Table

_ASKS = re.compile("[?？][\"'”’」』）)]*$")
_LEADS = re.compile("[:：]$")
_KEY = re.compile(r"[^:：\n]{1,60}[:：][ \t]*[^\s:：/][^\n]*$")
_STOPS = re.compile("[.。！!?？；;]$")
_FAR = 20_000  # characters: a stretch that long was cut by the number of lines looked at
_SEARCHED = 10_000  # characters of a paragraph that is looked through for a list in it
_LONGEST = 600  # characters of a statement; a longer item is told sentence by sentence


@dataclass(frozen=True, slots=True)
class Told:
    """What a stretch says, and the lists and tables that some of it belongs to, whole."""

    statements: tuple[Statement, ...]
    groups: tuple[Group, ...]


def of(passage: Passage) -> tuple[Statement, ...]:
    """What a passage says, in order."""
    if passage.statements:
        return passage.statements
    start, text = passage.span.start, passage.text
    found: list[Statement] = []
    for at, (first, last) in enumerate(passage.stretches or ((start, start + len(text)),)):
        path = passage.headings[at] if at < len(passage.headings) else passage.heading_path
        found += tell(text, first - start, last - start, headings=path, offset=start).statements
    return tuple(found)


def tell(
    text: str, start: int, end: int, *, headings: Collection[str] = (), offset: int = 0
) -> Told:
    """What characters [start, end) of a text say. Lists and tables that reach beyond are read
    whole. `headings` are those above, outermost first, and `offset` is added to all places."""
    pieces, (before, after), skipped = around.pieces(text, start, end, headings=headings)
    teller = _Teller(text, offset)
    inside: list[Statement] = []
    groups: list[Group] = []

    def overlaps(first: int, last: int) -> bool:
        return first < end + offset and last > start + offset

    for piece in pieces:
        told = list(teller.of(piece))
        inside += [each for each in told if overlaps(each.start, each.end)]
        if isinstance(piece, Heading):
            continue
        if isinstance(piece, Paragraph):
            groups += [group for group in _within(told) if overlaps(*_ends(group))]
            continue
        led = piece.head if isinstance(piece, Listing) else piece.caption
        head = teller.stretch(led) if led else None
        members = tuple(each for each in told if each.group is not None and each.kind != "heading")
        begins = head.start if head else piece.span[0] + offset
        if members and overlaps(begins, members[-1].end):
            cut = piece.span[1] == after < len(text.rstrip()) and after - before > _FAR
            groups.append(Group(begins, head, members, cut=cut or skipped))
    return Told(tuple(sorted(inside, key=lambda each: each.start)), tuple(groups))


def _within(told: Sequence[Statement]) -> Iterator[Group]:
    """The list within a paragraph."""
    items = tuple(each for each in told if each.kind == "item")
    if items and items[0].group is not None:
        yield Group(items[0].group, items[0].under[-1], items)


def _ends(group: Group) -> Span:
    return group.start, group.members[-1].end


class _Teller:
    """Makes statements of the pieces of a text, one after the other."""

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self.offset = offset
        self._heading: Stretch | None = None  # one that no loader told of
        self._question: Stretch | None = None
        self._run_in: Stretch | None = None  # "9.3 Drones.", which names the rest of its paragraph

    def of(self, piece: outline.Piece) -> Iterator[Statement]:
        if isinstance(piece, Heading):
            self._question = self._run_in = None
            self._heading = None if piece.known else self.stretch(piece.span, heading=True)
            yield self._statement("heading", piece.span)
        elif isinstance(piece, Paragraph):
            yield from self._paragraph(piece)
        elif isinstance(piece, Listing):
            yield from self._listing(piece)
        else:
            yield from self._table(piece)

    def _paragraph(self, piece: Paragraph) -> Iterator[Statement]:
        if piece.lines[0].indent == 0:
            self._run_in = None
        start, end = piece.span
        listed = enumerations.find(self.text[start:end]) if end - start < _SEARCHED else None
        if listed:
            (first, _), items = listed
            yield from self._running(sentences.split(self.text[start : start + first]), start)
            yield from self._enumerated(listed, start)
            start += items[-1][1]
            yield from self._running(sentences.split(self.text[start:end]), start)
        else:
            yield from self._running(self._sentences(piece.lines), 0)

    def _enumerated(self, listed: tuple[Span, tuple[Span, ...]], at: int) -> Iterator[Statement]:
        (first, last), items = listed
        head = self.stretch((at + first, at + last))
        kind = "heading" if _LEADS.search(head.text) else "sentence"
        yield self._statement(kind, (at + first, at + last), self._over(), group=head.start)
        for start, end in items:
            span = at + start, at + end
            yield self._statement("item", span, (*self._over(), head), group=head.start)

    def _running(self, spans: Iterable[Span], at: int) -> Iterator[Statement]:
        for first, last in spans:
            span = at + first, at + last
            said = self.text[span[0] : span[1]]
            if sentences.runs_in(said):
                self._run_in = None
                yield self._statement("heading", span, self._over())
                self._run_in = self.stretch(span, heading=True)
            elif _ASKS.search(said):
                self._question = self.stretch(span)
                yield self._statement("question", span, self._over()[:-1])
            elif _LEADS.search(said):
                yield self._statement("heading", span, self._over())
            else:
                yield self._statement("sentence", span, self._over())

    def _sentences(self, rows: Sequence[Line]) -> Iterator[Span]:
        """The sentences of running text; lines that each give a value to a key are one each."""
        start, end = rows[0].start, rows[-1].end
        said = [self.text[line.start : line.end] for line in rows]
        keys = [bool(_KEY.match(line)) and not _STOPS.search(line) for line in said]
        if len(rows) > 1 and 2 * sum(keys) >= len(rows):
            for line in rows:
                yield line.start, line.end
            return
        for first, last in sentences.split(self.text[start:end]):
            yield start + first, start + last

    def _listing(self, piece: Listing) -> Iterator[Statement]:
        # The title of a chapter names its clauses, and does not lead to them.
        head = self._led(piece.head, title=piece.items[0].line.style.startswith("dotted"))
        group = (piece.head or piece.span)[0] + self.offset
        for item in piece.items:
            over: list[Stretch] = []
            above = item.above
            while above is not None:
                over.insert(0, self.stretch(piece.items[above].span))
                above = piece.items[above].above
            under = (*self._over(), *head, *over)
            for at, span in enumerate(self._item(item.span)):
                asks = _ASKS.search(self.text[span[0] : span[1]])
                kind = "question" if asks else "sentence" if at else "item"
                yield self._statement(kind, span, under, group=group)
                if asks:
                    self._question = self.stretch(span)

    def _item(self, span: Span) -> Iterator[Span]:
        start, end = span
        if end - start <= _LONGEST:
            yield span
            return
        for first, last in sentences.split(self.text[start:end]):
            yield start + first, start + last

    def _table(self, piece: Table) -> Iterator[Statement]:
        names = piece.names(self.text)
        group = (piece.caption or piece.span)[0] + self.offset
        # A title right above a table is its caption, which says what its rows are of.
        led = self.stretch(piece.caption) if piece.caption else None
        under = (
            *(one for one in self._over() if led is None or one.start != led.start),
            *([led] if led else []),
            *(self.stretch((line.start, line.end)) for line in piece.header),
        )
        for line in piece.header:
            yield self._statement("heading", (line.start, line.end), group=group)
        section: tuple[Stretch, ...] = ()
        end = piece.rows[0].start if piece.rows else 0
        for line in piece.rows:
            cells = piece.cells(self.text, line)
            names_those_below = len(cells) > 2 and cells[0] and not any(cells[1:])
            if names_those_below or self.text.count("\n", end, line.start) > 1:
                section = ()
            yield self._statement(
                "row",
                (line.start, line.end),
                (*under, *section),
                cells=tuple(zip(names, cells, strict=False)),
                group=group,
            )
            if names_those_below:
                section = (self.stretch((line.start, line.end)),)
            end = line.end

    def _over(self) -> tuple[Stretch, ...]:
        """What running text stands under: the outermost first."""
        over = (self._heading, self._run_in, self._question)
        return tuple(stretch for stretch in over if stretch)

    def _led(self, head: Span | None, *, title: bool = False) -> tuple[Stretch, ...]:
        """What leads to a list or table, unless it is among what all stands under there; or the
        `title` of what stands under it."""
        title = title and head is not None and not _LEADS.search(self.text[slice(*head)])
        stretch = self.stretch(head, heading=title) if head else None
        over = {one.start for one in self._over()}
        return (stretch,) if stretch and stretch.start not in over else ()

    def stretch(self, span: Span, *, heading: bool = False) -> Stretch:
        start, end = span
        return Stretch(start + self.offset, end + self.offset, self.text[start:end], heading)

    def _statement(
        self,
        kind: str,
        span: Span,
        under: tuple[Stretch, ...] = (),
        *,
        cells: tuple[tuple[str, str], ...] = (),
        group: int | None = None,
    ) -> Statement:
        start, end = span
        return Statement(
            kind,  # type: ignore[arg-type]
            start + self.offset,
            end + self.offset,
            self.text[start:end],
            under,
            cells,
            group,
        )
