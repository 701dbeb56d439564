import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement, parse_xml
from pptx.util import Inches

from quire.errors import Skipped
from quire.ingest.loaders import load
from quire.ingest.loaders.docx_numbering import Numbering
from quire.records import ParsedDocument


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


@pytest.fixture
def make_docx(tmp_path: Path) -> Callable[..., ParsedDocument]:
    def make(fill: Callable[..., None]) -> ParsedDocument:
        document = docx.Document()
        fill(document)
        document.save(str(tmp_path / "sample.docx"))
        return load(tmp_path / "sample.docx")

    return make


def test_docx_gives_headings_lists_and_tables_in_the_order_of_the_document(make_docx) -> None:
    def fill(document) -> None:
        document.add_heading("租赁合同", 0)
        document.add_heading("Term", 2)
        document.add_paragraph("The lease runs for three years.")
        table = document.add_table(2, 2)
        for cell, text in zip(
            (c for row in table.rows for c in row.cells),
            ["Item", "Price", "Desk", "90"],
            strict=True,
        ):
            cell.text = text
        document.add_paragraph("Keys", style="List Bullet")
        document.add_paragraph("After the table.")

    document = make_docx(fill)
    assert blocks(document) == [
        ("heading", "租赁合同"),
        ("heading", "Term"),
        ("paragraph", "The lease runs for three years."),
        ("table", "Item | Price\nDesk | 90"),
        ("list", "• Keys"),
        ("paragraph", "After the table."),
    ]
    assert [block.level for block in document.blocks] == [1, 2, 0, 0, 0, 0]
    assert [page.number for page in document.pages] == [None]
    assert document.title == "租赁合同"


def test_docx_numbers_paragraphs_as_the_word_processor_shows_them(make_docx) -> None:
    def fill(document) -> None:
        for text in ("Rent", "Deposit"):
            document.add_paragraph(text, style="List Number")

    assert blocks(make_docx(fill)) == [("list", "1. Rent"), ("list", "2. Deposit")]


def test_docx_legal_numbering_counts_each_level_and_restarts_below() -> None:
    numbering = Numbering(
        parse_xml(
            '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            '<w:abstractNum w:abstractNumId="0">'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
            '<w:lvlText w:val="第%1条"/></w:lvl>'
            '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/>'
            '<w:lvlText w:val="(%2)"/></w:lvl>'
            '<w:lvl w:ilvl="2"><w:start w:val="4"/><w:numFmt w:val="lowerRoman"/>'
            '<w:lvlText w:val="%2.%3"/></w:lvl></w:abstractNum>'
            '<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
        )
    )
    levels = [0, 1, 1, 2, 2, 0, 1]
    assert [numbering.label("7", level) for level in levels] == [
        "第一条", "(a)", "(b)", "b.iv", "b.v", "第二条", "(a)",
    ]  # fmt: skip


def test_docx_leaves_out_hidden_and_deleted_text_and_keeps_inserted_text(make_docx) -> None:
    def fill(document) -> None:
        paragraph = document.add_paragraph("Seen ")
        paragraph.add_run("hidden ").font.hidden = True
        for tag, text in (("w:ins", "inserted"), ("w:del", "deleted")):
            change = OxmlElement(tag)
            run = OxmlElement("w:r")
            part = OxmlElement("w:t")
            part.text = text
            run.append(part)
            change.append(run)
            paragraph._p.append(change)

    assert blocks(make_docx(fill)) == [("paragraph", "Seen inserted")]


def test_docx_cells_that_span_columns_stand_once_and_nested_tables_stay_in_their_cell(
    make_docx,
) -> None:
    def fill(document) -> None:
        table = document.add_table(2, 2)
        table.rows[0].cells[0].merge(table.rows[0].cells[1]).text = "Prices"
        table.rows[1].cells[0].text = "Desk"
        inner = table.rows[1].cells[1].add_table(1, 2)
        inner.rows[0].cells[0].text = "a"
        inner.rows[0].cells[1].text = "b"

    assert blocks(make_docx(fill)) == [("table", "Prices\nDesk | a b")]


