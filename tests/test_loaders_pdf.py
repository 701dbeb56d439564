import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib import pdfencrypt
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from made_fonts import SQUARES, register_squares
from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import load, pdf
from quire.ingest.loaders.pdf import layout
from quire.ingest.loaders.pdf.pdfium import PdfiumFile
from quire.ingest.loaders.pdf.runs import PageRuns, turned
from quire.ingest.loaders.pdf.writer import PageLayout
from quire.records import ParsedDocument

ENGLISH = (
    "The lease begins in May and runs for three years. Either party may end it with notice of six "
    "months. The rent is due on the first day of each month and covers heating and water, while "
    "electricity is paid by the tenant. "
)
CHINESE = (
    "本合同自签订之日起生效，租赁期限为三年。任何一方均可提前六个月书面通知对方解除合同。租金应于每月一日支付，"
    "包括暖气费和水费，电费由承租人自行承担。"
)
Draw = Callable[[Canvas], None]


@pytest.fixture(scope="module", autouse=True)
def chinese_font() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def make(path: Path, *pages: Draw, **options: object) -> Path:
    """A PDF with one page for each function that draws one."""
    canvas = Canvas(str(path), pagesize=(400, 600), **options)
    for draw in pages:
        canvas.setFont("Times-Roman", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def lines(canvas: Canvas, x: float, y: float, *texts: str, leading: float = 12) -> None:
    for at, text in enumerate(texts):
        canvas.drawString(x, y - at * leading, text)


def wrapped(text: str, *, width: float, font: str, size: float) -> list[str]:
    """`text` in lines of at most `width`, Latin broken at spaces and Chinese anywhere."""
    pieces = text.split(" ") if font == "Times-Roman" else list(text)
    joint = " " if font == "Times-Roman" else ""
    found, line = [], ""
    for piece in pieces:
        longer = line + joint + piece if line else piece
        if pdfmetrics.stringWidth(longer, font, size) > width:
            found.append(line)
            longer = piece
        line = longer
    return [*found, line]


def test_lines_are_joined_into_paragraphs_by_language(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, 50, 550, *wrapped(ENGLISH, width=300, font="Times-Roman", size=10))
        canvas.setFont("STSong-Light", 10)
        lines(canvas, 50, 400, *wrapped(CHINESE, width=300, font="STSong-Light", size=10))

    document = load(make(tmp_path / "a.pdf", draw))
    assert blocks(document) == [("paragraph", ENGLISH.strip()), ("paragraph", CHINESE)]
    assert [page.number for page in document.pages] == [1]


def test_a_hyphen_at_a_line_end_goes_unless_the_page_writes_the_word_with_it(
    tmp_path: Path,
) -> None:
    def draw(canvas: Canvas) -> None:
        lines(
            canvas, 50, 550,
            "The agreement on a long-term lease is a commit-",
            "ment of both sides to a relation that is a long-",
            "term one, as was agreed between the two of them.",
        )  # fmt: skip

    (block,) = blocks(load(make(tmp_path / "a.pdf", draw)))
    assert "a commitment of both" in block[1]
    assert "a long-term one" in block[1]


def test_paragraphs_end_at_gaps_indents_and_short_last_lines(tmp_path: Path) -> None:
    full = "This line goes on and on until it has reached the right margin of it"

    def draw(canvas: Canvas) -> None:
        lines(canvas, 50, 550, full, full, "and ends here.", full, "with its end.")
        canvas.drawString(70, 480, full[:-6])
        lines(canvas, 50, 468, full, "an indented one.")
        lines(canvas, 50, 400, full, "after a gap.")

    texts = [text for _, text in blocks(load(make(tmp_path / "a.pdf", draw)))]
    assert [text[-9:] for text in texts] == ["nds here.", " its end.", "nted one.", "er a gap."]


def test_headings_are_told_by_size_and_weight(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 18)
        canvas.drawString(50, 560, "Annual Report")
        canvas.setFont("Times-Bold", 13)
        canvas.drawString(50, 530, "Results")
        canvas.setFont("Times-Bold", 10)
        canvas.drawString(50, 510, "Revenue by region")
        canvas.setFont("Times-Roman", 10)
        lines(canvas, 50, 495, *wrapped(ENGLISH, width=300, font="Times-Roman", size=10))

    document = load(make(tmp_path / "a.pdf", draw))
    assert blocks(document)[:3] == [
        ("heading", "Annual Report"),
        ("heading", "Results"),
        ("heading", "Revenue by region"),
    ]
    assert [block.level for block in document.blocks] == [1, 2, 3, 0]
    assert document.title == "Annual Report"


def test_list_items_and_sentences_in_large_or_bold_type_are_no_headings(tmp_path: Path) -> None:
    item = "• Litigation expense of $3.9 billion"
    clause = "Principal and interest in respect of the notes are payable in euros."

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 13)
        lines(canvas, 50, 560, "Holm & Co.", item, clause, leading=25)
        canvas.setFont("Times-Bold", 10)
        lines(canvas, 50, 480, "– a gain in the fair value of securities", "Results", leading=25)
        canvas.setFont("STSong-Light", 13)
        lines(
            canvas,
            50,
            420,
            "■ 公司简介",
            "票据的本金和利息以欧元支付，由发行人在每年五月一日之前付清。",
            leading=25,
        )
        canvas.setFont("Times-Roman", 10)
        lines(canvas, 50, 350, *wrapped(ENGLISH * 2, width=300, font="Times-Roman", size=10))

    found = blocks(load(make(tmp_path / "a.pdf", draw)))
    headings = [text for kind, text in found if kind == "heading"]
    assert headings == ["Holm & Co.", "Results", "■ 公司简介"]
    assert ("list", item) in found


