"""What stands in a drawing of an office file: the description of a picture, the data of a chart,
the words of a diagram."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from quire.ingest.loaders.charts import read_chart
from quire.ingest.loaders.cleaning import BULLET, clean_line
from quire.ingest.loaders.content import ContentBuilder
from quire.ingest.loaders.equations import in_a_line
from quire.ingest.loaders.ooxml import RELATION, Package

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
_CHARTS = ("{*}chart", "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds")
_DAMAGED = (etree.LxmlError, KeyError, ValueError)
# Descriptions that nobody wrote: names of files, and what programs guess.
_FILE_NAME = re.compile(
    r"\S*[\\/]\S*|[^\n]{0,100}\.(?:png|jpe?g|gif|bmp|tiff?|svg|webp|emf|wmf|ico|avif)"
    r"|(?:image|img|picture|photo|图片|圖片)?\s?\d*",
    re.IGNORECASE,
)
_GUESSED = re.compile(
    r"\s*(?:(?:AI-generated content may be incorrect|(?:Image|Picture)?\s*Description "
    r"automatically generated|.{0,20}描述已自动生成|AI 生成的内容可能不正确)[.。]?\s*)+$",
    re.IGNORECASE,
)


def alt_text(description: str) -> str:
    """The description of a picture in one line, empty where it only names a file.

    >>> alt_text("The quay at low tide"), alt_text("C:/scans/IMG_0012.jpg")
    ('The quay at low tide', '')
    """
    text = _GUESSED.sub("", clean_line(description[:5000]))
    return "" if _FILE_NAME.fullmatch(text) else text


def described(element: Any) -> Iterator[str]:
    """The descriptions of the pictures and shapes in an element, in order."""
    for shape in element.iter("{*}docPr", "{*}cNvPr"):
        if not is_second_copy(shape) and (text := alt_text(shape.get("descr") or "")):
            yield text


def add_figures(element: Any, package: Package, path: str, builder: ContentBuilder) -> None:
    """Adds the data of the charts and the words of the diagrams that an element of a part shows.
    One that is damaged is left out, and a warning says so."""
    relations = None
    for mark in element.iter(*_CHARTS):
        if is_second_copy(mark):
            continue
        relations = relations if relations is not None else package.relations(path)
        relation = relations.get(mark.get(f"{RELATION}id") or mark.get(f"{RELATION}dm") or "")
        if relation is None:
            continue
        try:
            root = package.tree(relation.target)
            if mark.tag.endswith("}chart"):
                add_chart(root, builder)
            else:
                for text in paragraphs(root):
                    builder.add("list", f"{BULLET} {text}")
        except _DAMAGED:
            builder.warn("A chart or a diagram is damaged; its data is left out.")


def add_chart(root: Any, builder: ContentBuilder) -> None:
    """Adds a chart's title and its data as a table."""
    title, table = read_chart(root)
    builder.add("paragraph", title)
    builder.add("table", table)


def paragraphs(element: Any) -> Iterator[str]:
    """The paragraphs of DrawingML in an element, those with text."""
    for paragraph in element.iter(f"{_A}p"):
        if text := clean_line("".join(texts(paragraph))):
            yield text


def texts(element: Any) -> Iterator[str]:
    """The pieces of text in an element of DrawingML; breaks are blanks, equations are in a line."""
    for part in element.iter(_A + "t", _A + "br", _A + "p", _MATH):
        if is_second_copy(part):
            continue
        if part.tag == _MATH:
            yield in_a_line(part)
        else:
            yield (part.text or "") if part.tag == _A + "t" else " "


def is_second_copy(element: Any) -> bool:
    """Whether an element is for older programs, beside the same for newer ones."""
    return next(element.iterancestors(_MC + "Fallback"), None) is not None
