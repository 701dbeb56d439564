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

import numpy as np
from PIL import Image
from rapidocr import RapidOCR

from quire.errors import Unreadable
from quire.ingest.loaders.ocr.words import Recognition, Word

_AREA = 4_500_000  # pixels: A3 at 150 dpi
_SIDE = 4_000  # pixels, the longest: A2 at 150 dpi
_LONG = 6  # times its height is the most that a picture may be wide, or else there is paper added
_SURE = 0.75  # mean confidence of a line's characters below which a page may lie on its side
_FEW = 40  # characters of sure lines: a page with fewer is tried turned as well
_READ = 0.5  # mean confidence of a line's characters below which it is no text
_UPRIGHT = 1.5  # times its width is the height from which on a line is read downwards
_CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_WORD = re.compile(rf"[^\s{_CHINESE}]+|[{_CHINESE}]+")
_CORE = re.compile(r"\w(?:.*\w)?")  # a word without the punctuation around it
_TURNS = (1, 3, 2)  # quarter turns, the likeliest first: sheets scanned sideways, upside down


@functools.cache
def _reader() -> RapidOCR:
    return RapidOCR(
        params={
            # The classifier of lines that stand on their heads turns good ones as well.
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.use_preprocess_img": False,  # it is bounded here
            "Global.use_vertical_padding": False,
            "Global.log_level": "critical",
            "Rec.rec_batch_num": 1,  # of more, each is filled up to the longest
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def recognize(png: bytes) -> Recognition:
    """The words on a picture, which was drawn in a parser process. Raises Unreadable."""
    try:
        Image.MAX_IMAGE_PIXELS = None  # what it is drawn from was looked at
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable("the picture is damaged") from error
    width, height = picture.size
    picture, scale = _bounded(picture)
    best, quadrant = _read(picture), 0
    yielded = _yield(best)
    if best and yielded < _FEW:
        for turn in _TURNS:
            # Pillow turns against the clock
            other = _read(picture.rotate(-90 * turn, expand=True))
            if (got := _yield(other)) > 1.5 * yielded + 1:
                best, yielded, quadrant = other, got, turn
            if yielded >= _FEW:
                break
    best = [line for line in best if line.confidence >= _READ]
    lines = tuple(tuple(_scaled(word, 1 / scale) for word in line.words) for line in best)
    return Recognition(width, height, quadrant, _skew(best), lines)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line in the pixels of the picture that was read; it falls `slope` pixels in each to the
    right, along `length` pixels, unless it is read downwards. `confidence` is the mean of those of
    its characters."""

    words: tuple[Word, ...]
    slope: float
    length: float
    downwards: bool
    confidence: float

    @property
    def characters(self) -> int:
        return sum(len(word.text) for word in self.words)


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
    """The lines on a picture, whatever they are worth. Not by calling the reader, which sets the
    confidence of one character beside another where there are blanks in a line."""
    pixels = np.asarray(_padded(picture))[:, :, ::-1]  # as OpenCV has it: BGR
    where, _, read, _ = _reader().run_ocr_steps(pixels, {})
    if where.boxes is None or read.txts is None:
        return []
    lines = []
    for text, box, score, told in zip(
        read.txts, where.boxes, read.scores, read.word_results, strict=True
    ):
        if text.strip():
            corners = [(float(x), float(y)) for x, y in box]
            columns = [column for word in told.word_cols for column in word]
            words = _words(text, corners, columns, told.confs, of=told.line_txt_len)
            (x0, y0), (x1, y1) = corners[0], corners[1]
            slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
            lines.append(_Line(words, slope, x1 - x0, _is_downwards(corners), score))
    return lines


def _yield(lines: Sequence[_Line]) -> float:
    """Characters of the lines that were read well, from left to right: lines of a page that lies on
    its side are read well downwards."""
    good = (line for line in lines if line.confidence >= _SURE and not line.downwards)
    return float(sum(line.characters for line in good))


def _skew(lines: Sequence[_Line]) -> float:
    """How many pixels the lines rise in each to the right: the median of the longer ones."""
    if not lines:
        return 0.0
    longest = max(line.length for line in lines)
    return -statistics.median(line.slope for line in lines if line.length >= longest / 2)


def _words(
    text: str,
    corners: Sequence[tuple[float, float]],
    columns: Sequence[int],
    sure: Sequence[float],
    *,
    of: float,
) -> tuple[Word, ...]:
    """The words of a line, and in Chinese its stretches without Latin letters or digits. `corners`
    are those of the line from its beginning on, clockwise; `columns` tell at which of the network's
    steps, `of` so many, each character but blanks was read, and `sure` how sure it was of each."""
    at = iter(columns)
    centres = [0.0 if letter.isspace() else (next(at) + 0.5) / of for letter in text]
    pitch = 1 / max(len(text), 1)
    words: list[Word] = []
    end = 0.0
    for match in _WORD.finditer(text):
        first, last = match.span()
        length = last - first
        half = (centres[last - 1] - centres[first]) / (length - 1) / 2 if length > 1 else pitch / 2
        start, stop = max(end, centres[first] - half), min(1.0, centres[last - 1] + half)
        core = _CORE.search(text, first, last) or match
        glued = first > 0 and not text[first - 1].isspace()
        words.append(
            Word(
                match[0],
                glued,
                *_part(corners, min(start, stop), stop),
                float(min(sure[core.start() : core.end()])),
            )
        )
        end = stop
    return tuple(words)


def _is_downwards(corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a line is so tall that the network reads it downwards."""
    first, second, _, fourth = corners
    return math.dist(first, fourth) >= _UPRIGHT * math.dist(first, second)


def _part(
    corners: Sequence[tuple[float, float]], start: float, end: float
) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a stretch of a line, from `start` to `end` as shares of it."""
    first, second, third, fourth = corners
    if _is_downwards(corners):
        first, second, third, fourth = second, third, fourth, first
    points = [
        (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
        for a, b in ((first, second), (fourth, third))
        for share in (start, end)
    ]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


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
