"""A chat model on a server that speaks OpenAI's language: llama-server, Ollama, vLLM, DashScope,
Hunyuan and others.

The client is ours, because a client for one service sends more and trusts more than is wanted here:
it goes to the address that was named and nowhere else, follows no redirect, takes no proxy from the
environment, and bounds what it reads. The connection itself is quire.models.remote.connection.
"""

import asyncio
import base64
import math
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from quire.errors import ModelBusy, ModelError, ModelNotFound, QuireError, UsageError
from quire.models.engine.reply_text import Opened, ReplyText, require_answer
from quire.models.forms import Form, JsonSchema, require_form
from quire.models.protocols import Ability, Finish, Message, Tool
from quire.models.remote.access import Server
from quire.models.remote.connection import Connection
from quire.models.remote.listing import About, Listing
from quire.models.remote.reply import Call, RemoteReply
from quire.records import Usage

MAX_AT_ONCE = 8
_POLL_SECONDS = 0.05  # how soon a caller who leaves is noticed
_ABOUT_SECONDS = 5.0  # for what the server says about its models
_MESSAGE_TOKENS = 8  # scaffolding around a message, at most
# Models whose prompts open a thought, which most servers then pass on as text.
_THINKS = re.compile(r"(?<![a-z0-9])(r1|qwq|thinking)(?![a-z0-9])", re.IGNORECASE)
_IF_IT_THINKS = (
    "Turn its thinking off with remote_options (docs/remote.md), or raise answer_tokens."
)
_IF_IT_LEAKS = (
    "Ask again: its thoughts are held back from now on. To have it so from the start, set "
    "remote_thinks = true (docs/remote.md)."
)
_PICTURE_TOKENS = 1_600
"""Of a picture of 1,024 by 1,448 points, for the models that read a token from 28 by 28 points and
hold four in one; they tell tokens of a picture only once it was read."""
_OWN = frozenset({"messages", "model", "stream"})  # what remote_options may not replace
_LONGEST_CONTEXT = 16_384  # tokens: more is not read, and cost is counted by what was sent
_SURE_CONTEXT = 4_096
"""Tokens where a server does not tell: it may cut the beginning of a longer prompt without a word,
as Ollama does by default."""


