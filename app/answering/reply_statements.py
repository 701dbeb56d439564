"""The statements of a reply in Markdown, while it is being written.

    the reply in pieces -> Said, one after the other

A statement is a sentence of running text, an item of a list (sentence by sentence), or a row of a
table. Headings, header rows and code state nothing and stand between statements. What a statement
stands under is kept with it: an item says nothing without what leads to its list, a cell nothing
without the name of its column.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from quire.records import SentenceKind
from quire.text import sentences
from quire.text.markdown import BENEATH, FENCE, QUOTED, ROW
from quire.verification.framing import labels_in, without_labels

_HEADING = re.compile(r"\s*(?:#{1,6}\s+|\*\*[^*]+\*\*[:：]?\s*$|__[^_]+__[:：]?\s*$)")
_ITEM = re.compile(r"(\s*)(?:[-*+•·]\s+|\d{1,3}[.)]\s+|\d{1,3}、\s*|[（(]\d{1,2}[)）]\s*)")
_LEADS = re.compile(r"[:：]\s*$")
_MARKUP = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=[\w.,%)])[*_](?!\w)|`|^\s*>\s?|<[^<>]{0,40}>")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_LABEL = r"[\[［【][\d\s,，、-]{1,20}[\]］】]"
_ENDS_LABELLED = re.compile(rf"{_LABEL}[\s.。!！*]*$")
_BARE = re.compile(
    r"\W*(?:yes|no|correct|right|true|false|not quite|partly|是的?|不是的?|不|否|对|不对|可以"
    r"|不可以|能|不能|有|没有|会|不会|需要|不需要)\W*",
    re.IGNORECASE,
)
_STOP_AND_LABELS = re.compile(rf"([.!?。！？](?:{_LABEL})+)\s*(?=\S)")
_LABELS_FIRST = re.compile(rf"(?:\s*{_LABEL})+[.。]?")
_LONGEST_LINE = 20_000  # characters of one line that are parsed; no reply has more


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of a reply as it is shown, without the `labels` that the model put to it.

    `before` is what stands between it and the statement before it in what is shown. `under` are
    what it is said under, the outermost first: headings, the head of its list, the items that it
    belongs to; `cells` are (name of the column, cell) of a row. `ends_labelled` says that a label
    was the last of it, as after what a source tells. `first` says that it begins its
    sentence's paragraph or item: one that does not may lean on the one before it.
    """

    text: str
    kind: SentenceKind
    before: str = ""
    under: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    labels: tuple[int, ...] = ()
    ends_labelled: bool = False
    first: bool = True

    @property
    def claim(self) -> str:
        """What it states, without markup; a row with the names of its columns."""
        if self.cells:
            return " · ".join(
                f"{name}: {cell}" if name and name != cell else cell
                for name, cell in self.cells
                if cell
            )
        return plain(self.text)


def plain(text: str) -> str:
    """A text of one line without the marks of Markdown.

    >>> plain("**Rent:** 5 *euros*, see [the lease](http://a.b)")
    'Rent: 5 euros, see the lease'
    """
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", text)).split())


