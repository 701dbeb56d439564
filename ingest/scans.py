"""OCR of the pages of one document after the other, page by page, in processes of their own.

What was read of a picture is kept in the catalog at once, by the picture's hash: a run that was
stopped goes on with the page after, and a picture that comes again is not read again.
"""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from quire.errors import Unreadable
from quire.indexes import scans
from quire.indexes.catalog import Catalog
from quire.ingest.limits import Limits
from quire.ingest.loaders.ocr.words import Recognition
from quire.ingest.parsing.pool import ParserPool
from quire.records import ParsedDocument

Writing = Callable[[], contextlib.AbstractContextManager[None]]

_DOTS = 150 / 72  # pixels in a point
_LOOK = 0.2  # seconds between two looks, while a page is read, whether to go on
LIMITS = Limits(
    wall_seconds=180.0,
    cpu_seconds=90.0,  # a page takes 4 to 8, and one that is tried turned four times that
    memory_bytes=1_600_000_000,  # address space; of memory a page took 860 MB at most
    resident_bytes=1_100_000_000,
)
"""Budgets for one page, for the process that reads it."""
MEMORY = 1_200_000_000
"""Bytes of memory that such a process takes with its networks and a page."""


def is_there() -> bool:
    """Whether OCR is installed."""
    return find_spec("rapidocr") is not None


@dataclass(frozen=True, slots=True)
class ReadPages:
    """What was read of pages, by their numbers, and why others could not be read."""

    recognized: dict[int, Recognition]
    failed: dict[int, Unreadable]

    def told_in(self, document: ParsedDocument) -> ParsedDocument:
        """The document with a warning for each page that could not be read, and with none left to
        read: those would not be read another time either. Raises Unreadable where no text is left.
        """
        if self.failed and not document.blocks:
            raise next(iter(self.failed.values()))
        warnings = tuple(
            f"Page {number} cannot be read by OCR: {error.message}."
            for number, error in sorted(self.failed.items())
        )
        return replace(document, warnings=(*document.warnings, *warnings), unread=())


class ScanReader:
    """Reads with up to `workers` pages at the same time. `hold_lock` holds the writer lock for a
    block."""

    def __init__(
        self, catalog: Catalog, *, hold_lock: Writing, workers: int = 1, limits: Limits
    ) -> None:
        self._catalog = catalog
        self._hold_lock = hold_lock
        self._drawing = ParserPool(workers, limits=limits)
        self._reading = ParserPool(workers, limits=LIMITS)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="quire-ocr")
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in (self._drawing, self._reading):
            pool.close()  # ends a page at work, so that stopping does not wait for it
        self._threads.shutdown(wait=True)

    def read(
        self,
        path: Path,
        pages: Sequence[int],
        *,
        password: str | None,
        look: Callable[[], None],
        tell: Callable[[int], None],
    ) -> ReadPages:
        """Read pages of a file. `tell` is given how many are done, `look` is called now and then
        and may raise to end the work."""
        found = ReadPages({}, {})
        waiting = {self._threads.submit(self._page, path, n, password): n for n in pages}
        try:
            tell(0)
            while waiting:
                done, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
                look()
                for future in done:
                    number = waiting.pop(future)
                    try:
                        found.recognized[number] = future.result()
                    except Unreadable as error:
                        found.failed[number] = error
                if done:
                    tell(len(pages) - len(waiting))
        finally:
            for future in waiting:
                future.cancel()
        return found

    def _page(self, path: Path, number: int, password: str | None) -> Recognition:
        """In a thread beside: what is on one page."""
        png = self._drawing.render(path, page=number, scale=_DOTS, password=password)
        picture = hashlib.sha256(png).digest()
        with self._catalog.reading() as connection:
            known = scans.recognition(connection, picture)
        if known is not None:
            with contextlib.suppress(ValueError, TypeError, LookupError):
                return Recognition.of(known)
        found = self._reading.recognize(png)
        if not self._ended.is_set():
            with self._hold_lock(), self._catalog.writing() as connection:
                scans.keep_recognition(connection, picture, found.to_dict())
        return found
