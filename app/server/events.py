"""Server-sent events: how text goes to a client while it is written."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from quire.errors import QuireError
from quire.server import logs
from quire.server.answering import ClientLeft
from quire.server.errors import body_of, internal

_QUIET = 10.0  # seconds after which a line without meaning keeps the connection open


def event(data: Any, *, name: str = "") -> str:
    """One event, of which the data is JSON, or a word as it is."""
    said = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "") + f"data: {said}\n\n"


def streamed(events: AsyncIterator[str], *, openai: bool) -> StreamingResponse:
    """The events as an answer; an error that comes in between is the last of them."""
    return StreamingResponse(
        _kept_open(_told(events, openai=openai)),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},  # a proxy must not collect them
    )


async def _told(events: AsyncIterator[str], *, openai: bool) -> AsyncIterator[str]:
    try:
        async for each in events:
            yield each
    except ClientLeft:
        return
    except QuireError as error:
        yield event(body_of(error, openai=openai), name="" if openai else "error")
    except Exception as error:  # the status is sent: it can only be told here
        logs.write("error", **logs.place(error))
        yield event(body_of(internal(), openai=openai), name="" if openai else "error")


async def _kept_open(events: AsyncIterator[str]) -> AsyncIterator[str]:
    coming = aiter(events)
    waiting = asyncio.ensure_future(_next(coming))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=_QUIET)
            if not done:
                yield ": still at work\n\n"
                continue
            said = waiting.result()
            if said is None:
                return
            yield said
            waiting = asyncio.ensure_future(_next(coming))
    finally:
        waiting.cancel()


async def _next(events: AsyncIterator[str]) -> str | None:
    return await anext(events, None)
