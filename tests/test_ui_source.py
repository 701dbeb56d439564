"""What stands open beside an answer: the page with the words marked, or their text."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from quire import KnowledgeBase
from quire.ingest.parsing.pool import ParserPool
from quire.records import PAGE_BREAK, Document
from quire.ui.source import Source, look

DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    with ParserPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("source")
    for name in ("lease-and-handbook.pdf", "visitor-faq.md"):
        shutil.copy(DOCUMENTS / name, folder / name)
    with KnowledgeBase.open(folder / "kb") as base:
        base.add([folder / "lease-and-handbook.pdf", folder / "visitor-faq.md"])
        yield base


def cited(base: KnowledgeBase, document: Document, words: str) -> Source:
    """The place of some words in a document."""
    text = PAGE_BREAK.join(page.text for page in base.pages(document))
    start = text.index(words)
    page, at = None, 0
    for candidate in base.pages(document):
        if at <= start:
            page = candidate.number
        at += len(candidate.text) + len(PAGE_BREAK)
    return Source(document.id, document.name, page, start, start + len(words), words)


def test_a_pdf_is_shown_as_its_page_with_the_words_marked(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    document = base.document("lease-and-handbook.pdf")
    source = cited(base, document, "The deposit is CNY 20,400")
    view = look(base, source, parsers=parsers)
    assert source.page == 2
    assert view.page is not None
    assert view.page.png.startswith("iVBOR")  # a PNG in base64
    assert len(view.page.boxes) == 1
    left, top, width, height = view.page.boxes[0]
    assert 0 < left < 0.5
    assert 0 < top < 1
    assert 0.1 < width < 0.9
    assert 0 < height < 0.05


def test_another_page_of_it_has_no_marks(base: KnowledgeBase, parsers: ParserPool) -> None:
    document = base.document("lease-and-handbook.pdf")
    source = cited(base, document, "The deposit is CNY 20,400").turned(1)
    view = look(base, source, parsers=parsers)
    assert source.current == 3
    assert view.page is not None
    assert view.page.boxes == ()


@pytest.mark.parametrize("size", [(200, 100), (595, 842), (2400, 500)])
def test_a_page_of_any_size_is_drawn_sharply(
    parsers: ParserPool, tmp_path: Path, size: tuple[int, int]
) -> None:
    canvas = Canvas(str(tmp_path / "sheet.pdf"), pagesize=size)
    canvas.setFont("Helvetica", 10)
    canvas.drawString(20, 40, "The canal was dug in 1743.")
    canvas.save()
    with KnowledgeBase.open(tmp_path / "kb") as base:
        base.add(tmp_path / "sheet.pdf")
        view = look(base, cited(base, base.document("sheet.pdf"), "canal"), parsers=parsers)
    assert view.page is not None
    assert 1200 <= view.page.width <= 1600
    assert view.page.width / view.page.height == pytest.approx(size[0] / size[1], rel=0.02)
    assert len(view.page.boxes) == 1


def test_a_format_without_pages_is_shown_as_the_text_around(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    document = base.document("visitor-faq.md")
    text = base.pages(document)[0].text
    words = text.split("\n")[len(text.split("\n")) // 2] or text[100:140]
    view = look(base, cited(base, document, words), parsers=parsers)
    assert view.page is None
    assert view.text is not None
    assert view.text.cited == words
    joined = f"{view.text.before.removeprefix('… ')}{words}{view.text.after.removesuffix(' …')}"
    assert joined in text


def test_a_moved_original_is_told_and_its_text_shown(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    document = base.document("lease-and-handbook.pdf")
    source = cited(base, document, "The deposit is CNY 20,400")
    path = base.original(document)
    assert path is not None
    path.rename(path.with_name("elsewhere.pdf"))
    try:
        view = look(base, source, parsers=parsers)
        assert view.missing == "original"
        assert view.text is not None
        assert view.text.cited == source.quote
        whole = look(base, source.turned(1), parsers=parsers).text
        assert whole is not None
        assert whole.before == base.pages(document)[2].text
    finally:
        path.with_name("elsewhere.pdf").rename(path)


def test_of_a_deleted_document_the_kept_quote_is_shown(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    source = replace(
        cited(base, base.document("visitor-faq.md"), "the"), document_id="0" * 16, quote="kept"
    )
    view = look(base, source, parsers=parsers)
    assert view.missing == "document"
    assert view.text is not None
    assert view.text.cited == "kept"
