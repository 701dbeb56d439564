"""Pictures as documents: each of their frames is a page, whose text only OCR can read.

PNG, JPEG, BMP and WebP have one page, a TIFF as many as it has frames; of a GIF, and of any other
picture that moves, the first frame is the page.
"""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from quire.errors import Skipped, Unreadable
from quire.ingest.loaders.content import Content, Source
from quire.ingest.loaders.pdf.recognized import lay_out_recognized
from quire.ingest.loaders.pdf.structure import PageStructure, blocks_of
from quire.records import PAGE_BREAK, PageText

_FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]
_MOVING = {"GIF", "PNG", "WEBP"}
_PIXELS = 200_000_000  # of a frame once inflated, at up to 4 bytes: A0 at 300 dpi is 139 million
_SMALL = 12  # pixels: no letter can be read in fewer
_DRAWN = 30_000_000  # pixels of a page image


def read(source: Source) -> Content:
    """The text of a picture's pages, as far as OCR has read them. Raises Skipped, Unreadable."""
    with _opened(source.data) as picture:
        count = min(_frames(picture), source.limits.pages)
        warnings = []
        if _moves(picture):
            warnings.append("The picture moves; only its first frame is read.")
        if _frames(picture) > count:
            warnings.append(
                f"Text past the limit of {count:,} pages is left out, from page {count + 1} on."
            )
    structures, starts, recognized, at = [], [], [], 0
    for number in range(1, count + 1):
        structure = PageStructure("", [])
        if (recognition := source.recognized.get(number)) is not None:
            layout, words = lay_out_recognized(number, recognition, width=recognition.width)
            structure = PageStructure(layout.text, layout.paragraphs)
            recognized.append(words)
        structures.append(structure)
        starts.append(at)
        at += len(structure.text) + len(PAGE_BREAK)
    unread = tuple(n for n in range(1, count + 1) if n not in source.recognized)
    return Content(
        tuple(PageText(number, each.text) for number, each in enumerate(structures, 1)),
        tuple(blocks_of(structures, page_starts=starts)),
        source.stem,
        tuple(warnings),
        unread=unread,
        recognized=tuple(recognized),
    )


def render(data: bytes, *, page: int, scale: float, password: str | None = None) -> bytes:  # noqa: ARG001
    """Frame `page`, from 1, as a PNG image, at most as large as a page image may be."""
    with _opened(data) as picture:
        try:
            picture.seek(page - 1)
            _require_measure(picture)
            shown = _upright(picture)
        except EOFError as error:
            raise Unreadable(f"there is no page {page}") from error
        except (OSError, ValueError, SyntaxError) as error:
            raise Unreadable(
                "damaged picture", hint="Open it in a viewer and save it anew."
            ) from error
        width, height = shown.size
        scale = min(scale, math.sqrt(_DRAWN / (width * height)))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != shown.size:
            shown = shown.resize(size, Image.Resampling.LANCZOS)
        png = io.BytesIO()
        shown.save(png, "PNG", compress_level=1)
        return png.getvalue()


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture, not decoded yet."""
    Image.MAX_IMAGE_PIXELS = None  # its size is looked at here, and told in a sentence
    try:
        picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError) as error:
        raise Unreadable("damaged picture", hint="Open it in a viewer and save it anew.") from error
    with picture:
        _require_measure(picture)
        yield picture


def _require_measure(picture: Image.Image) -> None:
    width, height = picture.size
    if min(width, height) < _SMALL:
        raise Skipped(
            f"a picture of {width} × {height} pixels holds no text",
            hint="There is nothing in it to search.",
        )
    if width * height > _PIXELS:
        raise Unreadable(
            f"limit: a picture of {width:,} × {height:,} pixels,"
            f" more than {_PIXELS / 1e6:,.0f} million",
            hint="Save it smaller: 150 dots per inch are enough.",
        )


def _frames(picture: Image.Image) -> int:
    return 1 if picture.format != "TIFF" else int(getattr(picture, "n_frames", 1))


def _moves(picture: Image.Image) -> bool:
    return bool(getattr(picture, "is_animated", False)) and picture.format in _MOVING


def _upright(picture: Image.Image) -> Image.Image:
    """The picture in colour on white, turned as its camera held it."""
    from PIL import ImageOps  # noqa: PLC0415

    picture = ImageOps.exif_transpose(picture)
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        above = picture.convert("RGBA")
        paper = Image.new("RGBA", above.size, "white")
        return Image.alpha_composite(paper, above).convert("RGB")
    if picture.mode.startswith("I;16"):  # of 16 bits, which Pillow would cut off at 255
        return picture.point(lambda value: value / 256).convert("L").convert("RGB")
    return picture.convert("RGB")
