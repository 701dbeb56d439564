"""Parses files in worker processes, so that no file can hang, swell or crash Quire.

Not multiprocessing: spawning re-runs the caller's script, forking copies its locks, and pools
unpickle what a hostile file's parser sends back. Workers speak JSON over pipes instead.
"""

import base64
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders.content import PageBoxes
from quire.ingest.loaders.ocr.words import Recognition
from quire.ingest.loaders.opening import Within
from quire.ingest.parsing import framing
from quire.ingest.parsing.framing import Message
from quire.records import ParsedDocument

# -P: a file called json.py in the current folder must not become a module of the worker
_WORKER = ["-P", "-m", "quire.ingest.parsing.worker"]
_ANSWERS = {"boxes": "boxes", "render": "png"}
_GRACE = 1.0  # seconds given to a worker to end by itself once its standard input is closed
_MUCH = 0.4  # of its memory; a buffer that doubles is refused when it has less than half
Bring = Callable[[int, Callable[[], ParsedDocument]], ParsedDocument]
# What is raised by taking a message apart that says something else than it should.
_FALSE = (ValueError, TypeError, LookupError, OverflowError)
# What a worker needs of the caller's environment to find Python and Quire.
_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG")


class ParserPool:
    """Up to `workers` processes that parse; they start when needed and are kept warm.

    Thread-safe: as many threads as there are workers parse at the same time, others wait.
    `limits` bound each file; a worker that breaks one is ended and replaced.

        with ParserPool() as pool:
            document = pool.parse(Path("report.pdf"))
    """

    def __init__(self, workers: int = 1, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        # Last in, first out: a single caller keeps using the one warm worker.
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers = [_Worker() for _ in range(workers)]
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> "ParserPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parse(
        self,
        path: Path,
        *,
        within: Within | None = None,
        password: str | None = None,
        recognized: Mapping[int, Recognition] | None = None,
        hear_hash: Callable[[str], None] = lambda _: None,
        bring: Bring = lambda _, receive: receive(),
    ) -> ParsedDocument:
        """The parsed file. Raises Skipped or Unreadable, as `quire.ingest.loaders.load` does.

        `within` is where the file is and must be reached without a link. `recognized` is what OCR
        read of the pictures of its pages, by their numbers. `hear_hash` is given the
        SHA-256 of its content before it is parsed, and may raise to leave it at that. `bring` is
        given the number of characters of the document, and a function that receives it from its
        parser: it may call that when it likes, and in another thread. The wait counts for no limit.

        A parser that crashes is Unreadable "parser crashed", a broken limit "limit: …".
        """
        place = {"root": within.root, "names": within.names} if within else None
        read = {number: found.to_dict() for number, found in (recognized or {}).items()}
        with self._talk("parse", path, within=place, password=password, recognized=read) as talk:
            content_hash = str(talk.hear("content_hash"))
            try:
                hear_hash(content_hash)
            except BaseException:
                talk.say({"wanted": False})
                talk.end()
                raise
            talk.say({"wanted": True})
            head = talk.hear("document")

            def receive() -> ParsedDocument:
                with talk.in_time():
                    return framing.put_together(head, talk.hear_piece)

            with talk.on_hold():
                document = bring(int(head["characters"]), receive)
            talk.end()
        return document

    def boxes(
        self,
        path: Path,
        *,
        page: int,
        start: int,
        end: int,
        says: str | None = None,
        password: str | None = None,
    ) -> PageBoxes:
        """Where characters [start, end) of the text of a PDF's `page` stand; see `PageBoxes`.

        The offsets count within the text of that page, whose number is from 1; `says` is what
        stands there, see `pdf.boxes`.
        """
        place = {"page": page, "start": start, "end": end, "says": says}
        found = self._ask("boxes", path, password=password, **place)
        rectangles = tuple((box[0], box[1], box[2], box[3]) for box in found["boxes"])
        return PageBoxes(found["width"], found["height"], rectangles)

    def render(self, path: Path, *, page: int, scale: float, password: str | None = None) -> bytes:
        """The `page`, from 1, of a PDF or of a file of pictures, as a PNG image; `scale` 1 is 72
        dots per inch of the former, and the latter as it is."""
        found = self._ask("render", path, password=password, page=page, scale=scale)
        return base64.b64decode(found)

    def recognize(self, png: bytes) -> Recognition:
        """What OCR reads of a PNG image. Raises Unreadable."""
        picture = base64.b64encode(png).decode("ascii")
        with self._talk("recognize", Path(os.devnull), png=picture) as talk:
            found = Recognition.of(talk.hear("recognition"))
            talk.end()
        return found

    def close(self) -> None:
        """Ends all workers, also those at work; they leave no child behind."""
        for worker in self._workers:
            worker.end()

    def _ask(self, action: str, path: Path, **fields: Any) -> Any:
        with self._talk(action, path, **fields) as talk:
            found = talk.hear(_ANSWERS[action])
            talk.end()
        return found

    @contextlib.contextmanager
    def _talk(self, action: str, path: Path, **fields: Any) -> Iterator["_Talk"]:
        """A worker that has this request. One with which it was not said to the end, because of an
        error on either side, is ended."""
        request = {
            "action": action,
            "path": os.path.abspath(path),  # noqa: PTH100 — keeps what is odd in the name
            "limits": self._limits.to_dict(),
            **fields,
        }
        worker = self._idle.get()
        try:
            with _Talk(worker, self._limits, seconds=self._limits.wall_budget(_size(path))) as talk:
                talk.ask(request)
                yield talk
        finally:
            self._idle.put(worker)


