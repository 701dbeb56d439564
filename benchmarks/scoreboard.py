"""Measure Quire on every evaluation set in a folder, and write docs/scoreboard.md.

    python benchmarks/scoreboard.py PATH [--limit N] [--sets NAME …]

Sets are folders as docs/evaluation.md describes them. Each runs in a process of its own through
`quire eval`, as a user would run it; its JSON is kept in .bench/, to compare later runs with. The
page is written anew after each set, so that a long run can be stopped.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from own_sets import BEGINS, ENDS, put, table
from quire.evaluation.datasets import CONVERSATIONS, QUESTIONS
from quire.evaluation.pages import about_line

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scoreboard.md"
RESULTS = ROOT / ".bench"

# What the sets were made of, where that is public. A set by another name stands under its own.
SOURCES = {
    "en-fitted": "Quire, handbooks, contracts, manuals, tables and more (examples/evaluation)",
    "zh-fitted": "Quire, the same kinds in Chinese (examples/evaluation)",
    "training": "Quire, questions about invented documents of the same kinds (training)",
    "across-en-zh": "Handbooks, contracts and manuals in Chinese, asked in English",
    "across-zh-en": "Handbooks, contracts and manuals in English, asked in Chinese",
    "squad-dev-small": "SQuAD 2.0 and 1.1, development articles (CC BY-SA 4.0)",
    "cmrc-dev-small": "CMRC 2018, trial part (CC BY-SA 4.0), among articles of DRCD (CC BY-SA 3.0)",
    "zh-reject-dev": "DRCD in simplified characters (CC BY-SA 3.0), half of it without the answer",
    "multiturn-en-pron-dev": "Conversations made of SQuAD, later turns with pronouns",
    "multiturn-zh-dev": "Conversations made of CMRC 2018, later turns with pronouns",
    "financebench-dev": "FinanceBench and OHR-Bench, annual reports as PDF",
    "zh-pdf-dev": "FinGLM, an annual report as PDF, and passages of CMRC 2018 set as PDF",
}

INTRODUCTION = """# Scoreboard: development sets

How Quire does on sets of questions whose answers are known. **These are the sets that chose its
weights, thresholds and rules**, so the figures say how one version compares with another, and
flatter Quire where you ask how it will do on documents of yours. [How far an answer can be
trusted](trust.md) has figures of halves that chose nothing, and
[measuring on your own documents](evaluation.md) says what the numbers mean and how to make a set.
Written by `make bench DATA=PATH`. In brackets stand 95% bootstrap intervals.
"""
SEARCH = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
ANSWERS = (
    "contained",
    "f1",
    "refusal_recall",
    "false_refusals",
    "citation_precision",
    "citation_recall",
    "mean_words",
)


def is_set(folder: Path) -> bool:
    there = any((folder / name).is_file() for name in (QUESTIONS, CONVERSATIONS))
    return there and (folder / "documents").is_dir()


def measure(folder: Path, *, limit: int | None) -> dict[str, Any] | None:
    """The JSON of `quire eval`, or None where it failed; it has said why."""
    command = [sys.executable, "-m", "quire", "eval", str(folder), "--json"]
    command += [] if limit is None else ["--limit", str(limit)]
    print(f"{folder.name}: {shlex.join(command[2:])}", flush=True)
    # Progress and errors go to the terminal.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode:
        print(f"{folder.name}: failed with exit code {done.returncode}\n{done.stdout}", flush=True)
        return None
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{folder.name}.json").write_text(done.stdout, encoding="utf-8")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def page(results: Mapping[str, Mapping[str, Any]], *, command: str) -> str:
    """The scoreboard, a section for each set."""
    return "\n".join([INTRODUCTION, f"Command: `{command}`\n", *map(section, results.values())])


def with_own_sets(text: str, old: Path) -> str:
    """A page with the part about the own sets, which own_sets.py writes, kept from the old one."""
    if not old.is_file():
        return text
    kept = old.read_text(encoding="utf-8").partition(BEGINS)[2].partition(ENDS)[0]
    return put(text, kept) if kept else text


def section(result: Mapping[str, Any]) -> str:
    name, counts = result["set"], result["counts"]
    limit = result["about"]["limit"]
    some = "" if limit is None else f", the first {limit} of the set"
    lines = [
        f"## {SOURCES.get(name, name)}\n",
        f"{counts['questions']} questions{some}, {counts['unanswerable']} of them unanswerable. "
        f"{about_line(result['about'])}.\n",
        *tables(result),
    ]
    for what, share in result.get("conversations", {}).get("left_as_asked", {}).items():
        lines.append(f"{what.replace('_', ' ').capitalize()} searched as asked: {share:.1%}.\n")
    times = (
        f"{what.replace('_', ' ')} {time['p50']:,.0f} ms (p95 {time['p95']:,.0f})"
        for what, time in result["latency_ms"].items()
    )
    lines.append(f"Median latency: {', '.join(times)}.\n")
    return "\n".join(lines)


def tables(result: Mapping[str, Any]) -> list[str]:
    columns = {"all": result, **result["by_language"]}
    if len(result["by_language"]) == 1:
        columns = {"all": result}
    if "conversations" in result:
        turns = result["conversations"]
        columns |= {"first turns": turns["first_turns"], "later turns": turns["later_turns"]}
    found = []
    for part, metrics in (("retrieval", SEARCH), ("answers", ANSWERS)):
        rows = [
            [metric, *(cell(column, part, metric) for column in columns.values())]
            for metric in metrics
            if metric in result[part]
        ]
        if rows:
            unit = " (by page)" if "retrieval_by_page" in result else ""
            title = f"search{unit}" if part == "retrieval" else "answers"
            found.append(table([title, *columns], rows))
    return found


def cell(column: Mapping[str, Any], part: str, metric: str) -> str:
    if metric not in column[part]:
        return ""
    low, high = column["intervals"][part][metric]
    digits = 1 if metric == "mean_words" else 3
    return f"{column[part][metric]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder that holds the sets")
    parser.add_argument("--limit", type=int, help="only the first so many questions of each")
    parser.add_argument("--sets", nargs="*", help="only the sets of these names")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the scoreboard is written")
    options = parser.parse_args()
    if not options.data.is_dir():
        parser.error(f"{options.data} is no folder: name the one that holds the sets")
    sets = [folder for folder in sorted(options.data.iterdir()) if is_set(folder)]
    if options.sets:
        sets = [folder for folder in sets if folder.name in options.sets]
    if not sets:
        parser.error(f"there are no evaluation sets in {options.data}: see docs/evaluation.md")
    limited = f" LIMIT={options.limit}" if options.limit else ""
    results: dict[str, dict[str, Any]] = {}
    failed = []
    for folder in sets:
        result = measure(folder, limit=options.limit)
        if result is None:
            failed.append(folder.name)
            continue
        results[folder.name] = result
        text = page(results, command=f"make bench DATA=…{limited}")
        options.page.write_text(with_own_sets(text, options.page), encoding="utf-8")
    print(f"Measured: {', '.join(results) or 'nothing'}. See {os.path.relpath(options.page)}")
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
