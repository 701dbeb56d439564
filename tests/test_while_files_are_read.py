"""While files are read, which may take minutes, others go on: the writer lock is held for a change
alone, and nothing that comes in the place of a file is waited for."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from endless import endless_pdf
from made_documents import state
from parser_here import ParserHere
from quire import IngestReport, KnowledgeBase, load_settings
from quire.errors import DocumentNotFound, KnowledgeBaseLocked
from quire.ingest import pipeline
from quire.ingest.report import Progress
from quire.models.fakes import FakeEmbedder
from quire.records import ParsedDocument

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's")


def opened(
    folder: Path, *, wait: float = 0.2, embedder: FakeEmbedder | None = None
) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", lock_wait=wait)
    return KnowledgeBase.open(settings=settings, embedder=embedder or FakeEmbedder())


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A knowledge base with two documents."""
    with opened(tmp_path / "kb") as kb:
        kb.add_upload("lease.txt", b"The lease ends in May.")
        kb.add_upload("boiler.txt", b"The landlord repairs the boiler.")
        yield kb


class Reading:
    """An ingest, in a thread beside, of a file that is read for as long as the block lasts."""

    def __init__(self, base: KnowledgeBase, path: Path) -> None:
        self._base = base
        self._path = path
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.report: IngestReport | None = None

    def __enter__(self) -> "Reading":
        self._thread.start()
        while not (self._base.folder / "ingest.lock").read_bytes():
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._cancel.set()
        self._thread.join()

    def _run(self) -> None:
        self.report = self._base.add(self._path, cancel=self._cancel)


