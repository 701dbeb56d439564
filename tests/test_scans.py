"""Scans and pictures: read by OCR after all else, marked on the page, and told apart from text."""

import io
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

from made_scans import edits, page_image, save_pdf, scanned
from quire import KnowledgeBase
from quire.background.ingesting import Ingests, Intake
from quire.config import load_settings
from quire.errors import Unreadable
from quire.ingest.loaders import load
from quire.ingest.loaders.ocr.words import Recognition, Word
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import IngestReport as Report
from quire.ingest.report import Progress
from quire.ingest.scans import LIMITS
from quire.models.fakes import FakeEmbedder
from quire.records import Document, Passage, Sentence, Span
from quire.ui.source import Source, look

pytest.importorskip("rapidocr")

ROOT = Path(__file__).parents[1]
ENGLISH = ROOT / "examples" / "documents" / "lease-and-handbook.pdf"
CHINESE = ROOT / "examples" / "documents" / "设备维护规程.pdf"
DOCUMENT = Document(
    "0", "0", "/made/pump.pdf", "pump.pdf", "pump", "application/pdf", "en", 1, 1, "", ""
)
PAGES = ((ENGLISH, 1), (CHINESE, 2), (CHINESE, 4))  # prose in both languages, and a table


def opened(folder: Path, **settings: object) -> KnowledgeBase:
    return KnowledgeBase.open(
        settings=load_settings(kb=folder, model="none", entailment="none", **settings),
        embedder=FakeEmbedder(),
    )


