"""A chat or an answer as a file for people to read: Markdown, DOCX and PDF, with pictures of the
places on the pages."""

import io
import itertools
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pypdfium2
import pytest
from PIL import Image
from pypdfium2 import raw
from typer.testing import CliRunner

from quire import Answer, KnowledgeBase
from quire.cli import app
from quire.conversations.schema import Turn
from quire.errors import ConversationNotFound, UsageError
from quire.reports import chat_pdf, chat_word
from quire.reports.forms import ENDINGS

ENGLISH = "When does the lease of the East Dome end?"
CHINESE = "接地电阻最大允许是多少欧姆？"
HOSTILE = "<b>bold</b> & ![x](http://a.b/c.png) \x07 电 Ж"


@pytest.fixture(scope="module")
def chat(sample_kb: KnowledgeBase) -> list[Answer]:
    first = sample_kb.ask(ENGLISH)
    return [first, sample_kb.ask(CHINESE, conversation=first.conversation)]


def pdf_text(content: bytes) -> str:
    file = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_range() for page in file)


def docx_text(content: bytes) -> str:
    made = docx.Document(io.BytesIO(content))
    rows = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in made.paragraphs), *rows])


def test_a_chat_is_written_with_its_quotes_in_each_form(
    sample_kb: KnowledgeBase, chat: list[Answer]
) -> None:
    made = {form: sample_kb.export(chat[0].conversation, form=form) for form in ENDINGS.values()}
    texts = {
        "markdown": made["markdown"].decode(),
        "docx": docx_text(made["docx"]),
        "pdf": pdf_text(made["pdf"]).replace("\r\n", " "),
    }
    for text in texts.values():
        plain = re.sub(r"\s+|\\", "", text)
        for answer in chat:
            assert re.sub(r"\s+", "", answer.question) in plain
            for cited in answer.citations:
                assert re.sub(r"\s+", "", cited.quote)[:30] in plain
                assert re.sub(r"\s+", "", cited.document.name) in plain


def test_pictures_of_the_pages_are_in_each_form(
    sample_kb: KnowledgeBase, chat: list[Answer]
) -> None:
    id_ = chat[0].id
    assert b"![" in sample_kb.export(id_, form="markdown", answer=True)
    assert b"]: data:image/png;base64," in sample_kb.export(id_, form="markdown", answer=True)
    with zipfile.ZipFile(io.BytesIO(sample_kb.export(id_, form="docx", answer=True))) as made:
        assert any(name.startswith("word/media/") for name in made.namelist())
    file = pypdfium2.PdfDocument(sample_kb.export(id_, form="pdf", answer=True))
    kinds = [thing.type for page in file for thing in page.get_objects()]
    assert raw.FPDF_PAGEOBJ_IMAGE in kinds


def test_an_answer_alone_is_written_without_the_others(
    sample_kb: KnowledgeBase, chat: list[Answer]
) -> None:
    text = sample_kb.export(chat[1].id, form="markdown", answer=True).decode()
    assert CHINESE in text
    assert ENGLISH not in text
    with pytest.raises(ConversationNotFound):
        sample_kb.export("no-such-id", form="pdf")


