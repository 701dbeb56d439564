"""Ingest speed side by side: Quire against the pipeline of every tutorial.

    python benchmarks/ingest.py                     generated PDFs: one of 160 pages, ten of ten
    python benchmarks/ingest.py FILE.pdf …          your own

The tutorial pipeline is pypdf page by page, RecursiveCharacterTextSplitter 1000/150,
SentenceTransformer in float32 with batches of 32, and a flat FAISS index in memory. Both use the
same embedding model and all cores, take turns, and are timed from the first file to a searchable
index; imports and loading the model are left out on both sides. Quire also writes everything to
disk durably. Processor time, that of ended workers included, tells more than the clock where the
machine does something else beside.

Memory is the peak of what the process and its workers hold together, looked at every 20 ms. (The
maximum that the system keeps for each ended child will not do: a child begins with its parent's,
until it has loaded its own program.) Needs Linux and `pip install '.[bench]'`.
"""

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

PIPELINES = ("tutorial", "quire")


def run_tutorial(files: Sequence[Path], _: Path) -> dict[str, float]:
    import faiss
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from pypdf import PdfReader
    from sentence_transformers import SentenceTransformer

    from quire.models.store import starter

    model = SentenceTransformer(str(starter.embedder().path), device="cpu")
    model.encode(["warm"])
    began, spent = time.perf_counter(), processor_seconds()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150)
    texts, pages = [], 0
    for file in files:
        for page in PdfReader(file).pages:
            pages += 1
            texts += splitter.split_text(page.extract_text())
    vectors = model.encode(texts, batch_size=32, show_progress_bar=False)
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    return {
        "seconds": time.perf_counter() - began,
        "processor": processor_seconds() - spent,
        "pages": pages,
    }


def run_quire(files: Sequence[Path], folder: Path) -> dict[str, float]:
    from quire import KnowledgeBase
    from quire.ingest.report import Progress

    with KnowledgeBase.open(folder / "kb") as kb:
        kb.embedder.embed_question("warm")
        expected: list[tuple[float, float]] = []  # (moment, seconds then thought to be left)

        def hear(progress: Progress) -> None:
            if progress.remaining is not None:
                expected.append((time.perf_counter(), progress.remaining))

        began, spent = time.perf_counter(), processor_seconds()
        report = kb.add(files, progress=hear)
        ended = time.perf_counter()
        if report.added != len(files):
            raise SystemExit(f"not every file was taken in: {report}")
        errors = [abs(moment + left - ended) / (ended - began) for moment, left in expected]
        return {
            "seconds": ended - began,
            "processor": processor_seconds() - spent,
            "pages": sum(document.pages or 0 for document in kb.documents()),
            "eta_error": statistics.median(errors),
        }


def processor_seconds() -> float:
    """Of this process and of those that it has started and that have ended."""
    uses = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def child(pipeline: str, files: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = run_quire if pipeline == "quire" else run_tutorial
        measured = run(files, Path(folder))
    print(json.dumps(measured))


def measure(pipeline: str, files: Sequence[Path]) -> dict[str, float]:
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", pipeline, *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(resident_bytes, family(process.pid))))
        time.sleep(0.02)
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the {pipeline} pipeline failed")
    measured: dict[str, float] = json.loads(said.splitlines()[-1])
    return measured | {"peak_mb": peak / 1e6}


def family(pid: int) -> list[int]:
    """A process and all that came from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            for child_ in task.read_text().split():
                found += family(int(child_))
    return found


def resident_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def compare(title: str, files: Sequence[Path], *, rounds: int) -> None:
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in PIPELINES}
    for _ in range(rounds):
        for name in PIPELINES:
            runs[name].append(measure(name, files))
    print(f"\n{title} (median of {rounds} rounds in turn)")
    for name in PIPELINES:
        seconds = statistics.median(run["seconds"] for run in runs[name])
        peak = statistics.median(run["peak_mb"] for run in runs[name])
        spent = statistics.median(run["processor"] for run in runs[name])
        rate = runs[name][0]["pages"] / seconds
        print(
            f"  {name:<9}{seconds:>7.1f} s  {spent:>7.1f} s of the processor  "
            f"{rate:>7.1f} pages/s  {peak:>6.0f} MB peak"
        )
    error = statistics.median(run["eta_error"] for run in runs["quire"])
    print(f"  median error of Quire's estimates of its end: {error:.0%} of the whole time")
    for what in ("seconds", "processor"):
        pairs = zip(runs["tutorial"], runs["quire"], strict=True)
        ratio = statistics.median(a[what] / b[what] for a, b in pairs)
        print(f"  ratio of {what:<9} {ratio:>7.2f}")


def make_pdf(path: Path, *, pages: int, seed: int) -> Path:
    """A report of plain paragraphs, some 500 words a page."""
    import random

    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    source = Path(__file__).parent.parent / "examples" / "sources" / "lease-and-handbook.txt"
    words = [word for word in source.read_text(encoding="utf-8").split() if word.isalpha()]
    chosen = random.Random(seed)
    style = getSampleStyleSheet()["BodyText"]
    story: list[object] = []
    for _ in range(pages):
        for _ in range(6):
            sentences = [" ".join(chosen.choices(words, k=14)).capitalize() for _ in range(6)]
            story += [Paragraph(". ".join(sentences) + ".", style), Spacer(1, 6)]
        story.append(PageBreak())
    SimpleDocTemplate(str(path)).build(story)
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=PIPELINES)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.files)
    elif options.files:
        compare(f"{len(options.files)} files", options.files, rounds=options.rounds)
    else:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            long = make_pdf(folder / "long.pdf", pages=160, seed=0)
            compare("one PDF of 160 pages", [long], rounds=options.rounds)
            short = [make_pdf(folder / f"{n}.pdf", pages=10, seed=n) for n in range(1, 11)]
            compare("ten PDFs of ten pages", short, rounds=options.rounds)


if __name__ == "__main__":
    main()
