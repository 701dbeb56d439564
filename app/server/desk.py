"""One answer at a time, and a short line of those who wait for theirs."""

import asyncio
from collections import deque

from quire.errors import ModelBusy
from quire.server import limits


class Desk:
    """Whoever has the turn is answered. Used from the loop of the server alone."""

    def __init__(self) -> None:
        self._busy = False
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def busy(self) -> bool:
        """Whether somebody is answered."""
        return self._busy

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    async def take(self) -> None:
        """Wait for the turn, in the order of arrival. Raises ModelBusy where too many wait."""
        if not self._busy:
            self._busy = True
            return
        if len(self._line) >= limits.WAITING_ANSWERS:
            raise ModelBusy(
                f"Quire answers one question at a time, and {len(self._line)} wait already.",
                hint="Ask again in a few seconds.",
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it had come this very moment
            elif turn in self._line:
                self._line.remove(turn)
            raise

    def leave(self) -> None:
        """Give the turn to the next."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False
