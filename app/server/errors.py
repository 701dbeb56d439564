"""Errors as answers: the status, and a body that both kinds of clients read.

`{"error": {"code", "message", "hint", "type", "param"}}`: `code`, `message` and `hint` as the
command line has them, `type` and `param` as OpenAI's clients do. These show the message alone, so
that under /v1 it ends in the hint.
"""

from collections.abc import Mapping
from typing import Any

from quire import errors
from quire.errors import QuireError

RETRY_SECONDS = 5

_STATUS: Mapping[type[QuireError], int] = {
    errors.UsageError: 422,
    errors.DocumentNotFound: 404,
    errors.PageNotFound: 404,
    errors.ConversationNotFound: 404,
    errors.KnowledgeBaseNotFound: 404,
    errors.KnowledgeBaseLocked: 503,
    errors.ModelBusy: 503,
    errors.ModelUnreachable: 503,
    errors.ModelNotFound: 503,
    errors.Unreadable: 422,
}
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}


class Refused(QuireError):
    """A request that is refused before anything is done for it."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", param: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.param = param


def status_of(error: QuireError) -> int:
    """The HTTP status of an error: 4xx where the request has to change, 503 where it may come
    again."""
    if isinstance(error, Refused):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def headers_of(status: int) -> dict[str, str]:
    if status == 503:
        return {"retry-after": str(RETRY_SECONDS)}
    return {"www-authenticate": "Bearer"} if status == 401 else {}


def body_of(error: QuireError, *, openai: bool) -> dict[str, Any]:
    """The body for an error, as OpenAI's clients or as our own show it."""
    status = status_of(error)
    told = error.to_dict()
    if openai:
        told["message"] = error.told
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {**told, "type": kind, "param": getattr(error, "param", None)}}


def is_openai(path: str) -> bool:
    """Whether a path is one of those that OpenAI's clients ask."""
    return path == "/v1" or path.startswith("/v1/")


def internal() -> QuireError:
    """What is told of an error that nobody expected. Its own message may quote a document."""
    error = QuireError(
        "Something went wrong in Quire itself.",
        hint="The log of the server says where, under the id of this request.",
    )
    error.code = "internal"
    return error
