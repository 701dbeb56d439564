"""What a server says of its models, for those who have not named one."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

_NO_LIST = frozenset({404, 405, 501})  # it has none, and will have none
_AGAIN_SECONDS = 1.0  # how soon a server that could not say is asked again …
_AGAIN_SLOW_SECONDS = 30.0  # … and one that was waited for in vain


@dataclass(frozen=True, slots=True)
class About:
    """What a server says of itself: the names of its models, and the context of ours, or 0."""

    models: tuple[str, ...] = ()
    context_tokens: int = 0


class Listing:
    """What a server says of itself, asked for until it has answered. Usable from several threads:
    one asks, the others wait for what it hears.

    `ask` gives the answer, or None while there is none yet.
    """

    def __init__(self, ask: Callable[[], About | None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: About | None = None
        self._not_before = -math.inf

    def get(self) -> About:
        """The answer; an empty one while there is none."""
        with self._lock:
            if self._known is None and time.monotonic() >= self._not_before:
                again = _AGAIN_SECONDS
                try:
                    self._known = self._ask()
                except TimeoutError:
                    again = _AGAIN_SLOW_SECONDS
                # Whatever goes wrong here goes wrong again, with a sentence, when a reply is asked.
                except Exception:
                    pass
                self._not_before = time.monotonic() + again
            return self._known or About()


def answered(status: int, body: bytes, *, model: str) -> About | None:
    """What an answer to the question for the list says; None where it may say more another time."""
    if status == httpx.codes.OK:
        return about(body, model=model)
    return About() if status in _NO_LIST else None


def about(body: bytes, *, model: str) -> About:
    """What a list of models says; servers that tell a context's length call it by many names."""
    try:
        rows = httpx.Response(200, content=body).json()["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return About()
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    named = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
    row = named.get(model) or (next(iter(named.values())) if len(named) == 1 else {})
    meta = row.get("meta")
    told = [
        each.get(name)
        for each in (row, meta if isinstance(meta, dict) else {})
        for name in ("max_model_len", "context_length", "context_window", "n_ctx")
    ]
    lengths = [n for n in told if isinstance(n, int) and 0 < n < 2**31]
    return About(tuple(named), lengths[0] if lengths else 0)
