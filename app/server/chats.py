"""/api/conversations: the chats that are kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

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
