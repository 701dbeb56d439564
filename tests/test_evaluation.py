"""Evaluation: runs over small sets, and the command `quire eval`."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quire import KnowledgeBase, cli
from quire.evaluation import comparison, datasets, pages, runner, tables
from quire.evaluation.results import Evaluation
from quire.models.fakes import FakeChatModel, FakeEmbedder

EXAMPLES = Path(__file__).parent.parent / "examples"

DOCUMENTS = {
    "harbour.txt": "The harbour opens at six.\n\nThe cost of mooring is 25 crowns a night.",
    "bakery.txt": "The bakery sells rye bread.\n\nOlga Brandt built the oven of the bakery.",
    "museum.txt": "The museum shows gold coins and an engine of a ship.",
    "school.txt": "The school has a dog, two hundred pupils and a fire alarm.",
}


def write_set(folder: Path, rows: Sequence[dict[str, Any]], *, name: str) -> Path:
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for document, text in DOCUMENTS.items():
        (folder / "documents" / document).write_text(text, encoding="utf-8")
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder


MOORING = {
    "id": "mooring",
    "question": "What is the cost of mooring a night?",
    "answers": ["25 crowns"],
    "document": "harbour.txt",
    "evidence": "The cost of mooring is 25 crowns a night.",
}
OVEN = {
    "id": "oven",
    "question": "Who built the oven of the bakery?",
    "answers": ["Olga Brandt"],
    "document": "bakery.txt",
    "evidence": "Olga Brandt built the oven of the bakery.",
}
RINGS: dict[str, Any] = {"id": "rings", "question": "Which planets have rings?", "answers": []}


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", [MOORING, OVEN, RINGS], name="questions.jsonl")


def evaluate(folder: Path, kb: Path, *, reply: str = "", **options: Any) -> Evaluation:
    dataset = datasets.load(folder)
    model = FakeChatModel(reply)
    with KnowledgeBase.open(kb, embedder=FakeEmbedder(), model=model) as base:
        base.add(dataset.documents)
        result = runner.run(base, dataset, **options)
        assert base.conversations.all() == []
    return result


def test_a_run_counts_what_was_found_answered_cited_and_refused(
    questions: Path, tmp_path: Path, parser_here: None
) -> None:
    report = evaluate(questions, tmp_path / "kb").to_dict()
    assert report["counts"] == {
        "questions": 3,
        "answerable": 2,
        "unanswerable": 1,
        "evidence_not_found": 0,
    }
    assert report["retrieval"]["recall@1"] == 1.0
    answers = report["answers"]
    assert (answers["contained"], answers["refusal_recall"], answers["false_refusals"]) == (1, 1, 0)
    assert answers["citation_recall"] == 1
    shown = sum(row["citations"] for row in report["questions"])
    right = sum(
        row["citations"] * row["answers"].get("citation_precision", 0)
        for row in report["questions"]
    )
    assert answers["citation_precision"] == pytest.approx(right / shown, abs=0.0001)
    assert report["intervals"]["answers"]["contained"] == [1, 1]
    assert report["by_language"]["en"]["retrieval"] == report["retrieval"]
    assert set(report["latency_ms"]) == {"search", "answer"}
    assert [row["id"] for row in report["questions"]] == ["mooring", "oven", "rings"]
    assert report["questions"][0]["retrieval"]["recall@1"] == 1.0
    assert "retrieval_by_page" not in report
    assert report["about"]["embedder"] == "fake"


def test_progress_and_limit_count_scored_questions(
    questions: Path, tmp_path: Path, parser_here: None
) -> None:
    seen: list[tuple[int, int]] = []
    result = evaluate(
        questions,
        tmp_path / "kb",
        what="retrieval",
        limit=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]
    assert {name for row in result.outcomes for name in row.parts} == {"retrieval"}


def test_evidence_that_does_not_stand_in_the_document_is_told_and_counts_as_missed(
    tmp_path: Path, parser_here: None
) -> None:
    wrong = MOORING | {"evidence": "The cost of mooring is 30 crowns a night."}
    folder = write_set(tmp_path / "set", [wrong, OVEN], name="questions.jsonl")
    report = evaluate(folder, tmp_path / "kb", what="retrieval").to_dict()
    assert report["counts"]["evidence_not_found"] == 1
    assert report["retrieval"]["recall@10"] == 0.5
    assert report["warnings"] == [
        "mooring: its evidence does not stand in harbour.txt word for word."
    ]


def test_any_further_gold_passage_counts(tmp_path: Path, parser_here: None) -> None:
    elsewhere = MOORING | {"document": "bakery.txt", "evidence": "The bakery sells rye bread."}
    folder = write_set(tmp_path / "set", [elsewhere], name="questions.jsonl")
    assert evaluate(folder, tmp_path / "kb").to_dict()["retrieval"]["recall@1"] == 0.0
    further = [{"document": "harbour.txt", "page": None, "text": MOORING["evidence"]}]
    rows = [{"id": "mooring", "evidence": further}, {"id": "nobody", "evidence": further}]
    (folder / "evidence_all.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    report = evaluate(folder, tmp_path / "kb").to_dict()
    assert report["retrieval"]["recall@1"] == 1.0
    assert report["answers"]["citation_recall"] == 1.0
    assert report["warnings"] == [
        "evidence_all.jsonl has 1 ids that no question has, such as 'nobody'."
    ]


def test_what_an_answer_needs_is_counted_by_kind(tmp_path: Path, parser_here: None) -> None:
    mooring = MOORING | {"answers": [], "kind": "fact", "needs": ["25 crowns", "a bell rings"]}
    nothing = {"id": "rings", "question": "Which planets have rings?", "answers": [], "kind": "no"}
    folder = write_set(tmp_path / "set", [mooring, nothing], name="questions.jsonl")
    report = evaluate(folder, tmp_path / "kb").to_dict()
    assert report["counts"]["answerable"] == 1
    assert report["answers"]["needs_shown"] == 0.5
    assert report["answers"]["whole"] == 0.0
    assert report["by_kind"]["no"]["answers"] == {"refusal_recall": 1.0}
    (line,) = [line for line in tables.evaluation_lines(report) if line.startswith("  fact (1)")]
    assert line.split()[2:4] == ["0.000", "0.500"]


TALKS = [
    {
        "id": "t1",
        "turns": [
            {key: MOORING[key] for key in ("question", "answers", "document", "evidence")},
            {"question": "And when does it open?", "answers": ["at six"], "document": None},
            {key: OVEN[key] for key in ("question", "answers", "document", "evidence")},
        ],
    },
    {
        "id": "t2",
        "turns": [
            {
                "question": "What is the cost of mooring?",
                "answers": ["25 crowns"],
                "document": None,
            },
            {
                "question": "And when does the harbour open?",
                "answers": ["six"],
                "document": "harbour.txt",
                "evidence": "The harbour opens at six.",
            },
            {"question": "Which planets have rings?", "answers": []},
        ],
    },
]


@pytest.mark.parametrize("what", ["retrieval", "all"])
def test_conversations_are_asked_turn_by_turn_and_leave_no_chat(
    tmp_path: Path, parser_here: None, what: runner.What
) -> None:
    folder = write_set(tmp_path / "set", TALKS, name="conversations.jsonl")
    report = evaluate(folder, tmp_path / "kb", what=what).to_dict()
    talks = report["conversations"]
    assert talks["counts"] == {
        "conversations": 2,
        "first_turns": 1,
        "later_turns": 3,
        "topic_changes": 1,
    }
    assert talks["left_as_asked"] == {"first_turns": 1.0, "topic_changes": 1.0}
    assert talks["first_turns"]["retrieval"]["recall@1"] == 1.0
    assert [row["id"] for row in report["questions"]] == ["t1#0", "t1#2", "t2#1", "t2#2"]
    # A history turn is what the next one looks back on.
    searched = report["questions"][2]["standalone_question"]
    assert searched != "And when does the harbour open?"
    assert "mooring" in searched


def test_a_chat_of_the_user_survives_an_evaluation_that_fails(
    tmp_path: Path, parser_here: None
) -> None:
    dataset = datasets.load(write_set(tmp_path / "set", TALKS, name="conversations.jsonl"))

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with KnowledgeBase.open(
        tmp_path / "kb", embedder=FakeEmbedder(), model=FakeChatModel("")
    ) as base:
        base.add(dataset.documents)
        mine = base.ask("When does the harbour open?").conversation
        with pytest.raises(KeyboardInterrupt):
            runner.run(base, dataset, progress=stop)
        assert [chat.id for chat in base.conversations.all()] == [mine]


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory, sample_kb: KnowledgeBase) -> dict[str, Any]:
    """The sample questions, most of them about pages of PDFs, on the sample knowledge base."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copytree(EXAMPLES / "documents", folder / "documents")
    shutil.copy(EXAMPLES / "questions.jsonl", folder)
    dataset = datasets.load(folder)
    assert {question.language for question in dataset.questions} == {"en", "zh"}
    return runner.run(sample_kb, dataset, what="retrieval").to_dict()


