"""An answer on its way, made in a thread of its own.

The script that draws a page ends whenever the reader clicks somewhere. The answer must not: it goes
on, is stored, and the page is drawn around whatever of it is there.
"""

import dataclasses
from dataclasses import dataclass

from quire.answering.question import Question
from quire.background.jobs import Job
from quire.knowledge_base import KnowledgeBase
from quire.records import Answer, Draft, Sentence, Step


@dataclass(frozen=True, slots=True)
class Written:
    """An answer on its way: the `text` that was checked, its `sentences` where they are known, and
    the `tail` that was written since and is not checked."""

    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    tail: str = ""


class AnswerJob(Job):
    """One question being answered. `answer` or `problem` is set once `done` is.

    `draft` holds quotes to show until something is `written`, or is None. `steps` are what a model
    has looked up so far. `stopped` says that the
    reader did not wait for the end.
    """

    def __init__(self, base: KnowledgeBase, question: Question) -> None:
        super().__init__(cancel=question.cancel)
        self.steps: tuple[Step, ...] = ()
        self.question = dataclasses.replace(
            question, on_draft=self._hear_draft, on_step=self._hear_step
        )
        self.draft: Draft | None = None
        self.written = Written()
        self.answer: Answer | None = None
        self.stopped = False
        self._base = base
        self._begin("quire-answer")

    def stop(self) -> None:
        """End the answer soon and keep what is written."""
        self.stopped = not self.done
        super().stop()

    def _work(self) -> None:
        for piece in self._base.stream(self.question):
            if isinstance(piece, Answer):
                self.answer = piece
            else:
                self.written = dataclasses.replace(
                    self.written, text=self.written.text + piece, tail=""
                )

    def _hear_step(self, step: Step) -> None:
        self.steps = (*self.steps, step)

    def _hear_draft(self, draft: Draft) -> None:
        if draft.follows:
            self.written = Written(self.written.text, draft.sentences, draft.text)
        else:
            self.draft = draft
