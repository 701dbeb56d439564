"""Where clauses begin and end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.verification import clauses

JOINS = re.compile(r"[,，:：;]|\b(?:and|but|while|whereas)\b|而|但|并且|\s")
PIECES = "a 1 . , ， : ： ; ； 。 而 且 但 并且 不 and but while unless 是 1,200 12:30 Mr.".split()
texts = st.lists(st.sampled_from([*PIECES, " ", "\n"])).map("".join)


@given(texts, st.booleans())
def test_clauses_are_told_in_order_and_only_what_joins_them_is_left_out(
    text: str, statements: bool
) -> None:
    at = 0
    for start, end in [*clauses.split(text, statements=statements), (len(text), len(text))]:
        assert at <= start <= end
        assert JOINS.sub("", text[at:start]) == ""
        assert text[start:end].strip() or start == len(text)
        at = end


@given(texts)
def test_a_statement_is_made_of_whole_clauses(text: str) -> None:
    statements = clauses.split(text, statements=True)
    for start, end in clauses.split(text):
        assert any(first <= start and end <= last for first, last in statements)


@pytest.mark.parametrize(
    "text",
    [
        "It costs 1,200 yuan.",
        "It opens at 12:30.",
        "费用为1，200元。",
        "门在12：30打开。",
        "The ratio is 3:1.",
        "Mr. Pike pays No. 4.",
        "他的而且是新的。",
    ],
)
def test_numbers_times_and_abbreviations_are_not_cut(text: str) -> None:
    assert clauses.texts(text) == [text]
