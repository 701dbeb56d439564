"""Copies of uploads: a name that a browser sends is never a path."""

import hashlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.indexes.folder import originals


@given(st.text(max_size=400) | st.text(alphabet="./\\\x00: CON%2f~\n中", max_size=400))
def test_a_safe_name_is_one_name_on_every_system(name: str) -> None:
    safe = originals.safe_name(name)
    assert safe == originals.safe_name(safe)
    assert safe not in {"", ".", ".."}
    assert not set('/\\:*?"<>|\x00\n') & set(safe)
    assert safe.isprintable()
    assert len(safe.encode()) <= 200
    assert Path("/folder", safe).parent == Path("/folder")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("报告 2024.pdf", "报告 2024.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.docx", "a.docx"),
        ("con.txt", "_con.txt"),
        ("a\x00b.pdf", "a_b.pdf"),
        ("...", "document"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("\udcff.pdf", "pdf"),
    ],
)
def test_names_keep_what_people_see(name: str, safe: str) -> None:
    assert originals.safe_name(name) == safe


def test_a_copy_lies_below_the_folder_and_holds_the_bytes(tmp_path: Path) -> None:
    content = b"the bytes"
    path = originals.keep(tmp_path, "../../a.txt", content)
    digest = hashlib.sha256(content).hexdigest()
    assert path == tmp_path / "originals" / digest / "a.txt"
    assert originals.holds(path, digest)
    assert not originals.holds(path, "0" * 64)
    assert not originals.holds(tmp_path / "missing", digest)


def test_what_came_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 3_000_000_000)
    begin = time.process_time()
    for path in (*tmp_path.iterdir(), Path("/dev/zero"), Path("/proc/self/status")):
        assert not originals.holds(path, "0")
        assert not originals.holds(path, "e3b0c44298fc1c14")  # of nothing
    assert time.process_time() - begin < 1


def test_a_copy_that_is_no_longer_right_is_written_again(tmp_path: Path) -> None:
    path = originals.keep(tmp_path, "a.txt", b"right")
    path.write_bytes(b"wrong")
    assert originals.keep(tmp_path, "a.txt", b"right").read_bytes() == b"right"


def test_dropping_a_copy_leaves_one_of_another_name(tmp_path: Path) -> None:
    first = originals.keep(tmp_path, "a.txt", b"same")
    other = originals.keep(tmp_path, "b.txt", b"same")
    originals.drop(first)
    assert [path.name for path in other.parent.iterdir()] == ["b.txt"]
    originals.drop(other)
    assert not other.parent.exists()


def test_discarding_leaves_nothing_of_a_content_and_all_of_the_others(tmp_path: Path) -> None:
    first = originals.keep(tmp_path, "a.txt", b"first")
    originals.keep(tmp_path, "b.txt", b"other")
    originals.keep(tmp_path, "c.txt", b"third")
    originals.discard_all_but(tmp_path, {hashlib.sha256(b"other").hexdigest()})
    assert not first.parent.exists()
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["b.txt"]
