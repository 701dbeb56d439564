"""Words that stand together in the question and in a text."""

import math

from hypothesis import given
from hypothesis import strategies as st

from quire.search import proximity
from quire.text import analysis

_WORDS = st.lists(st.sampled_from("rent dome lease deposit garden bank river".split()), max_size=9)


def shares(question: str, text: str) -> float:
    terms = analysis.question_terms(question)
    weights = dict.fromkeys(terms, 1.0)
    pairs = proximity.pairs(question, terms)
    return proximity.shares(pairs, {1: text}, information=weights)[1]


@given(_WORDS, _WORDS)
def test_a_share_lies_between_nothing_and_all_and_a_text_with_the_question_has_the_most(
    question: list[str], text: list[str]
) -> None:
    asked = " ".join(question)
    most = shares(asked, asked)
    assert 0 <= shares(asked, " ".join(text)) <= most + 1e-9
    assert math.isclose(shares(asked, " ".join([*text, "…", *question])), most)


def test_neighbours_count_in_either_order_and_with_little_between_them() -> None:
    question = "the deposit for the garden"
    assert shares(question, "The garden's deposit is due.") == 0.5
    assert shares(question, "The deposit, paid in March, is for the northern garden.") == 0.5
    apart = "A deposit is due. " + "The tenant paints each wooden fence. " * 3 + "A garden."
    assert shares(question, apart) == 0


def test_a_word_is_not_near_itself() -> None:
    assert shares("bank bank river", "The bank of the river.") > 0
    assert proximity.shares([("bank", "bank")], {1: "one bank"}, information={"bank": 1.0}) == {
        1: 0.0
    }


def test_chinese_pairs_of_characters_hold_the_order_already() -> None:
    question = "停泊费的押金是多少？"
    assert proximity.pairs(question, analysis.question_terms(question)) == []
