"""Which reading of a later question is taken, by what the documents say to each."""

import pytest

from quire.answering.choosing import Weighed, choose

HALL, CLUB = frozenset({"hall"}), frozenset({"club"})


def chosen(
    answers: dict[str, Weighed],
    *,
    readings: tuple[str, ...] = (),
    in_context: tuple[str, ...] = (),
    before: frozenset[str] = HALL,
) -> tuple[str, list[str]]:
    """The reading that is taken of those that are answered so, and which were read beside the
    first."""
    read: list[str] = []

    def find(reading: str) -> str:
        read.append(reading)
        return reading

    first = next(iter(answers))
    taken = choose(
        first,
        first,
        readings,
        in_context,
        before=before,
        read=find,
        read_as_typed=find,
        read_there=lambda: "there" if "there" in answers else None,
        weigh=answers.__getitem__,
    )
    return taken, read


def test_what_is_answered_well_from_the_same_document_is_read_once() -> None:
    answers = {"asked": Weighed(0.6, HALL), "with topic": Weighed(0.9, HALL)}
    assert chosen(answers, in_context=("with topic",)) == ("asked", [])


@pytest.mark.parametrize(
    ("asked", "with_topic", "taken"),
    [
        ((0.6, CLUB), (0.5, HALL), "with topic"),  # goes on with what was talked of
        ((0.9, CLUB), (0.3, HALL), "asked"),  # a change of topic
        ((0.6, CLUB), (0.9, CLUB), "asked"),  # the topic is not where the answer comes from
        ((0.2, HALL), (0.7, HALL), "with topic"),
        ((0.2, HALL), (0.3, HALL), "asked"),
        ((0.0, frozenset()), (0.3, HALL), "with topic"),
        ((0.0, frozenset()), (0.15, HALL), "asked"),  # both say too little: it stays refused
        ((0.0, frozenset()), (0.9, CLUB), "asked"),
    ],
)
def test_the_documents_tell_whether_a_question_goes_on_with_the_topic(
    asked: tuple[float, frozenset[str]], with_topic: tuple[float, frozenset[str]], taken: str
) -> None:
    answers = {"asked": Weighed(*asked), "with topic": Weighed(*with_topic)}
    assert chosen(answers, in_context=("with topic",))[0] == taken


def test_a_document_that_has_a_word_of_the_question_is_what_it_asks_of() -> None:
    chess, cost = frozenset({"chess", "cost"}), frozenset({"cost"})
    answers = {
        "asked": Weighed(0.4, CLUB, said=chess, around=chess),
        "with topic": Weighed(0.9, HALL, said=cost, around=cost),
        "there": Weighed(0.9, HALL, said=cost, around=cost),
    }
    assert chosen(answers, in_context=("with topic",))[0] == "asked"
    answers["asked"] = Weighed(0.4, CLUB, said=cost, around=chess)
    assert chosen(answers, in_context=("with topic",))[0] == "there"


@pytest.mark.parametrize(
    ("asked", "there", "taken"),
    [
        (Weighed(0.6, CLUB), Weighed(0.5, HALL), "there"),
        (Weighed(0.6, CLUB), Weighed(0.2, HALL), "asked"),
        (Weighed(0.0, frozenset()), Weighed(0.3, HALL), "there"),
        (Weighed(0.0, frozenset()), Weighed(0.1, HALL), "asked"),
        (Weighed(0.1, HALL), Weighed(0.9, HALL), "asked"),  # that is where it was found
    ],
)
def test_the_document_of_the_last_answer_is_asked_alone(
    asked: Weighed, there: Weighed, taken: str
) -> None:
    assert chosen({"asked": asked, "there": there})[0] == taken


def test_a_reading_by_the_rules_may_be_answered_from_anywhere() -> None:
    answers = {"filled": Weighed(0.0, frozenset()), "asked": Weighed(0.4, CLUB)}
    assert chosen(answers, readings=("asked",))[0] == "asked"


def test_without_a_document_before_the_first_answered_reading_is_taken() -> None:
    answers = {"a": Weighed(0.0, HALL), "b": Weighed(0.2, HALL), "c": Weighed(0.9, HALL)}
    taken = chosen(answers, readings=("b", "c"), in_context=("d",), before=frozenset())
    assert taken == ("b", ["b"])
    answers = {"a": Weighed(0.1, HALL), "b": Weighed(0.9, HALL)}
    assert chosen(answers, readings=("b",), before=frozenset()) == ("a", [])
