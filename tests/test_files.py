"""Files of Quire's own, and what is left of them after a power loss."""

import errno
import os
import stat
from pathlib import Path

import pytest

from quire.errors import KnowledgeBaseError
from quire.indexes.folder import files


def test_a_file_has_its_content_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    files.write_file(tmp_path / "a", b"one")
    files.write_file(tmp_path / "a", memoryview(b"two"))
    assert (tmp_path / "a").read_bytes() == b"two"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_file(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KnowledgeBaseError, match="No space left") as caught:
        files.write_file(tmp_path / "a", b"new")
    assert "space" in caught.value.hint
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_power_loss_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not flushed may be missing, zeroed or cut: it must not stand under the name yet.

    At each step towards the device, everything that could be on it is looked at.
    """
    path = tmp_path / "a"
    files.write_file(path, b"old")
    flushed: dict[int, bytes] = {path.stat().st_ino: b"old"}  # by inode, as the device has it
    names_flushed = {"a": path.stat().st_ino}
    steps = 0

    def look() -> None:
        """Each name as flushed, or as it is now; each content as flushed, or anything at all."""
        nonlocal steps
        steps += 1
        for inode in {names_flushed["a"], path.stat().st_ino}:
            assert flushed.get(inode) in (b"old", b"new")

    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        look()
        real_fsync(descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            names_flushed["a"] = path.stat().st_ino
        else:
            flushed[status.st_ino] = os.pread(descriptor, 100, 0)
        look()

    def replace(source: Path, target: Path) -> Path:
        look()
        moved = real_replace(source, target)
        look()
        return moved

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    files.write_file(path, b"new")
    assert steps == 6
    assert flushed[names_flushed["a"]] == b"new"


def test_a_new_folder_outlives_a_power_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", flushed.append)
    files.make_private_folder(tmp_path / "a" / "b")
    assert flushed == [tmp_path, tmp_path / "a"]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    files.make_private_folder(tmp_path / "a" / "b")
    assert len(flushed) == 2


def test_a_folder_that_cannot_be_made_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnowledgeBaseError, match="file/kb cannot be created"):
        files.make_private_folder(tmp_path / "file" / "kb")


def test_what_a_killed_process_was_writing_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / ".a.1234abcd.part").write_bytes(b"half")
    (folder / "kept.part").write_bytes(b"a user's own")
    files.remove_unfinished(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["kept.part"]


def test_removing_takes_files_and_folders_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    for name in ("folder", "file", "missing"):
        files.remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
