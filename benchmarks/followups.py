"""Are later turns of a conversation answered as their full questions are?

    python benchmarks/followups.py SET… [--only PATTERN] [--kbs FOLDER] [--failures] [--out FILE]

Each SET is a folder with conversations.jsonl, whose turns have the `full_question` that says all
that the turn leaves to the conversation; it may stand in evidence_all.jsonl. Each later turn is
asked where it stands, without a model, and its full question by itself. What an answer needs, or an
accepted answer, must be shown; a turn that the documents do not answer must be refused.

A change of topic must not be dragged back: at the end of each conversation the first question of
one over another document is asked, and counted as `changed`; its full question is that question.

A turn whose full question is itself refused, or answered without what it needs, says nothing of
follow-ups, so the share is of those whose full question is right: `answered` counts turns with an
answer in the documents, `refused` those without. --failures prints each turn that is lost, as it
was understood, and each whose full question is not right. --only counts the conversations whose id
has the pattern in it, such as '-(4|5)' for those numbered 41 to 59.
"""

import argparse
import dataclasses
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

from quire import Answer, KnowledgeBase, load_settings
from quire.evaluation import datasets, metrics
from quire.evaluation.datasets import CONVERSATIONS, FURTHER, Dataset, TestQuestion


@dataclass(frozen=True)
class Later:
    """A later turn, asked in its conversation and in full; `changed` where it is the first of
    another conversation."""

    turn: TestQuestion
    full_question: str
    understood: str
    right: bool
    full_right: bool
    status: str
    full_status: str
    changed: bool = False


def full_questions(folder: Path) -> dict[str, str]:
    """The full question of each turn, by the turn's id."""
    told: dict[str, str] = {}
    for row in _lines(folder / CONVERSATIONS):
        for at, turn in enumerate(row["turns"]):
            if "full_question" in turn:
                told[f"{row['id']}#{at}"] = turn["full_question"]
    if (folder / FURTHER).is_file():
        for row in _lines(folder / FURTHER):
            if "full_question" in row:
                told.setdefault(row["id"], row["full_question"])
    return told


def _lines(path: Path) -> Iterator[dict]:
    yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def later_turns(
    base: KnowledgeBase, dataset: Dataset, full: dict[str, str], *, only: str = ""
) -> Iterator[Later]:
    """Each later turn that has a full question and is scored, of the conversations whose id has a
    pattern in it; no chat is left behind."""
    talks = [thread for thread in dataset.threads if thread[0].conversation is not None]
    talks = [talk for talk in talks if re.search(only, talk[0].conversation or "")]
    for at, talk in enumerate(talks):
        stored: str | None = None
        for turn in talk:
            answer = base.ask(turn.question, conversation=stored)
            stored = answer.conversation
            if turn.turn and not turn.is_history and turn.id in full:
                yield _compared(base, turn, answer, full[turn.id])
        if other := _elsewhere(talk, [*talks[at + 1 :], *talks[:at]]):
            answer = base.ask(other.question, conversation=stored)
            changed = _compared(base, other, answer, other.question)
            yield dataclasses.replace(changed, changed=True)
        if stored is not None:
            base.conversations.delete(stored)


def _compared(base: KnowledgeBase, turn: TestQuestion, answer: Answer, full: str) -> Later:
    whole = base.ask(full, store=False)
    return Later(
        turn,
        full,
        answer.standalone_question,
        is_right(answer, turn),
        is_right(whole, turn),
        answer.status,
        whole.status,
    )


def _elsewhere(
    talk: Sequence[TestQuestion], others: Sequence[Sequence[TestQuestion]]
) -> TestQuestion | None:
    """The first question of the next conversation over another document; None where none is."""
    known = {gold.document for turn in talk for gold in turn.gold}
    firsts = (other[0] for other in others if other[0].gold)
    return next((one for one in firsts if not known & {g.document for g in one.gold}), None)


def is_right(answer: Answer, turn: TestQuestion) -> bool:
    """Whether all that the turn needs is shown, or an accepted answer; whether it is refused, where
    the documents have none."""
    if not turn.answerable or answer.status == "not_found":
        return turn.answerable == (answer.status != "not_found")
    shown = "\n".join((answer.text, *(citation.quote for citation in answer.citations)))
    if turn.needs:
        return all(metrics.contained(shown, [need]) for need in turn.needs)
    return metrics.contained(answer.text, turn.answers) > 0


def measure(folder: Path, kb: Path, *, only: str = "") -> list[Later]:
    with KnowledgeBase.open(kb, settings=load_settings(model="none")) as base:
        base.add(folder / "documents")
        return list(later_turns(base, datasets.load(folder), full_questions(folder), only=only))


def shares(found: list[Later]) -> dict[str, tuple[int, int, int]]:
    """Of the turns with and without an answer, and of changes of topic: how many are right, of
    those whose full question is right, and of how many in all."""
    counts = {}
    kinds = {
        "answered": [each for each in found if each.turn.answerable and not each.changed],
        "refused": [each for each in found if not each.turn.answerable and not each.changed],
        "changed": [each for each in found if each.changed],
    }
    for what, of in kinds.items():
        alike = [each for each in of if each.full_right]
        counts[what] = (sum(each.right for each in alike), len(alike), len(of))
    return counts


def told(name: str, found: list[Later]) -> str:
    parts = []
    for what, (right, alike, all_) in shares(found).items():
        share = f" ({right / alike:.2f})" if alike else ""
        parts.append(f"{what} {right} of {alike}{share}, of {all_} turns")
    return f"{name:24} {'; '.join(parts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--only", default="", help="which conversations, by a pattern in their id")
    parser.add_argument("--kbs", type=Path, help="where the knowledge bases are kept")
    parser.add_argument("--failures", action="store_true")
    parser.add_argument("--out", type=Path, help="where the counts are kept as JSON")
    given = parser.parse_args()
    everything: list[Later] = []
    counts = {}
    with tempfile.TemporaryDirectory() as temporary:
        for folder in given.sets:
            found = measure(folder, (given.kbs or Path(temporary)) / folder.name, only=given.only)
            everything += found
            counts[folder.name] = shares(found)
            print(told(folder.name, found), flush=True)
            for each in found if given.failures else ():
                if each.right != each.full_right or not each.full_right:
                    kind = "lost" if each.full_right else "full question not right"
                    kind = f"changed, {kind}" if each.changed else kind
                    also = ", this right" if each.right and not each.full_right else ""
                    print(f"  {kind}{also}: {each.turn.id} {each.turn.question!r}")
                    print(f"    as {each.understood!r}: {each.status}")
                    print(f"    full {each.full_question!r}: {each.full_status}")
    print(told("all", everything))
    if given.out:
        given.out.write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main()
