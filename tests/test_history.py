"""What of a conversation a model is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.answering.history import Exchange, told

TALK = [
    Exchange("Who keeps the harbour?", "Ada Holm does. She has a boat. It is red."),
    Exchange("What does mooring cost?", "It costs 25 crowns a night. Members pay less."),
    Exchange("港口几点开放？", "港口早上六点开放。周日不开放。"),
]


def characters(text: str) -> int:
    return len(text)


def test_with_room_all_of_it_is_told_as_it_was() -> None:
    text = told(TALK, budget=10_000, count=characters)
    for exchange in TALK:
        assert exchange.question in text
        assert exchange.answer in text
    assert text.index("Ada") < text.index("crowns") < text.index("六点")


def test_older_turns_are_told_by_the_first_sentence_of_the_answer() -> None:
    text = told(TALK, budget=140, count=characters)
    assert "周日不开放" in text
    assert "- What does mooring cost? It costs 25 crowns a night." in text
    assert "Members" not in text
    assert "Ada Holm does." in text
    assert "boat" not in text


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_where_nothing_fits_nothing_is_told(budget: int) -> None:
    assert told(TALK, budget=budget, count=characters) == ""
    assert told([], budget=budget, count=characters) == ""


@given(
    st.lists(st.builds(Exchange, st.text(max_size=80), st.text(max_size=300)), max_size=12),
    st.integers(0, 600),
)
def test_it_never_takes_more_than_its_budget(talk: list[Exchange], budget: int) -> None:
    assert len(told(talk, budget=budget, count=characters)) <= budget
