"""A text being held against the documents, in a thread of its own."""

import tempfile
from pathlib import Path

from quire.background.jobs import Job
from quire.checked import CheckedText
from quire.indexes.folder.originals import safe_name
from quire.indexes.scope import Scope
from quire.knowledge_base import KnowledgeBase


class CheckJob(Job):
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
        super().__init__()
        self.text = text
        self.name = name
        self.seen = 0
        self.statements = 0
        self.checked: CheckedText | None = None
        self._base = base
        self._given = (content, password)
        self._scope = scope
        self._begin("quire-check")

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take, None before the first statement is looked at."""
        return self._remaining(self.seen, self.statements)

    def _work(self) -> None:
        try:
            self.checked = self._check()
        finally:
            self._given = (None, None)  # up to half a gigabyte, and a password

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