def test_the_sample_questions_are_found_by_page_and_by_passage(paged: dict[str, Any]) -> None:
    assert paged["warnings"] == []
    assert paged["retrieval"]["recall@5"] > 0.9
    assert paged["retrieval_by_page"]["recall@5"] > 0.9
    assert paged["retrieval_by_passage"]["recall@5"] > 0.8
    assert set(paged["by_language"]) == {"en", "zh"}


def test_a_run_compared_with_itself_shows_no_difference(paged: dict[str, Any]) -> None:
    compared = comparison.compare(paged, paged, name="same.json")
    assert compared["shared_questions"] == paged["counts"]["questions"]
    for part in compared["differences"].values():
        for found in part.values():
            assert (found["difference"], found["verdict"], found["p"]) == (0, "same", 1)
    assert compared["changed_questions"] == []


def made_worse(result: dict[str, Any], *, every: int) -> dict[str, Any]:
    """The same run, had it missed one question in so many."""
    rows = [dict(row) for row in result["questions"]]
    for row in rows[::every]:
        row["retrieval"] = dict.fromkeys(row.get("retrieval", {}), 0.0)
    return result | {"questions": rows}


def test_a_difference_is_called_real_when_many_questions_agree(paged: dict[str, Any]) -> None:
    found = comparison.compare(made_worse(paged, every=2), paged, name="before.json")
    recall = found["differences"]["retrieval"]["recall@5"]
    assert recall["verdict"] == "better"
    assert recall["questions_up"] > 5 > recall["questions_down"] == 0
    assert recall["interval"][0] > 0
    backwards = comparison.compare(paged, made_worse(paged, every=2), name="before.json")
    assert backwards["differences"]["retrieval"]["recall@5"]["verdict"] == "worse"
    one = comparison.compare(made_worse(paged, every=20), paged, name="before.json")
    assert one["differences"]["retrieval"]["recall@5"]["verdict"] == "unclear"


