"""How a knowledge base grows: ingest rate, opening, memory and search at many chunks.

    python benchmarks/scale.py --chunks 100000
    python benchmarks/scale.py --chunks 100000 --texts SET/documents --questions SET/questions.jsonl

Documents are made of words drawn with the frequencies of natural text (Zipf), or repeat the
paragraphs of a folder's .txt files. Passages are embedded by a stand-in that hashes words into
vectors of 384 dimensions, so that the ingest is everything but the embedding model. Questions are
embedded by the starter model, whose own time is told apart, before a stand-in vector is searched.
"""

import argparse
import itertools
import json
import random
import resource
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quire.models.engine.openmp import wait_passively

wait_passively()

from quire import KnowledgeBase, load_settings
from quire.models import opening

WORDS_PER_PARAGRAPH = 150
PARAGRAPHS_PER_DOCUMENT = 100
VOCABULARY = 50_000
QUESTIONS = 100
PUNCTUATION = '.,;:?!"()'
RECALL = "SELECT coalesce((SELECT recall FROM snapshots ORDER BY generation DESC LIMIT 1), 1.0)"
"""Of the ten nearest chunks, the share that dense search finds; 1 where all are compared."""


class HashedEmbedder:
    """Word counts, signed and hashed into 384 dimensions, of unit length. A question is embedded by
    the starter model too, so that it takes its time; `took` holds these times in milliseconds."""

    name = "hashed"
    fingerprint = "hashed"
    dimension = 384
    max_tokens = 254

    def __init__(self) -> None:
        self.took: list[float] = []
        self._real = opening.embedder(load_settings(embedder="starter"))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [text.count(" ") + 1 for text in texts]

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = (word.strip(PUNCTUATION).encode() for word in text.casefold().split())
            slots = np.fromiter(map(zlib.crc32, words), np.int64)
            np.add.at(row, slots % self.dimension, np.where(slots & 1024, 1.0, -1.0))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
        progress(len(texts))
        return rows

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        began = time.perf_counter()
        self._real.embed_question(text)
        self.took.append((time.perf_counter() - began) * 1000)
        row: npt.NDArray[np.float32] = self.embed_passages([text])[0]
        return row


def made_paragraphs(chosen: random.Random) -> Iterator[str]:
    words = [f"{'bcdfghklmnprstvz'[n % 16]}{n:x}" for n in range(VOCABULARY)]
    weights = list(np.cumsum(1 / np.arange(2, VOCABULARY + 2)))
    while True:
        yield " ".join(chosen.choices(words, cum_weights=weights, k=WORDS_PER_PARAGRAPH)) + "."


def repeated_paragraphs(folder: Path) -> Iterator[str]:
    """The paragraphs of a folder again and again, each time with another number before them."""
    files = sorted(folder.glob("*.txt"))
    texts = [p for file in files for p in file.read_text("utf-8").split("\n\n") if len(p) > 100]
    return (f"{turn}: {text}" for turn in itertools.count(1) for text in texts)


def make_documents(folder: Path, paragraphs: Iterator[str], *, chunks: int) -> None:
    for number in range(chunks // PARAGRAPHS_PER_DOCUMENT):
        text = "\n\n".join(itertools.islice(paragraphs, PARAGRAPHS_PER_DOCUMENT))
        (folder / f"{number:05}.txt").write_text(text, encoding="utf-8")


def made_questions(chosen: random.Random) -> list[str]:
    questions = []
    for _ in range(QUESTIONS):
        first = chosen.randrange(VOCABULARY // 20)
        words = (f"{'bcdfghklmnprstvz'[n % 16]}{n:x}" for n in range(first, first + 6))
        questions.append(" ".join(words))
    return questions


def read_questions(path: Path, chosen: random.Random) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in chosen.sample(lines, QUESTIONS)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--texts", type=Path, help="folder of .txt files")
    parser.add_argument("--questions", type=Path, help="a questions.jsonl")
    options = parser.parse_args()
    settings = load_settings(model="none")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = folder / "documents"
        documents.mkdir()
        chosen = random.Random(0)
        paragraphs = (
            repeated_paragraphs(options.texts) if options.texts else made_paragraphs(chosen)
        )
        make_documents(documents, paragraphs, chunks=options.chunks)
        questions = (
            read_questions(options.questions, chosen)
            if options.questions
            else made_questions(chosen)
        )
        moments: list[tuple[float, int]] = []
        with KnowledgeBase.open(folder / "kb", settings=settings, embedder=HashedEmbedder()) as kb:
            report = kb.add(
                documents, progress=lambda p: moments.append((time.perf_counter(), p.chunks))
            )
            # The stand-in understands nothing, and takes part in searches all the same.
            kb._catalog.put_settings(reading={"en": 1.0, "zh": 1.0})  # noqa: SLF001
        tenth = len(moments) // 10
        rates = [
            (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])
            for part in (moments[1:tenth], moments[-tenth:])
        ]
        print(f"{report.chunks:,} chunks in {report.seconds:.0f} s")
        print(f"rate: first tenth {rates[0]:.0f}/s, last tenth {rates[1]:.0f}/s")
        print(f"ratio of the last to the first: {rates[1] / rates[0]:.2f}")
        embedder = HashedEmbedder()
        embedder.embed_question("warm")
        began = time.perf_counter()
        with KnowledgeBase.open(
            folder / "kb", settings=settings, embedder=embedder, create=False
        ) as kb:
            kb.search(questions[0], k=8)
            print(f"open and first search: {time.perf_counter() - began:.2f} s")
            embedder.took.clear()
            took = []
            for question in questions:
                began = time.perf_counter()
                kb.search(question, k=8)
                took.append((time.perf_counter() - began) * 1000)
            beyond = [all_ - bare for all_, bare in zip(took, embedder.took, strict=True)]
            for title, times in (("search", took), ("beyond embedding the question", beyond)):
                p50, p95 = np.quantile(times, [0.5, 0.95])
                print(f"{title}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
            with kb._catalog.reading() as connection:  # noqa: SLF001  for no user
                recall = connection.execute(RECALL).get
                print(f"recall of the ten nearest, as measured: {recall:.3f}")
            began = time.perf_counter()
            again = kb.add(documents)
            elapsed = time.perf_counter() - began
            print(f"the same again: {again.unchanged:,} unchanged in {elapsed:.2f} s")
        size = sum(path.stat().st_size for path in (folder / "kb").rglob("*") if path.is_file())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"on disk {size / 1e6:.0f} MB, peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
