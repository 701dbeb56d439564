"""Keeps an agent within its limits: how many calls, how long, none twice, none that cannot be."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from quire.answering.agent.notebook import Notebook
from quire.answering.agent.tools import NAMES
from quire.records import Step, Usage

_REPEATS = 3  # of calls that were made before; then it is to answer
_LAST = 2 / 3  # of the time: what is left is for the answer
_UNREADABLE = "unreadable"  # the argument that holds what was no JSON
_MADE = "This call was made before, and what it gave stands above. Make another one, or answer."
_ENOUGH = (
    "No more calls can be made. Answer the question now, from the sources above alone, each "
    "statement with its number."
)


class Deadline(threading.Event):
    """Is set once so many seconds are over, or once the caller's own event is."""

    def __init__(self, seconds: float, left: threading.Event) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.seconds = seconds
        self._left = left

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def is_set(self) -> bool:
        return super().is_set() or self._left.is_set() or self.elapsed > self.seconds


class Guard(AgentMiddleware[Any, Any]):
    """Middleware of LangChain's agent; one for each question. `told` hears each step when it is
    done. `calls`, `repeats`, `late` and `steps` say what happened."""

    def __init__(
        self,
        *,
        most: int,
        deadline: Deadline,
        notebook: Notebook,
        told: Callable[[Step], None],
    ) -> None:
        super().__init__()
        self.calls = 0
        self.repeats = 0
        self.late = False
        self.steps: list[Step] = []
        self.usage = Usage()
        self._most = most
        self._deadline = deadline
        self._notebook = notebook
        self._told = told
        self._made: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @property
    def turns(self) -> int:
        """How many steps of LangChain's graph can be needed: two for a call, and some to end."""
        return 4 * self._most + 20

    @property
    def over(self) -> bool:
        """Whether no call is taken any more."""
        self.late = self.late or self._deadline.elapsed > _LAST * self._deadline.seconds
        return (
            self.late
            or self.calls >= self._most
            or self.repeats >= _REPEATS
            or self._notebook.full
            or self._deadline.is_set()
        )

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """One turn of the model: without tools, once no call is taken any more."""
        wanted = {"cancel": self._deadline, "until_loop": True}
        request = request.override(model_settings=wanted)
        if self.over:
            request = request.override(
                tools=[], messages=[*request.messages, HumanMessage(_ENOUGH)]
            )
        response = handler(request)
        for message in response.result:
            if isinstance(message, AIMessage) and (used := message.usage_metadata):
                self.usage = Usage(
                    self.usage.prompt_tokens + used["input_tokens"],
                    self.usage.completion_tokens + used["output_tokens"],
                )
        return ModelResponse(result=[_readable(message) for message in response.result])

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]
    ) -> ToolMessage:
        """One call, after those before it: run, or answered with why not."""
        with self._lock:
            call = request.tool_call
            self.calls += 1
            problem = self._problem(call)
            # Where arguments do not fit the tool's schema, LangChain says so in its place.
            gave = problem or str(handler(request).text)
            self.steps.append(Step(call["name"], dict(call["args"]), gave, refused=bool(problem)))
            self._told(self.steps[-1])
        return ToolMessage(gave, tool_call_id=call["id"], name=call["name"])

    def _problem(self, call: Any) -> str:
        """Why a call is not run; empty where it is."""
        name, arguments = call["name"], call["args"]
        if self._deadline.is_set() or self.calls > self._most or self._notebook.full:
            return _ENOUGH
        if name not in NAMES:
            return f"There is no tool {name!r}. There are: {', '.join(NAMES)}."
        if _UNREADABLE in arguments:
            return "The arguments were no JSON. Write them as one JSON object."
        key = (name, json.dumps(arguments, sort_keys=True, ensure_ascii=False).casefold())
        if key in self._made:
            self.repeats += 1
            return _MADE
        self._made.add(key)
        return ""


def _readable(message: Any) -> Any:
    """A turn whose calls can all be answered: what was no JSON is a call too."""
    if not isinstance(message, AIMessage) or not message.invalid_tool_calls:
        return message
    calls = [
        {
            "name": each["name"] or "",
            "args": {_UNREADABLE: each["args"] or ""},
            "id": each["id"],
            "type": "tool_call",
        }
        for each in message.invalid_tool_calls
    ]
    return AIMessage(
        content=message.content,
        tool_calls=[*message.tool_calls, *calls],
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
    )
