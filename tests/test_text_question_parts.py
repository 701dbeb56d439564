"""What a question asks, where it says to look, how it says to answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.search.question_parts import parse


@given(st.text())
def test_something_is_always_left_to_search_for(question: str) -> None:
    parts = parse(question)
    assert set(parts.subject.split()) <= set(question.split())
    assert bool(parts.subject.strip()) == bool(question.strip())


@pytest.mark.parametrize(
    ("question", "subject", "source"),
    [
        ("According to the lease, when does it end?", "when does it end?", "the lease"),
        ("Based on the attached file: who leads?", "who leads?", "the attached file"),
        ("What is the rent? Please answer in one sentence.", "What is the rent?", ""),
        ("Is it useful? If not, explain why.", "Is it useful?", ""),
        ("How often? Count all; if none, state that.", "How often? Count all", ""),
        ("根据租赁合同，租金是多少？请注明页码。", "租金是多少？", "租赁合同"),
        ("租期多长？如果没有约定，请说明。", "租期多长？", ""),
    ],
)
def test_sources_and_directions_are_told_apart(question: str, subject: str, source: str) -> None:
    parts = parse(question)
    assert (parts.subject, parts.source) == (subject, source)


@pytest.mark.parametrize(
    "question",
    [
        "According to Darwin, why do species change?",
        "In the report on whales, what do they eat?",
        "If the tenant leaves early, what must he say?",
        "Explain the deposit.",
        "List all contracts.",
        "根据传统，谁在国会中拥有一个席位？",
        "如果没有，请说明。",
    ],
)
def test_what_is_the_question_itself_stays(question: str) -> None:
    assert parse(question).subject == question
