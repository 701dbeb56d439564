"""Dense search among many vectors, where only the nearest groups are looked into."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from faults import flipped
from made_documents import EMBEDDER, delete, insert, written
from quire.indexes import vectors as vectors_module
from quire.indexes.catalog import Catalog
from quire.indexes.index import Index
from quire.indexes.vectors import VectorIndex

DIMENSION = 24


def topical(count: int, *, seed: int) -> np.ndarray:
    """Unit vectors around thirty directions, as texts lie around topics."""
    chosen = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((30, DIMENSION))
    rows = topics[chosen.integers(0, 30, count)] + 0.4 * chosen.standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def exact() -> VectorIndex:
    index = VectorIndex(DIMENSION)
    index.add(range(1, 4001), topical(4000, seed=1))
    return index


@pytest.fixture(scope="module")
def grouped(exact: VectorIndex) -> VectorIndex:
    return exact.in_groups()


def found(index: VectorIndex, question: np.ndarray, **options: object) -> list[int]:
    return [chunk for chunk, _ in index.search(question, k=10, **options)]  # type: ignore[arg-type]


def test_the_measured_recall_holds_for_questions_that_were_not_measured(
    exact: VectorIndex, grouped: VectorIndex
) -> None:
    shares = [
        len({*found(exact, question)} & {*found(grouped, question)}) / 10
        for question in topical(300, seed=2)
    ]
    assert grouped.recall >= 0.98
    assert np.mean(shares) == pytest.approx(grouped.recall, abs=0.03)


def test_only_some_groups_are_looked_into(grouped: VectorIndex) -> None:
    assert grouped._index.nprobe < grouped._index.nlist / 2


def test_groups_hold_what_was_there_with_the_same_cosines(
    exact: VectorIndex, grouped: VectorIndex
) -> None:
    assert sorted(grouped.ids()) == sorted(exact.ids())
    question = topical(1, seed=3)[0]
    assert dict(grouped.search(question, k=10)) == pytest.approx(
        dict(exact.search(question, k=10)), abs=1e-5
    )


def test_a_filter_finds_all_it_keeps_in_whatever_group_they_lie(
    exact: VectorIndex, grouped: VectorIndex
) -> None:
    kept = np.arange(7, 4000, 400)
    for question in topical(20, seed=4):
        assert found(grouped, question, among=kept) == found(exact, question, among=kept)


def test_groups_can_be_added_to_and_removed_from(exact: VectorIndex) -> None:
    grouped = exact.in_groups()
    (vector,) = topical(1, seed=5)
    grouped.add([9001], vector[None])
    assert found(grouped, vector)[0] == 9001
    grouped.remove([9001])
    assert 9001 not in found(grouped, vector)
    assert len(grouped) == 4000


def test_groups_that_were_outgrown_are_made_anew(
    exact: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not exact.outgrown
    monkeypatch.setattr(vectors_module, "EXACT_UP_TO", 1000)
    assert exact.outgrown
    grouped = exact.in_groups()
    assert not grouped.outgrown
    grouped.add(range(5000, 10_000), topical(5000, seed=6))
    assert grouped.outgrown
    assert len(grouped.in_groups()) == 9000


def test_a_knowledge_base_groups_its_vectors_by_itself_and_keeps_the_recall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors_module, "EXACT_UP_TO", 300)
    catalog = Catalog(tmp_path / "catalog.sqlite3", create=True)
    ids = [
        insert(catalog, f"{number}.txt", f"Word{number} and word{number % 7} stand here.")
        for number in range(400)
    ]
    Index(catalog, tmp_path / "vectors", dimension=EMBEDDER.dimension).save_snapshot()
    opened = Index(catalog, tmp_path / "vectors", dimension=EMBEDDER.dimension)
    question = EMBEDDER.embed_question("Word17 and word3 stand here.")
    with catalog.reading() as connection:
        recall = connection.execute("SELECT recall FROM snapshots").get
        (nearest,) = opened.dense(connection, question, k=1)
        everything = {chunk for chunk, _ in opened.dense(connection, question, k=1000)}
    assert opened._vectors is not None
    assert opened._vectors.grouped
    assert recall == pytest.approx(opened._vectors.recall)
    assert nearest[1] == pytest.approx(1, abs=0.002)
    assert len(everything) <= 400
    delete(catalog, ids[3])
    with catalog.reading() as connection:
        assert len(opened._current(connection)) == 399
    assert opened.problems() == []
    catalog.close()


def test_no_flipped_bit_of_groups_is_taken_for_right(grouped: VectorIndex, tmp_path: Path) -> None:
    content = written(grouped)
    sha256 = hashlib.sha256(content).hexdigest()
    path = tmp_path / "grouped.faiss"
    path.write_bytes(content)
    options = {"dimension": DIMENSION, "sha256": sha256, "recall": 0.99}
    loaded = VectorIndex.load(path, **options)  # type: ignore[arg-type]
    assert loaded is not None
    assert (loaded.recall, len(loaded)) == (0.99, 4000)
    path.write_bytes(flipped(content, 4321))
    assert VectorIndex.load(path, **options) is None  # type: ignore[arg-type]
