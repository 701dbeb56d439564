"""Work in a thread of its own, which whoever began it looks at, waits for and stops."""

import threading
import time
from abc import ABC, abstractmethod

from quire.background.failures import log_place


class Job(ABC):
    """One piece of work, which goes on until it is done or was told to stop. `problem` is set where
    it failed, once `done` is.

    A kind of work says in `_work` what it does, and heeds `_cancel` there. It calls `_begin` when
    all that its work needs is set.
    """

    def __init__(self, *, cancel: threading.Event | None = None) -> None:
        self.problem: Exception | None = None
        self._cancel = cancel or threading.Event()
        self._done = threading.Event()
        self._began = time.monotonic()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._cancel.is_set()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def stop(self) -> None:
        """End soon, with what there is so far."""
        self._cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; returns whether it has come."""
        return self._done.wait(seconds)

    def _begin(self, name: str) -> None:
        """Start the thread, which is called so."""
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            log_place(error)
            self.problem = error
        finally:
            self._done.set()

    @abstractmethod
    def _work(self) -> None: ...

    def _remaining(self, done: int, total: int) -> float | None:
        """Seconds that the rest will take if it goes on so, None before the first is done."""
        return self.seconds * (total - done) / done if done else None
