"""One value in many writings: each fits every other one, and none of another value."""

import itertools

import pytest

from quire.verification import quantity_fit
from quire.verification.quantities import quantities

ONES = "zero one two three four five six seven eight nine ten eleven twelve".split()
DIGITS_ZH = "零一二三四五六七八九十"


def fits(said: str, source: str) -> bool:
    wanted = quantities(said)
    return bool(wanted) and quantity_fit.all_fit(wanted, quantities(source))


def times(hour: int) -> list[str]:
    """An hour in the evening and what is half past it, of which only the first is the same."""
    twelve, zh = hour - 12, DIGITS_ZH[hour - 12]
    return [
        f"It shuts at {hour}:00.",
        f"It shuts at {twelve} pm.",
        f"It shuts at {twelve} p.m.",
        f"It shuts at {ONES[twelve]} in the evening.",
        f"It shuts at {ONES[twelve]} o'clock in the evening.",
        f"晚上{zh}点关门。",
        f"晚上{twelve}点关门。",
        f"{hour}点关门。",
    ]


def half_past(hour: int) -> list[str]:
    twelve, zh = hour - 12, DIGITS_ZH[hour - 12]
    return [
        f"It shuts at {hour}:30.",
        f"It shuts at half past {ONES[twelve]} in the evening.",
        f"It shuts at half past {ONES[twelve]}.",
        f"It shuts at {twelve}:30 pm.",
        f"晚上{zh}点半关门。",
        f"{hour}点30分关门。",
        f"晚上{zh}点三十关门。",
    ]


def quarter_to(hour: int) -> list[str]:
    twelve = hour - 12
    return [
        f"It shuts at {hour - 1}:45.",
        f"It shuts at a quarter to {ONES[twelve]}.",
        f"It shuts at fifteen minutes to {ONES[twelve]} in the evening.",
        f"{hour - 1}点三刻关门。",
    ]


LENGTHS = {
    30: ["half an hour", "30 minutes", "a half-hour break", "thirty minutes", "半小时", "三十分钟"],
    45: ["three quarters of an hour", "45 minutes", "三刻钟", "45分钟"],
    90: ["an hour and a half", "one and a half hours", "90 minutes", "1.5 hours", "一个半小时"],
    110: ["1 hour 50 minutes", "one hour and fifty minutes", "110 minutes", "1小时50分", "110分钟"],
    1440: ["24 hours", "twenty-four hours", "one day", "一天", "24小时", "二十四个小时"],
    2880: ["48 hours", "two days", "两天", "48小时"],
    20160: ["14 days", "two weeks", "a fortnight", "两周", "十四天"],
}
SHARES = {
    20: ["a fifth of the votes", "20% of the votes", "20 per cent", "五分之一", "两成"],
    50: ["half of the votes", "50% of the votes", "fifty percent", "一半的票", "50%", "百分之五十"],
    67: ["two thirds of the votes", "67% of the votes", "67 percent", "三分之二"],
    12: ["12%", "twelve per cent", "一成二", "百分之十二"],
    0.05: ["0.05%", "万分之五", "0.05 percent"],
}
MEASURES = {
    2900: ["2.9 kilometres", "2,900 metres", "2900 m", "2.9公里", "两千九百米"],
    250: ["a quarter of a kilometre", "250 m", "250米"],
    1.2: ["1.2 m", "120 cm", "一米二", "1.2米"],
    500: ["half a kilo", "500 g", "半公斤", "一斤", "500克"],
    2500000: ["it gives 2.5 MW", "2,500 kW", "两千五百千瓦", "2.5兆瓦"],
}
MONEY = {8.5: ["8.5元", "八块五", "8.50元"], 35.6: ["三十五元六角", "35.60元"]}
DAYS = {3: ["on Monday", "on Mondays", "Mon: closed", "周一", "星期一"]}


@pytest.mark.parametrize(
    "group", [times(18), half_past(19), quarter_to(20), *MONEY.values(), *DAYS.values()]
)
def test_writings_of_one_value_fit_each_other(group: list[str]) -> None:
    for said, source in itertools.permutations(group, 2):
        assert fits(said, source), (said, source)


@pytest.mark.parametrize("writings", [LENGTHS, SHARES, MEASURES])
def test_units_are_brought_to_each_other_and_other_values_are_not(
    writings: dict[float, list[str]],
) -> None:
    for (value, group), (other, others) in itertools.product(writings.items(), repeat=2):
        for said, source in itertools.product(group, others):
            assert fits(said, source) is (value == other), (said, source)


def test_no_time_is_another_one() -> None:
    groups = [
        *(times(hour) for hour in range(17, 23)),
        *(half_past(hour) for hour in range(17, 23)),
        *(quarter_to(hour) for hour in range(17, 23)),
    ]
    for one, other in itertools.permutations(groups, 2):
        for said, source in itertools.product(one, other):
            assert not fits(said, source), (said, source)


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("from five to nine", "5 to 9"),
        ("She looked a little older, 快一点也不行", "一点一点地"),
        ("the sixth of May", "6 May"),
    ],
)
def test_what_is_no_time_or_part_is_read_as_before(said: str, source: str) -> None:
    assert not [one for one in quantities(said) if one.unit in {"clock", "part"}]
    assert not [one for one in quantities(source) if one.unit in {"clock", "part"}]


@pytest.mark.parametrize(
    ("said", "source", "same"),
    [
        ("open from 9 am to 5 pm", "open 9 to 17", True),
        ("open from 9 am to 6 pm", "open 9 to 17", False),
        ("open from 9 am to 5 pm", "open 9–17", True),
        ("九点到十七点开放", "周六: 9-17", True),
        ("on the 24th", "24 March 2025", True),
        ("on the 25th", "24 March 2025", False),
        ("the 24th floor", "24 March 2025", False),
        ("24日修好", "2025-03-24", True),
        ("24天修好", "2025-03-24", False),
        ("on 9 October", "on 9 and 10 October", True),
        ("on 8 October", "on 9 and 10 October", False),
        ("at noon", "at 12:00", True),
        ("at midnight", "at 24:00", True),
        ("at midnight", "at noon", False),
        ("午夜", "0:00", True),
        ("晚上十二点", "零点", True),
        ("三百五十元", "三百五元", True),
        ("12000人", "一万二人", True),
        ("10002人", "一万二人", False),
        ("within 30 days", "within a month", False),
        ("68%", "two thirds of the votes", False),
    ],
)
def test_values_that_stand_otherwise(said: str, source: str, *, same: bool) -> None:
    assert fits(said, source) is same
