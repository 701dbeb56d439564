"""Finds how many threads write fastest right now.

All threads of a model wait for each other a thousand times a token, so one that shares its core
with another program slows the whole team: on two cores, with a browser busy on one of them, a
single thread can be twice as fast as two. And a small model has too little work for many: on 16
cores one wrote 59 tokens a second with 16 threads and 88 with two. Which number is best changes
from minute to minute; so the engine tries another one for a few tokens now and then, and keeps what
is faster.
"""

import statistics

_SAMPLE = 5  # tokens that are timed before two numbers are compared
_TOKENS_BETWEEN = 64
_SECONDS_BETWEEN = 3.0  # where tokens are slow
_BETTER = 0.93  # of the time: less of a gain may be chance
_WORSE = 1.1  # times the time: then still fewer threads are not tried at once
_HOPELESS = 1.8  # times the time: one token is enough to give up


class ThreadChoice:
    """Tell it how long each token took; `threads` is how many should write the next one.

    At first it halves the number, trial after trial, down to two while that is no slower. Then it
    tries half, twice, one less and one more than the number in use, in turn. A trial takes 6 tokens
    after every 64, or after 3 seconds, and costs about 3% of the speed where nothing else runs.
    """

    def __init__(self, *, most: int) -> None:
        self.threads = most
        self._most = most
        self._least = max(1, min(2, most // 2))
        self._kept = most
        self._halving = True
        self._steps = 0
        self._times: list[float] = []
        self._spent = 0.0  # seconds, the sum of the times
        self._usual = 0.0
        self._skip = True

    def took(self, seconds: float) -> None:
        """Note the time of one token written with `threads` threads."""
        if self._skip:  # the first token after a change wakes the team
            self._skip = False
            return
        self._times.append(seconds)
        self._spent += seconds
        if self.threads == self._kept:
            if self._trial_is_due():
                self._usual = statistics.median(self._times[-_SAMPLE:])
                self._use(self._next_number())
        elif len(self._times) == _SAMPLE or seconds > _HOPELESS * self._usual:
            self._judge(statistics.median(self._times))

    def _judge(self, seconds: float) -> None:
        tried = self.threads
        if seconds < _BETTER * self._usual:
            self._kept, self._usual = tried, seconds
        fewer = max(self._least, tried // 2)
        self._halving &= seconds < _WORSE * self._usual and fewer < tried
        self._use(fewer if self._halving else self._kept)

    def _trial_is_due(self) -> bool:
        if len(self._times) < _SAMPLE or self._most == 1:
            return False
        first = not self._usual
        return first or len(self._times) >= _TOKENS_BETWEEN or self._spent >= _SECONDS_BETWEEN

    def _next_number(self) -> int:
        """Another number than the one in use, where there is one."""
        kept = self._kept
        numbers = [kept // 2, kept * 2, kept - 1, kept + 1]
        for _ in numbers:
            number = min(numbers[self._steps % len(numbers)], self._most)
            self._steps += 1
            if self._least <= number != kept:
                return number
        return kept

    def _use(self, threads: int) -> None:
        self.threads = threads
        self._times.clear()
        self._spent = 0.0
        self._skip = True