@dataclass(slots=True)
class ReplyStatements:
    """Hear pieces of a reply, get its statements as they become complete; at the end `rest` is what
    stands after the last one. Joined, `before` and text of all and `rest` are what is shown."""

    rest: str = ""
    _buffer: str = ""
    _gap: str = ""  # shown already, and waiting for the statement that it stands before
    _code: bool = False
    _headings: tuple[str, ...] = ()
    _head: str = ""
    _items: list[tuple[int, str]] = field(default_factory=list)
    _columns: tuple[str, ...] | None = None
    _held_row: str = ""
    _in_table: bool = False

    def hear(self, text: str) -> Iterator[Said]:
        """Take a piece of the reply."""
        self._buffer += text
        while "\n" in self._buffer:
            line, self._buffer = self._buffer.split("\n", 1)
            yield from self._line(line + "\n")

    def finish(self) -> Iterator[Said]:
        """Take it that nothing follows."""
        if self._buffer:
            line, self._buffer = self._buffer, ""
            yield from self._line(line)
        yield from self._release()
        self.rest, self._gap = self._gap.rstrip(), ""

    @property
    def unfinished(self) -> str:
        """What was heard and is in no statement yet."""
        return without_labels(self._held_row + self._buffer)

    def _line(self, line: str) -> Iterator[Said]:
        if FENCE.match(line) or self._code:
            yield from self._release()
            self._code ^= bool(FENCE.match(line))
            self._gap += line
            return
        if ROW.match(line):
            yield from self._row(line)
            return
        yield from self._release()
        self._columns, self._in_table = None, False
        if not line.strip():
            self._gap += line
        elif _HEADING.match(line) and not labels_in(line):
            self._headings = (plain(line.strip().lstrip("#")).rstrip(":："),)
            self._head, self._items = "", []
            self._gap += line
        elif item := _ITEM.match(line):
            yield from self._item(line, len(item[1].expandtabs(4)), item.end())
        else:
            indented = self._items and line[:1].isspace()
            if not indented:
                self._items = []
            yield from self._sentences(line, 0, "item" if indented else "sentence")

    def _item(self, line: str, indent: int, begins: int) -> Iterator[Said]:
        while self._items and self._items[-1][0] >= indent:
            self._items.pop()
        self._gap += line[:begins]
        yield from self._sentences(line[begins:], 0, "item")
        self._items.append((indent, plain(without_labels(line[begins:]))))

    def _sentences(self, line: str, at: int, kind: SentenceKind) -> Iterator[Said]:
        quoted = QUOTED.match(line)
        if quoted:
            self._gap += quoted[0]
            at = quoted.end()
        text = line[at:]
        under = self._under()
        for number, (start, end, labels, ends) in enumerate(_pieces(text[:_LONGEST_LINE])):
            shown = without_labels(text[start:end])
            self._gap += _between(text, at=start)
            if not any(map(str.isalnum, shown)):
                self._gap += shown
                continue
            leads = kind == "sentence" and bool(_LEADS.search(shown))
            yield self._said(
                shown,
                "head" if leads else kind,
                under=() if leads else under,
                labels=labels,
                ends_labelled=ends,
                first=number == 0,
            )
            if leads:
                self._head = plain(shown)
            elif kind == "sentence":
                self._head = ""
        self._gap += text[len(text.rstrip()) :]

    def _under(self) -> tuple[str, ...]:
        head = (self._head,) if self._head else ()
        return (*self._headings, *head, *(text for _, text in self._items))

    def _row(self, line: str) -> Iterator[Said]:
        """A row is held until the line after it tells whether it is a header."""
        if BENEATH.match(line) and self._held_row and not self._in_table:
            self._columns = tuple(plain(cell) for cell in _cells(self._held_row))
            self._gap += without_labels(self._held_row) + "\n" + line
            self._held_row, self._in_table = "", True
            return
        if BENEATH.match(line):
            self._gap += line
            return
        yield from self._release()
        self._held_row = line
        if self._in_table:
            yield from self._release()

    def _release(self) -> Iterator[Said]:
        line, self._held_row = self._held_row, ""
        if not line:
            return
        self._in_table = True
        shown = without_labels(line.strip())
        cells = [plain(cell) for cell in _cells(shown)]
        names = self._columns or ()
        if any(map(str.isalnum, shown)):
            yield self._said(
                shown,
                "row",
                under=self._under(),
                cells=tuple(
                    (names[at] if at < len(names) else "", cell) for at, cell in enumerate(cells)
                ),
                labels=labels_in(line),
            )
        else:
            self._gap += shown
        self._gap += line[len(line.rstrip()) :]

    def _said(
        self,
        shown: str,
        kind: SentenceKind,
        *,
        under: tuple[str, ...],
        cells: tuple[tuple[str, str], ...] = (),
        labels: tuple[int, ...] = (),
        ends_labelled: bool = False,
        first: bool = True,
    ) -> Said:
        before, self._gap = self._gap, ""
        return Said(shown, kind, before, under, cells, labels, ends_labelled, first)


def _pieces(text: str) -> Iterator[tuple[int, int, tuple[int, ...], bool]]:
    """(start, end, labels, whether a label is its end) of the sentences of a line. Labels that
    stand after a full stop belong to the sentence before it, and a bare "Yes." to the one after."""
    spans: list[tuple[int, int]] = []
    for start, end in _split(text):
        if spans and _BARE.fullmatch(text, *spans[-1]):
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    for at, (start, end) in enumerate(spans):
        own = _LABELS_FIRST.match(text, start) if at else None
        if own and own.end() >= end:
            continue
        after = _LABELS_FIRST.match(text, spans[at + 1][0]) if at + 1 < len(spans) else None
        begins = own.end() if own else start
        while begins < end and text[begins].isspace():
            begins += 1
        labels = labels_in(text[begins:end])
        ends = after is not None or bool(_ENDS_LABELLED.search(text[begins:end]))
        yield begins, end, (*labels, *(labels_in(after[0]) if after else ())), ends


def _split(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a line; labels may stand right after a full stop: "In May.[1] It"."""
    for first, last in sentences.split(text):
        start = first
        for stop in _STOP_AND_LABELS.finditer(text, first, last):
            yield start, stop.end(1)
            start = stop.end()
        yield start, last


def _between(text: str, *, at: int) -> str:
    """The white space before a sentence of a line."""
    before = text[:at].rstrip()
    gap = text[len(before) : at]
    return gap if before.strip() else text[:at]


def _cells(line: str) -> list[str]:
    """The cells of a row of Markdown; one that holds a bar escapes it."""
    inner = line.strip().removeprefix("|")
    parts = re.split(r"(?<!\\)\|", inner)
    if parts and not parts[-1].strip():
        parts.pop()
    return [part.strip().replace("\\|", "|") for part in parts]
