"""How questions of each kind are answered over documents that people have.

    python benchmarks/kinds.py SET… [--model NAME] [--kbs FOLDER] [--out FILE]

Each SET is a folder as docs/evaluation.md describes it, whose questions say their kind; those of
examples/evaluation where none is named. A question counts as right when all that its answer needs
is shown, in the text or in a quote, and one that the documents do not answer when it is refused.
Later turns of the set's conversations are a kind of their own, and so are questions about the
collection, which are made of the set's folder. It needs little of Quire, so that it can be run with
an older version: `python benchmarks/kinds.py` in that version's environment.
"""

import argparse
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from quire import KnowledgeBase, load_settings
from quire.evaluation import metrics
from quire.models import machine

ROOT = Path(__file__).parent.parent
OWN = ROOT / "examples" / "evaluation"
GROUPS = {
    "fact": ("fact", "yes-no", "condition", "explanation", "long"),
    "words: typo, acronym, code": ("typo", "acronym", "code"),
    "list": ("list",),
    "procedure": ("procedure",),
    "table": ("table", "table-column"),
    "computed, compared": ("computed", "comparison"),
    "versions": ("version", "before", "changed"),
    "follow-up": ("follow-up",),
    "about the collection": ("collection",),
    "not in the documents": ("unanswerable",),
}
COLLECTION = {
    "en": ("How many documents are there?", "List all documents.", "Which files do you have?"),
    "zh": ("一共有多少个文件？", "列出所有文件", "都有哪些文档？"),
}
Row = Mapping[str, Any]
Counts = dict[str, list[int]]  # of a kind: how many are right, and how many there are


def measure(folder: Path, kb: Path, *, model: str) -> dict[str, Any]:
    """What was right, by kind, with what it was measured with."""
    counts: Counts = defaultdict(lambda: [0, 0])
    with KnowledgeBase.open(kb, settings=load_settings(model=model)) as base:
        base.add(folder / "documents")
        for kind, right in asked(base, folder):
            counts[kind][0] += right
            counts[kind][1] += 1
        embedder = base.embedder.name
    return {"set": folder.name, "model": model, "embedder": embedder, "counts": dict(counts)}


def asked(base: KnowledgeBase, folder: Path) -> Iterator[tuple[str, bool]]:
    """The kind of each question, and whether it was answered right."""
    for row in lines(folder / "questions.jsonl"):
        yield row["kind"], right(base.ask(row["question"], store=False), row)
    for row in lines(folder / "conversations.jsonl"):
        stored = None
        for at, turn in enumerate(row["turns"]):
            answer = base.ask(turn["question"], conversation=stored)
            stored = answer.conversation
            if at and answerable(turn):
                yield "follow-up", right(answer, turn)
    names = [path.name for path in (folder / "documents").iterdir()]
    how_many, *which = COLLECTION["zh" if folder.name.startswith("zh") else "en"]
    for question, needs in [(how_many, [str(len(names))]), *((one, names) for one in which)]:
        yield "collection", right(base.ask(question, store=False), {"needs": needs})


def lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def answerable(row: Row) -> bool:
    return bool(row.get("answers") or row.get("needs"))


def right(answer: Any, row: Row) -> bool:
    """Whether all that an answer needs is shown, or an accepted answer; whether it is refused,
    where the documents have none."""
    refused = answer.status == "not_found"
    if refused or not answerable(row):
        return refused and not answerable(row)
    shown = "\n".join((answer.text, *(citation.quote for citation in answer.citations)))
    if row.get("needs"):
        return all(metrics.contained(shown, [need]) for need in row["needs"])
    return metrics.contained(answer.text, row["answers"]) > 0


def grouped(results: Sequence[Row]) -> Counts:
    """The counts of several sets together, by group."""
    of = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
    counts: Counts = {group: [0, 0] for group in GROUPS}
    for result in results:
        for kind, (good, all_) in result["counts"].items():
            counts[of[kind]][0] += good
            counts[of[kind]][1] += all_
    return counts


def commit() -> str:
    """The commit of the tree that quire was imported from."""
    import quire

    place = Path(quire.__file__).parent
    done = subprocess.run(
        ["git", "log", "-1", "--format=%h of %as"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no commit"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="*")
    parser.add_argument("--model", default="none", help="the chat model; none: quotes")
    parser.add_argument("--kbs", type=Path, help="where the knowledge bases are kept")
    parser.add_argument("--out", type=Path, help="where the counts are kept as JSON")
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        for folder in given.sets or sorted(path.parent for path in OWN.glob("*/questions.jsonl")):
            kb = (given.kbs or Path(temporary)) / folder.name
            results.append(measure(folder, kb, model=given.model))
            print(f"{folder.name}, {given.model}, {results[-1]['embedder']}", flush=True)
            for group, (good, all_) in grouped(results[-1:]).items():
                if all_:
                    print(f"  {group:28} {good:3} of {all_:3}  {good / all_:.2f}", flush=True)
    if given.out:
        here = machine.describe()
        told = f"{here.cpu}, {here.cores} cores"
        found = {"commit": commit(), "machine": told, "results": results}
        given.out.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
