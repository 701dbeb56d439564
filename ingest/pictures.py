"""The place of a quote on a page of a PDF, cut out as a picture."""

import io
from pathlib import Path

from quire.ingest.parsing.pool import ParserPool

_ACROSS = 1_000  # image points across the page
_AROUND = 60  # image points kept above and below the quote
_INK = (255, 214, 0, 90)  # of a marker


def of_quote(
    pool: ParserPool, path: Path, *, page: int, start: int, end: int, says: str | None = None
) -> bytes:
    """Characters [start, end) of the text of a PDF's `page`, which it `says`, marked, with a little
    above and below, as PNG. The page is drawn by a parser's process. Raises Unreadable."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  a tenth of a second

    found = pool.boxes(path, page=page, start=start, end=end, says=says)
    scale = _ACROSS / max(found.width, 1.0)
    drawn = Image.open(io.BytesIO(pool.render(path, page=page, scale=scale))).convert("RGBA")
    marks = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(marks)
    boxes = [tuple(edge * scale for edge in box) for box in found.boxes]
    for box in boxes:
        pen.rectangle(box, fill=_INK)
    top = max(0, int(min((box[1] for box in boxes), default=0)) - _AROUND)
    bottom = min(drawn.height, int(max((box[3] for box in boxes), default=drawn.height)) + _AROUND)
    cut = Image.alpha_composite(drawn, marks).crop((0, top, drawn.width, max(bottom, top + 1)))
    buffer = io.BytesIO()
    cut.convert("RGB").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
