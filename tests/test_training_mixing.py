"""What the entailment model is trained on: examples become rows of source, statement and class."""

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))

import mixing
from examples import Example
from made_passages import passage
from mixing import CLASSES, Row
from quire.verification import premises

RULES = (
    "Dogs may be brought on Mondays. Visitors leave before 18:00. The fee is 30 euros. "
    "Lockers must be emptied every evening. The shop opens at nine. Guides work on Sundays."
)
RULES_ZH = "狗可以在星期一带入。访客须在18点之前离开。门票是30元。储物柜每晚须清空。商店九点开门。"


def example(text: str, label: str, told: str, *, document: str = RULES) -> Example:
    sources = tuple(premises.sources([passage(document)]))
    gold = tuple(one for one in sources if told in one.statement.text)
    assert gold
    return Example(text, label, "reworded", "en/rules", gold, sources)


EXAMPLES = [
    example("On a Monday a dog is allowed in.", "supported", "Dogs"),
    example("By six in the evening guests are gone.", "supported", "Visitors"),
    example("It costs 40 euros.", "contradicted", "fee"),
    example("The fee is paid by card.", "not told", "fee"),
    example("星期一能带狗。", "supported", "狗", document=RULES_ZH),
    example("门票要40元。", "contradicted", "门票", document=RULES_ZH),
]
QUESTIONS = [
    example("When must guests leave?", "answered", "Visitors"),
    example("Who pays for lost keys?", "not answered", "Lockers"),
]


@pytest.fixture(scope="module")
def plain() -> list[Row]:
    return mixing.rows(EXAMPLES, QUESTIONS, mix="plain")


def test_the_same_examples_become_the_same_rows(plain: list[Row]) -> None:
    assert mixing.rows(EXAMPLES, QUESTIONS, mix="plain") == plain


def test_a_statement_keeps_its_class_where_its_places_are_and_is_not_told_elsewhere(
    plain: list[Row],
) -> None:
    for one in EXAMPLES:
        gold = [source.statement.told for source in one.gold]
        rows = [row for row in plain if row.statement == one.text and row.source != one.text]
        beside = [row for row in rows if all(told in row.source for told in gold)]
        assert beside
        assert {CLASSES[row.label] for row in beside} == {one.label}
        apart = [row for row in rows if not any(told in row.source for told in gold)]
        assert {CLASSES[row.label] for row in apart if one.text not in row.source} <= {"not told"}


def test_near_copies_are_there_true_and_false(plain: list[Row]) -> None:
    written = {one.text for one in EXAMPLES}
    copies = [row for row in plain if not row.asks and row.statement not in written]
    assert {CLASSES[row.label] for row in copies} == set(CLASSES)
    for row in copies:
        if CLASSES[row.label] == "contradicted":
            assert row.statement not in row.source


def test_what_asks_is_answered_by_its_places_alone(plain: list[Row]) -> None:
    asked = [row for row in plain if row.asks]
    assert {row.statement for row in asked} == {one.text for one in QUESTIONS}
    for row in asked:
        here = "Visitors" in row.source and row.statement == QUESTIONS[0].text
        assert row.label == int(here)


def test_the_balanced_mix_takes_no_more_of_a_class_than_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mixing, "_OF_EACH", (2, 3))
    many = EXAMPLES * 12
    rows = [row for row in mixing.rows(many, [], mix="balanced") if not row.asks]
    assert {*rows} <= {*mixing.rows(many, [], mix="plain")}
    languages, sixths, most = 2, 6, 3
    counts = Counter(CLASSES[row.label] for row in rows)
    assert set(counts) == set(CLASSES)
    assert max(counts.values()) <= languages * sixths * most
