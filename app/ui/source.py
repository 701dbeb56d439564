"""Which place of which document stands open beside the chat, and what is there to be seen."""

import base64
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from quire.errors import DocumentNotFound, QuireError
from quire.ingest.loaders.content import PageBoxes
from quire.ingest.parsing.pool import ParserPool
from quire.knowledge_base import KnowledgeBase
from quire.records import PAGE_BREAK, Document, PageText

_DRAWN = ("application/pdf", "image/")  # how the types of documents begin that have page images
_AROUND = 700  # characters of text shown before and after the cited ones
_WHOLE = 50_000  # characters shown of a document that was opened at no place
_CUT_WORD_BEFORE = re.compile(r"^\S{,30}\s")
_CUT_WORD_AFTER = re.compile(r"\s\S{,30}$")
_ACROSS = 1400  # image points across a page at zoom 1, whatever its size: sharp in the widest panel


@dataclass(frozen=True, slots=True)
class Source:
    """A cited place: characters [start, end) of a document's text, on `page` where it has pages.

    `shown` is the page that is looked at, which the reader may turn; `zoom` enlarges it.
    """

    document_id: str
    name: str
    page: int | None
    start: int
    end: int
    quote: str
    shown: int | None = None
    zoom: float = 1.0

    @property
    def current(self) -> int | None:
        """The page that is looked at."""
        return self.shown if self.shown is not None else self.page

    def turned(self, pages: int) -> "Source":
        """The same, looking so many pages on, or back."""
        return replace(self, shown=(self.current or 1) + pages)

    def zoomed(self, factor: float) -> "Source":
        return replace(self, zoom=min(3.0, max(1.0, self.zoom * factor)))


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as a PNG image in base64, so many points wide and high; `boxes` are left, top, width,
    height as shares of it."""

    png: str
    width: int
    height: int
    boxes: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """Text before the cited place, the place, and text after it."""

    before: str
    cited: str
    after: str


@dataclass(frozen=True, slots=True)
class View:
    """What can be shown of a source. `headings` lead to the cited place, the outermost first.
    `ocr` says that the page was read by OCR, and `missing` why it is not the page itself."""

    document: Document | None
    headings: tuple[str, ...] = ()
    page: PageView | None = None
    text: TextView | None = None
    ocr: bool = False
    missing: Literal["", "document", "original", "image"] = ""


def look(base: KnowledgeBase, source: Source, *, parsers: ParserPool) -> View:
    """The page of a PDF or a picture with the cited words marked, else the text around them."""
    try:
        document = base.document(source.document_id)
    except DocumentNotFound:
        return View(None, text=TextView("", source.quote, ""), missing="document")
    pages = base.pages(document)
    if document.id != source.document_id:
        source = _found_again(source, pages)
    headings = base.headings(document, source.start)
    ocr = any(page.ocr for page in pages if page.number == source.current)
    if not document.media_type.startswith(_DRAWN) or source.current is None:
        return View(document, headings, text=_text(pages, source))
    path = base.original(document)
    if path is None:
        return View(document, headings, text=_text(pages, source), ocr=ocr, missing="original")
    number = source.current
    start, end = _within(pages, number, source)
    try:
        says = next((page.text[start:end] for page in pages if page.number == number), "")
        found = _boxes(
            base, document, path, number, start=start, end=end, says=says, parsers=parsers
        )
        scale = _ACROSS * source.zoom / max(found.width, 1.0)
        png = parsers.render(path, page=number, scale=scale)
    except QuireError:  # encrypted, or pdfium cannot draw what pypdf could read
        return View(document, headings, text=_text(pages, source), ocr=ocr, missing="image")
    boxes = tuple(
        (
            left / found.width,
            top / found.height,
            (right - left) / found.width,
            (bottom - top) / found.height,
        )
        for left, top, right, bottom in found.boxes
        if end > start
    )
    drawn = PageView(base64.b64encode(png).decode("ascii"), *_size(png), boxes)
    return View(document, headings, page=drawn, ocr=ocr)


def _found_again(source: Source, pages: tuple[PageText, ...]) -> Source:
    """A place that was cited before OCR read other pages of the document: its own page has not
    changed, and begins elsewhere."""
    for page, begins in zip(pages, _starts(pages), strict=True):
        if page.number == source.page and (at := page.text.find(source.quote)) >= 0:
            start = begins + at
            return replace(source, start=start, end=start + len(source.quote))
    return replace(source, start=0, end=0)


def _boxes(
    base: KnowledgeBase,
    document: Document,
    path: Path,
    page: int,
    *,
    start: int,
    end: int,
    says: str,
    parsers: ParserPool,
) -> PageBoxes:
    """Where characters [start, end) of the text of a page stand, which it `says`: by the words that
    OCR read of it, or else by the file."""
    read = base.recognized(document, page)
    if read is None:
        return parsers.boxes(path, page=page, start=start, end=end, says=says)
    return PageBoxes(read.width, read.height, tuple(read.boxes(start, end)))


def _size(png: bytes) -> tuple[int, int]:
    """The width and height of a PNG image, which stand at its beginning."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def _starts(pages: tuple[PageText, ...]) -> list[int]:
    """Where each page begins in the document's text."""
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page.text) + len(PAGE_BREAK)
    return starts


def _within(pages: tuple[PageText, ...], number: int, source: Source) -> tuple[int, int]:
    """The part of the cited place on page `number`, as offsets in that page's text."""
    for page, begins in zip(pages, _starts(pages), strict=True):
        if page.number == number:
            start = max(0, source.start - begins)
            return start, max(start, min(len(page.text), source.end - begins))
    return 0, 0


def _text(pages: tuple[PageText, ...], source: Source) -> TextView:
    """The text around the cited place; the whole page where another page is looked at, or no place
    is cited."""
    turned = source.current != source.page or source.start == source.end
    if turned and source.current is not None:
        whole = next((page.text for page in pages if page.number == source.current), "")
        return TextView(whole, "", "")
    text = PAGE_BREAK.join(page.text for page in pages)
    around = _AROUND if source.end > source.start else _WHOLE
    begin, end = max(0, source.start - around), min(len(text), source.end + around)
    before, after = text[begin : source.start], text[source.end : end]
    if begin > 0:
        before = f"… {_CUT_WORD_BEFORE.sub('', before)}"
    if end < len(text):
        after = f"{_CUT_WORD_AFTER.sub('', after)} …"
    return TextView(before, text[source.start : source.end], after)
