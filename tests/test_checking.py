"""A text held against the documents: its verdicts, the command, and the reports of it."""

import io
import json
import threading
import zipfile
from pathlib import Path

import docx
import pytest

import quire
from quire import CheckedText, KnowledgeBase, cli
from quire.errors import Unreadable
from quire.reports import marked, webpage, word

REPORT = """# Report

The lease of the East Dome begins on 1 April 2024.
The deposit is CNY 90,400 and was paid on 22 March 2024.

What does heating cost? I find the rules sensible.

Bagpipes are stored beneath the lighthouse.
"""


@pytest.fixture(scope="module")
def checked(sample_kb: KnowledgeBase) -> CheckedText:
    return sample_kb.check(REPORT, name="report.md")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["quire", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_each_statement_has_its_verdict_and_its_source(checked: CheckedText) -> None:
    lease, deposit, bagpipes = checked.judged
    assert (lease.support, deposit.support) == ("supported", "contradicted")
    assert (lease.citations[0].document.name, lease.citations[0].page) == (
        "lease-and-handbook.pdf",
        1,
    )
    assert "CNY 20,400" in deposit.citations[0].quote
    assert bagpipes.support == "unsupported"
    assert "Bagpipes" in bagpipes.nowhere[0]
    assert len(bagpipes.nearest) == 3
    assert [one.kind for one in checked.statements if one.support is None] == [
        "heading",
        "question",
        "opinion",
    ]
    assert checked.counts["contradicted"] == 1
    assert not checked.holds


def test_it_tells_what_was_searched(checked: CheckedText, sample_kb: KnowledgeBase) -> None:
    searched = checked.searched
    assert searched.documents == len(sample_kb.documents())
    assert searched.pages == sum(each.pages or 0 for each in sample_kb.documents())
    assert searched.pages_without_text == 0


def test_a_statement_is_looked_for_in_a_scope_alone(sample_kb: KnowledgeBase) -> None:
    scope = quire.Scope(file="visitor-faq.md")
    found = sample_kb.check("The lease of the East Dome begins on 1 April 2024.", scope=scope)
    assert found.judged[0].support != "supported"
    assert found.searched.scope == "named visitor-faq.md"


def test_a_document_is_not_held_against_itself(settings: quire.Settings, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The gate of the ridge closes at 21:30.\n", encoding="utf-8")
    with KnowledgeBase.open(settings=settings) as kb:
        kb.add(path)
        itself, copied = kb.check_file(path), kb.check(path.read_text("utf-8").strip())
    assert itself.judged[0].support == "unsupported"
    assert "itself in the knowledge base" in itself.notes[0]
    assert copied.judged[0].support == "supported"


def test_a_check_that_is_stopped_keeps_what_is_done(sample_kb: KnowledgeBase) -> None:
    cancel, heard = threading.Event(), list[tuple[int, int]]()

    def stop(done: int, of: int) -> None:
        heard.append((done, of))
        if done == 1:
            cancel.set()

    found = sample_kb.check(REPORT, progress=stop, cancel=cancel)
    assert (len(found.judged), found.left_out) == (1, 2)
    assert heard == [(0, 3), (1, 3)]
    assert not found.holds
    assert "not looked at" in found.notes[-1]


def test_a_file_that_cannot_be_read_is_named(sample_kb: KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    for name in ("picture.png", "nowhere.md"):
        with pytest.raises(Unreadable, match=name):
            sample_kb.check_file(tmp_path / name)


def test_strict_ends_with_4_where_something_does_not_hold(
    sample_kb: KnowledgeBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "report.md").write_text(REPORT, encoding="utf-8")
    given = ["check", str(tmp_path / "report.md"), "--kb", str(sample_kb.folder)]
    assert run(monkeypatch, *given, "--strict") == 4
    printed = capsys.readouterr().out
    assert printed.index("CONTRADICTED (1)") < printed.index("SUPPORTED (1)")
    monkeypatch.setattr("sys.stdin", io.StringIO("The lease begins on 1 April 2024."))
    assert run(monkeypatch, "check", "-", "--kb", str(sample_kb.folder), "--strict") == 0


def test_reports_are_written_beside_what_is_printed(
    sample_kb: KnowledgeBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "report.md").write_text("The lease begins on 1 April 2024.", encoding="utf-8")
    given = ["check", str(tmp_path / "report.md"), "--kb", str(sample_kb.folder), "--json"]
    assert run(monkeypatch, *given, "--output", str(tmp_path / "found.json")) == 0
    written = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert written == json.loads(capsys.readouterr().out)
    assert run(monkeypatch, *given, "--output", str(tmp_path / "found.pdf")) == 2
    assert run(monkeypatch, *given, "--output", str(tmp_path / "report.md")) == 2
    assert run(monkeypatch, *given, "--output", str(tmp_path / "nowhere" / "found.html")) == 2
    assert "lease begins" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_all_of_the_text_stands_in_a_report_with_its_marks(checked: CheckedText) -> None:
    drawn = list(marked.paragraphs(checked))
    assert [one.kind for one in drawn] == ["heading", "text", "text", "text"]
    text = "".join(run.text for one in drawn for run in one.runs)
    assert "".join(text.split()) == "".join(REPORT.removeprefix("# ").split())
    judged = [run for one in drawn for run in one.runs if run.number]
    assert [run.support for run in judged] == ["supported", "contradicted", "unsupported"]
    asking = [one.number for one in marked.overview(marked.notes(checked))]
    assert asking == [2, 3]


def test_the_webpage_marks_statements_in_place_and_runs_nothing(
    sample_kb: KnowledgeBase, checked: CheckedText
) -> None:
    page = webpage.page(checked)
    assert '<span class="contradicted" id="at-2">The deposit is CNY 90,400' in page
    assert "CNY 20,400" in page
    hostile = sample_kb.check("<script>alert(1)</script> costs 5 euros.\u202e\x07", name="<b>.md")
    page = webpage.page(hostile)
    assert "<script" not in page
    assert "<b>" not in page
    assert "\u202e" not in page


def test_the_docx_has_the_text_and_its_sources(checked: CheckedText) -> None:
    content = word.file(checked)
    assert zipfile.is_zipfile(io.BytesIO(content))
    paragraphs = [each.text for each in docx.Document(io.BytesIO(content)).paragraphs]
    assert any("The deposit is CNY 90,400" in text and "[2]" in text for text in paragraphs)
    assert any("CNY 20,400" in text for text in paragraphs)


def test_a_chinese_text_has_a_chinese_report(sample_kb: KnowledgeBase) -> None:
    page = webpage.page(sample_kb.check("东圆顶直径9.6米。"))
    assert '<html lang="zh">' in page
    assert "有依据" in page


@pytest.mark.parametrize(
    ("said", "support"),
    [
        ("The deposit is CNY 21,400.", "contradicted"),
        ("A bed costs CNY 85 a night for members.", "contradicted"),
        ("滚轮直径磨损超过2.5毫米时应成组更换。", "contradicted"),
        ("The deposit is CNY 20,400.", "supported"),
        ("A bed costs CNY 70 a night for members.", "supported"),
        ("The observatory was painted by Rembrandt's nephew.", "unsupported"),
        ("天文台的猫叫小虎，喜欢吃鱼。", "unsupported"),
    ],
)
def test_another_number_is_contradicted_and_what_no_document_tells_is_not_found(
    sample_kb: KnowledgeBase, said: str, support: str
) -> None:
    assert sample_kb.check(said).judged[0].support == support
