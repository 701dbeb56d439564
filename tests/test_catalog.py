"""The SQLite file that is the truth."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from faults import contents, watched_disk
from quire.errors import (
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseMismatch,
    KnowledgeBaseNotFound,
)
from quire.indexes import catalog, migrations
from quire.indexes.catalog import Catalog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite3"


@pytest.fixture
def made(path: Path) -> Path:
    """A catalog with one setting, closed."""
    with_setting(path, 1)
    return path


@pytest.fixture
def opened(made: Path) -> Iterator[Catalog]:
    catalog = Catalog(made)
    yield catalog
    catalog.close()


def with_setting(path: Path, value: int) -> None:
    catalog = Catalog(path, create=True)
    catalog.put_settings(value=value)
    catalog.close()


def test_settings_come_back(opened: Catalog) -> None:
    opened.put_settings(name="a 'quoted' 名字", numbers=[1, 2.5, None])
    assert opened.settings() == {"value": 1, "name": "a 'quoted' 名字", "numbers": [1, 2.5, None]}


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
def test_only_making_one_makes_one(path: Path, content: bytes | None) -> None:
    """A process that is killed right at the beginning leaves an empty file."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KnowledgeBaseNotFound, match=str(path.parent)):
        Catalog(path)
    with_setting(path, 1)
    Catalog(path).close()


def test_a_transaction_that_raises_leaves_no_trace(opened: Catalog) -> None:
    def change() -> None:
        with opened.writing() as connection:
            connection.execute("UPDATE settings SET value = '2'")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert opened.settings() == {"value": 1}
    opened.put_settings(value=3)
    assert opened.settings() == {"value": 3}


def test_a_reader_sees_one_state_until_it_is_done(opened: Catalog) -> None:
    with opened.reading() as connection:
        before = connection.execute("SELECT value FROM settings").get
        opened.put_settings(value=2)
        assert connection.execute("SELECT value FROM settings").get == before == "1"
    assert opened.settings() == {"value": 2}


def test_another_process_is_heard(opened: Catalog) -> None:
    other = Catalog(opened.path)
    other.put_settings(value=2)
    assert opened.settings() == {"value": 2}
    other.close()


def test_more_readers_than_are_kept_can_read_at_once(opened: Catalog) -> None:
    together = threading.Barrier(20)
    seen = []

    def read() -> None:
        with opened.reading() as connection:
            together.wait(10)
            seen.append(connection.execute("SELECT value FROM settings").get)

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["1"] * 20


def test_a_reader_that_fails_does_not_spoil_the_next(opened: Catalog) -> None:
    with pytest.raises(ZeroDivisionError), opened.reading():
        raise ZeroDivisionError
    assert opened.settings() == {"value": 1}


def test_reading_never_makes_a_file(opened: Catalog) -> None:
    for name in ("catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm"):
        opened.path.with_name(name).unlink(missing_ok=True)
    with pytest.raises(KnowledgeBaseError), opened.reading(), opened.reading():
        pass
    assert not opened.path.exists()


def test_the_files_are_their_owner_s_alone(opened: Catalog) -> None:
    opened.put_settings(value=2)
    for file in opened.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_many_processes_can_make_the_same_one_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from quire.indexes.catalog import Catalog\n"
        "sys.stdin.read(); Catalog(Path(sys.argv[1]), create=True).close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in processes:  # all wait for the end of their input, and then begin together
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    assert [process.communicate()[1] for process in processes] == [b""] * 4
    Catalog(path).close()


# -- versions ----------------------------------------------------------------------------------


def test_a_newer_schema_is_refused_with_every_file_as_it_was(made: Path) -> None:
    connection = apsw.Connection(str(made))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute("CREATE TABLE of_tomorrow (a)")
    connection.pragma("user_version", 99)
    connection.close()
    before = contents(made.parent)
    assert before["catalog.sqlite3-wal"]
    with pytest.raises(KnowledgeBaseMismatch, match="newer version"):
        Catalog(made)
    with pytest.raises(KnowledgeBaseMismatch, match="newer version"):
        Catalog(made, create=True)
    assert contents(made.parent) == before


def test_an_older_schema_is_brought_up_to_date(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        migrations,
        "_STEPS",
        (*migrations._STEPS, "CREATE TABLE new (a)", "INSERT INTO new VALUES (7)"),
    )
    opened = Catalog(made)
    with opened.reading() as connection:
        assert connection.execute("SELECT a FROM new").get == 7
    assert opened.settings() == {"value": 1}
    opened.close()
    again = Catalog(made)
    with again.reading() as connection:
        assert connection.execute("SELECT count(*) FROM new").get == 1
    again.close()


