"""/v1/responses: the newer of OpenAI's two ways to ask, small and stateless."""

import itertools
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from quire.records import Answer
from quire.server import limits
from quire.server.answering import Answering, Piece
from quire.server.chat import begun, finish_reason, proof, whole
from quire.server.chat_forms import Content, Options, Tokens, require_text, said
from quire.server.errors import Refused
from quire.server.events import event, streamed
from quire.server.marked_text import MarkedText, Placed
from quire.server.served import Served, served

router = APIRouter(prefix="/v1", tags=["OpenAI"])


class Item(BaseModel):
    """A message of the conversation. Items of other kinds, such as calls of tools, say nothing
    here, and are passed over."""

    type: str = "message"
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: Content = None


class TextOptions(BaseModel):
    format: dict[str, Any] | None = None


class ResponsesRequest(BaseModel):
    """A question, alone or at the end of a conversation. Nothing of it is kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "default", "input": "When does the lease end?"}],
        }
    )

    model: Annotated[str, Field(max_length=200, description="The name of a knowledge base.")]
    input: (
        Annotated[str, Field(max_length=limits.QUESTION_CHARACTERS)]
        | Annotated[list[Item], Field(min_length=1, max_length=limits.MESSAGES)]
    )
    stream: bool = False
    max_output_tokens: Tokens | None = None
    previous_response_id: str | None = None
    background: bool | None = None
    text: TextOptions | None = None
    quire: Options = Options()

    def conversation(self) -> list[tuple[str, str]]:
        if isinstance(self.input, str):
            return [("user", self.input)]
        return [
            (item.role or "", said(item.content)) for item in self.input if item.type == "message"
        ]

    def require_possible(self) -> None:
        """Raises Refused for what would need something to be kept, or another form than text."""
        require_text(self.text.format if self.text else None, param="text.format")
        for name in ("previous_response_id", "background"):
            if getattr(self, name):
                raise Refused(
                    422,
                    "not_supported",
                    "No response is kept here.",
                    hint=f"Leave {name} out, and send the earlier messages in input.",
                    param=name,
                )


@router.post("/responses", summary="Answer a question, from the documents")
async def respond(
    asked: ResponsesRequest, request: Request, serving: Annotated[Served, Depends(served)]
) -> Response:
    asked.require_possible()
    base = serving.named(asked.model)
    answering, text = await begun(
        request,
        serving,
        base,
        asked.conversation(),
        tokens=asked.max_output_tokens,
        options=asked.quire,
    )
    forming = _Forming(base.name)
    if asked.stream:
        return streamed(_events(answering, text, forming), openai=True)
    answer = await whole(answering, text)
    return JSONResponse(forming.response(answer, text))


class _Forming:
    """The parts of one response, which events and the whole share."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": f"resp_{secrets.token_hex(12)}",
            "object": "response",
            "created_at": int(time.time()),
            "model": model,
        }
        self._item = f"msg_{secrets.token_hex(12)}"
        self.place = {"item_id": self._item, "output_index": 0, "content_index": 0}

    def response(self, answer: Answer | None, text: MarkedText) -> dict[str, Any]:
        """The response, complete with an answer, and in progress without one."""
        cut = answer is not None and finish_reason(answer) == "length"
        status = "in_progress" if answer is None else "incomplete" if cut else "completed"
        return {
            **self._head,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": None,
            "metadata": {},
            "output": [] if answer is None else [self.message(text, status=status)],
            "parallel_tool_calls": False,
            "temperature": None,
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "store": False,
            "usage": _usage(answer) if answer else None,
            **(proof(answer, text.placed) if answer else {}),
        }

    def message(self, text: MarkedText | None, *, status: str) -> dict[str, Any]:
        return {
            "id": self._item,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [] if text is None else [part(text)],
        }


def part(text: MarkedText | None) -> dict[str, Any]:
    """The text as the one part of a message."""
    return {
        "type": "output_text",
        "text": text.text if text else "",
        "annotations": [annotation(placed) for placed in text.placed] if text else [],
        "logprobs": [],
    }


def annotation(placed: Placed) -> dict[str, Any]:
    """A citation as clients of responses know it, with more that they pass over."""
    cited = placed.citation
    return {
        "type": "file_citation",
        "file_id": cited.document.id,
        "filename": cited.document.name,
        "index": placed.end,
        "start_index": placed.start,
        "end_index": placed.end,
        "page": cited.page,
        "quote": cited.quote,
    }


def _usage(answer: Answer) -> dict[str, Any]:
    read, written = answer.usage.prompt_tokens, answer.usage.completion_tokens
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


async def _events(
    answering: Answering[Piece], text: MarkedText, forming: _Forming
) -> AsyncIterator[str]:
    numbers = itertools.count()

    def told(kind: str, **data: Any) -> str:
        return event({"type": kind, "sequence_number": next(numbers), **data}, name=kind)

    place = forming.place
    item = {"output_index": 0}
    begun_message = forming.message(None, status="in_progress")
    yield told("response.created", response=forming.response(None, text))
    yield told("response.in_progress", response=forming.response(None, text))
    yield told("response.output_item.added", **item, item=begun_message)
    yield told("response.content_part.added", **place, part=part(None))
    annotated = itertools.count()
    async for piece in answering:
        for new in text.hear(piece):
            if new.text:
                yield told("response.output_text.delta", **place, delta=new.text, logprobs=[])
            for placed in new.placed:
                yield told(
                    "response.output_text.annotation.added",
                    **place,
                    annotation_index=next(annotated),
                    annotation=annotation(placed),
                )
        if isinstance(piece, Answer):
            response = forming.response(piece, text)
            status = response["status"]
            yield told("response.output_text.done", **place, text=text.text, logprobs=[])
            yield told("response.content_part.done", **place, part=part(text))
            message = forming.message(text, status=status)
            yield told("response.output_item.done", **item, item=message)
            yield told(f"response.{status}", response=response)
