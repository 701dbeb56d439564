"""The end of the write-ahead log lost after a kill is told, with what is missing."""

import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import contents, files_with, flipped
from kill_driver import opened
from killing import Driver
from quire import KnowledgeBase
from quire.errors import KnowledgeBaseDamaged
from quire.indexes import catalog
from quire.indexes.folder.ledger import Acknowledged, Entry, Ledger, Losses

pytestmark = pytest.mark.usefixtures("parser_here")

_SEED = int(os.environ.get("QUIRE_TEST_SEED", "1"))


def cut(log: Path, choose: random.Random) -> None:
    log.write_bytes(log.read_bytes()[: choose.randrange(log.stat().st_size)])


def empty(log: Path, _: random.Random) -> None:
    log.write_bytes(b"")


def flip(log: Path, choose: random.Random) -> None:
    log.write_bytes(flipped(log.read_bytes(), choose.randrange(8 * log.stat().st_size)))


def lose(log: Path, _: random.Random) -> None:
    log.unlink()


DAMAGES = (cut, empty, flip, lose)


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, driver: Driver) -> Path:
    """Some files and a knowledge base of the first four of them, from which each trial starts: a
    copy, which is put back to where it was made."""
    folder = tmp_path_factory.mktemp("lost") / "trial"
    (folder / "files").mkdir(parents=True)
    for number in range(4):
        write(folder, number)
    driver.run(folder / "kb", "ingest")
    for number in range(4, 12):
        write(folder, number)
    return folder.rename(folder.with_name("made"))


def write(folder: Path, number: int) -> None:
    (folder / "files" / f"{number:02}.txt").write_text(
        f"The lamp {number} is lit. " * (1 + 9 * number)
    )


def names(kb: KnowledgeBase) -> set[str]:
    return {document.name for document in kb.documents()}


def said(kb: KnowledgeBase) -> str:
    return " ".join(warning.message for warning in kb.warnings)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("trials", [2, pytest.param(25, marks=pytest.mark.soak)])
@pytest.mark.parametrize("damage", DAMAGES)
def test_documents_that_are_lost_with_the_end_of_the_log_are_named(
    trials: int,
    damage: Callable[[Path, random.Random], None],
    driver: Driver,
    made: Path,
) -> None:
    choose = random.Random(f"{_SEED} {damage.__name__} {trials}")
    lost = 0
    for trial in range(trials):
        folder = made.with_name("trial")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
        kb = folder / "kb"
        killed, changes = driver.run(kb, "ingest", kill_at=choose.randrange(40, 80))
        assert killed, f"it was done after {changes} changes"
        acknowledged = set(kb.with_suffix(".done").read_text().split())
        damage(kb / "catalog.sqlite3-wal", choose)
        with opened(kb) as base:
            missing = acknowledged - names(base)
            assert all(name in said(base) for name in missing), f"trial {trial}: {missing}"
            assert bool(missing) <= bool(base.verify())
            lost += bool(missing)
            base.repair()
            assert base.warnings == ()
            assert base.verify() == []
            assert names(base) >= acknowledged
            assert base.add(folder / "files").failed == ()
            assert len(names(base)) == 12
        with opened(kb) as base:
            assert base.warnings == ()
    assert lost or trials < 5


# -- what is told, and until when --------------------------------------------------------------


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """With two documents, one of which is an upload, in the file and not in the log."""
    (tmp_path / "files").mkdir()
    write(tmp_path, 1)
    opened(tmp_path / "kb").close()
    with opened(tmp_path / "kb") as base:
        base.add(tmp_path / "files")
        base.add_upload("upload.txt", b"It was sent by somebody.")
    with opened(tmp_path / "kb") as base:
        yield base


def killed(kb: KnowledgeBase) -> Path:
    """The folder as a kill at this moment leaves it, and then without the log."""
    copy = shutil.copytree(kb.folder, kb.folder.with_name("killed"))
    (copy / "catalog.sqlite3-wal").unlink()
    return copy


