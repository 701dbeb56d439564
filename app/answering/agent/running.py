"""Has a model look things up by itself, and checks what it says last as any reply is checked.

    Asked -> Draft, text, Answer; each step is told as it is done

It never ends without an answer: where the model is stopped before it has said anything, or fails,
what the documents say is quoted, with a note.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.tools import BaseTool
from langsmith import tracing_context

from quire.answering import history, prompting, receipts
from quire.answering.agent import aptitude, telling
from quire.answering.agent.guard import Deadline, Guard
from quire.answering.agent.notebook import Notebook
from quire.answering.agent.tools import Desk
from quire.answering.checking import Piece, check
from quire.answering.found import Found
from quire.answering.langchain_model import QuireChatModel, to_langchain
from quire.answering.prompting import Prompt, Wording
from quire.answering.question import Asked
from quire.answering.reading_plan import ReadingPlan
from quire.answering.writing import Reading
from quire.errors import ModelError
from quire.models.engine.tool_calls import told_apart
from quire.models.protocols import CallsTools, ChatModel, Entailment, sent_to
from quire.records import Answer, Step
from quire.search.retriever import Retriever
from quire.text import languages

_CALL = 60  # tokens of a call and of the scaffolding around what it gave
_TURNS = 512  # tokens of the conversation


def unfit(
    model: ChatModel | None,
    *,
    retriever: Retriever,
    kept: Path,
    language: str,
    told: Callable[[Step], None],
    cancel: threading.Event,
) -> str:
    """Why a model is not let look things up, as a sentence in a language; empty where it is. It is
    tried now where it never was, which takes ten short replies; `kept` is where that is kept, and
    setting `cancel` ends it."""
    if model is None:
        return telling.no_model(language)
    if not isinstance(model, CallsTools) or model.tools_problem:
        return telling.no_tools(language, model=model.name)
    done = aptitude.known(kept, model)
    if done is None:
        notebook = Notebook(room=0, count=model.count_tokens)
        desk = Desk(retriever, notebook=notebook, scope=None, entailment=None)
        try:
            done = aptitude.tried(
                model,
                desk.tools(),
                told=lambda at, of: told(Step("try", {"at": at, "of": of}, "")),
                cancel=cancel,
            )
        except ModelError as error:  # it may be another time
            return error.told
        if done is None:
            return telling.not_tried(language)
        aptitude.keep(kept, model, done)
    if done < aptitude.NEEDED:
        return telling.failed(language, model=model.name, done=done, of=len(aptitude.TASKS))
    return ""


def answer(
    asked: Asked,
    model: ChatModel,
    *,
    retriever: Retriever,
    entailment: Entailment | None,
    wording: Callable[[str, str], Wording],
    plan: ReadingPlan,
    calls: int,
    seconds: float,
    otherwise: Callable[[], Found],
) -> Iterator[Piece]:
    """The answer of a model that may make so many calls in so many seconds; `otherwise` finds what
    is quoted where it says nothing."""
    language = languages.detect(asked.asks)
    text = wording("agent", language)
    written = plan.fitted(context=model.context_tokens, longest=asked.answer_tokens).answer_tokens
    notebook = Notebook(room=0, count=model.count_tokens)
    deadline = Deadline(seconds, asked.cancel)
    guard = Guard(most=calls, deadline=deadline, notebook=notebook, told=asked.on_step)
    desk = Desk(retriever, notebook=notebook, scope=asked.scope, entailment=entailment)
    tools = desk.tools()
    chat = QuireChatModel(engine=model, max_tokens=written, temperature=asked.temperature)
    said, problem = "", ""
    try:
        prompt = _prompt(asked, chat, text)
        tokens = chat.get_num_tokens_from_messages(prompt, tools=tools)
        notebook.room = model.context_tokens - tokens - written - calls * _CALL
        if notebook.full:
            problem = telling.too_short(language, model=model.name, tokens=model.context_tokens)
        else:
            said = _said(chat, prompt, guard=guard, tools=tools)
    except ModelError as error:
        problem = error.told
    notes = [problem] if problem else []
    notes += telling.notes(
        language,
        calls=guard.calls,
        most=calls,
        repeats=guard.repeats,
        late=guard.late,
        said=bool(said),
        read=len(notebook.passages),
    )
    if said and notebook.passages:
        found = Found(
            asked,
            asked.asks,
            language,
            passages=notebook.passages,
            embedder=retriever.embedder,
            retrieve_ms=asked.elapsed_ms,
        )
        reading = Reading(
            model,
            dataclasses.replace(plan, marks=True, capable=True),
            Prompt((), notebook.passages, 0),
            text,
            (),
        )
        message = AIMessage(
            said,
            usage_metadata=UsageMetadata(
                input_tokens=guard.usage.prompt_tokens,
                output_tokens=guard.usage.completion_tokens,
                total_tokens=guard.usage.prompt_tokens + guard.usage.completion_tokens,
            ),
            response_metadata={"finish_reason": "length" if deadline.is_set() else "stop"},
        )
        pieces = check(
            iter([{"found": found}, {"reading": reading}, {"reply": message}]),
            entailment=entailment,
            retriever=retriever,
        )
    else:
        pieces = check(iter([{"found": otherwise()}]))
    for piece in pieces:
        if isinstance(piece, Answer):
            receipt = piece.receipt and receipts.with_steps(piece.receipt, guard.steps)
            yield dataclasses.replace(
                piece, notes=(*piece.notes, *notes), sent_to=sent_to(model), receipt=receipt
            )
        else:
            yield piece


def _prompt(asked: Asked, chat: QuireChatModel, text: Wording) -> list[BaseMessage]:
    """What the model is told, and the question with the conversation before it."""
    turns = history.told(asked.before, budget=_TURNS, count=chat.engine.count_tokens)
    return to_langchain(
        prompting.filled(
            text,
            question=asked.asks,
            history=text.parts[2].replace("{turns}", turns) + "\n\n" if turns else "",
        )
    )


def _said(
    chat: QuireChatModel, prompt: list[BaseMessage], *, guard: Guard, tools: list[BaseTool]
) -> str:
    """What the model says last, without calls."""
    system, question = prompt
    agent: Any = create_agent(chat, tools, system_prompt=system.text, middleware=[guard])
    with tracing_context(enabled=False):
        state = agent.invoke({"messages": [question]}, {"recursion_limit": guard.turns})
    last = state["messages"][-1]
    return told_apart(last.text, ())[0].strip() if isinstance(last, AIMessage) else ""
