"""What is known of words beyond their form: which are alike, and which stand in the documents.

The rules for follow-ups ask it where what is said may stand in several places of the last question.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from quire.search.retriever import Retriever
from quire.search.snapshot import Snapshot
from quire.text import analysis, languages


class Sense(Protocol):
    """See the module."""

    def likeness(self, said: str, phrases: Sequence[str]) -> Sequence[float]:
        """How near each phrase is in meaning; 0 where that is not known."""
        ...

    def unknown(self, text: str) -> int:
        """How many of a text's index terms stand in no document."""
        ...


class NoSense:
    """Nothing is known but the form of words."""

    def likeness(self, said: str, phrases: Sequence[str]) -> Sequence[float]:  # noqa: ARG002
        """0 for each."""
        return [0.0] * len(phrases)

    def unknown(self, text: str) -> int:  # noqa: ARG002
        """0."""
        return 0


class Known:
    """What the embedder and the words of one state of the catalog tell."""

    def __init__(self, retriever: Retriever, snapshot: Snapshot) -> None:
        self._retriever = retriever
        self._snapshot = snapshot

    def likeness(self, said: str, phrases: Sequence[str]) -> Sequence[float]:
        """Cosines by the embedder; 0 where it cannot read the language."""
        if not phrases or not self._retriever.reads(languages.detect(said)):
            return NoSense().likeness(said, phrases)
        vectors = np.asarray(self._retriever.embedder.embed_passages([said, *phrases]))
        cosines: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return cosines

    def unknown(self, text: str) -> int:
        """How many of a text's index terms stand in no document."""
        return self._snapshot.count_absent(analysis.terms(text))
