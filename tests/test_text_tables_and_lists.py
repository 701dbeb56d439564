"""Tables whose cells only stand under each other, and lists in lists, read from plain text."""

import pytest

from quire.text import lines, outline, statements, titles
from quire.text.outline import Heading, Listing, Table


def table(text: str) -> Table:
    (found,) = (piece for piece in outline.outline(text, 0, len(text)) if isinstance(piece, Table))
    return found


def listings(text: str) -> list[Listing]:
    return [p for p in outline.outline(text, 0, len(text)) if isinstance(p, Listing)]


def depths(listing: Listing) -> list[int]:
    found: list[int] = []
    for item in listing.items:
        found.append(0 if item.above is None else found[item.above] + 1)
    return found


def headings(text: str) -> list[str]:
    pieces = outline.outline(text, 0, len(text))
    return [text[slice(*piece.span)] for piece in pieces if isinstance(piece, Heading)]


PRICES = """\
Jobs in the yard

                  Summer             Winter
Job               fee      least     fee      least
Scrub             34.50    210       28.00    180
Relaunch          21.00    -         17.50
Storage, covered           90                 75
"""


def test_a_row_that_lacks_cells_keeps_the_others_under_their_headers() -> None:
    found = table(PRICES)
    assert found.names(PRICES) == (
        "Job",
        "Summer fee",
        "Summer least",
        "Winter fee",
        "Winter least",
    )
    assert found.cells(PRICES, found.rows[1]) == ("Relaunch", "21.00", "-", "17.50", "")
    assert found.cells(PRICES, found.rows[2]) == ("Storage, covered", "", "90", "", "75")


def test_columns_of_chinese_stand_where_they_are_drawn() -> None:
    text = (
        "房号    院子      平日价    加床\n"
        "                  (元)      (元)\n"
        "101     一号院    380       不可加\n"
        "B5      二号院              120\n"
    )
    found = table(text)
    assert found.names(text) == ("房号", "院子", "平日价 (元)", "加床 (元)")
    assert found.cells(text, found.rows[1]) == ("B5", "二号院", "", "120")


@pytest.mark.parametrize(
    "prose",
    [
        "The  club  met  on  Monday\nand  agreed  to  buy  a boat\nfor  the  juniors  in May.",
        "It rained.  The yard was shut.\nNobody came.  We went home early.",
        "A wide gap   stands here,\nand none in this line.",
    ],
)
def test_a_gap_in_prose_makes_no_table(prose: str) -> None:
    assert all(line.kind == "text" for line in lines.read(prose))


def test_rows_after_a_blank_line_and_a_name_go_on_with_the_account() -> None:
    text = (
        "              2024     2023\nINCOME\nFees          412      389\n"
        "Hire          (64)     21\n\n"
        "COSTS\nRent          120      118\nBoats         96       88\n"
    )
    rows = [one for one in statements.tell(text, 0, len(text)).statements if one.kind == "row"]
    assert rows[-1].told == "Boats · 2024: 96 · 2023: 88"
    assert rows[-1].under[-1].text == "COSTS"


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("- a\n  - b\n    - c\n      - d\n        - e\n- f", [0, 1, 2, 3, 4, 0]),
        (
            "一、甲方义务\n（一）付款\n1、按时付款\n(1) 每月\n① 三日前\n② 转账\n（二）验收",
            [0, 1, 2, 3, 4, 4, 1],
        ),
        ("1. a\n(a) b\n(i) c\n(ii) d\n(b) e\n2. f", [0, 1, 2, 2, 1, 0]),
        ("• a\n○ b\n▪ c\n○ d\n• e", [0, 1, 2, 1, 0]),
        ("1. a\n\n  1.1 b\n\n  1.2 c\n\n2. d", [0, 1, 1, 0]),
    ],
)
def test_lists_nest_by_margin_and_by_the_way_they_count(text: str, deep: list[int]) -> None:
    (listing,) = listings("To do:\n" + text)
    assert depths(listing) == deep


def test_after_h_comes_the_letter_i() -> None:
    (listing,) = listings("To do:\n" + "\n".join(f"({letter}) x" for letter in "abcdefghij"))
    assert set(depths(listing)) == {0}


def test_a_list_after_a_list_is_another_one() -> None:
    assert [len(one.items) for one in listings("1. a\n2. b\n\n1. x\n2. y\n3. z")] == [2, 3]


def test_a_remark_between_two_steps_goes_with_the_first() -> None:
    text = "1. Close the hood.\n\nScrape the plates first.\n\n2. Start."
    (listing,) = listings(text)
    assert text[slice(*listing.items[0].span)].endswith("Scrape the plates first.")


