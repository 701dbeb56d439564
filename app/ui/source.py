"""Which place of which document stands open beside the chat, and what is there to be seen."""

import base64
import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from quire.errors import DocumentNotFound, QuireError
from quire.ingest.loaders import formats
from quire.ingest.loaders.content import PageBoxes
from quire.ingest.parsing.pool import ParserPool
from quire.knowledge_base import KnowledgeBase
from quire.records import PAGE_BREAK, Document, PageText
from quire.ui.finding import find
from quire.ui.printed import Prints
from quire.ui.printed import place as printed_place
from quire.ui.typeset import Mark

_DRAWN = ("application/pdf", "image/")  # how the types of documents begin that have page images
_SHOWN = 24_000  # characters of a text that are drawn at once
_MARKED = 20  # places of searched words that are marked on a page image: each is looked up in it
_ACROSS = 1400  # image points across a page at zoom 1, whatever its size: sharp in the widest panel
_SMALL = 0.25  # of a page's size in points: some 150 across a sheet of paper


@dataclass(frozen=True, slots=True)
class Source:
    """A cited place: characters [start, end) of a document's text, on `page` where it has pages.

    `shown` is the page that is looked at, which the reader may turn, and `at` the character in the
    middle of what is; None of both for the cited place, or for hit number `hit` of the `words` that
    were searched for. `zoom` enlarges a page, 1 fits it to the width of the panel; it stands
    `turned_by` degrees clockwise. `overview` says that small images of the pages are shown.
    """

    document_id: str
    name: str
    page: int | None
    start: int
    end: int
    quote: str
    shown: int | None = None
    at: int | None = None
    words: str = ""
    hit: int = 0
    zoom: float = 1.0
    turned_by: int = 0
    overview: bool = False

    @property
    def current(self) -> int | None:
        """The page that is looked at."""
        return self.shown if self.shown is not None else self.page

    def opened(self, page: int) -> "Source":
        """The same, looking at a page."""
        return replace(self, shown=page, at=None)

    def moved(self, at: int) -> "Source":
        """The same, looking at what is around a character."""
        return replace(self, at=at)

    def zoomed(self, factor: float) -> "Source":
        return replace(self, zoom=min(3.0, max(1.0, self.zoom * factor)))

    def fitted(self) -> "Source":
        """The same with a page as wide as the panel."""
        return replace(self, zoom=1.0)

    def rotated(self) -> "Source":
        """The same with its pages turned a quarter to the right."""
        return replace(self, turned_by=(self.turned_by + 90) % 360)

    def overviewed(self) -> "Source":
        """The same with the overview of its pages, or without it."""
        return replace(self, overview=not self.overview)

    def searched(self, words: str, hit: int = 0) -> "Source":
        """The same, looking at a hit of some words; at the cited place again without any."""
        return replace(self, words=words, hit=hit, shown=None, at=None)


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as a PNG image in base64, so many points wide and high; `boxes` are left, top, width,
    height as shares of it, those of the cited words; `found` those of the searched ones, and `now`
    those of the hit that is looked at."""

    png: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    found: tuple[Box, ...] = ()
    now: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class TextView:
    """Characters [start, end) of a `text` with what is marked in it, and whether there is more
    `before` and `after` on the page, or in a document without pages. `headings` are those of the
    document with their levels; `code` says that it is source code."""

    text: str = field(repr=False)
    start: int
    end: int
    marks: tuple[Mark, ...] = ()
    before: bool = False
    after: bool = False
    headings: Mapping[str, int] = field(default_factory=dict)
    code: bool = False

    @property
    def shown(self) -> str:
        return self.text[self.start : self.end]

    @property
    def cited(self) -> str:
        """The cited words, as far as they are shown."""
        places = ((max(mark.start, self.start), mark) for mark in self.marks if mark.cited)
        return "".join(self.text[start : min(mark.end, self.end)] for start, mark in places)

    @property
    def earlier(self) -> int:
        """The character to look at for what stands before."""
        return max(0, self.start - _SHOWN // 2)

    @property
    def later(self) -> int:
        """The character to look at for what stands after."""
        return self.end + _SHOWN // 2


@dataclass(frozen=True, slots=True)
class View:
    """What can be shown of a source. `source` is where it is looked at by now, which is page
    `number` of `pages`, None and 0 where there are none. `file` is what these are drawn from, None
    where a text is shown. `headings` lead to the cited place, the outermost first. `hits` counts
    the places of the words that were searched for. `ocr` says that the page was read by OCR, and
    `missing` why it is not the page itself."""

    document: Document | None
    source: Source
    headings: tuple[str, ...] = ()
    number: int | None = None
    pages: int = 0
    file: Path | None = None
    page: PageView | None = None
    text: TextView | None = None
    hits: int = 0
    ocr: bool = False
    missing: Literal["", "document", "original", "image"] = ""


@dataclass(frozen=True, slots=True)
class _Drawable:
    """A file whose pages can be drawn, the text of each, and the cited place in that text; `kept`
    says that they are those of the knowledge base, where OCR may have read some."""

    document: Document
    path: Path
    pages: tuple[PageText, ...]
    start: int
    end: int
    kept: bool


def look(
    base: KnowledgeBase, source: Source, *, parsers: ParserPool, prints: Prints | None = None
) -> View:
    """The page of a PDF, a picture or, where there are `prints`, an office document, with the cited
    words marked; else its text."""
    try:
        document = base.document(source.document_id)
    except DocumentNotFound:
        quote = TextView(source.quote, 0, len(source.quote), (Mark(0, len(source.quote)),))
        return View(None, source, text=quote, missing="document")
    pages = base.pages(document)
    if document.id != source.document_id:
        source = _found_again(source, pages)
    text = PAGE_BREAK.join(page.text for page in pages)
    view = View(document, source, headings=base.headings(document, source.start))
    path = base.original(document)
    drawable = None
    if path is not None and document.media_type.startswith(_DRAWN) and source.current is not None:
        drawable = _Drawable(document, path, pages, source.start, source.end, kept=True)
    elif path is not None and prints is not None:
        drawable = _printed(document, path, source, text, prints=prints)
    if drawable is not None:
        try:
            return _on_page(base, view, drawable, parsers=parsers)
        except QuireError:  # encrypted, or pdfium cannot draw what pypdf could read
            view = replace(view, missing="image" if drawable.kept else "")
    elif path is None and document.media_type.startswith(_DRAWN):
        view = replace(view, missing="original")
    return _in_text(base, view, pages, text)


def thumbnail(file: Path, page: int, *, parsers: ParserPool) -> bytes:
    """A small PNG image of a page of a view's file. Raises QuireError where it cannot be drawn."""
    return parsers.render(file, page=page, scale=_SMALL)


