"""What a question asks for that stands in nothing which would be shown."""

import pytest

from quire.answering import lacking

ROOMS = "Room 1 | Ground floor | Rent £412\nRoom 9 | Attic | Rent £329"
MEMBERS = "Senior rowing | 31 Dec 2024: 118 | 31 Dec 2023: 112"
PAPER = "纸张: 300克铜版纸 · 单面 1～4盒: 18元"
MINUTES = "业委会第七次会议\n决议7-2：第二辆车每月260元。"


@pytest.mark.parametrize(
    ("question", "shown", "lacks"),
    [
        ("What is the monthly rent of room 10?", ROOMS, True),
        ("What is the monthly rent of room 9?", ROOMS, False),
        ("What does clause 14.2 of the agreement say?", "14.1 Notices are sent by post.", True),
        ("What does clause 14.1 of the agreement say?", "14.1 Notices are sent by post.", False),
        ("Which room has the number 9?", ROOMS, False),
        # amounts of the asker, which no document needs to name
        ("What do I get for driving 120 miles?", "45 pence per mile", False),
        ("My boat measures 9.2 m. What is the fee?", "Fee: £389 per metre", False),
        ("What costs a stay of more than 12 days?", "Each day: £20", False),
        # another year stands there, or none at all
        ("How many members were there in 2022?", MEMBERS, True),
        ("How many members were there in 2023?", MEMBERS, False),
        ("Who may row in 2025?", "Members over 18 may row.", False),
        ("And the treasurer? (members 2022)", MEMBERS, False),
        ("250克铜版纸的单面名片多少钱一盒？", PAPER, True),
        ("300克铜版纸的单面名片多少钱一盒？", PAPER, False),
        ("业委会第十次会议做了哪些决议？", MINUTES, True),
        ("业委会第7次会议做了哪些决议？", MINUTES, False),
        ("两万张宣传单加收多少？", PAPER, False),
    ],
)
def test_what_is_named_by_a_number_is_missing_where_that_number_is(
    question: str, shown: str, lacks: bool
) -> None:
    assert lacking.misnames(question, shown) is lacks


@pytest.mark.parametrize(
    ("question", "shown", "lacks"),
    [
        ("What does Gate Harbour Street cost?", "Mill Street: £4", True),
        ("What does a night at Fogg Museum cost?", "A night at Sackler Museum costs £4.", True),
        ("What does a night at Fogg Museum cost?", "A night at the museum costs £4.", False),
        ("What does a night at Fogg Museum cost?", "Fogg: £4. Sackler Museum: £5", False),
        ("Fogg Museum: what is a night?", "A night at Sackler Museum costs £4.", False),
        ("What does Mr Pell pay?", "Colonel Pell pays £4.", False),
        ("三号院的门禁密码是多少？", "一号院：2580#，二号院：7136#", True),
        ("二号院的门禁密码是多少？", "一号院：2580#，二号院：7136#", False),
        ("第三方要付多少？", "乙方付两成。", False),
    ],
)
def test_what_is_named_by_a_name_before_a_noun_is_missing_where_another_name_stands_before_it(
    question: str, shown: str, lacks: bool
) -> None:
    assert lacking.misnames(question, shown) is lacks


@pytest.mark.parametrize(
    ("question", "shown", "lacks"),
    [
        ("How loud is it in decibels?", "Height | 2,065 mm", True),
        ("How loud is it in decibels?", "Noise level | 55 dB(A)", False),
        ("What does paint cost per litre?", "Antifouling, one coat: £195", True),
        ("How much is the course?", "The course takes six weeks.", True),
        ("How much is the course?", "The course is free of charge.", False),
        ("What is the code for the cellar door?", "The fuse board is behind the door.", True),
        ("What is the code for the cellar door?", "Cellar: 4711", False),
        ("食堂午饭预计供应多少份？", "二层只供应午餐。", True),
        ("一亩产多少公斤？", "每亩428千克。", False),
        ("门禁密码是多少？", "告诉客人门禁密码。", True),
        ("Who opens the gate?", "The porter.", False),
    ],
)
def test_what_is_of_another_kind_or_unit_does_not_tell_what_is_asked(
    question: str, shown: str, lacks: bool
) -> None:
    assert lacking.is_unkind(question, shown) is lacks
