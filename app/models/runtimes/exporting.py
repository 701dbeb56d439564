"""The child process that exports an embedding model to ONNX.

    python -m quire.models.runtimes.exporting MODEL_FOLDER EXPORT_FOLDER THREADS

torch traces the model as sentence-transformers runs it, from token ids to sentence vector, so that
pooling and whatever comes after it are those of the reference. The export is then held against the
reference, text by text through both tokenizers, in batches with padding: an export that loses the
attention mask, which a trace over texts of one length silently does, is refused. So is a model
whose vectors depend on more than the tokens of a text.

What was found goes into EXPORT_FOLDER as a manifest, a refusal too, and the process ends with 0;
with 1 where the disk is in the way, which it says on standard error.
"""

import dataclasses
import shutil
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from quire.errors import ModelUnusable
from quire.models.reading import PAIRS
from quire.models.runtimes import smoothing
from quire.models.runtimes.contract import Role, Runtime, Vectors, unit_rows
from quire.models.runtimes.manifest import GRAPH, TOKENIZER, Manifest
from quire.models.runtimes.onnx import OnnxRuntime, session
from quire.models.runtimes.pytorch import TorchRuntime
from quire.models.runtimes.rounding import round_graph

EXACT, ROUNDED = "onnx-float32", "onnx-int8"
_TRACED = "traced.onnx"
_FAITHFUL = 0.999
"""The least cosine between the export in float32 and torch: rounding alone leaves 0.99999."""
_ALIKE = 0.98
"""… and between the export in int8 and torch, of any text; see benchmarks/embedding.py."""
_ROLES: tuple[Role, ...] = ("query", "passage")
_PARTS = {"Transformer", "Pooling", "Dense", "Normalize"}
_OPSET = 18
_FULL = 2**20  # bytes: with fewer free, that is why anything fails
_ROUNDS = 2
_BATCH = (8, 120)  # texts, and tokens of each, of the batch whose speed is measured
_TEXTS = (
    "How long may I stay away when I am ill?",
    "The landlord maintains the heating system; the tenant reports a fault within three days.",
    "病假每年最多十天。",
    "房东负责维护供暖系统，租户须在三日内报告故障。",
    "GB/T 1234-2020, M8 × 40, 12.5 N·m ± 5 %",
    "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    "Yes.",
    "  Spaces   around,\ttabs\nand lines.  ",
)


class _Whole(torch.nn.Module):
    """From token ids and their mask to sentence vectors."""

    def __init__(self, runtime: TorchRuntime) -> None:
        super().__init__()
        self.model = runtime.model
        self.typed = "token_type_ids" in runtime.model.tokenizer.model_input_names

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        features = {"input_ids": input_ids, "attention_mask": attention_mask}
        if self.typed:
            features["token_type_ids"] = torch.zeros_like(input_ids)
        vectors: torch.Tensor = self.model(features)["sentence_embedding"]
        return vectors


def export(source: Path, target: Path, *, threads: int) -> None:
    """Export a model into an empty folder, in int8 where that is alike and faster. Raises
    ModelUnusable with the reason why it cannot be, and OSError."""
    reference = TorchRuntime(source, threads=threads, exact=True)
    wanted, torch_speeds = vectors_of(reference), {reference.name: speed_of(reference)}
    found = trace(reference, target)
    del reference  # it and each graph are as large as the model
    usual = TorchRuntime(source, threads=threads)
    torch_speeds[usual.name] = speed_of(usual)
    cosines = {usual.name: least_cosine(vectors_of(usual), wanted)}
    del usual
    speeds: dict[str, float] = {}
    for name in (EXACT, ROUNDED):
        graph = put_together(target, found, name, threads=threads)
        speeds[name], cosines[name] = speed_of(graph), least_cosine(vectors_of(graph), wanted)
        del graph
    if cosines[EXACT] < _FAITHFUL:
        raise ModelUnusable(
            f"its vectors differ from torch's, with a cosine of {cosines[EXACT]:.4f}"
        )
    best = EXACT
    if cosines[ROUNDED] >= _ALIKE and speeds[ROUNDED] > speeds[EXACT]:
        best = ROUNDED
    (target / best).rename(target / GRAPH)
    for name in (_TRACED, EXACT, ROUNDED):
        (target / name).unlink(missing_ok=True)
    dataclasses.replace(
        found,
        runtime=best,
        cosines=cosines,
        speeds=speeds | torch_speeds,
        passages=speeds[best] > max(torch_speeds.values()),
    ).write(target)


def trace(reference: TorchRuntime, target: Path) -> Manifest:
    """Write the graph of a model, as torch traces it, and its tokenizer; returns what a manifest
    says of both. Raises ModelUnusable for a model whose vectors depend on more than the tokens of a
    text."""
    found = _described(reference)
    model = reference.model
    (target / TOKENIZER).write_text(model.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    if hasattr(model[0].auto_model, "set_attn_implementation"):
        # The others look whether anything is masked, and a trace keeps the answer for ever.
        model[0].auto_model.set_attn_implementation("eager")
    texts = ["A short text.", "One that is longer, so that the other one is padded."]
    batch = model.tokenizer(texts, padding=True, return_tensors="pt")
    axes = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(), torch.inference_mode():
        # Of each step that may depend on a shape: what came of it is checked.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(reference).eval(),
            (batch["input_ids"], batch["attention_mask"]),
            str(target / _TRACED),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "vectors": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,  # the other exporter needs two more packages, for the same graph
        )
    return found