def _printed(
    document: Document, path: Path, source: Source, text: str, *, prints: Prints
) -> _Drawable | None:
    """A document as LibreOffice prints it; None where it does not, or the cited words are not found
    on its pages: then its text is the better proof."""
    made = prints.of(document, path)
    if made is None:
        return None
    start = end = 0
    if source.end > source.start:
        printed = PAGE_BREAK.join(page.text for page in made.pages)
        found = printed_place(text, source.start, source.end, printed=printed)
        if found is None:
            return None
        start, end = found
    return _Drawable(document, made.path, made.pages, start, end, kept=False)


def _on_page(base: KnowledgeBase, view: View, drawable: _Drawable, *, parsers: ParserPool) -> View:
    """The page that is looked at, as an image. Raises QuireError where it cannot be drawn."""
    pages = drawable.pages
    text = PAGE_BREAK.join(page.text for page in pages)
    hits = find(text, view.source.words)
    source = _at_hit(view.source, pages, hits)
    number = source.shown or _page_at(pages, drawable.start) or 1
    if drawable.kept:
        number = source.current or number
    begins, stop = _bounds(pages, number, 0)

    def boxes(place: tuple[int, int]) -> PageBoxes:
        start, end = (min(max(at, begins), stop) - begins for at in place)
        read = base.recognized(drawable.document, number) if drawable.kept else None
        if read is not None:
            return PageBoxes(read.width, read.height, tuple(read.boxes(start, end)))
        says = text[begins:stop][start:end]
        return parsers.boxes(drawable.path, page=number, start=start, end=end, says=says)

    cited = boxes((drawable.start, drawable.end))
    here = [hit for hit in hits if begins <= hit[0] < stop]
    now = hits[source.hit] if hits else None
    others = [hit for hit in here if hit != now][:_MARKED]
    scale = _ACROSS * source.zoom / max(cited.width, 1.0)
    png = parsers.render(drawable.path, page=number, scale=scale)
    on_page = max(drawable.start, begins) < min(drawable.end, stop)
    drawn = PageView(
        base64.b64encode(png).decode("ascii"),
        *_size(png),
        _shares(cited) if on_page else (),
        found=tuple(box for hit in others for box in _shares(boxes(hit))),
        now=_shares(boxes(now)) if now in here and now is not None else (),
    )
    return replace(
        view,
        source=source,
        number=number,
        pages=(drawable.document.pages or 0) if drawable.kept else len(pages),
        file=drawable.path,
        page=drawn,
        hits=len(hits),
        ocr=any(page.ocr for page in pages if page.number == number),
    )


