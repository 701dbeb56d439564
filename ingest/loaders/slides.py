"""PPTX: each slide a page, with its title, text, tables, charts, diagrams, notes and comments."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import tables
from quire.ingest.loaders.archive import Archive
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source, aside
from quire.ingest.loaders.drawings import add_figures, alt_text, is_second_copy, paragraphs, texts
from quire.ingest.loaders.list_numbers import drawn
from quire.ingest.loaders.ooxml import RELATION, Package

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SHAPES = (_P + "cNvPr", _P + "txBody", _A + "tbl", _A + "graphicData")
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
    builder = ContentBuilder(source.limits)
    archive = Archive(source.data, limits=source.limits)
    try:
        package = Package(archive)
        title = package.title
        for number, path in enumerate(_slides(package), 1):
            builder.start_page(number)
            if builder.full:
                break
            slide = package.tree(path)
            if slide.get("show") in {"0", "false"}:
                builder.warn(f"Slide {number} is hidden; it is left out.")
                continue
            heading = _read_slide(slide, path, package, builder, source.limits)
            title = title or heading
    # What the parts claim about each other may be false in any way.
    except (etree.LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("damaged PPTX", hint=_HINT) from error
    generic = title.lower() in {"", "powerpoint presentation", "powerpoint 演示文稿"}
    return builder.finish(source.stem if generic else title)


def _slides(package: Package) -> Iterator[str]:
    """The parts of the slides, in the order in which they are shown."""
    relations = package.relations(package.main)
    for mark in package.tree(package.main).iterfind(f"{_P}sldIdLst/{_P}sldId"):
        yield relations[mark.get(RELATION + "id")].target


def _read_slide(
    slide: Any, path: str, package: Package, builder: ContentBuilder, limits: Limits
) -> str:
    """Adds one slide, its title first; returns the title."""
    bodies = [(_placeholder(body), body) for body in slide.iter(_P + "txBody")]
    title = clean_line(" ".join("".join(texts(body)) for kind, body in bodies if kind in _TITLES))
    builder.add("heading", title, level=1)
    for element in slide.iter(*_SHAPES):
        if is_second_copy(element):
            continue
        if element.tag == _P + "cNvPr":
            if text := alt_text(element.get("descr") or ""):
                builder.add("paragraph", aside(text))
        elif element.tag == _A + "tbl":
            builder.add("table", tables.lines(_rows(element), limits=limits))
        elif element.tag == _A + "graphicData":
            add_figures(element, package, path, builder)
        else:
            kind = _placeholder(element)
            if kind not in _TITLES and kind not in _FURNITURE:
                _add_paragraphs(element, builder, listed=kind in {"body", "obj"})
    for notes in package.related(path, "notesSlide"):
        for body in package.tree(notes).iter(_P + "txBody"):
            if _placeholder(body) == "body":
                _add_paragraphs(body, builder, listed=False)
    for comments in package.related(path, "comments"):
        for text in _comments(package.tree(comments)):
            builder.add("paragraph", aside(text))
    return title


def _comments(root: Any) -> Iterator[str]:
    """What was remarked on a slide, in the older form and in the newer one, with its replies."""
    for remark in root.iter(_P + "text", "{*}txBody"):
        text = remark.text or "" if remark.tag == _P + "text" else " ".join(paragraphs(remark))
        if text := clean_line(text):
            yield text


def _placeholder(body: Any) -> str:
    """What a text body is there for ("title", "body", "ftr", …), empty for a free text box."""
    shape = body.getparent()
    mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if mark is None else mark.get("type", "obj")


def _add_paragraphs(body: Any, builder: ContentBuilder, *, listed: bool) -> None:
    """Adds a body's paragraphs; several in a placeholder for content are a list."""
    paragraphs = [(p, text) for p in body.iter(_A + "p") if (text := clean_line("".join(texts(p))))]
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


def _rows(table: Any) -> Iterator[list[tables.Cell]]:
    for row in table.iter(_A + "tr"):
        yield [
            tables.Cell(
                clean_line("".join(texts(cell))),
                columns=_number(cell, "gridSpan"),
                rows=_number(cell, "rowSpan"),
            )
            for cell in row.iter(_A + "tc")
            # Those that another one covers are there too, empty.
            if not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}
        ]


def _number(cell: Any, name: str) -> int:
    value = cell.get(name, "1")
    return int(value) if value.isdigit() and len(value) < 5 else 1
