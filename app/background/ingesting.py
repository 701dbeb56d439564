"""Files being taken in, one after the other, in a thread of the process.

Pages that only OCR can read come after all files: what is added meanwhile goes before them.

The work belongs to the knowledge base and not to a browser tab: it goes on when the tab is closed,
and every tab shows it. What waits is kept on the disk, and is gone on with when the process ended
before it was done.
"""

import bisect
import contextlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from quire.background.failures import log_place
from quire.errors import QuireError, Unreadable
from quire.indexes.folder.unread import UnreadFiles
from quire.indexes.folder.waiting import Waiting, WaitingRoom
from quire.ingest.report import IngestReport, Progress
from quire.knowledge_base import KnowledgeBase

_ON_ITS_WAY = ("waiting", "working", "scanned", "reading")
_THERE = ("same content as", "not reached")  # refused, and there or not looked at
_TICK = 0.2  # seconds between two notes of how far it is
_NOTES = 2000  # kept of them
_TRIES = 2  # a file that ended the process twice is not begun again

Stage = Literal["waiting", "working", "scanned", "reading", "done", "failed", "stopped"]
"""`scanned` is what is taken in but for pages that OCR has to read, `reading` while it does."""


@dataclass(slots=True)
class Intake:
    """One file, or a folder of them, on its way in. `content` holds an upload's bytes until they
    are on the disk; otherwise it is read from `path`. `kept` is what a restart goes on with.
    `password` opens it if it is encrypted, and is forgotten when it is done: after a restart it is
    not there. `part` is how much is done, from 0 to 1; `heard` is what an ingest told."""

    name: str
    size: int
    content: bytes | None = field(default=None, repr=False)
    path: Path | None = None
    password: str | None = field(default=None, repr=False)
    kept: Waiting | None = None
    stage: Stage = "waiting"
    part: float = 0.0
    heard: Progress | None = None
    report: IngestReport | None = None
    problem: Exception | None = None

    @property
    def settled(self) -> bool:
        return self.stage not in _ON_ITS_WAY

    @property
    def all_well(self) -> bool:
        """Whether all of it was taken in, or was there already."""
        report = self.report
        return (
            self.stage == "done"
            and report is not None
            and not (report.skipped or report.failed or report.warnings)
        )


def counted(items: Iterable[Intake]) -> tuple[int, int]:
    """How many files are read, and of how many; those of a folder count one by one."""
    done = total = 0
    for item in items:
        heard = item.heard
        of_it = max(1, heard.files_total if heard is not None else 1)
        total += of_it
        done += of_it if item.settled else min(of_it - 1, heard.files_done if heard else 0)
    return done, total


_TURNS: tuple[tuple[Stage, Stage], ...] = (("waiting", "working"), ("scanned", "reading"))


