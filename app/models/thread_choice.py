"""Finds how many threads write fastest right now.

All threads of a model wait for each other a thousand times a token, so one that shares its core
with another program slows the whole team: on two cores, with a browser busy on one of them, a
single thread can be twice as fast as two. Which is best changes from minute to minute; so the
engine tries one thread more or fewer for a few tokens now and then, and keeps what is faster.
"""

import statistics

_SAMPLE = 5  # tokens that are timed before speeds are compared
_TOKENS_BETWEEN = 64
_SECONDS_BETWEEN = 3.0
_BETTER = 0.93  # of the time: less of a gain may be chance


class ThreadChoice:
    """Tell it how long each token took; `threads` is how many should write the next one.

    It moves one step at a time between 1 and `most`. A trial of 6 tokens after every 64, or after
    3 seconds when tokens are slow, costs some 3% where nothing else runs.
    """

    def __init__(self, *, most: int, start: int) -> None:
        self.threads = start
        self._most = most
        self._kept = start
        self._upwards = False
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
            if self._due():
                self._usual = statistics.median(self._times[-_SAMPLE:])
                self._try_another()
        elif len(self._times) == _SAMPLE or self._hopeless(seconds):
            self._decide()

    def _due(self) -> bool:
        enough = len(self._times) >= _SAMPLE
        first = not self._usual
        since = len(self._times) >= _TOKENS_BETWEEN or sum(self._times) >= _SECONDS_BETWEEN
        return enough and (first or since)

    def _hopeless(self, seconds: float) -> bool:
        return seconds > 5 * self._usual

    def _try_another(self) -> None:
        self._upwards = not self._upwards
        step = 1 if self._upwards else -1
        if not 1 <= self._kept + step <= self._most:
            step = -step
        if 1 <= self._kept + step <= self._most:
            self._use(self._kept + step)
        else:
            self._times.clear()

    def _decide(self) -> None:
        if statistics.median(self._times) < _BETTER * self._usual:
            self._kept = self.threads
        self._use(self._kept)

    def _use(self, threads: int) -> None:
        self.threads = threads
        self._times.clear()
        self._skip = True
