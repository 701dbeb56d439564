"""Numbers that follow from numbers of the sources: which are worked out, and which are not."""

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from computed_statements import Case, draw, wrong
from made_passages import passage
from quire.verification import arithmetic, quotes
from quire.verification.arithmetic import Computation, Derived

SPENT = (
    "In the fourth quarter it bought back shares for $328.1 million, in the year $900.0 million."
)
AREAS = "Mill House has 3,150 m². Silo Quay has 2,240 m². The rent is €18,400."


def derive(claim: str, *sources: str, said: tuple[str, ...] = ()) -> Derived | None:
    return arithmetic.derive(claim, [(source, None) for source in sources], said=said)


@pytest.mark.parametrize(
    ("claim", "source", "formula"),
    [
        ("It made up 328.1 / 900.0 ≈ **36.5%** of it.", SPENT, "328.1 ÷ 900.0 ≈ 36.5%"),
        (
            "The average is thus (12,483 + 10,387) / 2 = $11,435 million.",
            "Inventories (Notes 1 and 3) 12,483 10,387",
            "(12,483 + 10,387) ÷ 2 = 11,435 million",
        ),
        (
            "管理费用 54,918,061.24 − 46,869,502.38 = 8,048,558.86 元",
            "管理费用 46,869,502.38 54,918,061.24",
            "54,918,061.24 − 46,869,502.38 = 8,048,558.86",
        ),
        ("补贴：（100 + 60）× 3 = 480 元", "伙食100元，交通60元", "(100 + 60) × 3 = 480"),
        ("3 nights × €120 per night = €360", "A night costs €120.", "3 × 120 = 360"),
        (r"\(\frac{328.1}{900.0} \approx 36.5\%\)", SPENT, "(328.1) ÷ (900.0) ≈ 36.5%"),
        ("It fell by €1,150 (18,400 − 17,250).", "€18,400, now €17,250", "18,400 − 17,250 = 1,150"),
        ("328.1 divided by 900.0 is 36.5%.", SPENT, "328.1 ÷ 900.0 ≈ 36.5%"),
    ],
)
def test_a_formula_is_worked_out_as_it_is_written(claim: str, source: str, formula: str) -> None:
    derived = derive(claim, source)
    assert derived
    assert derived.holds
    assert derived.formula == formula


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("It made up 328.1 / 900.0 ≈ 37.5% of the year's spending.", "36.5%"),
        ("It made up 328.1 / 900.0 = 0.365% of the year's spending.", "36.456%"),
        ("The rest is 900.0 − 328.1 = 561.9 million dollars.", "571.9 million"),
        ("合计：328.1 + 900.0 = 1,228.2", "1,228.1"),
    ],
)
def test_a_formula_with_a_wrong_outcome_is_told_with_the_right_one(claim: str, right: str) -> None:
    derived = derive(claim, SPENT)
    assert derived
    assert not derived.holds
    assert [step.right for step in derived.steps] == [right]
    assert not derived.explained


def test_a_formula_on_numbers_that_stand_nowhere_tells_nothing() -> None:
    assert derive("It made up 327.1 / 900.0 ≈ 36.3% of it.", SPENT) is None
    assert derive("That makes 2 + 2 = 4.", SPENT) is None


@pytest.mark.parametrize(
    ("claim", "source", "formula"),
    [
        ("Together they have 5,390 m².", AREAS, "3,150 + 2,240 = 5,390"),
        ("Mill House is 910 m² larger than Silo Quay.", AREAS, "3,150 − 2,240 = 910"),
        ("That is 14 days more than before.", "Now 30 days, before 16 days.", "30 − 16 = 14"),
        (
            "前者约为后者的5.54倍。",
            "第一名 280,030 29.67 / 第二名 50,510 5.35",
            "280,030 ÷ 50,510 ≈ 5.54",
        ),
        ("降幅约为14.66%。", "管理费用 46,869 54,918", "(54,918 − 46,869) ÷ 54,918 ≈ 14.66%"),
        ("From 1 March to 31 May are 92 days.", "1 March to 31 May", "1 march → 31 may = 92 days"),
        ("It is open for 8 hours.", "Open from 9:00 to 17:00.", "9:00 → 17:00 = 8 hours"),
        ("午休持续一个半小时。", "12:00至13:30休息", "12:00 → 13:30 = 一个半小时"),
        ("Three parts: the deed, the plan and the key.", "", "the deed · the plan · the key: 3"),
        ("The trail is about 3.2 km long.", "The trail is 3,150 m long.", "3,150 m ≈ 3.2"),
        (
            "合同期三年，三年总额为 1,620,000 元。",
            "2024年1月1日起至2026年12月31日止，先付 480,000 元，后付 570,000 元",
            "2024年1月1日 → 2026年12月31日 = 三年; 2024年1月1日 → 2026年12月31日 = 三年; "
            "480,000 + 570,000 × 2 = 1,620,000",
        ),
    ],
)
def test_words_tell_what_was_computed(claim: str, source: str, formula: str) -> None:
    derived = derive(claim, source, said=(source,))
    assert derived
    assert derived.formula == formula


@pytest.mark.parametrize(
    "claim",
    [
        "Together they have 5,490 m².",
        "Together they cost €5,390 kg.",
        "Mill House fell by 42%.",
        "Mill House has 5,390 m².",
        "In 2022 there were 910 of them.",
        "The sum of area and rent is 21,550 m².",
    ],
)
def test_what_does_not_follow_or_is_not_told_to_follow_is_not_derived(claim: str) -> None:
    derived = derive(claim, AREAS, said=(AREAS,))
    assert derived is None


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("午休持续一个半小时。", "12:00至13:00休息"),
        ("It was watched for three quarters of an hour.", "from 19:30 to 20:05"),
        ("It was watched for 2 and a half hours.", "from 19:30 to 21:40"),
    ],
)
def test_what_is_said_in_halves_is_not_told_by_what_is_near(claim: str, source: str) -> None:
    assert derive(claim, source, said=(source,)) is None