class RemoteModel:
    """A `ChatModel` on a server.

    `model` is its name there; empty takes the only one that the server lists. `context_tokens` is
    cut to what the server says, where it does; unless given, it is that, or a size that any has.
    Nothing is sent before the first use, and a server that is away then may be back at the next.
    """

    ability = Ability(None, accelerated=True)

    def __init__(
        self,
        server: Server,
        *,
        model: str = "",
        key: str = "",
        context_tokens: int | None = None,
        timeout: float = 120.0,
        proxy: str = "",
        options: Mapping[str, Any] | None = None,
        thinks: bool | None = None,
        pictures: bool = False,
        languages: frozenset[str] = frozenset({"en", "zh"}),
    ) -> None:
        """`timeout` is how many seconds the server may say nothing. `options` are added to the body
        of each request. `thinks` says whether replies may begin inside a thought that the server's
        prompt has opened; unless given, the model's name and its replies tell. With `pictures` it
        can be shown some.

        Raises UsageError for options that replace what is Quire's to say.
        """
        self.server = server
        self.languages = languages
        self._model = model
        self._called = model or f"at {server.host}"
        self._context_tokens = context_tokens
        self._options = dict(options or {})
        if taken := sorted(_OWN & self._options.keys()):
            raise UsageError(f"remote_options cannot replace {', '.join(taken)}.")
        self._connection = Connection(
            server,
            called=self._called,
            key=key,
            proxy=proxy,
            timeout=timeout,
            most=MAX_AT_ONCE + 2,
        )
        self._thinks = thinks
        self._pictures = pictures
        self._factor = 1.0  # by which prompts were longer than estimated, so far
        self._at_once = 0
        self._lock = threading.Lock()
        self._listing = Listing(self._ask_about)

    @property
    def name(self) -> str:
        return self._model or self._name_in(self._listing.get())

    @property
    def context_tokens(self) -> int:
        return self._context_in(self._listing.get())

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
        said = [
            text
            for message in messages
            for text in (message.content, *(call.arguments for call in message.calls))
        ]
        tokens = sum(estimate(text) + _MESSAGE_TOKENS for text in said)
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
        if form is not None and not isinstance(form, JsonSchema):
            raise UsageError(
                "A remote model can be held to a JSON schema, not to a grammar.",
                hint="Give a schema, or use a model in a GGUF file.",
            )
        return self._begin(
            messages,
            {"response_format": _as_response_format(form)} if form else {},
            max_tokens=max_tokens,
            stop=stop,
            temperature=temperature,
            cancel=cancel,
            form=form,
        )

    tools_problem = ""
    """Whether the model behind a server can be given tools, only its replies tell."""

    def call(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool],
        choice: str = "auto",
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> RemoteReply:
        """Begin a reply that may call tools; see `CallsTools.call`."""
        described = [tool.to_dict() for tool in tools]
        return self._begin(
            messages,
            {
                "tools": described,
                **({} if choice == "auto" else {"tool_choice": _as_choice(choice)}),
            },
            tokens=sum(estimate(str(tool)) for tool in described),
            max_tokens=max_tokens,
            stop=stop,
            temperature=temperature,
            cancel=cancel,
        )

    @property
    def pictures_problem(self) -> str:
        """Servers do not tell whether their model takes pictures, so the settings do."""
        if self._pictures:
            return ""
        return (
            "The settings do not say that the model on the server takes pictures. If it does, set "
            "remote_pictures = true (docs/remote.md)."
        )

    def look(
        self,
        messages: Sequence[Message],
        *,
        pictures: Sequence[bytes],
        max_tokens: int,
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> RemoteReply:
        """Begin a reply to messages with pictures; see `ReadsPictures.look`. Raises ModelError
        where the settings do not say that it takes some."""
        if self.pictures_problem:
            raise ModelError(self.pictures_problem)
        return self._begin(
            messages,
            {},
            pictures=pictures,
            max_tokens=max_tokens,
            stop=(),
            temperature=temperature,
            cancel=cancel,
        )

    def _begin(
        self,
        messages: Sequence[Message],
        more: Mapping[str, Any],
        *,
        max_tokens: int,
        stop: Sequence[str],
        temperature: float,
        cancel: threading.Event | None,
        form: Form | None = None,
        tokens: int = 0,
        pictures: Sequence[bytes] = (),
    ) -> RemoteReply:
        """Ask the server for a reply; `more` is added to the body, with so many `tokens` that are
        part of the prompt, and `pictures` to the last message."""
        if max_tokens < 1:
            raise UsageError(f"A reply needs at least one token, and max_tokens is {max_tokens}.")
        if not messages:
            raise UsageError("A prompt needs at least one message.")
        about = self._listing.get()
        name, context_tokens = self._name_in(about), self._context_in(about)
        tokens = self.prompt_tokens(messages) + math.ceil(tokens * self._factor)
        tokens += _PICTURE_TOKENS * len(pictures)
        room = context_tokens - tokens
        if room < 1:
            raise ModelError(
                f"The prompt has some {tokens:,} tokens, and the model {name} reads "
                f"{context_tokens:,}, its reply included.",
                hint="Ask with fewer or shorter passages, or raise context_tokens as far as the "
                "server allows.",
            )
        if not self._model and len(about.models) > 1:
            listed = ", ".join(about.models[:8])
            raise ModelNotFound(
                f"The server at {self.server.host} has several models, and none is named.",
                hint=f"Name one as remote_model: {self._connection.failures.said(listed)}",
            )
        most = min(max_tokens, room)
        body: dict[str, Any] = {
            "messages": [*map(_as_message, messages[:-1]), _with(messages[-1], pictures)],
            "max_tokens": most,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"model": name} if self._model or about.models else {}),
            **({"stop": list(stop)[:4]} if any(stop) else {}),  # more than four are an error there
            **more,
            **self._options,
        }
        call = Call(
            ReplyText(stop=stop, opened=self._opened(name)),
            model=name,
            form=form,
            cancel_event=cancel,
            max_tokens=most,
            usage=Usage(tokens, 0),
        )
        with self._lock:
            if self._at_once >= MAX_AT_ONCE:
                raise ModelBusy(
                    f"{MAX_AT_ONCE} replies of the model {name} are on their way already.",
                    hint="Try again in a minute.",
                )
            self._at_once += 1
        try:
            self._connection.start(self._run(call, body, estimated=0 if pictures else tokens))
        except QuireError:
            with self._lock:
                self._at_once -= 1
            raise
        return RemoteReply(call)

    def close(self) -> None:
        """Close all connections; replies on their way end in an error. May be called twice."""
        self._connection.close()

    def _ask_about(self) -> About | None:
        async def ask() -> About | None:
            async with asyncio.timeout(_ABOUT_SECONDS):
                return await self._connection.listing(model=self._model)

        found: About | None = self._connection.start(ask()).result(_ABOUT_SECONDS + 1)
        return found

    def _opened(self, name: str) -> Opened:
        """Whether a reply of the model of this name begins inside a thought."""
        if self._thinks is None:
            return "perhaps" if _THINKS.search(name) else "hardly"
        return "perhaps" if self._thinks else "no"

    def _name_in(self, about: About) -> str:
        only = about.models[0] if len(about.models) == 1 else self._called
        return self._model or only

    def _context_in(self, about: About) -> int:
        told = about.context_tokens
        if told:
            return min(self._context_tokens or _LONGEST_CONTEXT, told)
        return self._context_tokens or _SURE_CONTEXT

    # In the event loop

    async def _run(self, call: Call, body: dict[str, Any], *, estimated: int) -> None:
        """See a call through to its end, and drop it when its caller leaves. What was `estimated`
        of its text is corrected by what the server counts; 0 where there was more than text."""
        work = asyncio.ensure_future(self._heard(call, body))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_POLL_SECONDS)
                if call.cancelled():
                    work.cancel()
            await self._settled(call, work)
        except asyncio.CancelledError:  # the model is being closed
            work.cancel()
            call.end("failed", self._connection.closed_error())
            raise
        finally:
            with self._lock:
                self._at_once -= 1
            if call.counted and call.usage.prompt_tokens > estimated > 0:
                more = call.usage.prompt_tokens / estimated
                self._factor = min(4.0, self._factor * more)

    async def _settled(self, call: Call, work: "asyncio.Future[Finish]") -> None:
        await asyncio.wait({work})
        if work.cancelled():
            call.end("cancelled")
        elif (error := work.exception()) is None:
            call.end(work.result())
        elif isinstance(error, Exception):
            known = isinstance(error, QuireError)
            call.end("failed", error if known else self._connection.failures.transport(error))

    async def _heard(self, call: Call, body: dict[str, Any]) -> Finish:
        await self._connection.converse(call, body)
        return self._finished(call)

    def _finished(self, call: Call) -> Finish:
        """Why a complete reply ended. Raises ModelError for one that says nothing or lacks its
        form."""
        reply = call.reply
        finish: Finish = "length" if call.over or call.ended_by == "length" else "stop"
        call.put(reply.finish(cut_short=finish == "length"))
        if call.ended_by == "content_filter":
            raise ModelError(
                f"The server at {self.server.host} withholds the reply: its filter objects."
            )
        if reply.leaked:
            self._thinks = True
        hint = _IF_IT_LEAKS if reply.leaked else _IF_IT_THINKS
        if not call.calls:
            require_answer(reply, model=call.model, finish=finish, hint=hint)
        finish = "stop" if reply.stopped else finish
        require_form(call.form, call.text, finish=finish)
        return finish


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


def _as_message(message: Message) -> dict[str, Any]:
    content = message.content.encode("utf-8", "replace").decode()
    written: dict[str, Any] = {"role": message.role, "content": content}
    if message.calls:
        written["content"] = content or None
        written["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    return written | ({"tool_call_id": message.answers} if message.answers else {})


def _with(message: Message, pictures: Sequence[bytes]) -> dict[str, Any]:
    """A message, with pictures as parts of its content before the text."""
    written = _as_message(message)
    if not pictures:
        return written
    coded = [base64.b64encode(picture).decode("ascii") for picture in pictures]
    shown = [
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{each}"}}
        for each in coded
    ]
    return written | {"content": [*shown, {"type": "text", "text": written["content"]}]}


def _as_choice(choice: str) -> str | dict[str, Any]:
    if choice == "any":
        return "required"
    return {"type": "function", "function": {"name": choice}}


def _as_response_format(form: JsonSchema) -> dict[str, Any]:
    described = {"name": "reply", "strict": True, "schema": dict(form.schema)}
    return {"type": "json_schema", "json_schema": described}
