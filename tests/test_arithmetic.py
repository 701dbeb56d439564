"""Numbers that follow from numbers of the sources: which are worked out, and which are not."""

import pytest

from quire.verification import arithmetic

SPENT = (
    "In the fourth quarter it bought back shares for $328.1 million, in the year $900.0 million."
)


def test_a_formula_is_worked_out_as_it_is_written() -> None:
    claim = "The fourth quarter therefore made up 328.1 / 900.0 ≈ 36.5% of the year's spending."
    derived = arithmetic.derive(claim, [(SPENT, None)])
    assert derived
    assert derived.holds
    assert derived.formula == "328.1 ÷ 900.0 ≈ 36.5%"


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("It made up 328.1 / 900.0 ≈ 37.5% of the year's spending.", "36.5%"),
        ("The rest is 900.0 − 328.1 = 561.9 million dollars.", "571.9 million"),
    ],
)
def test_a_formula_with_a_wrong_outcome_is_told_with_the_right_one(claim: str, right: str) -> None:
    derived = arithmetic.derive(claim, [(SPENT, None)])
    assert derived
    assert not derived.holds
    assert [step.right for step in derived.steps] == [right]
    assert not derived.explained
