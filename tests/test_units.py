"""The unit over a table is told with each of its numbers: "(in millions)", 单位：万元."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

import made_columns
from made_columns import HAN, LATIN
from quire import KnowledgeBase
from quire.models.fakes import FakeEmbedder
from quire.records import Statement
from quire.text import cells, statements
from quire.verification import rows

Lines = tuple[str | tuple[str, ...], ...]

PAGES: dict[str, tuple[str, Lines]] = {
    "income.pdf": (
        LATIN,
        (
            "Income of the ferry company",
            "($ in millions, except per share data)",
            ("", "2023", "2022", "% change"),
            ("Revenue", "1,234", "1,100", "12"),
            ("Cost of sales", "(800)", "(700)", "14"),
            ("Earnings per share", "4.34", "4.00", "9"),
        ),
    ),
    "caibao.pdf": (
        HAN,
        (
            "主要财务数据",
            "单位：人民币万元",
            ("项目", "2023年", "2022年", "增减比例"),
            ("营业收入", "12,345", "11,000", "12"),
            ("营业成本", "8,000", "7,000", "14"),
        ),
    ),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    made_columns.register_fonts()
    folder = tmp_path_factory.mktemp("units")
    for name, (font, lines) in PAGES.items():
        _draw(folder / name, font, lines)
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as base:
        assert base.add([folder / name for name in PAGES]).added == len(PAGES)
        yield base


def _draw(path: Path, font: str, lines: Lines) -> None:
    canvas = Canvas(str(path))
    canvas.setFont(font, 10)
    for at, line in enumerate(lines):
        row = (line,) if isinstance(line, str) else line
        for x, cell in zip((50, 250, 340, 430), row, strict=False):
            canvas.drawString(x, 760 - 13 * at, cell)
    canvas.save()


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What was the revenue in 2023?", "Revenue · 2023: 1,234 (in millions)"),
        ("What were the earnings per share in 2022?", "Earnings per share · 2022: 4.00"),
        ("2022年营业成本是多少？", "项目: 营业成本 · 2022年: 7,000（单位：万元）"),
        ("营业收入的增减比例是多少？", "项目: 营业收入 · 增减比例: 12"),
    ],
)
def test_a_quote_of_a_row_says_its_unit(base: KnowledgeBase, question: str, told: str) -> None:
    answer = base.ask(question)
    assert answer.text == told
    assert answer.sentences[0].support == "supported"


@pytest.mark.parametrize(
    ("caption", "unit"),
    [
        ("(Dollars in thousands)", "thousands"),
        ("(amounts in millions of U.S. dollars)", "millions of U.S. dollars"),
        ("(In thousands of Canadian dollars)", "thousands of Canadian dollars"),
        ("Table 3 (USD million)", "USD million"),
        ("(in US$ thousands)", "US$ thousands"),
        ("Prices in EUR", "EUR"),
        ("单位：元 币种：人民币", "元"),
        ("金额单位：人民币千元", "千元"),
        ("表2 收入（万元）", "万元"),
        ("(Unaudited)", ""),
        ("Prices in euros were agreed in March", ""),
        ("单位：元/吨", "元/吨"),
        ("表1 收费标准（单位：元/平方米·月）", "元/平方米·月"),
        ("差旅标准（元/天）", "元/天"),
    ],
)
def test_a_caption_says_the_unit_of_all(caption: str, unit: str) -> None:
    assert (
        cells.unit_over(_row(f"{caption}\n\nItem | 2023 | 2022\nFees | 12 | 13\nRent | 9 | 8"))
        == unit
    )


def test_the_corner_of_a_header_says_the_unit_and_another_column_does_not() -> None:
    corner = _row(
        "(in millions) | March 31, 2021 | December 31, 2020\nFees | 12 | 13\nRent | 9 | 8"
    )
    assert rows.said(corner).endswith("March 31, 2021: 12 million · December 31, 2020: 13 million")
    other = _row("Hall | Rent (EUR) | Rooms\nA | 120 | 4\nB | 90 | 3")
    assert rows.said(other).endswith("Rent: 120 EUR · Rooms: 4")


def _row(text: str) -> Statement:
    told = statements.tell(text, 0, len(text)).statements
    return next(one for one in told if one.kind == "row")
