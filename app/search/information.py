"""How much each word of a question tells: its inverse document frequency."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Information:
    """The weight of each term of a question, in nats; `highest` is that of one that no chunk
    holds."""

    weights: Mapping[str, float]
    highest: float

    @classmethod
    def of(cls, frequencies: Mapping[str, int], *, chunks: int) -> Self:
        """From in how many of all `chunks` each term stands.

        >>> told = Information.of({"lease": 5, "dome": 0}, chunks=9)
        >>> round(told.weights["lease"], 2), told.weights["dome"] == told.highest
        (0.6, True)
        """
        return cls(
            {term: _weight(count, chunks) for term, count in frequencies.items()},
            _weight(0, chunks),
        )


def _weight(count: int, chunks: int) -> float:
    return math.log(1 + (chunks - count + 0.5) / (count + 0.5))
