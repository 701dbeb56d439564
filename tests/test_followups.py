"""Which questions lean on the conversation, and what they are given."""

import pytest

from quire.followups import standalone

EN = ["When must the deposit for the East Dome be paid?"]
ZH = ["东圆顶的租约什么时候到期？"]


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("And how much is it?", "deposit East Dome"),
        ("Who pays it back?", "deposit East Dome"),
        ("What happens if they refuse?", "deposit East Dome"),
        ("How much?", "deposit East Dome"),
    ],
)
def test_a_question_that_leans_on_the_conversation_is_given_its_topic(
    question: str, topic: str
) -> None:
    rewritten = standalone(question, EN)
    assert rewritten.startswith(question)
    assert topic in rewritten


@pytest.mark.parametrize("question", ["它的租金是多少？", "那押金呢？", "租金呢？", "其面积多大？"])
def test_a_chinese_question_that_leans_on_the_conversation_is_given_its_topic(
    question: str,
) -> None:
    assert standalone(question, ZH) == f"{question}（东圆顶的租约什么时候到期）"


@pytest.mark.parametrize(
    "question",
    [
        "Who may fly a drone near the domes?",
        "Is it possible to visit the ridge at night?",
        "Which lens coating does the main mirror have?",
        "How many people are there in the house rules committee?",
        "What do whales use their fins for?",
        "What are colloblasts?",
        "Name one way in which the roof was mended?",
        "那须盐原车站的原名是什么？",
        "新员工上岗前要培训多少学时？",
        "配电柜的外壳要达到哪个防护等级？",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_left_alone(question: str) -> None:
    assert standalone(question, EN) == question
    assert standalone(question, ZH) == question


def test_the_first_question_is_left_alone() -> None:
    assert standalone("And how much is it?", []) == "And how much is it?"


def test_the_topic_is_carried_on_over_several_turns() -> None:
    second = standalone("And how much is it?", EN)
    third = standalone("Who pays it back?", [*EN, second])
    assert "deposit East Dome" in third


def test_a_question_that_says_much_itself_is_only_given_the_names() -> None:
    assert standalone("Which trees grow in its northern garden?", EN) == (
        "Which trees grow in its northern garden? (East Dome)"
    )


def test_the_topic_is_that_of_the_last_question_which_had_one_of_its_own() -> None:
    asked = [*EN, "And how much is it? (deposit East Dome paid)"]
    assert standalone("Who pays it back?", asked) == ("Who pays it back? (deposit East Dome paid)")
    asked = ["东圆顶的租约什么时候到期？", "它的押金是多少？（东圆顶的租约什么时候到期）"]
    assert standalone("什么时候退还它？", asked) == (
        "什么时候退还它？（东圆顶的租约什么时候到期；它的押金是多少）"
    )


def test_a_question_without_a_verb_sets_what_is_asked_about_next() -> None:
    asked = [*EN, "And the rent? (deposit East Dome paid)"]
    assert standalone("When is it due?", asked) == "When is it due? (deposit East Dome paid rent)"


def test_the_topic_does_not_grow_with_the_conversation() -> None:
    asked = list(EN)
    for _ in range(20):
        asked.append(standalone("它的租金是多少？", asked))
    assert len(set(asked[3:])) == 1
