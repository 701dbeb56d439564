"""XLSX: numbers as their cells show them, and what lies over the cells."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.utils.datetime import to_excel

from made_office import NAMESPACES, chart, relations, write_package
from quire.ingest.loaders import load
from quire.ingest.loaders.number_formats import BUILT_IN, EAST_ASIAN, shown

ACCOUNTING = '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)'
DAY = "45352"  # 1 March 2024, a Friday


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        # As it is stored
        ("0.30000000000000004", "General", "0.3"),
        ("0.3", "", "0.3"),
        ("1234567890123", "General", "1234567890123"),
        ("1e+30", "General", "1e+30"),
        ("nonsense", "0.00", "nonsense"),
        ("1e999", "0", "1e999"),
        ("nan", "0", "nan"),
        ("1.5", "@", "1.5"),
        ("5", 'General" kg"', "5 kg"),
        # Digits
        ("1234", "00000", "01234"),
        ("123456", "000-000", "123-456"),
        ("5551234567", "(000) 000-0000", "(555) 123-4567"),
        ("5551234", "[<=9999999]###-####;(###) ###-####", "555-1234"),
        ("5551234567", "[<=9999999]###-####;(###) ###-####", "(555) 123-4567"),
        ("20240301", r"0000\-00\-00", "2024-03-01"),
        ("2.5", "0.00", "2.50"),
        ("1.005", "0.00", "1.01"),
        ("2.5", "0", "3"),
        ("0.5", "#.##", ".5"),
        ("12", "0.##", "12"),
        ("3.14159", "??.???", "3.142"),
        ("1234567", "#,##0", "1,234,567"),
        ("999", "#,##0", "999"),
        ("12500000", '0.0,,"M"', "12.5M"),
        ("1500", '#,##0,"k"', "2k"),
        # Units and currencies
        ("12.5", '0.0" kg"', "12.5 kg"),
        ("2.5", '0.0 "m³"', "2.5 m³"),
        ("1234.5", '#,##0.00" €"', "1,234.50 €"),
        ("1234.5", "[$€-407] #,##0.00", "€ 1,234.50"),
        ("1234.5", '"$"#,##0.00', "$1,234.50"),
        ("8", '"¥"0', "¥8"),
        ("1234.5", ACCOUNTING, "$1,234.50"),
        ("-1234.5", ACCOUNTING, "$(1,234.50)"),
        ("0", ACCOUNTING, "$-"),
        ("3", '"Item "0', "Item 3"),
        # Signs
        ("-1234", "#,##0;(#,##0)", "(1,234)"),
        ("-1234", "#,##0;[Red]#,##0", "1,234"),
        ("-1234.567", r"#,##0.00_ ;[Red]-#,##0.00\ ", "-1,234.57"),
        ("-5", "0.0", "-5.0"),
        ("-0.001", "0.0", "0.0"),
        ("0", '0.0;-0.0;"none"', "none"),
        ("0", "0;0;", ""),
        # Percent, powers, fractions
        ("0.125", "0.0%", "12.5%"),
        ("1", '0"%"', "1%"),
        ("123456", "0.00E+00", "1.23E+05"),
        ("0.00012", "0.00E+00", "1.20E-04"),
        ("99999", "0.0E+0", "1.0E+5"),
        ("123456", "##0.0E+0", "123.5E+3"),
        ("0.5", "# ?/?", "1/2"),
        ("1.75", "# ?/?", "1 3/4"),
        ("12.125", "# ?/8", "12 1/8"),
        ("12", "# ?/8", "12"),
        # Dates: the parts that are shown, in one order
        (DAY, "d-mmm-yy", "2024-03-01"),
        (DAY, "m/d/yyyy", "2024-03-01"),
        (DAY, "dd.mm.yy", "2024-03-01"),
        (DAY, "mmm-yy", "2024-03"),
        (DAY, "yyyy", "2024"),
        (DAY, "d-mmm", "1-Mar"),
        (DAY, "mmmm", "March"),
        (DAY, "[$-409]dddd, mmmm d, yyyy", "2024-03-01 Friday"),
        ("45352.75", "yyyy-mm-dd hh:mm", "2024-03-01 18:00"),
        ("0.75", "h:mm AM/PM", "18:00"),
        ("0.75", "h AM/PM", "6 PM"),
        ("0.999994", "h:mm:ss", "23:59:59"),
        ("0.5208449074", "hh:mm:ss.000", "12:30:01.000"),
        ("60.5", "yyyy-mm-dd h:mm", "1900-02-28 12:00"),
        ("-3", "yyyy-mm-dd", "-3"),
        ("99999999", "yyyy-mm-dd", "99999999"),
        # Dates of East Asia, as they are written
        (DAY, 'yyyy"年"m"月"d"日"', "2024年3月1日"),
        (DAY, "[$-804]yyyy年m月d日;@", "2024年3月1日"),
        (DAY, '[$-411]ggge"年"m"月"d"日"', "2024年3月1日"),
        (DAY, 'm"月"d"日"', "3月1日"),
        ("0.75", '上午/下午h"时"mm"分"', "下午6时00分"),
        (DAY, 'yyyy"年" aaaa', "2024年 星期五"),
        # Spans of time
        ("1.5", "[h]:mm", "36:00"),
        ("1.0625", "[h]:mm:ss", "25:30:00"),
        ("0.0104166667", "mm:ss", "15:00"),
        ("0.0104166667", "[mm]:ss", "15:00"),
        ("1", "[s]", "86400"),
    ],
)  # fmt: skip
def test_a_number_reads_as_its_cell_shows_it(value: str, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("number", "language", "text"),
    [
        (27, "zh", "2024年3月"), (28, "zh", "3月1日"), (30, "zh", "2024-03-01"),
        (31, "zh", "2024年3月1日"), (36, "zh", "2024年3月"), (50, "zh", "2024年3月"),
        (57, "zh", "2024年3月"), (58, "zh", "3月1日"), (31, "ja", "2024年3月1日"),
        (27, "ja", "2024-03-01"), (55, "ja", "2024年3月"), (58, "ja", "2024年3月1日"),
        (31, "ko", "2024년 03월 01일"), (14, "zh", "2024-03-01"), (17, "zh", "2024-03"),
        (46, "zh", "1088448:00:00"), (3, "zh", "45,352"), (10, "zh", "4535200.00%"),
    ],
)  # fmt: skip
def test_built_in_formats_are_those_of_the_language(number: int, language: str, text: str) -> None:
    assert shown(DAY, (BUILT_IN | EAST_ASIAN[language])[number]) == text


@given(st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31)), st.booleans())
def test_a_date_is_the_one_that_was_stored(day: dt.date, since_1904: bool) -> None:
    epoch = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 30)
    if since_1904 and day < epoch.date():
        return
    number = str(to_excel(day, epoch=epoch))
    assert shown(number, "d mmm yyyy", since_1904=since_1904) == day.isoformat()


@given(st.floats(), st.text('0#?.,%E+-/;"\\[]hmsyd年_* @<>=9$GenralAMP', max_size=40))
def test_no_code_breaks_and_none_makes_a_long_text_of_a_number(number: float, code: str) -> None:
    assert len(shown(repr(number), code)) < 2_000


def test_a_workbook_shows_its_cells_in_their_formats(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Post code", "Open", "Weight", "会议"])
    for column, (value, code) in enumerate(
        [(1234, "00000"), (dt.timedelta(hours=25, minutes=30), "[h]:mm:ss"), (12.5, '0.0" kg"'),
         (dt.date(2024, 3, 1), 'yyyy"年"m"月"d"日"')], 1
    ):  # fmt: skip
        book.active.cell(2, column, value).number_format = code
    book.save(tmp_path / "a.xlsx")
    assert load(tmp_path / "a.xlsx").text.endswith("01234 | 25:30:00 | 12.5 kg | 2024年3月1日")


CELL = (
    '<row r="1"><c r="A1" s="1"><v>45352</v></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row>'
)


@pytest.mark.parametrize(("word", "text"), [("日付です", "2024-03-01"), ("日期", "2024年3月")])
def test_the_language_of_a_workbook_says_which_built_in_format_is_meant(
    tmp_path: Path, word: str, text: str
) -> None:
    path = write_package(
        tmp_path / "a.xlsx",
        "xl/workbook.xml",
        "workbook",
        '<sheets><sheet name="S" r:id="s"/></sheets>',
        {
            "s": ("worksheet", f"<worksheet><sheetData>{CELL}</sheetData></worksheet>"),
            "t": ("sharedStrings", f"<sst><si><t>{word}</t></si></sst>"),
            "y": ("styles", '<styleSheet><cellXfs><xf/><xf numFmtId="27"/></cellXfs></styleSheet>'),
        },
    )
    assert load(path).text == f"S\n\n{text} | x"


def test_formulas_without_a_stored_value_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Sums"
    book.active.append(["Total", "=SUM(B2:B3)"])
    book.active.append(["Count", "=2+3"])
    book.save(tmp_path / "a.xlsx")
    document = load(tmp_path / "a.xlsx")
    assert document.text == "Sums\n\nTotal | =SUM(B2:B3)\nCount | =2+3"
    (warning,) = document.warnings
    assert warning.startswith("Sheet 1 (Sums): 2 formulas have no stored value")


def test_comments_stand_behind_the_tables_of_their_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Rent", 1340])
    book.active["B1"].comment = Comment("raised in May", "Marta")
    book.save(tmp_path / "a.xlsx")
    assert load(tmp_path / "a.xlsx").text.endswith("Rent | 1340\n\nB1 [Marta: raised in May]")


def with_sheet(path: Path, sheet_links: str, **parts: str) -> Path:
    """A workbook of one sheet that leads to further parts."""
    write_package(
        path, "xl/workbook.xml", "workbook", '<sheets><sheet name="S" r:id="s"/></sheets>',
        {"s": ("worksheet", f"<worksheet><sheetData>{CELL}</sheetData></worksheet>")},
    )  # fmt: skip
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/_rels/s.xml.rels", sheet_links)
        for name, text in parts.items():
            archive.writestr(f"xl/{name}", text)
    return path


def test_text_boxes_pictures_and_charts_of_a_sheet_are_read(tmp_path: Path) -> None:
    drawing = (
        f"<xdr:wsDr {NAMESPACES}><xdr:sp><xdr:nvSpPr><xdr:cNvPr id='1' name='b'/></xdr:nvSpPr>"
        "<xdr:txBody><a:p><a:r><a:t>All without heating.</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
        "<xdr:pic><xdr:cNvPr id='2' name='p' descr='Plan of the flats'/></xdr:pic>"
        "<xdr:graphicFrame><a:graphicData><c:chart r:id='c'/></a:graphicData></xdr:graphicFrame>"
        "</xdr:wsDr>"
    )
    data = chart("Rent by month", ["May"], Rent=["1340"])
    path = with_sheet(
        tmp_path / "a.xlsx",
        relations([("d", "drawing", "drawing.xml")]),
        **{
            "drawing.xml": drawing,
            "_rels/drawing.xml.rels": relations([("c", "chart", "chart.xml")]),
            "chart.xml": data.replace("<c:chartSpace", f"<c:chartSpace {NAMESPACES}"),
        },
    )
    assert load(path).text.split("\n\n")[2:] == [
        "All without heating.", "[Plan of the flats]", "Rent by month",
        "Shore | Rent\nMay | 1340.0",
    ]  # fmt: skip


def test_a_newer_comment_stands_once_with_who_wrote_it(tmp_path: Path) -> None:
    path = with_sheet(
        tmp_path / "a.xlsx",
        relations([("c", "comments", "c.xml"), ("t", "threadedComment", "t.xml")]),
        **{
            "c.xml": "<comments><authors><author>tc={1}</author></authors><commentList><comment "
            'ref="A1" authorId="0"><text><t>[Threaded comment] why?</t></text></comment>'
            "</commentList></comments>",
            "t.xml": '<ThreadedComments><threadedComment ref="A1" personId="{2}"><text>why?</text>'
            "</threadedComment></ThreadedComments>",
        },
    )
    assert load(path).text.endswith("\n\nA1 [why?]")
