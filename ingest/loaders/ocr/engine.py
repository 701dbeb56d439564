"""The one door to RapidOCR: from a picture to words with their boxes.

Only a worker process of its own may import this module: the networks take some 700 MB beside a
page, and a picture of unknown origin may be of any shape. Sides and area are bounded here, since
the network that finds lines enlarges a picture until its shorter side is long enough: one of
20,000 x 3 pixels would take 16 GB.
"""

import functools
import io
import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from rapidocr import RapidOCR

from quire.errors import Unreadable
from quire.ingest.loaders.cleaning import is_cjk
from quire.ingest.loaders.ocr.words import Recognition, Word

_AREA = 4_500_000  # pixels: A3 at 150 dpi
_SIDE = 4_000  # pixels, the longest: A2 at 150 dpi
_LONG = 6  # times its height is the most that a picture may be wide, or else there is paper added
_SURE = 0.75  # mean confidence of a line's characters below which a page may lie on its side
_FEW = 40  # characters of sure lines: a page with fewer is tried turned as well
_UNBROKEN = re.compile(r"\S+")
_TURNS = (1, 3, 2)  # quarter turns, the likeliest first: sheets scanned sideways, upside down


@functools.cache
def _reader() -> RapidOCR:
    return RapidOCR(
        params={
            # The classifier of turned lines turns good ones as well: Chinese pages lose a tenth.
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.log_level": "critical",
            "Global.max_side_len": _SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def recognize(png: bytes) -> Recognition:
    """The words on a picture, which was drawn in a parser process. Raises Unreadable."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable("the picture is damaged") from error
    width, height = picture.size
    picture, scale = _bounded(picture)
    best, quadrant = _read(picture), 0
    yielded = _yield(best)
    if yielded < _FEW:
        for turn in _TURNS:
            # Pillow turns against the clock
            other = _read(picture.rotate(-90 * turn, expand=True))
            if (got := _yield(other)) > 1.5 * yielded + 1:
                best, yielded, quadrant = other, got, turn
            if yielded >= _FEW:
                break
    lines = tuple(tuple(_scaled(word, 1 / scale) for word in line.words) for line in best)
    return Recognition(width, height, quadrant, _skew(best), lines)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line in the pixels of the picture that was read; it falls `slope` pixels in each to the
    right, along `length` pixels."""

    words: tuple[Word, ...]
    slope: float
    length: float

    @property
    def characters(self) -> int:
        return sum(len(word.text) for word in self.words)

    @property
    def confidence(self) -> float:
        return sum(len(w.text) * w.confidence for w in self.words) / max(self.characters, 1)


def _bounded(picture: Image.Image) -> tuple[Image.Image, float]:
    """The picture within the bounds on sides and area, and by how much it was scaled."""
    width, height = picture.size
    scale = min(1.0, _SIDE / max(width, height), math.sqrt(_AREA / (width * height)))
    if scale == 1.0:
        return picture, scale
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS), scale


def _padded(picture: Image.Image) -> Image.Image:
    """The picture with white below or beside it, where it is a line or nearly so."""
    width, height = picture.size
    least = math.ceil(max(width, height) / _LONG)
    if min(width, height) >= least:
        return picture
    paper = Image.new("RGB", (max(width, least), max(height, least)), "white")
    paper.paste(picture)
    return paper


def _read(picture: Image.Image) -> list[_Line]:
    found = _reader()(np.asarray(_padded(picture))[:, :, ::-1])  # as OpenCV has it: BGR
    if found.txts is None or found.boxes is None:
        return []
    words = found.word_results or ((),) * len(found.txts)
    lines = []
    for text, box, score, parts in zip(found.txts, found.boxes, found.scores, words, strict=True):
        corners = [(float(x), float(y)) for x, y in box]
        line = _words(text, corners, float(score), parts)
        if line:
            (x0, y0), (x1, y1) = corners[0], corners[1]
            slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
            lines.append(_Line(tuple(line), slope, x1 - x0))
    return lines


def _yield(lines: Sequence[_Line]) -> float:
    """Characters of the lines that were read well."""
    return float(sum(line.characters for line in lines if line.confidence >= _SURE))


def _skew(lines: Sequence[_Line]) -> float:
    """How many pixels the lines rise in each to the right: the median of the longer ones."""
    if not lines:
        return 0.0
    longest = max(line.length for line in lines)
    return -statistics.median(line.slope for line in lines if line.length >= longest / 2)


def _words(
    text: str, corners: Sequence[tuple[float, float]], score: float, parts: Sequence[Any]
) -> list[Word]:
    """The words of a line. `parts` are (text, confidence, corners) of words, of Chinese single
    characters; where they are not the line's, its words share its box by their lengths."""
    pieces = _placed(text, parts) or _shared_out(text, corners, score)
    words: list[Word] = []
    for piece in pieces:
        last = words[-1] if words else None
        if last is not None and piece.glued and is_cjk(last.text[-1]) == is_cjk(piece.text[0]):
            words[-1] = Word(
                last.text + piece.text,
                last.glued,
                min(last.left, piece.left),
                min(last.top, piece.top),
                max(last.right, piece.right),
                max(last.bottom, piece.bottom),
                min(last.confidence, piece.confidence),
            )
        else:
            words.append(piece)
    return words


def _placed(text: str, parts: Sequence[Any]) -> list[Word]:
    """Words with boxes of their own; none if they are not what the line says."""
    words: list[Word] = []
    at = 0
    for part, confidence, corners in parts:
        start = at
        while at < len(text) and text[at].isspace():
            at += 1
        if not part or not text.startswith(part, at) or any(map(str.isspace, part)):
            return []
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        words.append(
            Word(
                part, at == start and at > 0, min(xs), min(ys), max(xs), max(ys), float(confidence)
            )
        )
        at += len(part)
    return words if not text[at:].strip() else []


def _shared_out(text: str, corners: Sequence[tuple[float, float]], score: float) -> list[Word]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    left, width = min(xs), max(xs) - min(xs)
    words: list[Word] = []
    for match in _UNBROKEN.finditer(text):
        start, end = (left + width * at / len(text) for at in match.span())
        words.append(Word(match[0], False, start, min(ys), end, max(ys), score))
    return words


def _scaled(word: Word, factor: float) -> Word:
    return Word(
        word.text,
        word.glued,
        word.left * factor,
        word.top * factor,
        word.right * factor,
        word.bottom * factor,
        word.confidence,
    )
