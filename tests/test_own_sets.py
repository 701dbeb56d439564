"""`benchmarks/kinds.py`, `followups.py` and `own_sets.py`: what counts as right, and the page."""

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import followups  # noqa: E402  stands beside the tests
import kinds  # noqa: E402
import own_sets  # noqa: E402
import refusals  # noqa: E402
import scoreboard  # noqa: E402
from examples import Split  # noqa: E402  of the training data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of one document, with a question of each sort and a conversation."""
    folder = tmp_path_factory.mktemp("sets") / "en-fitted"
    (folder / "documents").mkdir(parents=True)
    text = (
        "The garden gate is green.\n\nThe deposit is 200 crowns. The yearly rent is 900 crowns.\n"
    )
    (folder / "documents" / "gate.txt").write_text(text, encoding="utf-8")
    gold = {"document": "gate.txt", "evidence": "The deposit is 200 crowns."}
    rent = {"document": "gate.txt", "evidence": "The yearly rent is 900 crowns."}
    questions = [
        {"question": "How much is the deposit?", "answers": [], "needs": ["200 crowns"], **gold},
        {"question": "How much is the deposit?", "answers": [], "needs": ["200", "silver"], **gold},
        {"question": "Who invented the telescope?", "answers": [], "needs": []},
    ]
    for row, kind in zip(questions, ("fact", "list", "unanswerable"), strict=True):
        row["kind"] = kind
    turns = [
        {"question": "How much is the deposit?", "answers": ["200"], **gold},
        {
            "question": "And the yearly rent?",
            "answers": ["900"],
            "full_question": "How much is the yearly rent?",
            **rent,
        },
    ]
    for name, rows in (
        ("questions.jsonl", questions),
        ("conversations.jsonl", [{"id": "talk", "turns": turns}]),
    ):
        lines = "\n".join(map(json.dumps, rows))
        (folder / name).write_text(lines, encoding="utf-8")
    return folder


def test_all_that_an_answer_needs_must_be_shown_and_what_is_not_there_refused(
    folder: Path, tmp_path: Path, parser_here: None
) -> None:
    found = kinds.measure(folder, tmp_path / "kb", model="none")
    assert found["counts"] == {
        "fact": [1, 1],
        "list": [0, 1],
        "unanswerable": [1, 1],
        "follow-up": [1, 1],
        "collection": [3, 3],
    }
    counts = kinds.grouped([found, found])
    assert (counts["fact"], counts["versions"]) == ([2, 2], [0, 0])


def test_later_turns_are_held_against_their_full_questions(
    folder: Path, tmp_path: Path, parser_here: None
) -> None:
    (later,) = followups.measure(folder, tmp_path / "kb")
    assert (later.right, later.full_right) == (True, True)
    assert followups.shares([later]) == {
        "answered": (1, 1, 1),
        "refused": (0, 0, 0),
        "changed": (0, 0, 0),
    }


def test_refusals_are_counted_of_an_own_set_and_its_near_misses(
    folder: Path, tmp_path: Path, parser_here: None
) -> None:
    rows = [
        {"question": "How much is the deposit for a boat?", "kind": "thing"},
        {"question": "Who invented the microscope?", "kind": "attribute"},
    ]
    lines = "\n".join(map(json.dumps, rows))
    (folder / refusals.NEAR).write_text(lines, encoding="utf-8")
    asked = list(refusals.of_own(folder, tmp_path))
    own, near = refusals.summed(asked)
    assert (own["set"], own["unanswerable"], own["answerable"]) == ("fitted", [1, 1], [0, 2])
    assert own["auc"] == 1.0
    assert near["kinds"]["attribute"] == [1, 1]
    assert near["unanswerable"][1] == 2
    assert near["auc"] is None


def test_the_documents_that_refusals_are_counted_on_are_not_fitted_on() -> None:
    def named(part: Split) -> set[str]:
        return {
            path.stem
            for language in ("en", "zh")
            for files in refusals.together(language, part)
            for path in files
        }

    assert named("test")
    assert not named("test") & (named("development") | named("train"))


def test_each_kind_of_the_own_sets_stands_in_one_row() -> None:
    rows = [
        json.loads(line)
        for path in own_sets.OWN.glob("*/questions.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    told = [kind for group in kinds.GROUPS.values() for kind in group]
    assert len(told) == len(set(told))
    assert {row["kind"] for row in rows} <= set(told)


def test_the_page_tells_each_kind_before_and_now_and_keeps_its_other_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"fact": [3, 4], "unanswerable": [1, 2]}
    result = {"set": "en-unseen", "model": "none", "embedder": "e", "counts": counts}
    now = {"commit": "abc of today", "machine": "a machine", "results": [result]}
    turns = {"en-unseen": {"answered": [2, 4, 5], "refused": [1, 1, 1]}}
    refused = {
        "set": "near misses",
        "lang": "en",
        "unanswerable": [2, 4],
        "answerable": [0, 0],
        "auc": None,
        "kinds": {"attribute": [1, 2], "year": [1, 2]},
    }
    for name, content in (
        ("kinds-none.json", now),
        ("followups.json", turns),
        ("refusals.json", {"commit": "abc of today", "results": [refused]}),
    ):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(own_sets, "RESULTS", tmp_path)
    part = own_sets.part()
    assert "quotes: commit abc of today" in part
    english = part.partition("### English")[2].partition("### Chinese")[0]
    (row,) = [line for line in english.splitlines() if line.startswith("| fact")]
    assert row.split("|")[-2].strip() == "0.75"
    assert "| all | 5 | 2 of 4 | 0.50 | 1 | 1 of 1 |" in part
    assert "| near misses | en | 4 | 2 | 0.50 |  |  |  |  |" in part
    assert "- near misses, en: attribute 1 of 2, year 1 of 2" in part
    page = tmp_path / "page.md"
    page.write_text(own_sets.put("# Scores\n", part), encoding="utf-8")
    other = scoreboard.with_own_sets("# Scores of other sets\n", page)
    assert other.startswith("# Scores of other sets\n")
    assert part.strip() in other
