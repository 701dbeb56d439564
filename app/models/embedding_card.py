"""The GPU that many passages are embedded on, beside the processor: as much at once as its memory
holds, and what becomes of it when that runs out.

Questions stay on the processor, so that a process that only answers leaves all of the card to the
chat model: torch takes some 500 MB of a card by looking at its memory.
"""

import importlib.util
import logging
import platform
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.runtimes.pytorch import TorchRuntime

# In one batch: 2,937 passages a second on an H100, against 296 without it.
MOST_TOKENS = 65_536
FEWEST_TOKENS = 2048  # where not even these fit, the processor is as good
_SHARE = 0.5  # of the free memory for a batch: the rest is for the chat model and what else runs
# Bytes for each token and dimension while a batch is computed in float32: the inner layer is four
# times as wide, attention takes as much again, and several of them live at once. An estimate with
# room, which no card has confirmed; where it is too low, batches are halved.
_BYTES = 256

_log = logging.getLogger(__name__)


class Card(Protocol):
    """A device that torch computes on. Its methods raise RuntimeError where it fails."""

    @property
    def device(self) -> str:
        """Its name for torch, such as "cuda"."""

    @property
    def title(self) -> str:
        """Its name for people."""

    def free_memory(self) -> int:
        """Bytes."""

    def release(self) -> None:
        """Give back what torch holds of its memory and does not use."""


class CardEmbedding:
    """A model on a card, which is looked for at the first use and used until it fails.

    `find` returns the card, and why there is none where that has a reason; `load` the model, for a
    device of torch; `encode` its unit vectors of texts. Safe to use from several threads.
    """

    def __init__(
        self,
        *,
        find: Callable[[], tuple[Card | None, str]],
        load: Callable[[str], TorchRuntime],
        encode: Callable[[TorchRuntime, list[str]], npt.NDArray[np.float32]],
    ) -> None:
        self._find = find
        self._load = load
        self._encode = encode
        self._lock = threading.RLock()
        self._looked = False
        self._card: Card | None = None
        self._model: TorchRuntime | None = None
        self._note = ""
        self._most = MOST_TOKENS

    @property
    def card(self) -> Card | None:
        """None where there is none, or none any more."""
        with self._lock:
            if not self._looked:
                self._looked = True
                self._card, self._note = self._find()
            return self._card

    @property
    def note(self) -> str:
        """Why a card is not used, or no longer; empty where there is none, or it is."""
        return "" if self.card is not None else self._note

    def budget(self, *, dimension: int) -> int:
        """How many tokens the next batch may have, padding included; 0 where there is no card."""
        with self._lock:
            if (card := self.card) is None:
                return 0
            try:
                free = card.free_memory()  # before the model is loaded: a full card says so here
                if self._model is None:
                    self._model = self._load(card.device)
                    free = card.free_memory()
            except (RuntimeError, ModelUnusable) as error:
                reason = _first_line(error)
            else:
                fits = batch_tokens(free=free, dimension=dimension)
                if fits >= FEWEST_TOKENS:
                    return min(self._most, fits)
                reason = f"{free / 1e9:.1f} GB of its memory are free"
            self._give_up(reason)
            return 0

    def encode(self, texts: list[str], *, tokens: int) -> npt.NDArray[np.float32] | None:
        """Vectors of a batch of that many tokens; None where the card failed, and the next budget
        is half as large, or 0."""
        with self._lock:
            if self._model is None:
                return None
            try:
                return self._encode(self._model, texts)
            except RuntimeError as error:  # torch.OutOfMemoryError, or a card that is gone
                reason, full = _first_line(error), "out of memory" in str(error).lower()
            # subtle: only out here is the error gone, with all that it held of the card's memory.
            if full and tokens // 2 >= FEWEST_TOKENS:
                self._most = tokens // 2
                _log.info("Batches of %d tokens from now on: %s.", self._most, reason)
                self.release()
            else:
                self._give_up(reason)
            return None

    def release(self) -> None:
        """Give back the memory of the batches that are done, for the chat model."""
        with self._lock:
            try:
                if self._card is not None and self._model is not None:
                    self._card.release()
            except RuntimeError as error:
                self._give_up(_first_line(error))

    def _give_up(self, reason: str) -> None:
        card, self._card, self._model = self._card, None, None
        if card is None:
            return
        self._note = f"{card.title} is not used for embedding: {reason}"
        _log.warning("%s. The processor embeds.", self._note)
        try:
            card.release()
        except RuntimeError as error:
            _log.debug("%s", error)


def find() -> tuple[Card | None, str]:
    """The card that torch can use, and why there is none where that has a reason. Loads torch
    where it is one for GPUs."""
    if not torch_is_for_gpus():
        return None, ""
    import torch  # noqa: PLC0415  three seconds

    with warnings.catch_warnings(record=True) as said:  # of a driver that is too old, for example
        warnings.simplefilter("always")
        try:
            if torch.cuda.is_available():
                return _Cuda(torch.cuda.get_device_name()), ""
            if torch.backends.mps.is_available():
                return _Mps(), ""
        except RuntimeError as error:
            return None, _first_line(error)
    return None, _first_line(said[0].message) if said else ""


def torch_is_for_gpus() -> bool:
    """Whether this build of torch computes on GPUs, if there are any; told without loading it."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return False
    libraries = Path(found.origin).parent / "lib"
    apple = (platform.system(), platform.machine()) == ("Darwin", "arm64")
    return apple or any(any(libraries.glob(f"*torch_{kind}.*")) for kind in ("cuda", "hip"))


def batch_tokens(*, free: int, dimension: int) -> int:
    """How many tokens a batch may have where `free` bytes are left, at most 65,536.

    >>> batch_tokens(free=80 * 10**9, dimension=384)
    65536
    >>> batch_tokens(free=2 * 10**9, dimension=1024)
    3814
    """
    return min(MOST_TOKENS, int(free * _SHARE) // (_BYTES * dimension))


def _first_line(error: object) -> str:
    """What an error says, without the advice that follows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class _Cuda:
    title: str
    device: str = "cuda"

    def free_memory(self) -> int:
        import torch  # noqa: PLC0415

        return int(torch.cuda.mem_get_info()[0])

    def release(self) -> None:
        import torch  # noqa: PLC0415

        torch.cuda.empty_cache()


@dataclass(frozen=True, slots=True)
class _Mps:
    title: str = "Apple GPU"
    device: str = "mps"

    def free_memory(self) -> int:
        import torch  # noqa: PLC0415

        most = torch.mps.recommended_max_memory()
        return int(most - torch.mps.driver_allocated_memory())

    def release(self) -> None:
        import torch  # noqa: PLC0415

        torch.mps.empty_cache()
