"""The child process that renders a model's chat template.

A chat template is a program in Jinja's language that came with the model's file. Jinja's sandbox
keeps it from Python's objects, but not from looping for ever or from filling the memory; a process
of its own, under limits of the system, does. It never sees a document or a question: where the
contents belong it writes marks, which the parent sends.

One JSON object comes on standard input: `template`, `bos` and `eos` as texts, `mark`, `prompts`,
each a list of messages, and `tools`, a list or null. One goes out on standard output: `results`,
for each prompt `{"text": …, "json": […]}` or `{"reason": …}`. Where the template writes a value as
JSON, such as a tool, `text` has the mark, the letter j and four digits, which count in `json`: what
tools and calls say is no more scaffolding than what messages say.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_SECONDS = 1.0  # honest templates take milliseconds
MEMORY = 512 * 2**20
MAX_OUTPUT = 256 * 1024


class _GenerationBlock(Extension):
    """`{% generation %}…{% endgeneration %}` marks the assistant's part for training: only text."""

    tags = {"generation"}  # noqa: RUF012  Jinja's own way to declare them

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise_exception(message: object) -> NoReturn:
    raise TemplateError(str(message))


def _strftime_now(layout: str) -> str:
    return datetime.now().astimezone().strftime(layout)


def _limit_this_process() -> None:
    if sys.platform == "win32":
        return  # there the parent's timeout has to do
    import resource  # noqa: PLC0415  exists on POSIX only
    import signal  # noqa: PLC0415

    # Time of the processor, not of the clock: on a busy machine an honest template is not refused.
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _renderer(request: dict[str, Any]) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _GenerationBlock]
    )
    environment.globals.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
    written: list[str] = []

    def to_json(value: Any, indent: int | None = None, **_layout: Any) -> str:
        written.append(json.dumps(value, ensure_ascii=False, indent=indent))
        return f"{request['mark']}j{len(written) - 1:04}"

    environment.filters["tojson"] = to_json
    template = environment.from_string(request["template"])

    def render(messages: list[dict[str, Any]]) -> dict[str, Any]:
        text = ""
        written.clear()
        for piece in template.generate(
            messages=messages,
            add_generation_prompt=True,
            bos_token=request["bos"],
            eos_token=request["eos"],
            enable_thinking=False,
            tools=request["tools"],
        ):
            text += piece
            if len(text) + sum(map(len, written)) > MAX_OUTPUT:
                raise TemplateError("it writes too much")
        return {"text": text, "json": [*written]}

    return render


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    _limit_this_process()
    # Anything may be raised by a program that came with a file, and each is a reason to refuse.
    try:
        render = _renderer(request)
        results = [_result(render, messages) for messages in request["prompts"]]
    except Exception as exc:
        results = [{"reason": _sentence(exc)} for _ in request["prompts"]]
    sys.stdout.write(json.dumps({"results": results}))


def _result(
    render: Callable[[list[dict[str, Any]]], dict[str, Any]], messages: list[dict[str, Any]]
) -> dict[str, Any]:
    try:
        return render(messages)
    except Exception as exc:
        return {"reason": _sentence(exc)}


def _sentence(exc: Exception) -> str:
    if isinstance(exc, MemoryError):
        return "it needs too much memory"
    if isinstance(exc, RecursionError):
        return "it calls itself without end"
    return " ".join(str(exc).split())[:200].rstrip(".") or type(exc).__name__


if __name__ == "__main__":
    main()
