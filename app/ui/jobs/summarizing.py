"""Summaries being made, each in a thread of its own, and those that were made.

Like an answer on its way, a summary outlives the run of the script that began it. It belongs to the
knowledge base: whoever opens it again, in whichever tab, finds it.
"""

import threading
from typing import Literal

from quire.answering.summaries import Summary
from quire.background.jobs import Job
from quire.knowledge_base import KnowledgeBase

State = Literal["working", "done", "stopped", "failed"]


class SummaryJob(Job):
    """One document being summarized. `summary` or `problem` is set once `done` is; `read` of
    `sections` are read so far."""

    def __init__(self, base: KnowledgeBase, document_id: str) -> None:
        super().__init__()
        self.document_id = document_id
        self.read = 0
        self.sections = 0
        self.summary: Summary | None = None
        self._base = base
        self._begin("quire-summary")

    @property
    def state(self) -> State:
        if not self.done:
            return "working"
        if self.problem is not None:
            return "failed"
        return "stopped" if self.stopping else "done"

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take, None before the first section is read."""
        return self._remaining(self.read, self.sections)

    def _work(self) -> None:
        self.summary = self._base.summarize(
            self.document_id, progress=self._hear, cancel=self._cancel
        )

    def _hear(self, read: int, sections: int) -> None:
        self.read, self.sections = read, sections


class Summaries:
    """The summaries of one knowledge base, one of each document. A document's id is that of its
    content, so none is ever out of date."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._jobs: dict[str, SummaryJob] = {}

    def of(self, document_id: str) -> SummaryJob:
        """The summary of a document; begun where there is none, or none that was finished."""
        with self._lock:
            job = self._jobs.get(document_id)
            if job is None or job.state in ("stopped", "failed"):
                job = self._jobs[document_id] = SummaryJob(self._base, document_id)
            return job

    def known(self, document_id: str) -> SummaryJob | None:
        """The summary as far as it is, or None where none was begun."""
        with self._lock:
            return self._jobs.get(document_id)

    def stop(self) -> None:
        """End all soon."""
        with self._lock:
            for job in self._jobs.values():
                job.stop()
