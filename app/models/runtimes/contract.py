"""What an embedding model asks of whatever computes it."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Role = Literal["query", "passage"]
"""What a text is for: many models want another word before a question than before a passage."""


class Runtime(Protocol):
    """An embedding model, loaded. Usable from several threads."""

    @property
    def name(self) -> str:
        """The library and what it computes in, such as "onnx-int8"."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """The longest text that the model reads, in its tokens, without the special ones."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""

    def embed(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of texts that are embedded as one batch, shape (len(texts), dimension)."""


def unit_rows(vectors: npt.NDArray[np.float32]) -> Vectors:
    """The same directions at length 1; a row of zeros stays one."""
    rows: Vectors = vectors.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows
