"""Notices that a model has begun to say the same thing over and over, as small ones do."""

from collections.abc import Hashable

_LONGEST = 128  # tokens: a loop may be a whole paragraph
_COPIES = 4
_SHORTEST_RUN = 48  # tokens: a row of dashes, or of empty table cells, is no loop yet


class RepetitionGuard:
    """Feed it tokens; it says when the tail is one stretch of at most 128 tokens, 4 times in a row.

    For each period p it counts for how many tokens in a row each equalled the one p before.

    >>> guard = RepetitionGuard()
    >>> next(token for token in range(300) if guard.repeats(token % 20))
    79
    """

    def __init__(self) -> None:
        self._tail: list[Hashable] = []
        self._runs = [0] * (_LONGEST + 1)

    def repeats(self, token: Hashable) -> bool:
        """Take the next token; True once it completes a loop."""
        tail, runs = self._tail, self._runs
        looping = False
        for period in range(1, min(len(tail), _LONGEST) + 1):
            if tail[-period] == token:
                runs[period] += 1
                enough = max((_COPIES - 1) * period, _SHORTEST_RUN)
                looping = looping or runs[period] >= enough
            else:
                runs[period] = 0
        tail.append(token)
        if len(tail) > _LONGEST:
            del tail[0]
        return looping
