"""A knowledge base being brought over to another embedding model, or read again by another version
of Quire, in a thread.

Meanwhile what there was answers. What is embedded stays, however it ends: begun again with the same
model, it goes on.
"""

import threading
from collections.abc import Callable
from typing import Literal

from quire.background.failures import log_place
from quire.ingest.reindexing import ReindexProgress, ReindexReport
from quire.ingest.report import Progress, ReadAgain
from quire.knowledge_base import KnowledgeBase

State = Literal["idle", "working", "done", "stopped", "failed"]


class Reindexing:
    """The run of one knowledge base, one at a time. `embedder` is the model that it was begun with
    last, or "" where files are read again; `progress` is how far it is, `report` or `problem` how
    it ended."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.embedder = ""
        self.progress: ReindexProgress | Progress | None = None
        self.report: ReindexReport | ReadAgain | None = None
        self.problem: Exception | None = None
        self._base = base
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._worker: threading.Thread | None = None

    @property
    def state(self) -> State:
        if self._worker is None:
            return "idle"
        if self._worker.is_alive():
            return "working"
        if self.problem is not None:
            return "failed"
        return "stopped" if self.report is None or self.report.cancelled else "done"

    @property
    def stopping(self) -> bool:
        return self._cancel.is_set() and self.state == "working"

    def begin(self, embedder: str, *, then: Callable[[], object] = lambda: None) -> None:
        """Embed all chunks anew with the model of this name, unless a run is at work; `then` is
        called in the same thread once the new vectors answer."""

        def embed() -> ReindexReport:
            return self._base.reindex(embedder, progress=self._hear, cancel=self._cancel)

        self._begin(embed, embedder=embedder, then=then)

    def begin_reading(self) -> None:
        """Have the files read again that another version has read, unless a run is at work."""

        def read() -> ReadAgain:
            return self._base.read_again(progress=self._hear, cancel=self._cancel)

        self._begin(read, embedder="", then=lambda: None)

    def _begin(
        self,
        work: Callable[[], ReindexReport | ReadAgain],
        *,
        embedder: str,
        then: Callable[[], object],
    ) -> None:
        with self._lock:
            if self.state == "working":
                return
            self._cancel = threading.Event()
            self.embedder, self.progress = embedder, None
            self.report = self.problem = None
            self._worker = threading.Thread(
                target=self._run, args=(work, then), name="quire-reindex", daemon=True
            )
            self._worker.start()

    def stop(self) -> None:
        """End soon; the old model goes on answering."""
        self._cancel.set()

    def clear(self) -> None:
        """Forget how the last run ended."""
        with self._lock:
            if self.state != "working":
                self._worker = None

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; returns whether it has come."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)
        return self.state != "working"

    def _run(
        self, work: Callable[[], ReindexReport | ReadAgain], then: Callable[[], object]
    ) -> None:
        try:
            self.report = work()
            if not self.report.cancelled:
                then()
        except Exception as error:
            log_place(error)
            self.problem = error

    def _hear(self, progress: ReindexProgress | Progress) -> None:
        self.progress = progress
