"""Tables in plain text: whatever parts the cells, and whatever stands above the table."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ingest.loaders import load


def read(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    (tmp_path / "a.csv").write_text(text, "utf-8")
    document = load(tmp_path / "a.csv")
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


@pytest.mark.parametrize(
    ("text", "titles", "table"),
    [
        ("Members of the club\n\nName;Boat;Fee\nOlsson;Dory;17,50\nBrandt;Skiff;21,00\n",
         ["Members of the club"],
         "Name | Boat | Fee\nOlsson | Dory | 17,50\nBrandt | Skiff | 21,00"),
        ("Members, boats, fees\nName;Boat;Fee\nOlsson;Dinghy;17,50\n",
         ["Members, boats, fees"], "Name | Boat | Fee\nOlsson | Dinghy | 17,50"),
        ("Report, May 2024\n\nName,Boat,Fee\na,b,1\nc,d,2\n",
         ["Report, May 2024"], "Name | Boat | Fee\na | b | 1\nc | d | 2"),
        ("会员名单,,\n姓名,船,费用\n李雷,小艇,17\n", ["会员名单"],
         "姓名 | 船 | 费用\n李雷 | 小艇 | 17"),
        ("Stand: 1.3.\nunaudited\n\nA\tB\n1\t2\n", ["Stand: 1.3.", "unaudited"], "A | B\n1 | 2"),
        # No title: a header that is shorter than its rows, or has no first cell
        ("name,age\na,1,x\nb,2,y\n", [], "name | age\na | 1 | x\nb | 2 | y"),
        (",2023\nrent,5\n", [], "| 2023\nrent | 5"),
        ("one\ntwo\nthree\n", [], "one\ntwo\nthree"),
        # Decimal commas and thousands
        ("1,5;2,5;3,5\n2,5;3,5;4,5\n", [], "1,5 | 2,5 | 3,5\n2,5 | 3,5 | 4,5"),
        ("1,5\t2,5\n3,5\t4,5\n", [], "1,5 | 2,5\n3,5 | 4,5"),
        ("1.234,50;x\n2.345,60;y\n", [], "1.234,50 | x\n2.345,60 | y"),
        ("1,2\n3,4\n", [], "1 | 2\n3 | 4"),
        ("id,count\n12,7\n13,8\n", [], "id | count\n12 | 7\n13 | 8"),
        # The other sign stands in the text of cells
        ("Name\tNote\nOlsson, Marta\tpaid; late\nBrandt, Ida\tpaid; early\n", [],
         "Name | Note\nOlsson, Marta | paid; late\nBrandt, Ida | paid; early"),
        ('a;"x, y, z"\nb;"p, q, r"\n', [], "a | x, y, z\nb | p, q, r"),
        ("5;7\n8;9\n", [], "5 | 7\n8 | 9"),
    ],
)  # fmt: skip
def test_a_table_is_read_below_its_title_whatever_parts_its_cells(
    tmp_path: Path, text: str, titles: list[str], table: str
) -> None:
    assert read(tmp_path, text) == [*(("paragraph", title) for title in titles), ("table", table)]


@given(
    st.lists(
        st.lists(st.sampled_from(["1,5", "a", "x y", "20", "米"]), min_size=3, max_size=3),
        min_size=2,
        max_size=5,
    ),
    st.sampled_from(";\t|"),
)
def test_cells_with_decimal_commas_stay_whole(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    text = "\n".join(map(delimiter.join, rows))
    ((_, table),) = read(tmp_path_factory.mktemp("csv"), text)
    assert table == "\n".join(map(" | ".join, rows))
