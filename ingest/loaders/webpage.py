"""HTML: the visible text of a page in blocks, read as a stream of tags.

No tree is built: a tree of a million nested tags takes its memory and, in most libraries, its
stack. Scripts, styles, menus and what is styled away from the reader's eyes are left out. Nothing
is fetched.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from quire.ingest.limits import Limits
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.list_numbers import drawn
from quire.records import BlockKind

_UNSEEN_TAGS = (
    "script style template noscript svg math iframe object embed applet audio video canvas map "
    "nav button select datalist textarea"
)
_BLOCK_TAGS = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form header hgroup html legend main menu ol p section summary ul "
    "caption hr optgroup"
)
# Tags without an end tag, in which nothing can be hidden.
_VOID_TAGS = "area base br col embed hr img input link meta source track wbr param"
_UNSEEN, _BLOCKS, _VOID = (
    frozenset(tags.split()) for tags in (_UNSEEN_TAGS, _BLOCK_TAGS, _VOID_TAGS)
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INVISIBLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{0,5000})\}")
_SIMPLE_SELECTOR = re.compile(r"[.#][\w-]+")
_CHARSET = re.compile(rb"<meta[^>]{0,500}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_LONG_CELL = 400  # letters; a table whose cells are as long on average lays out a page
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_DEEPEST = 8  # lists in lists that are told apart
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_MAX_STYLE = 500_000  # characters of style sheets that are looked at


def read(source: Source) -> Content:
    """One page without a number; the title is the page's own."""
    builder = ContentBuilder(source.limits)
    declared = _CHARSET.search(source.data[:4096])
    encoding = declared[1].decode("ascii") if declared else None
    text, cut = decode(source.data, limit=2 * source.limits.characters, declared=encoding)
    title = add_html(text, builder, limits=source.limits)
    if cut:
        builder.warn_of_cut()
    return builder.finish(title or source.stem)


def add_html(text: str, builder: ContentBuilder, *, limits: Limits) -> str:
    """Adds the visible text of an HTML page to `builder`; returns the page's title."""
    target = _Page(builder, limits)
    parser = etree.HTMLParser(
        target=target, encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True
    )
    data = text.encode("utf-8", "replace")
    try:
        for start in range(0, len(data), 1 << 16):
            parser.feed(data[start : start + (1 << 16)])
            if builder.full:
                break
        parser.close()
    except etree.LxmlError:
        target.close()  # what was read until there is kept
    return clean_line(target.title)[:300]


@dataclass
class _Table:
    """A table being read. One that turns out to lay out a page gives its cells as paragraphs."""

    rows: list[list[str]] = field(default_factory=list)
    lays_out: bool = False
    cell: list[str] | None = None


@dataclass
class _List:
    """A list being read: how its items are numbered, None where they have bullets, and the number
    of the next one."""

    form: str | None = None
    number: int = 1

    def label(self, value: str) -> str:
        """The number or bullet of the next item, which may have a value of its own."""
        if self.form is None:
            return BULLET
        self.number = (
            int(value) if value.isascii() and value.isdigit() and len(value) < 6 else self.number
        )
        label = f"{drawn(self.number, self.form)}."
        self.number += 1
        return label


def _list(tag: str, attributes: dict[str, str]) -> _List:
    if tag == "ul":
        return _List()
    start = attributes.get("start", "")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
    return _List(_FORMS.get(attributes.get("type", ""), "decimal"), number)


