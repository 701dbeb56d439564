"""How a knowledge base grows: ingest rate, opening, memory and search at many chunks.

    python benchmarks/scale.py --chunks 100000

Documents are made of words drawn with the frequencies of natural text (Zipf), and embedded by a
stand-in that hashes words into vectors of 384 dimensions: what is measured is everything but the
embedding model.
"""

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire import KnowledgeBase, load_settings

WORDS_PER_PARAGRAPH = 150
PARAGRAPHS_PER_DOCUMENT = 100
VOCABULARY = 50_000


class HashedEmbedder:
    """Word counts, signed and hashed into 384 dimensions, of unit length."""

    name = "hashed"
    fingerprint = "hashed"
    dimension = 384
    max_tokens = 254

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [text.count(" ") + 1 for text in texts]

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            slots = np.fromiter((hash(word) for word in text.split()), np.int64)
            np.add.at(row, slots % self.dimension, np.where(slots & 1024, 1.0, -1.0))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
        progress(len(texts))
        return rows

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        row: npt.NDArray[np.float32] = self.embed_passages([text])[0]
        return row


def make_documents(folder: Path, *, chunks: int) -> None:
    chosen = random.Random(0)
    words = [f"{'bcdfghklmnprstvz'[n % 16]}{n:x}" for n in range(VOCABULARY)]
    weights = list(np.cumsum(1 / np.arange(2, VOCABULARY + 2)))
    for number in range(chunks // PARAGRAPHS_PER_DOCUMENT):
        paragraphs = (
            " ".join(chosen.choices(words, cum_weights=weights, k=WORDS_PER_PARAGRAPH)) + "."
            for _ in range(PARAGRAPHS_PER_DOCUMENT)
        )
        (folder / f"{number:05}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=100_000)
    options = parser.parse_args()
    settings = load_settings(model="none")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = folder / "documents"
        documents.mkdir()
        make_documents(documents, chunks=options.chunks)
        moments: list[tuple[float, int]] = []
        with KnowledgeBase.open(folder / "kb", settings=settings, embedder=HashedEmbedder()) as kb:
            report = kb.add(
                documents, progress=lambda p: moments.append((time.perf_counter(), p.chunks))
            )
        tenth = len(moments) // 10
        rates = [
            (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])
            for part in (moments[1:tenth], moments[-tenth:])
        ]
        print(f"{report.chunks:,} chunks in {report.seconds:.0f} s")
        print(f"rate: first tenth {rates[0]:.0f}/s, last tenth {rates[1]:.0f}/s")
        print(f"ratio of the last to the first: {rates[1] / rates[0]:.2f}")
        began = time.perf_counter()
        with KnowledgeBase.open(
            folder / "kb", settings=settings, embedder=HashedEmbedder(), create=False
        ) as kb:
            kb.search("b0 c1", k=8)
            print(f"open and first search: {time.perf_counter() - began:.2f} s")
            chosen = random.Random(1)
            took = []
            for _ in range(100):
                first = chosen.randrange(VOCABULARY // 20)
                question = " ".join(
                    f"{'bcdfghklmnprstvz'[n % 16]}{n:x}" for n in range(first, first + 6)
                )
                began = time.perf_counter()
                kb.search(question, k=8)
                took.append((time.perf_counter() - began) * 1000)
            took.sort()
            print(f"search: p50 {statistics.median(took):.1f} ms, p95 {took[94]:.1f} ms")
            began = time.perf_counter()
            again = kb.add(documents)
            elapsed = time.perf_counter() - began
            print(f"the same again: {again.unchanged:,} unchanged in {elapsed:.2f} s")
        size = sum(path.stat().st_size for path in (folder / "kb").rglob("*") if path.is_file())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"on disk {size / 1e6:.0f} MB, peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
