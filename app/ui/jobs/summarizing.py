"""Summaries being made, each in a thread of its own, and those that were made.

Like an answer on its way, a summary outlives the run of the script that began it. It belongs to the
knowledge base: whoever opens it again, in whichever tab, finds it.
"""

import threading
import time
from typing import Literal

from quire.answering.summaries import Summary
from quire.background.failures import log_place
from quire.knowledge_base import KnowledgeBase

State = Literal["working", "done", "stopped", "failed"]


class SummaryJob:
    """One document being summarized. `summary` or `problem` is set once `done` is; `read` of
    `sections` are read so far."""

    def __init__(self, base: KnowledgeBase, document_id: str) -> None:
        self.document_id = document_id
        self.read = 0
        self.sections = 0
        self.summary: Summary | None = None
        self.problem: Exception | None = None
        self._base = base
        self._cancel = threading.Event()
        self._done = threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._run, name="quire-summary", daemon=True).start()

    @property
    def state(self) -> State:
        if not self._done.is_set():
            return "working"
        if self.problem is not None:
            return "failed"
        return "stopped" if self._cancel.is_set() else "done"

    @property
    def stopping(self) -> bool:
        return self._cancel.is_set()

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take, None before the first section is read."""
        if not self.read:
            return None
        elapsed = time.monotonic() - self._began
        return elapsed * (self.sections - self.read) / self.read

    def stop(self) -> None:
        """End soon, with what is read so far."""
        self._cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; returns whether it has come."""
        return self._done.wait(seconds)

    def _run(self) -> None:
        try:
            self.summary = self._base.summarize(
                self.document_id, progress=self._hear, cancel=self._cancel
            )
        except Exception as error:
            log_place(error)
            self.problem = error
        finally:
            self._done.set()

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
