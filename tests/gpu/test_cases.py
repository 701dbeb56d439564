"""Each case ends in as many layers as fit, an answer, and a line of the doctor that says so."""

import pytest
from cases import CASES, Case, Outcome, outcomes, simulated_outcome

from quire.models.engine import runtime
from quire.models.store.starter import CHAT


def check(case: Case, found: Outcome) -> None:
    assert found.reply == "Yes.", found.why
    assert found.asked == 31
    if case.hidden:
        assert found.got == 0
        assert "CUDA_VISIBLE_DEVICES" in found.doctor
    elif case.share is None or case.share > 1:
        assert (found.got, found.why) == (31, "")
        assert "all 31 layers are on" in found.doctor
    else:
        assert found.got < 31
        assert found.why
        assert f"asked 31 layers, got {found.got}" in found.doctor


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_on_a_simulated_card(case: Case) -> None:
    assert CHAT.path is not None
    check(case, simulated_outcome(case, CHAT.path))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_where_more_is_needed_than_was_estimated(case: Case) -> None:
    assert CHAT.path is not None
    found = simulated_outcome(case, CHAT.path, error=1.4)
    assert found.reply == "Yes."
    assert f"got {found.got}" in found.doctor or found.got == found.asked


@pytest.mark.skipif(not runtime.supports_gpu(), reason="there is no GPU that llama.cpp can use")
@pytest.mark.timeout(1800)
def test_all_cases_on_the_card_that_is_here() -> None:
    assert CHAT.path is not None
    for case, found in outcomes(CHAT.path, dry=False):
        check(case, found)