class _Worker:
    """One worker process, started when first asked and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._guard = threading.Lock()  # so that nothing starts after the end

    def end(self) -> None:
        """Ends the process for good."""
        with self._guard:
            self._ended = True
        self.stop()

    def running(self) -> subprocess.Popen[bytes]:
        """The process. Raises Unreadable after the end."""
        process = self._process
        if process is not None and process.poll() is None:
            return process
        self.stop()
        with self._guard:
            if self._ended:
                raise Unreadable("the parser was closed before the file was read")
            self._process = process = _start()
        return process

    def stop(self) -> None:
        """Ends the process and waits until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # An OSError says that a request was still in the pipe, and its reader is gone.
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Talk:
    """What is said to a worker about one file, and what it answers, within the time for it."""

    def __init__(self, worker: _Worker, limits: Limits, *, seconds: float) -> None:
        self._worker = worker
        self._memory = limits.memory_bytes
        self._seconds = seconds
        self._process = worker.running()
        self._overdue = False
        self._at_end = False
        self._start_watch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.cancel()
        if not self._at_end:
            self._process.kill()  # it may be anywhere in the file, and its answers are not wanted
            self._worker.stop()
            if isinstance(error, _FALSE):  # what came from it was no answer
                raise self._crashed() from error

    def ask(self, request: Message) -> None:
        """Says what is wanted of a file. A process that does not begin with it has ended before,
        and another takes its place: one that was killed is not known to be gone for a moment."""
        if self._begins(request) or self._overdue:
            return
        self._worker.stop()
        self._process = self._worker.running()
        self._begins(request)

    def _begins(self, request: Message) -> bool:
        """Whether the process begins with what is wanted; if not, what is heard next tells why."""
        assert self._process.stdin is not None  # noqa: S101 — a pipe, see _start
        try:
            framing.send(self._process.stdin, request)
        except (OSError, ValueError):  # ValueError: another thread closed the pool
            return False
        begun = self._received()
        return begun is not None and bool(begun["begun"])

    def say(self, message: Message) -> None:
        """Raises Unreadable if the process has ended."""
        assert self._process.stdin is not None  # noqa: S101 — a pipe, see _start
        try:
            framing.send(self._process.stdin, message)
        except (OSError, ValueError):  # ValueError: another thread closed the pool
            raise self._died() from None

    def hear(self, name: str) -> Any:
        """What its next message says of `name`. Raises Unreadable if that is a reason why there is
        nothing to say, or if the process crashed or broke a limit."""
        return self._heard()[name]

    def hear_piece(self) -> Message:
        """The next piece of a document."""
        return self._heard(piece=True)

    def end(self) -> None:
        """Hears that all was said."""
        last = self.hear("last")
        self._at_end = True
        if last:
            self._worker.stop()

    @contextlib.contextmanager
    def on_hold(self) -> Iterator[None]:
        """While the block lasts, it is this process that the worker waits for. What follows has the
        whole time again, which it does not need."""
        self._watch.cancel()
        try:
            yield
        finally:
            self._start_watch()

    @contextlib.contextmanager
    def in_time(self) -> Iterator[None]:
        """While the block lasts, the worker has to answer, though the rest is on hold."""
        self._start_watch()
        try:
            yield
        finally:
            self._watch.cancel()

    def _received(self, *, piece: bool = False) -> Message | None:
        """Its next message, or None where it has ended."""
        assert self._process.stdout is not None  # noqa: S101
        try:
            return framing.receive(self._process.stdout, piece=piece)
        except OSError:
            return None

    def _heard(self, *, piece: bool = False) -> Message:
        message = self._received(piece=piece)
        if message is None:
            raise self._died()
        if error := message.get("error"):
            self.end()
            kind = Skipped if error["skipped"] else Unreadable
            raise kind(str(error["message"]), hint=str(error["hint"]))
        return message

    def _start_watch(self) -> None:
        self._watch = threading.Timer(self._seconds, self._kill_overdue)
        self._watch.daemon = True
        self._watch.start()

    def _kill_overdue(self) -> None:
        self._overdue = True
        self._process.kill()

    def _died(self) -> Unreadable:
        """Why the process ended before it answered."""
        code, used = _wait(self._process)
        if self._overdue:
            return Unreadable(
                f"limit: took longer than {self._seconds:.0f} s",
                hint="Split it, or raise the limit.",
            )
        if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
            return Unreadable("limit: took too much processor time", hint="Split it.")
        # Native code that gets no more memory ends itself; how much it had tells the two apart.
        if used > _MUCH * self._memory:
            return Unreadable(f"limit: more than {self._memory / 1e6:,.0f} MB of memory")
        return self._crashed()

    def _crashed(self) -> Unreadable:
        return Unreadable("parser crashed", hint="Open the file in its program and save it anew.")


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # One thread, one heap: a parser has no use for more, and each reserves memory that counts.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    environment["PYTHONUTF8"] = "1"
    return subprocess.Popen(
        [sys.executable, *_WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the caller, who ends workers in good order
    )


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Waits for the end of a process: its exit code, and the bytes of memory it had at most."""
    if not hasattr(os, "wait4"):
        return process.wait(), 0
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:  # closing the pool was faster
        return process.wait(), 0
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # the worker will say what is wrong
