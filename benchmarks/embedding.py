"""What computes an embedding model, side by side: torch and ONNX Runtime, exact and in bytes.

    python benchmarks/embedding.py                          the starter model, speed and cosine
    python benchmarks/embedding.py MODEL --sets PATH …      another, and what each set finds

Speed is in tokens per second of processor time, over passages of 40 to 150 words in batches by
length, with two rounds in turn and the better one taken. Cosines are to torch in float32, the least
and the mean, over the same passages. For each evaluation set (docs/evaluation.md) two knowledge
bases are made, with the vectors of the exact graph and of the rounded one, and asked with the
questions of both: recall@5 of the dense search alone, and of the search as it is used. The exact
graph stands for torch in float32, from which it differs by less than a millionth.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

import numpy as np

from quire import KnowledgeBase, load_settings
from quire.evaluation import datasets
from quire.evaluation.relevance import GoldPlaces, first_rank
from quire.models.embedding import SentenceEmbedder
from quire.models.runtimes import exporting
from quire.models.runtimes.contract import Runtime, Vectors
from quire.models.runtimes.exporting import EXACT, ROUNDED
from quire.models.runtimes.pytorch import TorchRuntime
from quire.models.store.starter import ENGLISH

_DEPTH = 5
_BATCH_TOKENS = 2048


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", type=Path, default=ENGLISH.path)
    parser.add_argument("--sets", nargs="*", type=Path, default=[])
    parser.add_argument("--limit", type=int, help="questions of each set")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exact = TorchRuntime(options.model, exact=True)
        found = exporting.trace(exact, folder)
        graphs = {each: exporting.put_together(folder, found, each) for each in (EXACT, ROUNDED)}
        # The model that is traced is left with the attention of a trace, which is slower.
        torches = (TorchRuntime(options.model, exact=True), TorchRuntime(options.model))
        compare([*torches, *graphs.values()])
        for path in options.sets:
            retrieve(path, options.model, graphs, folder, limit=options.limit)


def compare(runtimes: Sequence[Runtime]) -> None:
    texts = passages()
    best: dict[str, float] = {}
    vectors: dict[str, Vectors] = {}
    for _ in range(2):
        for runtime in runtimes:
            vectors[runtime.name], speed = embedded(runtime, texts)
            best[runtime.name] = max(best.get(runtime.name, 0.0), speed)
    first = runtimes[0].name
    print(f"{'':16} {'tokens/CPU s':>12} {'ratio':>6} {'least cosine':>13} {'mean':>8}")
    for name, speed in best.items():
        cosines = (vectors[name] * vectors[first]).sum(axis=1)
        ratio = speed / best[first]
        print(f"{name:16} {speed:12.0f} {ratio:6.2f} {cosines.min():13.5f} {cosines.mean():8.5f}")


def embedded(runtime: Runtime, texts: Sequence[str]) -> tuple[Vectors, float]:
    lengths = runtime.count_tokens(texts)
    order = sorted(range(len(texts)), key=lambda at: -lengths[at])
    vectors = np.empty((len(texts), runtime.dimension), np.float32)
    runtime.embed(texts[:4], "passage")
    began = time.process_time()
    while order:
        count = max(1, _BATCH_TOKENS // lengths[order[0]])
        batch, order = order[:count], order[count:]
        vectors[batch] = runtime.embed([texts[at] for at in batch], "passage")
    return vectors, sum(lengths) / (time.process_time() - began)


def passages() -> list[str]:
    """Runs of words of the samples, in both languages."""
    folder = Path(__file__).parent.parent / "examples" / "sources"
    chosen, found = random.Random(0), list[str]()
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        pieces = text.split()
        for _ in range(96):
            at = chosen.randrange(len(pieces))
            found.append(" ".join(pieces[at : at + chosen.randint(40, 150)])[:900])
    return found


class Fixed(SentenceEmbedder):
    """The model, computed by one runtime."""

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        super().__init__(folder, name="fixed", find_card=lambda: (None, ""))
        self._exported = (runtime, "", True)  # type: ignore[misc,assignment]


def retrieve(
    path: Path, model: Path, graphs: dict[str, Runtime], folder: Path, *, limit: int | None
) -> None:
    dataset = datasets.load(path).first(limit)
    settings = load_settings(model="none")
    for passages_by, embeds in graphs.items():
        place = folder / path.name / passages_by
        with KnowledgeBase.open(place, settings=settings, embedder=Fixed(model, embeds)) as base:
            base.add(dataset.documents)
        for questions_by, asks in graphs.items():
            with KnowledgeBase.open(place, settings=settings, embedder=Fixed(model, asks)) as base:
                gold = GoldPlaces(base, dataset.documents)
                found = {"dense": 0, "hybrid": 0}
                asked = [each for each in dataset.questions if each.answers and gold.of(each)]
                for each in asked:
                    for mode in found:
                        hits = base.search(each.question, k=_DEPTH, mode=mode)  # type: ignore[arg-type]
                        found[mode] += first_rank(hits, gold.of(each), unit=None) is not None
                shares = "  ".join(f"{m} {n / len(asked):.4f}" for m, n in found.items())
                print(
                    f"{path.name:18} passages {passages_by:12} questions {questions_by:12} "
                    f"recall@5 of {len(asked)}: {shares}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
