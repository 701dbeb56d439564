"""What each check stops by itself, and that it can be left out to be measured."""

import pytest

from made_passages import passage
from quire.verification import quotes, rows
from quire.verification.agreement import CHECKS
from quire.verification.judging import judge

# A sentence and a quote that differ in what one check alone is about.
STOPPED = {
    "subject": (
        "The bank lent Pike four maps.",
        "Pike lent the bank four maps. The bank keeps them in its archive.",
    ),
    "quantities": ("The hall has 40 seats.", "The hall has 50 seats."),
    "negation": ("It closes in June.", "It does not close in June."),
    "opposites": ("The rent rises by 5 crowns.", "The rent falls by 5 crowns."),
    "modals": ("The tenant may sublet the flat.", "The tenant must sublet the flat."),
    "names": ("Anna Berg keeps the keys.", "Anna Holm keeps the keys."),
    "letters": ("The press stands in hall C.", "The press stands in hall B."),
    "rows": (
        "The rated power of the Kappa is 7.5 kW.",
        "| | Kappa | Beta |\n|---|---|---|\n| Rated power | 5.5 kW | 7.5 kW |",
    ),
    "bounds": ("The lease runs for 5 years.", "The lease runs for at least 5 years."),
    "labels": ("第十七条要求股东通知董事会。", "第七条要求股东通知董事会。"),
    "qualifiers": ("Pets are welcome.", "Pets are welcome if they are small."),
    "new words": (
        "The hall was painted green in June and repaired by the old firm of Anna Holm again.",
        "The hall was painted green in June and repaired by the firm of Anna Holm again.",
    ),
    "replaced words": (
        "会议由王芳在市政厅大楼主持并逐字记录存档。",
        "会议由李娜在市政厅大楼主持并逐字记录存档。",
    ),
    "prepositions": ("The ferry sails from Bergen.", "The ferry sails to Bergen."),
    "ranges": ("The bus leaves at 9:30, then 8:15.", "The bus leaves at 8:15, then 9:30."),
    "owners": (
        "The court heard the appeal of Ostsee.",
        "The court heard the appeal of Brandt against Ostsee.",
    ),
    "voice": ("The dog was chased by the man.", "The dog chased the man."),
    "order": ("The man chased the dog.", "The dog chased the man."),
    "mixing": ("Children pay 20.", "Adults pay 20 and children pay 10."),
    "identity": ("The landlord is the tenant.", "The landlord waives the fee for the tenant."),
}


def test_each_check_has_an_example_and_a_name_of_its_own() -> None:
    assert [check.name for check in CHECKS] == [*STOPPED]


@pytest.mark.parametrize("name", STOPPED)
def test_each_check_stops_what_no_other_one_does(name: str) -> None:
    text, quote = STOPPED[name]
    (left_out,) = (check for check in CHECKS if check.name == name)
    others = [check for check in CHECKS if check is not left_out]
    stopped = judge(text, [passage(quote)], checks=CHECKS).support
    assert stopped != "supported"
    assert judge(text, [passage(quote)], checks=others).support not in {stopped, "unsupported"}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("营业收入增长17.44%。", True),
        ("营业收入下降17.44%。", False),
        ("净利润下降9.98%。", True),
        ("净利润增长9.98%。", False),
        ("Fees rose by 4.2%.", True),
        ("Fees fell by 4.2%.", False),
    ],
)
def test_a_change_goes_the_way_that_its_sign_says(said: str, *, holds: bool) -> None:
    tables = (
        "| 项目 | 2025年 | 2024年 | 本年比上年增减 |\n|---|---|---|---|\n"
        "| 营业收入 | 186,420 | 158,733 | 17.44% |\n| 净利润 | 15,208 | 16,894 | -9.98% |\n",
        "| Item | 2023 | 2022 | Change |\n|---|---|---|---|\n| Fees | 12.5 | 12.0 | 4.2% |\n",
    )
    quoted = [quote.row for quote in quotes.of_passages([passage(tables[said.isascii()])])]
    assert all(rows.keeps_columns(said, row) for row in quoted if row) == holds


def test_a_change_by_a_number_that_stands_with_both_signs_goes_either_way() -> None:
    table = "| Item | Change 2023 | Change 2022 |\n|---|---|---|\n| Fees | 4.2% | -4.2% |\n"
    quoted = [quote.row for quote in quotes.of_passages([passage(table)]) if quote.row]
    assert quoted
    for said in ("Fees rose by 4.2% in 2023.", "Fees fell by 4.2% in 2022."):
        assert not any(rows.turns(said, row) for row in quoted)
