"""The chat model of now, and those before it for as long as something is written by them."""

import contextlib
import threading
from collections.abc import Iterator

from quire.models.opening import LateModel


class Succession:
    """Chat models of which each takes the place of the one before. Safe to use from several
    threads."""

    def __init__(self, first: LateModel) -> None:
        self.now = first
        self._before: list[LateModel] = []  # to be freed, once nobody is at work
        self._at_work = 0
        self._lock = threading.Lock()

    def replace(self, model: LateModel) -> None:
        """Have this model from now on. The one before is freed when what it is at is done."""
        with self._lock:
            self._before.append(self.now)
            self.now = model
        self._free()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """No model is freed while the block lasts."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
            self._free()

    def _free(self) -> None:
        with self._lock:
            if self._at_work:
                return
            freed, self._before = self._before, []
        for model in freed:
            model.close()

    def close(self) -> None:
        """Free them all."""
        with self._lock:
            models, self._before = [*self._before, self.now], []
        for model in models:
            model.close()
