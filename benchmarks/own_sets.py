"""The part of the scoreboard about Quire's own sets: kinds of questions, later turns, refusals.

    python benchmarks/own_sets.py            measure, without and with the starter's chat model
    python benchmarks/own_sets.py --kept     only write the page, from what was measured last

Measured by `kinds.py`, `followups.py` and `refusals.py`, each in a process of its own; their JSON
is kept in .bench/. What an early version answered stands in kinds-before.json beside this file,
written by kinds.py in that version's environment.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kinds import GROUPS, OWN, ROOT, Counts, grouped

PAGE = ROOT / "docs" / "scoreboard.md"
RESULTS = ROOT / ".bench"
BEFORE = Path(__file__).with_name("kinds-before.json")
BEGINS, ENDS = "<!-- own sets -->", "<!-- end of own sets -->"
HALVES = ("fitted", "unseen")
LANGUAGES = ("en", "zh")

INTRODUCTION = """## Kinds of questions over documents that people have

Quire's own questions over invented handbooks, manuals, contracts with amendments, price lists,
minutes and tables (examples/evaluation), a third of them without an answer there. A question is
right when all that its answer needs is shown, every item of a list and every cell, in the text or
in a quote; one without an answer, when it is refused. Thresholds were fitted on the fitted half,
none on the unseen one. Written by `make bench`, which needs no other data.
"""
FOLLOW_UPS = """### Later turns of conversations

Of the later turns whose full question, asked by itself, is right: the share that is right where it
stands in its conversation; quotes only. Of all later turns, the others are left out, since they
tell nothing of follow-ups. Some of the own conversations were written by who wrote the rules, and
the rules were made on failures in all of these sets.
"""
REFUSALS = """### Questions without an answer

Refused, of those without an answer and of those with one; `auc` is how often one with an answer
has more confidence than one without. Near misses ask for what the documents have for something
else, or have something else of; questions over the test documents of training/ were written from
one document each. No weight was fitted on the near misses, on the unseen half or on the test
documents; quotes only (`benchmarks/refusals.py`).
"""


def measure() -> None:
    """Run the benchmarks; raises CalledProcessError where one fails."""
    RESULTS.mkdir(exist_ok=True)
    sets = sorted(str(path.parent) for path in OWN.glob("*/questions.jsonl"))
    for name, words in {
        "kinds-none.json": ["kinds.py", *sets],
        "kinds-starter.json": ["kinds.py", *sets, "--model", "starter"],
        "followups.json": ["followups.py", *sets],
        "refusals.json": ["refusals.py"],
    }.items():
        program, *rest = words
        command = [sys.executable, str(ROOT / "benchmarks" / program), *rest]
        command += ["--out", str(RESULTS / name)]
        print(shlex.join(command[1:]), flush=True)
        subprocess.run(command, check=True)


def part() -> str:
    """The part of the page, from what is kept."""
    before = _read(BEFORE)
    measured = {
        name: _read(path)
        for name, path in (
            ("quotes", RESULTS / "kinds-none.json"),
            ("starter", RESULTS / "kinds-starter.json"),
        )
        if path.is_file()
    }
    last = next(iter(measured.values()))
    told = ", ".join(
        f"{name}: commit {one['commit']}, embeddings {one['results'][0]['embedder']}"
        for name, one in {"before": before, **measured}.items()
    )
    lines = [
        INTRODUCTION,
        f"{told}; {last['machine']}. Before and quotes are without a model; "
        "before is without the conversations numbered 31 and up.\n",
    ]
    columns = {"before": before, **measured}
    for language in (*LANGUAGES, None):
        title = {"en": "English", "zh": "Chinese", None: "Both languages"}[language]
        lines += [f"### {title}\n", kinds_table(columns, language)]
    kept = RESULTS / "followups.json"
    if kept.is_file():
        lines += [FOLLOW_UPS, turns_table(_read(kept))]
    kept = RESULTS / "refusals.json"
    if kept.is_file():
        lines += [REFUSALS, refusals_table(_read(kept)["results"])]
    return "\n".join(lines)


def kinds_table(columns: Mapping[str, Mapping[str, Any]], language: str | None) -> str:
    """A row for each kind; for each half, its number of questions and each column's share."""
    head = ["kind"]
    found: list[tuple[str, dict[str, Counts]]] = []
    for half in HALVES:
        counts = {
            name: grouped([r for r in column["results"] if _is(r["set"], language, half)])
            for name, column in columns.items()
        }
        found.append((half, counts))
        head += [f"{half}: questions", *counts]
    rows = []
    for group in GROUPS:
        row = [group]
        for _, counts in found:
            row.append(str(max(of[group][1] for of in counts.values())))
            row += [share(*of[group]) for of in counts.values()]
        rows.append(row)
    return table(head, rows)


def turns_table(counts: Mapping[str, Mapping[str, Sequence[int]]]) -> str:
    rows = []
    for name, of in [*counts.items(), ("all", _sum(counts.values()))]:
        (right, alike, turns), (refused, alone, without) = of["answered"], of["refused"]
        row = [name, str(turns), f"{right} of {alike}", share(right, alike)]
        rows.append([*row, str(without), f"{refused} of {alone}"])
    head = ["set", "later turns", "as their full question", "", "without an answer", "refused"]
    return table(head, rows)


def refusals_table(results: Sequence[Mapping[str, Any]]) -> str:
    head = ["set", "language", "without an answer", "refused", "", "with one", "refused", "", "auc"]
    rows = []
    for one in results:
        row = [one["set"], one["lang"]]
        for refused, all_ in (one["unanswerable"], one["answerable"]):
            row += [str(all_), str(refused), share(refused, all_)] if all_ else ["", "", ""]
        rows.append([*row, "" if one["auc"] is None else f"{one['auc']:.2f}"])
    kinds = [
        f"{one['set']}, {one['lang']}: "
        + ", ".join(f"{kind} {refused} of {all_}" for kind, (refused, all_) in one["kinds"].items())
        for one in results
        if len(one["kinds"]) > 1
    ]
    return "\n".join(
        (table(head, rows), "By what is asked, refused:\n", *(f"- {k}" for k in kinds), "")
    )


def _sum(counts: Any) -> dict[str, list[int]]:
    total = {"answered": [0, 0, 0], "refused": [0, 0, 0]}
    for one in counts:
        for what, figures in total.items():
            total[what] = [a + b for a, b in zip(figures, one[what], strict=True)]
    return total


def _is(name: str, language: str | None, half: str) -> bool:
    return name.endswith(half) and (language is None or name.startswith(language))


def share(good: int, all_: int) -> str:
    return f"{good / all_:.2f}" if all_ else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def put(page: str, text: str) -> str:
    """A page with its part about the own sets replaced, or added at its end.

    >>> put("Head\\n", "new")
    'Head\\n\\n<!-- own sets -->\\nnew\\n<!-- end of own sets -->\\n'
    >>> put(put("Head\\n", "old"), "new") == put("Head\\n", "new")
    True
    """
    before, begins, rest = page.partition(BEGINS)
    after = rest.partition(ENDS)[2].lstrip("\n") if begins else ""
    made = f"{before.rstrip()}\n\n{BEGINS}\n{text.strip()}\n{ENDS}\n"
    return f"{made}\n{after}" if after else made


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kept", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if not given.kept:
        measure()
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), part()), encoding="utf-8")


if __name__ == "__main__":
    main()