def kept(text: str, kind: str = "sentence") -> Turn:
    sentence = {
        "text": text, "start": 0, "end": len(text), "kind": kind, "labels": [1],
        "support": "contradicted", "quote": HOSTILE, "formula": "2 × 3 = 6", "citations": [0],
    }  # fmt: skip
    cited = {"label": 1, "document": HOSTILE, "document_id": "d", "page": 2, "quote": HOSTILE}
    answer = {
        "id": "a", "question": HOSTILE, "standalone_question": HOSTILE, "status": "answered",
        "text": text, "sentences": [sentence], "citations": [cited], "passages": [],
        "model": HOSTILE, "timings_ms": {"total": 10.0}, "notes": [],
    }  # fmt: skip
    return Turn("a", question=HOSTILE, standalone=HOSTILE, answer=answer, asked_at="2026-01-01")


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        f"| Item | {HOSTILE.replace('|', '')} |\n|---|---|\n| a | b |",
        "- one\n    - two <i>\n1. three\n（2）四",
        "```\nx = 1 < 2\n```\n\n---\n\n# Title\n\n> said",
        "x" * 5000,
        "| " + " | ".join(["wide"] * 40) + " |\n|" + "---|" * 40,
        f"| Item | Told |\n|---|---|\n| a | {'long ' * 2000} |",
    ],
)
def test_what_texts_hold_stays_text_and_any_form_is_written(text: str) -> None:
    turn = kept(text)
    for content, read in (
        (chat_pdf.file(HOSTILE, [turn], [[None]]), pdf_text),
        (chat_word.file(HOSTILE, [turn], [[None]]), docx_text),
    ):
        said = read(content)
        assert "<b>bold</b>" in said
        assert "电" in said


def with_sources(n: int) -> Turn:
    """A turn whose answer is a list with `n` sources."""
    turn = kept("1. one\n   - two\n   - three\n2. four")
    (cited,) = turn.answer["citations"]
    sources = [
        {**cited, "label": at, "document": f"source-{at}.pdf", "quote": f"said-{at}."}
        for at in range(1, n + 1)
    ]
    return replace(turn, answer={**turn.answer, "citations": sources})


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (900, 120), "grey").save(made, "PNG")
    return made.getvalue()


def test_a_source_stands_on_one_page_with_its_quote_and_picture() -> None:
    turn = with_sources(17)
    content = chat_pdf.file("Chat", [turn], [[picture()] * 17])
    for page in pypdfium2.PdfDocument(content):
        images = [each for each in page.get_objects() if each.type == raw.FPDF_PAGEOBJ_IMAGE]
        text = page.get_textpage().get_text_range()
        sources, quotes = (re.findall(form, text) for form in (r"source-(\d+)", r"said-(\d+)"))
        assert sources == quotes
        assert len(quotes) == len(images)
    made = docx.Document(io.BytesIO(chat_word.file("Chat", [turn], [[picture()] * 17])))
    for before, paragraph in itertools.pairwise(made.paragraphs):
        if paragraph._p.xpath(".//pic:pic") or paragraph.style.name == "Quote":
            assert before.paragraph_format.keep_with_next


def test_items_of_a_list_in_a_docx_stand_below_the_one_that_they_belong_to() -> None:
    made = docx.Document(io.BytesIO(chat_word.file("Chat", [with_sources(1)], [[None]])))
    indents = {each.text: each.paragraph_format.left_indent for each in made.paragraphs}
    one, two = (
        next(indent for text, indent in indents.items() if text.startswith(said))
        for said in ("1.\tone", "two")
    )
    assert one < two


def test_the_command_line_writes_what_the_name_asks_for(
    sample_kb: KnowledgeBase, chat: list[Answer], tmp_path: Path
) -> None:
    run = CliRunner()
    kb = ["--kb", str(sample_kb.folder)]
    for ending, first in ((".docx", b"PK"), (".pdf", b"%PDF"), (".md", b"# ")):
        file = tmp_path / f"answer{ending}"
        done = run.invoke(app, ["export-answer", chat[0].id, "--output", str(file), *kb])
        assert done.exit_code == 0, done.output
        assert file.read_bytes().startswith(first)
    file = tmp_path / "chat.pdf"
    done = run.invoke(
        app, ["conversations", "export", chat[0].conversation, "--to", str(file), *kb]
    )
    assert done.exit_code == 0, done.output
    assert "接地电阻" in pdf_text(file.read_bytes())
    wrong = run.invoke(app, ["export-answer", chat[0].id, "--output", "answer.xyz", *kb])
    assert isinstance(wrong.exception, UsageError)