class _Page:
    """Receives the tags of a page and adds blocks."""

    def __init__(self, builder: ContentBuilder, limits: Limits) -> None:
        self._builder = builder
        self._columns = limits.table_columns
        self.title = ""
        self._text: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._level = 0
        self._preformatted = 0
        self._tables: list[_Table] = []
        self._lists: list[_List] = []
        self._label = ""
        self._margin = 0  # blanks before the next block
        # The tag that hides what is in it, and how many of its name are open inside.
        self._hider = ""
        self._hidden_depth = 0
        self._hidden_names: set[str] = set()
        self._style: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._hider:
            self._hidden_depth += tag == self._hider
            return
        if tag not in _VOID and (tag in _UNSEEN or tag == "title" or self._is_hidden(attributes)):
            self._hider, self._hidden_depth = tag, 1
            return
        if tag == "br":
            self._text.append("\n")
        elif tag in _HEADINGS:
            self._flush()
            self._kind, self._level = "heading", _HEADINGS[tag]
        elif tag in {"ul", "ol"}:
            self._flush()
            self._lists.append(_list(tag, attributes))
        elif tag == "li":
            self._flush()
            self._kind = "list"
            self._label = (
                self._lists[-1].label(attributes.get("value", "")) if self._lists else BULLET
            )
            self._margin = _STEP * min(max(len(self._lists) - 1, 0), _DEEPEST)
        elif tag == "pre":
            self._flush()
            self._kind = "code"
            self._preformatted += 1
        elif tag == "table":
            self._flush()
            if self._tables:
                self._tables[-1].lays_out = True
                self._emit(self._tables[-1])
            self._tables.append(_Table())
        elif tag == "tr":
            self._end_cell()
            if self._tables:
                self._tables[-1].rows.append([])
        elif tag in {"td", "th"}:
            self._end_cell()
            if self._tables:
                if not self._tables[-1].rows:
                    self._tables[-1].rows.append([])
                self._tables[-1].cell = []
        elif tag in _BLOCKS and self._kind != "list":
            self._flush()
        elif tag in _BLOCKS:
            self._text.append("\n")

    def end(self, tag: str) -> None:
        if self._hider:
            if tag == self._hider:
                self._hidden_depth -= 1
                if not self._hidden_depth:
                    self._unhide(tag)
            return
        if tag == "table":
            self._end_cell()
            if self._tables:
                self._emit(self._tables.pop())
        elif tag in {"td", "th", "tr"}:
            self._end_cell()
        elif tag in {"ul", "ol"}:
            self._flush()
            if self._lists:
                self._lists.pop()
            self._margin = _STEP * min(len(self._lists), _DEEPEST)
        elif tag in _HEADINGS or tag in {"li", "pre"}:
            self._flush()
            self._preformatted -= tag == "pre" and self._preformatted > 0
        elif tag in _BLOCKS and self._kind != "list":
            self._flush()

    def data(self, data: str) -> None:
        if self._hider:
            if self._hider == "title":
                self.title += data if len(self.title) < 1000 else ""
            elif self._hider == "style":
                self._style.append(data)
            return
        self._text.append(data if self._preformatted else data.replace("\n", " "))

    def comment(self, data: str) -> None:
        """Nobody sees comments."""

    def close(self) -> None:
        self._end_cell()
        self._flush()
        while self._tables:
            self._emit(self._tables.pop())

    def _is_hidden(self, attributes: dict[str, str]) -> bool:
        if not attributes:
            return False
        if "hidden" in attributes or _INVISIBLE.search(attributes.get("style", "")[:2000]):
            return True
        if not self._hidden_names:
            return False
        names = {f".{name}" for name in attributes.get("class", "").split()}
        names.add(f"#{attributes.get('id', '')}")
        return not names.isdisjoint(self._hidden_names)

    def _unhide(self, tag: str) -> None:
        self._hider = ""
        if tag == "style":
            rules = "".join(self._style)[:_MAX_STYLE]
            self._style = []
            for selectors, declarations in _RULE.findall(rules):
                if _INVISIBLE.search(declarations):
                    for selector in selectors.split(","):
                        if _SIMPLE_SELECTOR.fullmatch(selector.strip()):
                            self._hidden_names.add(selector.strip())

    def _flush(self) -> None:
        """Ends the block being read."""
        text = "".join(self._text)
        self._text = []
        kind, level = self._kind, self._level
        self._kind, self._level = "paragraph", 0
        if self._tables and self._tables[-1].cell is not None:
            self._tables[-1].cell.append(text)
            return
        if not self._preformatted:
            text = "\n".join(filter(None, map(clean_line, text.split("\n"))))
        if text and kind == "list":
            text = f"{self._label} {text}"
        if text:
            self._builder.add(kind, text, level=level, indent=self._margin if self._lists else 0)
            if kind == "list":  # what follows in the item
                self._margin += _STEP

    def _end_cell(self) -> None:
        self._flush()
        if not self._tables or self._tables[-1].cell is None:
            return
        table = self._tables[-1]
        row = table.rows[-1]
        if len(row) < self._columns:
            row.append("\n".join(table.cell or []))
        elif len(row) == self._columns:
            self._builder.warn(f"Cells past column {self._columns:,} are left out.")
        table.cell = None

    def _emit(self, table: _Table) -> None:
        """Adds what is read of a table, as rows or, if it lays out a page, as paragraphs."""
        if table.cell is not None and table.rows:
            table.rows[-1].append("\n".join(table.cell))
            table.cell = None
        rows = [row for row in table.rows if any(map(str.strip, row))]
        table.rows = []
        filled = [cell for row in rows for cell in row if cell.strip()]
        if not filled:
            return
        long = sum(map(len, filled)) / len(filled) > _LONG_CELL
        if table.lays_out or long or max(map(len, rows)) < 2:
            for cell in filled:
                for line in cell.split("\n"):
                    self._builder.add("paragraph", clean_line(line))
            return
        lines = (CELL_BREAK.join(map(clean_line, row)) for row in rows)
        self._builder.add("table", "\n".join(lines))
