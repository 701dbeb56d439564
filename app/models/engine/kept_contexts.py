"""Keeps what a model has read of other conversations, so that it need not read it again.

A model's context holds one conversation. When another one takes its place, what was read of the
first is copied out, tokens with their keys and values, and copied back when it goes on: for 512
tokens of the starter model 2 and 6 milliseconds, where reading them takes seconds. Where reading is
as quick, `copy_or_read` finds out, and nothing is copied. Giving each
conversation a part of one larger context was the alternative: it takes the memory from the start,
and every token written attends over all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quire.models.engine.copy_or_read import CopyOrRead


@dataclass(frozen=True, slots=True)
class KeptContext:
    """The tokens that a context held, and its state in llama.cpp's own layout."""

    tokens: tuple[int, ...]
    state: bytearray


class KeptContexts:
    """Contexts of at most `budget` bytes in all; the one not used for longest goes first.

    `pace` knows what copying and reading take here.
    """

    def __init__(self, *, budget: int) -> None:
        self.budget = budget
        self.pace = CopyOrRead()
        self._kept: list[KeptContext] = []

    @property
    def size(self) -> int:
        """Bytes kept now."""
        return sum(len(context.state) for context in self._kept)

    def put(self, context: KeptContext) -> None:
        """Keep a context; those that it continues are dropped, and so are old ones for room."""
        self._kept = [
            kept for kept in self._kept if kept.tokens != context.tokens[: len(kept.tokens)]
        ]
        self._kept.append(context)
        while self.size > self.budget:
            self._kept.pop(0)

    def take(self, prompt: Sequence[int], *, better_than: int) -> KeptContext | None:
        """Take out the context that begins most like `prompt`.

        None when none shares so many tokens more than the `better_than` at hand that copying it
        takes less time than reading them.
        """
        best, longest = None, better_than
        for kept in self._kept:
            shared = common_prefix(kept.tokens, prompt)
            if shared > longest and self.pace.worth_restoring(
                len(kept.tokens), unread=shared - better_than
            ):
                best, longest = kept, shared
        if best is not None:
            self._kept.remove(best)
        return best


def common_prefix(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """How many tokens two sequences share at their beginning.

    >>> common_prefix([5, 6, 7], [5, 6, 8, 9])
    2
    """
    count = 0
    for a, b in zip(ours, theirs, strict=False):
        if a != b:
            break
        count += 1
    return count
