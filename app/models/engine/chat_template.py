"""Turns messages into the segments of a prompt by the chat template of the model's own file.

A template says which control tokens stand around each message. The usual way, to render it with the
contents in place and then let every `<|im_end|>` become a control token, lets a document speak as
the user or the system. Here the template is rendered with marks that nobody can guess in the place
of the contents and then cut at the marks: what lies between is scaffolding, and may become control
tokens; the contents themselves stay text.

The scaffolding depends on the roles alone, so it is rendered once for each sequence of roles, in a
child process (quire.models.engine.template_worker), and remembered.
"""

import json
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from quire.errors import ModelError, ModelUnusable
from quire.models.protocols import Message, Segment

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


_Layout = tuple[str | _Slot, ...]


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

    def segments(self, messages: Sequence[Message]) -> tuple[Segment, ...]:
        """The prompt up to where the assistant's reply begins.

        A template that knows no system message gets its text at the head of the first user message.
        Raises ModelError when the template refuses the order of the messages.
        """
        layout = self._layout(messages)
        if isinstance(layout, str) and messages[0].role == "system" and len(messages) > 1:
            head = Message(messages[1].role, f"{messages[0].content}\n\n{messages[1].content}")
            messages = [head, *messages[2:]]
            layout = self._layout(messages)
        if isinstance(layout, str):
            raise ModelError(f"The chat template of {self._model} refuses the messages: {layout}.")
        return tuple(
            Segment(part, scaffold=True)
            if isinstance(part, str)
            else Segment(_spaced(messages[part.message].content, part))
            for part in layout
        )

    def opens_thought(self, segments: Sequence[Segment]) -> bool:
        """Whether the prompt ends inside `<think>`, so that the reply begins with thinking."""
        end = segments[-1]
        return end.scaffold and end.text.rfind("<think>") > end.text.rfind("</think>")

    def _layout(self, messages: Sequence[Message]) -> _Layout | str:
        roles = tuple(message.role for message in messages)
        if roles not in self._layouts:
            self._render([roles])
        return self._layouts[roles]

    def _render(self, wanted: list[Roles]) -> None:
        mark = f"q{secrets.randbelow(10**30):030}q"
        request = {
            "template": self._source,
            "bos": self._bos,
            "eos": self._eos,
            "prompts": [
                [{"role": role, "content": f" {mark}{i:04} "} for i, role in enumerate(roles)]
                for roles in wanted
            ],
        }
        results = self._ask_child(json.dumps(request))
        for roles, result in zip(wanted, results, strict=True):
            layout = (
                _cut(result["text"], mark=mark, count=len(roles))
                if "text" in result
                else result["reason"]
            )
            with self._lock:
                self._layouts[roles] = layout

    def _ask_child(self, request: str) -> list[dict[str, str]]:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "quire.models.engine.template_worker"],
                input=request.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_WALL_SECONDS,
                check=True,
            )
            results: list[dict[str, str]] = json.loads(done.stdout)["results"]
        except (OSError, subprocess.SubprocessError, ValueError) as exc:
            raise ModelUnusable(
                f"The chat template of {self._model} takes too long or too much memory.",
                hint="Get the model's file from another source, or choose another model.",
            ) from exc
        return results


def _cut(text: str, *, mark: str, count: int) -> _Layout | str:
    """Cut a rendered text at its marks; a sentence's end when they are not there once, in order."""
    parts: list[str | _Slot] = []
    at = 0
    found = list(re.finditer(rf"( ?){mark}(\d{{4}})( ?)", text))
    if [int(match[2]) for match in found] != list(range(count)):
        return "it leaves out, repeats or reorders messages"
    for match in found:
        parts.append(text[at : match.start()])
        parts.append(_Slot(int(match[2]), bool(match[1]), bool(match[3])))
        at = match.end()
    parts.append(text[at:])
    return tuple(part for part in parts if part)


def _spaced(content: str, slot: _Slot) -> str:
    if not slot.keeps_start:
        content = content.lstrip()
    return content if slot.keeps_end else content.rstrip()
