"""What is opened when something else has come in the place of a file that was found."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from quire.errors import Skipped, Unreadable
from quire.ingest.discover import FoundFile, discover
from quire.ingest.limits import Limits
from quire.ingest.loaders.opening import read_bytes
from quire.ingest.parsing.pool import ParserPool

SECRET = b"what nobody named"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder that was not named, with a file that is called as one that was."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_bytes(SECRET)
    return tmp_path / "elsewhere"


@pytest.fixture
def found(tmp_path: Path) -> FoundFile:
    """named/inner/a.txt, as it was found."""
    (tmp_path / "named" / "inner").mkdir(parents=True)
    (tmp_path / "named" / "inner" / "a.txt").write_bytes(b"what was named")
    (file,) = discover([tmp_path / "named"])
    assert isinstance(file, FoundFile)
    return file


def read(file: FoundFile) -> bytes:
    return read_bytes(file.path, limits=Limits(), within=file.within)


def test_a_file_is_read_by_way_of_the_folder_that_was_named(found: FoundFile) -> None:
    assert read(found) == b"what was named"


def the_file(named: Path, secret: Path) -> None:
    (named / "inner" / "a.txt").unlink()
    (named / "inner" / "a.txt").symlink_to(secret / "a.txt")


def its_folder(named: Path, secret: Path) -> None:
    (named / "inner").rename(named / "before")
    (named / "inner").symlink_to(secret, target_is_directory=True)


def all_of_it(named: Path, secret: Path) -> None:
    named.rename(named.with_name("before"))
    (secret / "inner").mkdir()
    (secret / "a.txt").rename(secret / "inner" / "a.txt")
    named.symlink_to(secret, target_is_directory=True)


@pytest.mark.parametrize("exchange", [the_file, its_folder, all_of_it])
def test_no_link_that_is_put_on_the_way_leads_out(
    found: FoundFile, secret: Path, exchange: Callable[[Path, Path], None]
) -> None:
    exchange(found.path.parent.parent, secret)
    assert found.path.read_bytes() == SECRET  # where a path leads, whatever was named
    with pytest.raises(Skipped, match=r"^a link was put in its place$"):
        read(found)
    with ParserPool() as pool, pytest.raises(Skipped, match=r"^a link was put in its place$"):
        pool.parse(found.path, within=found.within)


def test_links_that_were_there_are_followed_as_before(tmp_path: Path, found: FoundFile) -> None:
    folder, file = tmp_path / "link", tmp_path / "link.txt"
    folder.symlink_to(tmp_path / "named", target_is_directory=True)
    file.symlink_to(found.path)
    for named in (folder, file):
        (again,) = discover([named])
        assert isinstance(again, FoundFile)
        assert read(again) == b"what was named"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(found: FoundFile) -> None:
    found.path.unlink()
    os.mkfifo(found.path)
    with pytest.raises(Skipped, match=r"^not a regular file$"):
        read(found)


def test_what_is_gone_is_told(found: FoundFile) -> None:
    found.path.unlink()
    with pytest.raises(Unreadable, match="No such file"):
        read(found)
    found.path.parent.rmdir()
    with pytest.raises(Unreadable, match="No such file"):
        read(found)


def test_a_size_over_the_limit_is_told_without_reading(found: FoundFile) -> None:
    os.truncate(found.path, 2**40)
    with pytest.raises(Unreadable, match=r"^limit: the file has 1,099,512 MB, more than 512 MB$"):
        read(found)


def test_folders_that_can_be_passed_and_not_listed_are_passed(found: FoundFile) -> None:
    found.path.parent.chmod(0o311)
    try:
        assert read(found) == b"what was named"
    finally:
        found.path.parent.chmod(0o755)
