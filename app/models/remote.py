"""A chat model on a server that speaks OpenAI's language: llama-server, Ollama, vLLM, DashScope,
Hunyuan and others.

The client is ours, because a client for one service sends more and trusts more than is wanted here:
it goes to the address that was named and nowhere else, follows no redirect, takes no proxy from the
environment, and bounds what it reads. Requests run in one event loop in a thread of its own, so
that a caller who leaves closes the connection at once, whatever the server does.
"""

import asyncio
import math
import queue
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from quire.errors import ModelBusy, ModelError, ModelNotFound, QuireError, UsageError
from quire.models.forms import Form, JsonSchema, require_form
from quire.models.protocols import Finish
from quire.models.remote_access import Server
from quire.models.remote_events import DONE, Events, Garbled, Piece, piece, whole
from quire.models.remote_failures import Failures
from quire.models.reply_text import ReplyText
from quire.records import Message, Usage

MAX_AT_ONCE = 8
_POLL_SECONDS = 0.05  # how soon a caller who leaves is noticed
_CONNECT_SECONDS = 10.0
_ABOUT_SECONDS = 5.0  # for what the server says about its models
_ABOUT_AGAIN_SECONDS = 30.0  # how long a server that did not say is left alone
_LAST_WORDS_SECONDS = 5.0  # for the count of tokens, once a reply is complete
_MAX_ERROR = 16 * 1024  # bytes read of an error
_MAX_ABOUT = 4 * 2**20
_CHARACTERS_PER_TOKEN = 32  # beyond this a server ignores the limit that it was given
_MESSAGE_TOKENS = 8  # scaffolding around a message, at most
_OWN = frozenset({"messages", "model", "stream"})  # what remote_options may not replace


@dataclass(eq=False, slots=True)
class _Call:
    """A reply on its way, between the event loop that fills it and the caller who reads it."""

    reply: ReplyText
    form: Form | None
    cancel_event: threading.Event | None
    most_characters: int
    usage: Usage
    left: bool = False
    thought: bool = False
    written: int = 0
    text: str = ""
    ended_by: str | None = None
    counted: bool = False
    finish: Finish | None = None
    pieces: queue.SimpleQueue[str | Exception | None] = field(default_factory=queue.SimpleQueue)

    @property
    def complete(self) -> bool:
        return self.ended_by is not None or self.reply.stopped

    def cancelled(self) -> bool:
        return self.left or (self.cancel_event is not None and self.cancel_event.is_set())

    def take(self, new: Piece) -> None:
        """Add what the server sent; what belongs to a thought is only noted."""
        self.thought = self.thought or new.thought or self.reply.thinking
        self.ended_by = self.ended_by or new.finish
        self.written += len(new.text)
        self.put(self.reply.feed(new.text.encode("utf-8", errors="replace")))
        if new.usage:
            self.usage, self.counted = new.usage, True
        elif not self.counted and (new.text or new.thought):  # servers send a token at a time
            self.usage = Usage(self.usage.prompt_tokens, self.usage.completion_tokens + 1)

    def put(self, text: str) -> None:
        if text:
            self.text += text
            self.pieces.put(text)

    def end(self, finish: Finish, error: Exception | None = None) -> None:
        if self.finish is None:
            self.finish = finish
            self.pieces.put(error)


class RemoteReply(Iterator[str]):
    """A `Generation` that a server writes."""

    position = 0  # servers do not tell

    def __init__(self, call: _Call) -> None:
        self._call = call
        self._ended = False

    def __next__(self) -> str:
        if self._ended:
            raise StopIteration
        found = self._call.pieces.get()
        if isinstance(found, str):
            return found
        self._ended = True
        if found is not None:
            raise found
        raise StopIteration

    @property
    def finish(self) -> Finish | None:
        return self._call.finish

    @property
    def usage(self) -> Usage:
        return self._call.usage

    def cancel(self) -> None:
        self._call.left = True

    def close(self) -> None:
        """The same as `cancel`, for `contextlib.closing`."""
        self.cancel()

    def __del__(self) -> None:
        self.cancel()


