"""Make of trained weights what Quire loads, and count what it finds on the test half.

    python training/ship.py WEIGHTS

Writes app/models/entailment/entailment.onnx, the layers in bytes, and calibration.json: the
temperature of each language, fitted on the development documents, and the bounds of verdicts, which
let at most one of twenty false statements pass there.
"""

import hashlib
import json
import shutil
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoTokenizer

import encoder
from encoder import Encoder
from examples import Example, read
from mixing import CLASSES
from quire import load_settings
from quire.models import opening
from quire.models.entailment.calibration import language_of, softmax
from quire.models.entailment.small import SmallEntailment
from quire.models.runtimes import smoothing
from quire.models.runtimes.onnx import session
from quire.models.runtimes.rounding import round_graph
from quire.models.store import starter
from quire.verification import Reading, premises
from quire.verification.entailment import Heard

TARGET = Path(__file__).parent.parent / "app" / "models" / "entailment"
FALSE = 0.05  # of the false statements may be called supported
WRONG = 0.02  # of the true ones may be called contradicted
_OPSET = 18
_INPUTS = ("words", "mask", "claim")
_SEEN = 96  # pairs whose activations are looked at before they are rounded
Floats = npt.NDArray[np.float32]


def main() -> None:
    folder = starter.BILINGUAL.path
    if folder is None:
        sys.exit("The bilingual starter embedder is not there: make starter")
    examples = [each for each in read("pairs") if each.split != "train"]
    model = Encoder(folder)
    model.load_state_dict(torch.load(sys.argv[1]), strict=False)
    with tempfile.TemporaryDirectory() as at:
        pairs = [(premises.write(each.sources[:4]), each.text) for each in examples[:_SEEN]]
        export(model.eval(), Path(at), folder, pairs)
        shutil.move(Path(at) / "rounded.onnx", TARGET / "entailment.onnx")
    plain = {"temperature": 1.0, "bounds": {"supported": 1.0, "contradicted": 1.0}}
    write(dict.fromkeys(("en", "zh"), plain))
    heard = list(hear(examples, SmallEntailment(folder)))
    labels = np.array([CLASSES.index(each.label) for each in examples])
    languages = np.array([language_of(each.text) for each in examples])
    developed = np.array([each.split == "development" for each in examples])
    rows = {}
    for language in ("en", "zh"):
        of = languages == language
        together = np.stack([each.together for each in heard])
        fit = developed & of
        temperature = fitted(np.log(together[fit]), labels[fit])
        odds = np.array([_cooled(each, temperature) for each in heard], np.float32)
        found = bounds(odds[fit], labels[fit])
        rows[language] = {"temperature": round(temperature, 3), "bounds": found}
        tested = of & ~developed
        report(language, odds[tested], labels[tested], found)
        kinds(
            [each for each, is_ in zip(examples, tested, strict=True) if is_], odds[tested], found
        )
    write(rows)


def hear(examples: Sequence[Example], model: SmallEntailment) -> Iterator[Heard]:
    """What the model says of each, held against its document as answers are."""
    embedder = opening.embedder(load_settings(embedder="starter"))
    readings: dict[str, Reading] = {}
    for example in examples:
        if example.document not in readings:
            embed = embedder.embed_passages
            readings[example.document] = Reading(model, example.passages, embed=embed)
        heard = readings[example.document].hear(example.text)
        yield heard or Heard((), np.full(3, 1 / 3, np.float32), (), vetoed=True)


def _cooled(heard: Heard, temperature: float) -> tuple[float, float]:
    """That a statement is supported, and contradicted, by another temperature."""
    if heard.vetoed:
        return 0.0, float(softmax(np.log(heard.together[None]) / temperature)[0, 1])
    # Without a rule that says so too, none is called contradicted.
    rows = softmax(np.log(np.stack([heard.together, *heard.alone])) / temperature)
    return float(rows[:, 0].max()), 0.0


