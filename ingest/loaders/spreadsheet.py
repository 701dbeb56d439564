"""XLSX: each sheet a page, each stretch of rows a table; only cells that exist are visited.

The sheets are read as a stream, cell by cell: the size of a sheet is whatever its farthest cell
claims, and libraries that build the grid in between take gigabytes for a file of two cells. Numbers
read as their cells show them (see `number_formats`). Text boxes, the data of charts, descriptions
of pictures and comments stand behind the tables of their sheet.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import number_formats
from quire.ingest.loaders.archive import Archive, Part
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source, aside
from quire.ingest.loaders.drawings import add_figures, alt_text, is_second_copy, paragraphs
from quire.ingest.loaders.grids import Row, add_rows, number_of
from quire.ingest.loaders.ooxml import RELATION, Package

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_HINT = "Open it in a spreadsheet program and save it anew."
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_LOOKED_AT = 2_000  # texts by which the language of a workbook is told
_NEWER = "tc="  # begins the author of a comment that stands in a part of its own, too
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(source: Source) -> Content:
    """All visible sheets. Raises Unreadable if damaged or over a limit."""
    builder = ContentBuilder(source.limits)
    archive = Archive(source.data, limits=source.limits)
    try:
        workbook = _Workbook(Package(archive))
        for number, (name, path, hidden) in enumerate(workbook.sheets, 1):
            builder.start_page(number)
            if hidden:
                builder.warn(f"Sheet {number} ({name}) is hidden; it is left out.")
                continue
            unknown = _read_sheet(workbook, name, path, builder, source.limits)
            if unknown:
                builder.warn(
                    f"Sheet {number} ({name}): {unknown:,} formulas have no stored value and are "
                    "shown as they are written. Open it in a spreadsheet program and save it anew."
                )
            if builder.full:
                break
    # What the parts claim about each other may be false in any way.
    except (etree.LxmlError, KeyError, ValueError, IndexError, TypeError, AttributeError) as e:
        raise Unreadable("damaged XLSX", hint=_HINT) from e
    return builder.finish(source.stem)


def _read_sheet(
    workbook: "_Workbook", name: str, path: str, builder: ContentBuilder, limits: Limits
) -> int:
    """Adds a sheet; returns how many of its formulas have no value."""
    builder.add("heading", clean_line(name), level=1)
    unknown = workbook.unknown
    add_rows(workbook.rows(path), builder, limits=limits)
    for drawing in workbook.package.related(path, "drawing"):
        _add_drawing(workbook.package, drawing, builder)
    for place, remark in workbook.comments(path):
        builder.add("paragraph", f"{place} {remark}")
    return workbook.unknown - unknown


def _add_drawing(package: Package, path: str, builder: ContentBuilder) -> None:
    """Adds what lies over a sheet: text boxes, charts, the descriptions of pictures."""
    for element in package.tree(path).iter("{*}cNvPr", "{*}txBody", _A + "graphicData"):
        if is_second_copy(element):
            continue
        if element.tag.endswith("}cNvPr"):
            if text := alt_text(element.get("descr") or ""):
                builder.add("paragraph", aside(text))
        elif element.tag.endswith("}txBody"):
            for text in paragraphs(element):
                builder.add("paragraph", text)
        else:
            add_figures(element, package, path, builder)


class _Workbook:
    """The parts of a workbook: its sheets in order, shared strings, number formats, comments."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.unknown = 0  # formulas without a value, of the sheets read so far
        workbook = package.tree(package.main)
        properties = workbook.find("{*}workbookPr")
        self._since_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        relations = package.relations(package.main)
        self.sheets: list[tuple[str, str, bool]] = []
        for sheet in workbook.iter("{*}sheet"):
            relation = relations[sheet.get(f"{RELATION}id")]
            if relation.kind in {"worksheet", "chartsheet"}:
                hidden = sheet.get("state") in {"hidden", "veryHidden"}
                self.sheets.append((sheet.get("name", ""), relation.target, hidden))
        self._strings = list(self._shared_strings())
        self._formats = list(self._number_formats())
        self._persons = dict(self._names_of_persons())

    def rows(self, path: str) -> Iterator[tuple[int, Row]]:
        """The rows of a sheet that hold text, with their numbers."""
        number = 0
        with self.package.open(path) as part:
            for element in _stream(part, "row"):
                number = int(element.get("r", number + 1))
                cells: Row = {}
                column = 0
                for cell in element.iterchildren("{*}c"):
                    match = _CELL.fullmatch(cell.get("r", ""))
                    column = number_of(match[1]) if match else column + 1
                    if text := self._text(cell):
                        cells[column] = text
                if cells:
                    yield number, cells

    def comments(self, path: str) -> Iterator[tuple[str, str]]:
        """The comments on a sheet: a cell, and what was remarked on it."""
        for part in self.package.related(path, "comments"):
            root = self.package.tree(part)
            authors = [clean_line(author.text or "") for author in root.iter("{*}author")]
            for comment in root.iter("{*}comment"):
                number = comment.get("authorId", "")
                known = number.isdigit() and int(number) < len(authors)
                author = authors[int(number)] if known else ""
                text = clean_line("".join(_texts(comment)))
                if text and not author.startswith(_NEWER):
                    yield comment.get("ref", ""), aside(text, by=author)
        for part in self.package.related(path, "threadedComment"):
            for comment in self.package.tree(part).iter("{*}threadedComment"):
                if text := clean_line(comment.findtext("{*}text") or ""):
                    author = self._persons.get(comment.get("personId"), "")
                    yield comment.get("ref", ""), aside(text, by=author)

    def _text(self, cell: Any) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return clean_line("".join(_texts(cell)))
        value = cell.findtext("{*}v")
        if not value:
            formula = cell.find("{*}f")
            if formula is None or kind == "str":
                return ""
            self.unknown += 1
            return clean_line(f"={formula.text}") if formula.text else ""
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "n":
            style = int(cell.get("s", 0))
            code = self._formats[style] if style < len(self._formats) else ""
            return clean_line(number_formats.shown(value, code, since_1904=self._since_1904))
        if kind == "d":  # a date as it is written, in Strict Open XML
            return clean_line(value.replace("T", " ").removesuffix(" 00:00:00"))
        return clean_line(value)

    def _shared_strings(self) -> Iterator[str]:
        for path in self.package.related(self.package.main, "sharedStrings"):
            with self.package.open(path) as part:
                for item in _stream(part, "si"):
                    yield clean_line("".join(_texts(item)))

    def _number_formats(self) -> Iterator[str]:
        """The number format of each cell style."""
        for path in self.package.related(self.package.main, "styles"):
            styles = self.package.tree(path)
            codes = number_formats.BUILT_IN | number_formats.EAST_ASIAN[self._language()]
            for entry in styles.iterfind("{*}numFmts/{*}numFmt"):
                codes[int(entry.get("numFmtId"))] = entry.get("formatCode", "")
            for style in styles.iterfind("{*}cellXfs/{*}xf"):
                yield codes.get(int(style.get("numFmtId", 0)), "")

    def _language(self) -> str:
        """Whose built-in formats a workbook means, which it does not say."""
        text = "".join(self._strings[:_LOOKED_AT])
        return "ja" if _KANA.search(text) else "ko" if _HANGUL.search(text) else "zh"

    def _names_of_persons(self) -> Iterator[tuple[str, str]]:
        for path in self.package.related(self.package.main, "person"):
            for person in self.package.tree(path).iter("{*}person"):
                yield person.get("id", ""), clean_line(person.get("displayName", ""))


def _stream(part: Part, name: str) -> Iterator[Any]:
    """Each element called `name`, forgotten once it was used."""
    for _, element in etree.iterparse(
        part, tag=f"{{*}}{name}", resolve_entities=False, no_network=True, load_dtd=False
    ):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _texts(element: Any) -> Iterator[str]:
    """The texts inside, without the reading aids of Japanese and Chinese strings."""
    for text in element.iter("{*}t"):
        if not text.getparent().tag.endswith("}rPh"):
            yield text.text or ""
