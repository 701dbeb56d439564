"""Notices that a model has begun to say the same thing over and over, as small ones do."""

import re
from collections import deque
from collections.abc import Hashable

from quire.text.languages import UNSPACED

_LONGEST = 128  # tokens: a loop may be a whole paragraph
_COPIES = 4
_FEWEST = 3  # copies in a sentence; of two there are names, such as Bora Bora
_SHORTEST_RUN = 48  # tokens: a row of dashes, or of empty table cells, is no loop yet
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]")


class RepetitionGuard:
    """Feed it tokens; it says when the tail is one stretch of at most 128 tokens, 4 times in a row.

    For each period p it counts for how many tokens in a row each equalled the one p before. Periods
    are looked at only where the token stood before: mostly none, of 128.

    >>> guard = RepetitionGuard()
    >>> next(token for token in range(300) if guard.repeats(token % 20))
    79
    """

    def __init__(self) -> None:
        self._count = 0
        self._places: dict[Hashable, deque[int]] = {}
        self._runs: dict[int, int] = {}

    def repeats(self, token: Hashable) -> bool:
        """Take the next token; True once it completes a loop."""
        here, before = self._count, self._runs
        places = self._places.setdefault(token, deque(maxlen=_LONGEST))
        while places and here - places[0] > _LONGEST:
            places.popleft()
        self._runs = {here - place: before.get(here - place, 0) + 1 for place in places}
        places.append(here)
        self._count += 1
        return any(
            run >= max((_COPIES - 1) * period, _SHORTEST_RUN) for period, run in self._runs.items()
        )


class RepeatedWords:
    """The guard for text that comes in pieces of any length: it counts words, signs, and characters
    of scripts without spaces.

    >>> loop = RepeatedWords()
    >>> [loop.hears(piece) for piece in ("It rains. ", "lea", "se lea" * 30, "se lea" * 30)]
    [False, False, False, True]
    """

    def __init__(self) -> None:
        self._guard = RepetitionGuard()
        self._rest = ""  # the last word, which may go on

    def hears(self, text: str) -> bool:
        """Take the next piece; True once it completes a loop."""
        self._rest += text
        *whole, last = _WORD.findall(self._rest) or [""]
        if self._rest[-1:].isspace():
            whole, last = [*whole, last], ""
        self._rest = last
        # subtle: all of them are fed, also after one that completes a loop.
        return sum(self._guard.repeats(word) for word in whole if word) > 0


def is_repetition(text: str) -> bool:
    """Whether most of a text is one stretch of words three times or more in a row.

    >>> is_repetition("lease lease lease."), is_repetition("It is the the the the year.")
    (True, True)
    >>> is_repetition("They sailed to Bora Bora."), is_repetition("圆顶圆顶圆顶圆顶")
    (False, True)
    """
    words = [word for word in _WORD.findall(text.casefold()) if word[0].isalnum()]
    for period in range(1, len(words) // _FEWEST + 1):
        run = 0
        for at in range(period, len(words)):
            run = run + 1 if words[at] == words[at - period] else 0
            long_enough = run >= (_FEWEST - 1) * period
            if long_enough and 2 * (run + period) > len(words):
                return True
    return False
