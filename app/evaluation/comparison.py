"""Two runs over the same questions, pair by pair: which differences are real."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quire.errors import Unreadable, UsageError
from quire.evaluation import resampling
from quire.evaluation.datasets import Dataset
from quire.evaluation.results import PARTS, Row, latency, sums

_LEVEL = 0.05
_LESS_IS_BETTER = {"false_refusals"}
_NEITHER = {"mean_words"}


def load_baseline(path: Path, *, dataset: Dataset) -> dict[str, Any]:
    """An earlier run over questions of a set, as `quire eval --json` wrote it.

    Raises Unreadable where there is none, UsageError for any other file or other questions.
    """
    hint = "Make one with: quire eval DATASET --json > before.json"
    try:
        earlier: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.", hint=hint) from error
    except ValueError as error:  # not UTF-8, or not JSON
        raise UsageError(f"{path} is not JSON: {error}.", hint=hint) from error
    rows = earlier.get("questions") if isinstance(earlier, dict) else None
    if (
        not isinstance(earlier, dict)
        or not isinstance(rows, list)
        or not all(_is_row(row) for row in rows)
    ):
        raise UsageError(f"{path} is no earlier run: it has no results by question.", hint=hint)
    if {row["id"] for row in rows}.isdisjoint(question.id for question in dataset.questions):
        raise UsageError(
            f"{path} has none of the questions of {dataset.name}.",
            hint="Compare two runs over the same set.",
        )
    return earlier


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("citations", 0), int)
        and all(
            isinstance(values := row.get(part, {}), dict)
            and all(isinstance(value, int | float) for value in values.values())
            for part in (*PARTS, "latency_ms")
        )
    )


def compare(before: Mapping[str, Any], now: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    """What changed from one run to another, over the questions that both have.

    For each metric its two means, their difference with the 95% bootstrap interval, the p-value of
    a paired permutation test, how many questions went up and down, and the verdict: "better" or
    "worse" ("more" or "less" where neither is) when p is below 0.05, "same" where no question has
    changed, else "unclear".
    """
    earlier = {row["id"]: row for row in before["questions"]}
    shared = [row for row in now["questions"] if row["id"] in earlier]
    pairs = [(_aligned(earlier[row["id"]], row), row) for row in shared]
    differences: dict[str, dict[str, Any]] = {}
    for part, metric, found in _differences(pairs):
        differences.setdefault(part, {})[metric] = found
    return {
        "baseline": name,
        "baseline_about": dict(before.get("about", {})),
        "shared_questions": len(shared),
        "only_now": len(now["questions"]) - len(shared),
        "only_before": len(earlier) - len(shared),
        "differences": differences,
        "latency_ms": {
            "before": latency([row for row, _ in pairs]),
            "now": latency(shared),
        },
        "changed_questions": list(_changed(pairs)),
    }


def _aligned(before: Row, now: Row) -> Row:
    """The earlier row, counted to the conversation to which it belongs now."""
    return {"citations": 0, **before, "conversation": now.get("conversation")}


def _differences(pairs: Sequence[tuple[Row, Row]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    first, second = [row for row, _ in pairs], [row for _, row in pairs]
    for part, metrics in PARTS.items():
        for metric in metrics:
            before = sums(first, part=part, metric=metric)
            now = sums(second, part=part, metric=metric)
            if before[1].any() and now[1].any():
                found = resampling.difference(before, now)
                changes = [
                    row[part][metric] - earlier[part][metric]
                    for earlier, row in pairs
                    if metric in row.get(part, {}) and metric in earlier.get(part, {})
                ]
                yield (
                    part,
                    metric,
                    {
                        "before": round(found.before, 4),
                        "now": round(found.now, 4),
                        "difference": round(found.change, 4),
                        "interval": [round(found.low, 4), round(found.high, 4)],
                        "p": round(found.p, 4),
                        "questions_up": sum(change > 0 for change in changes),
                        "questions_down": sum(change < 0 for change in changes),
                        "verdict": _verdict(metric, found),
                    },
                )


def _verdict(metric: str, found: resampling.Difference) -> str:
    if found.change == found.low == found.high == 0:
        return "same"
    if found.p >= _LEVEL:
        return "unclear"
    up = found.change > 0
    if metric in _NEITHER:
        return "more" if up else "less"
    return "better" if up != (metric in _LESS_IS_BETTER) else "worse"


def _changed(pairs: Sequence[tuple[Row, Row]]) -> Iterator[dict[str, Any]]:
    """Questions whose evidence or answer was found in one run only."""
    telling = (("retrieval", "recall@1"), ("answers", "contained"), ("answers", "refusal_recall"))
    for before, now in pairs:
        for part, metric in telling:
            old, new = (row.get(part, {}).get(metric) for row in (before, now))
            if old is not None and new is not None and old != new:
                yield {
                    "id": now["id"],
                    "question": now.get("question", ""),
                    "metric": metric,
                    "before": old,
                    "now": new,
                }