def test_running_headers_and_page_numbers_stay_in_the_text_and_out_of_the_blocks(
    tmp_path: Path,
) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(50, 580, "Acme Annual Report")
            lines(canvas, 50, 500, *wrapped(ENGLISH, width=300, font="Times-Roman", size=10))
            canvas.drawString(195, 20, f"{number + 3}")

        return draw

    document = load(make(tmp_path / "a.pdf", *(page(number) for number in range(1, 5))))
    assert blocks(document) == [("paragraph", ENGLISH.strip())] * 4
    assert document.pages[1].text == f"Acme Annual Report\n\n{ENGLISH.strip()}\n\n5"


def test_two_pages_are_enough_for_a_footer_that_counts_them(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(50, 580, f"Lesson {number}")
            lines(canvas, 50, 500, *wrapped(ENGLISH, width=300, font="Times-Roman", size=10))
            canvas.drawString(50, 20, "Acme Annual Report 2024")
            canvas.drawString(330, 20, f"Page {number}")

        return draw

    document = load(make(tmp_path / "a.pdf", page(1), page(2)))
    assert [text for _, text in blocks(document)] == [
        "Lesson 1",
        ENGLISH.strip(),
        "Lesson 2",
        ENGLISH.strip(),
    ]


def test_a_lone_year_at_the_top_of_a_page_is_no_page_number(tmp_path: Path) -> None:
    document = load(make(tmp_path / "a.pdf", lambda c: lines(c, 50, 580, "2019", leading=40)))
    assert blocks(document) == [("paragraph", "2019")]


def test_table_rows_keep_their_cells(tmp_path: Path) -> None:
    rows = [
        ("Item", "2023", "2024"),
        ("Revenue", "$", "1,200", "$", "1,400"),
        ("Costs", "900", "(950)"),
    ]

    def draw(canvas: Canvas) -> None:
        lines(canvas, 50, 560, *wrapped(ENGLISH, width=300, font="Times-Roman", size=10))
        for at, row in enumerate(rows):
            places = [50, 200, 300] if len(row) == 3 else [50, 180, 200, 280, 300]
            for x, text in zip(places, row, strict=True):
                canvas.drawString(x, 450 - 14 * at, text)

    document = load(make(tmp_path / "a.pdf", draw))
    assert blocks(document)[1] == (
        "table",
        "Item | 2023 | 2024\nRevenue | $ 1,200 | $ 1,400\nCosts | 900 | (950)",
    )


@pytest.mark.parametrize(("text", "font"), [(ENGLISH, "Times-Roman"), (CHINESE, "STSong-Light")])
@pytest.mark.parametrize("row_by_row", [False, True])
def test_two_columns_are_read_one_after_the_other(
    tmp_path: Path, text: str, font: str, *, row_by_row: bool
) -> None:
    columns = [wrapped(mark + text * 2, width=145, font=font, size=10) for mark in ("1 ", "2 ")]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 16)
        canvas.drawString(90, 570, "A title over both columns of it")
        canvas.setFont(font, 10)
        places = [(x, at) for x in (0, 1) for at in range(len(columns[x]))]
        for x, at in sorted(places, key=lambda place: place[1]) if row_by_row else places:
            canvas.drawString(40 + 170 * x, 540 - 12 * at, columns[x][at])

    texts = [text for _, text in blocks(load(make(tmp_path / "a.pdf", draw)))]
    assert texts[0] == "A title over both columns of it"
    assert "".join(texts[1:]).replace(" ", "") == ("1" + text * 2 + "2" + text * 2).replace(" ", "")


