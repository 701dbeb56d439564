"""Files being taken in, one after the other, in a thread of the process.

The work belongs to the knowledge base and not to a browser tab: it goes on when the tab is closed,
and every tab shows it.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from quire.ingest.report import IngestReport, Progress
from quire.knowledge_base import KnowledgeBase
from quire.ui.answering import log_place

Stage = Literal["waiting", "working", "done", "failed", "stopped"]


@dataclass(slots=True)
class Intake:
    """One file, or a folder of them, on its way in. `content` holds an upload's bytes until it is
    done; otherwise it is read from `path`. `password` opens it if it is encrypted, and is forgotten
    when it is done. `part` is how much is done, from 0 to 1; `heard` is what an ingest told."""

    name: str
    size: int
    content: bytes | None = field(default=None, repr=False)
    path: Path | None = None
    password: str | None = field(default=None, repr=False)
    stage: Stage = "waiting"
    part: float = 0.0
    heard: Progress | None = None
    report: IngestReport | None = None
    problem: Exception | None = None


class Ingests:
    """The files of one knowledge base that wait, are worked on, or are done and not yet cleared."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._items: list[Intake] = []
        self._worker: threading.Thread | None = None
        self._cancel = threading.Event()
        self._heard: tuple[float, float] | None = None  # when, and bytes done by then
        self._settled = 0

    @property
    def items(self) -> list[Intake]:
        with self._lock:
            return list(self._items)

    @property
    def active(self) -> bool:
        return any(item.stage in ("waiting", "working") for item in self.items)

    @property
    def settled(self) -> int:
        """How many files were finished since the process began."""
        return self._settled

    def add(self, items: list[Intake]) -> None:
        """Queue files; the work begins at once. What was done before is forgotten."""
        with self._lock:
            if self._cancel.is_set():
                self._cancel = threading.Event()
            if self._worker is None:
                self._items.clear()
                self._heard = None
            self._items += items
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="quire-intake", daemon=True)
                self._worker.start()

    def stop(self) -> None:
        """End the work soon; what is taken in stays, what waits is dropped."""
        with self._lock:
            self._cancel.set()
            for item in self._items:
                if item.stage == "waiting":
                    _settle(item, "stopped")

    def clear(self) -> None:
        """Forget what is done."""
        with self._lock:
            self._items = [i for i in self._items if i.stage in ("waiting", "working")]

    def remaining(self) -> float | None:
        """Seconds that the rest will take, None while unknown.

        Goes by the bytes done since the first progress was heard: before it, models are loaded.
        """
        items = [item for item in self.items if item.stage != "stopped"]
        total = sum(item.size for item in items)
        done = sum(item.size * item.part for item in items)
        with self._lock:
            if done and self._heard is None:
                self._heard = (time.monotonic(), done)
            if self._heard is None:
                return None
            since, before = self._heard
        elapsed = time.monotonic() - since
        if elapsed < 1 or done - before < 0.02 * total:
            return None
        return elapsed * (total - done) / (done - before)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to do, at most so long; returns whether that is so."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)
        return not self.active

    def _run(self) -> None:
        while (item := self._next()) is not None:
            try:
                report = self._take_in(item)
            except Exception as error:
                log_place(error)
                item.problem = error
                _settle(item, "failed")
            else:
                item.report = report
                refused = report.failed or report.skipped
                stopped = report.cancelled and bool(refused)
                _settle(item, "stopped" if stopped else "failed" if report.failed else "done")
            self._settled += 1

    def _next(self) -> Intake | None:
        with self._lock:
            for item in self._items:
                if item.stage == "waiting":
                    item.stage = "working"
                    return item
            self._worker = None
            return None

    def _take_in(self, item: Intake) -> IngestReport:
        began, cancel = time.monotonic(), self._cancel

        def hear(progress: Progress) -> None:
            item.heard = progress
            if progress.remaining is not None:
                elapsed = time.monotonic() - began
                item.part = elapsed / (elapsed + progress.remaining + 1e-9)

        if item.content is not None:
            return self._base.add_upload(
                item.name, item.content, password=item.password, progress=hear, cancel=cancel
            )
        return self._base.add(
            item.path or item.name,
            verify_content=True,
            password=item.password,
            progress=hear,
            cancel=cancel,
        )


def _settle(item: Intake, stage: Stage) -> None:
    item.stage = stage
    item.part = 1.0
    item.content = item.password = None
