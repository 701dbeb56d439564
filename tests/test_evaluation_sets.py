"""Evaluation sets: what is read, and how a wrong line is told."""

import json
from pathlib import Path

import pytest

from quire.errors import UsageError
from quire.evaluation import datasets
from quire.evaluation.relevance import GoldPlaces
from quire.knowledge_base import KnowledgeBase
from quire.models.fakes import FakeEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "note.txt").write_text("The gate is green.", encoding="utf-8")
    return tmp_path


def test_a_row_may_lack_id_language_and_page(folder: Path) -> None:
    rows = [
        {"question": "门是什么颜色？", "answers": ["绿"], "document": "note.txt", "evidence": "x"},
        {"question": "Who?", "answers": []},
    ]
    text = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "questions.jsonl").write_text(f"\ufeff{text}\r\n", encoding="utf-8")
    first, second = datasets.load(folder).questions
    assert (first.id, first.language, first.gold[0].page) == ("1", "zh", None)
    assert (second.id, second.language, second.gold) == ("3", "en", ())


def test_a_text_may_hold_other_line_separators(folder: Path) -> None:
    row = {"question": "What\u2028now\x85?", "answers": []}
    (folder / "questions.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert datasets.load(folder).questions[0].question == "What\u2028now\x85?"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"question": "x"}', "answers is missing"),
        ('{"question": "", "answers": []}', "question is not a text"),
        ('{"question": "x", "answers": "y"}', "answers is not a list"),
        ('{"question": "x", "answers": [" "]}', "one of the answers is empty"),
        ('{"question": "x", "answers": ["y"]}', "document is None"),
        ('{"question": "x", "answers": ["y"], "document": "no.txt"}', "no document 'no.txt'"),
        ('{"question": "x", "answers": ["y"], "document": "note.txt"}', "both missing"),
        ('{"question": "x", "answers": [], "page": 0}', "page is 0"),
        ('{"question": "x", "answers": [], "page": true}', "page is True"),
        ('{"question": "x", "answers": [], "lang": 3}', "lang is 3"),
        (
            '{"question": "x", "answers": ["y"], "document": "note.txt", "evidence": ["z"]}',
            "evidence is not a text",
        ),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(folder: Path, line: str, said: str) -> None:
    right = '{"id": "a", "question": "x", "answers": []}'
    (folder / "questions.jsonl").write_text(f"{right}\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2") as error:
        datasets.load(folder)
    assert said in error.value.message
    assert "Each line is an object with" in error.value.hint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a"}', "turns is missing"),
        ('{"id": "a", "turns": []}', "turns is not a list"),
        ('{"id": "a", "turns": ["x"]}', "turn 0 is not a JSON object"),
        ('{"id": "a", "turns": [{"question": "x"}]}', "answers of turn 0 is missing"),
        (
            '{"id": "a", "turns": [{"question": "x", "answers": []}, '
            '{"question": "", "answers": []}]}',
            "in turn 1, question is not a text",
        ),
    ],
)
def test_a_wrong_turn_is_named_with_its_line(folder: Path, line: str, said: str) -> None:
    (folder / "conversations.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match="line 1") as error:
        datasets.load(folder)
    assert said in error.value.message


def test_turns_share_the_language_of_their_conversation(folder: Path) -> None:
    turns = [{"question": "门是什么颜色？", "answers": []}, {"question": "1998?", "answers": []}]
    row = json.dumps({"id": "a", "turns": turns})
    (folder / "conversations.jsonl").write_text(row, encoding="utf-8")
    assert [turn.language for turn in datasets.load(folder).questions] == ["zh", "zh"]


@pytest.mark.parametrize("twin", ['"id": "a"', '"id": 2'])
def test_an_id_belongs_to_one_question(folder: Path, twin: str) -> None:
    rows = ('"id": "a"', "", twin) if "2" not in twin else (twin, '"lang": "en"', "")
    lines = "\n".join(
        f'{{"question": "x", "answers": []{", " if part else ""}{part}}}' for part in rows
    )
    (folder / "questions.jsonl").write_text(lines, encoding="utf-8")
    with pytest.raises(UsageError, match=r"is already that of questions\.jsonl, line 1"):
        datasets.load(folder)


def test_a_line_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "questions.jsonl").write_bytes(b'{"question": "x", "answers": []}\n"\xff"')
    with pytest.raises(UsageError, match="line 2: not UTF-8"):
        datasets.load(folder)


def test_a_wrong_line_of_further_evidence_is_named(folder: Path) -> None:
    right = '{"id": "a", "question": "x", "answers": []}'
    (folder / "questions.jsonl").write_text(right, encoding="utf-8")
    (folder / "evidence_all.jsonl").write_text('{"id": "a", "evidence": "x"}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"evidence_all\.jsonl, line 1: evidence is not a list"):
        datasets.load(folder)


def test_a_folder_that_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no questions\.jsonl or conversations\.jsonl"):
        datasets.load(tmp_path)
    (tmp_path / "questions.jsonl").touch()
    with pytest.raises(UsageError, match="no documents/"):
        datasets.load(tmp_path)
    (tmp_path / "documents").mkdir()
    with pytest.raises(UsageError, match="has no questions"):
        datasets.load(tmp_path)


def test_evidence_is_found_though_its_line_breaks_are_others(
    folder: Path, tmp_path: Path, parser_here: None
) -> None:
    text = "First of all.\n\nThe gate is\ngreen, ＡＢＣ.\n\nThe gate is\ngreen, ＡＢＣ."
    (folder / "documents" / "note.txt").write_text(text, encoding="utf-8")
    row = {
        "question": "What colour is the gate?",
        "answers": ["green"],
        "document": "note.txt",
        "evidence": "The gate is green, abc.",
    }
    (folder / "questions.jsonl").write_text(json.dumps(row), encoding="utf-8")
    dataset = datasets.load(folder)
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        base.add(dataset.documents)
        (document,) = base.documents()
        stored = base.pages(document)[0].text
        (place,) = GoldPlaces(base, dataset.documents).of(dataset.questions[0])
    assert [stored[start:end] for start, end in place.spans] == ["The gate is\ngreen, ＡＢＣ."] * 2
