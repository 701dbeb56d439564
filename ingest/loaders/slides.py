"""PPTX: each slide a page, with its title, text, tables, diagrams and speaker notes."""

import io
from collections.abc import Iterator
from typing import Any

import pptx
from lxml import etree
from pptx.exc import PythonPptxError

from quire.errors import Unreadable
from quire.ingest.loaders import archive
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import CELL_BREAK, Content, ContentBuilder, Source

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES = {"title", "ctrTitle"}
_FURNITURE = {"dt", "ftr", "sldNum", "hdr", "sldImg"}  # date, footer, number: the same on each
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
                builder.add("list", f"• {paragraph}")
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
    texts = [clean_line("".join(_texts(paragraph))) for paragraph in body.iter(_A + "p")]
    texts = [text for text in texts if text]
    for text in texts:
        if listed and len(texts) > 1:
            builder.add("list", f"• {text}")
        else:
            builder.add("paragraph", text)


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
