"""Guessing a password takes long, and keeps nobody out who knows it."""

import asyncio
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_FIRST = 0.25  # seconds that a wrong password takes; each further one from an address twice
_LONGEST = 2.0
_FORGOTTEN = 600.0  # seconds after which wrong ones are forgotten
_DOUBLED = 16  # times at most: a float would overflow at a thousand
_MANY = 50  # wrong ones from everywhere, from which on each takes a second at least
_IN_LINE = 10  # tries of one address that wait their turn


class TooMany(Exception):
    """So many tries of this address wait their turn that no further one may."""


class Guesses:
    """Takes the tries of each address one after the other, and counts the wrong ones.

    A right password is let in as soon as it is its turn, whoever was wrong before, and from another
    address at once. Only a wrong one is made to wait.
    """

    def __init__(self) -> None:
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}
        self._wrong: dict[str, tuple[int, float]] = {}  # how often, and when last

    async def judge(self, address: str, right: Callable[[], bool]) -> bool:
        """Whether a try is `right`. Raises TooMany."""
        network = _network(address)
        if self._waiting.get(network, 0) >= _IN_LINE:
            raise TooMany
        self._waiting[network] = self._waiting.get(network, 0) + 1
        try:
            async with self._turns.setdefault(network, asyncio.Lock()):
                if right():
                    return True
                await asyncio.sleep(self._cost(network))
                return False
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network], self._turns[network]

    def _cost(self, network: str) -> float:
        now = time.monotonic()
        self._wrong = {
            known: (times, last)
            for known, (times, last) in self._wrong.items()
            if now - last < _FORGOTTEN
        }
        times, _ = self._wrong.get(network, (0, now))
        self._wrong[network] = (times + 1, now)
        everywhere = sum(count for count, _ in self._wrong.values())
        least = 1.0 if everywhere > _MANY else 0.0
        return max(least, min(_LONGEST, _FIRST * 2.0 ** min(times, _DOUBLED)))


def _network(address: str) -> str:
    """What counts as one address: in IPv6 the 64 bits that a household is given."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(parsed) >> 64 << 64)) if parsed.version == 6 else address
