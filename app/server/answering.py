"""An answer on its way: made in a thread, heard in the server's loop, stopped when nobody hears.

A client that leaves is noticed at once, whether something is sent to it at that moment or not.
"""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, Self, TypeVar

from starlette.types import Receive

from quire.answering.question import Question
from quire.checked import CheckedText
from quire.indexes.scope import Scope
from quire.knowledge_base import KnowledgeBase
from quire.records import Answer, Draft
from quire.server.served import Served

Piece = str | Draft | Answer
"""Of an answer, the last one the whole."""
P = TypeVar("P", bound=Piece | CheckedText)
Put = Callable[[Draft], None]
Pieces = Callable[[threading.Event, Put], Iterator[P]]
"""What makes the pieces of an answer, or the one of a check, which takes as long; given what stops
it, and what hears drafts."""
_LAST = (Answer, CheckedText)


def asking(base: KnowledgeBase, question: Question) -> Pieces[Piece]:
    """The pieces of an answer to a question."""
    return lambda cancel, put: base.stream(
        dataclasses.replace(question, cancel=cancel, on_draft=put)
    )


def checking(
    base: KnowledgeBase, text: str, *, name: str = "", scope: Scope | None = None
) -> Pieces[CheckedText]:
    """The one piece of a check."""

    def pieces(cancel: threading.Event, _: Put) -> Iterator[CheckedText]:
        yield base.check(text, name=name, scope=scope, cancel=cancel)

    return pieces


async def left(receive: Receive) -> None:
    """Wait until the client that `receive` hears leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass


class ClientLeft(Exception):
    """There is nobody to tell."""


class Answering(Generic[P]):
    """Pieces of one answer, as `KnowledgeBase.stream` gives them, drafts among them.

    Made by `begin`, which waits for the turn and for the first piece, so that what keeps a question
    from being answered is raised there.
    """

    def __init__(self, served: Served, pieces: Pieces[P]) -> None:
        self._served = served
        self._pieces = pieces
        self._heard: asyncio.Queue[P | Draft | Exception | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._cancel = threading.Event()
        self._first: P | Draft | None = None
        self._left = False
        self._done: asyncio.Future[None] | None = None

    @classmethod
    async def begin(
        cls, leaves: Callable[[], Awaitable[object]], served: Served, pieces: Pieces[P]
    ) -> Self:
        """Wait for the turn and the first piece; `leaves` waits until nobody wants the answer any
        more. Raises ModelBusy, ClientLeft, and what asking raises."""
        served.require_going()
        self = cls(served, pieces)
        watching = asyncio.create_task(self._watch(leaves))
        try:
            await self._turn(watching)
        except BaseException:
            watching.cancel()
            raise
        served.under_way.add(self._cancel)
        self._done = self._loop.run_in_executor(served.answerer, self._run)
        self._done.add_done_callback(lambda _: self._end(watching))
        self._first = await self._next()
        return self

    async def __aiter__(self) -> AsyncIterator[P | Draft]:
        piece = self._first
        while piece is not None:
            yield piece
            if isinstance(piece, _LAST):
                return
            piece = await self._next()

    async def whole(self) -> Answer | CheckedText:
        """The last piece alone."""
        async for piece in self:
            if isinstance(piece, _LAST):
                return piece
        raise AssertionError("a stream ends in an answer")

    async def _turn(self, watching: "asyncio.Task[None]") -> None:
        taking = asyncio.create_task(self._served.desk.take())
        try:
            await asyncio.wait({taking, watching}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _dropped(taking, self._served)
            raise
        if self._left:
            await _dropped(taking, self._served)
            raise ClientLeft
        await taking

    async def _watch(self, leaves: Callable[[], Awaitable[object]]) -> None:
        """Wait until the client leaves, and stop the model."""
        await leaves()
        self._left = True
        self._cancel.set()
        self._heard.put_nowait(None)

    async def _next(self) -> P | Draft:
        piece = await self._heard.get()
        if isinstance(piece, (*_LAST, Exception)):  # the last: whoever has it can ask again at once
            await self._ended()
        if isinstance(piece, Exception):
            raise piece
        if piece is None:
            raise ClientLeft
        return piece

    async def _ended(self) -> None:
        if self._done is not None:
            await asyncio.wait({self._done})

    def _run(self) -> None:
        try:
            for piece in self._pieces(self._cancel, self._put):
                if isinstance(piece, Answer):
                    self._served.metrics.answered(piece)
                self._put(piece)
        except Exception as error:  # told where the pieces are heard
            self._put(error)

    def _put(self, piece: P | Draft | Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody hears it
            self._loop.call_soon_threadsafe(self._heard.put_nowait, piece)

    def _end(self, watching: "asyncio.Task[None]") -> None:
        """The model is free: not before the thread has ended, so that it is never asked twice."""
        watching.cancel()
        self._served.under_way.discard(self._cancel)
        self._served.desk.leave()


async def _dropped(taking: "asyncio.Task[None]", served: Served) -> None:
    """Give up waiting for the turn, and the turn where it had come."""
    if taking.done() and not taking.cancelled() and taking.exception() is None:
        served.desk.leave()
        return
    taking.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await taking
