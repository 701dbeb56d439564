"""DOCX: paragraphs, headings, lists and tables in the order of the document, without pages."""

import io
from collections.abc import Iterator
from typing import Any

import docx
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from lxml.etree import LxmlError

from quire.errors import Unreadable
from quire.ingest.loaders import archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source
from quire.ingest.loaders.docx_numbering import Numbering

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_HINT = "Open it in a word processor and save it anew."
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_LEVELS = 9  # of a list
_MAX_STYLES = 20  # steps from a style to the one it is based on; more are a loop
# What holds no text that a reader sees: deleted words, field codes, properties.
_UNSEEN = {
    _W + name
    for name in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "tblPr", "trPr", "tcPr")
}


def read(source: Source) -> Content:
    """The document's own text, then its footnotes. Raises Unreadable if damaged or over a limit."""
    archive.check(source.data, limits=source.limits)
    try:
        document = docx.Document(io.BytesIO(source.data))
        body = document.element.body
        styles = _Styles(document)
        numbering = Numbering(_numbering_root(document))
        notes = list(_note_parts(document))
        title = clean_line(document.core_properties.title or "")
    # python-docx lets what its parsers raise pass through
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("damaged DOCX", hint=_HINT) from error
    builder = ContentBuilder(source.limits)
    first_heading = ""
    inside = 0  # blanks before a paragraph that goes on with the item above it
    for block in _blocks(body, builder):
        if block.tag == _W + "tbl":
            builder.add("table", _table(block, source.limits.table_columns))
            inside = 0
            continue
        text = clean_lines(_text(block))
        if not text:
            continue
        level = styles.heading_level(block)
        place = styles.list_place(block)
        label = numbering.label(*place) if place else ""
        if label:
            text = f"{label} {text}"
        if level:
            first_heading = first_heading or clean_line(text)
            builder.add("heading", clean_line(text), level=level)
            inside = 0
        elif label:
            margin = _STEP * styles.list_depth(block)
            builder.add("list", text, indent=margin)
            inside = margin + _STEP
        else:
            inside = inside if styles.is_indented(block) else 0
            builder.add("paragraph", text, indent=inside)
    for note in notes:
        builder.add("paragraph", clean_lines(_text(note)))
    return builder.finish(title or first_heading or source.stem)


def clean_lines(text: str) -> str:
    """`text` with the spaces in each of its lines reduced to single ones."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _blocks(parent: Any, builder: ContentBuilder) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls too."""
    stack = [iter(parent)]
    while stack and not builder.full:
        for child in stack[-1]:
            if child.tag in {_W + "p", _W + "tbl"}:
                yield child
            elif child.tag in {_W + "sdt", _W + "sdtContent", _W + "ins", _W + "customXml"}:
                stack.append(iter(child))
                break
        else:
            stack.pop()


def _text(element: Any) -> str:
    """The visible text inside an element. Walks without recursion: nesting has no bound."""
    parts: list[str] = []
    stack = [iter(element)]
    while stack:
        for child in stack[-1]:
            tag = child.tag
            if tag == _W + "t":
                parts.append(child.text or "")
            elif tag in {_W + "tab", _W + "ptab"}:
                parts.append(" ")
            elif tag in {_W + "br", _W + "cr"}:
                parts.append("\n")
            elif tag == _W + "noBreakHyphen":
                parts.append("-")
            elif (
                tag in _UNSEEN or tag == _MC + "Fallback" or (tag == _W + "r" and _vanishes(child))
            ):
                continue
            else:
                if tag == _W + "p":
                    parts.append("\n")
                stack.append(iter(child))
                break
        else:
            stack.pop()
    return "".join(parts)


def _vanishes(run: Any) -> bool:
    """True for hidden text (`w:vanish`)."""
    properties = run.find(_W + "rPr")
    if properties is None:
        return False
    for name in ("vanish", "webHidden", "specVanish"):
        mark = properties.find(_W + name)
        if mark is not None and mark.get(_W + "val") not in {"0", "false", "off"}:
            return True
    return False


def _table(table: Any, columns: int) -> str:
    rows = []
    for row in table.iter(_W + "tr"):
        if next(row.iterancestors(_W + "tbl")) is not table:
            continue  # of a table inside a cell, whose text is the cell's
        cells = [clean_line(_text(cell)) for cell in row.iter(_W + "tc") if _row_of(cell) is row]
        if any(cells):
            rows.append(CELL_BREAK.join(cells[:columns]))
    return "\n".join(rows)


def _row_of(cell: Any) -> Any:
    return next(cell.iterancestors(_W + "tr"))


