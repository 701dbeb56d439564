"""Answers side by side: Quire against the pipeline of every tutorial, on the same questions.

    python benchmarks/answers.py DATA                     an evaluation set, its first 20 questions
    python benchmarks/answers.py DATA --limit 100 --kb KB

DATA is a folder with documents/ and questions.jsonl, as `quire eval` takes it. The tutorial
pipeline is pypdf page by page, RecursiveCharacterTextSplitter 1000/150, SentenceTransformer, a flat
FAISS index, and the best four chunks in one prompt for llama-cpp-python with a context of 4,096
tokens. Both use the same embedding model, the same GGUF file and all cores, in one process, and
take turns question by question. Both are warm: models are loaded, documents indexed, and one
question was answered before.

"First useful text" is the first that a reader can use: for Quire quotes or a checked sentence, for
the tutorial pipeline the model's first token. `contained` is the share of answerable questions
whose accepted answer stands in what is shown, `refused` that of the unanswerable ones that are
refused.
Needs `pip install '.[bench]'`.
"""

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.models.engine.openmp import wait_passively

wait_passively()

from quire import Answer, KnowledgeBase
from quire.evaluation import datasets, metrics
from quire.models.store.starter import CHAT, ENGLISH

PROMPT = (
    "Use the following pieces of context to answer the question at the end. If you don't know the "
    "answer, just say that you don't know, don't try to make up an answer.\n\n{context}\n\n"
    "Question: {question}\nHelpful Answer:"
)
REFUSES = re.compile(
    r"don['’]t know|do not know|not (?:mentioned|provided|specified|stated|given|possible)"
    r"|no information|cannot (?:answer|be determined)|不知道|没有提到|未提及|无法",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """Seconds since the question: `useful` and `token` are None where nothing came."""

    text: str
    refused: bool
    useful: float | None
    token: float | None
    total: float


class Tutorial:
    def __init__(self, folder: Path, model: Path) -> None:
        import faiss
        from langchain_text_splitters import RecursiveCharacterTextSplitter
        from sentence_transformers import SentenceTransformer

        self.embedder = SentenceTransformer(str(ENGLISH.path), device="cpu")
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150)
        self.chunks = [
            chunk
            for file in sorted(folder.iterdir())
            for page in pages(file)
            for chunk in splitter.split_text(page)
        ]
        vectors = self.embedder.encode(self.chunks, batch_size=32, show_progress_bar=False)
        self.index = faiss.IndexFlatL2(vectors.shape[1])
        self.index.add(vectors)
        self.llama = opened(model)

    def ask(self, question: str) -> Asked:
        began = time.perf_counter()
        vector = self.embedder.encode([question], show_progress_bar=False)
        _, found = self.index.search(vector, 4)
        context = "\n\n".join(self.chunks[at] for at in found[0])
        messages = [{"role": "user", "content": PROMPT.format(context=context, question=question)}]
        text, first = "", None
        for piece in self.llama.create_chat_completion(
            messages, stream=True, temperature=0.0, max_tokens=256
        ):
            said = piece["choices"][0]["delta"].get("content", "")
            if said and first is None:
                first = time.perf_counter() - began
            text += said
        total = time.perf_counter() - began
        return Asked(text, bool(REFUSES.search(text)), first, first, total)


def pages(file: Path) -> Iterator[str]:
    if file.suffix.lower() == ".pdf":
        from pypdf import PdfReader

        for page in PdfReader(file).pages:
            yield page.extract_text()
    else:
        yield file.read_text(encoding="utf-8")


def opened(model: Path) -> Any:
    """The model as a tutorial opens it, but for one setting: with the weights repacked, some builds
    crash at the first token (quire.models.engine.selftest), and Quire decides that by itself."""
    import llama_cpp
    import llama_cpp.llama_cpp as api

    default = api.llama_model_default_params

    def params() -> Any:
        made = default()
        made.use_extra_bufts = False
        return made

    api.llama_model_default_params = params
    try:
        return llama_cpp.Llama(str(model), n_ctx=4096, verbose=False)
    finally:
        api.llama_model_default_params = default


def ask_quire(kb: KnowledgeBase, question: str) -> Asked:
    began = time.perf_counter()
    seen: list[float] = []

    def note(_: object) -> None:
        seen.append(time.perf_counter() - began)

    for piece in kb.stream(question, store=False, on_draft=note):
        note(piece)
        if isinstance(piece, Answer):
            answer = piece
    first = answer.timings.first_token
    return Asked(
        answer.text,
        answer.status == "not_found",
        seen[0],
        None if first is None else first / 1000,
        time.perf_counter() - began,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--kb", type=Path, help="its documents, ingested before")
    given = parser.parse_args()
    dataset = datasets.load(given.data)
    step = max(1, len(dataset.questions) // given.limit)
    questions = dataset.questions[::step][: given.limit]
    if CHAT.path is None:
        raise SystemExit(f"The starter chat model is missing: {CHAT.install}")
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(given.kb or Path(folder) / "kb") as kb,
    ):
        if given.kb is None:
            kb.add(dataset.documents)
        tutorial = Tutorial(dataset.documents, CHAT.path)
        pipelines = {"tutorial": tutorial.ask, "quire": lambda question: ask_quire(kb, question)}
        results: dict[str, list[Asked]] = {name: [] for name in pipelines}
        for ask in pipelines.values():
            ask(questions[-1].question)
        for question in questions:
            for name, ask in pipelines.items():
                results[name].append(ask(question.question))
    print(f"{dataset.name}: {len(questions)} questions")
    for name, asked in results.items():
        useful, token, total = (
            median([getattr(each, what) for each in asked]) for what in ("useful", "token", "total")
        )
        pairs = list(zip(questions, asked, strict=True))
        contained = share([metrics.contained(a.text, q.answers) for q, a in pairs if q.answers])
        refused = share([a.refused for q, a in pairs if not q.answers])
        wrongly = share([a.refused for q, a in pairs if q.answers])
        print(
            f"  {name:<9} first useful text {useful}, first token {token}, whole answer {total}; "
            f"contained {contained}, refused {refused}, refused wrongly {wrongly}"
        )
    both = [
        (slow.token, fast.token)
        for slow, fast in zip(results["tutorial"], results["quire"], strict=True)
        if slow.token and fast.token
    ]
    if both:
        ratio = statistics.median(slow / fast for slow, fast in both)
        print(f"  first token: Quire is {ratio:.1f} times as soon ({len(both)} questions)")


def median(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.2f} s" if known else "-"


def share(values: list[Any]) -> str:
    return f"{statistics.fmean(values):.0%}" if values else "-"


if __name__ == "__main__":
    main()
