"""Questions that set bounds: which rows of a table lie within them."""

import pytest

from made_passages import passage
from quire.answering import bounds, computing, tables
from quire.text import statements

ROOMS = """\
| Room | Area (m²) | Seats | Price per day | Heated |
|---|---|---|---|---|
| Anvil | 120 | 80 | €240 | yes |
| Bellows | 48 | 30 | €95 | no |
| Crucible | 50 | 36 | €110 | yes |
| Dovetail | 64.5 | 40 | €135 | yes |
| Ember | 22 | 8 | €45 | no |
"""
STORES = """\
| 库房 | 面积（平方米） | 月租（元） | 楼层 |
|---|---|---|---|
| 甲库 | 85 | 3400 | 一楼 |
| 乙库 | 50 | 2100 | 二楼 |
| 丙库 | 36 | 1500 | 二楼 |
"""
JOBS = """\
job | begun | hours | weight kg
J1 | 2024-03-01 | 4 | 1200
J2 | 2024-05-20 | 12 | 800
J3 | 2024-09-02 | 7 | 450
J4 | 2025-01-11 | 30 | 2500
"""
FEES = """\
| Late | Fee |
|---|---|
| up to 7 days | €1 |
| over 7 days | €5 |
| over 30 days | €20 |
"""


def table(text: str) -> tables.Table:
    made = tables.of(passage(text, start=0), statements.tell(text, 0, len(text)).groups[0])
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("text", "question", "rows"),
    [
        (ROOMS, "Which rooms are larger than 50 m²?", "Anvil Dovetail"),
        (ROOMS, "Which rooms have 50 square metres or more?", "Anvil Crucible Dovetail"),
        (ROOMS, "Which rooms cost between 90 and 120 euros?", "Bellows Crucible"),
        (ROOMS, "Which rooms have at least 40 seats?", "Anvil Dovetail"),
        (ROOMS, "Which rooms have no more than 30 seats?", "Bellows Ember"),
        (ROOMS, "Which rooms have 36 seats or more?", "Anvil Crucible Dovetail"),
        (ROOMS, "List the rooms under €100.", "Bellows Ember"),
        (ROOMS, "Which heated rooms cost less than €200 a day?", "Crucible Dovetail"),
        (ROOMS, "Which rooms are not heated?", "Bellows Ember"),
        (ROOMS, "Which rooms are larger than 500 m²?", ""),
        (JOBS, "Which jobs began after 2024-06-01?", "J3 J4"),
        (JOBS, "Which jobs took longer than 5 hours?", "J2 J3 J4"),
        (JOBS, "Which jobs took longer than 400 minutes?", "J2 J3 J4"),
        (JOBS, "Which jobs weigh more than 1 t?", "J1 J4"),
        (STORES, "面积超过50平方米的有哪些库房？", "甲库"),
        (STORES, "月租在2000到4000元之间的库房有哪些？", "甲库 乙库"),
        (STORES, "二楼月租低于2000元的库房是哪个？", "丙库"),
        (STORES, "哪些库房面积在50平方米以上？", "甲库 乙库"),
    ],
)
def test_the_rows_within_the_bounds_are_those_asked_for(
    text: str, question: str, rows: str
) -> None:
    fit = tables.fit(question, table(text))
    assert [fit.table.rows[at].cells[0][1] for at in fit.rows] == rows.split()
    assert fit.missing == ()


@pytest.mark.parametrize(
    ("text", "question", "value"),
    [
        (ROOMS, "How many rooms have more than 30 seats?", "3"),
        (ROOMS, "What is the total price of the rooms over 50 m²?", "€375"),
        (ROOMS, "Which is the cheapest room with at least 36 seats?", "€110"),
        (ROOMS, "How many rooms are heated?", "3"),
        (STORES, "有几个库房面积不超过50平方米？", "2"),
    ],
)
def test_what_is_computed_is_computed_of_the_rows_within(
    text: str, question: str, value: str
) -> None:
    found = computing.compute(question, table(text))
    assert found is not None
    assert found[1].value == value


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (FEES, "What is the fee for more than 30 days?"),  # a row says so, no number does
        (ROOMS, "Which rooms are louder than 50 dB?"),
        (JOBS, "Which jobs weigh more than 50 euros?"),
        (JOBS, "Which jobs have more than 5 workers?"),
    ],
)
def test_a_bound_on_what_the_table_does_not_tell_fits_no_row(text: str, question: str) -> None:
    fit = tables.fit(question, table(text))
    assert not fit.bounds
    assert fit.missing


def test_a_row_that_is_called_as_the_bound_says_is_the_row_asked_for() -> None:
    fit = tables.fit("What is the fee over 30 days?", table(FEES))
    assert [fit.table.rows[at].cells[0][1] for at in fit.rows] == ["over 30 days"]


@pytest.mark.parametrize(
    "question",
    ["What is the limit for 50 kg?", "When does room 12 open?", "第五章说了什么？", "Over what?"],
)
def test_a_number_alone_is_no_bound(question: str) -> None:
    assert bounds.read(question) == []
