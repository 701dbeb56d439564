"""Files that wait to be taken in: no restart loses one, and none is taken in twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quire import KnowledgeBase
from quire.background.ingesting import Ingests, Intake
from quire.indexes.folder.names import WAITING
from quire.indexes.folder.waiting import WaitingRoom
from quire.models.fakes import FakeEmbedder

ODD = os.fsdecode(b"/tmp/\xff odd")  # a name that is not UTF-8


def test_what_a_closed_process_left_is_adopted_in_the_order_in_which_it_came(
    tmp_path: Path,
) -> None:
    first = WaitingRoom(tmp_path)
    first.keep("b.txt", content=b"second letter, first file")
    first.keep("a", path=Path(ODD))
    first.close()
    second = WaitingRoom(tmp_path)
    upload, place = second.adopt()
    assert (upload.name, upload.content()) == ("b.txt", b"second letter, first file")
    assert (place.path, place.uploaded) == (Path(ODD), False)
    assert second.adopt() == []
    second.drop(upload)
    second.drop(place)
    second.close()
    assert not (tmp_path / WAITING).exists()


def test_what_a_living_process_waits_with_is_its_own(tmp_path: Path) -> None:
    first, second = WaitingRoom(tmp_path), WaitingRoom(tmp_path)
    item = first.keep("a.txt", content=b"mine")
    assert second.adopt() == []
    assert item.content() == b"mine"


def test_what_was_cut_off_while_it_was_written_is_left_out(tmp_path: Path) -> None:
    room = WaitingRoom(tmp_path)
    good = room.keep("a.txt", content=b"whole")
    (room.keep("b.txt", content=b"cut").place / "record.json").write_text('{"name": "b.')
    (room.keep("c.txt", content=b"cut").place / "record.json").unlink()
    room.close()
    assert [item.name for item in WaitingRoom(tmp_path).adopt()] == [good.name]


def test_uploads_of_a_killed_process_are_taken_in_by_the_next(tmp_path: Path) -> None:
    code = f"""
import os, signal
from quire import KnowledgeBase
from quire.models.fakes import FakeEmbedder
from quire.background.ingesting import Ingests, Intake

base = KnowledgeBase.open({str(tmp_path / "kb")!r}, embedder=FakeEmbedder())
ingests = Ingests(base)
with base._collection.writing():  # so that none can be done before the end
    ingests.add([Intake(f"{{n}}.txt", 9, content=b"The lamp %d is lit." % n) for n in range(5)])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        ingests = Ingests(base)
        ingests.resume()
        assert ingests.wait(60)
        assert [document.name for document in base.documents()] == [f"{n}.txt" for n in range(5)]
        ingests.close()
    assert not (tmp_path / "kb" / WAITING).exists()


def test_a_file_that_ended_the_process_twice_is_left_out(tmp_path: Path) -> None:
    room = WaitingRoom(tmp_path / "kb")
    room.begin(room.begin(room.keep("bad.txt", content=b"It ends whoever reads it.")))
    room.keep("good.txt", content=b"It is read.")
    room.close()
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        ingests = Ingests(base)
        ingests.resume()
        assert ingests.wait(60)
        assert [item.stage for item in ingests.items] == ["failed", "done"]
        assert "ended each time" in str(ingests.items[0].problem)
        ingests.close()


def test_ending_in_good_order_is_no_fault_of_the_file(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        for _ in range(4):
            ingests = Ingests(base)
            ingests.resume()
            with base._collection.writing():  # it is begun and cannot be done
                if not ingests.items:
                    ingests.add([Intake("a.txt", 9, content=b"The lamp is lit.")])
                ingests.interrupt()
            ingests.close()
            if base.documents():
                return  # it was done all the same
        ingests = Ingests(base)
        ingests.resume()
        assert ingests.wait(60)
        assert [item.stage for item in ingests.items] == ["done"]
        ingests.close()


def test_stopping_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        ingests = Ingests(base)
        ingests.add([Intake(f"{n}.txt", 9, content=b"canary %d" % n) for n in range(9)])
        ingests.stop()
        assert ingests.wait(60)
        ingests.close()
        base.remove([document.id for document in base.documents()])
        base.compact()
    left = [path for path in (tmp_path / "kb").rglob("*") if path.is_file()]
    assert not [path for path in left if b"canary" in path.read_bytes()]


def test_a_removed_document_does_not_come_back_from_what_waited(tmp_path: Path) -> None:
    content = b"The canary sings in the hall."
    room = WaitingRoom(tmp_path / "kb")
    room.keep("canary.txt", content=content)  # its process ends between commit and drop
    room.keep("other.txt", content=b"The lamp is lit.")
    room.close()
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        base.add_upload("canary.txt", content)
        base.remove("canary.txt")
        base.compact()
        left = [path for path in (tmp_path / "kb").rglob("*") if path.is_file()]
        assert not [path for path in left if b"canary sings" in path.read_bytes()]
        ingests = Ingests(base)
        ingests.resume()
        assert ingests.wait(60)
        assert [document.name for document in base.documents()] == ["other.txt"]
        ingests.close()


def test_nor_when_the_process_ends_while_it_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"The canary sings in the hall."
    room = WaitingRoom(tmp_path / "kb")
    room.keep("canary.txt", content=content)
    room.close()
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        base.add_upload("canary.txt", content)
        with monkeypatch.context() as patch:
            patch.setattr("quire.indexes.folder.trash.take", interrupted)
            with pytest.raises(KeyboardInterrupt):
                base.remove("canary.txt")
        ingests = Ingests(base)
        ingests.resume()
        assert ingests.wait(60)
        assert base.documents() == []
        assert [each.name for each in base.removed()] == ["canary.txt"]
        ingests.close()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
