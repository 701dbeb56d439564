"""Which hits an answer rests on: no document crowds out the others that bear on the question."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from quire.records import Chunk, Document, Hit, PageText, Span
from quire.search.passages import context, join_neighbours

MOST, PASSAGES = 8, 6


def hits(*rows: tuple[str, float]) -> list[Hit]:
    """From (document, score), in order; no two are neighbours."""
    made = []
    for rank, (name, score) in enumerate(rows, start=1):
        document = Document(
            *(name, name, f"/{name}", name, name, "text/plain", "en", None, 1),
            *("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"),
        )
        chunk = Chunk(rank, name, 2 * rank, "x", Span(None, None, 0, 1), (), 1)
        made.append(Hit(rank, document, chunk, score, {}))
    return made


def counted(chosen: list[Hit]) -> Counter[str]:
    return Counter(hit.document.id for hit in chosen)


def test_a_document_makes_at_most_half_where_others_bear_on_the_question() -> None:
    found = hits(*[("long", 2.0)] * 20, ("other", 1.5), ("third", 1.3), *[("other", 1.25)] * 4)
    chosen = context(found, most=MOST, passages=MOST)
    assert counted(chosen) == {"long": 4, "other": 3, "third": 1}
    assert [hit.rank for hit in chosen] == [1, 2, 3, 4, 21, 22, 23, 24]


def test_a_document_makes_all_where_no_other_bears_on_the_question() -> None:
    found = hits(*[("long", 2.0)] * 20, ("other", 0.9), ("third", 0.5))
    assert counted(context(found, most=MOST, passages=MOST)) == {"long": MOST}


def test_where_the_others_run_out_the_document_fills_the_rest() -> None:
    found = hits(*[("long", 2.0)] * 20, ("other", 1.5))
    assert counted(context(found, most=MOST, passages=MOST)) == {"long": 7, "other": 1}


def test_a_single_document_is_the_whole_context() -> None:
    found = hits(*[("long", 2.0)] * 20)
    assert len(context(found, most=MOST, passages=PASSAGES)) == PASSAGES


def test_hits_that_are_mixed_already_stay_as_they_rank() -> None:
    found = hits(*[("a", 2.0), ("b", 1.9)] * 12)
    assert [hit.rank for hit in context(found, most=4, passages=4)] == [1, 2, 3, 4]


def test_nothing_found_is_no_context() -> None:
    assert context([], most=MOST, passages=PASSAGES) == []


_ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(1.3, 1.9)), max_size=24)


@given(_ROWS, st.integers(1, 8), st.integers(1, 8))
def test_the_limits_hold_for_any_hits(
    rows: list[tuple[str, float]], most: int, passages: int
) -> None:
    """All scores here are near enough to the best for every document to bear on the question."""
    found = hits(*sorted(rows, key=lambda row: -row[1]))
    chosen = context(found, most=most, passages=passages)
    assert len(chosen) <= min(most, passages)
    assert [hit.rank for hit in chosen] == sorted({hit.rank for hit in chosen})
    assert bool(chosen) == bool(found)
    half = (len(chosen) + 1) // 2
    for name, count in counted(chosen).items():
        others = sum(hit.document.id != name for hit in found)
        assert count <= max(half, len(chosen) - others)


def test_each_part_of_a_passage_keeps_the_headings_that_it_stands_under() -> None:
    text = "One.\n\nTwo."
    (document,) = {hit.document for hit in hits(("a", 1.0))}
    chunks = [
        Chunk(1, "a", 1, "One.", Span(None, None, 0, 4), ("Notes", "Opening"), 1),
        Chunk(2, "a", 2, "Two.", Span(None, None, 6, 10), ("Notes", "Fees"), 1),
    ]
    found = [Hit(rank, document, chunk, 1.0, {}) for rank, chunk in enumerate(chunks, start=1)]
    (passage,) = join_neighbours(found, {"a": (PageText(None, text),)})
    assert passage.text == text
    assert passage.headings_at(2) == passage.heading_path == ("Notes", "Opening")
    assert passage.headings_at(7) == ("Notes", "Fees")
