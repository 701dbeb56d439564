"""How what parsers make of files comes into this process.

Parsers run ahead, and what they hold does not count here. A small document comes in as soon as it
is parsed, so that its parser can go on with the next file. A large one stays where it is until its
turn, and is then received by whoever takes it and in no other thread: the C library keeps the
memory of large texts for the thread that had them.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from quire.errors import Unreadable
from quire.records import ParsedDocument

_LOOK = 0.2  # seconds between two looks, during a long wait, whether to go on waiting

Receive = Callable[[], ParsedDocument]
Found = TypeVar("Found")


class _Large:
    """A document that waits in its parser until `done` is set: it was received, or there is an
    error."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.done = threading.Event()
        self.document: ParsedDocument | None = None
        self.error: Exception = _closed()


class Arrivals(Generic[Found]):
    """What was found in files, by their paths. Small documents may be here before their turn as
    long as they have at most `ahead` characters together. Thread-safe."""

    def __init__(self, *, ahead: int) -> None:
        self._ahead = ahead
        self._changed = threading.Condition()
        self._closed = False
        self._characters: dict[Path, int] = {}
        self._large: dict[Path, _Large] = {}
        self._found: dict[Path, Found] = {}

    def bring(self, path: Path, characters: int, receive: Receive) -> ParsedDocument:
        """In a parser's thread: the document that `receive` gives, now or when it is its turn.

        Raises what `receive` raises, and Unreadable after `close`.
        """
        with self._changed:
            if self._closed:
                raise _closed()
            if sum(self._characters.values()) + characters <= self._ahead:
                self._characters[path] = characters
                large = None
            else:
                self._large[path] = large = _Large(receive)
                self._changed.notify_all()
        if large is None:
            return receive()
        large.done.wait()
        document, large.document = large.document, None
        if document is None:
            raise large.error
        return document

    def put(self, path: Path, found: Found) -> None:
        """In a parser's thread: what was found in a file in the end."""
        with self._changed:
            self._found[path] = found
            self._changed.notify_all()

    def take(self, path: Path, *, look: Callable[[], None]) -> Found:
        """It is the turn of this file: what was found in it, which is here no longer. `look` is
        called now and then, and may raise to end the wait."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: path in self._found or path in self._large, _LOOK)
                if path in self._found:
                    self._characters.pop(path, None)
                    return self._found.pop(path)
                large = self._large.pop(path, None)
            if large is not None:
                try:
                    large.document = large.receive()
                except Exception as error:  # raised where its parser is talked to
                    large.error = error
                finally:
                    large.done.set()
            look()

    def close(self) -> None:
        """Nothing comes in any more: those who wait are sent away."""
        with self._changed:
            self._closed = True
            waiting, self._large = self._large, {}
        for large in waiting.values():
            large.done.set()


def _closed() -> Unreadable:
    return Unreadable("the parser was closed before the file was read")