def test_a_step_that_fails_leaves_the_old_version(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            migrations,
            "_STEPS",
            (*migrations._STEPS, "CREATE TABLE new (a)", "CREATE TABLE new (a)"),
        )
        with pytest.raises(KnowledgeBaseDamaged):
            Catalog(made)
    opened = Catalog(made)
    assert opened.settings() == {"value": 1}
    opened.close()


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE documents (mine)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(KnowledgeBaseDamaged, match="not made by Quire"):
        Catalog(path, create=True)
    assert path.read_bytes() == before


def test_an_sqlite_that_can_corrupt_its_log_is_refused() -> None:
    for version in ("3.40.1", "3.51.2", "3.9.0"):
        with pytest.raises(KnowledgeBaseError, match=version):
            catalog.require_sqlite(version)
    catalog.require_sqlite("3.51.3")
    catalog.require_sqlite(catalog.sqlite_version())


# -- trouble with the disk -----------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"no database", b"x" * 10_000, b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_refused_with_what_to_do(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(KnowledgeBaseDamaged) as caught:
        Catalog(path)
    assert "backup" in caught.value.hint


def test_a_folder_in_the_catalog_s_place_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(KnowledgeBaseError, match="catalog"):
        Catalog(path)


@pytest.mark.parametrize(
    ("error", "said"), [(apsw.FullError, "is full"), (apsw.IOError, "cannot be read or written")]
)
def test_a_write_that_fails_at_any_point_leaves_the_old_state(
    path: Path, error: type[apsw.Error], said: str
) -> None:
    with watched_disk(error) as disk:
        made = Catalog(path, create=True)
        made.put_settings(value=1)
        for nth in range(1, 100):
            disk.fails_from = disk.writes + nth
            try:
                made.put_settings(value=1 + nth, more="x" * 20_000)
            except KnowledgeBaseError as failure:
                assert said in failure.message  # noqa: PT017  it does not always fail
                assert str(path.parent) in failure.message  # noqa: PT017
            else:
                break
            finally:
                disk.fails_from = None
            assert made.settings() == {"value": 1}
        else:
            raise AssertionError("it never succeeded")
        assert nth > 3
        assert made.settings()["value"] == 1 + nth
        made.close()


def test_a_making_that_fails_at_any_point_can_be_done_again(tmp_path: Path) -> None:
    for nth in range(1, 200):
        path = tmp_path / str(nth) / "catalog.sqlite3"
        path.parent.mkdir()
        with watched_disk() as disk:
            disk.fails_from = nth
            try:
                Catalog(path, create=True).close()
            except (KnowledgeBaseError, apsw.FullError):  # SQLite says nothing when it closes
                pass
            else:
                break
        with_setting(path, nth)
        opened = Catalog(path)
        assert opened.settings() == {"value": nth}
        opened.close()
    else:
        raise AssertionError("it never succeeded")


# -- read-only ---------------------------------------------------------------------------------


@pytest.fixture
def write_protected(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalog as a user without the right to write finds it; root has that right always."""
    if os.geteuid() == 0:
        monkeypatch.setattr(catalog, "is_writable", lambda _: False)
    else:
        made.chmod(0o400)
        made.parent.chmod(0o500)
    return made


def test_a_write_protected_catalog_is_read_and_refuses_changes(write_protected: Path) -> None:
    before = contents(write_protected.parent)
    opened = Catalog(write_protected)
    assert opened.settings() == {"value": 1}
    assert opened.damage() == []
    with pytest.raises(KnowledgeBaseError, match="read-only"):
        opened.put_settings(value=2)
    opened.close()
    assert contents(write_protected.parent) == before


def test_a_reader_without_the_right_to_write_sees_what_the_owner_commits(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Catalog(made)
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "is_writable", lambda _: False)
        reader = Catalog(made)
    owner.put_settings(value=2)
    assert reader.settings() == {"value": 2}
    owner.close()
    assert reader.settings() == {"value": 2}
    reader.close()


def test_a_write_protected_catalog_of_an_older_version_is_refused(
    write_protected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_STEPS", (*migrations._STEPS, "CREATE TABLE new (a)"))
    with pytest.raises(KnowledgeBaseError, match="read-only"):
        Catalog(write_protected)
