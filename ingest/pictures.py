"""Pages as pictures, with the places of quotes marked on them."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quire.ingest.loaders.content import PageBoxes
from quire.ingest.parsing.pool import ParserPool
from quire.records import PageText, RecognizedPage

if TYPE_CHECKING:
    from PIL.Image import Image

_ACROSS = 1_000  # image points across the page that a quote is cut out of
ACROSS_FOR_MODEL = 1_024
"""Image points across a page that a model is to look at: a point of a page of A4 is 1.7 then, so
that print of 8 points has letters 8 image points high."""
_LONGEST_FOR_MODEL = 1_536  # image points of either side
_AROUND = 60  # image points kept above and below the quote
_INK = (255, 214, 0, 90)  # of a marker

Box = tuple[float, float, float, float]


def of_quote(
    pool: ParserPool, path: Path, *, page: int, start: int, end: int, says: str | None = None
) -> bytes:
    """Characters [start, end) of the text of a PDF's `page`, which it `says`, marked, with a little
    above and below, as PNG. The page is drawn by a parser's process. Raises Unreadable."""
    found = pool.boxes(path, page=page, start=start, end=end, says=says)
    drawn, boxes = _marked(pool, path, page=page, found=found, across=_ACROSS)
    top = max(0, int(min((box[1] for box in boxes), default=0)) - _AROUND)
    bottom = min(drawn.height, int(max((box[3] for box in boxes), default=drawn.height)) + _AROUND)
    return as_png(drawn.crop((0, top, drawn.width, max(bottom, top + 1))))


def of_page(
    path: Path,
    *,
    page: PageText,
    marks: Sequence[tuple[int, int]],
    is_pdf: bool,
    read: RecognizedPage | None,
    across: int,
) -> "Image":
    """A whole page of a PDF, or of a file of pictures, so many image points across, with characters
    [start, end) of its text marked: by the words that OCR `read` of it, or else by the file. A
    picture that was not read is never enlarged. Raises Unreadable."""
    assert page.number is not None  # noqa: S101  what has page images has numbers
    spans = [(start, end) for start, end in marks if start < end]
    with ParserPool() as pool:
        if read is not None:
            boxes = [box for start, end in spans for box in read.boxes(start, end)]
            found: PageBoxes | None = PageBoxes(read.width, read.height, tuple(boxes))
        else:
            found = _in_file(pool, path, page, spans) if is_pdf else None
        drawn, _ = _marked(pool, path, page=page.number, found=found, across=across)
    return drawn


def _in_file(
    pool: ParserPool, path: Path, page: PageText, spans: Sequence[tuple[int, int]]
) -> PageBoxes:
    """The size of a PDF's page, and where the spans of its text stand."""
    assert page.number is not None  # noqa: S101  what has page images has numbers
    each = [
        pool.boxes(path, page=page.number, start=start, end=end, says=page.text[start:end])
        for start, end in spans or [(0, 0)]
    ]
    boxes = tuple(box for one in each for box in one.boxes) if spans else ()
    return PageBoxes(each[0].width, each[0].height, boxes)


def _marked(
    pool: ParserPool, path: Path, *, page: int, found: PageBoxes | None, across: int
) -> tuple["Image", Sequence[Box]]:
    """The page, and where on it the boxes are in image points."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  a tenth of a second

    scale = 1.0 if found is None else across / max(found.width, 1.0)
    drawn = Image.open(io.BytesIO(pool.render(path, page=page, scale=scale))).convert("RGBA")
    if found is None:
        drawn.thumbnail((across, drawn.height))
        return drawn, ()
    scale = drawn.width / max(found.width, 1.0)  # less than asked for where the page is very large
    marks = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(marks)
    boxes = [(a * scale, b * scale, c * scale, d * scale) for a, b, c, d in found.boxes]
    for box in boxes:
        pen.rectangle(box, fill=_INK)
    return Image.alpha_composite(drawn, marks), boxes


def for_model(drawn: "Image") -> bytes:
    """A page that was drawn, as a JPEG of which no side is longer than a model looks at: below two
    megabytes, whatever is on it."""
    shown = drawn.convert("RGB")
    shown.thumbnail((_LONGEST_FOR_MODEL, _LONGEST_FOR_MODEL))
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def as_png(drawn: "Image") -> bytes:
    """A page that was drawn, as it is."""
    buffer = io.BytesIO()
    drawn.convert("RGB").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