def test_the_page_needs_nothing_from_elsewhere(paged: dict[str, Any]) -> None:
    compared = comparison.compare(made_worse(paged, every=2), paged, name="<before>.json")
    page = pages.page(paged, compared)
    assert "default-src 'none'" in page
    for outside in ("<script", "<img", "<link", "href=", "src=", "url(", "<before>", "http://"):
        assert outside not in page.replace("default-src", "")
    assert page.count("<svg") == page.count("</svg>") > 5
    for metric in ("recall@1", "better", "not found"):
        assert metric in page


def test_what_was_asked_and_answered_is_shown_as_text(tmp_path: Path, parser_here: None) -> None:
    hostile = MOORING | {"question": "<b onclick=x>mooring</b> cost?", "answers": ["<i>9</i>"]}
    folder = write_set(tmp_path / "set", [hostile], name="questions.jsonl")
    page = pages.page(evaluate(folder, tmp_path / "kb").to_dict())
    assert "<b onclick" not in page
    assert "&lt;i&gt;9" in page


def run_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["quire", "eval", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, out, err


def test_the_command_measures_compares_and_writes_a_page(
    questions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QUIRE_MODEL", "none")
    code, out, err = run_command(monkeypatch, capsys, str(questions), "--json")
    assert (code, err) == (0, "")
    before, page = tmp_path / "before.json", tmp_path / "report.html"
    before.write_text(out, encoding="utf-8")
    code, out, err = run_command(
        monkeypatch, capsys, str(questions), "--baseline", str(before), "--report", str(page)
    )
    assert (code, err) == (0, "")
    assert "Against before.json, over 3 questions" in out
    assert "recall@1" in out
    assert "the same: recall@1" in out
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_refuses_what_cannot_work_before_the_work(
    questions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, content in (("text.json", "hello"), ("other.json", '{"questions": [{"id": "z"}]}')):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "report.json").write_text('{"set": "x"}', encoding="utf-8")
    for wanted, arguments, said in (
        (2, ("--report", str(tmp_path)), "it is a folder"),
        (2, ("--report", str(tmp_path / "no" / "r.html")), "no folder"),
        (1, ("--baseline", str(tmp_path / "none.json")), "cannot be read"),
        (2, ("--baseline", str(tmp_path / "text.json")), "is not JSON"),
        (2, ("--baseline", str(tmp_path / "report.json")), "no results by question"),
        (2, ("--baseline", str(tmp_path / "other.json")), "none of the questions of set"),
    ):
        code, out, err = run_command(monkeypatch, capsys, str(questions), *arguments)
        assert (code, out) == (wanted, "")
        assert said in err


def test_tables_have_a_column_for_each_language(paged: dict[str, Any]) -> None:
    lines = list(tables.evaluation_lines(paged))
    assert lines[0].startswith("samples")
    assert lines[1].split() == ["all", "(21)", "en", *lines[1].split()[3:]]
    assert any(line.startswith("latency of search") for line in lines)
