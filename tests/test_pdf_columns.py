"""Columns of prose are read one after the other, tables by their rows, and neither as the other."""

import io
import itertools
from typing import Literal

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

import made_columns
import made_level_texts
from made_columns import Page, drawn

WHOLE = 0.95  # of the sentences of generated pages; 0.98 when this was written, 0.55 before


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    made_columns.register_fonts()


def whole(page: Page) -> tuple[int, int]:
    """How many sentences of a page stand whole in a block of its text, and how many there are."""
    told: list[str] = []
    document = drawn(lambda canvas: told.extend(made_columns.draw(canvas, page)))
    said = ["".join(document.text[b.start : b.end].split()) for b in document.blocks]
    kept = [each for each in told if any("".join(each.split()) in block for block in said)]
    if page.table:
        for row in range(5):
            assert " | ".join(made_columns._row(row, han=page.han)) in document.text
    return len(kept), len(told)


@pytest.mark.parametrize("columns", [2, 3, 4])
@pytest.mark.parametrize("han", [False, True])
def test_sentences_of_columns_stand_whole(columns: int, *, han: bool) -> None:
    counts = [
        whole(
            Page(
                columns,
                justified,
                shifted,
                by_line,
                han,
                title=justified,
                table=shifted,
                seed=columns,
            )
        )
        for justified, shifted, by_line in itertools.product((False, True), repeat=3)
    ]
    kept, told = map(sum, zip(*counts, strict=True))
    assert kept >= WHOLE * told


@pytest.mark.parametrize("panel", ["facts", "prose"])
@pytest.mark.parametrize("columns", [1, 2])
def test_columns_beside_a_panel_are_not_read_across(
    columns: int, panel: made_columns.Panel
) -> None:
    counts = [
        whole(Page(columns, justified, shifted, by_line, han, panel=panel, seed=5))
        for justified, shifted, by_line, han in itertools.product((False, True), repeat=4)
    ]
    kept, told = map(sum, zip(*counts, strict=True))
    assert kept >= 0.95 * told


def test_the_stretched_words_of_a_justified_line_are_no_cells() -> None:
    """A gap between two words may be wider than one between cells, in a line whose gaps are all
    alike and where the lines around have words."""
    lines = [
        "It was replaced in June by a new one",
        "visitors notwithstanding",
        "a helmet and administrative",
        "responsibilities are borne by the two",
        "boards together in the end.",
    ]

    def draw(canvas: Canvas) -> None:
        for at, line in enumerate(lines):
            text = canvas.beginText(60, 600 - 12 * at)
            if not line.endswith("."):
                room = 180 - canvas.stringWidth(line, made_columns.LATIN, 10)
                text.setWordSpace(room / line.count(" "))
            text.textOut(line)
            canvas.drawText(text)

    document = drawn(draw)
    assert [block.kind for block in document.blocks] == ["paragraph"]
    assert document.text == " ".join(lines)


def test_a_table_of_long_texts_stays_a_table() -> None:
    """Its cells begin together, however long they are."""
    rows = [
        ("Duty officer", "hears of every spill within fifteen minutes and"),
        ("", "keeps the list of all keys until the next morning."),
        ("Harbour master", "decides on the closing of the channel and tells"),
        ("", "the board of it on the same day by telephone."),
        ("Works council", "is heard before any shift is changed and before"),
        ("", "an apprentice is moved to another one of the cranes."),
    ]

    def draw(canvas: Canvas) -> None:
        for at, row in enumerate(rows):
            for x, cell in zip((60, 190), row, strict=True):
                canvas.drawString(x, 600 - 12 * at, cell)

    text = drawn(draw).text
    assert text.index("Harbour master") > text.index("keeps the list")


def read_as(kind: Literal["columns", "table"], *, han: bool, seed: int) -> str:
    told: list[tuple[str, str]] = []
    document = drawn(
        lambda canvas: told.extend(made_level_texts.draw(canvas, kind, han=han, seed=seed))
    )
    text = "".join(document.text.split()).replace("|", "")
    places = [tuple(text.find("".join(t.split())[:10]) for t in pair) for pair in told]
    in_rows = [place for pair in places for place in pair]
    in_columns = [pair[side] for side in (0, 1) for pair in places]
    if in_rows == sorted(in_rows):
        return "table"
    return "columns" if in_columns == sorted(in_columns) else "mixed"


