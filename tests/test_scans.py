"""Scans and pictures: read by OCR after all else, marked on the page, and told apart from text."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

from made_scans import edits, page_image, save_pdf, scanned
from quire import KnowledgeBase
from quire.config import load_settings
from quire.errors import Unreadable
from quire.indexes import scans
from quire.ingest.limits import Limits
from quire.ingest.loaders import load
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.scans import LIMITS
from quire.models.fakes import FakeEmbedder

pytest.importorskip("rapidocr")

ROOT = Path(__file__).parents[1]
ENGLISH = ROOT / "examples" / "documents" / "lease-and-handbook.pdf"
CHINESE = ROOT / "examples" / "documents" / "设备维护规程.pdf"
PAGES = ((ENGLISH, 1), (CHINESE, 2), (CHINESE, 4))  # prose in both languages, and a table


def opened(folder: Path, **settings: object) -> KnowledgeBase:
    return KnowledgeBase.open(
        settings=load_settings(kb=folder, model="none", entailment="none", **settings),
        embedder=FakeEmbedder(),
    )


def letter(*lines: str, width: int = 900, size: int = 32) -> Image.Image:
    """A picture of some lines."""
    picture = Image.new("RGB", (width, 80 + 60 * len(lines)), "white")
    for at, line in enumerate(lines):
        ImageDraw.Draw(picture).text(
            (40, 40 + 60 * at), line, font=ImageFont.load_default(size), fill="black"
        )
    return picture


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """Three scanned pages, and a PDF whose second page is one of them."""
    folder = tmp_path_factory.mktemp("scans")
    worn = [scanned(page_image(path, page), seed=page) for path, page in PAGES]
    save_pdf(folder / "scan.pdf", worn)
    mixed = PdfWriter()
    mixed.add_page(PdfReader(ENGLISH).pages[2])
    mixed.add_page(PdfReader(folder / "scan.pdf").pages[0])
    mixed.add_page(PdfReader(ENGLISH).pages[3])
    mixed.write(folder / "mixed.pdf")
    with opened(folder / "kb") as kb:
        kb.add([folder / "mixed.pdf"], ocr=False)
        before = kb.document("mixed.pdf")
        assert [page.ocr for page in kb.pages(before)] == [False, False, False]
        kb.tag("mixed.pdf", add="lease")
        kb.add(folder)
        yield kb


def folded(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("at", range(len(PAGES)))
def test_a_scan_is_read_nearly_as_its_text_is(base: KnowledgeBase, at: int) -> None:
    path, number = PAGES[at]
    true = folded(load(path).pages[number - 1].text)
    read = folded(base.pages(base.document("scan.pdf"))[at].text)
    assert edits(read, true) <= 0.03 * len(true)


def test_a_document_gets_the_pages_that_were_read_as_another_version(base: KnowledgeBase) -> None:
    document = base.document("mixed.pdf")
    text = load(ENGLISH).pages
    first, second, third = base.pages(document)
    assert (first.text, third.text) == (text[2].text, text[3].text)
    assert "31 March 2029" in second.text
    assert [page.ocr for page in base.pages(document)] == [False, True, False]
    assert document.tags == ("lease",)
    begins, _, read = document.id.partition(".")
    assert document.content_hash.startswith(begins)
    assert read
    assert base.verify() == []


def test_a_quote_says_that_it_was_read_by_ocr_and_is_marked_on_the_page(
    base: KnowledgeBase,
) -> None:
    document = base.document("mixed.pdf")
    quote = "31 March 2029"
    page = base.recognized(document, 2)
    assert page is not None
    start = base.pages(document)[1].text.index(quote)
    [(left, top, right, bottom)] = page.boxes(start, start + len(quote))
    # where it stands in the text PDF; a scan is turned about its middle, by a dozen points at most
    with ParserPool() as parsers:
        true = parsers.boxes(ENGLISH, page=1, start=0, end=10_000)
        at = load(ENGLISH).pages[0].text.index(quote)
        [(a, b, c, d)] = parsers.boxes(ENGLISH, page=1, start=at, end=at + len(quote)).boxes
    assert (page.width, page.height) == pytest.approx((true.width, true.height), abs=1)
    assert (left, top, right, bottom) == pytest.approx((a, b, c, d), abs=12)
    [hit, *_] = base.search("31 March 2029")
    assert hit.document.name in {"mixed.pdf", "scan.pdf"}
    [answer] = [base.ask("When does the lease end?")]
    read = [cited for cited in answer.citations if quote in cited.quote]
    assert read
    assert all(cited.ocr and cited.to_dict()["ocr"] for cited in read)


def test_adding_again_reads_nothing_and_changes_nothing(base: KnowledgeBase) -> None:
    paths = [base.document(name).uri for name in ("mixed.pdf", "scan.pdf")]
    ids = [document.id for document in base.documents()]
    report = base.add(paths, verify_content=True)
    assert (report.unchanged, report.to_read) == (2, ())
    assert [document.id for document in base.documents()] == ids


def test_a_removed_scan_comes_back_as_it_was_read(base: KnowledgeBase) -> None:
    before = base.document("scan.pdf")
    text = base.pages(before)
    base.remove("scan.pdf")
    assert base.restore(before.id).id == before.id
    assert base.pages(base.document("scan.pdf")) == text


def test_what_was_read_is_in_no_file_after_remove_and_compact(tmp_path: Path) -> None:
    picture = saved(tmp_path / "a.png", letter("The heron waits by the water gate."))
    with opened(tmp_path / "kb") as kb:
        assert kb.add(picture).added == 1
        kb.remove("a.png")
        kb.compact()
        with kb._catalog.reading() as connection:
            assert connection.execute("SELECT count(*) FROM recognitions").get == 0
    inside = b"".join(p.read_bytes() for p in (tmp_path / "kb").rglob("*") if p.is_file())
    assert b"heron" not in inside


def test_a_run_that_was_stopped_goes_on_with_the_page_after(tmp_path: Path) -> None:
    pages = [letter(f"Sheet number {n} of the ledger") for n in range(1, 4)]
    path = save_pdf(tmp_path / "ledger.pdf", pages)
    stop = threading.Event()
    heard: list[int] = []

    def after_one(progress: object) -> None:
        heard.append(progress.read)  # type: ignore[attr-defined]
        if progress.read == 1:  # type: ignore[attr-defined]
            stop.set()

    with opened(tmp_path / "kb") as kb:
        report = kb.add(path, jobs=1, progress=after_one, cancel=stop)
        assert report.cancelled
        assert [file.pages for file in report.to_read] == [(1, 2, 3)]
        assert kb.documents() == []
        with kb._catalog.reading() as connection:
            kept = connection.execute("SELECT count(*) FROM recognitions").get
        assert 1 <= kept < 3
        assert kb.add(path).added == 1
        assert [f"number {n}" in kb.pages(kb.document("ledger.pdf"))[n - 1].text for n in (1, 2, 3)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read_and_marked(tmp_path: Path, turn: int) -> None:
    lines = ("The heron waits by the water gate", "and counts the boats until noon.")
    path = saved(tmp_path / "a.png", letter(*lines).rotate(turn, expand=True))
    with opened(tmp_path / "kb") as kb:
        kb.add(path)
        document = kb.document("a.png")
        text = kb.pages(document)[0].text
        assert text.split() == " ".join(lines).split()
        page = kb.recognized(document, 1)
        assert page is not None
        [(left, top, right, bottom)] = page.boxes(0, len(lines[0]))
        upright = turn == 180
        assert (right - left > bottom - top) == upright
        assert (page.width > page.height) == upright


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_pictures_are_documents(tmp_path: Path, kind: str) -> None:
    path = saved(
        tmp_path / f"a.{kind.lower()}", letter("The heron waits by the water gate"), format=kind
    )
    with opened(tmp_path / "kb") as kb:
        assert kb.add(path).added == 1
        [document] = kb.documents()
        assert (document.media_type, document.pages) == (f"image/{kind.lower()}", 1)
        assert kb.pages(document)[0].text == "The heron waits by the water gate"


def test_each_picture_of_a_tiff_is_a_page_and_of_a_gif_the_first(tmp_path: Path) -> None:
    frames = [letter("The first of them"), letter("The second of them")]
    for name in ("a.tiff", "a.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    with opened(tmp_path / "kb") as kb:
        report = kb.add(tmp_path)
        assert report.added == 2
        assert [page.text for page in kb.pages(kb.document("a.tiff"))] == [
            "The first of them", "The second of them",
        ]  # fmt: skip
        assert [page.text for page in kb.pages(kb.document("a.gif"))] == ["The first of them"]
        assert kb.document("a.gif").warnings == (
            "The picture moves; only its first frame is read.",
        )


def cut_off(path: Path) -> Path:
    data = io.BytesIO()
    letter("cut off").save(data, "PNG")
    path.write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    return path


def bomb(path: Path) -> Path:
    """A few kilobytes that say they are 60,000 x 60,000 pixels."""
    saved(path, Image.new("1", (60_000, 60_000)), compression="group4")
    return path


@pytest.mark.parametrize(
    ("name", "made", "reason"),
    [
        ("a.png", cut_off, "damaged picture"),
        ("a.tiff", bomb, "limit: a picture of 60,000 × 60,000 pixels, more than 200 million"),
        ("b.png", lambda p: saved(p, Image.new("L", (1, 1))), "a picture of 1 × 1 pixels"),
        ("c.png", lambda p: saved(p, Image.new("L", (300, 300), 255)), "it has no text"),
    ],
)
def test_pictures_without_text_and_hostile_ones_have_a_reason(
    tmp_path: Path, name: str, made: object, reason: str
) -> None:
    path = made(tmp_path / name)  # type: ignore[operator]
    with opened(tmp_path / "kb") as kb:
        report = kb.add(path)
    [refusal] = (*report.skipped, *report.failed)
    assert refusal.reason.startswith(reason)


@pytest.mark.parametrize("size", [(20_000, 3), (3, 20_000), (14_000, 14_000)])
def test_a_picture_of_any_shape_stays_within_the_budget(size: tuple[int, int]) -> None:
    png = io.BytesIO()
    Image.new("1", size, 1).save(png, "PNG")
    with ParserPool(limits=LIMITS) as pool:
        assert pool.recognize(png.getvalue()).characters == 0


def test_a_page_that_breaks_a_limit_is_named_and_the_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_pdf(tmp_path / "a.pdf", [letter("Read me"), letter("Not me, I am too large")])
    recognize = ParserPool.recognize
    asked: list[bytes] = []

    def second_fails(self: ParserPool, png: bytes) -> object:
        asked.append(png)
        if len(asked) == 2:
            raise Unreadable("limit: took longer than 180 s")
        return recognize(self, png)

    monkeypatch.setattr(ParserPool, "recognize", second_fails)
    with opened(tmp_path / "kb") as kb:
        report = kb.add(path, jobs=1)
        assert report.added == 1
        assert report.warnings[-1].endswith(
            "Page 2 cannot be read by OCR: limit: took longer than 180 s."
        )
        assert kb.add(path, verify_content=True).to_read == ()  # nor is it tried without end


def test_an_encrypted_scan_is_read_with_its_password(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.append(save_pdf(tmp_path / "plain.pdf", [letter("The heron waits")]))
    writer.encrypt("geheim", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    with opened(tmp_path / "kb") as kb:
        [refusal] = kb.add(tmp_path / "locked.pdf").skipped
        assert refusal.reason == "password needed"
        assert kb.add(tmp_path / "locked.pdf", password="geheim").added == 1


def test_a_scan_without_ocr_says_how_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_pdf(tmp_path / "a.pdf", [letter("The heron waits")])
    with opened(tmp_path / "kb", ocr=False) as kb:
        [refusal] = kb.add(path).skipped
        assert refusal.hint.startswith("OCR is off")
        monkeypatch.setattr("quire.ingest.scans.find_spec", lambda _: None)
        [refusal] = kb.add(path, ocr=True).skipped
        assert "pip install 'quire[ocr]'" in refusal.hint


def test_damaged_words_are_told_and_read_again(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", [letter("Pump 7 holds 340 litres of water")])
    with opened(tmp_path / "kb") as kb:
        kb.add(path)
        before = kb.document("a.pdf")
        with kb._catalog.writing() as connection:
            connection.execute("UPDATE scans SET unsure = '[[0, 1]]'")
            connection.execute("UPDATE scanned_words SET words = '[]'")
        assert ("what OCR read is damaged", f"page 1 of {before.id}") in kb.verify()
        assert kb.pages(before)[0].unsure  # what is not known is not relied on
        assert kb.recognized(before, 1) is None
        kb.repair()
        assert kb.verify() == []
        assert kb.document("a.pdf").id == before.id
        assert kb.recognized(kb.document("a.pdf"), 1) is not None


def test_pages_to_read_are_known_to_the_next_process(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.append(str(ENGLISH), pages=(2, 3))
    writer.append(save_pdf(tmp_path / "one.pdf", [letter("The heron waits")]))
    writer.write(tmp_path / "a.pdf")
    with opened(tmp_path / "kb") as kb:
        report = kb.add(tmp_path / "a.pdf", ocr="later")
        assert (report.added, [file.pages for file in report.to_read]) == (1, [(2,)])
    with opened(tmp_path / "kb") as kb:
        with kb._catalog.reading() as connection:
            assert list(scans.pages_to_read(connection).values()) == [(2,)]
        report = kb.add(tmp_path / "a.pdf")
        assert (report.updated, report.unchanged) == (1, 0)
        assert "heron" in kb.pages(kb.document("a.pdf"))[1].text


def test_limits_of_a_reader_are_within_those_that_are_told() -> None:
    assert LIMITS.memory_bytes < 2 * Limits().memory_bytes
