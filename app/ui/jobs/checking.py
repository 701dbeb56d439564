"""A text being held against the documents, in a thread of its own."""

import tempfile
import threading
import time
from pathlib import Path

from quire.background.failures import log_place
from quire.checked import CheckedText
from quire.indexes.folder.originals import safe_name
from quire.indexes.scope import Scope
from quire.knowledge_base import KnowledgeBase


class CheckJob:
    """One text being checked: a pasted `text`, or the `content` of a file of some name. `checked`
    or `problem` is set once `done` is; of `statements`, `seen` are looked at so far."""

    def __init__(
        self,
        base: KnowledgeBase,
        text: str = "",
        *,
        name: str = "",
        content: bytes | None = None,
        password: str | None = None,
        scope: Scope | None = None,
    ) -> None:
        self.text = text
        self.name = name
        self.seen = 0
        self.statements = 0
        self.checked: CheckedText | None = None
        self.problem: Exception | None = None
        self._base = base
        self._given = (content, password)
        self._scope = scope
        self._cancel = threading.Event()
        self._done = threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._run, name="quire-check", daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def stopping(self) -> bool:
        return self._cancel.is_set() and not self.done

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take, None before the first statement is looked at."""
        if not self.seen:
            return None
        return (time.monotonic() - self._began) * (self.statements - self.seen) / self.seen

    def stop(self) -> None:
        """End soon, with what was looked at."""
        self._cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; returns whether it has come."""
        return self._done.wait(seconds)

    def _run(self) -> None:
        try:
            self.checked = self._check()
        except Exception as error:
            log_place(error)
            self.problem = error
        finally:
            self._given = (None, None)  # up to half a gigabyte, and a password
            self._done.set()

    def _check(self) -> CheckedText:
        content, password = self._given
        if content is None:
            return self._base.check(
                self.text,
                name=self.name,
                scope=self._scope,
                progress=self._hear,
                cancel=self._cancel,
            )
        with tempfile.TemporaryDirectory(prefix="quire-check-") as folder:
            path = Path(folder) / safe_name(self.name)
            path.write_bytes(content)
            return self._base.check_file(
                path,
                scope=self._scope,
                password=password,
                progress=self._hear,
                cancel=self._cancel,
            )

    def _hear(self, seen: int, statements: int) -> None:
        self.seen, self.statements = seen, statements
