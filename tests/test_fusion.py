"""Two rankings made into one score."""

import math

from hypothesis import given
from hypothesis import strategies as st

from quire.search.fusion import BM25_WEIGHT, NAME_WEIGHT, fuse, lifted

_CHUNKS = st.integers(1, 40)
_COSINES = st.dictionaries(_CHUNKS, st.floats(-1, 1, width=16), min_size=1)
_BM25 = st.dictionaries(_CHUNKS, st.floats(0.5, 50, width=16), min_size=1)


def ranking(scores: dict[int, float]) -> list[tuple[int, float]]:
    return sorted(scores.items(), key=lambda item: -item[1])


def order(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda chunk: (-scores[chunk], chunk))


@given(_COSINES, _BM25)
def test_each_leg_by_itself_keeps_its_scores(
    cosines: dict[int, float], bm25: dict[int, float]
) -> None:
    assert fuse({"dense": ranking(cosines)}, chunks=40) == cosines
    assert fuse({"lexical": ranking(bm25)}, chunks=40) == bm25
    assert fuse({"dense": ranking(cosines), "lexical": []}, chunks=40) == cosines
    assert fuse({"dense": [], "lexical": ranking(bm25)}, chunks=40) == bm25
    assert fuse({"dense": [], "lexical": []}, chunks=0) == {}


@given(_COSINES, _BM25, _COSINES)
def test_every_chunk_of_either_leg_has_its_cosine_and_what_bm25_adds(
    cosines: dict[int, float], bm25: dict[int, float], known: dict[int, float]
) -> None:
    fused = fuse({"dense": ranking(cosines), "lexical": ranking(bm25)}, chunks=40, cosines=known)
    assert fused.keys() == cosines.keys() | bm25.keys()
    most = BM25_WEIGHT * max(bm25.values()) / math.log1p(40)
    for chunk, score in fused.items():
        cosine = cosines.get(chunk, known.get(chunk, min(cosines.values())))
        assert cosine <= score <= cosine + most + 1e-9
        assert (score == cosine) == (chunk not in bm25)


@given(_COSINES, _BM25, st.floats(0.25, 1, width=16), st.data())
def test_a_chunk_that_rises_in_one_leg_never_falls_behind(
    cosines: dict[int, float], bm25: dict[int, float], gain: float, data: st.DataObject
) -> None:
    known = dict.fromkeys(bm25.keys() - cosines.keys(), -1.0)
    before = fuse({"dense": ranking(cosines), "lexical": ranking(bm25)}, chunks=40, cosines=known)
    for leg in (cosines, bm25):
        chunk = data.draw(st.sampled_from(sorted(leg)))
        better = {**leg, chunk: leg[chunk] + gain}
        legs = {"dense": ranking(cosines), "lexical": ranking(bm25)}
        legs["dense" if leg is cosines else "lexical"] = ranking(better)
        after = fuse(legs, chunks=40, cosines=known)
        assert after[chunk] > before[chunk]
        assert {c: s for c, s in after.items() if c != chunk} == {
            c: s for c, s in before.items() if c != chunk
        }
        assert order(after).index(chunk) <= order(before).index(chunk)


def test_a_further_view_lifts_chunks_alike_whether_meanings_were_compared_or_words_alone() -> None:
    bm25 = {1: 20.0, 2: 21.0}
    cosines = {chunk: BM25_WEIGHT * score / math.log1p(1000) for chunk, score in bm25.items()}
    shares = {1: 0.5}
    both = lifted(cosines, shares, weight=NAME_WEIGHT, chunks=1000, dense=True)
    words = lifted(bm25, shares, weight=NAME_WEIGHT, chunks=1000, dense=False)
    assert both[1] == cosines[1] + 0.5 * NAME_WEIGHT
    assert both[2] == cosines[2]
    for chunk in (1, 2):
        assert math.isclose(both[chunk], BM25_WEIGHT * words[chunk] / math.log1p(1000))
