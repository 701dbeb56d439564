"""How often a question that has no answer is refused, by what it lacks, and any other is not.

    python benchmarks/refusals.py [--kbs FOLDER] [--out FILE] [--failures]

Asked are the own sets of examples/evaluation, with the near misses of their `unanswered.jsonl`,
and the questions of training/ over the test documents, on which neither the entailment model nor a
weight of the gate was fitted, some documents in one knowledge base. All are asked as a user asks
them, without a model. `auc` is the area under the curve by the confidence of the answer: how often
an answerable question has more of it than one that is not.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quire.models.engine.openmp import wait_passively

wait_passively()

from kinds import OWN, ROOT, answerable, commit, lines
from quire import KnowledgeBase, load_settings

sys.path.insert(0, str(ROOT / "training"))
from examples import together

NEAR = "unanswered.jsonl"


@dataclass(frozen=True)
class Asked:
    """A question, whether the documents answer it, and what became of it."""

    set: str
    lang: str
    kind: str
    question: str
    answerable: bool
    refused: bool
    confidence: float
    shown: str


def of_training(language: str, kbs: Path) -> Iterator[Asked]:
    """The questions over the test documents of `training/`."""
    for number, files in enumerate(together(language, "test")):
        with _opened(kbs / f"test-{language}-{number}") as base:
            base.add(files.values())
            for file in files:
                for row in lines(file):
                    told = row["label"] == "answered"
                    yield _asked(base, "training, test documents", language, row, told)


def of_own(folder: Path, kbs: Path) -> Iterator[Asked]:
    """The questions of an own set, and its near misses."""
    language = folder.name[:2]
    with _opened(kbs / folder.name) as base:
        base.add(folder / "documents")
        for row in lines(folder / "questions.jsonl"):
            yield _asked(base, folder.name.partition("-")[2], language, row, answerable(row))
        for row in lines(folder / NEAR) if (folder / NEAR).is_file() else ():
            yield _asked(base, "near misses", language, row, False)


def _opened(at: Path) -> KnowledgeBase:
    return KnowledgeBase.open(at, settings=load_settings(model="none"))


def _asked(base: KnowledgeBase, set_: str, language: str, row: Any, answerable_: bool) -> Asked:
    answer = base.ask(row["question"], store=False)
    refused = answer.status == "not_found"
    sure = float(not refused) if answer.confidence is None else answer.confidence
    return Asked(
        set_, language, row["kind"], row["question"], answerable_, refused, sure, answer.text
    )


def summed(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """What was refused, by set and language, and of each kind of question."""
    rows = []
    for set_, language in dict.fromkeys((one.set, one.lang) for one in asked):
        those = [one for one in asked if (one.set, one.lang) == (set_, language)]
        without = [one for one in those if not one.answerable]
        with_ = [one for one in those if one.answerable]
        rows.append(
            {
                "set": set_,
                "lang": language,
                "unanswerable": _counted(without),
                "answerable": _counted(with_),
                "auc": auc([one.confidence for one in with_], [one.confidence for one in without]),
                "kinds": {
                    kind: _counted([one for one in without if one.kind == kind])
                    for kind in sorted({one.kind for one in without})
                },
            }
        )
    return rows


def _counted(asked: Sequence[Asked]) -> list[int]:
    """How many are refused, of how many."""
    return [sum(one.refused for one in asked), len(asked)]


def auc(higher: Sequence[float], lower: Sequence[float]) -> float | None:
    """How often a value of the first is above one of the second; None where one has none.

    >>> auc([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    if not higher or not lower:
        return None
    won = sum((one > other) + (one == other) / 2 for one in higher for other in lower)
    return round(won / len(higher) / len(lower), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kbs", type=Path, help="where the knowledge bases are kept")
    parser.add_argument("--out", type=Path, help="where the counts are kept as JSON")
    parser.add_argument("--failures", action="store_true", help="print what went wrong")
    given = parser.parse_args()
    asked: list[Asked] = []
    with tempfile.TemporaryDirectory() as temporary:
        kbs = given.kbs or Path(temporary)
        for folder in sorted(path.parent for path in OWN.glob("*/questions.jsonl")):
            asked += of_own(folder, kbs)
        for language in ("en", "zh"):
            asked += of_training(language, kbs)
    found = summed(asked)
    for row in found:
        print(
            f"{row['set']:26} {row['lang']}  unanswerable refused {_told(row['unanswerable'])}  "
            f"answerable refused {_told(row['answerable'])}  auc {row['auc']}"
        )
        if len(row["kinds"]) > 1:
            told = ", ".join(f"{kind} {a}/{b}" for kind, (a, b) in row["kinds"].items())
            print(f"  {told}")
    for one in asked if given.failures else ():
        if one.refused == one.answerable:
            print(json.dumps(asdict(one), ensure_ascii=False))
    if given.out:
        content = {"commit": commit(), "results": found}
        given.out.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def _told(counted: Sequence[int]) -> str:
    refused, all_ = counted
    return f"{refused:3} of {all_:3} ({refused / all_:.2f})" if all_ else "  none        "


if __name__ == "__main__":
    main()
