"""Decides whether what a model has read is copied, or read anew, by how long each took here.

On two cores without a GPU reading 1,000 tokens of the starter model takes three seconds and copying
them some 10 milliseconds; on a fast GPU a copy, which passes through main memory, takes longer than
reading does. So both are timed as they happen.
"""

import statistics
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

FEWEST = 64  # tokens: fewer are read again as quickly, and say little about the pace
_LARGEST_PART = 16  # of a copy: memory is for other conversations, not for another end of this one
_TRIALS = 3  # before a pace is believed: another program may have slowed the first
_REMEMBERED = 7


class Pace:
    """Seconds per token of some work: the median of the last seven times, and None before three.

    >>> pace = Pace()
    >>> for seconds in (0.08, 0.09, 0.7):
    ...     pace.took(seconds, tokens=800)
    >>> pace.seconds(2400)
    0.27
    """

    def __init__(self) -> None:
        self._measured: deque[float] = deque(maxlen=_REMEMBERED)

    def took(self, seconds: float, *, tokens: int) -> None:
        """Note how long the work took; of fewer than 64 tokens nothing is noted."""
        if tokens >= FEWEST:
            self._measured.append(seconds / tokens)

    @contextmanager
    def timed(self, tokens: int) -> Iterator[None]:
        """Note how long the block takes, unless it raises."""
        begin = time.perf_counter()
        yield
        self.took(time.perf_counter() - begin, tokens=tokens)

    @property
    def tokens_per_second(self) -> float | None:
        """How fast it goes, from the first time on; None before."""
        return 1 / statistics.median(self._measured) if self._measured else None

    def seconds(self, tokens: int) -> float | None:
        """How long that many tokens are going to take."""
        if len(self._measured) < _TRIALS:
            return None
        return statistics.median(self._measured) * tokens


class CopyOrRead:
    """The three paces, and what follows from them. A copy whose pace is not known yet is worth
    making: that is how it becomes known."""

    def __init__(self) -> None:
        self.reading = Pace()
        self.saving = Pace()
        self.restoring = Pace()

    def worth_saving(self, held: int, *, at_risk: int) -> bool:
        """Whether to save the `held` tokens of a context that is to lose `at_risk` of them: they
        would be brought back when their conversation goes on."""
        both = (self.saving.seconds(held) or 0.0) + (self.restoring.seconds(held) or 0.0)
        return self._worth(held, seconds=both, unread=at_risk)

    def worth_restoring(self, held: int, *, unread: int) -> bool:
        """Whether to bring back `held` tokens so that `unread` of a prompt need not be read."""
        seconds = self.restoring.seconds(held) or 0.0
        return self._worth(held, seconds=seconds, unread=unread)

    def _worth(self, held: int, *, seconds: float, unread: int) -> bool:
        if unread < FEWEST or unread * _LARGEST_PART < held:
            return False
        reading = self.reading.seconds(unread)
        return reading is None or seconds < reading
