"""One model, many callers: replies are written one at a time, in the order they were asked for.

A single thread owns the model. `Turns` hands it one `Job` after the other; the caller holds a
`Reply`, the other end of the same job, and reads the text as it comes.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from quire.errors import ModelBusy, ModelError
from quire.models.forms import Form
from quire.models.protocols import Finish
from quire.records import Usage

MAX_WAITING = 8
_POLL_SECONDS = 0.05  # how soon a caller's own cancel event is noticed


class Interrupt(Protocol):
    """What makes a model drop its work; `threading.Event` is one."""

    def set(self) -> None: ...
    def clear(self) -> None: ...


@dataclass(eq=False, slots=True)
class Job:
    """A reply as the engine sees it: what to write, and where to put it.

    `reused_tokens` counts the tokens of the prompt that did not have to be read again. Times are
    those of `time.monotonic`. `grammar` is that of the `form`; only with one `text` is kept.
    """

    prompt: list[int]
    max_tokens: int
    stop: tuple[str, ...]
    temperature: float
    thinking: bool
    cancel_event: threading.Event | None
    deadline: float
    form: Form | None = None
    grammar: str = ""
    left: bool = False
    finish: Finish | None = None
    reused_tokens: int = 0
    completion_tokens: int = 0
    began: float | None = None
    first_piece: float | None = None
    text: str = ""
    pieces: queue.SimpleQueue[str | Exception | None] = field(default_factory=queue.SimpleQueue)

    def cancelled(self) -> bool:
        return self.left or (self.cancel_event is not None and self.cancel_event.is_set())

    def put(self, text: str) -> None:
        if text:
            self.first_piece = self.first_piece or time.monotonic()
            if self.form:
                self.text += text
            self.pieces.put(text)

    def end(self, finish: Finish, error: Exception | None = None) -> None:
        """Close the job; what was put before is still read."""
        if self.finish is None:
            self.finish = finish
            self.pieces.put(error)


class Turns:
    """The queue in front of a model, and the thread that owns it.

    `write` is called in that thread with one job at a time; it puts pieces, returns why the reply
    ended, and looks at `job.cancelled()` now and then. `interrupt` is set when the job being
    written is cancelled or the queue closed, and cleared before the next one begins.
    """

    def __init__(
        self,
        write: Callable[[Job], Finish],
        *,
        interrupt: Interrupt,
        name: str,
        wait_seconds: float,
    ) -> None:
        self._write = write
        self._interrupt = interrupt
        self._name = name
        self._wait_seconds = wait_seconds
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._closed = False
        # A daemon, so that a program that forgets to close the model can still end.
        self._thread = threading.Thread(target=self._run, name=f"quire {name}", daemon=True)
        self._thread.start()

    def submit(
        self,
        prompt: list[int],
        *,
        max_tokens: int,
        stop: tuple[str, ...],
        temperature: float,
        thinking: bool,
        cancel: threading.Event | None,
        form: Form | None = None,
        grammar: str = "",
    ) -> "Reply":
        """Put a reply at the end of the queue. Raises ModelBusy when 8 are waiting."""
        job = Job(
            prompt=prompt,
            max_tokens=max_tokens,
            stop=stop,
            temperature=temperature,
            thinking=thinking,
            cancel_event=cancel,
            deadline=time.monotonic() + self._wait_seconds,
            form=form,
            grammar=grammar,
        )
        with self._changed:
            if self._closed:
                raise self._closed_error()
            if not self._thread.is_alive():  # a fork takes no threads along
                raise ModelError(
                    f"{self._name} was loaded before this process was forked.",
                    hint="Load it in the process that uses it.",
                )
            self._drop_those_who_left()
            if len(self._waiting) >= MAX_WAITING:
                raise ModelBusy(
                    f"{self._name} has {MAX_WAITING} replies waiting already.",
                    hint="Try again in a minute.",
                )
            self._waiting.append(job)
            self._changed.notify_all()
        return Reply(job, self)

    def position(self, job: Job) -> int:
        """How many replies are written before this one."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._current is not None)

    def wait_for_turn(self, job: Job, *, timeout: float) -> bool:
        """Whether the model works on the job, or is done with it, within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: job not in self._waiting, timeout)

    def cancel(self, job: Job) -> None:
        job.left = True
        with self._changed:
            if job is self._current:
                self._interrupt.set()
            elif job in self._waiting:
                self._waiting.remove(job)
                job.end("cancelled")
                self._changed.notify_all()

    def give_up(self, job: Job) -> bool:
        """End a job that waited too long; whether it was one."""
        if time.monotonic() < job.deadline:
            return False
        with self._changed:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            self._end_late(job)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Stop the job being written, fail those that wait, and end the thread."""
        with self._changed:
            self._closed = True
            while self._waiting:
                self._waiting.popleft().end("failed", self._closed_error())
            self._interrupt.set()
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job.began = time.monotonic()
                finish = self._write(job)
                if finish == "cancelled" and not job.cancelled():
                    job.end("failed", self._closed_error())
                job.end(finish)
            # Whatever goes wrong with one reply, the caller is told and the next one is written.
            except Exception as exc:
                job.end("failed", exc)
            finally:
                with self._changed:
                    self._current = None

    def _next(self) -> Job | None:
        with self._changed:
            while not self._closed:
                self._drop_those_who_left()
                if self._waiting:
                    self._current = self._waiting.popleft()
                    self._interrupt.clear()
                    self._changed.notify_all()
                    return self._current
                self._changed.wait()
            return None

    def _drop_those_who_left(self) -> None:
        now = time.monotonic()
        for job in [job for job in self._waiting if job.cancelled() or job.deadline <= now]:
            self._waiting.remove(job)
            if job.cancelled():
                job.end("cancelled")
            else:
                self._end_late(job)

    def _end_late(self, job: Job) -> None:
        job.end(
            "failed",
            ModelBusy(
                f"{self._name} was busy with other replies for {self._wait_seconds:.0f} seconds.",
                hint="Try again later, or choose a smaller model.",
            ),
        )

    def _closed_error(self) -> ModelError:
        return ModelError(f"{self._name} was closed.")


