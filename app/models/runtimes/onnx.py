"""An embedding model in ONNX Runtime, from an export: no torch takes part.

ONNX Runtime and the tokenizer are loaded within a fifth of a second, torch and what stands on it
within five. The threads wait without spinning, as those of llama.cpp do (see engine/openmp.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.machine import usable_cores
from quire.models.runtimes import tokens
from quire.models.runtimes.contract import Role, Vectors, longest, unit_rows
from quire.models.runtimes.manifest import GRAPH, TOKENIZER, Manifest

_ERRORS_ONLY = 3


class OnnxRuntime:
    """The export that a manifest tells of, of the `model` in a folder. Raises ModelUnusable where
    it cannot be loaded."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        *,
        threads: int = 0,
        graph: str = GRAPH,
        model: Path | None = None,
    ) -> None:
        self.name = manifest.runtime
        self.dimension = manifest.dimension
        self.prompts: dict[Role, str] = {
            "query": manifest.query_prompt,
            "passage": manifest.passage_prompt,
        }
        self._room = manifest.max_tokens
        self._pad = manifest.pad
        self._before, self._after = [*manifest.before], [*manifest.after]
        try:
            # It counts tokens too, so it must not cut texts short.
            self._tokenizer = tokens.load(folder / TOKENIZER, of=model or folder)
            self._session = session(folder / graph, threads=threads)
        except Exception as error:  # each library raises what it likes, down to Exception itself
            raise ModelUnusable(
                f"The export in {folder} cannot be loaded: {error}",
                hint="Delete that folder; it is made anew.",
            ) from error
        self.max_tokens = self._room - longest(self.prompts, self.count_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""
        return [len(each) for each in self._encoded(texts)]

    def embed(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of one batch."""
        return unit_rows(self.run(None, self.inputs(texts, role))[0])

    def inputs(self, texts: Sequence[str], role: Role) -> dict[str, npt.NDArray[np.int64]]:
        """What the graph is given for a batch: token ids, padded at the end, and their mask."""
        prompt = self.prompts[role]
        rows = [
            [*self._before, *each.ids[: self._room], *self._after]
            for each in self._encoded([prompt + text for text in texts])
        ]
        shape = (len(rows), max(map(len, rows)))
        ids, mask = np.full(shape, self._pad, np.int64), np.zeros(shape, np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def run(
        self, names: Sequence[str] | None, inputs: dict[str, npt.NDArray[np.int64]]
    ) -> list[npt.NDArray[np.float32]]:
        """What the graph gives out under these names, or all that it does."""
        found: list[npt.NDArray[np.float32]] = self._session.run(names, inputs)
        return found

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        found: list[Any] = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return found


def session(
    path: Path, *, threads: int = 0, optimize_to: Path | None = None, optimize: bool = False
) -> Any:
    """A graph, loaded. It is expected as `optimize_to` has written it: put together for any
    processor of this kind once, so that loading it is quick. `optimize` puts together a small one
    that was not."""
    import onnxruntime  # noqa: PLC0415

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads or usable_cores()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_DISABLE_ALL
    if optimize or optimize_to is not None:
        options.graph_optimization_level = levels.ORT_ENABLE_EXTENDED
    if optimize_to is not None:
        options.optimized_model_filepath = str(optimize_to)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
