"""The child process that renders a model's chat template.

A chat template is a program in Jinja's language that came with the model's file. Jinja's sandbox
keeps it from Python's objects, but not from looping for ever or from filling the memory; a process
of its own, under limits of the system, does. It never sees a document or a question: where the
contents belong it writes marks, which the parent sends.

One JSON object comes on standard input: `template`, `bos` and `eos` as texts, and `prompts`, each a
list of messages. One goes out on standard output: `results`, for each prompt `{"text": …}` or
`{"reason": …}`.
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


def _to_json(value: Any, **_layout: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


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


def _renderer(request: dict[str, Any]) -> Callable[[list[dict[str, str]]], str]:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _GenerationBlock]
    )
    environment.globals.update(raise_exception=_raise_exception, strftime_now=_strftime_now)
    environment.filters["tojson"] = _to_json
    template = environment.from_string(request["template"])

    def render(messages: list[dict[str, str]]) -> str:
        text = ""
        for piece in template.generate(
            messages=messages,
            add_generation_prompt=True,
            bos_token=request["bos"],
            eos_token=request["eos"],
            enable_thinking=False,
            tools=None,
        ):
            text += piece
            if len(text) > MAX_OUTPUT:
                raise TemplateError("it writes too much")
        return text

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
    render: Callable[[list[dict[str, str]]], str], messages: list[dict[str, str]]
) -> dict[str, str]:
    try:
        return {"text": render(messages)}
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
