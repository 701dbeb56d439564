"""A larger entailment model that somebody has put on this machine: a classifier of source and
statement together, of the whole statement or word by word.

Nothing in Quire was fitted with it: its word is taken only where it is nearly sure, and the rules
keep their veto. It is asked within bounds, and one that cannot be loaded, fails or is too slow
leaves the rules' word.
"""

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.entailment import classes
from quire.models.entailment.classes import Columns
from quire.models.protocols import Bounds
from quire.models.runtimes.classifying import Classifier
from quire.models.runtimes.cross_encoding import require_folder

_OTHERWISE = "QUIRE_ENTAILMENT=starter"
_BATCH = 8  # windows read at once: some 2,000 tokens
# Of a model that was not calibrated here: high enough that its word is rarely taken wrongly.
_BOUNDS = Bounds(supported=0.9, contradicted=0.9)
_PATIENCE = 20.0  # seconds for one statement beside its places
_REST = 120.0  # seconds that a model which took longer is not asked again


class CrossEncoderEntailment:
    """A model in a local folder. Its labels say which class is which, or `labels` where they have
    no names; one with two classes knows supported and not told. A `frame` is how it wants to read
    both texts in one. Usable from several threads.

    Raises ModelNotFound when the folder holds no model, and ModelUnusable at the first use when it
    cannot be loaded or its classes are not known.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "",
        threads: int = 0,
        labels: Sequence[str] = (),
        frame: str = "",
        patience: float = _PATIENCE,
    ) -> None:
        require_folder(folder, otherwise=_OTHERWISE)
        self.name = name or folder.name
        self.problem: ModelUnusable | None = None
        """Why it is not asked, or None."""
        self._folder = folder
        self._threads = threads
        self._labels = labels
        self._frame = frame
        self._patience = patience
        self._again = 0.0  # when it may be asked once more, by the clock that only goes forward
        self._lock = threading.Lock()
        self._loaded: tuple[Classifier, Columns] | None = None

    def bounds(self, statement: str) -> Bounds:  # noqa: ARG002  the same in all languages
        """The same for all statements."""
        return _BOUNDS

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, statement) pairs: supported, contradicted and not told, shape
        (len(pairs), 3), each row adding up to 1. Raises ModelUnusable, also where it takes too
        long."""
        with self._lock:
            if self.problem is not None and time.monotonic() < self._again:
                raise ModelUnusable(self.problem.message, hint=self.problem.hint)
            self.problem = None
            try:
                if self._loaded is None:
                    self._loaded = self._load()
                return self._read(pairs, *self._loaded)
            except ModelUnusable as error:
                # subtle: without its trace, whose frames would hold the model in memory
                self.problem = ModelUnusable(error.message, hint=error.hint)
                self._again = time.monotonic() + _REST if self._loaded else math.inf
                raise

    def _load(self) -> tuple[Classifier, Columns]:
        model = Classifier(
            self._folder, threads=self._threads, frame=self._frame, otherwise=_OTHERWISE
        )
        return model, classes.columns(model.labels, known=self._labels, of=self._folder)

    def _read(
        self, pairs: Sequence[tuple[str, str]], model: Classifier, columns: Columns
    ) -> npt.NDArray[np.float32]:
        found = np.zeros((len(pairs), 3), np.float32)
        found[:, 2] = 1
        windows = [
            (at, window)
            for at, (source, statement) in enumerate(pairs)
            for window in model.windows(source, statement)
        ]
        windows.sort(key=lambda each: sum(map(len, each[1])))  # batches are padded to the longest
        began = time.monotonic()
        for first in range(0, len(windows), _BATCH):
            if time.monotonic() - began > self._patience:
                raise ModelUnusable(
                    f"The entailment model {self.name} takes more than {self._patience:.0f} "
                    "seconds for a statement here.",
                    hint=f"Statements are checked by rules alone for now. Choose a smaller model, "
                    f"or set {_OTHERWISE}.",
                )
            batch = windows[first : first + _BATCH]
            shares = self._shares(model, [window for _, window in batch], columns)
            for (at, _), row in zip(batch, shares, strict=True):
                said = row[columns.supported]
                denied = 0.0 if columns.contradicted is None else row[columns.contradicted]
                if max(said, denied) > found[at, :2].max():  # the window that tells most
                    found[at] = said, denied, max(0.0, 1 - said - denied)
        return found

    def _shares(
        self, model: Classifier, windows: Sequence[tuple[str, str]], columns: Columns
    ) -> npt.NDArray[np.float32]:
        try:
            shares = model.shares(windows, supported=columns.supported)
        except (RuntimeError, ValueError, IndexError, TypeError, KeyError) as error:
            raise ModelUnusable(
                f"The entailment model {self.name} failed: {error}",
                hint=f"Get it again, or set {_OTHERWISE}.",
            ) from error
        if not np.isfinite(shares).all():
            raise ModelUnusable(
                f"The entailment model {self.name} gives numbers that are none.",
                hint=f"Its weights may be damaged: get it again, or set {_OTHERWISE}.",
            )
        return shares
