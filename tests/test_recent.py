"""Vectors of sentences that were embedded a moment ago."""

import weakref
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quire.models.fakes import FakeEmbedder
from quire.search.recent import RecentVectors


class Heard(FakeEmbedder):
    """Remembers what it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_passages(self, texts: Sequence[str], **options: object) -> npt.NDArray[np.float32]:
        self.texts += texts
        return super().embed_passages(texts)


def test_a_sentence_is_embedded_once_and_has_the_vector_of_its_embedder() -> None:
    heard = Heard()
    recent = RecentVectors(heard)
    first = recent.embed_passages(["The dome opens.", "It rains.", "It rains."])
    again = recent.embed_passages(["It rains.", "The lamp is on."])
    assert heard.texts == ["The dome opens.", "It rains.", "The lamp is on."]
    assert np.array_equal(first[1], again[0])
    assert np.array_equal(again, FakeEmbedder().embed_passages(["It rains.", "The lamp is on."]))


def test_the_sentences_asked_for_longest_ago_are_forgotten() -> None:
    heard = Heard()
    recent = RecentVectors(heard, most=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        recent.embed_passages([text])
    assert heard.texts == ["one", "two", "three", "two"]


def test_a_sentence_that_is_known_keeps_no_others_in_memory() -> None:
    batches: list[weakref.ref[npt.NDArray[np.float32]]] = []

    class Batches(FakeEmbedder):
        def embed_passages(
            self, texts: Sequence[str], **options: object
        ) -> npt.NDArray[np.float32]:
            found = super().embed_passages(texts).copy()
            batches.append(weakref.ref(found))
            return found

    recent = RecentVectors(Batches())
    recent.embed_passages(["one", "two", "three"])
    (batch,) = batches
    assert batch() is None
