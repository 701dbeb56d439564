"""HTML: the visible text of a page in blocks, read as a stream of tags.

No tree is built: a tree of a million nested tags takes its memory and, in most libraries, its
stack. Scripts, styles, menus and what is styled away from the reader's eyes are left out; equations
and the words and descriptions of pictures stand where they do. Nothing is fetched.
"""

import re
from dataclasses import dataclass

from lxml import etree

from quire.ingest.limits import Limits
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source, aside
from quire.ingest.loaders.drawings import alt_text
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.equations import in_a_line
from quire.ingest.loaders.list_numbers import drawn
from quire.ingest.loaders.stylesheets import hidden_names, is_invisible
from quire.ingest.loaders.tables import Cell
from quire.ingest.loaders.web_tables import Table, add_table
from quire.records import BlockKind

_UNSEEN_TAGS = (
    "script style template noscript iframe object embed applet audio video canvas map "
    "nav button select datalist textarea defs symbol metadata clippath mask pattern"
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
_MAYBE_UNSEEN = {*_UNSEEN, "title"}
_DESCRIBES = {"title", "desc"}  # of an SVG picture
_DRAWN = {"text", "foreignobject", *_DESCRIBES}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"<meta[^>]{0,500}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_DEEPEST = 8  # lists in lists that are told apart
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NESTED = 8  # tables in tables that are told apart
_DEEPEST_MATH = 100  # parts in parts of an equation


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
    target = _Page(builder, limits, hidden_names(text))
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

    def __init__(self, builder: ContentBuilder, limits: Limits, hidden_names: set[str]) -> None:
        self._builder = builder
        self._limits = limits
        self.title = ""
        self._text: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._level = 0
        self._preformatted = 0
        self._tables: list[Table] = []
        self._lists: list[_List] = []
        self._label = ""
        self._margin = 0  # blanks before the next block
        # The tag that hides what is in it, and how many of its name are open inside.
        self._hider = ""
        self._hidden_depth = 0
        self._hidden_names = hidden_names
        self._math: etree.TreeBuilder | None = None
        self._math_depth = 0
        self._after_math = False
        self._drawings = 0  # SVG pictures open
        self._said = 0  # texts open in them
        self._described: list[int] = []  # where the descriptions begin that are open

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if self._hider:
            self._hidden_depth += tag == self._hider
        elif self._math is not None:
            self._math_depth += 1
            if self._math_depth <= _DEEPEST_MATH:
                self._math.start(tag, attributes)
        elif (attributes or tag in _MAYBE_UNSEEN) and self._hides(tag, attributes):
            self._hider, self._hidden_depth = tag, 1
        elif tag == "math":
            self._math, self._math_depth = etree.TreeBuilder(), 1
            self._math.start(tag, attributes)
        elif tag == "svg":
            self._drawings += 1
            self._text.append(" ")
        elif self._drawings and tag in _DRAWN:
            self._start_drawn(tag)
        elif tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._describe(attributes.get("alt", ""))
        else:
            self._start_block(tag, attributes)

    def _start_block(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _HEADINGS:
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
            if len(self._tables) >= _NESTED:
                add_table(self._tables[-1], self._builder, limits=self._limits)
            self._tables.append(Table())
        elif tag in {"thead", "tbody", "tfoot"}:
            self._end_cell()
            if self._tables:
                self._tables[-1].in_head = tag == "thead"
        elif tag == "tr":
            self._end_cell()
            if self._tables:
                self._tables[-1].rows.append([])
        elif tag in {"td", "th"}:
            self._end_cell()
            if self._tables:
                self._start_cell(self._tables[-1], tag, attributes)
        elif tag in _BLOCKS and self._kind != "list":
            self._flush()
        elif tag in _BLOCKS:
            self._text.append("\n")

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if self._hider:
            if tag == self._hider:
                self._hidden_depth -= 1
                if not self._hidden_depth:
                    self._hider = ""
        elif self._math is not None:
            self._end_in_math(tag)
        elif tag == "svg":
            self._drawings = max(self._drawings - 1, 0)
            self._said = self._said if self._drawings else 0
        elif self._drawings and tag in _DRAWN:
            self._end_drawn(tag)
        elif tag == "table":
            self._end_table()
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
        elif self._math is not None:
            if self._math_depth <= _DEEPEST_MATH:
                self._math.data(data)
        elif not self._drawings or self._said or self._described:
            self._after_math = self._after_math and not data.strip()
            self._text.append(data if self._preformatted else data.replace("\n", " "))

    def comment(self, data: str) -> None:
        """Nobody sees comments."""

    def close(self) -> None:
        if self._math is not None:
            self._math_depth = 1
            self._end_in_math("math")
        self._end_cell()
        self._flush()
        while self._tables:
            self._end_table()

    def _hides(self, tag: str, attributes: dict[str, str]) -> bool:
        """Whether what is in a tag is not shown."""
        if tag in _UNSEEN or (tag == "title" and not self._drawings):
            return True
        if tag in _VOID:
            return False
        if "hidden" in attributes or is_invisible(attributes.get("style", "")[:2000]):
            return True
        if self._after_math and attributes.get("aria-hidden") == "true":
            return True  # the same equation once more, as it is drawn
        if not self._hidden_names:
            return False
        names = {f".{name}" for name in attributes.get("class", "").split()}
        names.add(f"#{attributes.get('id', '')}")
        return not names.isdisjoint(self._hidden_names)

    def _end_in_math(self, tag: str) -> None:
        assert self._math is not None  # noqa: S101
        if self._math_depth <= _DEEPEST_MATH:
            self._math.end(tag)
        self._math_depth -= 1
        if not self._math_depth:
            self._text.append(in_a_line(self._math.close()))
            self._math, self._after_math = None, True

    def _describe(self, description: str) -> None:
        if text := alt_text(description):
            self._text.append(f" {aside(text)} ")

    def _start_drawn(self, tag: str) -> None:
        if tag in _DESCRIBES:
            self._described.append(len(self._text))
        else:
            self._said += 1
            self._text.append("\n")

    def _end_drawn(self, tag: str) -> None:
        if tag in _DESCRIBES:
            if self._described:
                begin = self._described.pop()
                text = "".join(self._text[begin:])
                del self._text[begin:]
                self._describe(text)
        elif self._said:
            self._said -= 1
            self._text.append("\n")

    def _flush(self) -> None:
        """Ends the block being read."""
        kind, level = self._kind, self._level
        self._kind, self._level = "paragraph", 0
        self._after_math = False
        if not self._text:
            return
        text = "".join(self._text)
        self._text = []
        self._described = []
        for table in self._tables[: -_NESTED - 1 : -1] if self._tables else ():
            if table.cell is not None:
                table.cell[1].append(text)
                return
        if not self._preformatted:
            text = "\n".join(filter(None, map(clean_line, text.split("\n"))))
        if text and kind == "list":
            text = f"{self._label} {text}"
        if text:
            self._builder.add(kind, text, level=level, indent=self._margin if self._lists else 0)
            if kind == "list":  # what follows in the item
                self._margin += _STEP

    def _start_cell(self, table: Table, tag: str, attributes: dict[str, str]) -> None:
        if not table.rows:
            table.rows.append([])
        cell = Cell("", is_header=tag == "th" or table.in_head)
        if attributes:
            cell.columns = _number(attributes.get("colspan", ""))
            cell.rows = _number(attributes.get("rowspan", ""))
        table.cell = cell, []

    def _end_cell(self) -> None:
        self._flush()
        table = self._tables[-1] if self._tables else Table()
        if table.cell is None:
            return
        columns = self._limits.table_columns
        if not table.rows:
            table.rows.append([])
        if len(table.rows[-1]) < columns:
            table.rows[-1].append(table.cell)
        else:
            self._builder.warn(f"Cells past column {columns:,} are left out.")
        table.cell = None

    def _end_table(self) -> None:
        """Ends a table: one in a cell of another belongs to it."""
        self._end_cell()
        if not self._tables:
            return
        table = self._tables.pop()
        outer = self._tables[-1].cell if self._tables else None
        if outer is not None and len(self._tables) < _NESTED:
            outer[1].append(table)
        else:
            add_table(table, self._builder, limits=self._limits)


def _number(value: str) -> int:
    value = value.strip()
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 5 else 1
