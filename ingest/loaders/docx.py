"""DOCX: paragraphs, headings, lists and tables in the order of the document, without pages.

Headers and footers stand once, where the section begins and ends that shows them; comments stand
behind the paragraph that they are about, and footnotes at the end.
"""

from collections.abc import Iterator
from typing import Any

from lxml.etree import LxmlError

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import tables
from quire.ingest.loaders.archive import Archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source, aside
from quire.ingest.loaders.docx_numbering import Numbering
from quire.ingest.loaders.docx_styles import Styles
from quire.ingest.loaders.docx_text import W, text_of
from quire.ingest.loaders.drawings import add_figures
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.furniture import without_page_numbers
from quire.ingest.loaders.ooxml import RELATION, Package
from quire.ingest.loaders.webpage import add_html

_HINT = "Open it in a word processor and save it anew."
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_HOLDERS = {
    W + name for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "dir")
}
_LONG = 500  # characters of a cell over several rows, which is said in each of them
_CHUNK_ENDINGS = (".htm", ".html", ".xhtml")
_DRAWINGS = (W + "drawing", W + "object", W + "pict")
_OFF = {"0", "false", "off"}


def read(source: Source) -> Content:
    """The document's own text, then its footnotes. Raises Unreadable if damaged or over a limit."""
    builder = ContentBuilder(source.limits)
    archive = Archive(source.data, limits=source.limits)
    try:
        title = _Reader(Package(archive), builder, source.limits).read()
    # What the parts claim about each other may be false in any way.
    except (LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("damaged DOCX", hint=_HINT) from error
    return builder.finish(title or source.stem)


def clean_lines(text: str) -> str:
    """`text` with the spaces in each of its lines reduced to single ones."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


class _Reader:
    """Reads the parts of one document into a builder."""

    def __init__(self, package: Package, builder: ContentBuilder, limits: Limits) -> None:
        self._package = package
        self._builder = builder
        self._limits = limits
        self._styles = Styles(self._part("styles"))
        self._numbering = Numbering(self._part("numbering"))
        self._comments = dict(self._remarks())
        self._headings: list[str] = []  # the first one
        # Headers and footers, parts and texts, which later sections have again.
        self._furniture: set[str] = set()
        self._said: set[str] = set()
        settings = self._part("settings")
        self._two_sided = settings is not None and _is_on(settings, "evenAndOddHeaders")

    def read(self) -> str:
        """Reads the document; returns its title, empty where it has none."""
        path = self._package.main
        body = self._package.tree(path).find(W + "body")
        if body is not None:
            sections = [section for section in body.iter(W + "sectPr") if _is_of_now(section)]
            relations = self._package.relations(path)
            self._add_furniture(sections[:1], "header", relations)
            for block in self._add_blocks(body, path):
                while len(sections) > 1 and _within(sections[0], block):
                    self._add_furniture(sections[:1], "footer", relations)
                    del sections[0]
                    self._add_furniture(sections[:1], "header", relations)
            self._add_furniture(sections[-1:], "footer", relations)
        for note in self._notes():
            self._builder.add("paragraph", clean_lines(_shown(note)))
        return self._package.title or "".join(self._headings)

    def _add_blocks(self, parent: Any, path: str, *, furniture: bool = False) -> Iterator[Any]:
        """Adds the paragraphs and tables of a part one by one; yields each after it is added."""
        inside = 0  # blanks before a paragraph that goes on with the item above it
        for block in _blocks(parent, self._builder):
            if block.tag == W + "tbl":
                self._builder.add("table", _table(block, self._limits))
                inside = 0
            elif block.tag == W + "altChunk":
                self._add_chunk(block, path)
            elif furniture:
                self._builder.add("paragraph", clean_lines(_shown(block)))
            elif text := clean_lines(_shown(block)):
                inside = self._add_paragraph(block, text, inside)
            if next(block.iter(*_DRAWINGS), None) is not None:
                add_figures(block, self._package, path, self._builder)
            for mark in block.iter(W + "commentReference"):
                remark = self._comments.pop(mark.get(W + "id", ""), "")
                self._builder.add("paragraph", remark, indent=inside)
            yield block

    def _add_paragraph(self, paragraph: Any, text: str, inside: int) -> int:
        """Adds a paragraph with text; returns how far one stands in that goes on with it."""
        level = self._styles.heading_level(paragraph)
        place = self._styles.list_place(paragraph)
        label = self._numbering.label(*place) if place else ""
        if label:
            text = f"{label} {text}"
        if level:
            text = clean_line(text)
            self._headings = self._headings or [text]
            self._builder.add("heading", text, level=level)
            return 0
        if label:
            margin = _STEP * self._styles.list_depth(paragraph)
            self._builder.add("list", text, indent=margin)
            return margin + _STEP
        inside = inside if self._styles.is_indented(paragraph) else 0
        self._builder.add("paragraph", text, indent=inside)
        return inside

    def _add_furniture(self, sections: list[Any], what: str, relations: Any) -> None:
        """Adds the headers or footers of a section, each text once in a document."""
        for section in sections:
            kinds = ["first"] if _is_on(section, "titlePg") else []
            kinds += ["default", "even"] if self._two_sided else ["default"]
            named = {
                mark.get(W + "type", "default"): mark.get(RELATION + "id", "")
                for mark in section.iterfind(f"{W}{what}Reference")
            }
            for kind in kinds:
                relation = relations.get(named.get(kind))
                if relation is None or relation.target in self._furniture:
                    continue  # the one of a section before
                self._furniture.add(relation.target)
                part = self._package.tree(relation.target)
                text = clean_lines(_shown(part))
                if text not in self._said:
                    self._said.add(text)
                    for _ in self._add_blocks(part, relation.target, furniture=True):
                        pass

    def _add_chunk(self, mark: Any, path: str) -> None:
        """Adds a web page that stands in a document as it came."""
        relation = self._package.relations(path).get(mark.get(RELATION + "id"))
        if relation is None or not relation.target.lower().endswith(_CHUNK_ENDINGS):
            self._builder.warn("A part of the document is in another format; it is left out.")
            return
        data = self._package.read(relation.target)
        text, _ = decode(data, limit=2 * self._limits.characters)
        add_html(text, self._builder, limits=self._limits)

    def _remarks(self) -> Iterator[tuple[str, str]]:
        """The comments, by their ids."""
        comments = self._part("comments")
        for comment in comments if comments is not None else ():
            if text := clean_lines(_shown(comment)):
                author = clean_line(comment.get(W + "author", ""))
                yield comment.get(W + "id", ""), aside(text, by=author)

    def _notes(self) -> Iterator[Any]:
        """The footnotes and endnotes, which stand in parts of their own."""
        for path in self._package.related(self._package.main, "footnotes", "endnotes"):
            for note in self._package.tree(path):
                if note.get(W + "type") not in {"separator", "continuationSeparator"}:
                    yield note

    def _part(self, kind: str) -> Any:
        """The root of a part that the main one leads to, or None."""
        path = next(self._package.related(self._package.main, kind), None)
        return None if path is None else self._package.tree(path)


def _blocks(parent: Any, builder: ContentBuilder) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls too."""
    stack = [iter(parent)]
    while stack and not builder.full:
        for child in stack[-1]:
            if child.tag in {W + "p", W + "tbl", W + "altChunk"}:
                yield child
            elif child.tag in _HOLDERS:
                stack.append(iter(child))
                break
        else:
            stack.pop()


def _shown(element: Any) -> str:
    """The visible text inside an element, without the parts of its lines that number the page."""
    return without_page_numbers(text_of(element))


def _table(table: Any, limits: Limits) -> str:
    return tables.lines(_rows(table), limits=limits)


def _rows(table: Any) -> Iterator[list[tables.Cell]]:
    """The rows of a table, without those of a table inside a cell, whose text is the cell's."""
    above: dict[int, tables.Cell] = {}  # by column: the cell that a merged one below goes on with
    for row in table.iter(W + "tr"):
        if next(row.iterancestors(W + "tbl")) is not table or _is_deleted(row):
            continue
        column = _number(row, f"{W}trPr/{W}gridBefore", default=0)
        cells = [tables.Cell("", columns=column)] if column else []
        for cell in row.iter(W + "tc"):
            if next(cell.iterancestors(W + "tr")) is not row:
                continue
            width = max(1, _number(cell, f"{W}tcPr/{W}gridSpan", default=1))
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            text = clean_line(_shown(cell))
            if merged is not None and merged.get(W + "val", "continue") == "continue":
                text = text or (above[column].text if column in above else "")
                text = text if len(text) < _LONG else ""
            cells.append(tables.Cell(text, columns=width))
            above[column] = cells[-1]
            column += width
        yield cells


def _is_deleted(row: Any) -> bool:
    return row.find(f"{W}trPr/{W}del") is not None


def _number(element: Any, path: str, *, default: int) -> int:
    mark = element.find(path)
    value = mark.get(W + "val", "") if mark is not None else ""
    return int(value) if value.isdigit() and len(value) < 5 else default


def _is_on(parent: Any, name: str) -> bool:
    mark = parent.find(W + name)
    return mark is not None and mark.get(W + "val") not in _OFF


def _is_of_now(section: Any) -> bool:
    """Whether a section's properties are those that hold, and no earlier ones."""
    return section.getparent().tag in {W + "pPr", W + "body"}


def _within(element: Any, block: Any) -> bool:
    return any(parent is block for parent in element.iterancestors(W + "p"))
