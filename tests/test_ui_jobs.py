"""Answers and files on their way: they go on by themselves, and stop when told."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from quire import KnowledgeBase
from quire.answering.question import Question
from quire.background.ingesting import Ingests, Intake
from quire.errors import Unreadable
from quire.ingest.report import IngestReport, Progress, UnreadFile
from quire.models.fakes import FakeChatModel, FakeEmbedder, FakeReply
from quire.models.protocols import Message
from quire.records import Draft
from quire.ui.jobs.answering import AnswerJob

FACT = "The gate of the observatory opens at six in the morning."


class SlowReply(FakeReply):
    """Waits in the middle of its second sentence until it is told to stop."""

    def __next__(self) -> str:
        piece = super().__next__()
        if piece.strip() == "closes":
            assert self._cancel is not None
            assert self._cancel.wait(30)
        return piece


class SlowModel(FakeChatModel):
    def stream(self, messages: Sequence[Message], **options: Any) -> FakeReply:
        reply = self._reply
        assert isinstance(reply, str)
        return SlowReply(
            reply, prompt_tokens=9, max_tokens=options["max_tokens"], cancel=options["cancel"]
        )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    model = SlowModel(f"{FACT} Then it closes again at the end of the very same day.")
    with KnowledgeBase.open(tmp_path_factory.mktemp("jobs") / "kb", model=model) as base:
        base.add_upload("gate.txt", FACT.encode())
        yield base


def test_a_stopped_answer_keeps_what_was_written(base: KnowledgeBase) -> None:
    job = AnswerJob(base, Question("When does the gate of the observatory open?"))
    for _ in range(600):
        if job.written.text or job.wait(0.05):
            break
    assert not job.done
    job.stop()
    assert job.wait(5)
    assert job.problem is None
    assert job.answer is not None
    assert FACT in job.answer.text
    assert base.conversations.turns(job.answer.conversation)[0].answer["text"] == job.answer.text


def test_of_an_answer_on_its_way_what_is_checked_is_told_from_what_is_not(
    base: KnowledgeBase,
) -> None:
    job = AnswerJob(base, Question("When does the gate of the observatory open?"))
    job.stop()
    assert job.wait(30)
    hear = job.question.on_draft
    before = job.written.text
    hear(Draft("", "1. The gate", (), follows=True))
    assert (job.written.text, job.written.tail) == (before, "1. The gate")
    hear(Draft("", "quotes", ()))
    assert job.draft is not None
    assert (job.draft.text, job.written.tail) == ("quotes", "1. The gate")


def test_files_are_taken_in_one_after_the_other_and_a_bad_one_stops_nothing(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    ingests = Ingests(base)
    ingests.add(
        [
            Intake("a.txt", 20, content=b"The first of the files."),
            Intake("gone.txt", 20, path=tmp_path / "gone.txt"),
            Intake("b.txt", 20, content=b"The second of the files."),
        ]
    )
    assert ingests.wait(60)
    assert [item.stage for item in ingests.items] == ["done", "failed", "done"]
    assert isinstance(ingests.items[1].problem, Unreadable)
    assert ingests.settled == 3
    assert all(item.content is None for item in ingests.items)
    ingests.clear()
    assert ingests.items == []


def test_stopping_drops_what_waits_and_later_files_are_taken_in(base: KnowledgeBase) -> None:
    ingests = Ingests(base)
    ingests.add([Intake(f"{n}.txt", 9, content=b"waiting file %d" % n) for n in range(40)])
    ingests.stop()
    assert ingests.wait(60)
    assert "stopped" in [item.stage for item in ingests.items]
    ingests.add([Intake("later.txt", 9, content=b"A later file.")])
    assert ingests.wait(60)
    assert [item.stage for item in ingests.items] == ["done"]


def test_what_could_not_be_read_stays_on_a_list_until_it_can(
    tmp_path: Path, parser_here: None
) -> None:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        ingests = Ingests(base)
        ingests.add([Intake("a.txt", 3, content=b""), Intake("b.txt", 9, content=b"The lamp.")])
        assert ingests.wait(60)
        (listed,) = ingests.unread.all()
        assert (listed.name, listed.place) == ("a.txt", "")
        assert listed.reason
        assert [one.name for one in Ingests(base).unread.all()] == ["a.txt"]  # after a restart
        ingests.add([Intake("a.txt", 9, content=b"The gate.")])
        assert ingests.wait(60)
        assert ingests.unread.all() == []

        folder = tmp_path / "papers"
        folder.mkdir()
        (folder / "c.txt").write_bytes(b"")
        (folder / "d.txt").write_text("The door is green.")
        ingests.add([Intake(str(folder), 1, path=folder)])
        assert ingests.wait(60)
        assert [one.place for one in ingests.unread.all()] == [str(folder / "c.txt")]
        (folder / "c.txt").write_text("The wall is blue.")
        ingests.add([Intake(str(folder), 1, path=folder)])
        assert ingests.wait(60)
        assert ingests.unread.all() == []
        ingests.close()


def test_the_time_left_goes_by_bytes_and_by_pages_that_ocr_has_read(base: KnowledgeBase) -> None:
    ingests = Ingests(base)
    scan = UnreadFile(Path("scan.pdf"), pages=(1, 2, 3, 4), content="00")
    report = IngestReport(0, 0, 0, 0, (), (), (), 0, 1.0, to_read=(scan,))
    heard = Progress(0, 1, 0, 0, 5.0, "a.pdf", 12.0, read=2, to_read=8)
    reading = Intake("a.pdf", 10, stage="reading", heard=heard)
    ingests._items = [reading, Intake("b.pdf", 10, stage="scanned", report=report)]
    assert ingests.remaining() == pytest.approx(20.0)  # 6 pages and 4, two seconds each
    ingests._items = [Intake("b.pdf", 10, stage="scanned", report=report)]
    assert ingests.remaining() == pytest.approx(8.0)
    assert Ingests(base).remaining() == 0


def test_the_time_left_follows_a_machine_that_becomes_slower(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("quire.background.ingesting.time.monotonic", lambda: clock[0])
    ingests = Ingests(base)
    item = Intake("a.txt", 1000, stage="working")
    ingests._items = [item]
    for second in range(1, 11):  # ten seconds at 40 bytes, then thirty at 10
        clock[0], item.part = 100.0 + second, 0.04 * second
        ingests.remaining()
    for second in range(1, 31):
        clock[0], item.part = 110.0 + second, 0.4 + 0.01 * second
        left = ingests.remaining()
    assert left == pytest.approx(30.0, rel=0.05)  # 300 bytes at 10, and not at 18
