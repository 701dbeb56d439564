"""The door: an ASGI application before Streamlit's, which nothing passes that may not.

Whoever was not let in gets the page that asks for the key, and nothing else: no byte of an upload
is read for him and no session is made. What comes by another host's name, or from a page of another
origin, is refused in any case, with a key or without.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from quire.ui.door import page
from quire.ui.door.guesses import Guesses, TooMany
from quire.ui.door.keys import Keyring, Visit
from quire.ui.door.peers import is_of_another_user

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEALTH = "/_stcore/health"
_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/auth/", "/oauth2callback")
_LONGEST_FORM = 4096  # bytes
_SLOWEST_FORM = 10.0  # seconds
_MOST_SOCKETS, _MOST_UPLOADS = 24, 256  # of one browser at once; uploads are read by turns
_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # of "no-referrer" a form has no origin
    # Cookies go along from another port of this machine, whose pages are of the same site.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_DOOR_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
)


class Door:
    """Lets through to `app` what may pass.

    `keyring` is None where nothing is asked for, `kind` says what it holds, and `hosts` are the
    names by which this machine may be called, or None for any.
    """

    def __init__(
        self,
        app: Application,
        *,
        keyring: Keyring | None,
        kind: page.Kind = "key",
        hosts: Collection[str] | None = None,
    ) -> None:
        self._app = app
        self._keyring = keyring
        self._kind = kind
        self._hosts = None if hosts is None else frozenset(hosts)
        self._guesses = Guesses()
        self._anybody = Visit()  # where no key is asked for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, _guarded(send))
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path, method = _headers(scope), scope["path"], scope["method"]
        if not self._is_called(headers.get("host", "")):
            await _reply(send, 421, b"This address is not known here.")
        elif path.startswith(_CLOSED):
            await _reply(send, 404, b"There is nothing here.")
        elif path == _HEALTH and method in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
        elif path == page.ACTION and self._keyring is not None:
            await self._try(scope, headers, receive, send)
        elif (visit := self._visit(headers)) is None:
            await self._refuse(scope, headers, send)
        elif method not in {"GET", "HEAD", "OPTIONS"} and not _is_own(headers, scope):
            await _reply(send, 403, b"Another page may not do this.")
        elif method == "PUT":
            with _held(visit, "uploads", _MOST_UPLOADS) as free:
                if free:
                    # A browser sends six files at once, through HTTP/2 a hundred, and none that
                    # was refused again: what is too much waits, unread, or it would be lost.
                    async with visit.turns:
                        await self._app(scope, receive, send)
                else:
                    await _reply(send, 429, b"Too many uploads at once.")
        else:
            await self._app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        visit = self._visit(headers)
        called = self._is_called(headers.get("host", ""))
        if visit is None or not called or not _is_own(headers, scope):
            await send({"type": "websocket.close", "code": 1008})
        else:
            with _held(visit, "sockets", _MOST_SOCKETS) as free:
                if free:
                    await self._app(scope, receive, send)
                else:
                    await send({"type": "websocket.close", "code": 1013})

    async def _refuse(self, scope: Scope, headers: dict[str, str], send: Send) -> None:
        """Ask for the key whoever looks at a page; a link that works once lets in."""
        if self._keyring is None or scope["method"] not in {"GET", "HEAD"}:
            await _reply(send, 401, b"The key is needed.")
            return
        given = parse_qs(scope["query_string"].decode("latin-1"))
        link = given.pop("key", [""])[0]
        rest = urlencode(given, doseq=True)
        then = _within(scope["path"] + (f"?{rest}" if rest else ""))
        if link and not _is_stranger(scope) and self._keyring.redeem(link):
            await self._let_in(scope, headers, send, then=then)
        elif "text/html" in headers.get("accept", ""):
            await self._ask(headers, send, 401, "door.used" if link else None, then=then)
        else:
            await _reply(send, 401, b"The key is needed.")

    async def _try(
        self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send
    ) -> None:
        """Take what was entered into the field."""
        keyring = self._keyring
        if keyring is None or scope["method"] != "POST" or not _is_own(headers, scope):
            await _reply(send, 403, b"Another page may not do this.")
            return
        try:
            form = parse_qs(await asyncio.wait_for(_read_form(receive), _SLOWEST_FORM))
        except TimeoutError:
            await _reply(send, 408, b"This took too long.")
            return
        given, then = form.get("key", [""])[0], _within(form.get("next", ["/"])[0])
        # All users of the machine have one address; the others among them wait in their own line.
        address = "others" if _is_stranger(scope) else (scope.get("client") or ("", 0))[0]
        try:
            # Nobody guesses a key, and to count wrong ones would only keep the owner waiting.
            right = (
                keyring.fits(given)
                if self._kind == "key"
                else await self._guesses.judge(address, lambda: keyring.fits(given))
            )
        except TooMany:
            await self._ask(headers, send, 429, "door.many", then=then)
            return
        if right:
            await self._let_in(scope, headers, send, then=then)
        else:
            await self._ask(headers, send, 401, "door.wrong", then=then)

    async def _ask(
        self, headers: dict[str, str], send: Send, status: int, why: page.Why | None, *, then: str
    ) -> None:
        body = page.asking(
            why, kind=self._kind, accepts=headers.get("accept-language", ""), then=then
        )
        await _reply(send, status, body, html=True)

    async def _let_in(
        self, scope: Scope, headers: dict[str, str], send: Send, *, then: str
    ) -> None:
        assert self._keyring is not None  # noqa: S101  the callers have looked
        ticket = self._keyring.admit()
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{_cookie_name(headers)}={ticket}; Path=/; HttpOnly; SameSite=Strict{secure}"
        await _reply(send, 200, page.entered(then), html=True, cookie=cookie)

    def _visit(self, headers: dict[str, str]) -> Visit | None:
        if self._keyring is None:
            return self._anybody
        wanted = _cookie_name(headers)
        for part in headers.get("cookie", "").split(";"):
            name, _, ticket = part.strip().partition("=")
            if name == wanted and (visit := self._keyring.visit(ticket)):
                return visit
        return None

    def _is_called(self, host: str) -> bool:
        """Whether a Host header names this machine."""
        if self._hosts is None:
            return True
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name in self._hosts


def _is_own(headers: dict[str, str], scope: Scope) -> bool:
    """Whether a request comes from a page of this very address, or from no page at all."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    scheme = "https" if scope.get("scheme") in {"https", "wss"} else "http"
    return origin == f"{scheme}://{headers.get('host', '')}"


