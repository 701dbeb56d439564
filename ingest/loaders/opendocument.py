"""OpenDocument: texts (.odt), sheets (.ods), slides and drawings (.odp, .odg), read from their XML;
also in one flat file of it (.fodt, .fods, .fodp).

Texts have no pages; each sheet and each slide is one. Cells have their shown text beside their
value, so that only dates need a look: those in figures are given in one order, as in other sheets.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from lxml.etree import LxmlError

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import tables
from quire.ingest.loaders.archive import Archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.furniture import without_page_numbers
from quire.ingest.loaders.grids import Row, add_rows, letters_of
from quire.ingest.loaders.opendocument_flat import FlatParts
from quire.ingest.loaders.opendocument_styles import Styles
from quire.ingest.loaders.opendocument_text import (
    DRAW,
    OFFICE,
    PRESENTATION,
    TABLE,
    TEXT,
    Words,
    count,
)  # fmt: skip

_HINT = "Open it in its program and save it anew."
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_LEVELS = 9  # of a list
_FURNITURE = {"date-time", "footer", "header", "page-number"}
_PASSED_BY = {TEXT + "tracked-changes", OFFICE + "forms", TEXT + "sequence-decls"}
_FIGURES = re.compile(r"\d+|[^\W\d_]{3,}")
_EAST_ASIAN = re.compile("[年月日년월일]")
_MOST_REPEATED = 1000  # cells of a row that are one, written once


def read(source: Source) -> Content:
    """All that is shown. Raises Skipped if a password is needed, Unreadable if it is damaged."""
    builder = ContentBuilder(source.limits)
    try:
        archive = _parts(source)
        _refuse_encrypted(archive)
        reader = _Reader(archive, builder, source.limits)
        title = reader.read()
    # What the parts claim may be false in any way.
    except (LxmlError, KeyError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Unreadable("damaged OpenDocument file", hint=_HINT) from error
    return builder.finish(title or source.stem)


def _parts(source: Source) -> Archive | FlatParts:
    if source.data.startswith(b"PK"):
        return Archive(source.data, limits=source.limits, types_allowed=True)
    return FlatParts(source.data, limits=source.limits)


def _refuse_encrypted(archive: Archive | FlatParts) -> None:
    if "META-INF/manifest.xml" in archive:
        manifest = archive.tree("META-INF/manifest.xml")
        if next(manifest.iter("{*}encryption-data"), None) is not None:
            raise Skipped("password needed", hint="Save it without a password, then add it.")


class _Reader:
    """Reads one file into a builder."""

    def __init__(
        self, archive: Archive | FlatParts, builder: ContentBuilder, limits: Limits
    ) -> None:
        self._archive = archive
        self._builder = builder
        self._limits = limits
        self._content = archive.tree("content.xml")
        parts = [self._content]
        parts += [archive.tree("styles.xml")] if "styles.xml" in archive else []
        self._masters = parts[-1]
        self._styles = Styles(parts)
        self._words = Words(self._styles.hidden, self._equation)
        self._headings: list[str] = []
        self._last: tuple[str, Any] = "", None  # the object read last, by its path

    def read(self) -> str:
        """Reads the file; returns its title, empty where it has none."""
        body = self._content.find(f"{OFFICE}body")
        for part in body:
            if part.tag == OFFICE + "text":
                self._read_text(part)
            elif part.tag == OFFICE + "spreadsheet":
                self._read_sheets(part)
            elif part.tag in {OFFICE + "presentation", OFFICE + "drawing"}:
                self._read_slides(part)
        return self._title() or "".join(self._headings)

    def _title(self) -> str:
        if "meta.xml" not in self._archive:
            return ""
        title = self._archive.tree("meta.xml").find(".//{http://purl.org/dc/elements/1.1/}title")
        return "" if title is None else clean_line(title.text or "")

    # Texts

    def _read_text(self, body: Any) -> None:
        self._add_furniture("header")
        self._add_blocks(body)
        self._add_furniture("footer")
        for note in self._words.take_notes():
            self._builder.add("paragraph", note)

    def _add_furniture(self, what: str) -> None:
        """Adds the headers or footers of all page styles, each text once."""
        said: set[str] = set()
        for master in self._masters.iter(_STYLE + "master-page"):
            for part in master:
                if isinstance(part.tag, str) and part.tag.startswith(_STYLE + what):
                    for paragraph in part.iter(TEXT + "p", TEXT + "h"):
                        text = without_page_numbers(self._words.of(paragraph))
                        if text not in said:
                            said.add(text)
                            self._builder.add("paragraph", text)

    def _add_blocks(self, parent: Any, *, depth: int = 0) -> None:
        """Adds the paragraphs, lists, tables and drawings in an element."""
        for block in parent:
            if self._builder.full:
                return
            tag = block.tag
            if tag in {TEXT + "p", TEXT + "h"}:
                self._add_paragraph(block)
            elif tag == TEXT + "list":
                self._add_list(block, depth, block.get(TEXT + "style-name", ""))
            elif tag == TABLE + "table":
                self._builder.add("table", self._table(block))
                self._add_beside()
            elif tag in _PASSED_BY or not isinstance(tag, str):
                continue
            elif tag.startswith(DRAW):
                self._add_drawing(block)
            elif block.get(TEXT + "display") != "none":  # sections, indexes
                self._add_blocks(block, depth=depth)

    def _add_paragraph(self, paragraph: Any) -> None:
        text = self._words.of(paragraph)
        level = count(paragraph.get(TEXT + "outline-level", ""), default=0)
        if paragraph.tag == TEXT + "h" and text:
            level = max(1, min(level, 6))
            number = self._styles.heading_number(level)
            text = clean_line(f"{number} {text}")
            self._headings = self._headings or [text]
            self._builder.add("heading", text, level=level)
        else:
            self._builder.add("paragraph", text)
        self._add_beside()

    def _add_list(self, items: Any, depth: int, style: str) -> None:
        again = items.get(TEXT + "continue-numbering") == "true"
        goes_on = again or items.get(TEXT + "continue-list") is not None
        self._styles.start_list(style, depth, goes_on=goes_on)
        for item in items:
            if item.tag not in {TEXT + "list-item", TEXT + "list-header"}:
                continue
            label = ""
            if item.tag == TEXT + "list-item":
                label = self._styles.label(style, depth, item.get(TEXT + "start-value", ""))
            margin = _STEP * min(depth, _LEVELS)
            for part in item:
                if part.tag == TEXT + "list":
                    self._add_list(part, depth + 1, part.get(TEXT + "style-name", style))
                elif part.tag in {TEXT + "p", TEXT + "h"}:
                    if not (text := self._words.of(part)):
                        continue
                    if label:
                        self._builder.add("list", f"{label} {text}", indent=margin)
                    else:
                        self._builder.add("paragraph", text, indent=margin + _STEP)
                    label = ""
                    self._add_beside()

    def _add_beside(self) -> None:
        """Adds what stands beside the words read last: comments, and the data of charts."""
        for remark in self._words.take_remarks():
            self._builder.add("paragraph", remark)
        for href in self._words.take_objects():
            self._add_object(href)

    def _table(self, table: Any) -> str:
        return tables.lines(self._rows(table), limits=self._limits)

    def _rows(self, table: Any) -> Iterator[list[tables.Cell]]:
        for row in _rows_of(table):
            in_head = row.getparent().tag == TABLE + "table-header-rows"
            yield [
                tables.Cell(
                    clean_line(self._words.of(cell)),
                    columns=count(cell.get(TABLE + "number-columns-spanned", "")),
                    rows=count(cell.get(TABLE + "number-rows-spanned", "")),
                    is_header=in_head,
                )
                for cell in row.iterchildren(TABLE + "table-cell")
                for _ in range(
                    min(count(cell.get(TABLE + "number-columns-repeated", "")), _MOST_REPEATED)
                )
            ]

    # Sheets

    def _read_sheets(self, body: Any) -> None:
        for number, sheet in enumerate(body.iterchildren(TABLE + "table"), 1):
            self._builder.start_page(number)
            if self._builder.full:
                return
            name = clean_line(sheet.get(TABLE + "name", ""))
            if self._styles.is_hidden_sheet(sheet.get(TABLE + "style-name", "")):
                self._builder.warn(f"Sheet {number} ({name}) is hidden; it is left out.")
                continue
            self._builder.add("heading", name, level=1)
            remarks: list[str] = []
            add_rows(self._cells(sheet, remarks), self._builder, limits=self._limits)
            for shapes in sheet.iterchildren(TABLE + "shapes"):
                self._add_blocks(shapes)
            self._add_beside()
            for remark in remarks:
                self._builder.add("paragraph", remark)

    def _cells(self, sheet: Any, remarks: list[str]) -> Iterator[tuple[int, Row]]:
        number = 0
        for row in _rows_of(sheet):
            cells: Row = {}
            column = 0
            for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
                repeated = count(cell.get(TABLE + "number-columns-repeated", ""))
                if text := self._shown(cell):
                    for at in range(min(repeated, _MOST_REPEATED)):
                        cells[column + 1 + at] = text
                column += repeated
                place = f"{letters_of(column)}{number + 1}"
                remarks += [f"{place} {remark}" for remark in self._words.take_remarks()]
            repeated = count(row.get(TABLE + "number-rows-repeated", ""))
            if cells:
                for at in range(repeated):
                    yield number + 1 + at, cells
            number += repeated

    def _shown(self, cell: Any) -> str:
        text = clean_line(self._words.of(cell))
        day = cell.get(OFFICE + "date-value", "")
        if day and len(_FIGURES.findall(text)) > 2 and not _EAST_ASIAN.search(text):
            return clean_line(day.replace("T", " ").removesuffix(" 00:00:00"))
        return text or clean_line(cell.get(OFFICE + "value", ""))

    # Slides and drawings

    def _read_slides(self, body: Any) -> None:
        for number, slide in enumerate(body.iterchildren(DRAW + "page"), 1):
            self._builder.start_page(number)
            if self._builder.full:
                return
            if self._styles.is_hidden_slide(slide.get(DRAW + "style-name", "")):
                self._builder.warn(f"Slide {number} is hidden; it is left out.")
                continue
            shapes = [shape for shape in slide if isinstance(shape.tag, str)]
            titles = [s for s in shapes if s.get(PRESENTATION + "class") == "title"]
            title = clean_line(" ".join(map(self._words.of, titles)))
            self._headings = self._headings or ([title] if title else [])
            self._builder.add("heading", title, level=1)
            for shape in shapes:
                if shape.tag.startswith(DRAW) and shape not in titles:
                    self._add_drawing(shape)
            for notes in slide.iterchildren(PRESENTATION + "notes"):
                for shape in notes:
                    if shape.get(PRESENTATION + "class") == "notes":
                        self._add_drawing(shape)
            for remark in slide.iterchildren(OFFICE + "annotation"):
                self._builder.add("paragraph", self._words.remark(remark))

    def _add_drawing(self, shape: Any) -> None:
        """Adds what a shape says: its description, its text, a table, the data of a chart."""
        if shape.get(PRESENTATION + "class") in _FURNITURE:
            return
        self._builder.add("paragraph", self._words.description(shape))
        for part in shape:
            if part.tag in {DRAW + "text-box", DRAW + "g"} or part.tag == TABLE + "table":
                self._add_blocks([part] if part.tag == TABLE + "table" else part)
            elif part.tag == DRAW + "object":
                self._add_object(part.get(_HREF, ""))
            elif part.tag in {TEXT + "p", TEXT + "h", TEXT + "list"}:
                self._add_blocks([part])
            elif isinstance(part.tag, str) and part.tag.startswith(DRAW):
                self._add_drawing(part)

    # Objects: charts and equations

    def _object(self, href: str) -> Any:
        path = posixpath.normpath(posixpath.join(href.lstrip("/"), "content.xml"))
        if path != self._last[0]:
            self._last = path, self._archive.tree(path) if path in self._archive else None
        return self._last[1]

    def _add_object(self, href: str) -> None:
        root = self._object(href)
        chart = None if root is None else next(root.iter(_CHART + "chart"), None)
        if chart is None:
            return
        title = chart.find(_CHART + "title")
        self._builder.add("paragraph", "" if title is None else clean_line(self._words.of(title)))
        for table in chart.iter(TABLE + "table"):
            self._builder.add("table", self._table(table))

    def _equation(self, href: str) -> Any:
        """The root of an object that is an equation, or None."""
        root = self._object(href)
        return root if root is not None and root.tag.endswith("}math") else None


def _rows_of(table: Any) -> Iterator[Any]:
    """The rows of a table, without those of a table in a cell."""
    for row in table.iter(TABLE + "table-row"):
        if next(row.iterancestors(TABLE + "table")) is table:
            yield row
