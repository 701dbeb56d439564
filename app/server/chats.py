"""/api/conversations and /api/answers: the chats that are kept, and what is thought of them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from quire.server import limits
from quire.server.served import Served, served

router = APIRouter(prefix="/api", tags=["Chats"])

Serving = Annotated[Served, Depends(served)]
Kb = Annotated[
    str | None, Query(max_length=200, description="The name of a knowledge base; the first.")
]
Reference = Annotated[str, Path(max_length=64, description="A chat's id, or its beginning.")]


@router.get("/conversations", summary="All chats, the latest first")
def conversations(serving: Serving, kb: Kb = None) -> dict[str, Any]:
    found = serving.named(kb).base.conversations.all()
    return {"conversations": [each.to_dict() for each in found]}


@router.get("/conversations/{conversation}", summary="A chat with its answers")
def conversation(conversation: Reference, serving: Serving, kb: Kb = None) -> dict[str, Any]:
    chats = serving.named(kb).base.conversations
    found = chats.find(conversation)
    return {**found.to_dict(), "turns": [turn.to_dict() for turn in chats.turns(found.id)]}


@router.delete("/conversations/{conversation}", summary="Delete a chat for good")
def delete(conversation: Reference, serving: Serving, kb: Kb = None) -> dict[str, Any]:
    chats = serving.named(kb).base.conversations
    found = chats.find(conversation)
    chats.delete(found.id)
    return {"deleted": found.to_dict()}


class Judgement(BaseModel):
    """What a reader thinks of an answer; without a `verdict`, what was kept is taken back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"verdict": "down", "comment": "It ends in May."}]},
    )

    verdict: Literal["up", "down"] | None
    comment: Annotated[str, Field(max_length=limits.COMMENT_CHARACTERS)] = ""
    kb: Annotated[str | None, Field(max_length=200)] = None


@router.post("/answers/{answer}/feedback", summary="Keep what a reader thinks of a stored answer")
def judge(
    answer: Annotated[str, Path(max_length=64, description="An answer's id.")],
    judged: Judgement,
    serving: Serving,
) -> dict[str, Any]:
    base = serving.named(judged.kb).base
    base.feedback(answer, judged.verdict, comment=judged.comment)
    return {"answer": answer, "verdict": judged.verdict}