def letter(*lines: str, width: int = 640, size: int = 32) -> Image.Image:
    """A picture of some lines. The network enlarges one until its shorter side is long enough: what
    is nearly square is read in a third of the time that a strip of paper takes."""
    picture = Image.new("RGB", (width, width * 3 // 4), "white")
    for at, line in enumerate(lines):
        ImageDraw.Draw(picture).text(
            (40, 40 + 60 * at), line, font=ImageFont.load_default(size), fill="black"
        )
    return picture


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


KINDS = ("png", "jpeg", "webp", "bmp", "gif", "tiff")
SAYING = ("The heron waits by the water gate", "and counts the boats until noon.")
HOSTILE = {
    "cut-off.png": "damaged picture",
    "bomb.tiff": "limit: a picture of 60,000 × 60,000 pixels, more than 200 million",
    "wall.png": "limit: a picture of 20,000 × 20,000 pixels, more than 200 million",
    "locked.pdf": "password needed",
    "dot.png": "a picture of 1 × 1 pixels holds no text",
    "blank.png": "it has no text",
}


def bomb() -> bytes:
    """A TIFF of a few hundred bytes that says that it has 60,000 times 60,000 pixels."""
    small = io.BytesIO()
    Image.new("1", (60, 60)).save(small, "TIFF", compression="group4")
    found = small.getvalue()
    for tag in (256, 257):  # its width and height, 16 bits each
        found = found.replace(
            struct.pack("<HHIHH", tag, 3, 1, 60, 0), struct.pack("<HHII", tag, 4, 1, 60_000)
        )
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KnowledgeBase, Report]]:
    """Pictures of one saying in every format and turn, of two frames, and hostile ones."""
    folder = tmp_path_factory.mktemp("pictures")
    for kind in KINDS:
        letter(*SAYING).save(folder / f"{kind}.bin", format=kind.upper())
    for turn in (90, 180, 270):
        letter(*SAYING).rotate(turn, expand=True).save(folder / f"{turn}.png")
    frames = [letter("The first of them"), letter("The second of them")]
    for name in ("frames.tiff", "moving.gif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    whole = (folder / "90.png").read_bytes()
    (folder / "cut-off.png").write_bytes(whole[: len(whole) // 2])
    (folder / "bomb.tiff").write_bytes(bomb())
    Image.new("1", (20_000, 20_000)).save(folder / "wall.png")
    locked = PdfWriter(save_pdf(folder / "locked.pdf", frames[:1]))
    locked.encrypt("secret")
    locked.write(folder / "locked.pdf")
    Image.new("L", (1, 1)).save(folder / "dot.png")
    Image.new("L", (300, 300), 255).save(folder / "blank.png")
    with opened(folder / "kb") as kb:
        yield kb, kb.add(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_documents_whatever_their_names(
    pictures: tuple[KnowledgeBase, Report], kind: str
) -> None:
    kb, _ = pictures
    document = kb.document(f"{kind}.bin")
    assert (document.media_type, document.pages) == (f"image/{kind}", 1)
    assert kb.pages(document)[0].text == " ".join(SAYING)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_lies_on_its_side_is_read_and_marked(
    pictures: tuple[KnowledgeBase, Report], turn: int
) -> None:
    kb, _ = pictures
    document = kb.document(f"{turn}.png")
    assert kb.pages(document)[0].text == " ".join(SAYING)
    page = kb.recognized(document, 1)
    assert page is not None
    boxes = page.boxes(0, len(SAYING[0]))
    width = max(box[2] for box in boxes) - min(box[0] for box in boxes)
    height = max(box[3] for box in boxes) - min(box[1] for box in boxes)
    assert (width > height, page.width > page.height) == (turn == 180, turn == 180)
    near_end = boxes[0][3] > page.height / 2  # the first word is low on a page that stands on it
    assert near_end == (turn in {90, 180})


def test_each_picture_of_a_tiff_is_a_page_and_of_a_gif_the_first(
    pictures: tuple[KnowledgeBase, Report],
) -> None:
    kb, _ = pictures
    both = ["The first of them", "The second of them"]
    assert [page.text for page in kb.pages(kb.document("frames.tiff"))] == both
    assert [page.text for page in kb.pages(kb.document("moving.gif"))] == both[:1]
    said = ("The picture moves; only its first frame is read.",)
    assert kb.document("moving.gif").warnings == said


@pytest.mark.parametrize("name", HOSTILE)
def test_pictures_without_text_and_hostile_ones_have_a_reason(
    pictures: tuple[KnowledgeBase, Report], name: str
) -> None:
    _, report = pictures
    refused = {Path(each.path).name: each.reason for each in (*report.skipped, *report.failed)}
    assert refused.keys() == HOSTILE.keys()
    assert refused[name] == HOSTILE[name]


def test_a_picture_of_any_shape_stays_within_the_budget() -> None:
    with ParserPool(limits=LIMITS) as pool:
        for size in ((20_000, 3), (3, 4_000), (5_400, 5_400)):
            png = io.BytesIO()
            Image.new("1", size, 1).save(png, "PNG")
            assert pool.recognize(png.getvalue()).characters == 0


@pytest.fixture
def by_width(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Image.Image]:
    """Pictures of one line, and in the place of the networks what knows them by their widths: for
    tests of what is done with the words, for which the networks take too long."""
    known: dict[int, str] = {}

    def picture(line: str, width: int) -> Image.Image:
        known[width // 100] = line
        return Image.new("RGB", (width, 140), "white")

    def recognize(_: ParserPool, png: bytes) -> Recognition:
        width = int.from_bytes(png[16:20])
        line, at = [], 40.0
        for word in known[(width + 50) // 100].split():
            line.append(Word(word, False, at, 40.0, at + 15 * len(word), 75.0, 1.0))
            at += 15 * len(word) + 15
        return Recognition(width, 140, 0, 0.0, (tuple(line),))

    monkeypatch.setattr(ParserPool, "recognize", recognize)
    return picture


def test_a_run_that_was_stopped_goes_on_with_the_page_after(
    tmp_path: Path, by_width: Callable[[str, int], Image.Image]
) -> None:
    pages = [by_width(f"Sheet number {n}", 900 + 100 * n) for n in range(1, 4)]
    path = save_pdf(tmp_path / "ledger.pdf", pages)
    stop = threading.Event()

    def stop_after_one(progress: Progress) -> None:
        if progress.read == 1:
            stop.set()

    with opened(tmp_path / "kb") as kb:
        report = kb.add(path, jobs=1, progress=stop_after_one, cancel=stop)
        assert report.cancelled
        assert [file.pages for file in report.to_read] == [(1, 2, 3)]
        assert kb.documents() == []
        with kb._catalog.reading() as connection:
            kept = connection.execute("SELECT count(*) FROM recognitions").get
        assert 1 <= kept <= 3
        assert kb.add(path).added == 1
        pages = kb.pages(kb.document("ledger.pdf"))
        assert [page.text for page in pages] == [f"Sheet number {n}" for n in (1, 2, 3)]


def test_what_was_read_of_a_file_is_not_taken_for_what_came_in_its_place(
    tmp_path: Path, by_width: Callable[[str, int], Image.Image]
) -> None:
    path = save_pdf(tmp_path / "a.pdf", [by_width("The heron waits", 900)])
    other = save_pdf(tmp_path / "other.pdf", [by_width("The gate opens", 1000)])

    def exchange(progress: Progress) -> None:
        if progress.read:
            path.write_bytes(other.read_bytes())

    with opened(tmp_path / "kb") as kb:
        [refusal] = kb.add(path, progress=exchange).skipped
        assert refusal.reason == "changed while it was being read"
        assert kb.documents() == []


def test_a_page_that_breaks_a_limit_is_named_and_the_others_are_kept(
    tmp_path: Path,
    by_width: Callable[[str, int], Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = [by_width("Read me", 900), by_width("Not me, I am too large", 1000)]
    path = save_pdf(tmp_path / "a.pdf", pages)
    recognize, asked = ParserPool.recognize, []

    def second_fails(self: ParserPool, png: bytes) -> Recognition:
        asked.append(png)
        if len(asked) == 2:
            raise Unreadable("limit: took longer than 180 s")
        return recognize(self, png)

    monkeypatch.setattr(ParserPool, "recognize", second_fails)
    with opened(tmp_path / "kb") as kb:
        report = kb.add(path, jobs=1)
        assert report.added == 1
        told = "Page 2 cannot be read by OCR: limit: took longer than 180 s."
        assert report.warnings[-1].endswith(told)
        assert kb.document("a.pdf").warnings[-1] == told
        assert kb.add(path, verify_content=True).to_read == ()  # nor is it tried without end


def test_what_was_read_is_removed_restored_repaired_and_forgotten(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.append(save_pdf(tmp_path / "plain.pdf", [letter("Pump 7 holds 340 litres of heron")]))
    writer.encrypt("geheim", algorithm="RC4-128")
    path = tmp_path / "locked.pdf"
    writer.write(path)
    with opened(tmp_path / "kb") as kb:
        [refusal] = kb.add(path).skipped
        assert refusal.reason == "password needed"
        assert kb.add(path, password="geheim").added == 1
        kb.remove("locked.pdf")
        assert kb.add(tmp_path / "plain.pdf").added == 1  # the same picture, known by its hash
        before = kb.document("plain.pdf")
        with kb._catalog.writing() as connection:
            connection.execute("UPDATE scans SET unsure = '[[0, 1]]'")
            connection.execute("UPDATE scanned_words SET words = '[]'")
        assert ("what OCR read is damaged", f"page 1 of {before.id}") in kb.verify()
        assert kb.pages(before)[0].unsure  # what is not known is not relied on
        assert kb.recognized(before, 1) is None
        kb.repair()
        assert kb.verify() == []
        assert kb.document("plain.pdf").id == before.id
        assert kb.recognized(kb.document("plain.pdf"), 1) is not None
        kb.remove("plain.pdf")
        kb.compact()
    inside = b"".join(p.read_bytes() for p in (tmp_path / "kb").rglob("*") if p.is_file())
    assert b"heron" not in inside


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


def test_pages_to_read_are_known_to_the_next_process_and_read_after_all_else(
    tmp_path: Path,
) -> None:
    writer = PdfWriter()
    writer.append(str(ENGLISH), pages=(2, 3))
    writer.append(save_pdf(tmp_path / "one.pdf", [letter("The heron waits")]))
    writer.write(tmp_path / "a.pdf")
    with opened(tmp_path / "kb") as kb:
        report = kb.add(tmp_path / "a.pdf", ocr="later")
        assert (report.added, [file.pages for file in report.to_read]) == (1, [(2,)])
        old = kb.document("a.pdf")
    with opened(tmp_path / "kb") as kb:
        ingests, told = Ingests(kb), []
        ingests.add(
            [
                Intake("a.pdf", 9, path=tmp_path / "a.pdf"),
                Intake("note.txt", 9, content=b"The gate opens at six."),
            ]
        )
        while not ingests.wait(0.05):
            told.append(tuple(item.stage for item in ingests.items))
        assert ("reading", "done") in told
        assert ("reading", "waiting") not in told
        [first, _] = ingests.items
        assert first.report is not None
        assert (first.stage, first.report.updated, first.report.to_read) == ("done", 1, ())
        assert sum(document.chunks for document in kb.documents()) == (
            report.chunks + sum(item.report.chunks for item in ingests.items if item.report)
        )
        assert "heron" in kb.pages(kb.document("a.pdf"))[1].text
        # a place that was cited before is found again in the version with the page
        quote = kb.pages(kb.document("a.pdf"))[0].text[100:160]
        with ParserPool() as parsers:
            view = look(kb, Source(old.id, "a.pdf", 1, 100, 160, quote), parsers=parsers)
            assert view.page is not None
            assert (view.page.boxes != (), view.ocr) == (True, False)
            quote = kb.pages(kb.document("a.pdf"))[1].text
            start = kb.document("a.pdf") and len(kb.pages(kb.document("a.pdf"))[0].text) + 2
            place = Source(kb.document("a.pdf").id, "a.pdf", 2, start, start + len(quote), quote)
            view = look(kb, place, parsers=parsers)
            assert view.page is not None
            assert (view.page.boxes != (), view.ocr) == (True, True)


def test_a_number_that_ocr_is_not_sure_of_supports_nothing_fully() -> None:
    cited = Passage(
        1, "The pump holds 340 litres.", DOCUMENT, Span(1, 1, 0, 26), 1.0,
        page_starts=((0, 1),), ocr_pages=frozenset({1}), unsure=((15, 18),),
    ).cite(0, "The pump holds 340 litres.")  # fmt: skip
    assert (cited.ocr, cited.unsure) == (True, ("340",))
    assert Sentence("It holds 340 litres.", "supported", (cited,)).support == "partly"
    assert Sentence("The pump holds litres.", "supported", (cited,)).support == "supported"
    assert Sentence("Both hold 680 litres.", "computed", (cited,)).support == "partly"
    assert not Sentence("It holds 340 litres.", "supported", (cited, cited)).stitched
