"""An evaluation, and a comparison of two, as tables for a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from quire.evaluation.results import PARTS

TITLES = {
    "retrieval": "search",
    "retrieval_by_page": "search, counted by page",
    "retrieval_by_passage": "search, counted by passage",
    "answers": "answers",
}
_NAME, _CELL = 26, 24  # characters
_FEW = 30  # questions; below, a bootstrap interval holds less often than it says


def evaluation_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The table of `Evaluation.to_dict()`: means with their 95% intervals, one column for all
    questions, and one for each language or kind of turn."""
    counts = result["counts"]
    yield (
        f"{result['set']}: {counts['questions']} questions, {counts['unanswerable']} of them "
        "unanswerable"
    )
    columns = columns_of(result)
    yield _row("", (f"{name} ({column['counted']})" for name, column in columns.items()))
    for part, metrics in PARTS.items():
        if not result.get(part):
            continue
        yield title(result, part)
        for metric in metrics:
            if metric in result[part]:
                yield _row(f"  {metric}", (_cell(c, part, metric) for c in columns.values()))
    yield from _kinds(result.get("by_kind", {}))
    for name, value in result["latency_ms"].items():
        yield f"{'latency of ' + name:<{_NAME}}p50 {value['p50']:.0f} ms, p95 {value['p95']:.0f} ms"
    for name, share in result.get("conversations", {}).get("left_as_asked", {}).items():
        yield f"{name.replace('_', ' ')} searched as they were asked: {share:.1%}"
    if counts["questions"] < _FEW:
        yield f"Note: fewer than {_FEW} questions say little; their intervals are too narrow."
    yield from (f"Note: {warning}" for warning in _few(result["warnings"]))


def _kinds(by_kind: Mapping[str, Any]) -> Iterator[str]:
    """What came of each kind of question, in a line."""
    if not any(summary.get("answers") for summary in by_kind.values()):
        return
    shown = ("whole", "needs_shown", "contained", "false_refusals", "refusal_recall")
    yield _row("by kind", shown)
    for kind, summary in by_kind.items():
        cells = (summary["answers"].get(metric) for metric in shown)
        texts = ("-" if cell is None else f"{cell:.3f}" for cell in cells)
        yield _row(f"  {kind} ({summary['counted']})", texts)


def title(result: Mapping[str, Any], part: str) -> str:
    """The heading of a part, with the number of questions where it does not apply to all."""
    if part not in {"retrieval_by_page", "retrieval_by_passage"}:
        return TITLES[part]
    return f"{TITLES[part]} ({sum(part in row for row in result['questions'])} questions)"


def columns_of(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The summaries that stand side by side, by name."""
    everything: Mapping[str, Any] = {**result, "counted": result["counts"]["questions"]}
    columns = {"all": everything}
    if len(result["by_language"]) > 1:
        columns |= result["by_language"]
    if "conversations" in result:
        turns = result["conversations"]
        columns |= {"first turns": turns["first_turns"], "later turns": turns["later_turns"]}
    return columns


def comparison_lines(comparison: Mapping[str, Any]) -> Iterator[str]:
    """The table of `comparison.compare()`."""
    yield ""
    yield f"Against {comparison['baseline']}, over {comparison['shared_questions']} questions"
    yield _row("", ("before -> now", "difference [95%]", "up, down", "p", ""))
    for part, metrics in comparison["differences"].items():
        yield TITLES[part]
        for metric, found in metrics.items():
            if found["verdict"] != "same":
                yield _row(f"  {metric}", _difference(found))
        if same := unchanged(metrics):
            yield f"  the same: {same}"
    before, now = comparison["latency_ms"]["before"], comparison["latency_ms"]["now"]
    for name in now:
        if name in before:
            yield (
                f"{'latency of ' + name:<{_NAME}}p50 {before[name]['p50']:.0f} -> "
                f"{now[name]['p50']:.0f} ms, p95 {before[name]['p95']:.0f} -> "
                f"{now[name]['p95']:.0f} ms (not tested: it depends on what else the machine does)"
            )


def unchanged(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The metrics in which no question has changed."""
    return ", ".join(metric for metric, found in metrics.items() if found["verdict"] == "same")


def _difference(found: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = found["interval"]
    return (
        f"{found['before']:.3f} -> {found['now']:.3f}",
        f"{found['difference']:+.3f} [{low:+.3f}, {high:+.3f}]",
        f"{found['questions_up']}, {found['questions_down']}",
        f"{found['p']:.4f}",
        found["verdict"],
    )


def _cell(column: Mapping[str, Any], part: str, metric: str) -> str:
    value = column.get(part, {}).get(metric)
    if value is None:
        return "-"
    low, high = column["intervals"][part][metric]
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _row(name: str, cells: Iterable[str]) -> str:
    return f"{name:<{_NAME}}{''.join(f'{cell:<{_CELL}}' for cell in cells)}".rstrip()


def _few(warnings: Sequence[str], *, most: int = 5) -> Iterator[str]:
    yield from warnings[:most]
    if len(warnings) > most:
        yield f"and {len(warnings) - most} more; all are in the JSON"
