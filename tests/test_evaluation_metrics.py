"""Metrics by hand and against an independent reference, and what resampling says of them."""

import dataclasses
import math

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, Success, nDCG

from quire.evaluation import metrics, resampling
from quire.evaluation.relevance import GoldPlace, first_page_rank
from quire.records import Chunk, Document, Hit, Place, Span


def test_rank_metrics_by_hand() -> None:
    assert [metrics.recall_at(3, k) for k in (1, 3, 5)] == [0.0, 1.0, 1.0]
    assert (metrics.reciprocal_rank(4), metrics.reciprocal_rank(None)) == (0.25, 0.0)
    assert metrics.ndcg(1) == 1.0
    assert metrics.ndcg(3) == pytest.approx(1 / math.log2(4))
    assert (metrics.ndcg(11), metrics.reciprocal_rank(11)) == (0.0, 0.0)


def referred(measures: list[ir_measures.Measure], relevant: list[bool]) -> list[float]:
    """The measures of one ranking as ir-measures has them."""
    judged = [ir_measures.Qrel("q", str(at), int(right)) for at, right in enumerate(relevant)]
    judged.append(ir_measures.Qrel("q", "not retrieved", int(not any(relevant))))
    ranking = [ir_measures.ScoredDoc("q", str(at), 1.0 / (at + 1)) for at in range(len(relevant))]
    found = ir_measures.calc_aggregate(measures, judged, ranking)
    return [found[measure] for measure in measures]


@given(st.lists(st.booleans(), min_size=1, max_size=15))
def test_rank_metrics_agree_with_ir_measures(relevant: list[bool]) -> None:
    """Of any ranking, whether and where the first right hit stands."""
    rank = relevant.index(True) + 1 if any(relevant) else None
    measures = [Success @ 1, Success @ 5, Success @ 10, RR @ 10]
    ours = [*(metrics.recall_at(rank, k) for k in (1, 5, 10)), metrics.reciprocal_rank(rank)]
    assert ours == pytest.approx(referred(measures, relevant))


@given(st.integers(1, 15), st.integers(1, 15))
def test_with_one_right_hit_they_agree_on_recall_and_ndcg_too(length: int, rank: int) -> None:
    relevant = [at == rank for at in range(1, length + 1)]
    found = rank if rank <= length else None
    measures = [R @ 1, R @ 5, R @ 10, nDCG @ 10]
    ours = [*(metrics.recall_at(found, k) for k in (1, 5, 10)), metrics.ndcg(found)]
    assert ours == pytest.approx(referred(measures, relevant))


@pytest.mark.parametrize(
    ("answer", "accepted", "f1", "exact", "contained"),
    [
        ("The 31 March 2029.", ["31 March 2029"], 1.0, 1.0, 1.0),
        ("It ends on 31 March 2029.", ["31 March 2029"], 2 * 0.5 * 1 / 1.5, 0.0, 1.0),
        ("It ends soon.", ["31 March 2029"], 0.0, 0.0, 0.0),
        ("不得大于4欧姆", ["4欧姆"], 2 * (3 / 7) / (3 / 7 + 1), 0.0, 1.0),
        ("", ["x"], 0.0, 0.0, 0.0),
    ],
)
def test_answer_metrics_by_hand(
    answer: str, accepted: list[str], f1: float, exact: float, contained: float
) -> None:
    assert metrics.f1(answer, accepted) == pytest.approx(f1)
    assert metrics.exact(answer, accepted) == exact
    assert metrics.contained(answer, accepted) == contained


@pytest.mark.parametrize(
    ("answer", "accepted", "holds"),
    [
        ("He was born in 1925.", "25", False),
        ("It rose by 5.2 percent.", "5", False),
        ("It rose by 5.2 percent.", "5.2 percent", True),
        ("Nobody knows.", "no", False),
        ("Wegener's theory", "Alfred Wegener", False),
        ("Alfred Wegener's theory", "Alfred Wegener", True),
        ("The fee is CNY20,400.", "20400", True),
        ("in the 70s", "70", True),
        ("a long-term plan", "long term", True),
        ("她于２０１３年加入", "2013年", True),
        ("She liked the shock.", "the first shock", False),
        ("There was a first shock.", "the first shock", True),
        ("anything", "?!", False),
    ],
)
def test_an_answer_is_held_in_whole_words_and_numbers(
    answer: str, accepted: str, holds: bool
) -> None:
    assert metrics.contained(answer, [accepted]) == holds


def ones(count: int) -> resampling.Sums:
    return np.ones(count)