def _is_stranger(scope: Scope) -> bool:
    """Whether another user of this machine is there."""
    client, server = scope.get("client"), scope.get("server")
    if not client or not server or not server[1]:
        return False
    return is_of_another_user(client[1], server[1])


def _within(target: str) -> str:
    """A path of this server: never an address elsewhere."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and target.isprintable() else "/"


def _cookie_name(headers: dict[str, str]) -> str:
    """Cookies are not told apart by port, and two bases may be open."""
    port = headers.get("host", "").rpartition(":")[2]
    return f"quire-{port}" if port.isdigit() else "quire"


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name, in lower case."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _guarded(send: Send) -> Send:
    """Adds what no answer may lack, and takes out what would let other pages read it."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            there = {name.lower() for name, _ in given}
            message["headers"] = given + [each for each in _HEADERS if each[0] not in there]
        await send(message)

    return guarded


@contextlib.contextmanager
def _held(visit: Visit, what: Literal["sockets", "uploads"], most: int) -> Iterator[bool]:
    """Whether a browser may hold one more, counted while the block lasts."""
    if getattr(visit, what) >= most:
        yield False
        return
    setattr(visit, what, getattr(visit, what) + 1)
    try:
        yield True
    finally:
        setattr(visit, what, getattr(visit, what) - 1)


async def _read_form(receive: Receive) -> str:
    """The body of a short form; of a longer one nothing."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return ""
        body += bytes(message.get("body", b""))
        if len(body) > _LONGEST_FORM:
            return ""
        if not message.get("more_body"):
            return str(body, "utf-8", "replace")


async def _reply(
    send: Send, status: int, body: bytes, *, html: bool = False, cookie: str | None = None
) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8" if html else b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if html:
        headers.append((b"content-security-policy", _DOOR_POLICY))
    if cookie:
        headers.append((b"set-cookie", cookie.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
