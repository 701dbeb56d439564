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
from pathlib import Path
from typing import Any, Literal

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders.content import PageBoxes
from quire.ingest.parsing import framing
from quire.records import ParsedDocument

_GRACE = 1.0  # seconds given to a worker to end by itself once its standard input is closed
_MUCH = 0.4  # of its memory; a buffer that doubles is refused when it has less than half
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

    def parse(self, path: Path, *, password: str | None = None) -> ParsedDocument:
        """The parsed file. Raises Skipped or Unreadable, as `quire.ingest.loaders.load` does.

        A parser that crashes is Unreadable "parser crashed", a broken limit "limit: …".
        """
        answer = self._ask("parse", path, password=password)
        return framing.unpack_document(answer["document"])

    def boxes(
        self, path: Path, *, page: int, start: int, end: int, password: str | None = None
    ) -> PageBoxes:
        """Where characters [start, end) of the text of a PDF's `page` stand; see `PageBoxes`.

        The offsets count within the text of that page, whose number is from 1.
        """
        answer = self._ask("boxes", path, password=password, page=page, start=start, end=end)
        found = answer["boxes"]
        rectangles = tuple((box[0], box[1], box[2], box[3]) for box in found["boxes"])
        return PageBoxes(found["width"], found["height"], rectangles)

    def render(self, path: Path, *, page: int, scale: float, password: str | None = None) -> bytes:
        """A PDF's `page`, from 1, as a PNG image; `scale` 1 is 72 dots per inch."""
        answer = self._ask("render", path, password=password, page=page, scale=scale)
        return base64.b64decode(answer["png"])

    def close(self) -> None:
        """Ends all workers, also those at work; they leave no child behind."""
        for worker in self._workers:
            worker.end()

    def _ask(
        self, action: Literal["parse", "boxes", "render"], path: Path, **fields: Any
    ) -> dict[str, Any]:
        worker = self._idle.get()
        try:
            request = {
                "action": action,
                "path": os.path.abspath(path),  # noqa: PTH100 — keeps what is odd in the name
                "limits": self._limits.to_dict(),
                **fields,
            }
            answer = worker.ask(request, seconds=self._limits.wall_budget(_size(path)))
        finally:
            self._idle.put(worker)
        if error := answer.get("error"):
            kind = Skipped if error["skipped"] else Unreadable
            raise kind(error["message"], hint=error["hint"])
        return answer


class _Worker:
    """One worker process, started when first asked and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._overdue = False
        self._ended = False
        self._guard = threading.Lock()  # so that nothing starts after the end

    def ask(self, request: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """The answer to one request. Raises Unreadable if the worker crashed or broke a limit."""
        process = self._running()
        self._overdue = False
        watch = threading.Timer(seconds, self._kill_overdue)
        watch.daemon = True
        watch.start()
        try:
            answer = _exchange(process, request)
        finally:
            watch.cancel()
        if answer is None:
            raise self._died(process, seconds=seconds, memory=request["limits"]["memory_bytes"])
        if answer["last"]:
            self.stop()
        return answer

    def end(self) -> None:
        """Ends the process for good."""
        with self._guard:
            self._ended = True
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
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

    def _kill_overdue(self) -> None:
        self._overdue = True
        if process := self._process:
            process.kill()

    def _died(self, process: subprocess.Popen[bytes], *, seconds: float, memory: int) -> Unreadable:
        """Why a process ended before it answered."""
        code, used = _wait(process)
        self.stop()
        if self._overdue:
            return Unreadable(
                f"limit: took longer than {seconds:.0f} s", hint="Split it, or raise the limit."
            )
        if hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU:
            return Unreadable("limit: took too much processor time", hint="Split it.")
        # Native code that gets no more memory ends itself; how much it had tells the two apart.
        if used > _MUCH * memory:
            return Unreadable(f"limit: more than {memory / 1e6:,.0f} MB of memory")
        return Unreadable("parser crashed", hint="Open the file in its program and save it anew.")


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # One thread, one heap: a parser has no use for more, and each reserves memory that counts.
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    environment["PYTHONUTF8"] = "1"
    return subprocess.Popen(
        # -P: a file called json.py in the current folder must not become a module of the worker
        [sys.executable, "-P", "-m", "quire.ingest.parsing.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the caller, who ends workers in good order
    )


def _exchange(process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any] | None:
    """Sends a request and waits for its answer, or None if the process ended instead."""
    assert process.stdin is not None  # noqa: S101 — both are pipes, see _start
    assert process.stdout is not None  # noqa: S101
    try:
        framing.send(process.stdin, request)
        return framing.receive(process.stdout)
    except (OSError, ValueError):  # ValueError: another thread closed the pool
        return None


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
