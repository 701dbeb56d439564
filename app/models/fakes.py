"""Stand-ins for models, whose output can be worked out by hand. They ship for use in tests."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence

from quire.errors import ModelError
from quire.models.protocols import Finish
from quire.records import Message, Usage

_TOKEN = re.compile(r"[\u3400-\u9fff]|\w+|[^\w\s]")


class FakeChatModel:
    """A `ChatModel` that gives a set reply, or with a function the reply to the messages.

    A token is a word, a Chinese character or a punctuation mark; a message costs three more.
    `asked` keeps the messages of each call.

    >>> model = FakeChatModel("It ends in May.")
    >>> list(model.stream([Message("user", "When?")], max_tokens=3))
    ['It', ' ends', ' in']
    """

    name = "fake"
    fingerprint = "fake"

    def __init__(
        self,
        reply: str | Callable[[Sequence[Message]], str],
        *,
        context_tokens: int = 4096,
        languages: frozenset[str] = frozenset({"en", "zh"}),
    ) -> None:
        self.context_tokens = context_tokens
        self.languages = languages
        self.asked: list[tuple[Message, ...]] = []
        self._reply = reply

    def count_tokens(self, text: str) -> int:
        return len(_TOKEN.findall(text))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        return sum(self.count_tokens(message.content) + 3 for message in messages)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,  # noqa: ARG002  the reply is set
        cancel: threading.Event | None = None,
    ) -> "FakeReply":
        tokens = self.prompt_tokens(messages)
        if tokens >= self.context_tokens:
            raise ModelError(
                f"The prompt has {tokens:,} tokens, and the model fake reads "
                f"{self.context_tokens:,}."
            )
        self.asked.append(tuple(messages))
        text = self._reply(messages) if callable(self._reply) else self._reply
        ends = [at for string in stop if string and (at := text.find(string)) >= 0]
        return FakeReply(
            text[: min(ends, default=len(text))],
            prompt_tokens=tokens,
            max_tokens=min(max_tokens, self.context_tokens - tokens),
            cancel=cancel,
        )

    def close(self) -> None:
        """There is nothing to free."""


class FakeReply(Iterator[str]):
    """A `Generation` that has its text from the start and hands it out by the token."""

    position = 0

    def __init__(
        self, text: str, *, prompt_tokens: int, max_tokens: int, cancel: threading.Event | None
    ) -> None:
        # Each piece is a token with the space before it.
        ends = [match.end() for match in _TOKEN.finditer(text)]
        self._pieces = [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        self._max_tokens = max_tokens
        self._cancel = cancel
        self._written = 0
        self._prompt_tokens = prompt_tokens
        self.finish: Finish | None = None

    @property
    def usage(self) -> Usage:
        return Usage(self._prompt_tokens, self._written)

    def __next__(self) -> str:
        if self.finish is None and self._cancel is not None and self._cancel.is_set():
            self.cancel()
        if self.finish is None and self._written == len(self._pieces):
            self.finish = "stop"
        if self.finish is None and self._written == self._max_tokens:
            self.finish = "length"
        if self.finish is not None:
            raise StopIteration
        self._written += 1
        return self._pieces[self._written - 1]

    def cancel(self) -> None:
        self.finish = self.finish or "cancelled"
