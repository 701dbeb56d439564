"""The application: all routes behind one door."""

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from quire import __version__
from quire.errors import QuireError
from quire.server import asking, chat, chats, documents, embeddings, errors, responses, status
from quire.server.answering import ClientLeft
from quire.server.door import Door
from quire.server.errors import Refused
from quire.server.keys import Lock
from quire.server.served import Served

_LEFT = 499  # what logs call a request whose client did not wait
TOOLS = "/mcp"
"""Where the tools are."""
_CODES = {404: "not_found", 405: "method_not_allowed"}


def application(served: Served, *, key: str, hosts: Collection[str]) -> Door:
    """What an ASGI server runs. `hosts` are the names by which it may be called."""
    return Door(routes(served), lock=Lock(key), hosts=hosts, metrics=served.metrics)


def routes(served: Served) -> FastAPI:
    """The routes, without the door."""
    app = FastAPI(
        title="Quire",
        version=__version__,
        summary="Answers from your own documents, each sentence with its page.",
        # Their pages would load scripts from elsewhere; the schema itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
    )
    app.state.served = served
    for subject in (status, chat, responses, embeddings, asking, documents, chats):
        app.router.routes += subject.router.routes
    if (tools := _tools(served)) is not None:
        app.router.routes.append(Route(TOOLS, tools, methods=["POST"]))
    app.add_exception_handler(QuireError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientLeft, _left)
    app.add_exception_handler(Exception, _unexpected)
    return app


def _tools(served: Served) -> ASGIApp | None:
    """The tools over HTTP, where what speaks MCP is installed."""
    if find_spec("mcp") is None:
        return None
    from quire.server.tools.protocol import OverHttp  # noqa: PLC0415

    return OverHttp(served)


def _told(request: Request, error: QuireError) -> JSONResponse:
    code = errors.status_of(error)
    body = errors.body_of(error, openai=errors.is_openai(request.url.path))
    return JSONResponse(body, status_code=code, headers=errors.headers_of(code))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, QuireError)  # noqa: S101  it is registered for that
    return _told(request, error)


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _told(request, errors.internal())


async def _left(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return Response(status_code=_LEFT)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _CODES.get(error.status_code, "refused")
    response = _told(
        request,
        Refused(
            error.status_code, code, f"{error.detail}.", hint="See what there is at /openapi.json."
        ),
    )
    response.headers.update(error.headers or {})
    return response


async def _invalid(request: Request, error: Exception) -> Response:
    """The first field that is wrong, by its name and never by its value."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first: dict[str, Any] = dict(error.errors()[0])
    place = [str(part) for part in first["loc"] if part != "body"]
    field = ".".join(part for part in place if part.isidentifier() or part.isdecimal())
    where = f"The field {field}" if field else "The body of the request"
    return _told(
        request,
        Refused(
            422,
            "invalid_request",
            f"{where} cannot be so: {first['msg']}.",
            hint="The schema at /openapi.json says what can be.",
            param=field or None,
        ),
    )
