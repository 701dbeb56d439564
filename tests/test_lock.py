"""One writer among all processes."""

import errno
import fcntl
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from quire.errors import KnowledgeBaseError, KnowledgeBaseLocked
from quire.indexes.folder.lock import writer_lock

_HOLD = """
import subprocess, sys
from pathlib import Path
from quire.indexes.folder.lock import writer_lock
with writer_lock(Path(sys.argv[1]), wait=0):
    child = subprocess.Popen(["sleep", "30"])  # such as a parser that outlives its owner
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "writer.lock"


@pytest.fixture
def owner(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()
    os.kill(grandchild, 9)


def test_the_message_says_who_writes_and_since_when(
    path: Path, owner: subprocess.Popen[str]
) -> None:
    with pytest.raises(KnowledgeBaseLocked) as caught, writer_lock(path, wait=0):
        pass
    said = re.search(r"process (\d+), since (\S+)\)", caught.value.message)
    assert said is not None
    assert int(said[1]) == owner.pid
    assert said[2].startswith("20")


def test_a_dead_owner_s_lock_is_taken_over_at_once(
    path: Path, owner: subprocess.Popen[str]
) -> None:
    owner.kill()
    owner.wait()
    with writer_lock(path, wait=0):
        assert path.read_text().startswith(f"{os.getpid()} ")


def test_the_second_waits_for_the_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads count like processes: the lock belongs to an open file."""
    done: list[str] = []
    held, tried = threading.Event(), threading.Event()
    flock = fcntl.flock

    def watched(*arguments: int) -> None:
        try:
            flock(*arguments)
        except OSError:
            tried.set()
            raise

    def first() -> None:
        with writer_lock(path, wait=0):
            held.set()
            assert tried.wait(60)
            done.append("first")

    monkeypatch.setattr(fcntl, "flock", watched)
    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(60)
    with writer_lock(path, wait=60):
        done.append("second")
    thread.join()
    assert done == ["first", "second"]


def test_waiting_ends_when_it_is_cancelled(path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with (
        writer_lock(path, wait=0),
        pytest.raises(KnowledgeBaseLocked),
        writer_lock(path, wait=60, cancel=cancel),
    ):
        pass


def test_the_lock_is_free_after_an_error_and_its_file_names_nobody(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(path, wait=0):
        raise ZeroDivisionError
    with writer_lock(path, wait=0):
        assert path.read_text().startswith(f"{os.getpid()} ")
    assert path.read_bytes() == b""


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    with writer_lock(path, wait=0):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_disk_without_room_for_the_note_is_locked_all_the_same(path: Path) -> None:
    """It is a change under the lock that tells of the disk, and there is one for each commit."""
    path.touch()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with writer_lock(path, wait=0):
            assert path.read_bytes() == b""
            with pytest.raises(KnowledgeBaseLocked), writer_lock(path, wait=0):
                pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with (
        pytest.raises(KnowledgeBaseError, match="cannot be written to"),
        writer_lock(tmp_path / "missing" / "writer.lock", wait=0),
    ):
        pass


def test_a_disk_without_locks_is_refused_and_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(KnowledgeBaseError) as caught, writer_lock(path, wait=60):
        pass
    assert not isinstance(caught.value, KnowledgeBaseLocked)
    assert "network" in caught.value.hint