class Ingests:
    """The files of one knowledge base that wait, are worked on, or are done and not yet cleared."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._room = WaitingRoom(base.folder)
        self.unread = UnreadFiles(base.folder)
        self._lock = threading.Lock()
        self._items: list[Intake] = []
        self._worker: threading.Thread | None = None
        self._cancel = threading.Event()
        self._pause = threading.Event()  # ends OCR, for files that have come or for good
        self._heard: list[tuple[float, float]] = []  # when, and bytes done by then
        self._page: float | None = None  # seconds that OCR took for a page
        self._settled = 0
        self._closing = False

    @property
    def items(self) -> list[Intake]:
        with self._lock:
            return list(self._items)

    @property
    def active(self) -> bool:
        return any(not item.settled for item in self.items)

    @property
    def busy(self) -> bool:
        """Whether files wait, or are taken in; not where pages of them are read by OCR."""
        return any(item.stage in {"waiting", "working"} for item in self.items)

    @property
    def stopping(self) -> bool:
        """Whether the work was told to end, and has not yet."""
        return self._cancel.is_set() and self.active

    @property
    def settled(self) -> int:
        """How many files were finished since the process began."""
        return self._settled

    def add(self, items: list[Intake]) -> None:
        """Queue files; the work begins at once. What was done before is forgotten. One that cannot
        be kept on the disk has failed."""
        for item in items:
            self._keep(item)
        self._queue(items)

    def resume(self) -> None:
        """Go on with what a process that ended before has left."""
        try:
            left = self._room.adopt()
        except QuireError as error:  # of a folder that cannot be written to: nothing waits there
            log_place(error)
            return
        if left:
            self._queue(
                [Intake(each.name, _size(each.path), path=each.path, kept=each) for each in left]
            )

    def _keep(self, item: Intake) -> None:
        try:
            item.kept = self._room.keep(item.name, content=item.content, path=item.path)
        except QuireError as error:
            log_place(error)
            item.problem = error
            self._settle(item, "failed")
        else:
            item.content = None  # up to half a gigabyte, for as long as others are read before it

    def _queue(self, items: list[Intake]) -> None:
        with self._lock:
            if self._cancel.is_set():
                self._cancel = threading.Event()
            if self._worker is None:
                self._items.clear()
                self._heard = []
            self._items += items
            self._pause.set()
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="quire-intake", daemon=True)
                self._worker.start()

    def close(self) -> None:
        """End the work soon; what is not done waits for the next process."""
        self.interrupt()
        self.wait(5)
        self._room.close()

    def interrupt(self) -> None:
        """Note that the process ends in good order: what it reads now did not end it."""
        with self._lock:
            self._closing = True
            self._cancel.set()
            self._pause.set()
            for item in self._items:
                if item.stage == "working" and item.kept is not None:
                    with contextlib.suppress(QuireError):  # it may be done this very moment
                        self._room.put_back(item.kept)

    def stop(self) -> None:
        """End the work soon; what is taken in stays, what waits is dropped."""
        with self._lock:
            self._cancel.set()
            self._pause.set()
            for item in self._items:
                if item.stage in {"waiting", "scanned"}:
                    self._settle(item, "stopped")

    def clear(self) -> None:
        """Forget what is done."""
        with self._lock:
            self._items = [item for item in self._items if not item.settled]

    def remaining(self) -> float | None:
        """Seconds that the rest will take; None while unknown.

        Goes by the bytes done in the last half of the time since the first progress was heard,
        before which models are loaded: a machine gets other work, and a PDF has more bytes to the
        word than a text. And by the pages that OCR has read since it began: until it has, pages
        that wait for it are unknown, and with them the rest.
        """
        items = [item for item in self.items if item.stage != "stopped"]
        rest = 0.0
        if any(item.stage in {"waiting", "working"} for item in items):
            by_bytes = self._by_bytes(items)
            if by_bytes is None:
                return None
            rest += by_bytes
        if pages := sum(map(_pages_to_read, items)):
            rate = self._seconds_a_page(items)
            if rate is None:
                return None
            rest += rate * pages
        return rest

    def _by_bytes(self, items: list[Intake]) -> float | None:
        total = sum(item.size for item in items)
        done = sum(item.size * item.part for item in items)
        now = time.monotonic()
        with self._lock:
            heard = self._heard
            if done and (not heard or now - heard[-1][0] > _TICK):
                heard.append((now, done))
                if len(heard) > _NOTES:
                    del heard[1::2]
            if not heard or now - heard[0][0] < 1 or done - heard[0][1] < 0.02 * total:
                return None
            half = heard[0][0] + (now - heard[0][0]) / 2
            since, before = heard[bisect.bisect(heard, half, key=lambda one: one[0]) - 1]
        if done <= before:  # a file of many bytes is being written down
            since, before = heard[0]
        return (now - since) * (total - done) / (done - before)

    def _seconds_a_page(self, items: list[Intake]) -> float | None:
        """How long OCR takes for a page, by what it reads now, else by what it read last."""
        for item in items:
            heard = item.heard
            if item.stage == "reading" and heard is not None and heard.read and heard.remaining:
                self._page = heard.remaining / max(1, heard.to_read - heard.read)
        return self._page

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to do, at most so long; returns whether that is so."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)
        return not self.active

    def _run(self) -> None:
        while (item := self._next()) is not None:
            try:
                report = self._take_in(item)
            except Exception as error:
                log_place(error)
                item.problem = error
                self._settle(item, "failed")
            else:
                self._note(item, report)
            self._settled += 1

    def _note(self, item: Intake, report: IngestReport) -> None:
        """Note what became of a file; or that pages of it wait for OCR, or still do."""
        item.report = report if item.report is None else item.report.followed_by(report)
        if report.to_read and not self._cancel.is_set():
            if item.stage == "working" and item.kept is not None:
                with contextlib.suppress(QuireError):
                    self._room.put_back(item.kept)  # OCR ends no process but its own
            item.stage = "scanned"
            return
        refused = report.failed or report.skipped
        stopped = report.cancelled and bool(refused or report.to_read)
        self._settle(item, "stopped" if stopped else "failed" if report.failed else "done")

    def _next(self) -> Intake | None:
        with self._lock:
            for stage, begun in () if self._closing else _TURNS:
                for item in self._items:
                    if item.stage == stage:
                        item.stage = begun
                        self._pause.clear()
                        return item
            self._worker = None
            return None

    def _take_in(self, item: Intake) -> IngestReport:
        began = time.monotonic()

        def hear(progress: Progress) -> None:
            item.heard = progress
            if progress.remaining is not None:
                elapsed = time.monotonic() - began
                item.part = elapsed / (elapsed + progress.remaining + 1e-9)

        reads = item.stage == "reading"
        kept = item.kept if reads and item.kept is not None else self._begun(item)
        options: dict[str, Any] = {
            "password": item.password,
            "progress": hear,
            "cancel": self._pause if reads else self._cancel,
            "ocr": None if reads else "later",
        }
        if kept.uploaded:
            return self._base.add_upload(item.name, kept.content(), **options)
        return self._base.add(kept.path, verify_content=not reads, **options)

    def _begun(self, item: Intake) -> Waiting:
        """What is kept of a file, once it is noted that reading it begins."""
        assert item.kept is not None  # noqa: S101  else it had failed before it was queued
        if item.kept.tries >= _TRIES:
            raise Unreadable(
                "Quire ended each time while this file was being read; it is left out.",
                hint="Add it again to try once more.",
            )
        item.kept = self._room.begin(item.kept)
        return item.kept

    def _note_unread(self, item: Intake) -> None:
        """Keep what could not be read on the list of such files, and take from it what could."""
        if item.stage == "stopped":
            return
        place = "" if item.path is None else str(item.path)
        report = item.report
        refused = [] if report is None else [*report.failed, *report.skipped]
        refused = [one for one in refused if not one.reason.startswith(_THERE)]
        with contextlib.suppress(QuireError):  # such as of a full disk, which is told as it is met
            still = {one.path if place else item.name for one in refused}
            for noted in self.unread.all():
                here = noted.place or noted.name
                if _lies_in(here, place or item.name) and here not in still:
                    self.unread.forget(noted.name, place=noted.place)
            if isinstance(item.problem, QuireError):
                why = item.problem
                self.unread.note(item.name, place=place, reason=why.message, hint=why.hint)
            for one in refused:
                name = Path(one.path).name if place else item.name
                self.unread.note(
                    name, place=one.path if place else "", reason=one.reason, hint=one.hint
                )

    def _settle(self, item: Intake, stage: Stage) -> None:
        """Note the end of a file. What was broken off because the process ends waits on."""
        item.stage = stage
        item.part = 1.0
        if not self._closing:
            self._note_unread(item)
        item.content = item.password = None
        if item.kept is not None and not (self._closing and stage != "done"):
            try:
                self._room.drop(item.kept)
            except QuireError as error:
                log_place(error)


def _lies_in(place: str, of: str) -> bool:
    """Whether a file is what was given, or lies in the folder that was."""
    return place == of or Path(of) in Path(place).parents


def _pages_to_read(item: Intake) -> int:
    """Pages of a file that OCR has still to read."""
    if item.stage not in {"scanned", "reading"}:
        return 0
    heard = item.heard
    if item.stage == "reading" and heard is not None and heard.to_read:
        return heard.to_read - heard.read
    return sum(len(file.pages) for file in item.report.to_read) if item.report else 0


def _size(path: Path) -> int:
    """Bytes of a file; of a folder, whose files were not counted again, one."""
    try:
        return max(1, path.stat().st_size)
    except OSError:
        return 1
