"""A reply on its way from a server: the end that the connection fills, and the one that is read."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from quire.models.engine.reply_text import ReplyText
from quire.models.engine.tool_calls import new_id
from quire.models.forms import Form
from quire.models.protocols import Finish, ToolCall
from quire.models.remote.events import CallPiece, Piece
from quire.records import Usage

_CHARACTERS_PER_TOKEN = 32  # at most; beyond this a server ignores the limit that it was given
_CHARACTERS_PER_EVENT = 4  # counted at least: servers send a token in an event, or more
_CALLS = 32  # of a reply
_SECONDS_PER_TOKEN = 5.0  # at most, in the mean; slower than what anybody waits for


@dataclass(eq=False, slots=True)
class Call:
    """A reply on its way, between the event loop that fills it and the caller who reads it. It has
    at most so many tokens, thoughts included."""

    reply: ReplyText
    model: str
    form: Form | None
    cancel_event: threading.Event | None
    max_tokens: int
    usage: Usage
    left: bool = False
    written: int = 0  # characters, of thoughts too
    text: str = ""
    ended_by: str | None = None
    counted: bool = False
    finish: Finish | None = None
    calls: dict[int, ToolCall] = field(default_factory=dict)
    pieces: queue.SimpleQueue[str | Exception | None] = field(default_factory=queue.SimpleQueue)

    @property
    def complete(self) -> bool:
        return self.ended_by is not None or self.useless

    @property
    def useless(self) -> bool:
        """Whether nothing that the server still sends will be read."""
        return self.reply.stopped or self.reply.leaked or self.over

    @property
    def over(self) -> bool:
        """Whether the server ignores the limit that it was given."""
        return self.written > self.max_tokens * _CHARACTERS_PER_TOKEN

    @property
    def seconds(self) -> float:
        """How long the server may take to write, should it not fall silent before."""
        return self.max_tokens * _SECONDS_PER_TOKEN

    def cancelled(self) -> bool:
        return self.left or (self.cancel_event is not None and self.cancel_event.is_set())

    def take(self, new: Piece) -> None:
        """Add what the server sent; what belongs to a thought is only counted."""
        if new.thought:  # it keeps them apart
            self.reply.thought = True
            self.put(self.reply.begin_outside())
        self.ended_by = self.ended_by or new.finish
        asked = sum(len(each.name) + len(each.arguments) for each in new.calls)
        if new.text or new.thought or new.calls:
            self.written += max(len(new.text) + len(new.thought) + asked, _CHARACTERS_PER_EVENT)
        for each in new.calls[:_CALLS]:
            self._add_to_call(each)
        self.put(self.reply.feed(new.text.encode("utf-8", errors="replace")))
        if new.usage:
            self.usage, self.counted = new.usage, True
        elif not self.counted and (new.text or new.thought):  # servers send a token at a time
            self.usage = Usage(self.usage.prompt_tokens, self.usage.completion_tokens + 1)

    def _add_to_call(self, new: CallPiece) -> None:
        known = self.calls.get(new.index)
        if known is None:
            if len(self.calls) < _CALLS:
                id_ = new.id or new_id()
                self.calls[new.index] = ToolCall(id_, new.name, new.arguments)
            return
        self.calls[new.index] = ToolCall(
            known.id, known.name or new.name, known.arguments + new.arguments
        )

    @property
    def begun(self) -> bool:
        """Whether anything of a reply has come."""
        return self.written > 0 or self.ended_by is not None

    def put(self, text: str) -> None:
        if text:
            self.text += text
            self.pieces.put(text)

    def end(self, finish: Finish, error: Exception | None = None) -> None:
        if self.finish is None:
            self.finish = finish
            self.pieces.put(error)


class RemoteReply(Iterator[str]):
    """A `Generation` that a server writes."""

    position = 0  # servers do not tell

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ended = False

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        found = self._call.pieces.get()
        if isinstance(found, str):
            return found
        self._ended = True
        if found is not None:
            raise found
        raise StopIteration

    @property
    def finish(self) -> Finish | None:
        return self._call.finish

    @property
    def usage(self) -> Usage:
        return self._call.usage

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of tools that it ends in."""
        return tuple(self._call.calls[index] for index in sorted(self._call.calls))

    def cancel(self) -> None:
        self._call.left = True

    def close(self) -> None:
        """The same as `cancel`, for `contextlib.closing`."""
        self.cancel()

    def __del__(self) -> None:
        self.cancel()