def test_docx_finds_headings_by_outline_level_and_through_styles_based_on_headings(
    make_docx,
) -> None:
    def fill(document) -> None:
        style = document.styles.add_style("Clause", 1)
        style.base_style = document.styles["Heading 3"]
        document.add_paragraph("By style", style="Clause")
        paragraph = document.add_paragraph("By level")
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), "1")
        paragraph._p.get_or_add_pPr().append(level)

    document = make_docx(fill)
    assert [(b.kind, b.level) for b in document.blocks] == [("heading", 3), ("heading", 2)]


def test_docx_text_in_content_controls_and_footnotes_is_found(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Body.")
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    content.append(document.add_paragraph("In a control.")._p)
    control.append(content)
    document.element.body.insert(0, control)
    document.save(str(tmp_path / "plain.docx"))
    notes = (
        '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>-</w:t></w:r></w:p></w:footnote>'
        '<w:footnote w:id="1"><w:p><w:r><w:t>A footnote.</w:t></w:r></w:p></w:footnote>'
        "</w:footnotes>"
    )
    with (
        zipfile.ZipFile(tmp_path / "plain.docx") as old,
        zipfile.ZipFile(tmp_path / "notes.docx", "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name).decode() if name.endswith((".xml", ".rels")) else old.read(name)
            if name == "word/_rels/document.xml.rels":
                data = data.replace(
                    "</Relationships>",
                    '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/'
                    'officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
                    "</Relationships>",
                )
            new.writestr(name, data)
        new.writestr("word/footnotes.xml", notes)
    assert blocks(load(tmp_path / "notes.docx")) == [
        ("paragraph", "In a control."),
        ("paragraph", "Body."),
        ("paragraph", "A footnote."),
    ]


def test_docx_without_text_is_skipped(make_docx) -> None:
    with pytest.raises(Skipped, match="no text"):
        make_docx(lambda document: document.add_paragraph("  "))


def test_pptx_slides_are_pages_with_title_list_table_and_notes(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Plan 计划"
    first.placeholders[1].text = "Hire\nBuild"
    first.notes_slide.notes_text_frame.text = "Say it slowly."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    box = second.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1))
    box.text_frame.text = "A free box."
    table = second.shapes.add_table(2, 2, Inches(1), Inches(3), Inches(4), Inches(1)).table
    for row, cells in enumerate((("Year", "Sum"), ("2024", "7"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    deck.save(str(tmp_path / "deck.pptx"))
    document = load(tmp_path / "deck.pptx")
    assert [page.number for page in document.pages] == [1, 2]
    assert blocks(document) == [
        ("heading", "Plan 计划"),
        ("list", "• Hire"),
        ("list", "• Build"),
        ("paragraph", "Say it slowly."),
        ("paragraph", "A free box."),
        ("table", "Year | Sum\n2024 | 7"),
    ]
    assert document.title == "Plan 计划"


def test_pptx_hidden_slides_are_left_out_with_a_warning_and_keep_their_number(
    tmp_path: Path,
) -> None:
    deck = pptx.Presentation()
    for text in ("one", "two", "three"):
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = text
    deck.slides[1]._element.set("show", "0")
    deck.save(str(tmp_path / "deck.pptx"))
    document = load(tmp_path / "deck.pptx")
    assert [page.text for page in document.pages] == ["one", "", "three"]
    assert document.warnings == ("Slide 2 is hidden; it is left out.",)


@pytest.fixture
def make_xlsx(tmp_path: Path) -> Callable[..., ParsedDocument]:
    def make(fill: Callable[..., None]) -> ParsedDocument:
        book = openpyxl.Workbook()
        fill(book)
        book.save(tmp_path / "book.xlsx")
        return load(tmp_path / "book.xlsx")

    return make


def test_xlsx_sheets_are_pages_with_their_name_and_tables(make_xlsx) -> None:
    def fill(book) -> None:
        book.active.title = "收入"
        for row in (["Year", "Sum"], [2023, 5], [2024, None]):
            book.active.append(row)
        book.active["A6"] = "Note"
        book.create_sheet("Empty")
        book.create_sheet("Costs")["B2"] = "rent"

    document = make_xlsx(fill)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert blocks(document) == [
        ("heading", "收入"),
        ("table", "Year | Sum\n2023 | 5\n2024"),
        ("table", "Note"),
        ("heading", "Empty"),
        ("heading", "Costs"),
        ("table", "rent"),
    ]


def test_xlsx_numbers_read_as_their_cells_show_them(make_xlsx) -> None:
    def fill(book) -> None:
        values = [
            (dt.date(2024, 5, 1), "yyyy-mm-dd"),
            (dt.datetime(2024, 5, 1, 13, 30), "yyyy-mm-dd hh:mm"),
            (0.125, "0.0%"),
            (1234567.891, "#,##0.00"),
            (0.1 + 0.2, "General"),
            (1234567890123, "General"),
            (True, "General"),
            ("007", "General"),
        ]
        for column, (value, code) in enumerate(values, 1):
            book.active.cell(1, column, value).number_format = code

    (_, (_, row)) = blocks(make_xlsx(fill))
    assert row == (
        "2024-05-01 | 2024-05-01 13:30 | 12.5% | 1,234,567.89 | 0.3 | 1234567890123 | TRUE | 007"
    )


def test_xlsx_empty_cells_keep_columns_in_line(make_xlsx) -> None:
    def fill(book) -> None:
        for row in (["a", "b", "c"], ["1", None, "3"], [None, "2", None]):
            book.active.append(row)

    assert blocks(make_xlsx(fill))[1] == ("table", "a | b | c\n1 |  | 3\n | 2")


def test_xlsx_hidden_sheets_are_left_out_with_a_warning(make_xlsx) -> None:
    def fill(book) -> None:
        book.active["A1"] = "seen"
        sheet = book.create_sheet("Secret")
        sheet["A1"] = "unseen"
        sheet.sheet_state = "veryHidden"

    document = make_xlsx(fill)
    assert "unseen" not in document.text
    assert document.warnings == ("Sheet 2 (Secret) is hidden; it is left out.",)


def test_office_files_are_known_by_their_bytes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("text")
    document.save(buffer)
    (tmp_path / "lying.pdf").write_bytes(buffer.getvalue())
    assert load(tmp_path / "lying.pdf").media_type.endswith("wordprocessingml.document")


def test_what_a_file_says_of_itself_is_kept_to_a_measure(tmp_path: Path) -> None:
    """A title stands before each passage, and warnings are kept for each file of an ingest."""
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "long title " * 10_000
    deck.save(tmp_path / "a.pptx")
    assert load(tmp_path / "a.pptx").title == ("long title " * 10_000)[:1000]
    book = openpyxl.Workbook()
    book.active["A1"] = "seen"
    for number in range(1500):
        book.create_sheet(f"hidden {number} " + "x" * 15).sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    warnings = load(tmp_path / "a.xlsx").warnings
    assert warnings[0].startswith("Sheet 2 (hidden 0 x")
    assert warnings[-1] == "Further warnings are left out."
    assert sum(map(len, warnings)) < 21_000


def test_docx_items_keep_their_depth_and_their_further_paragraphs(make_docx) -> None:
    def fill(document) -> None:
        document.add_paragraph("Detergent is caustic.", style="List Bullet")
        document.add_paragraph("Wear gloves.", style="List Bullet 2")
        document.add_paragraph("Those in the red box.", style="List Continue 2")
        document.add_paragraph("Close the hood.", style="List Bullet")
        document.add_paragraph("That is all.")

    assert make_docx(fill).text == (
        "• Detergent is caustic.\n\n  • Wear gloves.\n\n    Those in the red box.\n\n"
        "• Close the hood.\n\nThat is all."
    )


def test_pptx_items_keep_their_depth_and_their_numbers(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Start"
    body = slide.placeholders[1].text_frame
    body.text = "Open\nvalve\nClose"
    for paragraph, level in zip(body.paragraphs, (0, 1, 0), strict=True):
        paragraph.level = level
        if not level:
            mark = paragraph._p.get_or_add_pPr().makeelement(
                "{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum",
                {"type": "arabicParenR"},
            )
            paragraph._p.get_or_add_pPr().append(mark)
    deck.save(str(tmp_path / "deck.pptx"))
    assert load(tmp_path / "deck.pptx").text == "Start\n\n1) Open\n\n  • valve\n\n2) Close"