def test_nothing_is_told_where_nothing_is_lost(kb: KnowledgeBase, tmp_path: Path) -> None:
    write(tmp_path, 2)
    kb.add(tmp_path / "files")
    assert kb.warnings == ()
    copy = shutil.copytree(kb.folder, tmp_path / "copy")
    with opened(copy) as base:
        assert base.warnings == ()
        assert base.verify() == []


def test_a_process_that_ends_between_commit_and_note_has_lost_nothing(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = (kb.folder / "catalog.ledger").read_bytes()
    kb.tag("upload.txt", add="sent")
    copy = shutil.copytree(kb.folder, tmp_path / "copy")
    (copy / "catalog.ledger").write_bytes(ledger)
    with opened(copy) as base:
        assert base.warnings == ()
        assert base.document("upload.txt").tags == ("sent",)


def test_what_is_missing_is_told_until_it_is_there_again(kb: KnowledgeBase, tmp_path: Path) -> None:
    write(tmp_path, 2)
    write(tmp_path, 3)
    kb.add(tmp_path / "files")
    kb.tag("02.txt", add="lamp")
    copy = killed(kb)
    with opened(copy) as base:
        assert said(base).count("3 changes") == 1
        assert "2 documents that were added are lost: 02.txt, 03.txt." in said(base)
        (what, where), *_ = base.verify()
        assert ("3 changes" in what, where) == (True, "catalog.sqlite3")
        base.tag("01.txt", add="lamp")  # the numbers of what was lost are used again
    with opened(copy) as base:
        base.add(tmp_path / "files" / "02.txt")
        assert "1 documents that were added are lost: 03.txt." in said(base)
        base.add(tmp_path / "files")
        assert base.warnings == ()
    with opened(copy) as base:
        assert base.warnings == ()


def test_changes_of_tags_that_are_lost_are_counted(kb: KnowledgeBase) -> None:
    kb.tag("upload.txt", add="sent")
    copy = killed(kb)
    with opened(copy) as base:
        assert "lost its last 1 changes" in said(base)
        base.tag("upload.txt", add="sent")
        assert base.warnings == ()


def test_an_upload_that_is_lost_is_taken_in_again_from_its_copy(kb: KnowledgeBase) -> None:
    kb.add_upload("second.txt", b"It was sent as well.")
    copy = killed(kb)
    with opened(copy) as base:
        assert "lost: second.txt" in said(base)
        base.compact()  # which spares the only copy that there is
        base.repair()
        assert base.original(base.document("second.txt")) is not None
        assert base.warnings == ()


def test_what_cannot_be_found_any_more_is_told_until_it_is_repaired(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    write(tmp_path, 2)
    kb.add(tmp_path / "files")
    copy = killed(kb)
    (tmp_path / "files" / "02.txt").unlink()
    with opened(copy) as base:
        assert "lost: 02.txt" in said(base)
        base.repair()
        assert base.warnings == ()
        assert base.verify() == []


def test_a_removal_that_is_lost_is_told_and_can_be_done_again(kb: KnowledgeBase) -> None:
    (removed,) = kb.remove("upload.txt")
    copy = killed(kb)
    with opened(copy) as base:
        assert "1 documents that were removed are there again: upload.txt." in said(base)
        assert base.original(base.document("upload.txt")) is None  # its copy is in the trash
        base.repair()
        assert names(base) == {"01.txt"}
        assert base.warnings == ()
        assert base.restore(removed.id).name == "upload.txt"


def test_of_a_base_that_was_lost_altogether_all_is_told(kb: KnowledgeBase, tmp_path: Path) -> None:
    with opened(tmp_path / "new") as new:
        new.add(tmp_path / "files")
        copy = killed(new)
    with opened(copy) as base:
        assert "lost: 01.txt" in said(base)
        assert base.verify() != []
        base.repair()
        assert names(base) == {"01.txt"}
        assert base.verify() == []


@pytest.mark.parametrize("content", [None, b""])
def test_a_catalog_that_is_gone_is_not_begun_anew(kb: KnowledgeBase, content: bytes | None) -> None:
    kb.close()
    shutil.rmtree(kb.folder / "vectors")
    (kb.folder / "catalog.sqlite3").unlink()
    if content is not None:
        (kb.folder / "catalog.sqlite3").write_bytes(content)
    with pytest.raises(KnowledgeBaseDamaged, match="has lost its catalog"):
        opened(kb.folder)


def test_an_older_copy_with_its_ledger_is_all_there_is_and_alone_it_lacks_something(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    kb.close()
    older = shutil.copytree(kb.folder, tmp_path / "older")
    write(tmp_path, 2)
    with opened(kb.folder) as base:
        base.add(tmp_path / "files")
    with opened(older) as base:
        assert base.warnings == ()
    shutil.copy(older / "catalog.sqlite3", kb.folder / "catalog.sqlite3")
    with opened(kb.folder) as base:
        assert "lost: 02.txt" in said(base)


def test_a_reader_beside_a_writer_never_takes_a_commit_for_lost(kb: KnowledgeBase) -> None:
    stop, wrong = threading.Event(), list[str]()

    def look() -> None:
        with opened(kb.folder) as reader:
            while not stop.is_set():
                wrong.extend(warning.message for warning in reader.warnings)

    thread = threading.Thread(target=look)
    thread.start()
    for number in range(100):
        kb.tag("upload.txt", add=f"tag {number}")
    stop.set()
    thread.join()
    assert wrong == []


def test_a_knowledge_base_that_may_not_be_written_to_tells_it_too(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.tag("upload.txt", add="sent")
    copy = killed(kb)
    before = contents(copy)
    monkeypatch.setattr(catalog, "is_writable", lambda _: False)  # root can always write
    with opened(copy) as base:
        assert "lost its last 1 changes" in said(base)
    assert contents(copy) == before


def test_a_commit_stands_where_it_cannot_be_noted(kb: KnowledgeBase) -> None:
    ledger = kb.folder / "catalog.ledger"
    ledger.unlink()
    ledger.mkdir()
    kb.tag("upload.txt", add="sent")
    assert kb.document("upload.txt").tags == ("sent",)
    assert [what for what, _ in kb.verify()] == ["SQLite: the ledger is damaged or gone"]


def test_compacting_leaves_no_name_of_what_was_removed_in_the_ledger(kb: KnowledgeBase) -> None:
    kb.remove("upload.txt")
    assert files_with(kb.folder, "upload.txt")
    kb.compact()
    assert files_with(kb.folder, "upload.txt") == []


# -- the file ----------------------------------------------------------------------------------


def test_a_log_is_emptied_when_it_is_full_unless_somebody_reads_from_it(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were its end lost after it was copied, its beginning would be read in the place of newer
    pages."""
    monkeypatch.setattr(catalog, "_FULL_LOG", 1)
    log = kb.folder / "catalog.sqlite3-wal"
    kb.tag("upload.txt", add="sent")
    assert log.stat().st_size == 0
    with kb._catalog.reading() as connection:
        connection.execute("SELECT count(*) FROM tags").fetchall()
        kb.tag("upload.txt", add="read")
        assert log.stat().st_size > 0
    kb.tag("upload.txt", add="late")
    assert log.stat().st_size == 0
    assert kb.document("upload.txt").tags == ("late", "read", "sent")


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.text(max_size=300)), max_size=400),
    st.integers(0, 8 * 32_767),
)
@settings(max_examples=30)
def test_a_note_that_is_damaged_leaves_the_one_before(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[int, str]], bit: int
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "catalog.ledger"
    entries = tuple(Entry(number, "added", f"{number:016x}", text) for number, text in listed)
    ledger = Ledger(path)
    assert ledger.read() == Acknowledged()
    first = ledger.write(Acknowledged(commits=1, latest=entries, lost=Losses(1, entries)))
    second = ledger.write(replace(first, commits=2, latest=(*entries, *entries)))
    assert ledger.read() == second
    assert (first.commits, first.lost.commits) == (1, 1)
    assert set(first.latest) <= set(entries)
    assert path.stat().st_size == 32_768
    whole = path.read_bytes()
    path.write_bytes(flipped(whole, bit))
    assert ledger.read() in (first, second)
    third = ledger.write(ledger.read())
    assert ledger.read() == third
    path.write_bytes(whole[:1000])
    assert ledger.read() == Acknowledged()
    assert ledger.write(first).commits == ledger.read().commits == 1
