"""A larger entailment model that somebody has put on this machine: a cross-encoder of three
classes, or of one score, by sentence-transformers."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.entailment.calibration import softmax
from quire.models.protocols import Bounds
from quire.models.runtimes.cross_encoding import Scores, load, require_folder

_OTHERWISE = "QUIRE_ENTAILMENT=starter"
_BATCH = 8
# Of a model that was not calibrated here: high enough that its word is rarely taken wrongly.
_BOUNDS = Bounds(supported=0.9, contradicted=0.9)
_CLASSES = (("entail", "support", "consistent"), ("contradict", "refut"), ("neutral", "not"))


class CrossEncoderEntailment:
    """A model in a local folder. Its labels say which class is which; one with a single score, or
    with two classes, knows supported and not told. Usable from several threads.

    Raises ModelNotFound when the folder holds no model, and ModelUnusable at the first use when it
    cannot be loaded or its classes are not known.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        require_folder(folder, otherwise=_OTHERWISE)
        self.name = folder.name
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Scores, tuple[int | None, ...]] | None = None

    def bounds(self, statement: str) -> Bounds:  # noqa: ARG002  the same in all languages
        """The same for all statements."""
        return _BOUNDS

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, statement) pairs: supported, contradicted and not told, shape
        (len(pairs), 3)."""
        found = np.zeros((len(pairs), 3), np.float32)
        if not pairs:
            return found
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            model, order = self._loaded
            logits = model.predict(
                list(pairs), batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
            )
        shares = _shares(np.asarray(logits, np.float32).reshape(len(pairs), -1))
        for at, column in enumerate(order):
            if column is not None:
                found[:, at] = shares[:, column]
        return found

    def _load(self) -> tuple[Scores, tuple[int | None, ...]]:
        from torch.nn import Identity  # noqa: PLC0415

        model = load(
            self._folder,
            activation=Identity(),
            threads=self._threads,
            what="entailment model",
            otherwise=_OTHERWISE,
        )
        if model.num_labels == 1:
            return model, (1, None, 0)  # its score, and what is left of it
        names = [model.config.id2label[at].casefold() for at in range(model.num_labels)]
        order = tuple(_column(names, known) for known in _CLASSES)
        if order[0] is None:
            raise ModelUnusable(
                f"The model at {self._folder} has the classes {', '.join(names)}, and none that "
                "says entailment.",
                hint=f"Choose a model of natural language inference, or {_OTHERWISE}.",
            )
        return model, order


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    """Which class has such a name."""
    return next((at for at, name in enumerate(names) if name.startswith(tuple(known))), None)


def _shares(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The softmax, or of one score its sigmoid as the second of two classes."""
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return softmax(logits)
