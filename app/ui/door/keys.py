"""The key of one start of the interface, the link that works once, and the browsers let in."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

_UPLOADING = 4  # files of one browser that are read at once; each is in memory
_MOST_VISITS = 64  # browsers let in at once; the one that came least recently gives way


@dataclass(slots=True)
class Visit:
    """A browser that was let in, with what it holds at this moment. `turns` are its uploads' turns
    to be read."""

    sockets: int = 0
    uploads: int = 0
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UPLOADING))


class Keyring:
    """What opens the door. `secret` is a key of its own for this start, or a password.

    A key comes with a link that works once, so that what a browser's history or a list of processes
    shows opens nothing. All of it is gone with the process.
    """

    def __init__(self, secret: str, *, link: str | None = None) -> None:
        self._secret = secret.encode()
        self._link = link.encode() if link else None
        self._visits: OrderedDict[bytes, Visit] = OrderedDict()

    def fits(self, given: str) -> bool:
        """Whether it is the key or the password, told in constant time."""
        return hmac.compare_digest(given.encode(), self._secret)

    def redeem(self, given: str) -> bool:
        """Whether it is the link's part that works once; after that it is not."""
        if self._link is None or not hmac.compare_digest(given.encode(), self._link):
            return False
        self._link = None
        return True

    def admit(self) -> str:
        """Let a browser in; returns what it shows from then on."""
        ticket = secrets.token_urlsafe(32)
        self._visits[_hashed(ticket)] = Visit()
        while len(self._visits) > _MOST_VISITS:
            self._visits.popitem(last=False)
        return ticket

    def visit(self, ticket: str) -> Visit | None:
        """The browser that shows this, or None where it was not let in."""
        hashed = _hashed(ticket)
        if hashed in self._visits:
            self._visits.move_to_end(hashed)
        return self._visits.get(hashed)


def made_key() -> str:
    """A new key: 256 bits, written in 43 characters."""
    return secrets.token_urlsafe(32)


def _hashed(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
