"""/v1/chat/completions: a chat as OpenAI's clients have it, each answer with its proof.

The citations stand where clients look for them, in `annotations`, and once more, with their quotes,
in `citations`, which strict clients pass over.
"""

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from quire.answering import reading_plan
from quire.answering.question import Question
from quire.knowledge_base import KnowledgeBase
from quire.messages.texts import text as told
from quire.records import Answer
from quire.server import addresses
from quire.server.answering import Answering, Piece, asking, left
from quire.server.chat_forms import ChatRequest, Options, said
from quire.server.events import event, streamed
from quire.server.marked_text import MarkedText, Placed
from quire.server.memory import Said, remembered
from quire.server.served import Base, Served, served

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@router.post("/chat/completions", summary="Answer the last message, from the documents")
async def complete(
    asked: ChatRequest, request: Request, serving: Annotated[Served, Depends(served)]
) -> Response:
    asked.require_possible()
    base = serving.named(asked.model)
    conversation = [(message.role, said(message.content)) for message in asked.messages]
    answering, text = await begun(
        request, serving, base, conversation, tokens=asked.tokens, options=asked.quire
    )
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": base.name,
    }
    links = Links(request, base)
    if asked.stream:
        wants = asked.stream_options is not None and asked.stream_options.include_usage
        chunks = _chunks(answering, text, head=head, links=links, usage=wants)
        return streamed(chunks, openai=True)
    answer = await whole(answering, text)
    message = {
        "role": "assistant",
        "content": text.text,
        "refusal": None,
        "annotations": [links.annotation(placed) for placed in text.placed],
    }
    return JSONResponse(
        {
            **head,
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": finish_reason(answer),
                }
            ],
            "usage": usage(answer),
            **proof(answer, text.placed),
        }
    )


async def begun(
    request: Request,
    serving: Served,
    base: Base,
    conversation: Sequence[Said],
    *,
    tokens: int | None,
    options: Options,
) -> tuple[Answering[Piece], MarkedText]:
    """The answer to the last message on its way, and the text that it becomes."""
    before, question = await run_in_threadpool(remembered, conversation)
    asked = Question(question, store=False, before=before, answer_tokens=tokens)
    answering = await Answering.begin(
        lambda: left(request.receive), serving, asking(base.base, asked)
    )
    waits = options.sources or await run_in_threadpool(_marks, base.base)
    return answering, MarkedText(question, options.marking, waits=waits)


async def whole(answering: Answering[Piece], text: MarkedText) -> Answer:
    """The answer, once it is there, and `text` has all of it."""
    async for piece in answering:
        for _ in text.hear(piece):
            pass
        if isinstance(piece, Answer):
            answer = piece
    return answer


def _marks(base: KnowledgeBase) -> bool:
    """Whether statements stay in an answer whatever is found of them."""
    model, settings = base.model, base.settings
    if model is None:
        return False
    plan = reading_plan.plan(
        model.ability, patience=settings.patience, strictness=settings.strictness
    )
    return plan.marks


async def _chunks(
    answering: Answering[Piece],
    text: MarkedText,
    *,
    head: dict[str, Any],
    links: "Links",
    usage: bool,
) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], *, finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**head, "object": "chat.completion.chunk", "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    async for piece in answering:
        for part in text.hear(piece):
            delta: dict[str, Any] = {"content": part.text} if part.text else {}
            if part.placed:
                delta["annotations"] = [links.annotation(placed) for placed in part.placed]
            yield chunk(delta)
        if isinstance(piece, Answer):
            yield chunk({}, finish=finish_reason(piece), **proof(piece, text.placed))
            if usage:
                last = {"choices": [], "usage": _usage(piece)}
                yield event({**head, "object": "chat.completion.chunk", **last})
    yield event("[DONE]")


class Links:
    """Where on this server a cited page is."""

    def __init__(self, request: Request, base: Base) -> None:
        self._root = str(request.base_url)
        self._base = base.name

    def annotation(self, placed: Placed) -> dict[str, Any]:
        """A citation as chat clients know it."""
        return {
            "type": "url_citation",
            "url_citation": {
                "start_index": placed.start,
                "end_index": placed.end,
                "title": title(placed),
                "url": self.url(placed),
            },
        }

    def url(self, placed: Placed) -> str:
        cited = placed.citation
        return addresses.on_server(self._root, self._base, cited.document, cited.page)


def title(placed: Placed) -> str:
    """The name of a cited document, and the page."""
    cited = placed.citation
    if cited.page is None:
        return cited.document.name
    return f"{cited.document.name}, {told('answer.page', 'en', page=cited.page)}"


def finish_reason(answer: Answer) -> str:
    return "length" if answer.cut_short else "stop"


def usage(answer: Answer) -> dict[str, int]:
    """The tokens as chat clients count them."""
    read, written = answer.usage.prompt_tokens, answer.usage.completion_tokens
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


_usage = usage


def proof(answer: Answer, placed: Sequence[Placed]) -> dict[str, Any]:
    """What is Quire's own in an answer."""
    kept = answer.to_dict()
    keys = ("id", "status", "standalone_question", "sentences", "notes", "confidence", "sent_to")
    return {
        "citations": [each.to_dict() for each in placed],
        "quire": {key: kept[key] for key in keys},
    }
