"""What a text says, statement by statement, with what each stands under."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.records import Group, Statement
from quire.text import lines, outline, statements


def told(text: str, *headings: str) -> list[Statement]:
    return list(statements.tell(text, 0, len(text), headings=headings).statements)


def groups(text: str, *headings: str) -> tuple[Group, ...]:
    return statements.tell(text, 0, len(text), headings=headings).groups


def under(statement: Statement) -> list[str]:
    return [stretch.text for stretch in statement.under]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("- Tyre change, all four wheels: £64\n- Yearly service: £189", ["item", "item"]),
        ("门禁密码：2580", ["sentence"]),
        ("Total due: EUR 1,427.80", ["sentence"]),
        ("Name: Ada Byrne\nPhone: 0161 496 0112\nRoom: 4b", ["sentence"] * 3),
        ("1. Open the lid.\n2. Let it cool", ["item", "item"]),
        ("（一）填写申请表\n（二）交部门负责人签字", ["item", "item"]),
        ("Insurance\n\nThe tenant insures the dome.", ["heading", "sentence"]),
        ("The steps are:\n1. Open it.", ["heading", "item"]),
    ],
)
def test_a_line_is_no_heading_because_it_is_short(text: str, kinds: list[str]) -> None:
    assert [statement.kind for statement in told(text)] == kinds


def test_headings_are_those_that_the_loader_names() -> None:
    text = "Fees\n\nRent and heating\n\nThe rent is 900 euros."
    assert [one.kind for one in told(text, "Fees")] == ["heading", "sentence", "sentence"]


def test_a_row_is_told_with_the_names_of_its_columns() -> None:
    text = "Rated power in kW\n\n| | Model A | Model B |\n|---|---|---|\n| Power | 5.5 | 7.5 |"
    row = told(text)[-1]
    assert row.told == "Power · Model A: 5.5 · Model B: 7.5"
    assert under(row) == ["Rated power in kW", "| | Model A | Model B |"]


def test_a_header_of_two_rows_names_the_columns_together() -> None:
    text = (
        "Berth |  | Summer |  | Winter\n | Fee | Least | Fee | Least\nA | 276 | 1,932 | 168 | 1,176"
    )
    table = outline.outline(text, 0, len(text))[0]
    assert isinstance(table, outline.Table)
    assert len(table.header) == 2


def test_rows_whose_cells_only_stand_apart_are_rows() -> None:
    text = (
        "Trade          Normal   Out of hours\nShipwright     62.00    93.00\nRigger  58.00  87.00"
    )
    assert told(text)[1].told == "Trade: Shipwright · Normal: 62.00 · Out of hours: 93.00"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Change the oil as follows:\n\n1. Drain it.\n\n2. Fill it.", "Change the oil as follows:"),
        ("换油步骤如下：\n1、放油。\n2、加油。", "换油步骤如下："),
    ],
)
def test_an_item_stands_under_the_head_of_its_list(text: str, first: str) -> None:
    items = [one for one in told(text) if one.kind == "item"]
    assert [under(item)[0] for item in items] == [first, first]
    assert len(groups(text)[0].members) == 2


def test_an_item_of_a_list_in_a_list_stands_under_its_item_too() -> None:
    text = "Not included:\n- windows\n  - on the harbour side\n- the clock tower"
    assert under(told(text)[2]) == ["Not included:", "- windows"]
    assert under(told(text)[3]) == ["Not included:"]


@pytest.mark.parametrize(
    "text",
    ["Q: Is there parking?\nA: There are 40 spaces.", "Q：有停车位吗？ A：有四十个车位。"],
)
def test_an_answer_stands_under_its_question(text: str) -> None:
    question, answer = told(text)
    assert (question.kind, answer.kind) == ("question", "sentence")
    assert under(answer) == [question.text]


def test_a_list_is_whole_wherever_a_chunk_begins_and_ends() -> None:
    text = "Do this:\n\n" + "\n".join(f"{n}. Step {n} is done." for n in range(1, 15)) + "\n\nEnd."
    for start in (0, text.index("4. "), text.index("14. ")):
        group = statements.tell(text, start, start + 20).groups[0]
        assert len(group.members) == 14
        assert group.head is not None


def test_a_list_goes_on_after_a_page_break() -> None:
    text = "Do this:\n1. Open.\n2. Clean.\n\nPage 7\n\n3. Close.\n4. Test."
    group = statements.tell(text, 0, 20).groups[0]
    assert [member.text for member in group.members][-1] == "4. Test."


def test_steps_that_are_headings_are_one_list() -> None:
    text = (
        "## Forgotten password\nFollow these two steps.\n\n### Step 1: ask\nOpen the page.\n\n"
        "### Step 2: read\nOpen the message.\n\n## Names\nSend the certificate."
    )
    titles = ("Forgotten password", "Step 1: ask", "Step 2: read", "Names")
    (group,) = groups(text, *titles)
    assert [member.text.split("\n")[0] for member in group.members] == [
        "### Step 1: ask",
        "### Step 2: read",
    ]
    assert "Open the message." in group.members[1].text
    assert told(text, *titles)[-1].text == "Send the certificate."


def test_a_table_goes_on_after_a_page_break_under_its_header() -> None:
    text = "Code | Meaning\nE1 | hot\nE2 | cold\n\nCode | Meaning\nE3 | 12 bar"
    (group,) = groups(text)
    assert [row.told for row in group.members][-1].startswith("Code: E3")
    assert len(group.members) == 3


@given(st.text(alphabet="a1.:：|- \n\t#?？一、)(步第E", max_size=300))
def test_every_statement_is_its_text_and_none_overlaps_another(text: str) -> None:
    end = 0
    for statement in told(text):
        assert text[statement.start : statement.end] == statement.text
        assert statement.start >= end
        end = statement.end
    said = "".join(statement.text for statement in told(text))
    kept = [line for line in lines.read(text) if line.kind in {"text", "item"}]
    assert sum(map(len, said.split())) >= sum(
        len("".join(text[line.start : line.end].split())) for line in kept
    )


@pytest.mark.parametrize(
    "piece", ["- a\n", "| a | b |\n", "1. a\n\n", "a  b\n", ": ", "|", "#", "Step 1: a\n", "a?\n"]
)
def test_a_long_text_takes_no_more_than_its_length(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    told(text)
    assert time.process_time() - began < 5


def test_the_title_of_clauses_is_a_heading_also_above_a_blank_line() -> None:
    """Pages that OCR read have no larger letters to tell a heading by."""
    text = (
        "2. Term and renewal\n\n2.1 The lease begins on 1 April 2024.\n\n"
        "2.2 It ends on 31 March 2029.\n\n3. Rent\n\n3.1 The rent is due on the first day.\n\n"
        "3.2 It is paid by transfer."
    )
    told = statements.tell(text, 0, len(text)).statements
    assert [one.text for one in told if one.kind == "heading"] == ["2. Term and renewal", "3. Rent"]
    assert all("Term" not in stretch.text for one in told[-2:] for stretch in one.under)
