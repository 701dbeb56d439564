"""Question and chunk read together by a cross-encoder, with sentence-transformers.

A cross-encoder sees both texts at once and so tells what answers from what is merely alike, at the
cost of one reading of the model for each chunk. It is off unless a model is named: on few cores it
takes longer than all the rest of a search. The weights are loaded at the first use.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quire.errors import ModelNotFound, ModelUnusable
from quire.models.runtimes.pytorch import loading_options

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_BATCH = 8  # pairs read at once: some 2,000 tokens


class CrossEncoderReranker:
    """A cross-encoder with one output, in a local folder. Usable from several threads.

    Raises ModelNotFound when the folder holds no model, and ModelUnusable at the first use when it
    cannot be loaded or tells more than one number.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        if not (folder / "config.json").is_file():
            raise ModelNotFound(
                f"There is no cross-encoder at {folder}.",
                hint="Name the folder that holds its config.json, or set QUIRE_RERANKER=none.",
            )
        self.name = folder.name
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: CrossEncoder | None = None

    def probabilities(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How likely each text answers the question, shape (len(texts),), from 0 to 1."""
        if not texts:
            return np.empty(0, np.float32)
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            scores = self._loaded.predict(
                [(question, text) for text in texts],
                batch_size=_BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(scores, np.float32)

    def _load(self) -> "CrossEncoder":
        from sentence_transformers import CrossEncoder  # noqa: PLC0415  loads torch
        from torch.nn import Sigmoid  # noqa: PLC0415

        options = loading_options(threads=self._threads)
        try:
            model = CrossEncoder(str(self._folder), activation_fn=Sigmoid(), **options)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelUnusable(
                f"The cross-encoder at {self._folder} cannot be loaded: {error}",
                hint="Get it again, or set QUIRE_RERANKER=none.",
            ) from error
        if model.num_labels != 1:
            raise ModelUnusable(
                f"The model at {self._folder} tells {model.num_labels} numbers of a pair of texts, "
                "and a reranker tells one.",
                hint="Choose a cross-encoder made for search, or set QUIRE_RERANKER=none.",
            )
        return model
