"""Text to vectors with sentence-transformers; the one front door of torch.

The weights are loaded at the first use, not when the object is made: opening a knowledge base or
ingesting unchanged files needs no torch.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quire.errors import ModelNotFound, ModelUnusable
from quire.models import embedding_card
from quire.models.embedding_card import Card, CardEmbedding

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]
_BATCH_TOKENS = 2048  # padded tokens in one batch: as fast as 4096 on two cores, with less memory
_COUNTED = 512  # texts tokenized at once: their encodings take kilobytes each
_MANY = 16_384  # tokens: fewer are embedded on the processor within seconds


class SentenceEmbedder:
    """A sentence-transformers model in a local folder.

    Many passages are embedded on the GPU that torch can use, in float32, as long as it has memory;
    questions and a few passages on the processor.

    Raises ModelNotFound when the folder is missing and ModelUnusable when it cannot be loaded.
    Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        threads: int = 0,
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
        self._loading = threading.Lock()
        self._encoding = threading.Lock()
        self._loaded: SentenceTransformer | None = None
        self._on_card = CardEmbedding(
            find=find_card,
            load=lambda device: self._load(device=device),
            encode=lambda model, texts: _encoded(model, texts, "encode_document"),
        )
        self._question: tuple[str, npt.NDArray[np.float32]] | None = None  # the last one

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the weights files, in hexadecimal."""
        digest = hashlib.sha256()
        for path in sorted(self._folder.rglob("*.safetensors")):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        """The longest text the model reads, in its tokens, without the special ones."""
        return int(self._model.max_seq_length or 512) - 2

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""
        counts: list[int] = []
        for at in range(0, len(texts), _COUNTED):
            encoded = self._model.tokenizer(
                list(texts[at : at + _COUNTED]),
                add_special_tokens=False,
                return_attention_mask=False,
                verbose=False,
            )
            counts += [len(ids) for ids in encoded["input_ids"]]
        return counts

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
        try:
            while waiting:
                budget = self._on_card.budget(dimension=self.dimension) if many else 0
                batch = _first_batch(waiting, lengths, budget or _BATCH_TOKENS)
                chosen = [texts[i] for i in batch]
                found = (
                    self._on_card.encode(chosen, tokens=len(batch) * lengths[batch[0]])
                    if budget
                    else self._encode(chosen, "encode_document")
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
        """What embeds many passages: the name of a GPU, or "processor". Loads torch."""
        card = self._on_card.card
        return card.title if card is not None else "processor"

    @property
    def device_note(self) -> str:
        """Why a GPU is not used, or no longer; empty where there is none, or it is. Loads torch."""
        return self._on_card.note

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        """The unit vector of a question, shape (dimension,).

        The last one is kept: a question is embedded to search, and again to weigh what was found.
        """
        last = self._question
        if last is None or last[0] != text:
            last = self._question = (text, self._encode([text], "encode_query")[0])
        return last[1]

    def _encode(self, texts: list[str], method: str) -> Vectors:
        model = self._model
        with self._encoding:
            return _encoded(model, texts, method)

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load(device="cpu")
            return self._loaded

    def _load(self, *, device: str) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        options = loading_options(threads=self._threads, device=device)
        try:
            return SentenceTransformer(str(self._folder), **options)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelUnusable(
                f"The embedding model at {self._folder} cannot be loaded: {error}",
                hint="Install it again, or set QUIRE_EMBEDDER=starter.",
            ) from error


def _encoded(model: "SentenceTransformer", texts: list[str], method: str) -> Vectors:
    encoded = getattr(model, method)(
        texts, batch_size=len(texts), convert_to_numpy=True, show_progress_bar=False
    )
    # In bfloat16 the model's own units are off by up to 0.4%: enough to change a ranking, above all
    # where one index holds vectors of a processor and of a GPU.
    vectors: Vectors = encoded.astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors


def loading_options(*, threads: int, device: str = "cpu") -> dict[str, Any]:
    """How models are loaded here: quietly, from this machine, for its processor unless another
    device is named. Loads torch, and sets its threads where a number of them is given."""
    import torch  # noqa: PLC0415  three seconds, and not every command embeds
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"device": device, "local_files_only": True}
    if device != "cpu":
        options["model_kwargs"] = {"dtype": torch.float32}
    elif computes_in_bfloat16():
        options["model_kwargs"] = {"dtype": torch.bfloat16}
    return options


def computes_in_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX).

    There it was measured three to four times as fast as float32, at cosine 1.000; elsewhere it is
    emulated and slower.
    """
    import torch  # noqa: PLC0415

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  no public name


def _first_batch(waiting: Iterable[int], lengths: Sequence[int], most: int) -> list[int]:
    """The first of the indices that wait, the longest first: as many as make a batch of at most so
    many padded tokens, and at least one."""
    batch: list[int] = []
    for index in waiting:
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            break
        batch.append(index)
    return batch