@pytest.mark.parametrize("han", [False, True])
def test_columns_whose_sentences_begin_level_are_no_table(*, han: bool) -> None:
    """Of 120 such pages 98 were read by columns when this was written, 3 before; of as many tables
    of texts 84 by rows, then as before."""
    kinds: tuple[Literal["columns", "table"], ...] = ("columns", "table")
    for kind in kinds:
        found = [read_as(kind, han=han, seed=seed) for seed in range(20)]
        assert found.count(kind) >= 0.6 * len(found), (kind, found)


def test_what_the_file_does_not_put_together_is_no_sentence() -> None:
    """Two stretches side by side, which the file draws far from each other, are parted, and a page
    with many is named."""
    left = ["The harbour", "Keys of boats", "Notes on oars", "Rents", "Of the crane"]
    right = ["office opens", "are kept here", "and on vests", "for members", "on the quay"]

    def draw(canvas: Canvas) -> None:
        for x, texts in ((60, left), (330, right)):
            for at, text in enumerate(texts):
                canvas.drawString(x, 600 - 60 * at, text)

    document = drawn(draw)
    assert not any(f"{a} {b}" in document.text for a, b in zip(left, right, strict=True))
    assert document.warnings == ("Page 1: in which order the text is read is uncertain.",)


@pytest.mark.parametrize("filled", [False, True])
def test_a_ruled_table_keeps_its_cells_where_no_gap_parts_them(*, filled: bool) -> None:
    """Narrow cells whose text nearly touches the next one; rules as lines or as thin boxes."""
    xs, ys = (60, 130, 175, 290), (600, 580, 550, 530)
    cells = [
        (("Kind",), ("Share",), ("Reason",)),
        (("Prepaid ex-", "penses"), ("-50.36",), ("Mostly material that", "was paid before")),
        (("Works",), ("122.24",), ("Halls under way",)),
    ]

    def draw(canvas: Canvas) -> None:
        for x in xs:
            if filled:
                canvas.rect(x, ys[-1], 0.5, ys[0] - ys[-1], stroke=0, fill=1)
            else:
                canvas.line(x, ys[0], x, ys[-1])
        for y in ys:
            canvas.line(xs[0], y, xs[-1], y)
        for top, row in zip(ys, cells, strict=False):
            for x, lines in zip(xs, row, strict=False):
                width = 45 if x == 130 else 0
                for at, line in enumerate(lines):
                    if width:
                        canvas.drawRightString(x + width - 1, top - 12 - 12 * at, line)
                    else:
                        canvas.drawString(x + 1, top - 12 - 12 * at, line)

    document = drawn(draw)
    assert [block.kind for block in document.blocks] == ["table"]
    assert document.text == (
        "Kind | Share | Reason\n"
        "Prepaid expenses | -50.36 | Mostly material that was paid before\n"
        "Works | 122.24 | Halls under way"
    )


def test_a_frame_around_running_text_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(50, 300, 400, 330)
        canvas.line(50, 600, 450, 600)
        canvas.line(250, 300, 250, 600)
        for x in (60, 260):
            for at in range(24):
                canvas.drawString(x, 588 - 12 * at, f"words of line {at} which goes on and")

    document = drawn(draw)
    assert document.text.index("words of line 23") < document.text.rindex("words of line 0")


def test_the_ground_of_a_row_is_no_rule() -> None:
    """Reports colour every other row with boxes, thin ones among them."""

    def draw(canvas: Canvas) -> None:
        for at, (label, value) in enumerate((("Income", "75"), ("Costs", "66"), ("Rest", "9"))):
            y = 600 - 20 * at
            canvas.setFillColorRGB(0.8, 0.93, 1)
            for x, width in ((60, 200), (260, 1.5), (261.5, 80), (341.5, 1.5)):
                canvas.rect(x, y - 5, width, 20, stroke=0, fill=1)
            canvas.setFillColorRGB(0, 0, 0)
            canvas.line(262, 555, 340, 555)
            canvas.line(262, 620, 340, 620)
            canvas.drawString(65, y, label)
            canvas.drawRightString(338, y, value)

    assert drawn(draw).text == "Income | 75\nCosts | 66\nRest | 9"


def test_a_picture_in_the_page_changes_no_reading_order() -> None:
    picture = ImageReader(io.BytesIO(_png()))
    page = Page(3, justified=True, shifted=False, by_line=False, han=False, seed=1)
    told: list[str] = []

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(picture, 40, 20, 500, 15)
        told.extend(made_columns.draw(canvas, page))

    text = "".join(drawn(draw).text.split())
    assert sum("".join(each.split()) in text for each in told) >= WHOLE * len(told)


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (10, 10), "gray").save(file, "PNG")
    return file.getvalue()
