"""How sure an answer is, and what is shown where a risk is chosen."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_passages import passage, query
from quire.answering import confidence, evidence
from quire.answering.confidence import Signals, calibration, calibrations, signals
from quire.errors import ModelUnusable, UsageError
from quire.models.fakes import FakeEmbedder
from quire.search.information import Information

SIGNALS = [field.name for field in dataclasses.fields(Signals)]
TEXT = "The landlord insures the dome since 1998. Smoking is permitted in the hall."


def told(question: str, text: str = TEXT) -> Signals:
    asked, information = query(question)
    found = evidence.find(asked, [passage(text)], information=information, embedder=FakeEmbedder())
    result = signals(question, found, information=information)
    assert result is not None
    return result


def test_a_question_whose_words_stand_in_a_sentence_lacks_nothing() -> None:
    found = told("Since when does the landlord insure the dome?")
    assert (found.own, found.rarest_missing, found.longest_missing) == (1, 0, 0)


@pytest.mark.parametrize(
    ("question", "signal"),
    [
        ("Who insured the dome in 1989?", "numbers_missing"),
        ("Did the landlord Lindqvist insure the dome?", "names_missing"),
        ("Where is smoking not permitted?", "undenied"),
        ("Which tenant insures the dome?", "opposed"),
        ("Why is smoking permitted in the hall?", "no_candidate"),
        ("What is the phone number of the landlord?", "no_candidate"),
        ("Who insures the dome EF-25?", "codes_missing"),
        ("Who insures dome 3?", "misnamed"),
        ("Since when was the dome insured, in 1989?", "misnamed"),
        ("How many kilograms does the dome weigh?", "unkind"),
    ],
)
def test_each_sign_of_a_question_that_deceives_is_seen(question: str, signal: str) -> None:
    assert getattr(told(question), signal) > 0
    assert getattr(told("Since when does the landlord insure the dome?"), signal) == 0


def test_there_is_nothing_to_tell_where_no_sentence_says_anything() -> None:
    assert signals("Why?", [], information=Information.of({}, chunks=0)) is None


@pytest.mark.parametrize(
    "made", calibrations(), ids=lambda one: f"{one.language}-{one.embedder}-{one.reader}"
)
def test_a_smaller_risk_never_has_a_lower_threshold(made: confidence.Calibration) -> None:
    thresholds = [made.threshold(risk / 100) for risk in range(1, 101)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[-1] == 0
    assert made.threshold(made.least_risk) <= 1 < made.threshold(made.least_risk - 0.01)
    assert 0 < made.threshold(None) < 1


@pytest.mark.parametrize(
    "made", calibrations(), ids=lambda one: f"{one.language}-{one.embedder}-{one.reader}"
)
def test_the_calibration_says_at_each_point_what_was_measured(made: confidence.Calibration) -> None:
    assert set(made.weights) <= set(Signals.__slots__)
    for threshold, coverage, wrong, at_most in made.curve:
        assert 0 <= threshold <= 1
        assert 0 < coverage <= 1
        assert wrong <= at_most <= 1


@given(st.lists(st.floats(0, 2), min_size=len(SIGNALS), max_size=len(SIGNALS)))
def test_confidence_is_a_probability_and_falls_with_what_is_missing(values: list[float]) -> None:
    made = calibration("en", embedder=None)
    before = Signals(*values)
    after = dataclasses.replace(before, no_candidate=before.no_candidate + 1)
    assert 0 < made.confidence(after) <= made.confidence(before) < 1


def test_a_model_that_none_was_made_for_counts_by_words_alone() -> None:
    assert calibration("en", embedder="some other model") == calibration("en", embedder=None)
    assert calibration("ja", embedder=None).language == "zh"
    assert calibration("fr", embedder=None).language == "en"
    assert calibration("en", embedder="all-MiniLM-L6-v2").weights["cosine"] > 0


class Reader:
    """Says of every pair how likely it answers, and keeps what it was asked."""

    name = "quire-entailment-small"

    def __init__(self, share: float) -> None:
        self.share = share
        self.asked: list[tuple[str, str]] = []

    def answers(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        self.asked.extend(pairs)
        return np.full(len(pairs), self.share, np.float32)


class Broken(Reader):
    def answers(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        raise ModelUnusable("It cannot be loaded.", hint="Make it again.")


HEADED = "Insurance of the estate:\n- The landlord insures the dome since 1998.\n- Boats are not."


def judged(text: str, reader: Reader | None) -> confidence.Judgement:
    asked, information = query("Who insures the dome?")
    found = evidence.find(asked, [passage(text)], information=information, embedder=FakeEmbedder())
    return confidence.judge(
        asked, found, information=information, embedder="some other model", reader=reader
    )


def test_what_the_entailment_model_says_of_sentence_and_question_counts() -> None:
    yes, no = Reader(0.99), Reader(0.01)
    assert judged(HEADED, yes).confidence > judged(HEADED, no).confidence + 0.2
    assert not judged(HEADED, no).enough or judged(HEADED, yes).enough
    ((source, question),) = yes.asked
    assert question == "Who insures the dome?"
    assert "Insurance" in source
    assert "The landlord insures the dome since 1998." in source


def test_running_text_that_stands_under_nothing_is_not_read() -> None:
    reader = Reader(0.01)
    assert judged(TEXT, reader) == judged(TEXT, None)
    assert not reader.asked


def test_a_model_that_cannot_be_used_leaves_the_words() -> None:
    assert judged(HEADED, Broken(0.01)) == judged(HEADED, None)


def test_a_reader_that_no_calibration_was_made_with_changes_nothing() -> None:
    other = Reader(0.01)
    other.name = "another"
    assert judged(HEADED, other) == judged(HEADED, None)


@pytest.mark.parametrize("risk", [0, -0.1, 1.1, math.nan])
def test_a_risk_that_cannot_be_meant_is_an_error(risk: float) -> None:
    with pytest.raises(UsageError, match="risk"):
        confidence.checked_risk(risk)
