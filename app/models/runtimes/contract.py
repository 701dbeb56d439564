"""What an embedding model asks of whatever computes it."""

from collections.abc import Callable, Mapping, Sequence
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
    def prompts(self) -> dict[Role, str]:
        """What is put before a text of each role; empty where there is nothing."""

    @property
    def max_tokens(self) -> int:
        """The longest text that the model reads beside its prompt, in its tokens, without the
        special ones."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""

    def embed(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of texts that are embedded as one batch, shape (len(texts), dimension)."""


_NAMES: dict[Role, tuple[str, ...]] = {
    "query": ("query",),
    "passage": ("document", "passage", "corpus"),
}  # under which sentence-transformers looks for a prompt


def by_role(prompts: Mapping[str, str], default: str | None) -> dict[Role, str]:
    """The prompts of a model, which has names of its own for them, as sentence-transformers takes
    them; `default` names the one for all else."""

    def one(names: Sequence[str]) -> str:
        name = next((name for name in names if name in prompts), default)
        return prompts.get(name or "") or ""

    return {role: one(names) for role, names in _NAMES.items()}


def longest(prompts: dict[Role, str], count: Callable[[list[str]], list[int]]) -> int:
    """The tokens of the longest prompt."""
    said = [prompt for prompt in prompts.values() if prompt]
    return max(count(said)) if said else 0


def unit_rows(vectors: npt.NDArray[np.float32]) -> Vectors:
    """The same directions at length 1; a row of zeros stays one."""
    rows: Vectors = vectors.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows
