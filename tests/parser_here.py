"""A parser in this process."""

from collections.abc import Callable
from pathlib import Path

from quire.ingest import loaders
from quire.ingest.limits import Limits
from quire.ingest.loaders.opening import Within, read_bytes
from quire.ingest.parsing.pool import Bring
from quire.records import ParsedDocument


class ParserHere:
    """A parser in this process: what is tested here is not its isolation, and starting one takes
    longer than such a test."""

    def __init__(self, workers: int = 1, *, limits: Limits) -> None:
        """Takes what a ParserPool takes."""
        self._limits = limits

    def __enter__(self) -> "ParserHere":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to end."""

    def parse(
        self,
        path: Path,
        *,
        within: Within,
        password: str | None,
        hear_hash: Callable[[str], None],
        bring: Bring,
    ) -> ParsedDocument:
        data = read_bytes(path, limits=self._limits, within=within)
        hear_hash(loaders.hash_of(data))
        document = loaders.parse(data, path, password=password, limits=self._limits)
        return bring(len(document.text), lambda: document)
