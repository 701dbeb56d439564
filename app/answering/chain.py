"""From a question to an answer with its proof: one LangChain chain for every interface.

    find | read | write | check

Each step takes one record and gives the next, and has a file of its own; `write` streams, and
`check` judges each sentence of the reply when it is complete. The chain's output is a draft, text
in pieces, and then the one `Answer`.
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

from quire.answering.checking import Piece, check
from quire.answering.finding import find, find_nothing
from quire.answering.prompting import Wording
from quire.answering.question import Asked
from quire.answering.writing import read, write
from quire.models.opening import LateModel
from quire.search.retriever import Retriever


def build(
    retriever: Retriever, *, model: LateModel, wording: Callable[[str], Wording]
) -> Runnable[Asked, Any]:
    """The chain over one knowledge base. `model` is asked for only where it is to write, and
    `wording` gives the prompt's text for a language."""

    def found(asked: Asked) -> dict[str, Any]:
        return {"found": find(asked, retriever)}

    def reading(state: dict[str, Any]) -> Any:
        return read(state["found"], model=model, wording=wording)

    def reply(state: dict[str, Any]) -> Any:
        return write(state["found"], state["reading"]) or RunnableGenerator(_nothing)

    return (
        RunnableLambda(found)
        | RunnablePassthrough.assign(reading=RunnableLambda(reading))
        | RunnablePassthrough.assign(reply=RunnableLambda(reply))
        | RunnableGenerator(check)
    )


def run(chain: Runnable[Asked, Any], asked: Asked) -> Iterator[Piece]:
    """A draft, where there is something to quote; the answer's text in pieces; the answer.

    Tracing is off whatever the environment says: nothing leaves the machine.
    """
    with tracing_context(enabled=False):
        yield from chain.stream(asked)


def answer_without_documents(asked: Asked) -> Iterator[Piece]:
    """The answer of an empty knowledge base."""
    yield from check(iter([{"found": find_nothing(asked)}]))


def _nothing(stream: Iterator[Any]) -> Iterator[BaseMessage]:
    for _ in stream:
        pass
    yield from ()
