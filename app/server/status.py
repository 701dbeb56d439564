"""Whether the server is there, what it serves, and what it has counted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from quire.server.served import Base, Served, served

router = APIRouter()
Serving = Annotated[Served, Depends(served)]


@router.get("/health", tags=["Server"], summary="Whether the server answers; needs no key")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/metrics", tags=["Server"], summary="Counts, for Prometheus")
async def metrics(serving: Serving) -> PlainTextResponse:
    gauges = {
        "answers_under_way": float(serving.desk.busy),
        "answers_waiting": float(serving.desk.waiting),
        "files_waiting": float(sum(each.jobs.waiting for each in serving.bases.values())),
    }
    return PlainTextResponse(
        serving.metrics.text(gauges), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


@router.get("/v1/models", tags=["OpenAI"], summary="The knowledge bases, as models")
async def models(serving: Serving) -> dict[str, Any]:
    return {"object": "list", "data": [_model(each) for each in serving.bases.values()]}


@router.get("/v1/models/{name}", tags=["OpenAI"], summary="One knowledge base, as a model")
async def model(name: str, serving: Serving) -> dict[str, Any]:
    return _model(serving.named(name))


def _model(base: Base) -> dict[str, Any]:
    return {"id": base.name, "object": "model", "created": base.since, "owned_by": "quire"}
