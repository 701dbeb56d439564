"""Office documents as pages, printed by LibreOffice where it is installed, and where words stand
on them."""

import os
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from quire.errors import QuireError
from quire.ingest.limits import Limits
from quire.ingest.parsing import office
from quire.ingest.parsing.pool import ParserPool
from quire.records import Document, PageText

_PATIENCE = 8.0  # seconds that a reader waits for pages; until they are there, the text is shown
_KEPT = 16  # documents whose pages are kept


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as a PDF file, with the text of its pages as it is read from there."""

    path: Path
    pages: tuple[PageText, ...] = field(repr=False)


class Prints:
    """The documents that were printed, each once while it is kept: by the hash of its content, in
    memory files, which are gone when the process ends, however it does. One is printed at a time.
    """

    def __init__(self, parsers: ParserPool, *, limits: Limits | None = None) -> None:
        self._parsers = parsers
        self._limits = limits or Limits()
        self._guard = threading.Lock()
        self._made: OrderedDict[str, Future[Printed]] = OrderedDict()
        self._work = ThreadPoolExecutor(1, thread_name_prefix="quire-print")
        self._ended = threading.Event()

    def of(self, document: Document, path: Path, *, patience: float = _PATIENCE) -> Printed | None:
        """The pages of a document whose file is at `path`; None where LibreOffice is missing, could
        not read it, or takes longer than `patience` seconds: it goes on, and they are there later.
        """
        if document.media_type not in office.ENDINGS or office.program() is None:
            return None
        with self._guard:
            made = self._made.get(document.content_hash)
            if made is None:
                if self._ended.is_set():
                    return None
                made = self._work.submit(self._print, document, path)
                self._made[document.content_hash] = made
                while len(self._made) > _KEPT:
                    _, oldest = self._made.popitem(last=False)
                    oldest.add_done_callback(_forget)
            self._made.move_to_end(document.content_hash)
        try:
            return made.result(patience)
        except (QuireError, OSError, NotYet):
            return None

    def close(self) -> None:
        """End what is under way, and delete the pages."""
        self._ended.set()
        self._work.shutdown(cancel_futures=True)
        with self._guard:
            while self._made:
                self._made.popitem()[1].add_done_callback(_forget)

    def _print(self, document: Document, path: Path) -> Printed:
        with TemporaryDirectory(prefix="quire-pages-") as folder:
            to = Path(folder) / "printed.pdf"
            office.convert(path, document.media_type, to, limits=self._limits, ended=self._ended)
            pages = tuple(self._parsers.parse(to).pages)
            kept = os.memfd_create("quire-pages")
            with os.fdopen(kept, "wb", closefd=False) as file:
                file.write(to.read_bytes())
        # subtle: a path to the memory file, which parsers of the same user can open
        return Printed(Path(f"/proc/{os.getpid()}/fd/{kept}"), pages)


def _forget(made: Future[Printed]) -> None:
    """Give the memory of a printed document back."""
    if not made.cancelled() and made.exception() is None:
        os.close(int(made.result().path.name))


def place(text: str, start: int, end: int, *, printed: str) -> tuple[int, int] | None:
    """Where characters [start, end) of a document's text stand in its text as `printed`; None where
    they don't. White space, the bars between cells and the signs before items may differ. Words
    that stand there several times are told apart by their order.

    >>> place("a | b\\n• a b", 8, 11, printed="a b\\no a  b")
    (6, 10)
    """
    looked_for, _ = _bare(text[start:end])
    said, places = _bare(printed)
    if not looked_for:
        return None
    before, _ = _bare(text[:start])
    at = -1
    for _ in range(before.count(looked_for) + 1):
        at = said.find(looked_for, at + 1)
        if at < 0:
            return None
    return places[at], places[at + len(looked_for) - 1] + 1


def _bare(text: str) -> tuple[str, list[int]]:
    """The letters, digits and signs of a text that say something, and where each stands."""
    kept = [at for at, sign in enumerate(text) if not sign.isspace() and sign not in "|•◦▪–-*"]
    return "".join(text[at] for at in kept), kept
