"""From what an entailment model gives out to probabilities, and the bounds of verdicts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quire.models.protocols import Bounds
from quire.text import languages


@dataclass(frozen=True, slots=True)
class Calibration:
    """By language of the statement ("zh", and "en" for all others): the temperature by which logits
    are divided before the softmax (Guo et al. 2017), and the bounds of verdicts. `sha256` is that
    of the weights which they were fitted to."""

    sha256: str
    temperatures: Mapping[str, float]
    bounds: Mapping[str, Bounds]

    @classmethod
    def read(cls, text: str) -> "Calibration":
        kept = json.loads(text)
        rows = kept["languages"]
        return cls(
            kept["sha256"],
            {language: row["temperature"] for language, row in rows.items()},
            {language: Bounds(**row["bounds"]) for language, row in rows.items()},
        )

    def bounds_for(self, statement: str) -> Bounds:
        """Those of the statement's language."""
        return self.bounds[language_of(statement)]


def language_of(statement: str) -> str:
    """Which of the calibrated languages a statement is judged as."""
    return "zh" if languages.detect(statement) == "zh" else "en"


def calibrated(
    logits: npt.NDArray[np.float32], pairs: Sequence[tuple[str, str]], calibration: Calibration
) -> npt.NDArray[np.float32]:
    """The probabilities of the classes, shape (len(pairs), 3)."""
    of = [calibration.temperatures[language_of(statement)] for _, statement in pairs]
    return softmax(logits / np.array(of, np.float32)[:, None])


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each row as shares of 1."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    found: npt.NDArray[np.float32] = shares / shares.sum(axis=1, keepdims=True)
    return found
