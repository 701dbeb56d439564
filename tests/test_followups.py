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
