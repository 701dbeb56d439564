"""Evaluation: sets, metrics, and a run over the sample questions."""

import json
import math
import shutil
from pathlib import Path

import pytest

from quire import KnowledgeBase
from quire.errors import UsageError
from quire.evaluation import datasets, metrics, runner
from quire.models.fakes import FakeChatModel, FakeEmbedder

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_rank_metrics_by_hand() -> None:
    assert [metrics.recall_at(3, k) for k in (1, 3, 5)] == [0.0, 1.0, 1.0]
    assert (metrics.reciprocal_rank(4), metrics.reciprocal_rank(None)) == (0.25, 0.0)
    assert metrics.ndcg(1) == 1.0
    assert metrics.ndcg(3) == pytest.approx(1 / math.log2(4))
    assert (metrics.ndcg(11), metrics.reciprocal_rank(11)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("answer", "accepted", "f1", "exact", "contained"),
    [
        ("The 31 March 2029.", ["31 March 2029"], 1.0, 1.0, 1.0),
        ("It ends on 31 March 2029.", ["31 March 2029"], 2 * 0.5 * 1 / 1.5, 0.0, 1.0),
        ("It ends soon.", ["31 March 2029"], 0.0, 0.0, 0.0),
        ("不得大于4欧姆", ["4欧姆"], 2 * (3 / 7) / (3 / 7 + 1), 0.0, 1.0),
        ("", ["x"], 0.0, 0.0, 0.0),
    ],
)
def test_answer_metrics_by_hand(
    answer: str, accepted: list[str], f1: float, exact: float, contained: float
) -> None:
    assert metrics.f1(answer, accepted) == pytest.approx(f1)
    assert metrics.exact(answer, accepted) == exact
    assert metrics.contained(answer, accepted) == contained


def test_the_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = metrics.interval([0.0, 1.0] * 10), metrics.interval([0.0, 1.0] * 1000)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert metrics.interval([]) == (0.0, 0.0)


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "harbour.txt").write_text(
        "The harbour opens at six.\n\nMooring costs 25 crowns a night.", encoding="utf-8"
    )
    rows = [
        {
            "id": "a",
            "question": "What does mooring cost a night?",
            "answers": ["25 crowns"],
            "document": "harbour.txt",
            "evidence": "Mooring costs 25 crowns a night.",
            "lang": "en",
            "page": None,
        },
        {
            "id": "b",
            "question": "Which planets have rings?",
            "answers": [],
            "document": None,
            "evidence": "",
            "lang": "en",
            "page": None,
        },
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "questions.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_run_counts_what_was_found_answered_and_refused(small_set: Path, tmp_path: Path) -> None:
    dataset = datasets.load(small_set)
    model = FakeChatModel("")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as base:
        base.add(dataset.documents)
        report = runner.run(base, dataset).to_dict()
        assert base.conversations.all() == []
    assert report["counts"] == {"questions": 2, "answerable": 1, "unanswerable": 1}
    assert report["retrieval"]["recall@1"] == 1.0
    answers = report["answers"]
    assert (answers["contained"], answers["refusal_recall"], answers["false_refusals"]) == (1, 1, 0)
    assert report["by_language"]["en"]["retrieval"] == report["retrieval"]
    assert set(report["latency_ms"]) == {"search", "answer"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1"),
        ("[]", "not a JSON object"),
        ('{"question": "x"}', "'answers' is missing"),
        ('{"question": "", "answers": []}', "question is not a text"),
        ('{"question": "x", "answers": "y"}', "answers is not a list"),
        ('{"question": "x", "answers": ["y"], "document": "no.txt"}', "no document 'no.txt'"),
        ('{"question": "x", "answers": [], "page": 0}', "page is 0"),
    ],
)
def test_a_set_in_the_wrong_format_names_the_line_and_what_is_wrong(
    small_set: Path, line: str, said: str
) -> None:
    (small_set / "questions.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match="line 1") as error:
        datasets.load(small_set)
    assert said in error.value.message


def test_a_folder_that_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no evaluation set"):
        datasets.load(tmp_path)


def test_the_sample_questions_are_a_set(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "documents", tmp_path / "documents")
    shutil.copy(EXAMPLES / "questions.jsonl", tmp_path)
    dataset = datasets.load(tmp_path)
    assert {question.language for question in dataset.questions} == {"en", "zh"}