def test_documents_are_tagged_and_removed_while_a_file_is_read(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    (kb.folder / "ingest.lock").touch()
    with Reading(kb, endless_pdf(tmp_path / "endless.pdf")) as reading:
        for base in (kb, opened(kb.folder)):  # of this process and as if of another
            base.tag("lease.txt", add="read")
            assert base.document("lease.txt").tags == ("read",)
            base.tag("lease.txt", remove="read")
        assert [document.name for document in kb.remove("boiler.txt")] == ["boiler.txt"]
        base.close()
    assert reading.report is not None
    assert reading.report.cancelled
    assert kb.verify() == []


def test_a_second_ingest_is_told_who_reads_and_since_when(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    (tmp_path / "new.txt").write_text("New.")
    removed = kb.remove("boiler.txt")
    with Reading(kb, endless_pdf(tmp_path / "endless.pdf")), opened(kb.folder) as other:
        for write in (
            lambda: other.add(tmp_path / "new.txt"),
            lambda: other.add_upload("a.txt", b"a"),
            lambda: other.restore(removed[0].id),
            other.compact,
            other.repair,
        ):
            with pytest.raises(KnowledgeBaseLocked, match=rf"process {os.getpid()}, since 20"):
                write()
    assert kb.add(tmp_path / "new.txt").added == 1


def bring_back(kb: KnowledgeBase) -> None:
    kb.restore(kb.remove("boiler.txt")[0].id)


def read_again(kb: KnowledgeBase) -> None:
    document = kb.document("boiler.txt")
    with kb._collection.writing(), kb._catalog.writing() as connection:
        connection.execute("UPDATE pages SET text = '?' WHERE document_id = ?", (document.id,))
    kb.repair()


@pytest.mark.parametrize("read", [bring_back, read_again])
def test_documents_are_tagged_while_one_is_brought_back_or_repaired(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, read: Callable[[KnowledgeBase], None]
) -> None:
    kb.tag("boiler.txt", add="heating")

    class Parser(ParserHere):
        def parse(self, path: Path, **options: Any) -> ParsedDocument:
            with opened(kb.folder) as other:
                other.tag("lease.txt", add="read")
            return super().parse(path, **options)

    monkeypatch.setattr(pipeline, "ParserPool", Parser)
    read(kb)
    assert kb.document("lease.txt").tags == ("read",)
    assert kb.document("boiler.txt").tags == ("heating",)
    assert kb.verify() == []


def test_what_is_removed_while_it_is_brought_back_can_be_brought_back_again(
    kb: KnowledgeBase,
) -> None:
    (document,) = kb.remove("boiler.txt")

    def hear(progress: Progress) -> None:
        if progress.files_done:  # it is there again
            with opened(kb.folder) as other:
                other.remove("boiler.txt")

    with pytest.raises(DocumentNotFound, match="cannot be brought back"):
        kb.restore(document.id, progress=hear)
    assert [each.document_id for each in kb.removed()] == [document.id]
    assert kb.original(kb.restore(document.id)) is not None
    assert kb.removed() == []
    assert kb.verify() == []


class Gate(FakeEmbedder):
    """Embeds once it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = threading.Event(), threading.Event()

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        self.reached.set()
        assert self.open.wait(60)
        return super().embed_passages(texts, progress=progress)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_commit_waits_for_whoever_writes_unless_it_is_stopped(
    kb: KnowledgeBase, tmp_path: Path, stopped: bool
) -> None:
    """What was read and embedded is not lost because somebody wrote for longer than others are
    made to wait."""
    (tmp_path / "new.txt").write_text("New.")
    gate, cancel = Gate(), threading.Event()
    with (
        opened(kb.folder, embedder=gate) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        adding = threads.submit(other.add, tmp_path / "new.txt", cancel=cancel)
        assert gate.reached.wait(60)
        with kb._collection.writing():
            gate.open.set()
            with pytest.raises(TimeoutError):
                adding.result(0.5)
            if stopped:
                cancel.set()
                report = adding.result(60)
        report = adding.result(60)
    assert (report.added, report.cancelled) == ((0, True) if stopped else (1, False))
    assert kb.verify() == []


def test_a_document_that_is_removed_while_its_copy_is_read_stays_removed(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    for name in ("a.txt", "copy.txt"):
        (tmp_path / name).write_text("The dog may stay.")
    (tmp_path / "new.txt").write_text("New.")
    kb.add(tmp_path / "a.txt")
    looked_up = threading.Event()

    class Parser(ParserHere):
        def parse(self, path: Path, **options: Any) -> ParsedDocument:
            try:
                return super().parse(path, **options)
            finally:  # its content is known
                if path.name == "copy.txt":
                    looked_up.set()

    class Removing(FakeEmbedder):
        def embed_passages(self, texts: Sequence[str], **options: Any) -> npt.NDArray[np.float32]:
            assert looked_up.wait(60)
            kb.remove("a.txt")
            return super().embed_passages(texts, **options)

    with opened(kb.folder, embedder=Removing()) as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_GROUP", 1)
        patch.setattr(pipeline, "ParserPool", Parser)
        report = other.add([tmp_path / "new.txt", tmp_path / "copy.txt"])
    assert report.added == 1
    assert [refusal.reason for refusal in report.skipped] == ["removed while it was being read"]
    assert "Add it again" in report.skipped[0].hint
    assert {d.name for d in kb.documents()} == {"lease.txt", "boiler.txt", "new.txt"}
    assert kb.verify() == []


def test_vectors_of_another_model_come_in_when_an_ingest_is_over(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    """Else those of the model before would be among them."""
    (tmp_path / "new.txt").write_text("New.")
    gate = Gate()
    other_model = FakeEmbedder(name="other", fingerprint="other", dimension=48)
    with opened(kb.folder, embedder=gate) as other, ThreadPoolExecutor(2) as threads:
        adding = threads.submit(other.add, tmp_path / "new.txt")
        assert gate.reached.wait(60)
        switching = threads.submit(kb.reindex, other_model)
        with pytest.raises(TimeoutError):
            switching.result(0.5)
        gate.open.set()
        assert adding.result(60).added == 1
        assert switching.result(60).chunks == 3
    with opened(kb.folder, embedder=other_model) as again:
        assert {vector.size for vector in state(again._catalog)["vectors"].values()} == {48}
        assert len(again.documents()) == 3
        assert again.verify() == []


# -- what comes in the place of a file -----------------------------------------------------------


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.symlink_to(path.parent.with_name("secret.txt"))


def a_terabyte(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


def nothing(path: Path) -> None:
    """It is gone."""


@pytest.mark.parametrize(
    ("come", "reason"),
    [
        (a_pipe, "not a regular file"),
        (a_link, "a link was put in its place"),
        (a_terabyte, "limit: the file has 1,099,512 MB, more than 512 MB"),
        (nothing, "cannot be opened: No such file or directory"),
    ],
)
def test_whatever_comes_in_the_place_of_a_file_is_told_and_not_waited_for(
    kb: KnowledgeBase, tmp_path: Path, come: Callable[[Path], None], reason: str
) -> None:
    """After it was found, and before it is its turn."""
    (tmp_path / "secret.txt").write_text("A canary sings.")
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.txt").write_text(f"Number {number}.")

    def exchange(progress: Progress) -> None:
        path = folder / "8.txt"
        if progress.files_done and path.read_bytes() == b"Number 8.":
            path.unlink()
            come(path)
            exchanged.append(path)

    exchanged: list[Path] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_GROUP", 1)
        report = kb.add(folder, progress=lambda p: None if exchanged else exchange(p))
    assert exchanged
    assert report.added == 8
    (refusal,) = (*report.skipped, *report.failed)
    assert (refusal.path, refusal.reason) == (str(folder / "8.txt"), reason)
    assert kb.search("canary", mode="lexical") == []


def test_a_file_that_grows_between_two_looks_is_taken_in_as_it_is_and_looked_at_again(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.txt").write_text(f"Number {number}.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_GROUP", 1)
        grow = iter([folder / "8.txt"])

        def hear(progress: Progress) -> None:
            if progress.files_done:
                for path in grow:
                    path.write_text("Number 8 has grown.")

        assert kb.add(folder, progress=hear).added == 9
    (page,) = kb.pages(kb.document("8.txt"))
    assert page.text == "Number 8 has grown."
    assert kb.original(kb.document("8.txt")) == folder / "8.txt"
    assert kb.add(folder).unchanged == 9