@dataclass(frozen=True, slots=True)
class _About:
    """What a server says of itself: the names of its models, and the context of ours, or 0."""

    models: tuple[str, ...] = ()
    context_tokens: int = 0


class RemoteModel:
    """A `ChatModel` on a server.

    `model` is its name there; empty takes the only one that the server lists. `context_tokens` is
    cut to what the server says, where it does. Nothing is sent before the first use, and a server
    that is away then may be back at the next.
    """

    capable = True  # those worth a server follow a text of several paragraphs

    def __init__(
        self,
        server: Server,
        *,
        model: str = "",
        key: str = "",
        context_tokens: int = 4096,
        timeout: float = 120.0,
        proxy: str = "",
        options: Mapping[str, Any] | None = None,
        languages: frozenset[str] = frozenset({"en", "zh"}),
    ) -> None:
        """`timeout` is how many seconds the server may say nothing. `options` are added to the body
        of each request. Raises UsageError for options that replace what is Quire's to say."""
        self.server = server
        self.languages = languages
        self._model = model
        self._called = model or f"at {server.host}"
        self._context_tokens = context_tokens
        self._timeout = timeout
        self._options = dict(options or {})
        if taken := sorted(_OWN & self._options.keys()):
            raise UsageError(f"remote_options cannot replace {', '.join(taken)}.")
        self._failures = Failures(server, key=key)
        self._headers = {"accept-encoding": "identity", "user-agent": "quire"}
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._proxy = proxy
        self._factor = 1.0  # by which prompts were longer than estimated, so far
        self._at_once = 0
        self._lock = threading.Lock()
        self._about: _About | None = None
        self._asked_about = -math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    @property
    def name(self) -> str:
        if self._model:
            return self._model
        listed = self._describe().models
        return listed[0] if len(listed) == 1 else self._called

    @property
    def context_tokens(self) -> int:
        told = self._describe().context_tokens
        return min(self._context_tokens, told) if told else self._context_tokens

    @property
    def fingerprint(self) -> str:
        """Its name and address: a server does not show its weights."""
        return f"{self.name} at {self.server.url}"

    @property
    def sent_to(self) -> str | None:
        return None if self.server.local else self.server.host

    def count_tokens(self, text: str) -> int:
        """An estimate that is rather too high, since the model's vocabulary is not here; raised
        where the server counted more."""
        return math.ceil(estimate(text) * self._factor)

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        tokens = sum(estimate(message.content) + _MESSAGE_TOKENS for message in messages)
        return math.ceil((tokens + _MESSAGE_TOKENS) * self._factor)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
        form: Form | None = None,
    ) -> RemoteReply:
        """Begin a reply; see `ChatModel.stream`. Errors of the server are raised by the iteration.

        Raises ModelNotFound where no model is named and the server has not exactly one.
        """
        if max_tokens < 1:
            raise UsageError(f"A reply needs at least one token, and max_tokens is {max_tokens}.")
        if not messages:
            raise UsageError("A prompt needs at least one message.")
        if form is not None and not isinstance(form, JsonSchema):
            raise UsageError(
                "A remote model can be held to a JSON schema, not to a grammar.",
                hint="Give a schema, or use a model in a GGUF file.",
            )
        tokens = self.prompt_tokens(messages)
        room = self.context_tokens - tokens
        if room < 1:
            raise ModelError(
                f"The prompt has some {tokens:,} tokens, and the model {self.name} reads "
                f"{self.context_tokens:,}, its reply included.",
                hint="Ask with fewer or shorter passages, or raise context_tokens as far as the "
                "server allows.",
            )
        if not self._model and len(self._describe().models) > 1:
            listed = ", ".join(self._describe().models[:8])
            raise ModelNotFound(
                f"The server at {self.server.host} has several models, and none is named.",
                hint=f"Name one as remote_model: {self._failures.said(listed)}",
            )
        most = min(max_tokens, room)
        body: dict[str, Any] = {
            "messages": [
                {"role": m.role, "content": m.content.encode("utf-8", "replace").decode()}
                for m in messages
            ],
            "max_tokens": most,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"model": self.name} if self._model or self._describe().models else {}),
            **({"stop": list(stop)[:4]} if any(stop) else {}),  # more than four are an error there
            **({"response_format": _as_response_format(form)} if form else {}),
            **self._options,
        }
        call = _Call(
            ReplyText(stop=stop),
            form=form,
            cancel_event=cancel,
            most_characters=most * _CHARACTERS_PER_TOKEN,
            usage=Usage(tokens, 0),
        )
        with self._lock:
            if self._at_once >= MAX_AT_ONCE:
                raise ModelBusy(
                    f"{MAX_AT_ONCE} replies of the model {self.name} are on their way already.",
                    hint="Try again in a minute.",
                )
            self._at_once += 1
        try:
            self._start(self._run(call, body, estimated=tokens))
        except QuireError:
            with self._lock:
                self._at_once -= 1
            raise
        return RemoteReply(call)

    def close(self) -> None:
        """Close all connections; replies on their way end in an error. May be called twice."""
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

    # In the event loop

    async def _shut(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            await asyncio.sleep(0.01)  # in which the sockets themselves are closed

    async def _run(self, call: _Call, body: dict[str, Any], *, estimated: int) -> None:
        """See a call through to its end, and drop it when its caller leaves."""
        work = asyncio.ensure_future(self._converse(call, body))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_POLL_SECONDS)
                if call.cancelled():
                    work.cancel()
            await self._settled(call, work)
        except asyncio.CancelledError:  # the model is being closed
            work.cancel()
            call.end("failed", ModelError(f"The model {self._called} was closed."))
            raise
        finally:
            with self._lock:
                self._at_once -= 1
            if call.counted and call.usage.prompt_tokens > estimated:
                more = call.usage.prompt_tokens / max(1, estimated)
                self._factor = min(4.0, self._factor * more)

    async def _settled(self, call: _Call, work: "asyncio.Future[Finish]") -> None:
        await asyncio.wait({work})
        if work.cancelled():
            call.end("cancelled")
        elif (error := work.exception()) is None:
            call.end(work.result())
        elif isinstance(error, Exception):
            known = isinstance(error, QuireError)
            call.end("failed", error if known else self._failures.transport(error))

    async def _converse(self, call: _Call, body: dict[str, Any]) -> Finish:
        """Send a request and take in its answer."""
        try:
            async with asyncio.timeout(self._timeout) as limit:
                await self._exchange(call, body, limit)
        except TimeoutError as error:
            if call.ended_by is None:
                raise self._failures.silent(self._timeout) from error
        except Garbled as error:
            raise self._failures.garbled(str(error)) from error
        if not call.complete and call.written <= call.most_characters:
            raise self._failures.broke_off()
        return self._finished(call)

    async def _exchange(self, call: _Call, body: dict[str, Any], limit: asyncio.Timeout) -> None:
        url = f"{self.server.url}/chat/completions"
        client = self._connected()
        async with client.stream("POST", url, json=body, headers=self._headers) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != httpx.codes.OK:
                raise self._failures.status(
                    response.status_code,
                    response.headers,
                    await _start_of(response, _MAX_ERROR),
                    model=str(body.get("model", "")),
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Garbled("packs its answer, which it was asked not to")
            if media_type == "application/json":
                call.take(whole(await _start_of(response, _MAX_ABOUT)))
                call.ended_by = call.ended_by or "stop"
            elif media_type == "text/event-stream":
                await self._listen(call, response, limit)
            else:
                raise self._failures.not_a_model(media_type)

    async def _listen(self, call: _Call, response: httpx.Response, limit: asyncio.Timeout) -> None:
        """Take in a stream, as far as it is wanted. Comments keep no stream alive."""
        events = Events()
        async for chunk in response.aiter_raw():
            for data in events.feed(chunk):
                if data.strip() == DONE:
                    return
                call.take(piece(data))
                if call.reply.stopped or call.written > call.most_characters:
                    return
                seconds = _LAST_WORDS_SECONDS if call.complete else self._timeout
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
        for data in events.finish():
            if data.strip() != DONE:
                call.take(piece(data))

    def _finished(self, call: _Call) -> Finish:
        """Why a complete reply ended. Raises ModelError for one that says nothing or lacks its
        form."""
        call.put(call.reply.finish())
        if call.ended_by == "content_filter":
            raise ModelError(
                f"The server at {self.server.host} withholds the reply: its filter objects."
            )
        over = call.written > call.most_characters and not call.reply.stopped
        finish: Finish = "length" if over or call.ended_by == "length" else "stop"
        finish = "stop" if call.reply.stopped else finish
        if finish == "length" and not call.text and (call.thought or call.reply.thinking):
            raise ModelError(
                f"The model {self.name} used all tokens of its reply for thinking.",
                hint="Turn its thinking off with remote_options (docs/remote.md), or raise "
                "answer_tokens.",
            )
        require_form(call.form, call.text, finish=finish)
        return finish

    async def _ask_about(self) -> _About:
        async with asyncio.timeout(_ABOUT_SECONDS):
            client = self._connected()
            url = f"{self.server.url}/models"
            async with client.stream("GET", url, headers=self._headers) as response:
                if response.status_code != httpx.codes.OK:
                    return _About()
                body = await _start_of(response, _MAX_ABOUT)
        return about(body, model=self._model)

    # Around the event loop

    def _describe(self) -> _About:
        """What the server says of itself, asked for once; nothing while it does not answer."""
        with self._lock:
            known = self._about
            if known or time.monotonic() - self._asked_about < _ABOUT_AGAIN_SECONDS:
                return known or _About()
            self._asked_about = time.monotonic()
        try:
            found: _About = self._start(self._ask_about()).result(_ABOUT_SECONDS + _POLL_SECONDS)
        # Whatever goes wrong here goes wrong again, with a sentence, when something is asked.
        except Exception:
            return _About()
        with self._lock:
            self._about = found
        return found

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                trust_env=False,  # no proxy, no password from a .netrc
                proxy=self._proxy or None,
                # The one thing taken from the environment: SSL_CERT_FILE.
                verify=httpx.create_ssl_context() if self.server.encrypted else False,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
                limits=httpx.Limits(max_connections=MAX_AT_ONCE + 2),
            )
        self._client.cookies.clear()
        return self._client

    def _start(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Begin something in the event loop; a future of its outcome."""
        with self._lock:
            if self._closed:
                work.close()
                raise ModelError(f"The model {self._called} was closed.")
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


def estimate(text: str) -> int:
    """Tokens of a text in a vocabulary that is not known, rather too many than too few: a token for
    3.5 letters or spaces, for each digit and sign, and for two thirds of any other character.

    >>> estimate("The lease ends on 31 March 2029."), estimate("租约于五月结束。")
    (15, 12)
    """
    ascii_text = text.encode("ascii", "ignore")
    others = len(text) - len(ascii_text)
    plain = sum(map(ascii_text.count, _LETTERS))
    return math.ceil(plain / 3.5 + (len(ascii_text) - plain) + others * 1.5)


_LETTERS = [bytes([n]) for n in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "]


def about(body: bytes, *, model: str) -> _About:
    """What a list of models says; servers that tell a context's length call it by many names."""
    try:
        rows = httpx.Response(200, content=body).json()["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _About()
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    named = {row["id"]: row for row in rows if isinstance(row.get("id"), str)}
    row = named.get(model) or (next(iter(named.values())) if len(named) == 1 else {})
    meta = row.get("meta")
    told = [
        each.get(name)
        for each in (row, meta if isinstance(meta, dict) else {})
        for name in ("max_model_len", "context_length", "context_window", "n_ctx")
    ]
    lengths = [n for n in told if isinstance(n, int) and 0 < n < 2**31]
    return _About(tuple(named), lengths[0] if lengths else 0)


def _as_response_format(form: JsonSchema) -> dict[str, Any]:
    described = {"name": "reply", "strict": True, "schema": dict(form.schema)}
    return {"type": "json_schema", "json_schema": described}


async def _start_of(response: httpx.Response, most: int) -> bytes:
    """The first `most` bytes of an answer."""
    found = b""
    async for chunk in response.aiter_raw():
        found += chunk
        if len(found) > most:
            break
    return found[:most]
