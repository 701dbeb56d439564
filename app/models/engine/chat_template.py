"""Turns messages into the segments of a prompt by the chat template of the model's own file.

A template says which control tokens stand around each message. The usual way, to render it with the
contents in place and then let every `<|im_end|>` become a control token, lets a document speak as
the user or the system. Here the template is rendered with marks that nobody can guess in the place
of the contents and then cut at the marks: what lies between is scaffolding, and may become control
tokens; the contents themselves stay text.

The scaffolding depends on the roles alone, so it is rendered once for each sequence of roles, in a
child process (quire.models.engine.template_worker), and remembered. Of a conversation with tools it
also depends on these and on the calls; what the template writes of them as JSON stays text as well.
"""

import functools
import json
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quire.errors import ModelError, ModelUnusable
from quire.models.protocols import Message, Segment, Tool, ToolCall

Roles = tuple[str, ...]

_RENDERED_AT_ONCE = 8  # turns of a conversation that the first rendering covers
# The child's own limit is one of processor time; the clock would blame a template for a busy
# machine. Windows knows no other limit.
_WALL_SECONDS = 10.0 if sys.platform == "win32" else 300.0


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of a content, and whether the template keeps the spaces around it."""

    message: int
    keeps_start: bool
    keeps_end: bool


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A text of a tool or a call that could be taken for control tokens."""

    text: str


@dataclass(frozen=True, slots=True)
class _Json:
    """JSON that the template writes, in which contents of messages may stand too."""

    parts: tuple[str | _Slot | _Foreign, ...]


_Part = str | _Slot | _Foreign | _Json
_Layout = tuple[_Part, ...]
_REMEMBERED = 64  # layouts of conversations with tools
_CONTROLS = "<[|"  # control tokens have one of these: "<|im_end|>", "[INST]", "</s>"
_PROBE = "quire_probe_7"  # the name of a tool that a template is tried with
_PROBE_ID = "quire0007"  # of a call of it: nine letters and digits, as Mistral's templates want it


class ChatTemplate:
    """A chat template, checked and ready.

    `source` is its text, `bos` and `eos` are the texts of the model's first and last token, and
    `model` is a name for error messages. Raises ModelUnusable when the template cannot render a
    single question. Usable from several threads.
    """

    def __init__(self, source: str, *, bos: str, eos: str, model: str) -> None:
        self._source = source
        self._bos = bos
        self._eos = eos
        self._model = model
        self._lock = threading.Lock()
        self._layouts: dict[Roles, _Layout | str] = {}
        self._with_tools: dict[str, _Layout | str] = {}
        turns: list[Roles] = [
            ("user", *("assistant", "user") * n) for n in range(_RENDERED_AT_ONCE)
        ]
        self._render([*turns, *(("system", *roles) for roles in turns)])
        reason = self._layouts["user",]
        if isinstance(reason, str):
            raise ModelUnusable(
                f"The chat template of {model} cannot be used: {reason}.",
                hint="Get the model's file from another source, or choose another model.",
            )

    def segments(
        self, messages: Sequence[Message], tools: Sequence[Tool] = ()
    ) -> tuple[Segment, ...]:
        """The prompt up to where the assistant's reply begins.

        A template that knows no system message gets its text at the head of the first user message.
        Raises ModelError when the template refuses the order of the messages, or knows no tools.
        """
        layout = self._layout(messages, tools)
        if isinstance(layout, str) and messages[0].role == "system" and len(messages) > 1:
            head = Message(messages[1].role, f"{messages[0].content}\n\n{messages[1].content}")
            messages = [head, *messages[2:]]
            layout = self._layout(messages, tools)
        if isinstance(layout, str):
            raise ModelError(f"The chat template of {self._model} refuses the messages: {layout}.")
        contents = [message.content for message in messages]
        return tuple(_segment(part, contents) for part in layout)

    @functools.cached_property
    def knows_tools(self) -> bool:
        """Whether it writes tools, calls and what they gave into a prompt."""
        tool = Tool(_PROBE, "A probe.", {"type": "object", "properties": {}})
        asks = [Message("user", "?")]
        asked = [
            *asks,
            Message("assistant", "", calls=(ToolCall(_PROBE_ID, _PROBE, "{}"),)),
            Message("tool", "given", answers=_PROBE_ID),
        ]
        told = self._rendered(asks, [tool]), self._rendered(asked, [])
        return all(
            not isinstance(layout, str)
            and any(_PROBE in text for part in layout for text in _texts(part))
            for layout in told
        )

    def opens_thought(self, segments: Sequence[Segment]) -> bool:
        """Whether the prompt ends inside `<think>`, so that the reply begins with thinking."""
        end = segments[-1]
        return end.scaffold and end.text.rfind("<think>") > end.text.rfind("</think>")

    def _layout(self, messages: Sequence[Message], tools: Sequence[Tool]) -> _Layout | str:
        roles = tuple(message.role for message in messages)
        if not tools and "tool" not in roles and not any(each.calls for each in messages):
            if roles not in self._layouts:
                self._render([roles])
            return self._layouts[roles]
        key = json.dumps([_shapes(messages, ""), [tool.to_dict() for tool in tools]])
        if (known := self._with_tools.get(key)) is None:
            known = self._rendered(messages, tools)
            with self._lock:
                if len(self._with_tools) >= _REMEMBERED:
                    self._with_tools.clear()
                self._with_tools[key] = known
        return known

    def _render(self, wanted: list[Roles]) -> None:
        mark = _new_mark()
        prompts = [
            [{"role": role, "content": f" {mark}{i:04} "} for i, role in enumerate(roles)]
            for roles in wanted
        ]
        results = self._ask_child(prompts, mark=mark)
        for roles, result in zip(wanted, results, strict=True):
            layout = (
                _cut(result, mark=mark, needed=range(len(roles)), count=len(roles))
                if "text" in result
                else result["reason"]
            )
            with self._lock:
                self._layouts[roles] = layout

    def _rendered(self, messages: Sequence[Message], tools: Sequence[Tool]) -> _Layout | str:
        """The layout of a conversation with tools."""
        mark = _new_mark()
        foreign: list[str] = []
        (result,) = self._ask_child(
            [_marked(_shapes(messages, mark), mark, foreign)],
            mark=mark,
            tools=_marked([tool.to_dict() for tool in tools], mark, foreign),
        )
        if "text" not in result:
            return str(result["reason"])
        # What is said beside a call some templates leave out.
        needed = [at for at, message in enumerate(messages) if not message.calls]
        return _cut(result, mark=mark, needed=needed, count=len(messages), foreign=foreign)

    def _ask_child(
        self,
        prompts: list[list[dict[str, Any]]],
        *,
        mark: str,
        tools: list[dict[str, Any]] | None = None,
    ) -> list[dict[str, Any]]:
        request = json.dumps(
            {
                "template": self._source,
                "bos": self._bos,
                "eos": self._eos,
                "mark": mark,
                "prompts": prompts,
                "tools": tools or None,
            }
        )
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "quire.models.engine.template_worker"],
                input=request.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_WALL_SECONDS,
                check=True,
            )
            results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
        except (OSError, subprocess.SubprocessError, ValueError) as exc:
            raise ModelUnusable(
                f"The chat template of {self._model} takes too long or too much memory.",
                hint="Get the model's file from another source, or choose another model.",
            ) from exc
        return results


