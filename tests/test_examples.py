"""The sample documents and the questions about them, as files: what stands where."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from pypdf import PdfReader

EXAMPLES = Path(__file__).parent.parent / "examples"
DOCUMENTS = EXAMPLES / "documents"
PAGES = {"lease-and-handbook.pdf": 7, "设备维护规程.pdf": 6}
NEED_NO_CHINESE_FONT = {"board-minutes.docx", "lease-and-handbook.pdf", "visitor-faq.md"}
CHINESE_FONT = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["answers"]]


def squeezed(text: str) -> str:
    """Without white space: where a line breaks is the typesetter's affair."""
    return "".join(text.split())


def page_texts(path: Path) -> list[str]:
    """One text a page; formats without pages have one."""
    match path.suffix:
        case ".pdf":
            pdf = pypdfium2.PdfDocument(path)
            try:
                return [page.get_textpage().get_text_range() for page in pdf]
            finally:
                pdf.close()
        case ".docx":
            document = docx.Document(str(path))
            cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
            return ["\n".join([*(p.text for p in document.paragraphs), *cells])]
        case _:
            return [path.read_text(encoding="utf-8")]


def make(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXAMPLES / "make_documents.py", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
    )


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_evidence_stands_on_the_page_that_the_question_names(question: dict[str, Any]) -> None:
    texts = page_texts(DOCUMENTS / question["document"])
    evidence = squeezed(question["evidence"])
    found = [number for number, text in enumerate(texts, 1) if evidence in squeezed(text)]
    assert found == [question["page"] or 1]


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_first_answer_is_a_part_of_the_evidence(question: dict[str, Any]) -> None:
    assert squeezed(question["answers"][0]) in squeezed(question["evidence"])


def test_questions_are_well_formed() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    keys = {"id", "question", "answers", "document", "evidence", "lang", "page"}
    for question in QUESTIONS:
        assert question.keys() - {"demo"} == keys
        assert question["lang"] == ("en" if question["question"].isascii() else "zh")
        if question["answers"]:
            has_pages = question["document"].endswith(".pdf")
            assert isinstance(question["page"], int) if has_pages else question["page"] is None
        else:
            assert (question["document"], question["evidence"], question["page"]) == (
                None,
                "",
                None,
            )


def test_questions_cover_every_document_both_languages_and_the_unanswerable() -> None:
    assert {q["document"] for q in ANSWERABLE} == {path.name for path in DOCUMENTS.iterdir()}
    for lang, pdf in zip(("en", "zh"), PAGES, strict=True):
        mine = [question for question in QUESTIONS if question["lang"] == lang]
        assert len([q for q in mine if q["document"] == pdf]) >= 5
        assert any(not question["answers"] for question in mine)
        demo = [question for question in mine if question.get("demo")]
        assert len(demo) == 4
        assert len([question for question in demo if question["document"] == pdf]) >= 3
    assert any(not question["answers"] for question in QUESTIONS if question.get("demo"))


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_text_and_no_unknown_character(name: str) -> None:
    texts = page_texts(DOCUMENTS / name)
    assert len(texts) == PAGES[name]
    for number, text in enumerate(texts, 1):
        assert len(squeezed(text)) > 400
        assert not {"\ufffd", "\x00"} & set(text)
        assert f"{number}" in text.splitlines()[1]  # the footer, drawn after the running header


@pytest.mark.parametrize("name", PAGES)
def test_every_font_is_embedded_and_maps_back_to_text(name: str) -> None:
    for page in PdfReader(DOCUMENTS / name).pages:
        for reference in page["/Resources"]["/Font"].values():  # type: ignore[index]
            font = reference.get_object()
            assert "/FontFile2" in font["/FontDescriptor"], font["/BaseFont"]
            assert "/ToUnicode" in font


def test_the_samples_are_what_the_script_makes_of_the_sources(tmp_path: Path) -> None:
    made = make("--out", str(tmp_path))
    expected = set(NEED_NO_CHINESE_FONT)
    if CHINESE_FONT.is_file():
        assert (made.returncode, made.stderr) == (0, "")
        expected.add("设备维护规程.pdf")
    assert {path.name for path in tmp_path.iterdir()} == expected
    # Texts, not bytes: another zlib or reportlab writes the same pages in other bytes.
    for name in expected:
        assert page_texts(tmp_path / name) == page_texts(DOCUMENTS / name), name


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for seed, folder in enumerate(folders):
        make("--out", str(folder), hash_seed=str(seed))
    first, second = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders)
    assert first.keys() >= NEED_NO_CHINESE_FONT
    assert first == second


def test_no_time_of_writing_stands_in_the_docx() -> None:
    with zipfile.ZipFile(DOCUMENTS / "board-minutes.docx") as archive:
        assert {member.date_time for member in archive.infolist()} == {(2024, 11, 22, 9, 0, 0)}


def test_a_missing_font_names_the_package_and_leaves_the_other_documents(tmp_path: Path) -> None:
    made = make("--out", str(tmp_path), "--font", str(tmp_path / "nowhere.ttf"))
    assert made.returncode == 1
    assert "apt-get install fonts-droid-fallback" in made.stderr
    assert {path.name for path in tmp_path.iterdir()} == NEED_NO_CHINESE_FONT
