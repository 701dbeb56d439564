"""Text to vectors: an embedding model, computed by whatever does it best on this machine.

ONNX Runtime computes an export of the model (see quire.models.runtimes), which is made once; torch,
by way of sentence-transformers, a model that has none, passages where it was measured to be faster,
and many passages on a GPU. Nothing is loaded before the first use: opening a knowledge base or
ingesting unchanged files needs neither.
"""

import hashlib
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire.errors import ModelNotFound, ModelUnusable
from quire.models import embedding_card, known_hashes
from quire.models.embedding_card import Card, CardEmbedding
from quire.models.runtimes import exports
from quire.models.runtimes.contract import Runtime, Vectors, by_role
from quire.models.runtimes.onnx import OnnxRuntime
from quire.models.runtimes.pytorch import TorchRuntime

_PROMPTS = "config_sentence_transformers.json"
_BATCH_TOKENS = 2048  # padded tokens in one batch: as fast as 4096 on two cores, with less memory
_COUNTED = 512  # texts tokenized at once: their encodings take kilobytes each
_FILLED = 0.7
"""Of the longest in a batch, at least. Twelve sentences that were found for a question, of which
40% was padding, take .85 of the processor time so."""
_MANY = 16_384  # tokens: fewer are embedded on the processor within seconds

_log = logging.getLogger(__name__)


class SentenceEmbedder:
    """A sentence-transformers model in a local folder.

    Its export is kept in the folder `cache`; without one, torch computes everything. Many passages
    are embedded on the GPU that torch can use, in float32, as long as it has memory; questions and
    a few passages on the processor.

    Raises ModelNotFound when the folder is missing and ModelUnusable when it cannot be loaded.
    Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        threads: int = 0,
        cache: Path | None = None,
        find_card: Callable[[], tuple[Card | None, str]] = embedding_card.find,
    ) -> None:
        if not (folder / "modules.json").is_file():
            raise ModelNotFound(
                f"There is no sentence-transformers model at {folder}.",
                hint="Name the folder that holds modules.json, or set QUIRE_EMBEDDER=starter.",
            )
        self.name = name
        self._folder = folder
        self._threads = threads
        self._cache = cache
        self._loading = threading.RLock()
        self._torch: TorchRuntime | None = None
        self._on_card = CardEmbedding(
            find=find_card,
            load=lambda device: TorchRuntime(folder, threads=threads, device=device),
            encode=lambda model, texts: model.embed(texts, "passage"),
        )
        self._question: tuple[str, npt.NDArray[np.float32]] | None = None  # the last one

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the weights files, in hexadecimal."""
        digest = hashlib.sha256()
        kept = self._cache / known_hashes.FILE if self._cache else None
        for path in sorted(self._folder.rglob("*.safetensors")):
            digest.update(bytes.fromhex(known_hashes.sha256(path, kept)))
        return digest.hexdigest()

    @property
    def dimension(self) -> int:
        return self._usual.dimension

    @cached_property
    def prompts(self) -> tuple[str, str]:
        """What is put before a question, and before a passage; read without loading the model."""
        try:
            told = json.loads((self._folder / _PROMPTS).read_text("utf-8"))
        except (OSError, ValueError):
            told = {}
        found = by_role(told.get("prompts") or {}, told.get("default_prompt_name"))
        return found["query"], found["passage"]

    @property
    def max_tokens(self) -> int:
        """The longest text the model reads beside its prompt, in its tokens, without the special
        ones."""
        return self._usual.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""
        parts = (texts[at : at + _COUNTED] for at in range(0, len(texts), _COUNTED))
        return [count for part in parts for count in self._usual.count_tokens(part)]

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension).

        Texts are batched by length, so that little is spent on padding; `progress` is called with
        the number of texts done after each batch, and may raise to end the work.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        lengths = [count + 2 for count in self.count_tokens(texts)]
        waiting = deque(sorted(range(len(texts)), key=lambda i: -lengths[i]))
        many = sum(lengths) >= _MANY
        runtime = self._for_passages
        try:
            while waiting:
                budget = self._on_card.budget(dimension=self.dimension) if many else 0
                filled = 0 if budget else _FILLED  # few large batches are what a card is for
                batch = _first_batch(waiting, lengths, budget or _BATCH_TOKENS, filled=filled)
                chosen = [texts[i] for i in batch]
                found = (
                    self._on_card.encode(chosen, tokens=len(batch) * lengths[batch[0]])
                    if budget
                    else runtime.embed(chosen, "passage")
                )
                if found is not None:
                    vectors[batch] = found
                    for _ in batch:
                        waiting.popleft()
                    progress(len(texts) - len(waiting))
        finally:
            self._on_card.release()
        return vectors

    @property
    def device(self) -> str:
        """What embeds many passages: the name of a GPU, or "processor"."""
        card = self._on_card.card
        return card.title if card is not None else "processor"

    @property
    def device_note(self) -> str:
        """Why a GPU is not used, or no longer; empty where there is none, or it is."""
        return self._on_card.note

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        """The unit vector of a question, shape (dimension,).

        The last one is kept: a question is embedded to search, and again to weigh what was found.
        """
        last = self._question
        if last is None or last[0] != text:
            last = self._question = (text, self._usual.embed([text], "query")[0])
        return last[1]

    def embed_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of several questions, shape (len(texts), dimension)."""
        return self._usual.embed(texts, "query")

    @property
    def runtime(self) -> str:
        """What computes passages on the processor, such as "onnx-int8"."""
        return self._for_passages.name

    @property
    def export_note(self) -> str:
        """Why there is no export, in a sentence; empty where there is one, or is to be none."""
        return self._exported[1]

    @property
    def _usual(self) -> Runtime:
        """What computes questions and counts tokens: the export, where there is one."""
        return self._exported[0] or self._in_torch()

    @property
    def _for_passages(self) -> Runtime:
        """What computes passages: the faster of both."""
        exported, _, faster = self._exported
        return exported if exported is not None and faster else self._in_torch()

    @cached_property
    def _exported(self) -> tuple[OnnxRuntime | None, str, bool]:
        """The export, or why there is none; and whether it is faster than torch."""
        with self._loading:
            if self._cache is None:
                return None, "", False
            found = exports.find_or_make(
                self._folder, self._cache, fingerprint=self.fingerprint, threads=self._threads
            )
            note = found.note
            if not note:
                try:
                    runtime = OnnxRuntime(
                        found.folder, found.manifest, threads=self._threads, model=self._folder
                    )
                except ModelUnusable as error:
                    note = error.message
                else:
                    return runtime, "", found.manifest.passages
            _log.warning("The embedding model %s: %s. torch embeds.", self.name, note)
            return None, note, False

    def _in_torch(self) -> TorchRuntime:
        with self._loading:
            if self._torch is None:
                self._torch = TorchRuntime(self._folder, threads=self._threads)
            return self._torch


def _first_batch(
    waiting: Iterable[int], lengths: Sequence[int], most: int, *, filled: float
) -> list[int]:
    """The first of the indices that wait, the longest first: as many as make a batch of at most so
    many padded tokens, and at least one; none that is shorter than so much of the longest.

    >>> _first_batch([0, 1, 2, 3], [100, 80, 20, 20], 2048, filled=0.7)
    [0, 1]
    """
    batch: list[int] = []
    for index in waiting:
        longest = lengths[batch[0]] if batch else 0
        if (len(batch) + 1) * longest > most or lengths[index] < filled * longest:
            break
        batch.append(index)
    return batch
