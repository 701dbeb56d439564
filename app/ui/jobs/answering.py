"""An answer on its way, made in a thread of its own.

The script that draws a page ends whenever the reader clicks somewhere. The answer must not: it goes
on, is stored, and the page is drawn around whatever of it is there.
"""

import dataclasses
import threading
import time
from dataclasses import dataclass

from quire.answering.question import Question
from quire.background.failures import log_place
from quire.knowledge_base import KnowledgeBase
from quire.records import Answer, Draft, Sentence, Step


@dataclass(frozen=True, slots=True)
class Written:
    """An answer on its way: the `text` that was checked, its `sentences` where they are known, and
    the `tail` that was written since and is not checked."""

    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    tail: str = ""


class AnswerJob:
    """One question being answered. `answer` or `problem` is set once `done` is.

    `draft` holds quotes to show until something is `written`, or is None. `steps` are what a model
    has looked up so far. `stopped` says that the
    reader did not wait for the end.
    """

    def __init__(self, base: KnowledgeBase, question: Question) -> None:
        self.steps: tuple[Step, ...] = ()
        self.question = dataclasses.replace(
            question, on_draft=self._hear_draft, on_step=self._hear_step
        )
        self.draft: Draft | None = None
        self.written = Written()
        self.answer: Answer | None = None
        self.problem: Exception | None = None
        self.stopped = False
        self._base = base
        self._done = threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._run, name="quire-answer", daemon=True).start()

    @property
    def seconds(self) -> float:
        """Since the question was asked."""
        return time.monotonic() - self._began

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def stopping(self) -> bool:
        return self.question.cancel.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; returns whether it has come."""
        return self._done.wait(seconds)

    def stop(self) -> None:
        """End the answer soon and keep what is written."""
        self.stopped = not self.done
        self.question.cancel.set()

    def _run(self) -> None:
        try:
            for piece in self._base.stream(self.question):
                if isinstance(piece, Answer):
                    self.answer = piece
                else:
                    self.written = dataclasses.replace(
                        self.written, text=self.written.text + piece, tail=""
                    )
        except Exception as error:
            log_place(error)
            self.problem = error
        finally:
            self._done.set()

    def _hear_step(self, step: Step) -> None:
        self.steps = (*self.steps, step)

    def _hear_draft(self, draft: Draft) -> None:
        if draft.follows:
            self.written = Written(self.written.text, draft.sentences, draft.text)
        else:
            self.draft = draft
