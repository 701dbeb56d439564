"""One line of JSON for each request, on standard error. No line holds a text, a name of a document,
a prompt or a key: of an address the route alone is logged, and of an error its kind and place."""

import contextlib
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is answered: it stands in each line that is written meanwhile."""

_FRAMES = 8


class Lines(logging.Handler):
    """Writes what libraries log too, of which the level and the logger's name are kept, and the
    message of our own and of the server that listens."""

    def emit(self, record: logging.LogRecord) -> None:
        told = {"level": record.levelname.lower(), "logger": record.name}
        if record.name.partition(".")[0] in {"quire", "uvicorn"} and not record.exc_info:
            told["message"] = record.getMessage()
        elif record.exc_info and record.exc_info[1]:
            told |= place(record.exc_info[1])
        write("log", **told)


def write(event: str, **told: Any) -> None:
    """One line."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    asked = {"request_id": REQUEST.get()} if REQUEST.get() else {}
    sys.stderr.write(json.dumps({"time": now, "event": event, **asked, **told}) + "\n")
    sys.stderr.flush()


def place(error: BaseException) -> dict[str, Any]:
    """Of which kind an error is, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno}" for frame in reversed(frames)],
    }


@contextlib.contextmanager
def lines() -> Iterator[None]:
    """All that is logged meanwhile, as lines of JSON."""
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [Lines(logging.WARNING)]
    try:
        yield
    finally:
        root.handlers[:] = before
