"""Asks a web server, and can be left at any moment.

httpx does the talking: it streams, keeps time limits apart for connecting and for reading, goes
through the proxies that the environment names, and takes a password off a request that is sent on
to another server. A request runs in a thread of its own, because no time limit helps whoever wants
to leave at once.
"""

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urljoin, urlsplit

import httpx

from quire.errors import DownloadFailed, DownloadStopped

Method = Literal["GET", "HEAD"]

_AHEAD = 32  # chunks of at most 64 KB read ahead of the disk
_LOOK = 0.1  # seconds between two looks whether to leave
_DIGITS = 19  # a number of bytes has fewer
_MOST_JSON = 32 * 2**20  # bytes: the list of a repository's files
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}

AGAIN = "Run the same command again: it goes on where it stopped."
_ELSEWHERE = (
    "Check the connection. Where Hugging Face cannot be reached, take --from modelscope, or name a "
    "mirror with HF_ENDPOINT."
)


class Interrupted(DownloadFailed):
    """The connection failed in a way that may be over in a moment. `unreachable` says that there
    never was one."""

    def __init__(self, message: str, *, hint: str = AGAIN, unreachable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.unreachable = unreachable


class Web:
    """A client for downloads. `patience` is how many seconds a server may send nothing."""

    def __init__(self, *, cancel: threading.Event, patience: float = 30.0) -> None:
        self.cancel = cancel
        self.patience = patience
        self._client = httpx.Client(
            timeout=httpx.Timeout(patience, connect=min(patience, 15.0)),
            headers={"User-Agent": "quire", "Accept-Encoding": "identity"},
            max_redirects=10,
            event_hooks={"response": [_refuse_plain_text]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(
        self,
        url: str,
        *,
        method: Method = "GET",
        headers: Mapping[str, str] | None = None,
        token: str = "",
        follow: bool = True,
    ) -> "Response":
        """The response, once its head is there. Close it, or use it as a context manager.

        `token` is sent only when the server asks who is there. Raises Interrupted, and
        DownloadStopped when `cancel` is set; what the status means is for the caller to say.
        """
        require_private(url)
        given = dict(headers or {})
        response = Response(self, method, url, given, follow=follow)
        if response.status in {401, 403} and token:
            response.close()
            given["Authorization"] = f"Bearer {token}"
            response = Response(self, method, url, given, follow=follow)
        if response.status in _TRANSIENT:
            response.close()
            raise Interrupted(f"{host(url)} is overloaded (status {response.status}).")
        return response

    def json(self, url: str, *, token: str = "") -> Any:
        """The JSON document at an address, and None where there is nothing (404)."""
        with self.ask(url, token=token) as response:
            if response.status == 404:
                return None
            response.require_success()
            content = bytearray()
            for chunk in response:
                content += chunk
                if len(content) > _MOST_JSON:
                    raise DownloadFailed(f"{host(url)} sends a list without end.")
        try:
            return json.loads(bytes(content))
        except (ValueError, RecursionError) as error:
            raise web_page(url, "a list of files") from error


class Response(Iterator[bytes]):
    """A response whose body is iterated over in chunks."""

    def __init__(
        self, web: Web, method: Method, url: str, headers: Mapping[str, str], *, follow: bool
    ) -> None:
        self.url = url
        self._named = "Authorization" in headers
        self._web = web
        self._left = threading.Event()
        self._items: queue.Queue[httpx.Response | bytes | Exception | None] = queue.Queue(_AHEAD)
        arguments = (web._client, method, url, headers, follow)  # noqa: SLF001  the same module
        threading.Thread(target=self._read, args=arguments, daemon=True).start()
        head = self._next()
        if not isinstance(head, httpx.Response):
            raise TypeError("a response begins with its head")
        self.status = head.status_code
        self.headers = head.headers
        self.host = head.url.host

    def require_success(self, what: str = "") -> None:
        """Raises DownloadFailed for a status that is no success."""
        if self.status < 400:
            return
        self.close()
        where = f"{host(self.url)} refuses {what}" if what else f"{host(self.url)} refuses"
        if self.status == 401 and self._named:
            raise DownloadFailed(
                f"{where}: the token in HF_TOKEN is wrong (status 401).",
                hint="Make a new one on the hub's site, and set it as HF_TOKEN.",
            )
        if self.status in {401, 403}:
            known = "who asks may not have it" if self._named else "it wants to know who asks"
            raise DownloadFailed(
                f"{where}: {known} (status {self.status}).",
                hint="Check the spelling: so it answers for a repository that is not there, too. "
                "Otherwise accept the model's conditions on its page, make a token there, and set "
                "it as HF_TOKEN.",
            )
        if self.status == 404:
            raise DownloadFailed(
                f"{host(self.url)} has no {what or 'such page'}.",
                hint="Check the spelling of owner, repository and file.",
            )
        raise DownloadFailed(f"{where} (status {self.status}).", hint="Try again later.")

    def close(self) -> None:
        self._left.set()

    def __next__(self) -> bytes:
        item = self._next()
        if not isinstance(item, bytes):
            raise StopIteration
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next(self) -> httpx.Response | bytes | None:
        while True:
            if self._web.cancel.is_set():
                self.close()
                raise DownloadStopped
            try:
                item = self._items.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if isinstance(item, DownloadFailed):
                raise item
            if isinstance(item, Exception):
                raise self._told(item) from item
            return item

    def _read(
        self,
        client: httpx.Client,
        method: Method,
        url: str,
        headers: Mapping[str, str],
        follow: bool,
    ) -> None:
        try:
            with client.stream(method, url, headers=headers, follow_redirects=follow) as response:
                if not self._put(response):
                    return
                for chunk in response.iter_raw():
                    if not self._put(chunk):
                        return
            self._put(None)
        # Whatever goes wrong here is raised where somebody waits for it.
        except Exception as error:
            self._put(error)

    def _put(self, item: httpx.Response | bytes | Exception | None) -> bool:
        while not self._left.is_set():
            try:
                self._items.put(item, timeout=_LOOK)
                return True
            except queue.Full:
                continue
        return False

    def _told(self, error: Exception) -> DownloadFailed:
        where = host(self.url)
        if isinstance(error, httpx.ConnectTimeout):
            return Interrupted(f"{where} does not answer.", hint=_ELSEWHERE, unreachable=True)
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            reason = str(error).rstrip(".") or type(error).__name__
            return Interrupted(
                f"{where} cannot be reached: {reason}.", hint=_ELSEWHERE, unreachable=True
            )
        if isinstance(error, httpx.TimeoutException):
            return Interrupted(f"{where} sent nothing for {self._web.patience:.0f} seconds.")
        if isinstance(error, httpx.TransportError):
            return Interrupted(f"The connection to {where} broke off.")
        if isinstance(error, httpx.TooManyRedirects):
            return DownloadFailed(f"{where} sends the request in circles.", hint="Try another hub.")
        return DownloadFailed(f"{where} cannot be asked: {error}.", hint="Check the address.")


def host(url: str) -> str:
    """What of an address can be shown: what follows may hold a signature."""
    try:
        return urlsplit(url).hostname or url[:60]
    except ValueError:
        return url[:60]


def require_private(url: str) -> None:
    """Raises DownloadFailed for an address whose content others can change on its way, and for what
    is none."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname)
    except ValueError:
        named = False
    if not named:
        raise DownloadFailed(
            f"{url[:60]!r} is no address of a server.",
            hint="It begins with https:// and the server's name. Correct it where you named it: in "
            "the command, HF_ENDPOINT or MODELSCOPE_ENDPOINT.",
        )
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise DownloadFailed(
        f"{host(url)} would be asked without encryption.", hint="Name an address with https://."
    )


def web_page(url: str, what: str) -> DownloadFailed:
    """The error for a server that answers with a page for people."""
    return DownloadFailed(
        f"{host(url)} answered with a web page instead of {what}.",
        hint="The network may want a login: open any page in a browser, then try again. Otherwise "
        "the address is wrong.",
    )


def count(text: str) -> int | None:
    """What a header says that is a number of bytes; None for what cannot be one."""
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None


def _refuse_plain_text(response: httpx.Response) -> None:
    if response.has_redirect_location:
        require_private(joined(str(response.url), response.headers["location"]))


def joined(url: str, location: str) -> str:
    """Where a redirect leads to. Raises DownloadFailed for one that leads nowhere."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise DownloadFailed(
            f"{host(url)} leads to {location[:60]!r}, which is no address.", hint="Try another hub."
        ) from error
