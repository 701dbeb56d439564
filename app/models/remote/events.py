"""Reads what a server streams: bytes into events, and events into pieces of a reply.

The format is that of server-sent events (the HTML standard, "Server-sent events"), each with one
JSON object in the shape of OpenAI's `chat.completion.chunk`; other servers add to it and leave out,
so whatever is not needed may be missing or of any type.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quire.records import Usage

MAX_EVENT = 2**20  # bytes; a piece of a reply has some hundred
DONE = "[DONE]"


class Garbled(ValueError):
    """What a server sent is no reply; the message completes "the server …"."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event adds: text, of the reply or of a thought, why the reply ended, and the tokens
    counted by the server, where it says so."""

    text: str = ""
    thought: str = ""
    finish: str | None = None
    usage: Usage | None = None
    calls: tuple["CallPiece", ...] = ()


@dataclass(frozen=True, slots=True)
class CallPiece:
    """What one event adds to the call of a tool: the `index` tells which one of the reply it is."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Events:
    """Feed it bytes, get the data of each event that they complete.

    >>> events = Events()
    >>> list(events.feed(b"data: a\\n\\n: still here\\n\\ndata: b\\r\\n"))
    ['a']
    >>> list(events.feed(b"data: c\\r\\n\\r\\n"))
    ['b\\nc']
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        if self._after_return and chunk.startswith(b"\n"):  # a line end in two halves
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r")
        # Only what is new is looked through: a line may come byte by byte.
        *ended, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for part in ended:
            self._line += part
            line, self._line = bytes(self._line), bytearray()
            yield from self._take(line)
        self._line += rest
        self._check(len(self._line))

    def finish(self) -> Iterator[str]:
        """The data of an event that the end of the stream completes."""
        yield from self._take(bytes(self._line))
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[str]:
        if not line:
            data, self._data, self._size = self._data, [], 0
            if data:
                yield "\n".join(data)
            return
        field, _, value = line.partition(b":")
        if field in (b"data", b"error"):  # llama-server's own name for an error in the middle
            self._size += len(line)
            self._check(0)
            self._data.append(value.removeprefix(b" ").decode("utf-8", errors="replace"))

    def _check(self, more: int) -> None:
        if self._size + more > MAX_EVENT:
            raise Garbled(f"sends an event of more than {MAX_EVENT:,} bytes")


def piece(data: str) -> Piece:
    """What the data of one event says, which may be nothing: the last one often has no choices.
    Raises Garbled."""
    found = _object(data)
    if "choices" not in found and (words := error_text(found)):
        raise Garbled(f"reports: {words}")
    return _piece(found, "delta")


def whole(data: bytes) -> Piece:
    """The reply in the answer of a server that does not stream. Raises Garbled."""
    text = data.decode("utf-8", errors="replace")
    found = _object(text)
    match found.get("choices"):
        case [{"message": dict()}, *_]:
            return _piece(found, "message")
    words = error_text(found)
    raise Garbled(f"reports: {words}" if words else f"sends JSON that is no reply: {text}")


def error_text(data: object) -> str:
    """The sentence in a server's error, wherever it stands; empty where there is none.

    >>> error_text({"error": {"message": "No such model."}}), error_text({"detail": "Busy"})
    ('No such model.', 'Busy')
    """
    if isinstance(data, str):
        return data
    if isinstance(data, list) and data:
        return error_text(data[0])
    if isinstance(data, dict):
        for name in ("error", "message", "msg", "detail"):
            if found := error_text(data.get(name)):
                return found
    return ""


def _object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Garbled("sends something that is not JSON") from error
    if not isinstance(found, dict):
        raise Garbled("sends JSON that is no reply")
    if found.get("error"):
        raise Garbled(f"reports: {error_text(found) or 'an error'}")
    return found


def _piece(found: dict[str, Any], part: str) -> Piece:
    usage = _usage(found.get("usage"))
    choices = found.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return Piece(usage=usage)
    said = choice.get(part)
    said = said if isinstance(said, dict) else {}
    text, finish = said.get("content"), choice.get("finish_reason")
    thoughts = [said.get(name) for name in ("reasoning_content", "reasoning")]
    return Piece(
        text=text if isinstance(text, str) else "",
        thought=next((each for each in thoughts if isinstance(each, str) and each), ""),
        finish=finish if isinstance(finish, str) and finish else None,
        usage=usage,
        calls=tuple(_calls(said.get("tool_calls"))),
    )


def _calls(found: object) -> Iterator[CallPiece]:
    for at, each in enumerate(found if isinstance(found, list) else ()):
        if not isinstance(each, dict):
            continue
        function = each.get("function")
        function = function if isinstance(function, dict) else {}
        arguments = function.get("arguments")
        if isinstance(arguments, dict):  # as Ollama's own language has it
            arguments = json.dumps(arguments, ensure_ascii=False)
        index = each.get("index")
        yield CallPiece(
            index if isinstance(index, int) else at,
            *(
                value if isinstance(value, str) else ""
                for value in (each.get("id"), function.get("name"), arguments)
            ),
        )


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    prompt, completion = found.get("prompt_tokens"), found.get("completion_tokens")
    counts = [n for n in (prompt, completion) if isinstance(n, int) and 0 <= n < 2**31]
    return Usage(counts[0], counts[1]) if len(counts) == 2 else None
