"""Which hits an answer rests on: no document crowds out the others that bear on the question."""

from hypothesis import given
from hypothesis import strategies as st

from quire.passages import context
from quire.records import Chunk, Document, Hit, Span

MOST, PASSAGES = 8, 6


def hits(*rows: tuple[str, float, int]) -> list[Hit]:
    """From (document, score, characters), in order; no two are neighbours."""
    made = []
    for rank, (name, score, length) in enumerate(rows, start=1):
        document = Document(
            *(name, name, f"/{name}", name, name, "text/plain", "en", None, 1),
            *("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"),
        )
        chunk = Chunk(rank, name, 2 * rank, "x" * length, Span(None, None, 0, length), (), 1)
        made.append(Hit(rank, document, chunk, score, {}))
    return made


def share(chosen: list[Hit], name: str) -> float:
    lengths = {hit.rank: len(hit.chunk.text) for hit in chosen}
    return sum(lengths[h.rank] for h in chosen if h.document.id == name) / sum(lengths.values())


def test_a_document_fills_at_most_half_where_others_bear_on_the_question() -> None:
    found = hits(*[("long", 2.0, 100)] * 20, ("other", 1.5, 100), ("third", 1.1, 100))
    chosen = context(found, most=MOST, passages=PASSAGES)
    assert {hit.document.id for hit in chosen} == {"long", "other", "third"}
    assert share(chosen, "long") <= 0.5
    assert chosen[0].rank == 1


def test_a_document_fills_all_where_no_other_bears_on_the_question() -> None:
    found = hits(*[("long", 2.0, 100)] * 20, ("other", 0.9, 100), ("third", 0.5, 100))
    chosen = context(found, most=MOST, passages=MOST)
    assert [hit.rank for hit in chosen] == list(range(1, MOST + 1))


def test_a_single_document_is_the_whole_context() -> None:
    found = hits(*[("long", 2.0, 100)] * 20)
    assert len(context(found, most=MOST, passages=PASSAGES)) == PASSAGES


def test_hits_that_are_mixed_already_stay_as_they_rank() -> None:
    found = hits(*[("a", 2.0, 100), ("b", 1.9, 100)] * 12)
    assert [hit.rank for hit in context(found, most=4, passages=4)] == [1, 2, 3, 4]


def test_nothing_found_is_no_context() -> None:
    assert context([], most=MOST, passages=PASSAGES) == []


_ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(1.0, 1.9), st.integers(1, 500)), max_size=24
)


@given(_ROWS, st.integers(1, 8), st.integers(1, 8))
def test_the_limits_hold_for_any_hits(
    rows: list[tuple[str, float, int]], most: int, passages: int
) -> None:
    """All scores here are near enough to the best for every document to bear on the question."""
    found = hits(*sorted(rows, key=lambda row: -row[1]))
    chosen = context(found, most=most, passages=passages)
    assert len(chosen) <= min(most, passages)
    assert [hit.rank for hit in chosen] == sorted({hit.rank for hit in chosen})
    assert bool(chosen) == bool(found)
    if len({hit.document.id for hit in found}) > 1:
        for name in {hit.document.id for hit in chosen}:
            own = [hit for hit in chosen if hit.document.id == name]
            assert share(chosen, name) <= 0.5 or len(own) == 1
