"""An answer as one file, and the script in it that checks it on another machine."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

import quire
from quire import Answer, KnowledgeBase

EXAMPLES = Path(__file__).parent.parent / "examples" / "documents"


@pytest.fixture(scope="module")
def answer(sample_kb: KnowledgeBase) -> Answer:
    return sample_kb.ask("When does the lease of the East Dome end?")


@pytest.fixture(scope="module")
def page(sample_kb: KnowledgeBase, answer: Answer) -> str:
    return sample_kb.export_answer(answer.id)


def checked(page: str, tmp_path: Path, *files: Path) -> tuple[int, str]:
    """What the script that is printed in a page says of it and of files, by Python alone."""
    (script,) = re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)
    (tmp_path / "check_answer.py").write_text(html.unescape(script), encoding="utf-8")
    (tmp_path / "answer.html").write_text(page, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "check_answer.py", "answer.html", *map(str, files)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


def test_it_holds_on_another_machine_with_the_same_files(page: str, tmp_path: Path) -> None:
    code, said = checked(page, tmp_path, EXAMPLES)
    assert code == 0
    assert "its picture is as exported" in said


def test_what_was_changed_is_told(page: str, answer: Answer, tmp_path: Path) -> None:
    quote = html.escape(answer.citations[0].quote)
    code, said = checked(page.replace(f">{quote}<", ">It ends in May.<"), tmp_path, EXAMPLES)
    assert (code, "its text was changed" in said) == (1, True)
    cut = re.sub(r"(base64,.{40})....", r"\1AAAA", page)
    code, said = checked(cut, tmp_path, EXAMPLES)
    assert (code, "its picture was changed" in said) == (1, True)


def test_another_version_of_a_file_is_told(page: str, tmp_path: Path) -> None:
    other = tmp_path / "lease-and-handbook.pdf"
    other.write_bytes((EXAMPLES / other.name).read_bytes() + b"\n")
    code, said = checked(page, tmp_path, other)
    assert (code, "another version" in said) == (1, True)


def test_a_damaged_page_is_told_without_a_trace(page: str, tmp_path: Path) -> None:
    code, said = checked(page.replace('"quotes"', '"quoted"'), tmp_path, EXAMPLES)
    assert (code, "is damaged" in said) == (1, True)


def test_pages_of_which_nothing_can_be_found_are_counted(
    settings: quire.Settings, tmp_path: Path
) -> None:
    canvas = Canvas(str(tmp_path / "scan.pdf"))
    for draw in (
        lambda: canvas.drawString(50, 500, "The gate of the ridge is green."),
        lambda: canvas.rect(50, 50, 100, 100),
    ):
        draw()
        canvas.showPage()
    canvas.save()
    (tmp_path / "note.txt").write_text("The lamp is red.", encoding="utf-8")
    with KnowledgeBase.open(settings=settings) as kb:
        kb.add([tmp_path / "scan.pdf", tmp_path / "note.txt"])
        searched = kb.check("The hall is blue.").searched
        refusal = kb.ask("How many bagpipes hang in the zeppelin hangar?").refusal
        scope = quire.Scope(file="note.txt")
        alone = kb.check("The hall is blue.", scope=scope).searched
    assert refusal is not None
    for each in (searched, refusal):
        assert (each.documents, each.pages, each.pages_without_text) == (2, 2, 1)
    assert (alone.documents, alone.pages, alone.pages_without_text) == (1, 0, 0)


def test_what_was_not_found_tells_where_it_was_looked_for(sample_kb: KnowledgeBase) -> None:
    refused = sample_kb.ask("How many bagpipes hang in the zeppelin hangar?")
    assert refused.status == "not_found"
    assert refused.refusal is not None
    assert refused.refusal.pages > 0
    page = sample_kb.export_answer(refused.id)
    assert f"{refused.refusal.pages} pages, of which 0 have no text" in page
    assert "Nearest passages" in page
