import errno
import os
import socket
from pathlib import Path

import pytest

from quire.errors import Unreadable
from quire.ingest.discover import FoundFile, SkippedPath, discover


def found(*paths: Path) -> list[str]:
    """The names of the files found, in order."""
    return [entry.path.name for entry in discover(paths) if isinstance(entry, FoundFile)]


def skipped(*paths: Path) -> dict[str, str]:
    return {e.path.name: e.reason for e in discover(paths) if isinstance(e, SkippedPath)}


def test_a_folder_gives_its_files_in_sorted_order_with_absolute_paths(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/a.txt", "c/d/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    entries = list(discover([tmp_path]))
    assert [entry.path.relative_to(tmp_path).as_posix() for entry in entries] == [
        "a/a.txt",
        "a/z.txt",
        "b.txt",
        "c/d/e.txt",
    ]
    first = entries[0]
    assert isinstance(first, FoundFile)
    assert first.size == 7
    assert first.mtime_ns == first.path.stat().st_mtime_ns


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("a")
    monkeypatch.chdir(tmp_path)
    assert [entry.path for entry in discover([Path("a.txt")])] == [tmp_path / "a.txt"]


def test_each_file_counts_once_when_named_twice_or_through_overlapping_roots(
    tmp_path: Path,
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    roots = [tmp_path / "inner", tmp_path, tmp_path / "inner" / "a.txt", tmp_path / "b.txt"]
    assert found(*roots) == ["a.txt", "b.txt"]


def test_hidden_lock_and_version_control_files_are_left_out_of_a_walk(tmp_path: Path) -> None:
    for name in (".git/config", ".DS_Store", "~$report.docx", "Thumbs.db", "a.tmp", "keep.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert found(tmp_path) == ["keep.txt"]
    assert skipped(tmp_path) == {}


def test_a_hidden_file_or_folder_named_explicitly_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / ".notes"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / ".b.txt").write_text("b")
    assert found(folder, folder / ".b.txt") == ["a.txt", ".b.txt"]


def test_a_missing_path_is_an_error_before_anything_is_yielded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(Unreadable, match="nowhere does not exist"):
        discover([tmp_path / "a.txt", tmp_path / "nowhere"])


def test_links_are_followed_inside_the_root_and_never_out_of_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (root / "real").mkdir()
    (root / "real" / "a.txt").write_text("a")
    (root / "again").symlink_to(root / "real")
    (root / "a-link.txt").symlink_to(root / "real" / "a.txt")
    (root / "escape.txt").symlink_to(outside / "secret.txt")
    (root / "escape").symlink_to(outside)
    (root / "nothing.txt").symlink_to(root / "gone.txt")
    assert found(root) == ["a.txt"]
    assert skipped(root) == {
        "escape": "link that leads out of the folder",
        "escape.txt": "link that leads out of the folder",
        "nothing.txt": "broken link",
    }


def test_a_link_named_explicitly_is_followed_wherever_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert [entry.path for entry in discover([tmp_path / "link"])] == [tmp_path / "link" / "a.txt"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "x.txt").write_text("x")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert found(tmp_path) == ["x.txt"]
    assert skipped(tmp_path) == {"self": "broken link"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_pipes_sockets_and_devices_are_skipped_without_being_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert skipped(tmp_path, Path("/dev/zero")) == dict.fromkeys(
            ("pipe", "socket", "zero"), "not a regular file"
        )


def test_what_may_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "locked").mkdir(mode=0)
    with monkeypatch.context() as patch:
        if os.geteuid() == 0:  # for whom nothing is unreadable
            like_another_user(patch)
        reasons = skipped(tmp_path)
    (tmp_path / "locked").chmod(0o700)
    assert set(reasons) == {"a.txt", "locked"}
    assert all(reason.startswith("cannot be read") for reason in reasons.values())


def like_another_user(patch: pytest.MonkeyPatch) -> None:
    """What has no mode at all is refused."""
    listdir = os.listdir

    def names(folder: str) -> list[str]:
        if not os.stat(folder).st_mode & 0o777:  # noqa: PTH116
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        return listdir(folder)

    patch.setattr(os, "listdir", names)
    patch.setattr(os, "access", lambda path, _: Path(path).stat().st_mode & 0o777 != 0)


@pytest.mark.parametrize(
    "name",
    [b"\xff\xfe.txt", b"two\nlines.txt", b"-rf.txt", b"x" * 251 + b".txt", "é.txt".encode()],
)
def test_odd_names_survive_as_they_are(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("text")
    (entry,) = discover([tmp_path])
    assert os.fsencode(entry.path.name) == name
    assert entry.path.read_text() == "text"


def test_names_that_differ_only_in_unicode_form_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9.txt").write_text("a")
    (tmp_path / "cafe\u0301.txt").write_text("b")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system folds Unicode forms")
    assert len(found(tmp_path)) == 2
