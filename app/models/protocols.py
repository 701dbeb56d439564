"""What the rest of Quire asks of a model: one small Protocol for each kind."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from quire.errors import ModelError
from quire.models.forms import Form
from quire.records import Usage

Finish = Literal["stop", "length", "repetition", "cancelled", "failed"]
"""Why a reply ended: the model was done or met a stop string; it reached `max_tokens` or the end of
its context; it had begun to repeat itself; the caller left; an error was raised."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a chat model may call: `parameters` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As OpenAI's language has it, and chat templates with it."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
        }
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a chat model asks for. `arguments` is what it wrote of them, JSON where it keeps
    to what it was told."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn as a chat model sees it. An assistant's may end in `calls`; a "tool" message is what
    one of them gave, of the call whose id it `answers`."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt. Only scaffolding may become control tokens; content stays text."""

    text: str
    scaffold: bool = False


CAPABLE_PARAMETERS = 1_500_000_000
"""From so many on, open models follow a text of several paragraphs."""


@dataclass(frozen=True, slots=True)
class Ability:
    """What can be expected of a chat model: how many `parameters` it has, None where nobody tells,
    as of those on a server; whether all of it is `accelerated`, on a GPU or on a server; and how
    many `tokens_per_second` of a prompt it reads here, None where that was not measured yet or is
    not this machine's work."""

    parameters: int | None
    accelerated: bool = False
    tokens_per_second: float | None = None

    @property
    def capable(self) -> bool:
        """Whether it follows a text of several paragraphs: such a model is told the conversation,
        answers in a form of its own, and writes summaries. What a server has is held for such."""
        return self.parameters is None or self.parameters >= CAPABLE_PARAMETERS


class Generation(Iterator[str], Protocol):
    """A reply on its way: iterate to get its text in pieces of whole characters.

    The model begins as soon as it is free, read or not. An error of the model is raised by the
    iteration. Closing, or dropping the last reference, stops the model.
    """

    @property
    def position(self) -> int:
        """How many replies are written before this one; 0 once the model works on it."""

    @property
    def finish(self) -> Finish | None:
        """Why the reply ended, or None while it is on its way."""

    @property
    def usage(self) -> Usage:
        """Tokens so far; final once `finish` is set."""

    def cancel(self) -> None:
        """Stop the model; the iteration ends without an error. May be called from any thread."""


class ChatModel(Protocol):
    """A model that writes the next turn of a conversation.

    `languages` are the ISO 639-1 codes of the languages that it writes acceptably, and
    `fingerprint` identifies its weights: the SHA-256 of the file in hexadecimal, or for a remote
    model whatever names it. Usable from several threads.
    """

    @property
    def name(self) -> str: ...

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and reply may have together."""

    @property
    def languages(self) -> frozenset[str]: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def ability(self) -> Ability:
        """How much it can read, and how fast, as far as is known by now."""

    def count_tokens(self, text: str) -> int:
        """Tokens of a text that stands in a message."""

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole prompt, scaffolding included."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
        form: Form | None = None,
    ) -> Generation:
        """Begin a reply of at most `max_tokens` tokens, which ends before any string in `stop`.

        Temperature 0 takes the likeliest token each time. Setting `cancel` has the effect of
        `Generation.cancel`. A reply with a `form` has it, or its iteration ends in ReplyUnusable,
        also where it was cut short; so does a reply that is nothing but a thought.

        Raises ModelBusy when too many wait, ModelError for messages that do not fit, and UsageError
        for a form that cannot be, before anything is generated.
        """

    def close(self) -> None:
        """Free the model; replies on their way end in an error."""


@runtime_checkable
class ReadsAhead(Protocol):
    """A chat model that can read the beginning of prompts before there is a question."""

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Read, in the background, what prompts will begin with; the last message is empty."""


class CallingGeneration(Generation, Protocol):
    """A reply that may end in calls of tools, which are no part of its text."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls that it ends in; all of them once `finish` is set."""