def export(model: Encoder, target: Path, folder: Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Write rounded.onnx, smoothed by the activations of some pairs."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = encoder.joined(tokenizer, pairs)
    batches = [encoder.batch(rows[at : at + 8]) for at in range(0, len(rows), 8)]
    inputs = [(model.words(ids), mask, claim) for ids, mask, claim in batches]
    axes = {0: "pairs", 1: "tokens"}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            inputs[0],
            str(target / "traced.onnx"),
            input_names=list(_INPUTS),
            output_names=["logits"],
            dynamic_axes=dict.fromkeys(_INPUTS, axes) | {"logits": {0: "pairs"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    names = smoothing.watch(target / "traced.onnx", target / "watched.onnx")
    seeing = session(target / "watched.onnx")
    largest: dict[str, Floats] = {}
    for tensors in inputs:
        given = dict(zip(_INPUTS, (each.numpy() for each in tensors), strict=True))
        there = given["mask"].astype(bool)
        for name, seen in zip(names, seeing.run(names, given), strict=True):
            tokens = seen[there] if seen.shape[:2] == there.shape else seen
            most = np.abs(tokens).max(axis=0)
            largest[name] = np.maximum(largest.get(name, most), most)
    smoothing.smooth(target / "traced.onnx", target / "smooth.onnx", largest=largest)
    round_graph(target / "smooth.onnx", target / "rounded.onnx")


def write(rows: object) -> None:
    weights = (TARGET / "entailment.onnx").read_bytes()
    kept = {"sha256": hashlib.sha256(weights).hexdigest(), "languages": rows}
    (TARGET / "calibration.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def fitted(logits: Floats, labels: npt.NDArray[np.int_]) -> float:
    """The temperature under which the labels are likeliest (Guo et al. 2017)."""
    tried = np.geomspace(0.5, 4, 60)
    return float(min(tried, key=lambda t: -_log_likelihood(logits / t, labels)))


def _log_likelihood(logits: Floats, labels: npt.NDArray[np.int_]) -> float:
    return float(np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-9).mean())


def bounds(odds: Floats, labels: npt.NDArray[np.int_]) -> dict[str, float]:
    """From which a statement is called supported, or contradicted."""
    true = labels == 0
    return {
        "supported": round(float(np.quantile(odds[~true, 0], 1 - FALSE)), 3),
        "contradicted": round(float(np.quantile(odds[true, 1], 1 - WRONG)), 3),
    }


def report(
    language: str, odds: Floats, labels: npt.NDArray[np.int_], found: dict[str, float]
) -> None:
    """What becomes of the test half, and how far probabilities are from odds."""
    supported = odds[:, 0] >= found["supported"]
    against = (odds[:, 1] >= found["contradicted"]) & ~supported
    print(f"\n{language}: {len(labels)} statements of test documents, {found}")
    print(f"{'':<14}{'n':>6}{'supported':>11}{'contradicted':>14}")
    for at, name in enumerate(CLASSES):
        of = labels == at
        print(f"{name:<14}{of.sum():>6}{supported[of].mean():>11.3f}{against[of].mean():>14.3f}")
    for low in np.arange(0, 1, 0.2):
        of = (odds[:, 0] >= low) & (odds[:, 0] < low + 0.2)
        if of.any():
            print(f"  said {odds[of, 0].mean():.2f}, supported {(labels[of] == 0).mean():.2f}")


def kinds(examples: Sequence[Example], odds: Floats, found: dict[str, float]) -> None:
    """The share called supported, by kind."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for example, row in zip(examples, odds, strict=True):
        by_kind[f"{example.label}, {example.kind}"].append(bool(row[0] >= found["supported"]))
    for kind, told in sorted(by_kind.items()):
        print(f"  {kind:<34}{len(told):>5}{np.mean(told):>8.2f}")


if __name__ == "__main__":
    main()
