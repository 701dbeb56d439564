"""How fast models are on this machine: measured for those that are there, and scaled from the
starter models for those that are not.

Writing a token reads all weights once from memory, so its time goes with the bytes of the file.
Reading a prompt and embedding a text are bound by arithmetic, which goes with the weights that each
token passes. Both have a part that does not grow, and is most of what the starter takes. So a
measurement of two small models tells roughly what a large one will do, before it
is downloaded.
"""

import contextlib
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import ReplyUnusable
from quire.models import catalog, machine, remembering
from quire.models.catalog import KnownModel
from quire.models.protocols import ChatModel, Embedder, Entailment, Message
from quire.models.store import starter

_PROMPT_TOKENS = 512
_WRITTEN_TOKENS = 48
_FEWEST_TOKENS = 8  # that tell how fast writing is
_PASSAGES = 32
_PAIRS = 7  # that a statement is read in: beside six places together, and each of them alone
_TORCH = 1.5
"""How much longer torch takes for a weight than the starter's export in bytes: 1.0 to 1.5 times the
processor time for the three architectures of the catalog with weights drawn at random, in bfloat16,
on one core."""
_ANSWER = (400, 80)  # tokens of a prompt with its evidence, and of an answer of some sentences
_FIXED_READING, _FIXED_WRITING = 0.7, 0.75
"""Share of the starter's time for a token that a larger model takes as well: the work of starting
and joining threads for each layer. Fitted on models with 0.6, 1.7 and 4 billion weights, drawn at
random, on two cores: estimates were within a quarter."""
_SENTENCE = "The committee for harbours met on Tuesday and put its decision off until the spring. "
_COUNT = "Count from one to two hundred in words, without anything else."


@dataclass(frozen=True, slots=True)
class ChatSpeed:
    """Tokens per second that a chat model reads of a prompt (`prefill`) and writes (`decode`)."""

    prefill: float
    decode: float

    @property
    def answer_seconds(self) -> float:
        """What a usual answer takes: a prompt of 400 tokens and 80 tokens written."""
        read, written = _ANSWER
        return read / self.prefill + written / self.decode


@dataclass(frozen=True, slots=True)
class Speeds:
    """What was measured of the starter models: a chat model's, and passages of some 200 tokens that
    an embedding model takes in a second."""

    chat: ChatSpeed
    passages: float


def measure_chat(model: ChatModel) -> ChatSpeed:
    """Have a model read a prompt of some 512 tokens and write some 48.

    Writing is what a reply takes beyond one of a single token. Of a reply that ends after a few
    tokens the whole is counted, which tells less than the model can do: the difference of two
    moments could tell anything.
    """
    sentence = max(1, model.count_tokens(_SENTENCE))
    room = min(_PROMPT_TOKENS, model.context_tokens // 2)
    prompt = [Message("user", f"Sum this up. {_SENTENCE * (room // sentence)}")]
    _reply(model, [Message("user", "Hello.")], max_tokens=2)  # wakes the threads
    seconds, _ = _reply(model, prompt, max_tokens=1)
    prefill = model.prompt_tokens(prompt) / seconds
    count = [Message("user", _COUNT)]
    _reply(model, count, max_tokens=1)  # from now on it is read already
    short, first = _reply(model, count, max_tokens=1)
    seconds, written = _reply(model, count, max_tokens=1 + _WRITTEN_TOKENS)
    more, took = written - first, seconds - short
    if more < _FEWEST_TOKENS or took <= 0:
        more, took = max(written, 1), seconds
    return ChatSpeed(prefill, more / took)


def _reply(model: ChatModel, messages: Sequence[Message], *, max_tokens: int) -> tuple[float, int]:
    """Seconds that a reply takes, and its tokens. They may all be spent on a thought."""
    began = time.perf_counter()
    reply = model.stream(messages, max_tokens=max_tokens)
    with contextlib.suppress(ReplyUnusable):
        for _ in reply:
            pass
    return max(time.perf_counter() - began, 1e-6), reply.usage.completion_tokens


def measure_embedder(embedder: Embedder) -> float:
    """Passages in a second, of some 200 tokens each, or as many as the model reads."""
    embedder.embed_passages([_SENTENCE])  # loads it
    tokens = max(1, embedder.count_tokens([_SENTENCE])[0])
    most = min(200, embedder.max_tokens)
    texts = [f"{n}. {_SENTENCE * max(1, most // tokens)}" for n in range(_PASSAGES)]
    began = time.perf_counter()
    embedder.embed_passages(texts)
    return len(texts) / (time.perf_counter() - began)


def measure_entailment(model: Entailment) -> float:
    """Seconds that a statement takes beside its places, of some 200 tokens each."""
    source, statement = _SENTENCE * 11, "The committee decided nothing on Tuesday."
    model.probabilities([(_SENTENCE, statement)])  # loads it
    pairs = [(f"{n}. {source}", statement) for n in range(_PAIRS)]
    began = time.perf_counter()
    model.probabilities(pairs)
    return time.perf_counter() - began


def estimated_chat(model: KnownModel, measured: ChatSpeed) -> ChatSpeed:
    """How fast a chat model will be, by what the starter model does."""
    small = catalog.named(starter.CHAT.name)
    reading = _FIXED_READING + (1 - _FIXED_READING) * model.body / small.body
    writing = _FIXED_WRITING + (1 - _FIXED_WRITING) * model.size / small.size
    return ChatSpeed(measured.prefill / reading, measured.decode / writing)


def estimated_passages(model: KnownModel, passages: float) -> float:
    """How many passages in a second an embedding model will take, by what the starter does."""
    return passages * catalog.named(starter.embedder().name).body / model.body


def estimated_statement(model: KnownModel, passages: float) -> float:
    """How many seconds an entailment model will take for a statement, by what the starter embedder
    does: a pair is about as long as a passage, and torch computes with more bits than the
    starter's export does."""
    return _PAIRS / estimated_passages(model, passages) * (_TORCH if model.weights else 1.0)


def remembered(folder: Path, *, build: str) -> Speeds | None:
    """What was measured on this machine with this build of llama.cpp, or None."""
    row = remembering.remembered(_path(folder)).get(_key(build))
    try:
        values: Sequence[Any] = [row[name] for name in ("prefill", "decode", "passages")]  # type: ignore[index]
        prefill, decode, passages = map(float, values)
    except (TypeError, KeyError, ValueError):
        return None
    if min(prefill, decode, passages) <= 0:
        return None
    return Speeds(ChatSpeed(prefill, decode), passages)


def remember(folder: Path, speeds: Speeds, *, build: str) -> None:
    """Keep what was measured in the cache. Not being able to costs the next call some seconds."""
    row = {
        "prefill": speeds.chat.prefill,
        "decode": speeds.chat.decode,
        "passages": speeds.passages,
    }
    remembering.remember(_path(folder), _key(build), row)


def _path(folder: Path) -> Path:
    return folder / "speeds.json"


def _key(build: str) -> str:
    here = machine.describe()
    told = "\n".join((build, here.cpu, str(here.cores), starter.CHAT.sha256))
    return hashlib.sha256(told.encode()).hexdigest()