def test_a_paragraph_runs_on_from_the_foot_of_a_column_to_the_head_of_the_next(
    tmp_path: Path,
) -> None:
    text = wrapped(ENGLISH * 2, width=145, font="Times-Roman", size=10)

    def draw(canvas: Canvas) -> None:
        lines(canvas, 40, 540, *text[:7])
        lines(canvas, 210, 540, *text[7:])

    assert blocks(load(make(tmp_path / "a.pdf", draw))) == [("paragraph", (ENGLISH * 2).strip())]


def test_a_page_without_text_is_named_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.pdf",
        lambda c: c.drawString(50, 500, "first"),
        lambda c: c.rect(50, 50, 100, 100),
        lambda c: c.drawString(50, 500, "third"),
    )
    document = load(path)
    assert [(page.number, page.text) for page in document.pages] == [
        (1, "first"), (2, ""), (3, "third"),
    ]  # fmt: skip
    assert document.warnings == ("Page 2: no text (a scan or a picture).",)


def test_pages_that_are_pictures_are_told_and_blank_ones_are_not(tmp_path: Path) -> None:
    picture = ImageReader(Image.new("RGB", (100, 150), "gray"))
    document = load(
        make(
            tmp_path / "a.pdf",
            lambda c: c.drawImage(picture, 0, 0, 400, 600),
            lambda c: c.rect(50, 50, 100, 100),
            lambda _: None,
            lambda c: (c.drawImage(picture, 0, 0, 600, 800), c.drawString(50, 500, "stamped")),
            lambda c: (c.drawImage(picture, 0, 0, 60, 80), c.drawString(50, 500, "with a logo")),
        )
    )
    assert document.unread == (1, 4)


def test_a_password_is_asked_for_and_opens_the_file(tmp_path: Path) -> None:
    lock = pdfencrypt.StandardEncryption("geheim", ownerPassword="owner", strength=128)
    path = make(tmp_path / "a.pdf", lambda c: c.drawString(50, 500, "secret"), encrypt=lock)
    with pytest.raises(Skipped, match=r"^password needed$"):
        load(path)
    with pytest.raises(Skipped, match=r"^wrong password$"):
        load(path, password="guess")
    assert load(path, password="geheim").text == "secret"


def test_an_empty_user_password_opens_silently(tmp_path: Path) -> None:
    lock = pdfencrypt.StandardEncryption("", ownerPassword="owner", strength=128)
    path = make(tmp_path / "a.pdf", lambda c: c.drawString(50, 500, "open"), encrypt=lock)
    assert load(path).text == "open"


def test_text_that_nobody_sees_is_left_out_with_a_warning(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 500, "seen")
        hidden = canvas.beginText(50, 480)
        hidden.setTextRenderMode(3)
        hidden.textOut("unpainted")
        canvas.drawText(hidden)
        canvas.drawString(50, 900, "beyond the edge")
        canvas.setFont("Times-Roman", 0.5)
        canvas.drawString(50, 440, "tiny")
        canvas.setFont("Times-Roman", 10)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(50, 460, "white")

    document = load(make(tmp_path / "a.pdf", draw))
    assert document.text == "seen"
    assert document.warnings == ("Page 1: text that nobody sees; it is left out.",)


