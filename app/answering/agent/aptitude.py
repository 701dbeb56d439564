"""Whether a model can call tools: ten small tasks, tried once and kept.

A model that has learned the form of a call may still call the wrong tool, leave out an argument, or
call for ever. The tasks are in both languages, each with what a right call has in it; two of them
need no call at all. The result is kept beside the reading speeds, by the model's fingerprint.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from quire.answering.agent import calculator
from quire.errors import ReplyUnusable, UsageError
from quire.models import remembering
from quire.models.engine.watching import foreign_errors_told
from quire.models.protocols import CallsTools, ChatModel, Message, Tool, ToolCall

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

FILE = "tool-calls.json"  # in the cache
NEEDED = 9
"""Of ten tasks: one slip is forgiven. Chosen, and not fitted, for want of a model to fit it on."""
Standing = Literal["apt", "untried", "failed", "no_tools"]
_VERSION = 1  # of the tasks; what was kept of others does not count
_WRITTEN = 200  # tokens of a call
_SYSTEM = "You look things up in the user's documents by calling tools. Make one call, or answer."


@dataclass(frozen=True, slots=True)
class Task:
    """`asks` needs a call of `tool` whose argument `argument` has one of the words `holds`; no call
    where `tool` is empty. `given` is what an earlier call gave."""

    asks: str
    tool: str = ""
    argument: str = ""
    holds: tuple[str, ...] = ()
    given: str = ""


TASKS = (
    Task("What do the documents say about the notice period?", "search", "text", ("notice",)),
    Task("文件里关于年假天数是怎么说的？", "search", "text", ("年假", "假")),
    Task("Read page 12 of lease.pdf.", "read_page", "page", ("12",)),
    Task("请读一下《员工手册.pdf》第3页。", "read_page", "document", ("员工手册",)),
    Task("Which documents are there?", "list_documents"),
    Task("What is 1,385 minus 1,120? Use the calculator.", "calculate", "expression", ("=265",)),
    Task("用计算器算一下 12 乘以 15 是多少。", "calculate", "expression", ("=180",)),
    Task(
        "Check whether the documents support this: The lease ends on 31 March 2029.",
        "check",
        "statement",
        ("2029",),
    ),
    Task("Thank you, that is all. Say goodbye without calling anything."),
    Task("When does the lease end?", given="[1] lease.pdf, p. 2\nThe lease ends on 31 March 2029."),
)


def known(path: Path, model: ChatModel) -> int | None:
    """How many tasks a model did, as kept in a file; None where it was never tried."""
    kept = remembering.remembered(path).get(model.fingerprint)
    return kept[1] if isinstance(kept, list) and kept[:1] == [_VERSION] else None


def standing(model: ChatModel | None, path: Path) -> Standing:
    """What is known of a model without trying it; see `running.unfit`."""
    if model is None or not isinstance(model, CallsTools) or model.tools_problem:
        return "no_tools"
    done = known(path, model)
    if done is None:
        return "untried"
    return "apt" if done >= NEEDED else "failed"


def keep(path: Path, model: ChatModel, done: int) -> None:
    """Keep how many tasks a model did."""
    remembering.remember(path, model.fingerprint, [_VERSION, done])


def tried(
    model: CallsTools,
    tools: "Sequence[BaseTool]",
    *,
    told: Callable[[int, int], None],
    cancel: threading.Event,
) -> int | None:
    """How many of the ten tasks a model does; None where `cancel` was set. `told` hears how many
    are tried of how many. Raises ModelError where it cannot be asked, or refuses tools."""
    from langchain_core.utils.function_calling import convert_to_openai_tool  # noqa: PLC0415

    from quire.answering.langchain_model import as_tool  # noqa: PLC0415  loads LangChain

    described = [as_tool(convert_to_openai_tool(tool)) for tool in tools]
    done = 0
    for at, task in enumerate(TASKS, start=1):
        done += _does(model, task, described, cancel)
        if cancel.is_set():
            return None
        told(at, len(TASKS))
    return done


def _does(model: CallsTools, task: Task, tools: Sequence[Tool], cancel: threading.Event) -> bool:
    messages = [Message("system", _SYSTEM), Message("user", task.asks)]
    if task.given:
        made = ToolCall("trial0001", "search", json.dumps({"text": task.asks}))
        messages += [
            Message("assistant", "", calls=(made,)),
            Message("tool", task.given, answers="trial0001"),
        ]
    try:
        with foreign_errors_told(model):
            reply = model.call(messages, tools=tools, max_tokens=_WRITTEN, cancel=cancel)
            said = "".join(reply)
    except ReplyUnusable:
        return False
    if not task.tool:
        return bool(said.strip()) and not reply.calls
    if len(reply.calls) != 1 or reply.calls[0].name != task.tool:
        return False
    try:
        arguments = json.loads(reply.calls[0].arguments)
    except ValueError:
        return False
    if not isinstance(arguments, dict):
        return False
    if not task.argument:
        return True
    value = str(arguments.get(task.argument, "")).casefold()
    if task.tool == "calculate":
        try:
            value = f"={calculator.calculate(value)}"
        except UsageError:
            return False
    return any(word in value for word in task.holds)