def test_a_list_with_bullets_goes_on_after_a_page_break() -> None:
    (listing,) = listings("Bring:\n• a towel\n\nHandbook, page 7\n\n• a cap")
    assert len(listing.items) == 2


def test_a_number_that_ends_a_sentence_begins_no_list() -> None:
    assert listings("Entries were good: 287 crews against\n301. The next regatta is in July.") == []


def test_headings_of_plain_text_stand_alone_above_text() -> None:
    text = (
        "REDMIRE BOATYARD\nPrice list, valid until March\n\n1. MOORINGS\n\n"
        "Berth          Fee\nPontoon A      412\nPontoon B      389\n\n2. VISITORS\n\n"
        "- Up to 8 m: £22\n- Over 8 m: £29\n\n3. FUEL\n\nDiesel is sold duty paid.\n\n"
        "Notes to the list\n\n(1) Not for multihulls.\n"
    )
    named = ["REDMIRE BOATYARD", "1. MOORINGS", "2. VISITORS", "3. FUEL", "Notes to the list"]
    assert headings(text) == named


@pytest.mark.parametrize(
    "line",
    ["Door code: 2580", "- Tyre change, £64", "Harbour Office, 12 Quay Street", "Total 1,427.80",
     "The office is closed", "Dear members,", "门禁密码：2580", "info@redmire.example"],
)  # fmt: skip
def test_a_value_an_item_or_an_address_is_no_heading(line: str) -> None:
    assert headings(f"{line}\n\nThe yard opens at eight.") == []


def test_what_no_loader_named_stands_above_its_statements_once() -> None:
    text = "Insurance\n\nThe tenant insures the dome."
    (_, said) = statements.tell(text, 0, len(text)).statements
    assert [each.text for each in said.under] == ["Insurance"]
    (_, said) = statements.tell(text, 0, len(text), headings=("Insurance",)).statements
    assert said.under == ()


def test_a_paragraph_stands_under_the_heading_it_begins_with() -> None:
    text = "B.5 Payment. Clause 5.2 is deleted. The discount ends."
    said = statements.tell(text, 0, len(text)).statements
    assert [each.text for each in said[-1].under] == ["B.5 Payment."]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("离职员工须依次办理：（1）移交文件；（2）归还门禁卡；（3）结清借款。公司另发证明。", 3),
        ("The tenant shall (a) clean the dome; (b) test the alarm; (c) keep a log. It may not.", 3),
        ("As said in (1) and (2), nothing changes.", 0),
    ],
)
def test_a_list_within_a_sentence_is_a_list(text: str, items: int) -> None:
    told = statements.tell(text, 0, len(text))
    assert sum(len(group.members) for group in told.groups) == items
    assert told.statements[-1].text == text[told.statements[-1].start :]


def test_titles_are_known_by_how_they_are_written() -> None:
    written = [
        "4.1 Start of shift",
        "AMENDMENT NO. 1",
        "【退费】",
        "三、退订规矩",
        "3.5 percent of it",
    ]
    assert [titles.style(line) for line in written] == [
        "number2", "capitals", "brackets", "han", "",
    ]  # fmt: skip


@pytest.mark.parametrize("names", ["Part | Made of | Stock", "| Part | Made of |\n|---|---|"])
def test_a_row_deep_in_a_long_table_is_told_as_where_the_whole_table_is_read(names: str) -> None:
    rows = "".join(f"P{n} | brass | {n % 7} pieces\n" for n in range(3_000))
    text = f"Spares of the mill:\n\n{names}\n{rows}\nAsk at the counter for what is missing."
    at = text.index("P2000 ")
    near, every = statements.tell(text, at, at + 60), statements.tell(text, 0, len(text))
    told = {each.start: each for each in every.statements}
    assert near.statements
    assert all(each == told[each.start] for each in near.statements)
    (group,) = near.groups
    assert group.start == every.groups[0].start
    assert group.cut
    assert len(group.members) < 200  # reading all for each hit took a second for ten thousand rows


def test_a_long_table_in_parts_is_read_whole() -> None:
    part = "Part | Stock\n" + "".join(f"P{n} | {n}\n" for n in range(300))
    text = f"{part}\n{part}\n{part}"
    at = text.rindex("P150 ")
    assert statements.tell(text, at, at + 8).statements[0].cells == (
        ("Part", "P150"),
        ("Stock", "150"),
    )


def test_a_header_whose_first_cell_spans_both_rows_may_have_numbers() -> None:
    text = "纸张 | 单面 | 单面 | 双面\n纸张 | 1～4盒 | 5盒以上 | 双面\n铜版纸 | 30 | 25 | 40\n"
    (table,) = outline.outline(text, 0, len(text))
    assert isinstance(table, outline.Table)
    assert table.names(text) == ("纸张", "单面 1～4盒", "单面 5盒以上", "双面")
