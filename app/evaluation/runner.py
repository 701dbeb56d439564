"""Runs a set's questions through a knowledge base and reports metrics, in all and by language."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quire.evaluation import metrics
from quire.evaluation.datasets import Dataset, TestQuestion
from quire.knowledge_base import KnowledgeBase
from quire.records import PAGE_BREAK, Hit

What = Literal["retrieval", "answers", "all"]

_DEPTH = 10
_LONGEST_HIT = 2_000  # characters: a longer hit would hold the evidence by sheer size
_MOST_PAGES = 2
_OVERLAP = 0.5  # of the shorter of hit and evidence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question: each metric's value, where it applies."""

    question: TestQuestion
    values: Mapping[str, float]
    milliseconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Outcomes over a set; `to_dict` is the JSON of `quire eval`."""

    dataset: str
    outcomes: tuple[Outcome, ...]

    def to_dict(self) -> dict[str, Any]:
        by_language = {
            language: _summary([o for o in self.outcomes if o.question.language == language])
            for language in sorted({o.question.language for o in self.outcomes})
        }
        times: dict[str, list[float]] = {}
        for outcome in self.outcomes:
            for name, value in outcome.milliseconds.items():
                times.setdefault(name, []).append(value)
        return {
            "set": self.dataset,
            "counts": {
                "questions": len(self.outcomes),
                "answerable": sum(bool(o.question.answers) for o in self.outcomes),
                "unanswerable": sum(not o.question.answers for o in self.outcomes),
            },
            **_summary(self.outcomes),
            "by_language": by_language,
            "latency_ms": {
                name: {
                    "p50": round(statistics.median(values), 1),
                    "p95": round(_quantile(values, 0.95), 1),
                }
                for name, values in times.items()
            },
        }

    def lines(self) -> Iterable[str]:
        """The same as a table for people."""
        report = self.to_dict()
        counts = report["counts"]
        yield (
            f"{self.dataset}: {counts['questions']} questions, "
            f"{counts['unanswerable']} of them unanswerable"
        )
        for part in ("retrieval", "answers"):
            for name, value in report[part].items():
                low, high = report["intervals"][part][name]
                yield f"  {part:<10} {name:<16} {value:8.3f}   [{low:.3f}, {high:.3f}]"
        for name, value in report["latency_ms"].items():
            yield f"  latency    {name:<16} p50 {value['p50']:.0f} ms, p95 {value['p95']:.0f} ms"


_RETRIEVAL = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
_ANSWERS = (
    "contained",
    "f1",
    "exact",
    "refusal_recall",
    "false_refusals",
    "supported",
    "mean_words",
)


def run(
    base: KnowledgeBase,
    dataset: Dataset,
    *,
    what: What = "all",
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Evaluation:
    """Ask a set's questions, the first `limit` of them. The documents were ingested before."""
    questions = dataset.questions[:limit]
    texts = _Texts(base)
    outcomes = []
    for done, question in enumerate(questions, start=1):
        values: dict[str, float] = {}
        times: dict[str, float] = {}
        if what != "answers":
            values |= _retrieval(base, question, texts, times)
        if what != "retrieval":
            values |= _answer(base, question, times)
        outcomes.append(Outcome(question, values, times))
        progress(done, len(questions))
    return Evaluation(dataset.name, tuple(outcomes))


class _Texts:
    """Where a question's evidence stands in its document's text as it was read."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._by_name = {document.name: document for document in base.documents()}
        self._texts: dict[str, str] = {}

    def evidence(self, question: TestQuestion) -> tuple[int, int] | None:
        name = question.document or ""
        if name not in self._by_name:
            return None
        if name not in self._texts:
            pages = self._base.pages(self._by_name[name])
            self._texts[name] = PAGE_BREAK.join(page.text for page in pages)
        start = self._texts[name].find(question.evidence)
        return (start, start + len(question.evidence)) if start >= 0 else None


def _retrieval(
    base: KnowledgeBase, question: TestQuestion, texts: _Texts, times: dict[str, float]
) -> dict[str, float]:
    began = time.perf_counter()
    hits = base.search(question.question, k=_DEPTH)
    times["search"] = (time.perf_counter() - began) * 1000
    if not question.answers:
        return {}
    place = texts.evidence(question) if question.page is None else None
    rank = next((hit.rank for hit in hits if is_relevant(hit, question, place)), None)
    return {
        "recall@1": metrics.recall_at(rank, 1),
        "recall@5": metrics.recall_at(rank, 5),
        "recall@10": metrics.recall_at(rank, 10),
        "mrr@10": metrics.reciprocal_rank(rank),
        "ndcg@10": metrics.ndcg(rank),
    }


def is_relevant(hit: Hit, question: TestQuestion, place: tuple[int, int] | None) -> bool:
    """Whether a hit is the evidence: it lies on its page and on at most two, or its span overlaps
    `place` by at least half of the shorter of the two and is no longer than 2,000 characters."""
    if hit.document.name != question.document:
        return False
    span = hit.chunk.span
    if question.page is not None:
        if span.page_first is None or span.page_last is None:
            return False
        few = span.page_last - span.page_first < _MOST_PAGES
        return few and span.page_first <= question.page <= span.page_last
    if place is None or span.end - span.start > _LONGEST_HIT:
        return False
    start, end = place
    overlap = min(end, span.end) - max(start, span.start)
    return overlap >= _OVERLAP * min(end - start, span.end - span.start)


def _answer(
    base: KnowledgeBase, question: TestQuestion, times: dict[str, float]
) -> dict[str, float]:
    answer = base.ask(question.question, store=False)
    times["answer"] = answer.timings.total
    if answer.timings.first_token is not None:
        times["first_token"] = answer.timings.first_token
    refused = float(answer.status == "not_found")
    values: dict[str, float] = {}
    if answer.sentences:
        values["supported"] = statistics.fmean(
            sentence.support == "supported" for sentence in answer.sentences
        )
        values["mean_words"] = metrics.length(answer.text)
    if question.answers:
        shown = "" if refused else answer.text
        values["false_refusals"] = refused
        values["contained"] = metrics.contained(shown, question.answers)
        values["f1"] = metrics.f1(shown, question.answers)
        values["exact"] = metrics.exact(shown, question.answers)
    else:
        values["refusal_recall"] = refused
    return values


def _summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    summary: dict[str, Any] = {"intervals": {}}
    for part, names in (("retrieval", _RETRIEVAL), ("answers", _ANSWERS)):
        columns = {name: [o.values[name] for o in outcomes if name in o.values] for name in names}
        present = {name: values for name, values in columns.items() if values}
        summary[part] = {name: round(statistics.fmean(v), 4) for name, v in present.items()}
        summary["intervals"][part] = {
            name: [round(end, 4) for end in metrics.interval(values)]
            for name, values in present.items()
        }
    return summary


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
