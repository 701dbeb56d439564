"""What stands open beside an answer: the page with the words marked, or their text."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from quire import KnowledgeBase
from quire.ingest.parsing.pool import ParserPool
from quire.records import PAGE_BREAK, Document
from quire.ui.finding import MOST, find
from quire.ui.source import Source, look, thumbnail

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
    source = cited(base, document, "The deposit is CNY 20,400").opened(3)
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
    assert view.text.shown == text
    assert view.text.headings["How do I get there?"] == 2


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
        whole = look(base, source.opened(3), parsers=parsers).text
        assert whole is not None
        assert whole.shown == base.pages(document)[2].text
        assert not whole.cited
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


@pytest.fixture(scope="module")
def rents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A text of 3,000 rows, longer than what is drawn at once."""
    folder = tmp_path_factory.mktemp("rents")
    rows = "\n".join(f"| Room {number} | {number * 10} |" for number in range(3_000))
    (folder / "rents.md").write_text(f"# Rents\n\n| Room | Rent |\n| --- | --- |\n{rows}\n")
    with KnowledgeBase.open(folder / "kb") as base:
        base.add(folder / "rents.md")
        yield base


def test_of_a_long_text_whole_lines_around_the_place_are_shown_and_the_rest_can_be_reached(
    rents: KnowledgeBase, parsers: ParserPool
) -> None:
    source = cited(rents, rents.document("rents.md"), "| Room 1500 | 15000 |")
    shown = look(rents, source, parsers=parsers).text
    assert shown is not None
    assert shown.before
    assert shown.after
    assert shown.cited == source.quote
    assert all(line.count("|") == 3 for line in shown.shown.strip().split("\n"))
    later = look(rents, source.moved(shown.later), parsers=parsers).text
    assert later is not None
    assert 0 <= later.start - shown.end <= 1
    earlier = look(rents, source.moved(shown.earlier), parsers=parsers).text
    assert earlier is not None
    assert earlier.start < shown.start <= earlier.end + 1
    last = source
    while (view := look(rents, last, parsers=parsers).text) and view.after:
        last = last.moved(view.later)
    assert view is not None
    assert "Room 2999" in view.shown


def test_words_are_looked_for_in_the_whole_document_and_each_place_is_shown(
    rents: KnowledgeBase, parsers: ParserPool
) -> None:
    source = cited(rents, rents.document("rents.md"), "| Room 1500 |").searched("room 2999 29990")
    view = look(rents, source, parsers=parsers)
    assert view.hits == 1
    assert view.text is not None
    (mark,) = (mark for mark in view.text.marks if mark.now)
    assert view.text.text[mark.start : mark.end] == "Room 2999 | 29990"
    assert view.text.start <= mark.start < mark.end <= view.text.end
    none = look(rents, source.searched("no such words"), parsers=parsers)
    assert none.hits == 0
    assert none.text is not None
    assert none.text.cited


def test_a_hit_on_another_page_of_a_pdf_is_opened_and_marked(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    document = base.document("lease-and-handbook.pdf")
    source = cited(base, document, "The deposit is CNY 20,400").searched("dome certificate")
    first = look(base, source, parsers=parsers)
    assert first.number != source.page
    assert first.page is not None
    assert first.page.now
    assert not first.page.boxes
    back = look(base, first.source.searched("deposit"), parsers=parsers)
    assert back.page is not None
    assert back.number == 2
    assert back.page.boxes
    turned = look(base, first.source.opened((first.number or 1) + 1), parsers=parsers)
    assert turned.page is not None
    assert not turned.page.now


def test_the_place_after_the_last_one_is_the_first(
    base: KnowledgeBase, parsers: ParserPool
) -> None:
    source = cited(base, base.document("visitor-faq.md"), "Warm clothes").searched("ticket")
    hits = look(base, source, parsers=parsers).hits
    assert hits > 1
    assert look(base, source.searched("ticket", hits), parsers=parsers).source.hit == 0
    assert look(base, source.searched("ticket", -1), parsers=parsers).source.hit == hits - 1


@pytest.mark.parametrize(
    ("words", "text", "places"),
    [
        ("RENT", "rent, Rents", ["rent", "Rent"]),
        ("room 3", "room\n3 and Room | 3", ["room\n3", "Room | 3"]),
        ("接地电阻", "测量一次接地\n电阻。接地电阻", ["接地\n电阻", "接地电阻"]),
        ("a.b (c", "axb (c a.b (c", ["a.b (c"]),
        ("  ", "a  b", []),
        ("|", "a | b", ["|"]),
    ],
)
def test_words_are_found_as_a_reader_means_them(words: str, text: str, places: list[str]) -> None:
    assert [text[start:end] for start, end in find(text, words)] == places


def test_looking_for_words_takes_a_time_that_grows_with_the_text() -> None:
    for words in ("a a a a a b", "接接接接接b", "| | |"):
        began = time.process_time()
        assert len(find(f"{'a ' * 200_000}{'接 ' * 200_000}{'| ' * 200_000}", words)) <= MOST
        assert time.process_time() - began < 10


def test_a_small_image_is_drawn_of_any_page(base: KnowledgeBase, parsers: ParserPool) -> None:
    document = base.document("lease-and-handbook.pdf")
    view = look(base, cited(base, document, "CNY 20,400"), parsers=parsers)
    assert view.file is not None
    png = thumbnail(view.file, 7, parsers=parsers)
    assert png.startswith(b"\x89PNG")
    assert 100 < int.from_bytes(png[16:20]) < 200
