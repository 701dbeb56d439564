"""Pages as a cheap scanner makes them: turned a little, blurred, noisy, and squeezed as JPEG."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from quire.ingest.loaders import pdf

DOTS = 150  # to the inch


def page_image(path: Path, page: int) -> Image.Image:
    """A page of a PDF in grey, as it is printed."""
    png = pdf.render(path.read_bytes(), page=page, scale=DOTS / 72)
    return Image.open(io.BytesIO(png)).convert("L")


def scanned(
    picture: Image.Image,
    *,
    seed: int = 1,
    degrees: float = 0.7,
    blur: float = 0.6,
    noise: float = 8.0,
    quality: int = 40,
) -> Image.Image:
    """`picture` after a scan; `noise` is of 255, `blur` in pixels, `quality` that of the JPEG."""
    turned = picture.rotate(degrees, resample=Image.Resampling.BICUBIC, fillcolor=255)
    grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(blur)), dtype=float)
    grain = np.random.default_rng(seed).normal(0, noise, grey.shape)
    jpeg = io.BytesIO()
    Image.fromarray((grey + grain).clip(0, 255).astype(np.uint8)).save(
        jpeg, "JPEG", quality=quality
    )
    return Image.open(io.BytesIO(jpeg.getvalue()))


def save_pdf(path: Path, pictures: Iterable[Image.Image], *, quality: int = 40) -> Path:
    """A PDF with a picture on each page."""
    first, *others = pictures
    first.save(path, "PDF", save_all=True, append_images=others, resolution=DOTS, quality=quality)
    return path


def edits(found: str, true: str) -> int:
    """The least number of characters to put in, take out or exchange: Levenshtein's distance."""
    if not found or not true:
        return max(len(found), len(true))
    letters = np.array([ord(letter) for letter in found])
    before = np.arange(len(found) + 1)
    steps = np.arange(len(found) + 1)
    for number, letter in enumerate(true, start=1):
        row = np.empty_like(before)
        row[0] = number
        row[1:] = np.minimum(before[1:] + 1, before[:-1] + (letters != ord(letter)))
        before = np.minimum.accumulate(row - steps) + steps  # those that are put in
    return int(before[-1])
