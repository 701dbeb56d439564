"""The door: an ASGI application before all routes, which nothing passes that may not.

So a new route cannot forget to ask for the key. Nothing of a body is read before it was shown; then
bodies are bounded, and what is JSON is read whole, with its depth, its numbers and its text tested.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from quire.server import errors, limits, logs
from quire.server.errors import Refused
from quire.server.keys import Lock
from quire.server.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = "/health"
"""The one path that needs no key."""
UPLOADS = "/api/documents"
"""The one path that takes what is not JSON."""

_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Door:
    """Lets through to `app` what may pass, and logs and counts all that comes. `hosts` are the
    names by which the server may be called, without a port."""

    def __init__(
        self, app: Application, *, lock: Lock, hosts: Collection[str], metrics: Metrics
    ) -> None:
        self._app = app
        self._lock = lock
        self._hosts = frozenset(host.lower() for host in hosts)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._visited(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _visited(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        visit = _Visit(scope, send, given=headers.get("x-request-id", ""))
        self._metrics.arrived()
        known = logs.REQUEST.set(visit.id)
        try:
            self._admit(scope, headers)
            if scope["path"] == UPLOADS and scope["method"] == "POST":
                receive = _bounded(receive, headers, limits.UPLOAD_BYTES)
            else:
                receive = await _read(receive, headers)
            await self._app(scope, receive, visit.send)
        except Refused as error:
            await visit.refuse(error)
        except _Left:
            pass
        except Exception as error:  # whatever it is, the next request is answered
            logs.write("error", **logs.place(error))
            await visit.refuse(errors.internal())
        finally:
            self._metrics.left(visit.route, visit.status, visit.seconds)
            logs.write(
                "request",
                method=scope["method"],
                route=visit.route,
                status=visit.status,
                ms=round(visit.seconds * 1000, 1),
            )
            logs.REQUEST.reset(known)

    def _admit(self, scope: Scope, headers: dict[str, str]) -> None:
        """Raises Refused for who may not come in."""
        if not self._is_called(headers.get("host", "")):
            raise Refused(
                421,
                "unknown_host",
                "This server is not known by that name.",
                hint="Name it with: quire serve --allow-host NAME",
            )
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            raise Refused(
                403,
                "foreign_origin",
                "Pages in a browser may not ask this server.",
                hint="Ask it from a program, which sends no Origin.",
            )
        if scope["path"] == OPEN and scope["method"] in {"GET", "HEAD"}:
            return
        if not self._lock.opens_with(headers.get("authorization", "")):
            raise Refused(
                401,
                "invalid_api_key",
                "The key is missing or wrong.",
                hint="Send it in the header: Authorization: Bearer KEY",
            )

    def _is_called(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is not None and name in self._hosts


class _Left(Exception):
    """The client has left before its request was read."""


class _Visit:
    """One request on its way, with what is told of it when it is done."""

    def __init__(self, scope: Scope, send: Send, *, given: str) -> None:
        self.id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        self.status = 0
        self._scope = scope
        self._send = send
        self._began = time.monotonic()
        scope.setdefault("state", {})["request_id"] = self.id

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def route(self) -> str:
        """The route's pattern: its values may be names of documents."""
        return str(getattr(self._scope.get("route"), "path", "") or "-")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            there = [(n, v) for n, v in message.get("headers", []) if not _is_cors(n)]
            known = {name.lower() for name, _ in there}
            there += [each for each in _SAFE if each[0] not in known]
            message = {**message, "headers": [*there, (b"x-request-id", self.id.encode())]}
        await self._send(message)

    async def refuse(self, error: Any) -> None:
        """Answer with an error, where no answer has begun."""
        if self.status:
            return
        status = errors.status_of(error)
        body = json.dumps(
            errors.body_of(error, openai=errors.is_openai(self._scope["path"])), ensure_ascii=False
        ).encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **errors.headers_of(status),
            **({"connection": "close"} if status in {408, 413} else {}),
        }
        await self.send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
        )
        await self.send({"type": "http.response.body", "body": body})


def _is_cors(name: bytes) -> bool:
    return name.lower().startswith(b"access-control-")


def _too_large(most: int) -> Refused:
    return Refused(
        413,
        "too_large",
        f"The request is larger than {most:,} bytes.",
        hint="Send less at once.",
    )


def _require_length(headers: dict[str, str], most: int) -> None:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 15 or int(length) > most:
        raise _too_large(most)


def _bounded(receive: Receive, headers: dict[str, str], most: int) -> Receive:
    """What hands on a body of at most so many bytes."""
    _require_length(headers, most)
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _too_large(most)
        return message

    return counted


async def _read(receive: Receive, headers: dict[str, str]) -> Receive:
    """What hands on a body that was read and tested."""
    _require_length(headers, limits.BODY_BYTES)
    try:
        async with asyncio.timeout(limits.BODY_SECONDS):
            body = await _whole(receive)
    except TimeoutError as error:
        raise Refused(
            408, "too_slow", "The request took too long to arrive.", hint="Send it again."
        ) from error
    if body:
        _require_json(headers, body)
    first = True

    async def replayed() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Left
        body += message.get("body", b"")
        if len(body) > limits.BODY_BYTES:
            raise _too_large(limits.BODY_BYTES)
        if not message.get("more_body"):
            return bytes(body)


def _require_json(headers: dict[str, str], body: bytes) -> None:
    """Raises Refused for a body that is no JSON of moderate depth."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(
            415,
            "unsupported_media_type",
            "The body of the request has to be JSON.",
            hint="Send it with the header: Content-Type: application/json",
        )
    try:
        text = body.decode("utf-8")
        if limits.depth(text) > limits.DEPTH:
            raise ValueError("it is nested too deep")
        if not limits.is_text(json.loads(text, parse_constant=_refuse_constant)):
            raise ValueError("half of a character stands in it")
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else why
        raise Refused(
            422,
            "not_json",
            f"The body of the request is no JSON that can be taken: {why[:200]}.",
            hint="Correct it.",
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
