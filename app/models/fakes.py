"""Stand-ins for models, whose output can be worked out by hand. They ship for use in tests."""

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.errors import ModelError
from quire.models.forms import Form, require_form
from quire.models.protocols import Ability, Bounds, Finish, Message, Tool, ToolCall
from quire.records import Usage

_TOKEN = re.compile(r"[\u3400-\u9fff]|\w+|[^\w\s]")
_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_SAME = (
    "ill sick 生病 病假",
    "boiler heating 锅炉 供暖",
    "shop business 商店 营业",
    "dog pets 的狗 宠物",
    "cost ticket 花多 车票",
    "engine motor 发动 马达",
    "gold metals 黄金 金属",
    "tower spire 座塔 尖顶",
    "play drama 部戏 该剧",
    "mosquitoes insects 蚊子 昆虫",
    "food sugar 养料 糖分",
    "fire alarm 着火 警报",
)


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
        parameters: int | None = 135_000_000,
    ) -> None:
        self.ability = Ability(parameters)
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
        form: Form | None = None,
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
            form=form,
        )

    def close(self) -> None:
        """There is nothing to free."""


class FakeToolCaller(FakeChatModel):
    """A `FakeChatModel` that calls tools: its reply to each prompt is the next turn of a script, a
    text or the calls that it makes, as (name, arguments); the last turn is said over and over.
    Arguments may be a text, as a model writes it that keeps to no schema.

    >>> model = FakeToolCaller([[("search", {"text": "lease"})], "It ends in May [1]."])
    >>> reply = model.call([Message("user", "When?")], tools=(), max_tokens=9)
    >>> list(reply), reply.calls[0].name, reply.calls[0].arguments
    ([], 'search', '{"text": "lease"}')
    """

    tools_problem = ""

    def __init__(
        self,
        script: Sequence[str | Sequence[tuple[str, object]]],
        *,
        context_tokens: int = 16_384,
        parameters: int | None = None,
    ) -> None:
        super().__init__("", context_tokens=context_tokens, parameters=parameters)
        self._script = script
        self._turns = 0

    def call(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool],  # noqa: ARG002  the calls are set
        choice: str = "auto",  # noqa: ARG002
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> "FakeReply":
        turn = self._script[min(self._turns, len(self._script) - 1)]
        self._turns += 1
        self._reply = turn if isinstance(turn, str) else ""
        reply = self.stream(
            messages, max_tokens=max_tokens, stop=stop, temperature=temperature, cancel=cancel
        )
        if not isinstance(turn, str):
            reply.calls = tuple(
                ToolCall(
                    f"call_{self._turns}_{at}",
                    name,
                    arguments if isinstance(arguments, str) else json.dumps(arguments),
                )
                for at, (name, arguments) in enumerate(turn)
            )
        return reply


class FakeSeer(FakeChatModel):
    """A `FakeChatModel` that can be shown pictures, and then says `sees`, whatever is on them;
    `shown` keeps them.

    >>> model = FakeSeer("", sees="[1] 42 tonnes")
    >>> "".join(model.look([Message("user", "How many?")], pictures=[b"JPEG"], max_tokens=9))
    '[1] 42 tonnes'
    """

    pictures_problem = ""

    def __init__(
        self, reply: str | Callable[[Sequence[Message]], str], *, sees: str, **options: Any
    ) -> None:
        super().__init__(reply, **options)
        self.shown: list[tuple[bytes, ...]] = []
        self._sees = sees

    def look(
        self,
        messages: Sequence[Message],
        *,
        pictures: Sequence[bytes],
        max_tokens: int,
        temperature: float = 0.0,  # noqa: ARG002  the reply is set
        cancel: threading.Event | None = None,
    ) -> "FakeReply":
        self.asked.append(tuple(messages))
        self.shown.append(tuple(pictures))
        return FakeReply(
            self._sees,
            prompt_tokens=self.prompt_tokens(messages),
            max_tokens=max_tokens,
            cancel=cancel,
        )


class FakeReply(Iterator[str]):
    """A `Generation` that has its text from the start and hands it out by the token."""

    position = 0
    calls: tuple[ToolCall, ...] = ()

    def __init__(
        self,
        text: str,
        *,
        prompt_tokens: int,
        max_tokens: int,
        cancel: threading.Event | None,
        form: Form | None = None,
    ) -> None:
        self._form = form
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
            form, self._form = self._form, None
            require_form(form, "".join(self._pieces[: self._written]), finish=self.finish)
            raise StopIteration
        self._written += 1
        return self._pieces[self._written - 1]

    def cancel(self) -> None:
        self.finish = self.finish or "cancelled"


class FakeEntailment:
    """An `Entailment` that compares words: a statement is supported (0.9) where the source has all
    of them, contradicted (0.9) where it lacks nothing but a number, and else not told.

    >>> model = FakeEntailment()
    >>> model.probabilities([("The fee is 30 euros.", "The fee is 40 euros.")])[0].argmax()
    np.int64(1)
    """

    name = "fake"

    def bounds(self, statement: str) -> Bounds:  # noqa: ARG002
        """The same for all statements."""
        return Bounds(supported=0.8, contradicted=0.8)

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, statement) pairs, shape (len(pairs), 3)."""
        found = np.full((len(pairs), 3), 0.05, np.float32)
        for at, (source, statement) in enumerate(pairs):
            there = {*_TOKEN.findall(source.lower())}
            said = filter(str.isalnum, _TOKEN.findall(statement.lower()))
            missing = {token for token in said if token not in there}
            numbers = all(token.isdigit() for token in missing)
            found[at, 0 if not missing else 1 if numbers else 2] = 0.9
        return found


class FakeEmbedder:
    """An `Embedder` that counts words: unit vectors of 32 dimensions, or of another number.

    A word is a Latin word, a number, or a pair of Chinese characters. The first twelve dimensions
    count the words of twelve meanings, such as "ill", "sick" and "病假", three times each, so that
    texts without a common word, or in two languages, can be near; any other word counts once, in
    the dimension 12 + CRC-32 mod 20 (of 32). A token is what it is for `FakeChatModel`.

    >>> model = FakeEmbedder()
    >>> ill, sick, gold = model.embed_passages(["He is ill.", "She is sick!", "黄金"])
    >>> bool(ill @ sick > 0.8), float(ill @ gold)
    (True, 0.0)
    """

    def __init__(
        self,
        *,
        name: str = "fake",
        fingerprint: str = "fake",
        max_tokens: int = 254,
        dimension: int = 32,
        prompts: tuple[str, str] = ("", ""),
    ) -> None:
        self.dimension = dimension
        self.prompts = prompts
        self.name = name
        self.fingerprint = fingerprint
        self.max_tokens = max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKEN.findall(text)) for text in texts]

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for done, text in enumerate(texts, start=1):
            vectors[done - 1] = self.embed_question(text)
            progress(done)
        return vectors

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        counts = np.zeros(self.dimension, np.float32)
        for run in _WORD.findall(text.casefold()):
            pairs = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
            for word in [run] if run.isascii() else pairs:
                meaning = next((at for at, row in enumerate(_SAME) if word in row.split()), None)
                if meaning is None:
                    counts[12 + zlib.crc32(word.encode()) % (self.dimension - 12)] += 1
                else:
                    counts[meaning] += 3
        if not counts.any():  # a text without words still has a direction
            counts[-1] = 1
        length: np.float32 = np.linalg.norm(counts)
        return counts / length
