"""/api/ask, /api/check and /api/search: what the command line has, over HTTP."""

import time
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from quire.answering.question import Question
from quire.indexes.scope import Scope
from quire.records import Answer, Draft, Sentence
from quire.server import limits
from quire.server.answering import Answering, Piece, asking, checking, left
from quire.server.events import event, streamed
from quire.server.served import Base, Served, served

router = APIRouter(prefix="/api", tags=["Questions"])

Kb = Annotated[
    str | None, Field(max_length=200, description="The name of a knowledge base; the first.")
]
_Text = Annotated[str, Field(min_length=1, max_length=limits.QUESTION_CHARACTERS)]
_Names = Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=100)]


class Within(BaseModel):
    """In which documents to look; of one kind any may hold, those of different kinds must all."""

    model_config = ConfigDict(extra="forbid")

    file: _Names = []
    folder: _Names = []
    since: date | None = None
    until: date | None = None
    dates: Literal["modified", "added"] = "modified"
    language: _Names = []
    tag: _Names = []

    def scope(self) -> Scope | None:
        return Scope(**dict(self)) or None


class AskRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "When does the lease end?", "scope": {"file": ["lease.pdf"]}},
                {"question": "And the rent?", "conversation": "d60bc07ea6457a6c", "stream": False},
            ]
        },
    )

    question: _Text
    conversation: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Continues this chat; otherwise a new one begins."
    )
    store: bool = Field(True, description="Keep the answer in the chats.")
    stream: bool = Field(True, description="Send events; otherwise the answer alone.")
    scope: Within = Within()
    max_risk: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of wrong answers borne among those shown."
    )
    answer_tokens: Annotated[int, Field(ge=1, le=limits.ANSWER_TOKENS)] | None = None
    kb: Kb = None


class CheckRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "The lease ends in May."}]}
    )

    text: Annotated[str, Field(min_length=1, max_length=limits.CHECKED_CHARACTERS)]
    name: Annotated[str, Field(max_length=255)] = ""
    scope: Within = Within()
    kb: Kb = None


class SearchRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "notice period", "k": 5}]}
    )

    text: _Text
    k: Annotated[int, Field(ge=1, le=limits.HITS)] = 8
    mode: Literal["hybrid", "dense", "lexical"] = "hybrid"
    scope: Within = Within()
    kb: Kb = None


@router.post("/ask", summary="Answer a question; events draft, text, sentence, answer, error")
async def ask(
    asked: AskRequest, request: Request, serving: Annotated[Served, Depends(served)]
) -> Response:
    base = serving.named(asked.kb)
    question = Question(
        asked.question,
        conversation=await run_in_threadpool(_conversation, base, asked.conversation),
        store=asked.store,
        scope=asked.scope.scope(),
        max_risk=asked.max_risk,
        answer_tokens=asked.answer_tokens,
    )
    answering = await Answering.begin(
        lambda: left(request.receive), serving, asking(base.base, question)
    )
    if asked.stream:
        return streamed(_events(answering), openai=False)
    return JSONResponse((await answering.whole()).to_dict())


@router.post("/check", summary="Hold a text against the documents, statement by statement")
async def check(
    asked: CheckRequest, request: Request, serving: Annotated[Served, Depends(served)]
) -> Response:
    base = serving.named(asked.kb).base
    pieces = checking(base, asked.text, name=asked.name, scope=asked.scope.scope())
    checked = await Answering.begin(lambda: left(request.receive), serving, pieces)
    return JSONResponse((await checked.whole()).to_dict())


@router.post("/search", summary="Find the chunks that fit a text best")
def search(asked: SearchRequest, serving: Annotated[Served, Depends(served)]) -> dict[str, Any]:
    base = serving.named(asked.kb).base
    began = time.perf_counter()
    hits = base.search(asked.text, k=asked.k, mode=asked.mode, scope=asked.scope.scope())
    return {
        "hits": [hit.to_dict() for hit in hits],
        "timings_ms": {"total": round((time.perf_counter() - began) * 1000, 1)},
    }


def _conversation(base: Base, reference: str | None) -> str | None:
    """The whole id of a chat. Raises ConversationNotFound."""
    return None if reference is None else base.base.conversations.find(reference).id


async def _events(answering: Answering[Piece]) -> AsyncIterator[str]:
    """`draft` has what may be shown until there is more, `text` what is new of the checked text,
    `sentence` each statement with its verdict, once it is known, and `answer` all of it."""
    told = 0

    def sentences(known: tuple[Sentence, ...]) -> list[str]:
        nonlocal told
        new, told = known[told:], max(told, len(known))
        return [
            event(
                {**each.to_dict(), "citations": [cited.to_dict() for cited in each.citations]},
                name="sentence",
            )
            for each in new
        ]

    async for piece in answering:
        if isinstance(piece, str):
            yield event({"text": piece}, name="text")
        elif isinstance(piece, Draft):
            if piece.follows:
                for each in sentences(piece.sentences):
                    yield each
            yield event(piece.to_dict(), name="draft")
        elif isinstance(piece, Answer):
            for each in sentences(piece.sentences):
                yield each
            yield event(piece.to_dict(), name="answer")
