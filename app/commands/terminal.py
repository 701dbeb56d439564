"""What commands that take long share: one line that tells how far they are, and Ctrl-C."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from quire.commands import output
from quire.errors import QuireError

_PATIENCE = 3.0  # seconds given to the work to come to an end
_REDRAW = 0.2  # seconds between two states of the line


class ProgressLine:
    """One line on a terminal, redrawn in place; nothing where there is no terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._drawn = 0.0

    def show(self, text: str) -> None:
        now = time.monotonic()
        if self._live and now - self._drawn >= _REDRAW:
            self._drawn = now
            sys.stderr.write(f"\r\x1b[2K{text[:100]}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@contextlib.contextmanager
def stopped_by_signal(*, as_json: bool, hint: str) -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that what was done is kept and reported. A second
    one does what it always does, and so does waiting: loading a model cannot be interrupted, and
    nothing is lost by ending in the middle of it."""
    cancel = threading.Event()
    patience = threading.Timer(_PATIENCE, _leave, kwargs={"as_json": as_json, "hint": hint})
    patience.daemon = True
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        cancel.set()
        restore()
        patience.start()

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield cancel
    finally:
        patience.cancel()
        restore()


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _leave(*, as_json: bool, hint: str) -> None:
    output.print_error(QuireError("Stopped.", hint=hint), as_json=as_json)
    sys.stdout.flush()
    os._exit(1)
