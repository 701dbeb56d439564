"""What OCR read of a picture, as values: words with their boxes and how sure it is of each."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a stretch of Chinese; `glued` to the one before if no blank stands between.

    The box is left, top, right, bottom in pixels, of the picture turned upright. `confidence` is
    the network's probability of the character that it was least sure of.
    """

    text: str
    glued: bool
    left: float
    top: float
    right: float
    bottom: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was read of a picture of `width` by `height` pixels, line by line.

    `quadrant` is the number of clockwise quarter turns that made it upright; its lines then rise by
    `skew` pixels in each pixel to the right.
    """

    width: int
    height: int
    quadrant: int
    skew: float
    lines: tuple[tuple[Word, ...], ...]

    @property
    def characters(self) -> int:
        return sum(len(word.text) for line in self.lines for word in line)

    def to_dict(self) -> dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "quadrant": self.quadrant,
            "skew": round(self.skew, 5),
            "lines": [
                [
                    [
                        word.text,
                        word.glued,
                        *(round(x, 1) for x in (word.left, word.top, word.right, word.bottom)),
                        round(word.confidence, 4),
                    ]
                    for word in line
                ]
                for line in self.lines
            ],
        }

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Recognition":
        """From `to_dict`. Raises ValueError, TypeError or LookupError for what is none."""
        lines = tuple(tuple(_word(*word) for word in line) for line in said["lines"] if line)
        found = cls(
            int(said["width"]), int(said["height"]), int(said["quadrant"]) % 4,
            float(said["skew"]), lines,
        )  # fmt: skip
        if min(found.width, found.height) < 1 or not abs(found.skew) < 1:
            raise ValueError("a picture of no size")
        return found


def _word(text: str, glued: object, *numbers: float) -> Word:
    if not text or any(map(str.isspace, text)):
        raise ValueError("a word without letters")
    left, top, right, bottom, confidence = numbers
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a word without a place")
    return Word(text, bool(glued), left, top, right, bottom, confidence)
