"""From what was found to a written answer with its proof: one LangChain chain for every interface.

    read | write | check

Each step takes one record and gives the next, and has a file of its own; `write` streams, and
`check` judges each sentence of the reply when it is complete. The chain's output is a draft, text
in pieces, and then the one `Answer`.

Where no model is to write, `Session` goes from `find` to `check` without it: LangChain takes as
long to be imported as all the rest of such an answer.
"""

from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)
from langsmith import tracing_context

from quire.answering.checking import Judged, Piece, check
from quire.answering.found import Found
from quire.answering.prompting import Wording
from quire.answering.reading_plan import ReadingPlan
from quire.answering.writing import read, write
from quire.models.opening import LateModel
from quire.models.protocols import Ability, Entailment
from quire.search.retriever import Retriever


def build(
    *,
    model: LateModel,
    wording: Callable[[str, str], Wording],
    planned: Callable[[Ability], ReadingPlan],
    entailment: Entailment | None = None,
    search: Callable[[], Retriever | None] = lambda: None,
    judged: Judged,
) -> Runnable[dict[str, Any], Any]:
    """The chain of a model, which is asked for only where it is to write; `wording` gives the
    prompt's text for a task and a language, `planned` how much the model reads, `entailment` checks
    what is said in other words, `search` gives what is searched, for what is said to be missing,
    and `judged` asks the model of what is unsure."""

    def reading(state: dict[str, Any]) -> Any:
        return read(state["found"], model=model, wording=wording, planned=planned)

    def reply(state: dict[str, Any]) -> Any:
        return write(state["found"], state["reading"]) or RunnableGenerator(_nothing)

    def checked(stream: Iterator[dict[str, Any]]) -> Iterator[Piece]:
        yield from check(stream, entailment=entailment, retriever=search(), judged=judged)

    return (
        RunnablePassthrough.assign(reading=RunnableLambda(reading))
        | RunnablePassthrough.assign(reply=RunnableLambda(reply))
        | RunnableGenerator(checked)
    )


def run(chain: Runnable[dict[str, Any], Any], found: Found) -> Iterator[Piece]:
    """A draft, where there is something to quote; the answer's text in pieces; the answer.

    Tracing is off whatever the environment says: nothing leaves the machine.
    """
    with tracing_context(enabled=False):
        yield from chain.stream({"found": found})


def _nothing(stream: Iterator[Any]) -> Iterator[BaseMessage]:
    for _ in stream:
        pass
    yield from ()
