"""A parser in this process."""

from pathlib import Path

from quire.ingest import loaders
from quire.records import ParsedDocument


class ParserHere:
    """A parser in this process: what is tested here is not its isolation, and starting one takes
    longer than such a test."""

    def __init__(self, *, workers: int) -> None:
        """Takes what a ParserPool takes."""

    def __enter__(self) -> "ParserHere":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to end."""

    def parse(self, path: Path, *, password: str | None = None) -> ParsedDocument:
        return loaders.load(path, password=password)