def _in_text(base: KnowledgeBase, view: View, pages: tuple[PageText, ...], text: str) -> View:
    """The text around the place that is looked at."""
    assert view.document is not None  # noqa: S101 — it was found
    hits = find(text, view.source.words)
    source = _at_hit(view.source, pages, hits)
    levels: dict[str, int] = {}
    for path in base.sections(view.document):
        for level, heading in enumerate(path, 1):
            levels.setdefault(" ".join(heading.split()), level)
    marks = [Mark(*hit, cited=False, now=at == source.hit) for at, hit in enumerate(hits)]
    marks.append(Mark(source.start, source.end))
    low, high = _bounds(pages, source.current, len(text))
    start, end = _part(text, source, low, high)
    shown = TextView(
        text,
        start,
        end,
        tuple(mark for mark in marks if mark.start < end and mark.end > start),
        before=bool(text[low:start].strip()),
        after=bool(text[end:high].strip()),
        headings=levels,
        code=view.document.media_type == formats.CODE,
    )
    number = source.current
    return replace(
        view,
        source=source,
        number=number,
        pages=view.document.pages or 0,
        text=shown,
        hits=len(hits),
        ocr=any(page.ocr for page in pages if page.number == number),
    )


def _shares(found: PageBoxes) -> tuple[Box, ...]:
    """Left, top, width and height of the boxes, as shares of the page."""
    return tuple(
        (
            left / found.width,
            top / found.height,
            (right - left) / found.width,
            (bottom - top) / found.height,
        )
        for left, top, right, bottom in found.boxes
    )


def _at_hit(source: Source, pages: tuple[PageText, ...], hits: Sequence[tuple[int, int]]) -> Source:
    """The source, looking at its hit unless the reader has turned to another place since."""
    if not hits:
        return source
    source = replace(source, hit=source.hit % len(hits))
    if source.shown is not None or source.at is not None:
        return source
    start = hits[source.hit][0]
    return replace(source, shown=_page_at(pages, start), at=start)


def _page_at(pages: tuple[PageText, ...], start: int) -> int | None:
    """The number of the page that a character of the text stands on."""
    return pages[bisect.bisect_right(_starts(pages), start) - 1].number if pages else None


def _found_again(source: Source, pages: tuple[PageText, ...]) -> Source:
    """A place that was cited before OCR read other pages of the document: its own page has not
    changed, and begins elsewhere."""
    for page, begins in zip(pages, _starts(pages), strict=True):
        if page.number == source.page and (at := page.text.find(source.quote)) >= 0:
            start = begins + at
            return replace(source, start=start, end=start + len(source.quote))
    return replace(source, start=0, end=0)


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


def _bounds(pages: tuple[PageText, ...], number: int | None, length: int) -> tuple[int, int]:
    """Where page `number` begins and ends in the text; all of its `length` where it has none."""
    for page, begins in zip(pages, _starts(pages), strict=True):
        if page.number is not None and page.number == number:
            return begins, begins + len(page.text)
    return 0, length


def _part(text: str, source: Source, low: int, high: int) -> tuple[int, int]:
    """The part of characters [low, high) that is drawn: whole lines around the place that is looked
    at."""
    at = source.start if source.at is None else source.at
    at = min(max(at, low), high) if low <= at <= high else low
    start = max(low, at - _SHOWN // 2)
    if start > low:
        start = text.find("\n", start - 1, at) + 1 or start
    end = min(high, start + _SHOWN)
    if end < high:
        end = max(text.rfind("\n", at, end), 0) or end
    return start, end
