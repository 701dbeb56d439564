"""The sources that an agent has read, each under a number that its answer can cite."""

import dataclasses
from collections.abc import Callable, Iterable

from quire.answering import sources
from quire.records import Passage

_LEAST = 80  # tokens: what has room for fewer shows no source


class Notebook:
    """Numbers passages in the order in which they are read, the same one always alike, and gives as
    much of them as fits into `room` tokens, all in all; `count` counts them."""

    def __init__(self, *, room: int, count: Callable[[str], int]) -> None:
        self.room = room
        """Tokens that can still be read."""
        self._count = count
        self._read: dict[tuple[str, int, int], Passage] = {}

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All that was read, by number."""
        return tuple(self._read.values())

    @property
    def full(self) -> bool:
        """Whether nothing more can be read."""
        return self.room < _LEAST

    def numbered(self, passage: Passage) -> Passage:
        """A passage under its number."""
        found = self._labelled(passage)
        self._read.setdefault(_key(found), found)
        return found

    def quoted(self, passages: Iterable[Passage]) -> str:
        """Passages as sources, each behind its number, as many as half of the room holds; of the
        first one its beginning, where it is longer by itself."""
        most = self.room // 2
        shown: list[str] = []
        for passage in passages:
            found = self._labelled(passage)
            text = sources.written(found)
            if not shown:
                text = self._beginning(text, most)
            cost = self._count(text) + 2
            if text and cost <= most:
                most -= cost
                self.room -= cost
                self._read.setdefault(_key(found), found)
                shown.append(text)
        return "\n\n".join(shown)

    def told(self, text: str) -> str:
        """What is said beside the sources, as far as there is room."""
        text = self._beginning(text, self.room // 2)
        self.room -= self._count(text)
        return text

    def _labelled(self, passage: Passage) -> Passage:
        """A passage under its number, or under the next one, which is not given away yet."""
        known = self._read.get(_key(passage))
        return known or dataclasses.replace(passage, label=len(self._read) + 1)

    def _beginning(self, text: str, most: int) -> str:
        while self._count(text) > most and text:
            text = text[: len(text) * 3 // 4].rpartition("\n")[0] or text[: len(text) // 2]
        return text


def _key(passage: Passage) -> tuple[str, int, int]:
    return passage.document.id, passage.span.start, passage.span.end
