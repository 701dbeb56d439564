"""RTF: paragraphs, headings, lists and tables, read as a stream of words and signs.

Letters are in the encoding of their font, or by number; what is hidden or deleted, pictures and the
codes of fields are not shown. Groups are kept on a list, so that nesting has no bound.
"""

import codecs
import re
from dataclasses import dataclass, field, replace

from quire.ingest.limits import Limits
from quire.ingest.loaders import symbols
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source, aside
from quire.ingest.loaders.furniture import PAGE_NUMBER, without_page_numbers

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)",
    re.IGNORECASE | re.DOTALL,
)
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5hkscs", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250",
}  # fmt: skip
_SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ",
    "nestcell": " ", "nestrow": "\n", "chpgn": PAGE_NUMBER,
}  # fmt: skip
_ESCAPED = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
# Groups that hold no text of the document.
_PASSED_BY = frozenset(
    "colortbl info pict objdata themedata colorschememapping datastore listtable listoverridetable "
    "generator xmlnstbl rsidtbl mmathpr latentstyles shpinst nonshppict bkmkstart bkmkend filetbl "
    "revtbl pgptbl ftnsep ftnsepc aftnsep aftnsepc passwordhash falt panose fontemb datafield "
    "formfield xe tc rxe htmltag mhtmltag background atnid atnref atntime atndate atnicn".split()
)
_KNOWN = {"annotation", "atnauthor", "fldinst", "shptxt", "listtext", "pntext"}
_FURNITURE = {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"}
_BULLETS = {"·", "•", "o", "§", "-", "–", "\uf0b7", "\uf0a7", "Ø", "ü", "v", "q", "*"}
_PAGE_CODES = {"PAGE", "NUMPAGES", "SECTIONPAGES"}
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_LEVELS = 9


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until a group ends."""

    destination: str = ""  # of the group, "-" where nothing of it is read
    font: int = -1
    skipped: int = 1  # letters that stand after one by number, for programs that do not know it
    hidden: bool = False


@dataclass(slots=True)
class _Paragraph:
    """What is said of a paragraph, until it is said to be a new one."""

    style: int = 0
    level: int = 0  # of a heading, from 1
    in_table: bool = False
    depth: int = 0  # of an item


@dataclass(slots=True)
class _Sink:
    """Where text goes: the document, or a note, a comment, a header in it."""

    kind: str
    parts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read(source: Source) -> Content:
    """One page without a number; the title is the first heading."""
    builder = ContentBuilder(source.limits)
    title = add_rtf(source.data, builder, limits=source.limits)
    return builder.finish(title or source.stem)


def add_rtf(data: bytes, builder: ContentBuilder, *, limits: Limits) -> str:
    """Adds the text of an RTF document; returns its first heading, empty where it has none."""
    reader = _Reader(builder, limits)
    at = 0
    while not builder.full and (match := _TOKEN.search(data, at)):
        at = reader.take(match)
    reader.close()
    return reader.title


class _Reader:
    """Takes the words and signs of a document one by one."""

    def __init__(self, builder: ContentBuilder, limits: Limits) -> None:
        self._builder = builder
        self._limits = limits
        self.title = ""
        self._group = _Group()
        self._groups: list[_Group] = []
        self._encoding = "cp1252"
        self._charsets: dict[int, str] = {}
        self._fonts: dict[int, str] = {}
        self._headings: dict[int, int] = {}  # by the number of a style
        self._paragraph = _Paragraph()
        self._bytes = bytearray()  # letters not decoded yet, all in one font
        self._high = ""  # the first half of a letter by number
        self._to_skip = 0
        self._starred = False
        self._sinks = [_Sink("document")]
        self._sunk: list[int] = []  # how many groups were open where each further sink began
        self._label: list[str] = []
        self._code: list[str] = []  # of a field
        self._author = ""
        self._cells: list[str] = []
        self._rows: list[str] = []
        self._notes: list[str] = []
        self._said: set[str] = set()

    def take(self, match: re.Match[bytes]) -> int:
        """Takes a word, a sign or some text; returns where the next may begin."""
        word, number, code, escaped, brace, text = match.groups()
        end = match.end()
        if brace == b"{":
            self._decode()
            self._groups.append(self._group)
        elif brace == b"}":
            self._close_group()
        elif word:
            name = word.decode("ascii").lower()
            if name == "bin":
                return end + max(int(number or 0), 0)
            self._word(name, int(number) if number else None)
        elif code:
            self._letters(bytes([int(code, 16)]))
        elif escaped == b"*":
            self._starred = True
            return end
        elif escaped:
            self._say(_ESCAPED.get(escaped, ""))
        elif text:
            self._letters(text)
        self._starred = False
        return end

    def close(self) -> None:
        """Ends the document, however it ended itself."""
        self._decode()
        while self._sunk:
            self._close_sink()
        self._end_paragraph()
        self._end_table()
        for note in self._notes:
            self._builder.add("paragraph", note)

    # Groups

    def _open(self, destination: str) -> None:
        self._decode()
        self._group = replace(self._group, destination=destination)

    def _close_group(self) -> None:
        self._decode()
        closed = self._group.destination
        self._group = self._groups.pop() if self._groups else _Group()
        if closed == "fldinst" != self._group.destination:
            if "".join(self._code).split()[:1] and "".join(self._code).split()[0] in _PAGE_CODES:
                self._say(PAGE_NUMBER)
                self._group = replace(self._group, hidden=True)  # the result, in the same field
            self._code = []
        while self._sunk and len(self._groups) < self._sunk[-1]:
            self._close_sink()

    def _open_sink(self, kind: str) -> None:
        self._open(kind)
        self._sinks.append(_Sink(kind))
        self._sunk.append(len(self._groups))

    def _close_sink(self) -> None:
        self._sunk.pop()
        sink = self._sinks.pop()
        text = "\n".join([*sink.lines, "".join(sink.parts)])
        if sink.kind in _FURNITURE:
            text = without_page_numbers(text)
        text = "\n".join(filter(None, map(clean_line, text.split("\n"))))
        if sink.kind == "annotation":
            self._notes += [aside(text, by=clean_line(self._author))] if text else []
        elif sink.kind == "footnote":
            self._notes.append(text)
        elif text not in self._said:
            self._said.add(text)
            self._builder.add("paragraph", text)

    # Words

    def _word(self, name: str, number: int | None) -> None:
        if self._group.destination == "-":
            return
        if name in _PASSED_BY or (self._starred and name not in _KNOWN | _FURNITURE):
            self._open("-")
        elif name in {"fonttbl", "stylesheet", "fldinst", "atnauthor", "listtext", "pntext"}:
            self._open(name)
            self._author = "" if name == "atnauthor" else self._author
        elif name in {"footnote", "annotation"} or name in _FURNITURE:
            self._open_sink(name)
        elif name == "u" and number is not None:
            self._unicode(number & 0xFFFF)
        elif self._to_skip:
            self._to_skip -= 1
        elif name in _SIGNS:
            self._say(_SIGNS[name])
        elif name in {"par", "sect", "page", "cell", "row"}:
            self._decode()
            self._break(name)
        else:
            self._property(name, number)

    def _property(self, name: str, number: int | None) -> None:
        if name in {"f", "v", "plain", "deleted"}:
            self._decode()
        on = number != 0
        paragraph = self._paragraph
        if name == "f":
            self._group = replace(self._group, font=number or 0)
        elif name == "uc":
            self._group = replace(self._group, skipped=max(number or 0, 0))
        elif name in {"v", "deleted"}:
            self._group = replace(self._group, hidden=on)
        elif name == "plain":
            self._group = replace(self._group, hidden=False)
        elif name == "ansicpg":
            self._encoding = _known(f"cp{number}", self._encoding)
        elif name in {"mac", "pc", "pca"}:
            self._encoding = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[name]
        elif name == "fcharset":
            self._charsets[self._group.font] = _CHARSETS.get(number or 0, "")
        elif self._group.destination == "stylesheet":
            self._style(name, number or 0)
        elif name == "pard":
            self._paragraph = _Paragraph()
        elif name == "s":
            paragraph.style = number or 0
        elif name == "outlinelevel":
            paragraph.level = (number or 0) + 1
        elif name == "intbl":
            paragraph.in_table = on
        elif name == "ilvl":
            paragraph.depth = min(max(number or 0, 0), _LEVELS)

    def _style(self, name: str, number: int) -> None:
        if name == "s":
            self._paragraph.style = number
        elif name == "outlinelevel" and number < _LEVELS:
            self._headings[self._paragraph.style] = min(number + 1, 6)

    # Letters

    def _letters(self, text: bytes) -> None:
        skipped = min(self._to_skip, len(text))
        self._to_skip -= skipped
        self._bytes += text[skipped:]

    def _unicode(self, code: int) -> None:
        self._decode()
        self._to_skip = self._group.skipped
        if 0xD800 <= code < 0xDC00:
            self._high = chr(code)
        else:
            pair = (self._high + chr(code)).encode("utf-16-le", "surrogatepass")
            self._say(pair.decode("utf-16-le", "replace"))
            self._high = ""

    def _decode(self) -> None:
        """Reads the letters that came since the font changed."""
        if self._bytes:
            font = self._group.font
            encoding = self._charsets.get(font) or self._encoding
            if symbols.is_symbol_font(self._fonts.get(font, "")):
                encoding = "latin-1"
            text = self._bytes.decode(encoding, "replace")
            self._bytes.clear()
            self._say(text)
        self._to_skip = 0

    def _say(self, text: str) -> None:
        if self._bytes:
            self._decode()
        destination = self._group.destination
        if destination == "fonttbl":
            known = self._fonts.get(self._group.font, "")
            self._fonts[self._group.font] = known + text.split(";", maxsplit=1)[0].strip()
        elif destination == "stylesheet":
            if found := _HEADING.match(text):
                self._headings[self._paragraph.style] = max(1, min(int(found[1]), 6))
        elif destination == "fldinst":
            self._code.append(text)
        elif destination == "atnauthor":
            self._author += text
        elif destination != "-" and not self._group.hidden:
            text = symbols.redrawn(text, self._fonts.get(self._group.font, ""))
            into = self._sinks[-1].parts
            (self._label if destination in {"listtext", "pntext"} else into).append(text)

    # Blocks

    def _break(self, name: str) -> None:
        if len(self._sinks) > 1:
            sink = self._sinks[-1]
            sink.lines.append("".join(sink.parts))
            sink.parts = []
        elif self._group.destination in {"stylesheet", "fonttbl"}:
            return
        elif name == "cell":
            self._cells.append(clean_line(self._taken()))
        elif name == "row":
            cells = self._cells[: self._limits.table_columns]
            if any(cells):
                self._rows.append(CELL_BREAK.join(cells))
            self._cells = []
        elif self._paragraph.in_table:
            self._sinks[-1].parts.append("\n")
        else:
            self._end_paragraph()

    def _taken(self) -> str:
        label, self._label = clean_line("".join(self._label)), []
        text, self._sinks[-1].parts = "".join(self._sinks[-1].parts), []
        return f"{label} {text}" if label else text

    def _end_table(self) -> None:
        if self._cells:
            self._rows.append(CELL_BREAK.join(self._cells))
        self._builder.add("table", "\n".join(self._rows))
        self._rows, self._cells = [], []

    def _end_paragraph(self) -> None:
        label = clean_line("".join(self._label))
        self._label = []
        lines = self._taken().replace(PAGE_NUMBER, "").split("\n")
        text = "\n".join(filter(None, map(clean_line, lines)))
        if not text:
            return
        if self._rows or self._cells:
            self._end_table()
        level = self._paragraph.level or self._headings.get(self._paragraph.style, 0)
        if 0 < level <= _LEVELS:
            text = clean_line(f"{label} {text}")
            self.title = self.title or text
            self._builder.add("heading", text, level=min(level, 6))
        elif label:
            label = BULLET if label in _BULLETS else label
            self._builder.add("list", f"{label} {text}", indent=_STEP * self._paragraph.depth)
        else:
            self._builder.add("paragraph", text)


def _known(encoding: str, otherwise: str) -> str:
    try:
        return codecs.lookup("gb18030" if encoding == "cp936" else encoding).name
    except LookupError:
        return otherwise
