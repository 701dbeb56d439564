"""The words of a page with their places: plain values, away from the library that reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from quire.ingest.loaders.pdf.ruling import Box, Grid


@dataclass(slots=True)
class Run:
    """Characters [start, end) of a page as pdfium counts them: words with no wide gap, or one word.

    `line` counts pdfium's own lines. `size` is the height of the font in points as drawn.
    """

    start: int
    end: int
    text: str
    box: Box
    line: int
    size: float
    bold: bool

    @property
    def first_word(self) -> str:
        return self.text.split(maxsplit=1)[0]

    @property
    def last_word(self) -> str:
        return self.text.rsplit(maxsplit=1)[-1]


@dataclass(frozen=True, slots=True)
class PageRuns:
    """The text of a page in the order of its content stream, and how the page is turned.

    `quadrant` is the number of clockwise quarter turns after which most lines read from left to
    right; runs that read otherwise are in `astray`. `hidden` counts runs left out because no
    reader sees them: painted in no colour, white on white, tiny, or beyond the page's edge.
    `grids` are the tables that ruling lines make, if text stands in rows with gaps at all.
    `undecoded` is the share of the characters of which the file does not say what they are.
    """

    runs: list[Run]
    astray: list[Run]
    quadrant: int
    box: Box
    hidden: int
    grids: list[Grid]
    undecoded: float


def view_size(box: Box, rotation: int) -> tuple[float, float]:
    """Width and height in points of a page as shown, after its rotation."""
    width, height = box[2] - box[0], box[3] - box[1]
    return (height, width) if rotation % 2 else (width, height)


def turned(box: Box, *, page: Box, quarter_turns: int) -> Box:
    """`box` on `page` after clockwise quarter turns: left, top, right, bottom from the top left."""
    return all_turned([box], page=page, quarter_turns=quarter_turns)[0]


def all_turned(boxes: Iterable[Box], *, page: Box, quarter_turns: int) -> list[Box]:
    """As `turned`, of many boxes."""
    x0, y0, x1, y1 = page
    if quarter_turns == 0:
        return [(left - x0, y1 - top, right - x0, y1 - foot) for left, foot, right, top in boxes]
    if quarter_turns == 1:
        return [(foot - y0, left - x0, top - y0, right - x0) for left, foot, right, top in boxes]
    if quarter_turns == 2:
        return [(x1 - right, foot - y0, x1 - left, top - y0) for left, foot, right, top in boxes]
    return [(y1 - top, x1 - right, y1 - foot, x1 - left) for left, foot, right, top in boxes]


def centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def covered(point: tuple[float, float], boxes: list[Box]) -> bool:
    """Whether a point lies in any of these boxes."""
    x, y = point
    return any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in boxes)
