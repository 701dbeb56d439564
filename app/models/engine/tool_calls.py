"""The calls of tools in what a model wrote.

Models write a call as JSON with its name and arguments, most of them in one of three frames:
`<tool_call>…</tool_call>` (Qwen, Hermes and others), a list after `[TOOL_CALLS]` (Mistral), or by
itself, as the whole reply (Llama). Of the frames some are control tokens, which have no text, so
JSON at the beginning of a reply is taken for a call where it names a tool that there is.
"""

import json
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from quire.errors import UsageError
from quire.models.engine.reply_text import overlap
from quire.models.forms import JsonSchema
from quire.models.protocols import Finish, Generation, Tool, ToolCall
from quire.records import Usage

_FRAME = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|$)", re.DOTALL)
_OPENINGS = ("<tool_call>", "[TOOL_CALLS]")
_BARE = ("{", "[", "```")  # what JSON may begin with
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*(?:```)?\s*\Z", re.DOTALL)


def demanded(tools: Sequence[Tool], choice: str) -> JsonSchema | None:
    """The form of a call that must come: of any tool ("any"), or the one of this name; None where
    the model decides ("auto"). Raises UsageError where there is no such tool."""
    if choice == "auto":
        return None
    wanted = [tool for tool in tools if choice in ("any", tool.name)]
    if not wanted:
        raise UsageError(f"There is no tool {choice!r} to call.")
    forms = [
        {
            "type": "object",
            "properties": {"name": {"const": tool.name}, "arguments": dict(tool.parameters)},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in wanted
    ]
    return JsonSchema(forms[0] if len(forms) == 1 else {"anyOf": forms})


def told_apart(reply: str, names: Collection[str]) -> tuple[str, list[ToolCall]]:
    """The text of a reply and the calls that it ends in, of tools with these names where nothing
    else says that it is a call.

    >>> told_apart('Wait. <tool_call>{"name": "add", "arguments": {}}</tool_call>', {"add"})[0]
    'Wait.'
    >>> [call.name for call in told_apart('{"name": "add", "parameters": {}}', {"add"})[1]]
    ['add']
    >>> told_apart('{"name": "Ann"}', {"add"})
    ('{"name": "Ann"}', [])
    """
    at = min((found for each in _OPENINGS if (found := reply.find(each)) >= 0), default=-1)
    if at >= 0:
        said, rest = reply[:at].rstrip(), reply[at:]
        if rest.startswith(_OPENINGS[1]):
            written = [rest.removeprefix(_OPENINGS[1]).strip()]
        else:
            written = [match[1] for match in _FRAME.finditer(rest)]
        return said, [call for text in written for call in _calls(text)]
    bare = _FENCE.sub(r"\1", reply.strip())
    if bare.startswith(("{", "[")):
        calls = [call for call in _calls(bare) if call.name in names]
        if calls:
            return "", calls
    return reply, []


class CallingReply(Iterator[str]):
    """A `CallingGeneration`: the text of a reply as it comes, without the calls that it ends in."""

    def __init__(self, reply: Generation, names: Collection[str]) -> None:
        self._reply = reply
        self._names = names
        self._held = ""
        self._said = False
        self._ended = False
        self.calls: tuple[ToolCall, ...] = ()

    def __next__(self) -> str:
        while not self._ended:
            try:
                self._held += next(self._reply)
            except StopIteration:
                self._ended = True
                text, calls = told_apart(self._held, self._names)
                self.calls = tuple(calls)
                # What stood before a call was given already, but for its last spaces.
                if text:
                    return text
                break
            if ready := self._ready():
                self._held = self._held[len(ready) :]
                self._said = True
                return ready
        raise StopIteration

    def _ready(self) -> str:
        """What is held that is certainly text."""
        begin = self._held.lstrip()
        if not self._said and (
            begin.startswith(_BARE) or any(each.startswith(begin) for each in _BARE)
        ):
            return ""
        opened = [at for each in _OPENINGS if (at := self._held.find(each)) >= 0]
        if opened:
            return self._held[: min(opened)]
        return self._held[: len(self._held) - overlap(self._held, _OPENINGS)]

    @property
    def position(self) -> int:
        return self._reply.position

    @property
    def finish(self) -> Finish | None:
        return self._reply.finish

    @property
    def usage(self) -> Usage:
        return self._reply.usage

    def cancel(self) -> None:
        self._reply.cancel()


def _calls(text: str) -> Iterator[ToolCall]:
    """The calls that some JSON makes; a text that is no JSON is one call that cannot be read, with
    the name that it seems to have."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found, _ = json.JSONDecoder().raw_decode(text)  # something is said after it
        except (ValueError, RecursionError):
            if named := re.search(r'"name"\s*:\s*"([\w.-]{1,64})"', text):
                rest = re.search(r'"(?:arguments|parameters)"\s*:\s*(.*)\Z', text, re.DOTALL)
                yield _call(named[1], rest[1] if rest else "")
            return
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            inner = each["function"] if isinstance(each.get("function"), dict) else each
            if isinstance(name := inner.get("name"), str) and name:
                yield _call(name, _written(inner.get("arguments", inner.get("parameters", {}))))


def _written(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _call(name: str, arguments: str) -> ToolCall:
    return ToolCall(new_id(), name, arguments)


def new_id() -> str:
    """An id of a call: nine letters and digits, since Mistral's templates refuse any other."""
    return secrets.token_hex(5)[:9]
