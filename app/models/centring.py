"""Vectors without what all texts of one language have in common.

The vectors of some models, trained with a low temperature, all point one way: two sentences that
share nothing have a cosine of .75 in multilingual-e5-small, and a question's own passage .07 more.
So beside BM25 the cosine hardly counts. And the common direction is another one for each language:
an English question prefers any English text to the Chinese one that answers it.

Both goes away with the mean vector of each language, one of questions and one of passages, taken
off the model's vectors, which are then made of unit length again (after Mu & Viswanath, "All-but-
the-Top", 2018). The means are those of the pairs of `quire.models.reading`: two dozen texts on many
subjects are enough, and none of the collection's own subject is taken off.
docs/decisions/bilingual-starter.md has the figures.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.models.protocols import Embedder, embed_questions, prompts_of, runtime_of
from quire.models.reading import PAIRS, can_read
from quire.text import languages

Vectors = npt.NDArray[np.float32]

_COMMON = 0.3
"""From this mean cosine of texts that have nothing to do with each other the common direction is
taken off. Measured: .05 in all-MiniLM-L6-v2, .74 and .82 in multilingual-e5-small."""
_MARK = "+centred"

Centres = Mapping[str, tuple[Vectors, Vectors]]
"""By language the mean vectors of questions and of passages."""


class CentredEmbedder:
    """An embedder whose vectors are taken from the means of their languages.

    A text in a language that has none is taken from the mean of those that have.
    """

    def __init__(self, embedder: Embedder, centres: Centres) -> None:
        self._embedder = embedder
        self._centres = centres
        of_questions, of_passages = zip(*centres.values(), strict=True)
        self._other = (np.mean(of_questions, axis=0), np.mean(of_passages, axis=0))

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def fingerprint(self) -> str:
        """That of the weights, with a mark: other vectors must not be compared with these."""
        return self._embedder.fingerprint + _MARK

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        return self._embedder.max_tokens

    @property
    def prompts(self) -> tuple[str, str]:
        """What is put before a question, and before a passage."""
        return prompts_of(self._embedder)

    @property
    def runtime(self) -> str:
        """What computes passages."""
        return runtime_of(self._embedder)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension)."""
        vectors = self._embedder.embed_passages(texts, progress=progress)
        for row, text in zip(vectors, texts, strict=True):
            row[:] = _unit(row - self._centre(text)[1])
        return vectors

    def embed_question(self, text: str) -> Vectors:
        """The unit vector of a question, shape (dimension,)."""
        return _unit(self._embedder.embed_question(text) - self._centre(text)[0])

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of several questions, shape (len(texts), dimension)."""
        vectors = embed_questions(self._embedder, texts)
        for row, text in zip(vectors, texts, strict=True):
            row[:] = _unit(row - self._centre(text)[0])
        return vectors

    def _centre(self, text: str) -> tuple[Vectors, Vectors]:
        return self._centres.get(languages.detect(text), self._other)


def centred(embedder: Embedder, centres: Centres) -> Embedder:
    """The embedder with its vectors taken from these means; itself where there are none."""
    return CentredEmbedder(embedder, centres) if centres else embedder


def measure_centres(embedder: Embedder, reading: Mapping[str, float]) -> Centres:
    """The means of the languages that a model reads; none where its vectors have no direction in
    common."""
    read = [language for language in PAIRS if can_read(reading, language)]
    questions = {
        language: np.stack([embedder.embed_question(question) for question, _ in PAIRS[language]])
        for language in read
    }
    passages = {
        language: embedder.embed_passages([passage for _, passage in PAIRS[language]])
        for language in read
    }
    common = [_others(questions[each] @ passages[each].T).mean() for each in read]
    if max(common, default=0.0) < _COMMON:
        return {}
    return {each: (questions[each].mean(axis=0), passages[each].mean(axis=0)) for each in read}


def to_json(centres: Centres) -> dict[str, list[str]]:
    """As a header keeps them, in half precision."""
    return {
        language: [base64.b64encode(each.astype("<f2").tobytes()).decode() for each in means]
        for language, means in centres.items()
    }


def from_json(kept: Mapping[str, Sequence[str]]) -> Centres:
    """What `to_json` has kept."""
    found: dict[str, Any] = {
        language: tuple(
            np.frombuffer(base64.b64decode(each), "<f2").astype(np.float32) for each in means
        )
        for language, means in kept.items()
    }
    return found


def weights_of(fingerprint: str) -> str:
    """The fingerprint of the weights alone."""
    return fingerprint.removesuffix(_MARK)


def _unit(vector: Vectors) -> Vectors:
    length = np.linalg.norm(vector)
    return (vector / length if length else vector).astype(np.float32)


def _others(cosines: Vectors) -> Vectors:
    """The cosines of questions and passages that do not belong together."""
    return cosines[~np.eye(len(cosines), dtype=bool)]
