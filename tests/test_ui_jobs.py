"""Answers and files on their way: they go on by themselves, and stop when told."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from quire import KnowledgeBase
from quire.answering.question import Question
from quire.background.ingesting import Ingests, Intake
from quire.errors import Unreadable
from quire.models.fakes import FakeChatModel, FakeReply
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
