"""Question and chunk read together by a cross-encoder, with sentence-transformers.

A cross-encoder sees both texts at once and so tells what answers from what is merely alike, at the
cost of one reading of the model for each chunk. It is off unless a model is named: on few cores it
takes longer than all the rest of a search. The weights are loaded at the first use.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.runtimes.cross_encoding import Scores, load, require_folder

_OTHERWISE = "QUIRE_RERANKER=none"
_BATCH = 8  # pairs read at once: some 2,000 tokens


class CrossEncoderReranker:
    """A cross-encoder with one output, in a local folder. Usable from several threads.

    Raises ModelNotFound when the folder holds no model, and ModelUnusable at the first use when it
    cannot be loaded or tells more than one number.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        require_folder(folder, otherwise=_OTHERWISE)
        self.name = folder.name
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: Scores | None = None

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

    def _load(self) -> Scores:
        from torch.nn import Sigmoid  # noqa: PLC0415

        model = load(
            self._folder,
            activation=Sigmoid(),
            threads=self._threads,
            what="cross-encoder",
            otherwise=_OTHERWISE,
        )
        if model.num_labels != 1:
            raise ModelUnusable(
                f"The model at {self._folder} tells {model.num_labels} numbers of a pair of texts, "
                "and a reranker tells one.",
                hint="Choose a cross-encoder made for search, or set QUIRE_RERANKER=none.",
            )
        return model
