"""Vectors of sentences that were embedded a moment ago: the questions of a conversation, and often
those of a day, lead to the same ones. Embedding them is half of what an answer takes."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quire.models.protocols import Embedder

_MOST = 8_192  # sentences; with 384 floats each 13 MB, and their text


class RecentVectors:
    """Embeds sentences, each once as long as it is among the last that were asked for. Usable from
    several threads."""

    def __init__(self, embedder: Embedder, *, most: int = _MOST) -> None:
        self._embedder = embedder
        self._most = most
        self._kept: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension)."""
        with self._lock:
            known = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            vectors = self._embedder.embed_passages(new)
            known |= zip(new, map(np.copy, vectors), strict=True)  # a row alone, not its batch
        with self._lock:
            for text in texts:
                self._kept[text] = known[text]
                self._kept.move_to_end(text)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return np.stack([known[text] for text in texts])