def test_the_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few = resampling.interval(np.array([0.0, 1.0] * 10), ones(20))
    many = resampling.interval(np.array([0.0, 1.0] * 1000), ones(2000))
    assert few[0] < many[0] < 0.5 < many[1] < few[1]


def test_a_question_weighs_what_its_weight_says() -> None:
    """One citation of one right, and one of three: two of four."""
    assert resampling.mean(np.array([1.0, 1.0]), np.array([1.0, 3.0])) == 0.5


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30))
def test_equal_runs_never_differ(values: list[float]) -> None:
    run = (np.array(values), ones(len(values)))
    found = resampling.difference(run, run, rounds=200)
    assert (found.change, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_the_p_value_is_that_of_the_sign_test_on_ten_equal_changes() -> None:
    """Ten questions of a hundred went up and none down: 2 in 1,024 by chance."""
    before = np.array([0.0] * 50 + [1.0] * 50)
    now = before.copy()
    now[:10] = 1.0
    found = resampling.difference((before, ones(100)), (now, ones(100)), rounds=50_000)
    assert found.change == pytest.approx(0.1)
    assert found.p == pytest.approx(2 / 1024, abs=0.001)
    assert 0 < found.low < 0.1 < found.high


def test_runs_that_differ_by_chance_alone_seldom_differ_clearly() -> None:
    """Of pairs of runs that are the same but for chance, one in twenty has p below 0.05."""
    generator = np.random.default_rng(1)
    below = 0
    for _ in range(200):
        first, second = generator.integers(0, 2, (2, 60)).astype(float)
        found = resampling.difference((first, ones(60)), (second, ones(60)), rounds=400)
        below += found.p < 0.05
    assert below <= 20


def hit(*, start: int, end: int, first: int | None = None, last: int | None = None) -> Hit:
    document = Document("d", "d", "d.txt", "d.txt", "d", "text/plain", "en", last, 1, "", "")
    chunk = Chunk(1, "d", 0, "x" * (end - start), Span(first, last, start, end), (), 1)
    return Hit(1, document, chunk, 1.0, {})


@pytest.mark.parametrize(
    ("start", "end", "is_met"),
    [
        (100, 200, True),
        (150, 260, True),  # half of the evidence
        (151, 260, False),
        (0, 2000, True),
        (0, 2001, False),  # holds it by sheer size
        (120, 140, True),  # inside of it
        (60, 140, True),  # half of the hit, which is the shorter
        (59, 139, False),
        (200, 300, False),
    ],
)
def test_a_hit_is_right_when_it_overlaps_by_half_of_the_shorter(
    start: int, end: int, is_met: bool
) -> None:
    place = GoldPlace("d", None, ((100, 200),))
    assert place.is_met_by(hit(start=start, end=end)) == is_met


@pytest.mark.parametrize(
    ("first", "last", "is_met"),
    [(4, 4, True), (3, 4, True), (4, 5, True), (3, 5, False), (5, 5, False), (None, None, False)],
)
def test_where_a_page_is_known_a_hit_is_right_on_it_and_on_two_at_most(
    first: int | None, last: int | None, is_met: bool
) -> None:
    place = GoldPlace("d", 4, ())
    assert place.is_met_by(hit(start=0, end=9_000, first=first, last=last)) == is_met
    assert not GoldPlace("other", 4, ()).is_met_by(hit(start=0, end=10, first=4, last=4))


def test_a_page_counts_once_whatever_the_number_of_hits_on_it() -> None:
    hits = [
        hit(start=0, end=10, first=1, last=1),
        hit(start=10, end=20, first=1, last=1),
        hit(start=20, end=30, first=1, last=2),
        hit(start=30, end=40, first=2, last=9),
        hit(start=40, end=50, first=5, last=5),
    ]
    ranks = [first_page_rank(hits, [GoldPlace("d", page, ())]) for page in (1, 2, 5, 9)]
    assert ranks == [1, 2, 3, None]


def test_a_hit_is_right_where_one_of_its_copies_is() -> None:
    found = hit(start=0, end=10, first=7, last=7)
    copy = dataclasses.replace(found.document, id="copy")
    both = dataclasses.replace(found, duplicates=(Place(copy, Span(4, 4, 100, 200)),))
    for gold in (GoldPlace("copy", 4, ()), GoldPlace("copy", None, ((100, 200),))):
        assert not gold.is_met_by(found)
        assert gold.is_met_by(both)
    assert first_page_rank([both], [GoldPlace("copy", 4, ())]) == 1