def _cut(
    result: dict[str, Any],
    *,
    mark: str,
    needed: Sequence[int],
    count: int,
    foreign: Sequence[str] = (),
) -> _Layout | str:
    """Cut a rendered text at its marks; a sentence's end when those that are needed are not there
    once, in order."""
    text: str = result["text"]
    parts: list[_Part] = []
    met: list[int] = []
    at = 0
    for piece in re.finditer(rf"{mark}j(\d{{4}})", text):
        parts += _cut_at(text[at : piece.start()], mark, met, foreign)
        inside = _cut_at(result["json"][int(piece[1])], mark, met, foreign)
        parts.append(_Json(tuple(inside)))
        at = piece.end()
    parts += _cut_at(text[at:], mark, met, foreign)
    if met != sorted({*met}) or not {*needed} <= {*met} <= {*range(count)}:
        return "it leaves out, repeats or reorders messages"
    return tuple(part for part in parts if part)


def _cut_at(
    text: str, mark: str, met: list[int], foreign: Sequence[str]
) -> Iterator[str | _Slot | _Foreign]:
    """A text cut at the marks of contents, which are added to those that were met, and at those of
    foreign texts."""
    at = 0
    for match in re.finditer(rf"( ?){mark}(\d{{4}})( ?)|{mark}s(\d{{4}})", text):
        yield text[at : match.start()]
        if match[4]:
            yield _Foreign(foreign[int(match[4])])
        else:
            met.append(int(match[2]))
            yield _Slot(met[-1], bool(match[1]), bool(match[3]))
        at = match.end()
    yield text[at:]


def _segment(part: _Part, contents: Sequence[str]) -> Segment:
    if isinstance(part, str):
        return Segment(part, scaffold=True)
    if isinstance(part, _Json):
        return Segment("".join(_in_json(each, contents) for each in part.parts))
    return Segment(
        part.text if isinstance(part, _Foreign) else _spaced(contents[part.message], part)
    )


def _in_json(part: str | _Slot | _Foreign, contents: Sequence[str]) -> str:
    if isinstance(part, str):
        return part
    text = part.text if isinstance(part, _Foreign) else contents[part.message]
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _texts(part: _Part) -> Iterator[str]:
    """What of a layout is known without the messages."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, _Json):
        yield from (each for each in part.parts if isinstance(each, str))


def _new_mark() -> str:
    return f"q{secrets.randbelow(10**30):030}q"


def _shapes(messages: Sequence[Message], mark: str) -> list[dict[str, Any]]:
    """Messages as a template sees them, with marks for their contents; without a mark, empty."""
    return [
        {
            "role": message.role,
            "content": f" {mark}{at:04} "
            if mark and (message.content or not message.calls)
            else "",
            **({"tool_calls": [*map(_plain, message.calls)]} if message.calls else {}),
            **({"tool_call_id": message.answers} if message.answers else {}),
        }
        for at, message in enumerate(messages)
    ]


def _plain(call: ToolCall) -> dict[str, Any]:
    """A call as OpenAI's language has it, its arguments read where they are JSON."""
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = {"": call.arguments}
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _marked(value: Any, mark: str, foreign: list[str]) -> Any:
    """A value of JSON with a mark for each text that could be taken for control tokens; these are
    added to the foreign ones. Contents have marks of their own."""
    if isinstance(value, str):
        if set(_CONTROLS).isdisjoint(value):
            return value
        foreign.append(value)
        return f"{mark}s{len(foreign) - 1:04}"
    if isinstance(value, dict):
        return {
            _marked(name, mark, foreign): _marked(inner, mark, foreign)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_marked(inner, mark, foreign) for inner in value]
    return value


def _spaced(content: str, slot: _Slot) -> str:
    if not slot.keeps_start:
        content = content.lstrip()
    return content if slot.keeps_end else content.rstrip()