@runtime_checkable
class CallsTools(Protocol):
    """A chat model that can be given tools."""

    @property
    def name(self) -> str: ...

    @property
    def tools_problem(self) -> str:
        """Why it can be given none, as a sentence; empty where it can."""

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
    ) -> CallingGeneration:
        """Begin a reply that may call tools, as `ChatModel.stream` does. By `choice` the model
        decides ("auto"), calls one ("any"), or calls the one of this name."""


@runtime_checkable
class ReadsPictures(Protocol):
    """A chat model that can be shown pictures."""

    @property
    def pictures_problem(self) -> str:
        """Why it can be shown none, as a sentence; empty where it can."""

    def look(
        self,
        messages: Sequence[Message],
        *,
        pictures: Sequence[bytes],
        max_tokens: int,
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> Generation:
        """Begin a reply, as `ChatModel.stream` does, to messages of which the last one comes with
        `pictures`, JPEG files, in their order."""


@runtime_checkable
class OnServer(Protocol):
    """A chat model that a server runs, which may be another machine."""

    @property
    def sent_to(self) -> str | None:
        """The host that every prompt is sent to; None where it is this machine."""


def sent_to(model: ChatModel | None) -> str | None:
    """The host that a model's prompts leave this machine for; None where they stay."""
    return model.sent_to if isinstance(model, OnServer) else None


class Embedder(Protocol):
    """A model that turns texts into vectors of unit length. Usable from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Identifies the weights: vectors of another fingerprint must not be compared."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """The longest text it reads, in its own tokens, without special ones."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in its own tokens, without special ones."""

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension); `progress` hears how many texts are done."""

    def embed_question(self, text: str) -> npt.NDArray[np.float32]:
        """A vector of shape (dimension,)."""


def runtime_of(embedder: Embedder) -> str:
    """What computes an embedder's passages, such as "onnx-int8", where it tells; else nothing. Two
    runtimes of one model may embed for one knowledge base: each was held against the same
    reference before it was used."""
    return str(getattr(embedder, "runtime", ""))


def embed_questions(embedder: Embedder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Vectors of several questions, shape (len(texts), dimension): at once, where it can."""
    if not texts:
        return np.zeros((0, embedder.dimension), np.float32)
    together = getattr(embedder, "embed_questions", None)
    if together is not None:
        return np.asarray(together(texts), np.float32)
    return np.stack([embedder.embed_question(text) for text in texts])


def prompts_of(embedder: Embedder) -> tuple[str, str]:
    """What an embedder puts before a question and before a passage, where it tells; else nothing.
    With another one its vectors are others."""
    return getattr(embedder, "prompts", ("", ""))


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least probability from which an entailment model's word is taken for a verdict."""

    supported: float
    contradicted: float


class Entailment(Protocol):
    """A model that reads a source and a statement together, and tells whether the one tells the
    other. Usable from several threads."""

    @property
    def name(self) -> str: ...

    def bounds(self, statement: str) -> Bounds:
        """Those for a statement in its language."""

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, statement) pairs, how likely each statement is supported, contradicted and
        not told, shape (len(pairs), 3), rows adding up to 1. Raises ModelUnusable."""


def problem_of(model: "Entailment | None") -> ModelError | None:
    """Why an entailment model is not asked any more, or for a while, where it tells; else None."""
    problem: ModelError | None = getattr(model, "problem", None)
    return problem


@runtime_checkable
class ReadsQuestions(Protocol):
    """An entailment model that also reads a source and a question together. Usable from several
    threads."""

    @property
    def name(self) -> str: ...

    def answers(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Of (source, question) pairs, how likely each source answers the question, shape
        (len(pairs),). Raises ModelUnusable."""


class Reranker(Protocol):
    """A model that reads question and text together. Usable from several threads."""

    @property
    def name(self) -> str: ...

    def probabilities(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How likely each text answers the question, shape (len(texts),), from 0 to 1."""
