"""How much a model reads, and what is looked for on its behalf."""

from hypothesis import given
from hypothesis import strategies as st

from made_hits import hit
from quire.answering.reading_plan import plan
from quire.models.protocols import Ability
from quire.records import Chunk
from quire.search.sections import widen
from quire.search.subquestions import MOST, split

SMALL, MIDDLE, LARGE, HUGE = 135_000_000, 1_700_000_000, 4_000_000_000, 8_000_000_000


def test_a_model_reads_by_its_size() -> None:
    plans = [plan(Ability(size), patience=15) for size in (SMALL, MIDDLE, LARGE, HUGE, None)]
    assert [one.unit for one in plans] == ["sentences"] * 2 + ["passages"] * 3
    assert [one.capable for one in plans] == [False, True, True, True, True]
    tokens = [one.tokens for one in plans]
    assert tokens == sorted(tokens)
    assert plan(Ability(LARGE, accelerated=True), patience=15) == plans[-1]


def test_patience_bounds_what_is_read() -> None:
    slow = Ability(LARGE, tokens_per_second=20)
    assert plan(slow, patience=15).tokens == 300
    assert plan(slow, patience=60).tokens == 1_200
    assert plan(slow, patience=1).tokens == 130


def test_what_is_shown_is_the_users_choice_first() -> None:
    assert plan(Ability(None), patience=15).marks
    assert not plan(Ability(None), patience=15, strictness="strict").marks
    assert plan(Ability(SMALL), patience=15, strictness="marked").marks


@given(st.integers(min_value=16, max_value=40_000))
def test_an_answer_never_takes_more_than_a_quarter_of_the_context(context: int) -> None:
    fitted = plan(Ability(None), patience=15).fitted(context=context, longest=None)
    assert fitted.answer_tokens <= context // 4
    assert fitted.tokens + fitted.answer_tokens <= context


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=12, unique=True),
    st.integers(1, 6),
    st.integers(100, 2_000),
)
def test_what_is_widened_stays_within_its_bounds(
    places: list[tuple[int, int]], passages: int, tokens: int
) -> None:
    hits = [hit(rank, f"d{d}", at) for rank, (d, at) in enumerate(places, start=1)]

    def between(document: str, first: int, last: int) -> list[Chunk]:
        return [hit(0, document, at).chunk for at in range(max(0, first), min(30, last) + 1)]

    wide = widen(hits, passages=passages, tokens=tokens, between=between)
    there = {(one.document.id, one.chunk.ordinal) for one in wide}
    assert len(there) == len(wide)
    assert sum((document, at - 1) not in there for document, at in there) <= passages
    if hits:
        assert (hits[0].document.id, hits[0].chunk.ordinal) in there
        assert sum(one.chunk.tokens for one in wide) <= max(tokens, hits[0].chunk.tokens)


def test_a_question_for_several_things_is_searched_for_by_its_parts() -> None:
    parts = split("Compare the rent of Mill Lane 17 and Oak Court 4.")
    assert len(parts) == 2
    assert "Mill Lane 17" in parts[0]
    assert "Oak Court 4" in parts[1]
    assert split("When was the mill in Dorn built, and who owned it?") == (
        "When was the mill in Dorn built",
        "Dorn who owned it",
    )
    assert len(split("甲型机和乙型机的功率有什么不同？")) == 2
    assert split("How much is the rent?") == split("租金是多少？") == ()
    assert split("What happened between 1914 and 1918?") == ()


@given(st.text(max_size=200))
def test_any_question_has_few_parts(question: str) -> None:
    assert len(split(question)) <= MOST
