"""Finds how many threads write fastest right now.

All threads of a model wait for each other a thousand times a token, so one that shares its core
with another program slows the whole team: on two cores, with a browser busy on one of them, a
single thread can be twice as fast as two. Which number is best changes from minute to minute; so
the engine tries another one for a few tokens now and then, and keeps what is faster.
"""

import statistics

_SAMPLE = 5  # tokens that are timed before two numbers are compared
_TOKENS_BETWEEN = 64
_SECONDS_BETWEEN = 3.0  # where tokens are slow
_BETTER = 0.93  # of the time: less of a gain may be chance
_HOPELESS = 2.0  # times the time: one token is enough to give up


class ThreadChoice:
    """Tell it how long each token took; `threads` is how many should write the next one.

    It tries all numbers from half of `most` to `most`, in turn. A trial takes 6 tokens after every
    64, or after 3 seconds, and costs about 3% of the speed where nothing else runs.
    """

    def __init__(self, *, most: int) -> None:
        self.threads = most
        self._most = most
        self._least = max(1, most // 2)
        self._kept = self._tried = most
        self._times: list[float] = []
        self._usual = 0.0
        self._skip = True

    def took(self, seconds: float) -> None:
        """Note the time of one token written with `threads` threads."""
        if self._skip:  # the first token after a change wakes the team
            self._skip = False
            return
        self._times.append(seconds)
        if self.threads == self._kept:
            if self._most > 1 and self._trial_is_due():
                self._usual = statistics.median(self._times[-_SAMPLE:])
                self._use(self._next_number())
        elif len(self._times) == _SAMPLE or seconds > _HOPELESS * self._usual:
            if statistics.median(self._times) < _BETTER * self._usual:
                self._kept = self.threads
            self._use(self._kept)

    def _trial_is_due(self) -> bool:
        if len(self._times) < _SAMPLE:
            return False
        first = not self._usual
        return first or len(self._times) >= _TOKENS_BETWEEN or sum(self._times) >= _SECONDS_BETWEEN

    def _next_number(self) -> int:
        """The one below that tried last, and after the least the most; never the one in use."""
        for _ in range(2):
            self._tried = self._tried - 1 if self._tried > self._least else self._most
            if self._tried != self._kept:
                break
        return self._tried

    def _use(self, threads: int) -> None:
        self.threads = threads
        self._times.clear()
        self._skip = True
