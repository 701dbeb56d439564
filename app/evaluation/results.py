"""What came of an evaluation: for each question, in all, by language, and by turn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quire.evaluation import resampling
from quire.evaluation.datasets import TestQuestion

Values = Mapping[str, float]
Row = Mapping[str, Any]
"""A question's results as they stand under "questions" in the JSON, of this run or an older one."""

_RANKED = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
PARTS: Mapping[str, tuple[str, ...]] = {
    "retrieval": _RANKED,
    "retrieval_by_page": _RANKED,
    "retrieval_by_passage": _RANKED,
    "answers": (
        "contained",
        "needs_shown",
        "whole",
        "f1",
        "exact",
        "refusal_recall",
        "false_refusals",
        "citation_precision",
        "citation_recall",
        "supported",
        "mean_words",
    ),
}
"""The metrics, by the part of the report in which they stand."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. `parts` has each metric's value where it applies.

    `standalone` is the question as it was searched, `rank` that of the first right hit from 1.
    `gold_found` says whether the set's evidence stands in the documents as they were read.
    """

    question: TestQuestion
    parts: Mapping[str, Values]
    milliseconds: Mapping[str, float]
    standalone: str
    rank: int | None
    gold_found: bool
    status: str | None = None
    answer: str | None = None
    citations: int = 0

    def to_dict(self) -> dict[str, Any]:
        question = self.question
        return {
            "id": question.id,
            "question": question.question,
            "language": question.language,
            "conversation": question.conversation,
            "turn": question.turn,
            "standalone_question": self.standalone,
            "kind": question.kind,
            "accepted": list(question.answers),
            "rank": self.rank,
            "status": self.status,
            "answer": self.answer,
            "citations": self.citations,
            **{
                part: {name: round(value, 6) for name, value in values.items()}
                for part, values in self.parts.items()
            },
            "latency_ms": {name: round(value, 1) for name, value in self.milliseconds.items()},
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Outcomes over a set. `about` says with what they were made, `warnings` what of the set could
    not be used; `to_dict` is the JSON of `quire eval`."""

    dataset: str
    outcomes: tuple[Outcome, ...]
    warnings: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rows = [outcome.to_dict() for outcome in self.outcomes]
        answerable = [o for o in self.outcomes if o.question.answerable]
        languages = sorted({row["language"] for row in rows})
        kinds = sorted({row["kind"] for row in rows} - {None})
        return {
            "set": self.dataset,
            "counts": {
                "questions": len(rows),
                "answerable": len(answerable),
                "unanswerable": len(rows) - len(answerable),
                "evidence_not_found": sum(not o.gold_found for o in answerable),
            },
            **summary(rows),
            "by_language": {
                language: summary([row for row in rows if row["language"] == language])
                for language in languages
            },
            **(
                {
                    "by_kind": {
                        kind: summary([row for row in rows if row["kind"] == kind])
                        for kind in kinds
                    }
                }
                if kinds
                else {}
            ),
            **_conversations(self.outcomes),
            "latency_ms": latency(rows),
            "warnings": list(self.warnings),
            "about": dict(self.about),
            "questions": rows,
        }


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """{part: {metric: mean}} of the metrics that apply, and "intervals" of the same shape."""
    means: dict[str, dict[str, float]] = {"retrieval": {}, "answers": {}}
    intervals: dict[str, dict[str, list[float]]] = {"retrieval": {}, "answers": {}}
    for part, name, total, weight in _measured(rows):
        means.setdefault(part, {})[name] = round(resampling.mean(total, weight), 4)
        ends = resampling.interval(total, weight)
        intervals.setdefault(part, {})[name] = [round(end, 4) for end in ends]
    return {"counted": len(rows), **means, "intervals": intervals}


def sums(rows: Sequence[Row], *, part: str, metric: str) -> tuple[resampling.Sums, resampling.Sums]:
    """Sums of value times weight, and of weight, for each conversation or question by itself, in
    the order of the rows. Weights are 1, for citation precision the number of citations, and 0
    where the metric does not apply."""
    places: dict[Any, int] = {}
    for row in rows:
        places.setdefault(_cluster(row), len(places))
    total, weight = np.zeros(len(places)), np.zeros(len(places))
    for row in rows:
        value = row.get(part, {}).get(metric)
        if value is not None:
            weighs = row["citations"] if metric == "citation_precision" else 1
            total[places[_cluster(row)]] += value * weighs
            weight[places[_cluster(row)]] += weighs
    return total, weight


def _cluster(row: Row) -> tuple[str, str]:
    conversation = row.get("conversation")
    return ("question", row["id"]) if conversation is None else ("conversation", conversation)


def _measured(
    rows: Sequence[Row],
) -> Iterator[tuple[str, str, resampling.Sums, resampling.Sums]]:
    for part, names in PARTS.items():
        for name in names:
            total, weight = sums(rows, part=part, metric=name)
            if weight.any():
                yield part, name, total, weight


def latency(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """{what: {"p50", "p95"}} in milliseconds."""
    times: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.get("latency_ms", {}).items():
            times.setdefault(name, []).append(value)
    return {
        name: {
            "p50": round(float(np.quantile(values, 0.5)), 1),
            "p95": round(float(np.quantile(values, 0.95)), 1),
        }
        for name, values in times.items()
    }


def _conversations(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """First and later turns apart; and of first turns and changes of topic, the share that was
    searched as it was asked. Empty where the set has no conversations."""
    turns = [o for o in outcomes if o.question.conversation is not None]
    if not turns:
        return {}
    first = [o for o in turns if o.question.turn == 0]
    later = [o for o in turns if o.question.turn > 0]
    changes = list(_topic_changes(turns))
    kept = {
        name: round(sum(o.standalone == o.question.question.strip() for o in some) / len(some), 4)
        for name, some in (("first_turns", first), ("topic_changes", changes))
        if some
    }
    return {
        "conversations": {
            "counts": {
                "conversations": len({o.question.conversation for o in turns}),
                "first_turns": len(first),
                "later_turns": len(later),
                "topic_changes": len(changes),
            },
            "left_as_asked": kept,
            "first_turns": summary([o.to_dict() for o in first]),
            "later_turns": summary([o.to_dict() for o in later]),
        }
    }


def _topic_changes(turns: Sequence[Outcome]) -> Iterator[Outcome]:
    """Turns whose gold documents are others than those of the last turn that had any."""
    before: dict[str | None, set[str]] = {}
    for outcome in turns:
        question = outcome.question
        now = {gold.document for gold in question.gold}
        if not now:
            continue
        if now.isdisjoint(before.get(question.conversation, now)):
            yield outcome
        before[question.conversation] = now
