"""Models being downloaded, each in a thread of its own, and the measuring of this machine.

They belong to the process, not to a knowledge base: there is one models folder. Whatever ends a
download, what has arrived stays, and the same one goes on there.
"""

import contextlib
import threading
from typing import Literal

from quire.background.failures import log_place
from quire.background.jobs import Job
from quire.errors import DownloadStopped
from quire.models.library import Models
from quire.models.recommending import Candidate
from quire.models.store.downloads import DownloadProgress
from quire.models.store.pulling import Pulled

State = Literal["working", "done", "stopped", "failed"]


class ModelDownload(Job):
    """One model on its way. `pulled` or `problem` is set once it has ended."""

    def __init__(self, models: Models, reference: str) -> None:
        super().__init__()
        self.reference = reference
        self.progress: DownloadProgress | None = None
        self.pulled: Pulled | None = None
        self._models = models
        self._begin("quire-download")

    @property
    def state(self) -> State:
        if not self.done:
            return "working"
        if self.problem is not None:
            return "failed"
        return "done" if self.pulled is not None else "stopped"

    def _work(self) -> None:
        with contextlib.suppress(DownloadStopped):
            self.pulled = self._models.pull(
                self.reference, progress=self._hear, cancel=self._cancel
            )

    def _hear(self, progress: DownloadProgress) -> None:
        self.progress = progress


class Downloads:
    """All downloads of the process, by what they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, ModelDownload] = {}

    @property
    def active(self) -> bool:
        return any(job.state == "working" for job in self.all())

    def all(self) -> list[ModelDownload]:
        """Those that go on or have ended, the first begun first."""
        with self._lock:
            return [*self._jobs.values()]

    def begin(self, models: Models, reference: str) -> ModelDownload:
        """Download a model, or go on with it; one that is on its way stays as it is."""
        with self._lock:
            job = self._jobs.get(reference)
            if job is None or job.state != "working":
                job = self._jobs[reference] = ModelDownload(models, reference)
            return job

    def of(self, reference: str) -> ModelDownload | None:
        """The download as far as it is, or None where none was begun."""
        with self._lock:
            return self._jobs.get(reference)

    def forget(self, reference: str) -> None:
        """Forget how a download ended."""
        with self._lock:
            job = self._jobs.get(reference)
            if job is not None and job.state != "working":
                del self._jobs[reference]

    def stop(self) -> None:
        """End all soon."""
        for job in self.all():
            job.stop()


class Measuring:
    """Measures this machine once, for the models that it might run. What each would do is `found`,
    also where other programs were in the way, which `Models` does not remember."""

    def __init__(self) -> None:
        self.found: tuple[Candidate, ...] = ()
        self.problem: Exception | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def working(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def begin(self, models: Models) -> None:
        """Measure, unless it is at it."""
        with self._lock:
            if self.working:
                return
            self.problem = None
            self._thread = threading.Thread(
                target=self._run, args=(models,), name="quire-measure", daemon=True
            )
            self._thread.start()

    def _run(self, models: Models) -> None:
        try:
            self.found = models.candidates(measure=True)
        except Exception as error:
            log_place(error)
            self.problem = error
