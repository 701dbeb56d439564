"""Quire's own entailment model, on ONNX Runtime.

The graph beside this file has the twelve layers of the starter embedder, trained further, with
their weights in bytes, and what reads three classes and an answer from them. The vectors of its
vocabulary are most of the embedder and were not trained: they are read from the embedder's file.

    <s> source </s></s> statement </s>  ->  supported, contradicted, not told

It loads at the first use, in half a second, and takes some 20 ms a pair of 160 tokens on a core.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.entailment.calibration import Calibration, calibrated
from quire.models.protocols import Bounds
from quire.models.runtimes import tokens
from quire.models.runtimes.onnx import session

_GRAPH = "entailment.onnx"
_WORDS = "embeddings.word_embeddings.weight"
_START, _PAD, _END = 0, 1, 2  # of the vocabulary
_TOKENS = 288  # of a pair; what is longer loses the end of its source
_STATEMENT = 128  # of them at most
_BATCH = 16  # pairs
_INSTALL_AGAIN = "Install Quire again. Or set QUIRE_ENTAILMENT=none."


class SmallEntailment:
    """The model in this package, with the vocabulary in the folder of the starter embedder. Usable
    from several threads. Raises ModelUnusable at the first use where one of both cannot be read."""

    name = "quire-entailment-small"

    def __init__(self, vocabulary: Path, *, threads: int = 0) -> None:
        self.problem: ModelUnusable | None = None
        """Why it cannot be used, or None."""
        self._folder = vocabulary
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, npt.NDArray[np.float16]] | None = None
        self._calibration = Calibration.read(
            files("quire.models.entailment").joinpath("calibration.json").read_text("utf-8")
        )

    def bounds(self, statement: str) -> Bounds:
        """Those of the statement's language."""
        return self._calibration.bounds_for(statement)

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, statement) pairs: that it is supported, contradicted, and not told, shape
        (len(pairs), 3), each row adding up to 1."""
        return calibrated(self.logits(pairs)[:, :3], pairs, self._calibration)

    def answers(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, question) pairs: that the source answers it, shape (len(pairs),)."""
        odds = np.exp(-self.logits(pairs)[:, 3])
        return np.asarray(1 / (1 + odds), np.float32)

    def logits(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        found = np.zeros((len(pairs), 4), np.float32)
        if not pairs:
            return found
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = self._load()
                except ModelUnusable as error:
                    # subtle: without its trace, whose frames would hold this in memory
                    self.problem = ModelUnusable(error.message, hint=error.hint)
                    raise
        graph, tokenizer, words = self._loaded
        rows = [_joined(tokenizer, source, statement) for source, statement in pairs]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at][0]))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            found[batch] = graph.run(None, _inputs([rows[at] for at in batch], words))[0]
        return found

    def _load(self) -> tuple[Any, Any, npt.NDArray[np.float16]]:
        weights = Path(str(files("quire.models.entailment").joinpath(_GRAPH)))
        _require(weights, self._calibration.sha256)
        try:
            tokenizer = tokens.load(self._folder / "tokenizer.json", of=self._folder)
            words = _matrix(self._folder / "model.safetensors", _WORDS)
            graph = session(weights, threads=self._threads, optimize=True)
        except Exception as error:  # each library raises what it likes, down to Exception itself
            raise ModelUnusable(
                f"The entailment model cannot be loaded: {error}",
                hint="Make the starter embedder again: make starter. Or set QUIRE_ENTAILMENT=none.",
            ) from error
        return graph, tokenizer, words


def _require(weights: Path, sha256: str) -> None:
    """Raises ModelUnusable where a file is not the one that the bounds of verdicts were fitted to:
    cut off, or of another version."""
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnusable(
            f"The entailment model cannot be read: {error}", hint=_INSTALL_AGAIN
        ) from error
    if found != sha256:
        raise ModelUnusable(
            f"{weights} is not the entailment model of this version: its SHA-256 is "
            f"{found[:12]}… instead of {sha256[:12]}….",
            hint=_INSTALL_AGAIN,
        )


def _joined(tokenizer: Any, source: str, statement: str) -> tuple[list[int], int]:
    """The tokens of a pair, and where its statement begins."""
    ours, theirs = tokenizer.encode_batch_fast([statement, source], add_special_tokens=False)
    said = ours.ids[:_STATEMENT]
    before = [_START, *theirs.ids[: _TOKENS - 4 - len(said)], _END, _END]
    return [*before, *said, _END], len(before)


def _inputs(
    rows: Sequence[tuple[list[int], int]], words: npt.NDArray[np.float16]
) -> dict[str, npt.NDArray[np.float32]]:
    """A batch: vectors of its tokens, which of them are there, and which are the statement's."""
    shape = (len(rows), max(len(ids) for ids, _ in rows))
    ids = np.full(shape, _PAD, np.int64)
    mask, statement = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for at, (row, begins) in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
        statement[at, begins : len(row)] = 1
    return {"words": words[ids].astype(np.float32), "mask": mask, "claim": statement}


def _matrix(path: Path, name: str) -> npt.NDArray[np.float16]:
    """A matrix of a safetensors file, of which only the rows are read that are used."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        told = json.loads(file.read(length))[name]
    if told["dtype"] != "F16":
        raise ValueError(f"{name} in {path} is of {told['dtype']}")
    return np.memmap(
        path, np.float16, "r", offset=8 + length + told["data_offsets"][0], shape=(*told["shape"],)
    )