class Reply(Iterator[str]):
    """A `Generation` of a model in this process."""

    def __init__(self, job: Job, turns: Turns) -> None:
        self._job = job
        self._turns = turns
        self._ended = False

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        while True:
            try:
                piece = self._job.pieces.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._job.cancelled():
                    self.cancel()
                self._turns.give_up(self._job)
                continue
            if isinstance(piece, str):
                return piece
            self._ended = True
            if piece is not None:
                raise piece
            raise StopIteration

    @property
    def position(self) -> int:
        return self._turns.position(self._job)

    @property
    def finish(self) -> Finish | None:
        return self._job.finish

    @property
    def usage(self) -> Usage:
        return Usage(len(self._job.prompt), self._job.completion_tokens)

    @property
    def reused_tokens(self) -> int:
        """Tokens of the prompt that the model had read before and did not read again."""
        return self._job.reused_tokens

    @property
    def seconds_to_first_piece(self) -> float | None:
        """From the moment the model began, waiting not counted; None before there is a piece."""
        if self._job.began is None or self._job.first_piece is None:
            return None
        return self._job.first_piece - self._job.began

    def wait_for_turn(self, *, timeout: float) -> bool:
        """Whether the wait in the queue is over within `timeout` seconds."""
        return self._turns.wait_for_turn(self._job, timeout=timeout)

    def cancel(self) -> None:
        self._turns.cancel(self._job)

    def close(self) -> None:
        """The same as `cancel`, for `contextlib.closing`."""
        self.cancel()

    def __del__(self) -> None:
        if self._job.finish is None:
            self.cancel()
