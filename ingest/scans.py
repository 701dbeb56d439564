"""OCR of the pages of one document after the other, in processes of their own.

It goes on when all else is in, beside whatever is asked and added meanwhile. What was read of a
picture is kept in the catalog at once, by the picture's hash: a run that was stopped goes on with
the page after, and a picture that comes again is not read again. See `quire.ingest.pipeline` for
how a document comes to its pages.
"""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from quire.errors import Skipped, Unreadable
from quire.indexes import scans
from quire.indexes.catalog import Catalog
from quire.indexes.documents import displayed
from quire.ingest.limits import Limits
from quire.ingest.loaders.ocr.words import Recognition
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import Progress, UnreadFile
from quire.records import ParsedDocument

if TYPE_CHECKING:
    import apsw

Writing = Callable[[], contextlib.AbstractContextManager[None]]

_SCALE = 150 / 72  # pixels in a point: 150 dots to the inch
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
    """The SHA-256 of the picture of each page that was read, by the pages' numbers, and why others
    could not be read; they are those of a file whose content's hash begins with `content`.

    The words themselves stay in the catalog, since those of many scans would fill the memory.
    """

    content: str
    pictures: dict[int, bytes] = field(default_factory=dict)
    failed: dict[int, Unreadable] = field(default_factory=dict)

    def recognized(self, catalog: Catalog) -> dict[int, Recognition]:
        """What was read of each page, but for those of which the catalog has nothing any more."""
        with catalog.reading() as connection:
            known = {
                number: _known(connection, picture) for number, picture in self.pictures.items()
            }
        return {number: found for number, found in known.items() if found is not None}

    def told_in(self, document: ParsedDocument) -> ParsedDocument:
        """The document with a warning for each page that could not be read. It is not left to read:
        it would not be read another time either. Raises Unreadable where no text is left,
        Skipped where that is so because the catalog has forgotten what was read."""
        if self.failed and not document.blocks:
            raise next(iter(self.failed.values()))
        warnings = tuple(
            f"Page {number} cannot be read by OCR: {error.message}."
            for number, error in sorted(self.failed.items())
        )
        forgotten = tuple(number for number in document.unread if number in self.pictures)
        if forgotten and not document.blocks:
            raise Skipped("what OCR had read of it was forgotten meanwhile", hint="Add it again.")
        return replace(document, warnings=(*document.warnings, *warnings), unread=forgotten)


def _known(connection: "apsw.Connection", picture: bytes) -> Recognition | None:
    """What the catalog keeps of a picture."""
    known = scans.recognition(connection, picture)
    with contextlib.suppress(ValueError, TypeError, LookupError):
        return None if known is None else Recognition.of(known)
    return None


def read_ahead(
    files: Sequence[UnreadFile],
    catalog: Catalog,
    *,
    writing: Writing,
    workers: int,
    password: str | None,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
) -> dict[Path, ReadPages]:
    """What OCR reads of files, of those that are read to the end before `cancel` is set.

    Up to `workers` pages are read at the same time. `writing` holds the writer lock for a block.
    """
    found: dict[Path, ReadPages] = {}
    began, done, total = time.monotonic(), 0, sum(len(file.pages) for file in files)

    def tell(file: UnreadFile, read: int) -> None:
        seconds = time.monotonic() - began
        progress(
            Progress(
                files_done=len(found),
                files_total=len(files),
                pages=done + read,
                chunks=0,
                seconds=seconds,
                current=displayed(file.path),
                remaining=seconds * (total - done - read) / (done + read) if done + read else None,
                read=read,
                to_read=len(file.pages),
            )
        )

    with _Reader(catalog, writing=writing, workers=workers, password=password) as reader:
        for file in files:
            read = ReadPages(file.content)
            tell(file, 0)
            for count, (number, outcome) in enumerate(reader.pages(file, cancel=cancel), start=1):
                if isinstance(outcome, bytes):
                    read.pictures[number] = outcome
                else:
                    read.failed[number] = outcome
                tell(file, count)
            if cancel.is_set():
                break
            found[file.path] = read
            done += len(file.pages)
    return found


class _Reader:
    """Processes that draw pages and read them, and threads that wait for these."""

    def __init__(
        self, catalog: Catalog, *, writing: Writing, workers: int, password: str | None
    ) -> None:
        self._catalog = catalog
        self._hold_writer_lock = writing
        self._password = password
        self._drawing = ParserPool(workers)
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

    def pages(
        self, file: UnreadFile, *, cancel: threading.Event
    ) -> Iterator[tuple[int, bytes | Unreadable]]:
        """Each page of a file with the hash of its picture, of which all is kept then, or why it
        cannot be read, in the order in which they are done; it ends soon after `cancel` is set."""
        waiting = {self._threads.submit(self._page, file.path, n): n for n in file.pages}
        try:
            while waiting and not cancel.is_set():
                done, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()

    def _page(self, path: Path, number: int) -> bytes | Unreadable:
        """In a thread beside: reads one page, of which all is kept from now on."""
        try:
            png = self._drawing.render(path, page=number, scale=_SCALE, password=self._password)
            picture = hashlib.sha256(png).digest()
            with self._catalog.reading() as connection:
                if _known(connection, picture) is not None:
                    return picture
            found = self._reading.recognize(png)
        except Unreadable as error:
            return error
        if not self._ended.is_set():
            with self._hold_writer_lock(), self._catalog.writing() as connection:
                scans.keep_recognition(connection, picture, found.to_dict())
        return picture
