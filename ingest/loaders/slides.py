"""PPTX: each slide a page, with its title, text, tables, diagrams and speaker notes."""

import io
from collections.abc import Iterator
from typing import Any

import pptx
from lxml import etree
from pptx.exc import PythonPptxError

from quire.errors import Unreadable
from quire.ingest.loaders import archive
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source
from quire.ingest.loaders.list_numbers import drawn

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES = {"title", "ctrTitle"}
_FURNITURE = {"dt", "ftr", "sldNum", "hdr", "sldImg"}  # date, footer, number: the same on each
_STEP = 2  # blanks that an item stands further in than the one it belongs to
_LEVELS = 8  # of a list below the first
_FORMS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
    "ea1Ch": "chineseCounting",
}
_HINT = "Open it in its program and save it anew."


def read(source: Source) -> Content:
    """All slides that are shown. Raises Unreadable if damaged or over a limit."""
    archive.check(source.data, limits=source.limits)
    builder = ContentBuilder(source.limits)
    title = ""
    try:
        presentation = pptx.Presentation(io.BytesIO(source.data))
        title = clean_line(presentation.core_properties.title or "")
        for number, slide in enumerate(presentation.slides, 1):
            builder.start_page(number)
            if builder.full:
                break
            if slide.element.get("show") in {"0", "false"}:
                builder.warn(f"Slide {number} is hidden; it is left out.")
                continue
            heading = _read_slide(slide, builder, source.limits.table_columns)
            title = title or heading
    # python-pptx lets what its parsers raise pass through
    except (
        PythonPptxError,
        etree.LxmlError,
        KeyError,
        ValueError,
        AttributeError,
        TypeError,
    ) as error:
        raise Unreadable("damaged PPTX", hint=_HINT) from error
    generic = title.lower() in {"", "powerpoint presentation", "powerpoint 演示文稿"}
    return builder.finish(source.stem if generic else title)


def _read_slide(slide: Any, builder: ContentBuilder, columns: int) -> str:
    """Adds one slide, its title first; returns the title."""
    tree = slide.shapes.element
    bodies = [(_placeholder(body), body) for body in tree.iter(_P + "txBody")]
    title = clean_line(" ".join("".join(_texts(body)) for kind, body in bodies if kind in _TITLES))
    builder.add("heading", title, level=1)
    for element in tree.iter(_P + "txBody", _A + "tbl", _DIAGRAM):
        if element.tag == _A + "tbl":
            builder.add("table", _table(element, columns))
        elif element.tag == _DIAGRAM:
            for paragraph in _diagram(slide, element):
                builder.add("list", f"{BULLET} {paragraph}")
        else:
            kind = _placeholder(element)
            if kind not in _TITLES and kind not in _FURNITURE:
                _add_paragraphs(element, builder, listed=kind in {"body", "obj"})
    if slide.has_notes_slide:
        for body in slide.notes_slide.shapes.element.iter(_P + "txBody"):
            if _placeholder(body) == "body":
                _add_paragraphs(body, builder, listed=False)
    return title


def _placeholder(body: Any) -> str:
    """What a text body is there for ("title", "body", "ftr", …), empty for a free text box."""
    shape = body.getparent()
    mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if mark is None else mark.get("type", "obj")


def _add_paragraphs(body: Any, builder: ContentBuilder, *, listed: bool) -> None:
    """Adds a body's paragraphs; several in a placeholder for content are a list."""
    paragraphs = [
        (p, text) for p in body.iter(_A + "p") if (text := clean_line("".join(_texts(p))))
    ]
    numbers: dict[int, int] = {}  # the last number of each level
    for paragraph, text in paragraphs:
        if not listed or len(paragraphs) < 2:
            builder.add("paragraph", text)
            continue
        properties = paragraph.find(_A + "pPr")
        value = properties.get("lvl", "0") if properties is not None else "0"
        level = min(int(value), _LEVELS) if value.isdigit() else 0
        label = _label(properties, numbers, level)
        builder.add("list", f"{label} {text}", indent=_STEP * level)


def _label(properties: Any, numbers: dict[int, int], level: int) -> str:
    """The number or bullet of a paragraph; `numbers` are those of the paragraphs before it."""
    for deeper in [known for known in numbers if known > level]:
        del numbers[deeper]
    mark = properties.find(_A + "buAutoNum") if properties is not None else None
    if mark is None:
        numbers.pop(level, None)
        return BULLET
    start = mark.get("startAt", "1")
    first = int(start) if start.isdigit() and len(start) < 6 else 1
    numbers[level] = numbers[level] + 1 if level in numbers else first
    kind = mark.get("type", "arabicPeriod")
    form = next((form for name, form in _FORMS.items() if kind.startswith(name)), "decimal")
    number = drawn(numbers[level], form)
    if kind.endswith("ParenBoth"):
        return f"({number})"
    return number + (")" if kind.endswith("ParenR") else "." if kind.endswith("Period") else "")


def _texts(element: Any) -> Iterator[str]:
    for part in element.iter(_A + "t", _A + "br", _A + "p"):
        yield (part.text or "") if part.tag == _A + "t" else " "


def _table(table: Any, columns: int) -> str:
    rows = []
    for row in table.iter(_A + "tr"):
        cells = [clean_line("".join(_texts(cell))) for cell in row.iter(_A + "tc")]
        if any(cells):
            rows.append(CELL_BREAK.join(cells[:columns]))
    return "\n".join(rows)


def _diagram(slide: Any, relations: Any) -> Iterator[str]:
    """The texts of a diagram (SmartArt), which stand in a part of their own."""
    part = slide.part.related_part(relations.get(_R + "dm"))
    root = etree.fromstring(part.blob, archive.xml_parser())
    for paragraph in root.iter(_A + "p"):
        if text := clean_line("".join(_texts(paragraph))):
            yield text