def test_white_text_on_a_dark_box_and_recognised_text_over_a_scan_are_kept(
    tmp_path: Path,
) -> None:
    picture = ImageReader(Image.new("RGB", (100, 150), "gray"))

    def scanned(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, 400, 600)
        recognised = canvas.beginText(50, 480)
        recognised.setTextRenderMode(3)
        recognised.textOut("recognised")
        canvas.drawText(recognised)

    def boxed(canvas: Canvas) -> None:
        canvas.setFillColorRGB(0, 0, 0.5)
        canvas.rect(40, 480, 200, 40, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(50, 500, "white on blue")

    document = load(make(tmp_path / "a.pdf", scanned, boxed))
    assert [page.text for page in document.pages] == ["recognised", "white on blue"]
    assert document.warnings == ()


def test_the_limits_on_pages_and_characters_cut_with_a_warning(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", *(lambda c: c.drawString(50, 500, "text"),) * 5)
    few = load(path, limits=Limits(pages=3))
    assert len(few.pages) == 3
    assert few.warnings == ("Text past the limit of 3 pages is left out, from page 4 on.",)
    short = load(path, limits=Limits(characters=12))
    assert len(short.pages) == 2
    assert short.warnings == ("Text past the limit of 12 characters is left out, from page 3 on.",)


def test_a_damaged_page_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.pdf",
        *(lambda c, n=n: c.drawString(50, 500, f"page {n}") for n in (1, 2, 3)),
        pageCompression=0,
    )
    data = path.read_bytes()
    at = data.index(b"/Type /Page\n", data.index(b"/Type /Page\n") + 1)
    path.write_bytes(data[:at] + b"/Type /Pxxx\n" + data[at + 12 :])
    document = load(path)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert document.pages[2].text == "page 3"


REMOVED = "\u00ad\u034f\u061c\u180e\u200b\u200e\u2060\ufeff\ufff9\ufffc"


@pytest.mark.parametrize("first", [*REMOVED, REMOVED, "\u200c", "\u2003"])
@pytest.mark.parametrize("text", ["{} minutes", "{}minutes", "minutes {}", "{} minutes {} {}of"])
def test_a_removed_character_anywhere_on_a_page_takes_nothing_else_with_it(
    tmp_path: Path, first: str, text: str
) -> None:
    name = f"Squares{ord(first[-1])}{len(first)}"
    register_squares(tmp_path, first + " minutesof", name=name)

    def draw(canvas: Canvas) -> None:
        canvas.setFont(name, 5)
        lines(canvas, 50, 550, text.replace("{}", first), "minutes", leading=40)

    document = load(make(tmp_path / "a.pdf", draw, lambda c: c.drawString(50, 500, "second")))
    said = document.pages[0].text.split("\n\n")
    assert " ".join(said).split() == [*text.replace("{}", "").split(), "minutes"]
    assert said == [line.strip() for line in said]
    assert document.pages[1].text == "second"


def test_a_page_of_removed_characters_alone_is_empty(tmp_path: Path) -> None:
    register_squares(tmp_path, REMOVED, name="Removed")

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Removed", 10)
        lines(canvas, 50, 550, REMOVED, REMOVED[::-1])

    document = load(make(tmp_path / "a.pdf", draw, lambda c: c.drawString(50, 500, "second")))
    assert [page.text.strip() for page in document.pages] == ["", "second"]


def test_a_fault_that_nobody_thought_of_loses_its_page_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lay_out(runs: PageRuns) -> PageLayout:
        if runs.runs[0].text == "page 2":
            raise IndexError("list index out of range")
        return layout.lay_out(runs)

    monkeypatch.setattr(pdf, "lay_out", lay_out)
    drawn = (lambda c, n=n: c.drawString(50, 500, f"page {n}") for n in (1, 2, 3))
    document = load(make(tmp_path / "a.pdf", *drawn))
    assert [page.text for page in document.pages] == ["page 1", "", "page 3"]
    assert document.warnings == ("Page 2 cannot be read and will not be found.",)


def test_a_file_whose_root_is_lost_is_read_without_places(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", lambda c: c.drawString(50, 500, "saved"))
    data = path.read_bytes()
    at = data.rindex(b"/Root")
    path.write_bytes(data[:at] + b"/Rxxt" + data[at + 5 :])
    document = load(path)
    assert blocks(document) == [("paragraph", "saved")]
    (warning,) = document.warnings
    assert "cannot be shown on the page" in warning


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_file_gives_what_is_left_or_says_that_it_is_damaged(
    tmp_path: Path, keep: float
) -> None:
    path = make(tmp_path / "a.pdf", *(lambda c: c.drawString(50, 500, "text"),) * 5)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    try:
        outcome = load(path).text
    except Unreadable as error:
        outcome = str(error)
    assert outcome.startswith(("text", "damaged PDF", "no text"))


def test_the_title_is_the_metadata_s_unless_a_program_made_it_up(tmp_path: Path) -> None:
    def titled(title: str) -> str:
        def draw(canvas: Canvas) -> None:
            canvas.setTitle(title)
            canvas.drawString(50, 500, "text")

        return load(make(tmp_path / "file name.pdf", draw)).title

    assert titled("年度报告") == "年度报告"
    assert titled("Microsoft Word - draft3.docx") == "file name"
    assert titled("untitled") == "file name"


# The page view


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pages in both languages, one and two columns, every rotation, with and without a crop box."""
    folder = tmp_path_factory.mktemp("sheets")
    register_squares(folder, CHINESE + "Item2023Desk90Chair45 ")
    paths = []
    for rotation in (0, 90, 180, 270):
        for columns in (1, 2):
            for font, text in (("Times-Roman", ENGLISH), (SQUARES, CHINESE)):
                path = folder / f"{rotation}-{columns}-{font}.pdf"
                paths.append(sheet(path, rotation=rotation, columns=columns, font=font, text=text))
    return paths


def sheet(path: Path, *, rotation: int, columns: int, font: str, text: str) -> Path:
    crop = (20, 30, 390, 580) if columns == 2 else None
    canvas = Canvas(str(path), pagesize=(400, 600))  # as shown; reportlab swaps the sides
    if crop is not None:
        canvas.setCropBox(crop if rotation % 180 == 0 else (crop[1], crop[0], crop[3], crop[2]))
    # Turn the drawing back, so that the page reads upright once it is turned.
    canvas.setPageRotation(rotation)
    canvas.translate(*{0: (0, 0), 90: (600, 0), 180: (400, 600), 270: (0, 400)}[rotation])
    canvas.rotate(rotation)
    canvas.setFont(font, 10)
    width = 300 if columns == 1 else 145
    body = wrapped(text * 4, width=width, font=font, size=10)
    per_column = -(-len(body) // columns)
    for column in range(columns):
        lines(canvas, 45 + 165 * column, 550, *body[column * per_column :][:per_column], leading=14)
    for at, row in enumerate((("Item", "2023"), ("Desk", "90"), ("Chair", "45"))):
        for x, cell in zip((60, 250), row, strict=True):
            canvas.drawString(x, 150 - 14 * at, cell)
    canvas.save()
    return path


def inside(data: bytes, boxes: pdf.PageBoxes) -> str:
    """The characters whose middle lies in one of the boxes, without white space."""
    found = ""
    with PdfiumFile(data) as file, file.page(1) as page, page.text() as text:
        places = text.char_boxes(range(len(text.characters)))
        for character, place in zip(text.characters, places, strict=True):
            box = turned(place, page=page.box, quarter_turns=page.rotation)
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            if any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes.boxes):
                found += character
    return letters(found)


def letters(text: str) -> str:
    return "".join(
        sorted(character for character in text if not character.isspace() and character != "|")
    )


def spans(text: str, *, count: int) -> Iterator[tuple[int, int]]:
    chance = random.Random(len(text))
    for _ in range(count):
        start = chance.randrange(len(text) - 1)
        yield start, min(len(text), start + chance.randrange(1, 160))
    yield 0, len(text)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_is_read_in_a_font_that_is_only_named(tmp_path: Path, rotation: int) -> None:
    """Where the machine has no other one for it, pdfium finds no text there by itself."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    upright, turned = (
        load(
            sheet(
                tmp_path / f"{turn}.pdf",
                rotation=turn,
                columns=1,
                font="STSong-Light",
                text=CHINESE,
            )
        )
        for turn in (0, rotation)
    )
    assert "租赁期限为三年" in upright.pages[0].text
    assert turned.pages[0].text == upright.pages[0].text


def test_boxes_hold_exactly_the_text_of_their_span(sheets: list[Path]) -> None:
    for path in sheets:
        data = path.read_bytes()
        (page,) = load(path).pages
        assert len(page.text) > 200, path.name
        for start, end in spans(page.text, count=12):
            found = pdf.boxes(data, page=1, start=start, end=end)
            assert inside(data, found) == letters(page.text[start:end]), (path.name, start, end)
            for box in found.boxes:
                assert 0 <= box[0] < box[2] <= found.width
                assert 0 <= box[1] < box[3] <= found.height


def test_boxes_are_one_a_line_and_lie_where_the_page_image_is_dark(sheets: list[Path]) -> None:
    for path in sheets:
        data = path.read_bytes()
        found = pdf.boxes(data, page=1, start=0, end=120)
        assert len(found.boxes) <= 10
        image = Image.open(io.BytesIO(pdf.render(data, page=1, scale=2))).convert("L")
        assert image.size == (round(found.width * 2), round(found.height * 2))
        for box in found.boxes:
            part = image.crop(tuple(round(value * 2) for value in box))
            assert part.getextrema()[0] < 100
        outside = image.crop((0, 0, image.width, round(found.boxes[0][1] * 2) - 4))
        assert outside.getextrema()[0] > 200


def test_boxes_of_a_hyphenated_word_lie_on_both_lines(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.pdf", lambda c: lines(c, 50, 500, "a very long commit-", "ment to it")
    )
    text = load(path).text
    start = text.index("commitment")
    found = pdf.boxes(path.read_bytes(), page=1, start=start, end=start + 10)
    assert [round(box[1]) for box in found.boxes] == [91, 103]


def test_an_image_of_a_huge_page_is_bounded(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(14_000, 14_000))
    canvas.drawString(50, 500, "x")
    canvas.save()
    image = Image.open(io.BytesIO(pdf.render((tmp_path / "a.pdf").read_bytes(), page=1, scale=4)))
    assert image.width * image.height < 31_000_000


# Fonts without a key


def without_key(path: Path, *, page: int) -> Path:
    """The file, with the fonts of a page no longer saying which characters they draw."""
    writer = PdfWriter(clone_from=PdfReader(path))
    for font in writer.pages[page]["/Resources"]["/Font"].values():  # type: ignore[index]
        font.get_object().pop("/ToUnicode", None)
    writer.write(path)
    return path


def test_a_page_whose_fonts_do_not_say_what_they_write_is_named_and_left_out(
    tmp_path: Path,
) -> None:
    register_squares(tmp_path, CHINESE, name="Keyless")

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Keyless", 10)
        lines(canvas, 20, 550, *(CHINESE[at : at + 30] for at in range(0, len(CHINESE), 30)))

    path = make(tmp_path / "a.pdf", draw, lambda c: c.drawString(50, 500, "second"))
    assert load(path).pages[0].text.startswith(CHINESE[:30])
    document = load(without_key(path, page=0))
    assert [page.text for page in document.pages] == ["", "second"]
    assert document.warnings == ("Page 1: fonts that do not say what they write; it is left out.",)
    assert document.unread == (1,), "OCR may read it"


def test_a_file_of_such_pages_alone_is_for_ocr(tmp_path: Path) -> None:
    register_squares(tmp_path, CHINESE, name="Keyless2")

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Keyless2", 10)
        canvas.drawString(20, 550, CHINESE[:30])

    path = without_key(make(tmp_path / "a.pdf", draw), page=0)
    document = load(path)
    assert (document.text, document.unread) == ("", (1,))
    assert "fonts that do not say what they write" in document.warnings[0]


def test_bullets_and_a_few_symbols_of_private_fonts_garble_no_page(tmp_path: Path) -> None:
    register_squares(tmp_path, "\uf0b7\ue001 abcdefghij", name="Symbols")

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Symbols", 10)
        lines(canvas, 20, 550, *("\uf0b7 abcdefghij" * 2, "\ue001 abcdefghij") * 3)

    document = load(make(tmp_path / "a.pdf", draw))
    assert "abcdefghij" in document.text
    assert document.warnings == ()


def test_a_place_is_found_again_where_the_layout_has_changed_since(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.pdf",
        lambda c: lines(c, 50, 550, "The first line of it.", "Rent: 40 euros a day.", leading=40),
    )
    data, text = path.read_bytes(), load(path).pages[0].text
    start = text.index("Rent")
    right = pdf.boxes(data, page=1, start=start, end=start + 14)
    assert pdf.boxes(data, page=1, start=start, end=start + 14, says="Rent: 40 euros") == right
    assert pdf.boxes(data, page=1, start=0, end=15, says="Rent: | 40 euros") == right
    assert pdf.boxes(data, page=1, start=start, end=start + 14, says="Rent: 41 euros").boxes == ()
