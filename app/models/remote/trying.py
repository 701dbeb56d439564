"""Tries whether a server can be asked: one short reply, before anything is written or used."""

import contextlib
import time
from dataclasses import dataclass

from quire.errors import ReplyUnusable
from quire.models.protocols import Message
from quire.models.remote.access import Server
from quire.models.remote.model import RemoteModel

_WORDS = 16  # tokens of the reply that is asked for
_TIMEOUT = 20.0  # seconds without a word; who presses a button waits no longer
_QUESTION = "Say yes."


@dataclass(frozen=True, slots=True)
class Tried:
    """A server that replied: the name of the model, the tokens that it reads, and the seconds until
    its reply was there."""

    model: str
    context_tokens: int
    seconds: float


def attempt(
    server: Server, *, model: str = "", key: str = "", proxy: str = "", timeout: float = _TIMEOUT
) -> Tried:
    """Ask a model on a server for a word or two; nothing of a document is sent. A model that spends
    them on a thought has replied.

    Raises what `RemoteModel` raises, as sentences: no server, a refused key, no such model.
    """
    began = time.monotonic()
    remote = RemoteModel(server, model=model.strip(), key=key, timeout=timeout, proxy=proxy)
    with contextlib.closing(remote):
        with contextlib.suppress(ReplyUnusable):
            for _ in remote.stream([Message("user", _QUESTION)], max_tokens=_WORDS):
                pass
        return Tried(remote.name, remote.context_tokens, time.monotonic() - began)
