"""XLSX: each sheet a page, each stretch of rows a table; only cells that exist are visited.

The sheets are read as a stream, cell by cell: the size of a sheet is whatever its farthest cell
claims, and libraries that build the grid in between take gigabytes for a file of two cells.
openpyxl supplies what Excel's number formats and dates mean.
"""

import io
import itertools
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_GROUPED = re.compile(r"#,##0(?:\.(0+))?")
_PERCENT = re.compile(r"0(?:\.(0+))?%")
_HINT = "Open it in a spreadsheet program and save it anew."

Row = dict[int, str]
"""The cells of one row that hold something: column from 1 -> text."""


def read(source: Source) -> Content:
    """All visible sheets. Raises Unreadable if damaged or over a limit."""
    archive.check(source.data, limits=source.limits)
    builder = ContentBuilder(source.limits)
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as parts:
            workbook = _Workbook(parts)
            for number, (name, path, hidden) in enumerate(workbook.sheets, 1):
                builder.start_page(number)
                if hidden:
                    builder.warn(f"Sheet {number} ({name}) is hidden; it is left out.")
                    continue
                _read_sheet(workbook, name, path, builder, source.limits)
                if builder.full:
                    break
    # What the parts claim about each other may be false in any way.
    except (etree.LxmlError, KeyError, ValueError, IndexError, TypeError, zipfile.BadZipFile) as e:
        raise Unreadable("damaged XLSX", hint=_HINT) from e
    return builder.finish(source.stem)


def _read_sheet(
    workbook: "_Workbook", name: str, path: str, builder: ContentBuilder, limits: Limits
) -> None:
    builder.add("heading", clean_line(name), level=1)
    table: list[Row] = []
    size, last = 0, 0
    for number, cells in workbook.rows(path):
        row = dict(itertools.islice(cells.items(), limits.table_columns))
        if len(row) < len(cells):
            builder.warn(f"Cells past column {limits.table_columns:,} are left out.")
        if table and number != last + 1:
            builder.add("table", _table_text(table))
            table, size = [], 0
            if builder.full:
                return
        table.append(row)
        last = number
        size += sum(map(len, row.values()))
        if size > limits.characters:
            break
    if table:
        builder.add("table", _table_text(table))


def _table_text(rows: list[Row]) -> str:
    """Rows as lines; cells of one column at the same place in each line, empty ones too."""
    columns = sorted({column for row in rows for column in row})
    cells = sum(map(len, rows))
    if len(columns) * len(rows) > 4 * cells + 1000:
        # Scattered cells: the grid between them would be mostly empty.
        return "\n".join(CELL_BREAK.join(row[column] for column in sorted(row)) for row in rows)
    return "\n".join(
        CELL_BREAK.join(row.get(column, "") for column in columns).rstrip(CELL_BREAK)
        for row in rows
    )


class _Workbook:
    """The parts of a workbook: its sheets in order, shared strings, number formats."""

    def __init__(self, parts: zipfile.ZipFile) -> None:
        self._parts = parts
        workbook = self._tree("xl/workbook.xml")
        properties = workbook.find("{*}workbookPr")
        old_mac = properties is not None and properties.get("date1904") in {"1", "true"}
        self._epoch = CALENDAR_MAC_1904 if old_mac else CALENDAR_WINDOWS_1900
        targets = {
            relation.get("Id"): relation
            for relation in self._tree("xl/_rels/workbook.xml.rels").iter("{*}Relationship")
        }
        self.sheets: list[tuple[str, str, bool]] = []
        for sheet in workbook.iter("{*}sheet"):
            relation = targets[sheet.get(_RELATION)]
            if not relation.get("Type", "").endswith("/worksheet"):
                continue  # a chart on a sheet of its own
            path = posixpath.normpath(posixpath.join("/xl", relation.get("Target")))[1:]
            hidden = sheet.get("state") in {"hidden", "veryHidden"}
            self.sheets.append((sheet.get("name", ""), path, hidden))
        names = set(parts.namelist())
        self._strings = list(self._shared_strings()) if "xl/sharedStrings.xml" in names else []
        self._formats = self._number_formats() if "xl/styles.xml" in names else []

    def rows(self, path: str) -> Iterator[tuple[int, Row]]:
        """The rows of a sheet that hold text, with their numbers."""
        number = 0
        with self._parts.open(path) as part:
            for element in _stream(part, "row"):
                number = int(element.get("r", number + 1))
                cells: Row = {}
                column = 0
                for cell in element.iterchildren("{*}c"):
                    match = _CELL.fullmatch(cell.get("r", ""))
                    column = column_index_from_string(match[1]) if match else column + 1
                    if text := self._text(cell):
                        cells[column] = text
                if cells:
                    yield number, cells

    def _text(self, cell: Any) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return clean_line("".join(_texts(cell)))
        value = cell.findtext("{*}v")
        if not value:
            return ""
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "n":
            style = int(cell.get("s", 0))
            code = self._formats[style] if style < len(self._formats) else ""
            return _number(value, code, self._epoch)
        return clean_line(value)

    def _shared_strings(self) -> Iterator[str]:
        with self._parts.open("xl/sharedStrings.xml") as part:
            for item in _stream(part, "si"):
                yield clean_line("".join(_texts(item)))

    def _number_formats(self) -> list[str]:
        """The number format of each cell style."""
        styles = self._tree("xl/styles.xml")
        codes = dict(BUILTIN_FORMATS)
        for entry in styles.iterfind("{*}numFmts/{*}numFmt"):
            codes[int(entry.get("numFmtId"))] = entry.get("formatCode", "")
        return [
            codes.get(int(style.get("numFmtId", 0)), "")
            for style in styles.iterfind("{*}cellXfs/{*}xf")
        ]

    def _tree(self, path: str) -> Any:
        with self._parts.open(path) as part:
            return etree.parse(part, archive.xml_parser()).getroot()


def _stream(part: IO[bytes], name: str) -> Iterator[Any]:
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


def _number(value: str, code: str, epoch: Any) -> str:
    """A number as its cell shows it: dates, percentages and thousands; otherwise plain."""
    try:
        number = float(value)
    except ValueError:
        return clean_line(value)
    if code and is_date_format(code):
        try:
            moment = from_excel(number, epoch)
        except (OverflowError, ValueError):
            return value
        return "" if moment is None else str(moment).removesuffix(" 00:00:00")
    if match := _PERCENT.search(code):
        return f"{number:.{len(match[1] or '')}%}"
    if match := _GROUPED.search(code):
        return f"{number:,.{len(match[1] or '')}f}"
    # 15 digits are what spreadsheets keep; the stored text may show the error of the 17th.
    return f"{number:.15g}" if "e" not in f"{number:.15g}" else value