def _note_parts(document: Any) -> Iterator[Any]:
    """The footnotes and endnotes, which stand in parts of their own."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")) and not relation.is_external:
            for note in parse_xml(relation.target_part.blob):
                if note.get(_W + "type") not in {"separator", "continuationSeparator"}:
                    yield note


class _Styles:
    """What a paragraph's style says: heading level, list item."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, int] = {}
        self._lists: dict[str, tuple[str, int]] = {}
        self._depths: dict[str, int] = {}
        self._indented: set[str] = set()
        by_id = {style.get(_W + "styleId"): style for style in document.styles.element}
        for name, style in by_id.items():
            for ancestor in _based_on(style, by_id):
                level = _heading_level_of(ancestor)
                if level is not None:
                    self._levels.setdefault(name, level)
                mark = ancestor.find(f"{_W}pPr/{_W}numPr")
                if mark is not None and name not in self._lists:
                    self._lists[name] = _list_place(mark)
                if (depth := _depth_of(ancestor)) is not None:
                    self._depths.setdefault(name, depth)
                if _is_indented(ancestor.find(_W + "pPr")):
                    self._indented.add(name)

    def heading_level(self, paragraph: Any) -> int:
        """1 to 6 for a heading, 0 for all else."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return 0
        level = _outline_level(properties)
        if level is None:
            level = self._levels.get(_style_of(properties), 0)
        return level

    def list_place(self, paragraph: Any) -> tuple[str, int] | None:
        """The list that a paragraph is an item of and its level there, from 0."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return None
        mark = properties.find(_W + "numPr")
        by_style = self._lists.get(_style_of(properties))
        if mark is None:
            return by_style
        list_id, level = _list_place(mark)
        if not list_id and by_style:
            return by_style[0], level
        return (list_id, level) if list_id != "0" else None

    def list_depth(self, paragraph: Any) -> int:
        """How many items an item of a list stands under: its level, or what its style is named
        after ("List Bullet 2")."""
        place = self.list_place(paragraph)
        named = self._depths.get(_style_of(paragraph.find(_W + "pPr")), 0)
        return min(max(place[1] if place else 0, named), _LEVELS)

    def is_indented(self, paragraph: Any) -> bool:
        """Whether a paragraph stands further in than the text, as one that goes on with an item."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return False
        return _is_indented(properties) or _style_of(properties) in self._indented


def _depth_of(style: Any) -> int | None:
    """The depth that the name of a built-in style for lists gives, None where it is another."""
    name = style.find(_W + "name")
    words = (name.get(_W + "val") or "").lower().split() if name is not None else []
    if len(words) == 3 and words[0] == "list" and words[2].isdigit():
        return max(int(words[2]) - 1, 0)
    return None


def _is_indented(properties: Any) -> bool:
    mark = properties.find(_W + "ind") if properties is not None else None
    if mark is None:
        return False
    left = mark.get(_W + "left") or mark.get(_W + "start") or "0"
    return left.isdigit() and int(left) > 0


def _list_place(mark: Any) -> tuple[str, int]:
    """The list and level that a `w:numPr` names."""
    list_id, level = mark.find(_W + "numId"), mark.find(_W + "ilvl")
    value = level.get(_W + "val", "0") if level is not None else "0"
    return (
        list_id.get(_W + "val", "") if list_id is not None else "",
        int(value) if value.isdigit() else 0,
    )


def _numbering_root(document: Any) -> Any:
    """The element that defines all lists, or None."""
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/numbering") and not relation.is_external:
            return parse_xml(relation.target_part.blob)
    return None


def _based_on(style: Any, by_id: dict[str, Any]) -> Iterator[Any]:
    for _ in range(_MAX_STYLES):
        yield style
        base = style.find(_W + "basedOn")
        if base is None or base.get(_W + "val") not in by_id:
            return
        style = by_id[base.get(_W + "val")]


def _heading_level_of(style: Any) -> int | None:
    properties = style.find(_W + "pPr")
    if properties is not None and (level := _outline_level(properties)) is not None:
        return level
    # Built-in styles keep their English name in every language of the word processor.
    name = style.find(_W + "name")
    words = (name.get(_W + "val") or "").lower().split() if name is not None else []
    if words == ["title"]:
        return 1
    if len(words) == 2 and words[0] == "heading" and words[1].isdigit():
        return max(1, min(int(words[1]), 6))
    return None


def _outline_level(properties: Any) -> int | None:
    mark = properties.find(_W + "outlineLvl")
    value = mark.get(_W + "val", "") if mark is not None else ""
    if not value.isdigit():
        return None
    return 0 if int(value) > 8 else min(int(value) + 1, 6)


def _style_of(properties: Any) -> str:
    style = properties.find(_W + "pStyle")
    return style.get(_W + "val", "") if style is not None else ""
