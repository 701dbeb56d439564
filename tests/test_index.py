"""Dense search that always says what the catalog says, whatever becomes of its files."""

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import flipped
from made_documents import EMBEDDER, delete, insert, written
from quire.errors import KnowledgeBaseDamaged
from quire.indexes import documents
from quire.indexes.catalog import Catalog
from quire.indexes.index import Index
from quire.indexes.vectors import VectorIndex

TEXTS = ("The dog sleeps.", "A ticket costs ten pounds.", "黄金在山里。", "Leaves make sugar.")
_QUESTION = "pets"


@dataclasses.dataclass
class Made:
    """A catalog with an index over it, in a folder."""

    catalog: Catalog
    index: Index

    def found(self, question: str = _QUESTION) -> list[tuple[str, float]]:
        """The texts nearest to a question, with their cosines."""
        return found(self.catalog, self.index, question)


def found(catalog: Catalog, index: Index, question: str = _QUESTION) -> list[tuple[str, float]]:
    with catalog.reading() as connection:
        nearest = index.dense(connection, EMBEDDER.embed_question(question), k=10)
        chunks = documents.chunks(connection, [chunk for chunk, _ in nearest])
        return [(chunks[chunk].text, round(score, 3)) for chunk, score in nearest]


def opened(folder: Path) -> Made:
    catalog = Catalog(folder / "catalog.sqlite3", create=True)
    return Made(catalog, Index(catalog, folder / "vectors", dimension=EMBEDDER.dimension))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Four documents and a snapshot of their vectors."""
    made = opened(tmp_path)
    for number, text in enumerate(TEXTS):
        insert(made.catalog, f"{number}.txt", text)
    made.index.save_snapshot()
    yield made
    made.catalog.close()


@pytest.fixture
def snapshot(made: Made, tmp_path: Path) -> Path:
    (path,) = (tmp_path / "vectors").iterdir()
    return path


def again(made: Made) -> Index:
    """An index over the same folder, as another process would open it."""
    return Index(made.catalog, made.index._folder, dimension=EMBEDDER.dimension)


def test_the_nearest_comes_first_with_its_cosine(made: Made) -> None:
    assert made.found()[0][0] == "The dog sleeps."
    assert made.found("The dog sleeps.")[0][1] == pytest.approx(1, abs=0.002)


def test_scores_are_those_of_plain_arithmetic(made: Made) -> None:
    question = EMBEDDER.embed_question("the dog costs sugar")
    expected = sorted(
        ((text, float(EMBEDDER.embed_question(text) @ question)) for text in TEXTS),
        key=lambda pair: -pair[1],
    )
    for (_, score), (_, right) in zip(made.found("the dog costs sugar"), expected, strict=True):
        assert score == pytest.approx(right, abs=0.005)


def test_changes_are_found_at_once_by_every_index(made: Made) -> None:
    other = again(made)
    assert len(found(made.catalog, other)) == 4
    document = insert(made.catalog, "new.txt", "Pets, pets!")
    assert made.found()[0][0] == found(made.catalog, other)[0][0] == "Pets, pets!"
    delete(made.catalog, document)
    assert len(made.found()) == len(found(made.catalog, other)) == 4


def test_a_reader_of_an_older_state_gets_the_vectors_of_that_state(made: Made) -> None:
    with made.catalog.reading() as connection:
        documents.ids(connection)
        insert(made.catalog, "new.txt", "Pets are not allowed.")
        assert len(made.found()) == 5
        vector = EMBEDDER.embed_question(_QUESTION)
        assert len(made.index.dense(connection, vector, k=10)) == 4
    assert len(made.found()) == 5


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), max_size=25), st.integers(0, 25))
def test_a_snapshot_and_what_came_after_it_equal_a_fresh_start(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], saved_after: int
) -> None:
    """Each step adds the document of that number, or removes it where it is there."""
    folder = tmp_path_factory.mktemp("replayed")
    made = opened(folder)
    there: dict[int, str] = {}
    try:
        for at, number in enumerate(steps):
            if number in there:
                delete(made.catalog, there.pop(number))
            else:
                there[number] = insert(made.catalog, f"{number}", f"word{number} dog " * number)
            if at == saved_after:
                made.index.save_snapshot(renew=True)
        expected = made.found()
        assert len(expected) == len([number for number in there if number])
        assert found(made.catalog, again(made)) == expected
        for path in (folder / "vectors").glob("*"):
            path.unlink()
        assert found(made.catalog, again(made)) == expected
        assert made.index.problems() == []
    finally:
        made.catalog.close()


# -- the snapshot ------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "empty", "halved", "last byte", "folder", "other"])
def test_a_snapshot_that_is_not_as_it_was_written_is_made_anew(
    made: Made, snapshot: Path, damage: str
) -> None:
    expected = made.found()
    content = snapshot.read_bytes()
    if damage in {"missing", "folder"}:
        snapshot.unlink()
        if damage == "folder":
            snapshot.mkdir()
            (snapshot / "inside").write_text("something")
    elif damage == "other":
        other = VectorIndex(8)
        other.add([1], np.ones((1, 8), np.float32))
        snapshot.write_bytes(written(other))
    else:
        kept = {"empty": 0, "halved": len(content) // 2, "last byte": len(content) - 1}[damage]
        snapshot.write_bytes(content[:kept])
    fresh = again(made)
    assert found(made.catalog, fresh) == expected
    assert fresh.problems() == []
    fresh.save_snapshot(renew=True)
    assert [path.name for path in snapshot.parent.iterdir()] == ["00000002.faiss"]
    assert found(made.catalog, again(made)) == expected


def test_a_snapshot_of_another_dimension_is_not_used(made: Made, snapshot: Path) -> None:
    other = VectorIndex(8)
    other.add([1], np.ones((1, 8), np.float32))
    snapshot.write_bytes(written(other))
    with made.catalog.writing() as connection:
        connection.execute(
            "UPDATE snapshots SET sha256 = ?", (hashlib.sha256(written(other)).hexdigest(),)
        )
    assert found(made.catalog, again(made)) == made.found()


def test_no_flipped_bit_of_the_snapshot_gives_a_wrong_result(made: Made, snapshot: Path) -> None:
    expected = made.found()
    content = snapshot.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    bits = 8 * len(content)
    for bit in range(0, bits, 3):
        snapshot.write_bytes(flipped(content, bit))
        loaded = VectorIndex.load(snapshot, dimension=EMBEDDER.dimension, sha256=sha256, recall=1)
        assert loaded is None
        if bit % 120 == 0:
            assert found(made.catalog, again(made)) == expected


def test_an_older_snapshot_in_place_of_the_newest_is_not_used(made: Made, snapshot: Path) -> None:
    older = snapshot.read_bytes()
    insert(made.catalog, "new.txt", "Pets are not allowed.")
    made.index.save_snapshot(renew=True)
    (newest,) = snapshot.parent.iterdir()
    newest.write_bytes(older)
    assert found(made.catalog, again(made)) == made.found()
    assert len(made.found()) == 5


def test_a_snapshot_is_only_written_when_much_has_changed(made: Made, snapshot: Path) -> None:
    insert(made.catalog, "new.txt", "Pets are not allowed.")
    made.index.save_snapshot()
    assert [path.name for path in snapshot.parent.iterdir()] == [snapshot.name]


def test_a_snapshot_file_without_a_commit_is_replaced(made: Made, snapshot: Path) -> None:
    """What a process leaves that is killed between the two."""
    (snapshot.parent / "00000002.faiss").write_bytes(b"from a transaction that never was")
    made.index.save_snapshot(renew=True)
    assert [path.name for path in snapshot.parent.iterdir()] == ["00000002.faiss"]
    assert found(made.catalog, again(made)) == made.found()


def test_searching_from_many_threads_while_documents_come_and_go(made: Made) -> None:
    stop = threading.Event()
    problems: list[object] = []

    def search() -> None:
        try:
            while not stop.is_set():
                texts = [text for text, _ in made.found()]
                if len(texts) not in (4, 5) or len(set(texts)) != len(texts):
                    problems.append(texts)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        delete(made.catalog, insert(made.catalog, "new.txt", "Pets are not allowed."))
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


# -- verify and repair -----------------------------------------------------------------------------


def damage(made: Made, sql: str) -> None:
    with made.catalog.writing() as connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "what", "where"),
    [
        ("DELETE FROM lexical WHERE rowid = 1", "lexical row is missing", "0.txt, chunk 0"),
        ("INSERT INTO lexical (rowid, body) VALUES (99, 'x')", "row without a chunk", "row 99"),
        ("DELETE FROM vectors WHERE chunk_id = 2", "vector is missing", "1.txt, chunk 0"),
        (
            "UPDATE vectors SET vector = zeroblob(64) WHERE chunk_id = 3",
            "damaged",
            "2.txt, chunk 0",
        ),
        ("UPDATE chunks SET text = 'The cat sleeps.' WHERE id = 1", "chunk 0 of document", ""),
        ("UPDATE chunks SET page_first = 7 WHERE id = 1", "chunk 0 of document", ""),
        ("UPDATE pages SET text = replace(text, 'dog', 'cat')", "a page of document", ""),
        ("UPDATE documents SET title = 'other'", "document", ""),
        ("DELETE FROM chunks WHERE id = 1", "1 chunks expected, 0 found", "0.txt"),
        ("UPDATE lexical_data SET block = zeroblob(30) WHERE id > 1000", "SQLite", "catalog"),
    ],
)
def test_verify_finds_and_names_what_disagrees(made: Made, sql: str, what: str, where: str) -> None:
    assert made.index.problems() == []
    damage(made, sql)
    problems = again(made).problems()
    assert [said for said in problems if what in said[0] and where in said[1]], problems


def test_a_damaged_row_is_never_served(made: Made) -> None:
    damage(made, "UPDATE chunks SET text = 'The cat sleeps.' WHERE id = 1")
    with pytest.raises(KnowledgeBaseDamaged, match="chunk 0") as caught:
        made.found()
    assert "verify --repair" in caught.value.hint


def test_a_damaged_vector_is_never_ranked(made: Made, snapshot: Path) -> None:
    damage(made, "UPDATE vectors SET vector = zeroblob(64) WHERE chunk_id = 1")
    snapshot.unlink()
    with pytest.raises(KnowledgeBaseDamaged, match="vector of chunk 1"):
        found(made.catalog, again(made))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM lexical WHERE rowid = 1",
        "INSERT INTO lexical (rowid, body) VALUES (99, 'x')",
        "UPDATE lexical_data SET block = zeroblob(30) WHERE id > 1000",
        "DELETE FROM snapshots",
    ],
)
def test_rebuilding_puts_the_indexes_right(made: Made, sql: str) -> None:
    expected = made.found()
    damage(made, sql)
    made.index.rebuild()
    assert made.index.problems() == []
    assert made.found() == found(made.catalog, again(made)) == expected