def put_together(target: Path, found: Manifest, name: str, *, threads: int = 0) -> OnnxRuntime:
    """The traced graph, `EXACT` or `ROUNDED`, in the form that this kind of processor loads."""
    graph = target / _TRACED
    if name == ROUNDED:
        graph = target / "rounded.onnx"
        _round(target, graph, found)
    session(graph, optimize_to=target / name)
    if name == ROUNDED:
        graph.unlink()
    return OnnxRuntime(
        target, dataclasses.replace(found, runtime=name), threads=threads, graph=name
    )


def vectors_of(runtime: Runtime) -> list[Vectors]:
    """Those of short and long texts, in batches with much padding, for both roles."""
    long = [" ".join([*_TEXTS[at:], *_TEXTS[:at]]) for at in range(len(_TEXTS))]
    batches = [_TEXTS, [*_TEXTS[:3], *long[:3]], [*long[:2], " ".join(long)]]
    return [runtime.embed(batch, role) for batch in batches for role in _ROLES]


def least_cosine(got: Sequence[Vectors], wanted: Sequence[Vectors]) -> float:
    """Over all texts, of what is left of their vectors without the mean of those wanted: in some
    models all texts point so much the same way that any two have a cosine of 0.8. 0 where there are
    not as many numbers."""
    if any(a.shape != b.shape for a, b in zip(got, wanted, strict=True)):
        return 0.0
    mean = np.concatenate(wanted).mean(axis=0)
    ours, theirs = (unit_rows(np.concatenate(each) - mean) for each in (got, wanted))
    return float((ours * theirs).sum(axis=1).min())


def speed_of(runtime: Runtime) -> float:
    """Tokens per second of processor time. Unlike the clock it blames no runtime for what else the
    machine does."""
    texts, tokens = _BATCH
    each = runtime.count_tokens(["lease"])[0]
    batch = [" ".join(["lease"] * (tokens // each))] * texts
    took = []
    for _ in range(1 + _ROUNDS):
        began = time.process_time()
        runtime.embed(batch, "passage")
        took.append(time.process_time() - began)
    return round(texts * tokens / min(took[1:]), 1)


def _round(target: Path, rounded: Path, found: Manifest) -> None:
    """The traced graph in bytes, smoothed by the activations that texts of other kinds than those
    which it is then held against were seen to have."""
    traced, between = target / _TRACED, target / "between.onnx"
    names = smoothing.watch(traced, between)
    seeing = OnnxRuntime(target, found, graph=between.name)
    largest: dict[str, npt.NDArray[np.float32]] = {}
    for role in _ROLES:
        for pairs in PAIRS.values():
            texts = [" ".join(pair) for pair in pairs]
            inputs = seeing.inputs([*texts, " ".join(texts)], role)
            there = inputs["attention_mask"].astype(bool)
            for name, seen in zip(names, seeing.run(names, inputs), strict=True):
                tokens = seen[there] if seen.shape[:2] == there.shape else seen
                most = np.abs(tokens).max(axis=0)
                largest[name] = np.maximum(largest.get(name, most), most)
    del seeing
    smoothing.smooth(traced, between, largest=largest)
    round_graph(between, rounded)
    between.unlink()


def _described(reference: TorchRuntime) -> Manifest:
    """What a manifest says before anything is exported. Raises ModelUnusable for a model whose
    vectors depend on more than the tokens of a text."""
    model = reference.model
    parts = {type(part).__name__ for part in model}
    if others := parts - _PARTS:
        raise ModelUnusable(f"it has parts that are not exported: {', '.join(sorted(others))}")
    if not all(getattr(part, "include_prompt", True) for part in model):
        raise ModelUnusable("it leaves its prompt out of the mean")
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        raise ModelUnusable("its tokenizer is not one of the library tokenizers")
    inner = tokenizer("x", add_special_tokens=False)["input_ids"]
    whole = tokenizer("x")["input_ids"]
    at = whole.index(inner[0])
    return Manifest(
        dimension=reference.dimension,
        max_tokens=reference.room,
        before=whole[:at],
        after=whole[at + len(inner) :],
        pad=int(tokenizer.pad_token_id or 0),
        query_prompt=reference.prompts["query"],
        passage_prompt=reference.prompts["passage"],
    )


def main() -> None:
    source, target, threads = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    try:
        export(source, target, threads=threads)
    except OSError as error:
        sys.exit(f"{target} cannot be written to: {error.strerror or error}")
    except Exception as error:  # torch and what it traces raise what they like
        said = error.message if isinstance(error, ModelUnusable) else str(error)
        reason = (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        if shutil.disk_usage(target).free < _FULL:
            sys.exit(f"the disk is full ({reason})")
        Manifest(refused=reason).write(target)


if __name__ == "__main__":
    main()
