"""Scans of many pages, and pages of a size that nobody prints, read by a stand-in for the networks
of OCR: what is done around them is tested."""

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from made_scans import save_pdf
from quire import KnowledgeBase, load_settings
from quire.errors import Unreadable
from quire.ingest.loaders import load
from quire.ingest.loaders.ocr.words import Recognition, Word
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import Progress
from quire.ingest.scans import ReadPages
from quire.models.fakes import FakeEmbedder

pytest.importorskip("rapidocr")

ENGLISH = Path(__file__).parents[1] / "examples" / "documents" / "lease-and-handbook.pdf"
PAGES = 500
NARROWEST = 100  # pixels of page 1; each page after is two wider, which tells its number
LARGEST = 30_000_000  # pixels of a page as it is drawn


def line_of(number: int) -> str:
    """A line that is no other page's, in letters too: what differs by a number alone is a footer.

    >>> line_of(17)
    'Bh pays 17'
    """
    return (
        f"{''.join(chr(ord('a') + int(digit)) for digit in str(number))} pays {number}".capitalize()
    )


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of the pictures that were read, in pixels: each says the line of its number."""
    sizes: list[tuple[int, int]] = []
    lock = threading.Lock()

    def recognize(_: ParserPool, png: bytes) -> Recognition:
        width, height = Image.open(io.BytesIO(png)).size
        with lock:
            sizes.append((width, height))
        number = max(0, width - NARROWEST + 1) // 2 + 1
        words = line_of(number).split()
        step = width / 4
        line = tuple(
            Word(word, False, step * at + 1, 1.0, step * at + step, height / 2, 1.0)
            for at, word in enumerate(words)
        )
        return Recognition(width, height, 0, 0.0, (line,))

    monkeypatch.setattr(ParserPool, "recognize", recognize)
    return sizes


def opened(folder: Path) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", entailment="none")
    return KnowledgeBase.open(settings=settings, embedder=FakeEmbedder())


def sheets(count: int) -> Iterator[Image.Image]:
    for at in range(count):
        yield Image.new("L", (NARROWEST + 2 * at, 40), 200)


def test_a_scan_of_500_pages_is_read_page_by_page_and_goes_on_where_it_was_stopped(
    tmp_path: Path, read: list[tuple[int, int]]
) -> None:
    path = save_pdf(tmp_path / "ledger.pdf", sheets(PAGES))
    stop, told = threading.Event(), []

    def stop_after_some(progress: Progress) -> None:
        if progress.to_read:
            told.append((progress.read, progress.to_read))
        if progress.read == PAGES // 5:
            stop.set()

    with opened(tmp_path / "kb") as kb:
        report = kb.add(path, jobs=2, progress=stop_after_some, cancel=stop)
        assert report.cancelled
        assert [len(file.pages) for file in report.to_read] == [PAGES]
        assert told[-1] == (PAGES // 5, PAGES)
        before = len(read)
        assert PAGES // 5 <= before <= PAGES // 5 + 4  # and those at work when it was stopped
        assert kb.add(path, jobs=2).added == 1
        assert len(read) <= PAGES + 4  # nothing that was kept is read again
        pages = kb.pages(kb.document("ledger.pdf"))
        assert [page.text for page in pages] == [line_of(n) for n in range(1, PAGES + 1)]
        assert {page.ocr for page in pages} == {True}
        [hit] = kb.search(line_of(417), k=1, mode="lexical")
        assert hit.chunk.span.is_on(417)
        assert kb.add(path, verify_content=True).to_read == ()


def resized(path: Path, source: Path, *, to: int) -> Path:
    writer = PdfWriter()
    writer.add_page(PdfReader(source).pages[0])
    writer.pages[0].scale_to(to, to)
    writer.write(path)
    return path


def test_a_page_of_twenty_thousand_points_is_read_and_drawn_within_bounds(
    tmp_path: Path, read: list[tuple[int, int]]
) -> None:
    text = resized(tmp_path / "text.pdf", ENGLISH, to=20_000)
    scan = save_pdf(tmp_path / "small.pdf", sheets(1))
    scan = resized(tmp_path / "scan.pdf", scan, to=20_000)
    with opened(tmp_path / "kb") as kb:
        assert kb.add([text, scan]).added == 2
        assert kb.pages(kb.document("text.pdf"))[0].text == load(ENGLISH).pages[0].text
        [(width, height)] = read
        assert width * height <= LARGEST
        recognized = kb.recognized(kb.document("scan.pdf"), 1)
        assert recognized is not None
        assert (recognized.width, recognized.height) == (20_000, 20_000)
        assert all(0 <= word.left < word.right <= 20_000 for word in recognized.words)
        for name in ("text.pdf", "scan.pdf"):
            png = kb.page_image(name, 1, marks=[(0, 5)], width=800)
            assert Image.open(io.BytesIO(png)).size == (800, 800)


def test_a_page_of_one_point_has_an_outcome_with_a_reason(
    tmp_path: Path, read: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = resized(tmp_path / "text.pdf", ENGLISH, to=1)
    scan = save_pdf(tmp_path / "small.pdf", sheets(1))
    scan = resized(tmp_path / "scan.pdf", scan, to=1)
    with opened(tmp_path / "kb") as kb:
        report = kb.add([text, scan], ocr=False)
        assert report.added == 0
        assert sorted(Path(each.path).name for each in report.skipped) == ["scan.pdf", "text.pdf"]
        assert all(each.reason for each in report.skipped)
        kb.add([text, scan])
        assert max(map(max, read)) <= 4
    monkeypatch.undo()
    with ParserPool() as pool:  # and the networks themselves
        found = pool.recognize(pool.render(scan, page=1, scale=150 / 72))
    assert found.characters == 0


# Words that were read, and forgotten before their document came to them


def forget(kb: KnowledgeBase) -> None:
    with kb._catalog.writing() as connection:
        connection.execute("DELETE FROM recognitions")


def test_pages_whose_words_were_forgotten_are_left_to_read(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", sheets(3))
    document = load(path)
    assert document.unread == (1, 2, 3)
    pictures = {1: b"\1" * 32, 2: b"\2" * 32}
    failed = {3: Unreadable("limit: took longer than 180 s")}
    with opened(tmp_path / "kb") as kb:
        (tmp_path / "b.txt").write_text("The heron waits.", "utf-8")
        kb.add(tmp_path / "b.txt")
        assert ReadPages("0", pictures).recognized(kb._catalog) == {}
    text = load(tmp_path / "b.txt")
    told = ReadPages("0", pictures, failed).told_in(replace(text, unread=(1, 2, 3)))
    assert told.unread == (1, 2)
    assert told.warnings[-1].startswith("Page 3 cannot be read by OCR")
    with pytest.raises(Unreadable, match="took longer"):
        ReadPages("0", pictures, failed).told_in(document)


def test_a_document_whose_words_are_forgotten_meanwhile_is_read_again_and_not_lost(
    tmp_path: Path, read: list[tuple[int, int]]
) -> None:
    path = save_pdf(tmp_path / "a.pdf", sheets(3))
    with opened(tmp_path / "kb") as kb:
        forgotten: list[int] = []

        def forget_once(progress: Progress) -> None:
            if progress.read == 3 and not forgotten:
                forgotten.append(progress.read)
                forget(kb)

        report = kb.add(path, jobs=1, progress=forget_once)
        assert forgotten == [3]
        assert report.added == 0
        [refusal] = report.skipped
        assert refusal.reason == "what OCR had read of it was forgotten meanwhile"
        assert kb.add(path, jobs=1).added == 1
        assert len(read) == 6
        pages = kb.pages(kb.document("a.pdf"))
        assert [page.text for page in pages] == [line_of(n) for n in (1, 2, 3)]
