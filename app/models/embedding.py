"""Text to vectors with sentence-transformers; the one front door of torch.

The weights are loaded at the first use, not when the object is made: opening a knowledge base or
ingesting unchanged files needs no torch.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quire.errors import ModelNotFound, ModelUnusable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]
_BATCH_TOKENS = 2048  # padded tokens in one batch: as fast as 4096 on two cores, with less memory
_COUNTED = 512  # texts tokenized at once: their encodings take kilobytes each


class SentenceEmbedder:
    """A sentence-transformers model in a local folder.

    Raises ModelNotFound when the folder is missing and ModelUnusable when it cannot be loaded.
    Safe to use from several threads.
    """

    def __init__(self, folder: Path, *, name: str, threads: int = 0) -> None:
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
        done = 0
        for batch in _batches(self.count_tokens(texts)):
            vectors[batch] = self._encode([texts[i] for i in batch], "encode_document")
            done += len(batch)
            progress(done)
        return vectors

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
            encoded: Vectors = getattr(model, method)(
                texts,
                batch_size=len(texts),
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return encoded.astype(np.float32)

    @property
    def _model(self) -> "SentenceTransformer":
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        options = loading_options(threads=self._threads)
        try:
            return SentenceTransformer(str(self._folder), **options)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelUnusable(
                f"The embedding model at {self._folder} cannot be loaded: {error}",
                hint="Install it again, or set QUIRE_EMBEDDER=starter.",
            ) from error


def loading_options(*, threads: int) -> dict[str, Any]:
    """How models are loaded here: quietly, from this machine, for its processor. Loads torch, and
    sets its threads where a number of them is given."""
    import torch  # noqa: PLC0415  three seconds, and not every command embeds
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"device": "cpu", "local_files_only": True}
    if computes_in_bfloat16():
        options["model_kwargs"] = {"dtype": torch.bfloat16}
    return options


def computes_in_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX).

    There it was measured three to four times as fast as float32, at cosine 1.000; elsewhere it is
    emulated and slower.
    """
    import torch  # noqa: PLC0415

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  no public name


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices grouped into batches of similar length, the longest first, within a token budget."""
    batch: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = longest or lengths[index] + 2
        if batch and (len(batch) + 1) * longest > _BATCH_TOKENS:
            yield batch
            batch, longest = [], lengths[index] + 2
        batch.append(index)
    if batch:
        yield batch