def test_the_operands_say_where_they_stand() -> None:
    told = list(
        quotes.of_passages([passage("The old fee is €18,400."), passage("The new fee is €17,250.")])
    )
    derived = arithmetic.derive("The fee fell by €1,150.", told)
    assert derived
    assert [one.quote for one in derived.citations] == [
        "The old fee is €18,400.",
        "The new fee is €17,250.",
    ]
    assert [one.value for one in derived.explained] == ["1150"]


def test_an_outcome_may_be_computed_with_in_turn() -> None:
    source = "Cost of products sold 31,089. Inventories 12,483 10,387"
    first = derive("The average inventory is (12,483 + 10,387) / 2 = 11,435.", source)
    assert first
    second = arithmetic.derive(
        "The turnover is 31,089 / 11,435 ≈ 2.72.", [(source, None)], earlier=first.steps
    )
    assert second
    assert second.holds
    assert derive("The turnover is 31,089 / 11,435 ≈ 2.72.", source) is None


def test_a_column_of_a_table_is_summed_up() -> None:
    rents = [1000 + 37 * at * at for at in range(30)]
    rows = "".join(f"| Site {at} | {rent:,} | {10 + at} |\n" for at, rent in enumerate(rents))
    told = list(
        quotes.of_passages([passage(f"| Site | Rent (EUR) | Staff |\n|---|---|---|\n{rows}")])
    )
    derived = arithmetic.derive(f"The total rent of all sites is €{sum(rents):,}.", told)
    assert derived
    assert len(derived.citations) == 30
    assert arithmetic.derive(f"The total rent of all sites is €{sum(rents) + 10:,}.", told) is None


def test_a_number_in_brackets_in_a_table_is_negative() -> None:
    table = "| | 2020 | 2021 |\n|---|---|---|\n| Operating cash flow | 5,319 | 4,512 |\n"
    told = quotes.of_passages([passage(f"{table}| Investing cash flow | (2,319) | (1,512) |\n")])
    derived = arithmetic.derive(
        "Operating and investing cash flow together come to 3,000 in 2020.", list(told)
    )
    assert derived
    assert derived.formula == "5,319 − 2,319 = 3,000"


def outcome(case: Case, number: str, *, said: bool) -> Computation | None:
    """What is found of a case's number, another one in its place."""
    derived = derive(case.with_number(number), *case.sources, said=case.said if said else ())
    for step in derived.steps if derived else ():
        if step.result.written.replace(",", "").startswith(number.replace(",", "")):
            return step
    return None


def test_true_numbers_are_derived_and_others_are_not() -> None:
    """Each among 30 other sources, after the statement that tells its operands and two others."""
    rng = random.Random(11)
    found: Counter[str] = Counter()
    for case in (case for _ in range(2) for case in draw(rng)):
        found["cases"] += 1
        right = outcome(case, case.right, said=True)
        found["derived"] += right is not None and right.holds
        found["denied"] += right is not None and not right.holds
        for kind in ("digit", "sources", "operation"):
            if number := wrong(case, rng, kind=kind):
                found["others"] += 1
                step = outcome(case, number, said=True)
                found["false"] += step is not None and step.holds
    assert found["cases"] >= 200
    assert found["derived"] >= 0.93 * found["cases"]
    assert found["denied"] == 0
    assert found["false"] <= 0.01 * found["others"]


@pytest.mark.parametrize(
    "claim",
    [
        "The ratio is 5 / 0 = 7.",
        "The ratio is 5 / (7 - 7) = 7.",
        "It is 5^99999999 = 7.",
        "It is 5^7^12^12^12 = 7.",
        "nan + inf = NaN, 5 + nan = 12, 1e999 + 5 = 7",
        "(" * 50 + "5" + ")" * 50 + " + 7 = 13",
        "(" * 900 + "5 = 7",
        "9" * 1_990 + " + 1",
        "the total rises by 5% " * 90,
        "Total of " + ", ".join(str(number) for number in range(100, 500)),
        "From 31 February 2023 to 99 March 2024 are 5 days, from 24:99 to 25:00 2 hours.",
        "",
        " \n",
    ],
)
def test_what_cannot_be_worked_out_is_left_at_once(claim: str) -> None:
    sources = [f"It costs {at * 37:,} and 5 and 7 in 31 February 2023, 24:99." for at in range(40)]
    derive("It costs 5 more.", *sources)
    began = time.process_time()
    assert derive(claim, *sources) is None
    assert time.process_time() - began < 0.5


@given(st.text("0123456789.,()+-−×÷/=≈%^ ab年天倍$€", max_size=60))
def test_whatever_looks_like_a_formula_is_read(text: str) -> None:
    derive(text, "5 7 12 100", text)


def test_thousands_of_numbers_take_no_longer_than_hundreds() -> None:
    rng = random.Random(1)
    rows = [" ".join(f"{rng.randint(1, 99_999):,}" for _ in range(10)) for _ in range(500)]
    derive("Their total is 45,678.", *rows)
    began = time.process_time()
    assert derive("Their total is 45,678.", *rows) is None
    assert time.process_time() - began < 0.3
