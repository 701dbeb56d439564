"""The way to a server: an event loop in a thread of its own, one client in it, and what a request
gets back.

So a caller who leaves closes the connection at once, whatever the server does.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import httpx

from quire.errors import ModelError
from quire.models.remote.access import Server
from quire.models.remote.events import DONE, Events, Garbled, piece, whole
from quire.models.remote.failures import Failures
from quire.models.remote.listing import About, answered
from quire.models.remote.reply import Call

_CONNECT_SECONDS = 10.0
_LAST_WORDS_SECONDS = 5.0  # for the count of tokens, once a reply is complete
_MAX_ERROR = 16 * 1024  # bytes read of an error
_MAX_ANSWER = 4 * 2**20


class Connection:
    """Requests to one server, for a model that is `called` so. `timeout` is how many seconds the
    server may say nothing. Nothing is opened before the first request."""

    def __init__(
        self, server: Server, *, called: str, key: str, proxy: str, timeout: float, most: int
    ) -> None:
        self.failures = Failures(server, key=key)
        self._server = server
        self._called = called
        self._proxy = proxy
        self._timeout = timeout
        self._most = most
        self._headers = {"accept-encoding": "identity", "user-agent": "quire"}
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def start(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Begin something in the event loop; a future of its outcome. Raises ModelError."""
        with self._lock:
            if self._closed:
                work.close()
                raise self.closed_error()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon, so that a program that forgets to close the model can still end.
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="quire remote model", daemon=True
                )
                self._thread.start()
            if self._thread is None or not self._thread.is_alive():  # a fork takes none along
                work.close()
                raise ModelError(
                    f"The model {self._called} was opened before this process was forked.",
                    hint="Open it in the process that uses it.",
                )
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel what was begun, and close the client. May be called twice."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._thread = None
        if loop is None or thread is None or not thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

    def closed_error(self) -> ModelError:
        return ModelError(f"The model {self._called} was closed.")

    # In the event loop

    async def converse(self, call: Call, body: dict[str, Any]) -> None:
        """Send a request for a reply and take in the answer, to its end. Raises ModelError, and
        what httpx raises."""
        now = asyncio.get_running_loop().time
        latest = now() + self._timeout + call.seconds
        try:
            async with asyncio.timeout(self._timeout) as limit:
                await self._exchange(call, body, limit, latest)
        except TimeoutError as error:
            if call.ended_by is None:
                late = self.failures.silent(self._timeout)
                if now() >= latest:
                    late = self.failures.endless(self._timeout + call.seconds)
                raise late from error
        except Garbled as error:
            raise self.failures.garbled(str(error)) from error
        if not call.complete:
            raise self.failures.broke_off()

    async def listing(self, *, model: str) -> About | None:
        """What the server's list of models says, or None where it may say more another time."""
        url = f"{self._server.url}/models"
        async with self._connected().stream("GET", url, headers=self._headers) as response:
            body = await _start_of(response, _MAX_ANSWER)
            return answered(response.status_code, body, model=model)

    async def _exchange(
        self, call: Call, body: dict[str, Any], limit: asyncio.Timeout, latest: float
    ) -> None:
        url = f"{self._server.url}/chat/completions"
        client = self._connected()
        async with client.stream("POST", url, json=body, headers=self._headers) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != httpx.codes.OK:
                raise self.failures.status(
                    response.status_code,
                    response.headers,
                    await _start_of(response, _MAX_ERROR),
                    model=str(body.get("model", "")),
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Garbled("packs its answer, which it was asked not to")
            if media_type == "application/json":
                call.take(whole(await _start_of(response, _MAX_ANSWER)))
                call.ended_by = call.ended_by or "stop"
            elif media_type == "text/event-stream":
                await self._listen(call, response, limit, latest)
            else:
                raise self.failures.not_a_model(media_type)

    async def _listen(
        self, call: Call, response: httpx.Response, limit: asyncio.Timeout, latest: float
    ) -> None:
        """Take in a stream, as far as it is wanted. What brings nothing of a reply, such as a
        comment, keeps no stream alive, and nothing does for ever."""
        events = Events()
        now = asyncio.get_running_loop().time
        async for chunk in response.aiter_raw():
            for data in events.feed(chunk):
                if data.strip() == DONE:
                    self._done(call)
                    return
                new = piece(data)
                call.take(new)
                if call.useless:
                    return
                if new.text or new.thought or new.finish or new.calls:
                    seconds = _LAST_WORDS_SECONDS if call.complete else self._timeout
                    limit.reschedule(min(now() + seconds, latest))
        for data in events.finish():
            if data.strip() == DONE:
                self._done(call)
            else:
                call.take(piece(data))

    def _done(self, call: Call) -> None:
        """The server says that this is all; some do not say why the reply ended."""
        if not call.begun:
            raise Garbled("sends nothing of a reply")
        call.ended_by = call.ended_by or "stop"

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                trust_env=False,  # no proxy, no password from a .netrc
                proxy=self._proxy or None,
                # The one thing taken from the environment: SSL_CERT_FILE.
                verify=httpx.create_ssl_context() if self._server.encrypted else False,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=self._most),
            )
        self._client.cookies.clear()
        return self._client

    async def _shut(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            await asyncio.sleep(0.01)  # in which the sockets themselves are closed


async def _start_of(response: httpx.Response, most: int) -> bytes:
    """The first `most` bytes of an answer."""
    found = b""
    async for chunk in response.aiter_raw():
        found += chunk
        if len(found) > most:
            break
    return found[:most]
