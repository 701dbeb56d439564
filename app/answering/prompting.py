"""The pure functions that pack evidence into a prompt within a token budget.

The texts stand in `prompts/`, one file per task and language, where a user can read them; a file of
the same name in the folder that the setting `prompts` names takes its place. The fixed part comes
first, so that a model's cache of it is reused from question to question.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from quire.answering import sources
from quire.answering.evidence import Evidence
from quire.errors import SettingsError
from quire.models.protocols import ChatModel, Message
from quire.records import Passage

_SEPARATOR = re.compile(r"\n---[ \t]*\n")
_VERSION = re.compile(r"(?:version|版本)\s*([\w.]+)")

_LEAST_SOURCE = 60  # tokens: what has room for fewer shows no source

Count = Callable[[Sequence[Message]], int]


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a prompt file. `parts` are what stands between lines of `---`; `version` is what
    its first line says, and `sha256` is that of the whole file."""

    name: str
    version: str
    sha256: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages for a chat model, the passages that fitted, and the labels of those left out."""

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...]
    tokens: int
    left_out: tuple[int, ...] = ()


def wording(task: str, language: str, *, folder: Path | None = None) -> Wording:
    """The wording of a task in a language, the user's own in `folder` first.

    Raises SettingsError where the user's own cannot be read or lacks a place for what it must hold.
    """
    name = f"{task}.{'zh' if language == 'zh' else 'en'}"
    shipped = files("quire.answering").joinpath("prompts", f"{name}.txt").read_text("utf-8")
    own = folder / f"{name}.txt" if folder else None
    if own is None or not own.exists():
        return _read(name, shipped)
    try:
        read = _read(name, own.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The prompt {own} cannot be read: {error}.",
            hint="Correct it, or remove it to use Quire's own.",
        ) from error
    needed = _places(_read(name, shipped).parts[1]) - {"{history}"}
    missing = needed - _places("".join(read.parts[1:2]))
    if missing:
        raise SettingsError(
            f"The prompt {own} has no {min(missing)} in the part after its first line of ---.",
            hint="Put it where it belongs, or remove the file to use Quire's own.",
        )
    return read


def _read(name: str, text: str) -> Wording:
    lines = text.replace("\r\n", "\n").split("\n")
    first = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    said = _VERSION.search("\n".join(lines[:first]))
    return Wording(
        name=name,
        version=said[1] if said else "",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        parts=tuple(part.strip() for part in _SEPARATOR.split("\n".join(lines[first:]))),
    )


def _places(part: str) -> set[str]:
    return set(re.findall(r"\{[a-z]+\}", part))


def fixed_part(text: Wording) -> tuple[Message, ...]:
    """The messages that every prompt of this wording begins with, the last one empty."""
    return Message("system", text.parts[0]), Message("user", "")


def filled(text: Wording, /, **places: str) -> tuple[Message, ...]:
    """The messages with each `{place}` filled in."""
    return Message("system", text.parts[0]), Message("user", put(text.parts[1], **places))


def put(part: str, /, **places: str) -> str:
    """A part of a wording with each `{place}` filled in, of those that are given. What is filled in
    is not looked at again: a document may say {question} as it likes."""
    return re.sub(r"\{([a-z]+)\}", lambda place: places.get(place[1], place[0]), part)


def pack(
    question: str,
    evidence: Sequence[Evidence],
    *,
    text: Wording,
    budget: int,
    count: Count,
    history: str = "",
) -> Prompt:
    """As much of the evidence, best first, as fits into `budget` tokens.

    Sentences of one passage stand together, in reading order, behind the passage's label. `count`
    says how many tokens messages take. `history` gives way where no evidence would fit beside it.
    """

    def tokens(sentences: Sequence[Evidence]) -> int:
        return count(_messages(question, sentences, text, history))

    chosen = _fitting(evidence, tokens, budget=budget)
    if not chosen and history:
        history = ""
        chosen = _fitting(evidence, tokens, budget=budget)
    messages = _messages(question, chosen, text, history)
    passages = {sentence.passage.label: sentence.passage for sentence in chosen}
    return Prompt(
        messages=messages,
        passages=tuple(passages[label] for label in sorted(passages)),
        tokens=count(messages),
    )


def pack_passages(
    question: str,
    passages: Sequence[Passage],
    *,
    text: Wording,
    most: int,
    budget: int,
    model: ChatModel,
    history: str = "",
) -> Prompt:
    """As many whole passages, best first, as have at most `most` tokens and fit into a prompt of
    `budget`; of the first one its beginning, where it is longer by itself. One that is too long
    gives way to shorter ones after it. `history` gives way where no passage would fit beside it.
    """
    bare = _filled_with((), question, text, history)
    room = budget - model.prompt_tokens(bare)
    if room < _LEAST_SOURCE and history:
        history = ""
        room = budget - model.prompt_tokens(_filled_with((), question, text, history))
    room = min(most, room)
    chosen: list[str] = []
    fitted: list[Passage] = []
    for passage in passages:
        shown = sources.written(passage)
        if not chosen and room >= _LEAST_SOURCE:
            shown = _beginning(shown, room=room, count=model.count_tokens)
        # A blank line joins it to the rest, and two texts may share no token where they meet.
        cost = model.count_tokens(shown) + 2
        if shown and cost <= room:
            room -= cost
            chosen.append(shown)
            fitted.append(passage)
    messages = _filled_with(chosen, question, text, history)
    read = {passage.label for passage in fitted}
    left_out = tuple(passage.label for passage in passages if passage.label not in read)
    return Prompt(messages, tuple(fitted), model.prompt_tokens(messages), left_out)


def _filled_with(
    shown: Sequence[str], question: str, text: Wording, history: str
) -> tuple[Message, ...]:
    return filled(text, question=question, evidence="\n\n".join(shown), history=history)


def _beginning(shown: str, *, room: int, count: Callable[[str], int]) -> str:
    """As many lines of a source as have so many tokens."""
    lines = shown.split("\n")
    while lines and count("\n".join(lines)) + 2 > room:
        lines.pop()
    return "\n".join(lines)


def _fitting(
    evidence: Sequence[Evidence], tokens: Callable[[Sequence[Evidence]], int], *, budget: int
) -> list[Evidence]:
    """The longest beginning of the evidence that fits. All of it is tried first: mostly it does,
    and counting means rendering the model's template."""
    low, high = 0, len(evidence)
    attempt = high
    while low < high:
        if tokens(evidence[:attempt]) <= budget:
            low = attempt
        else:
            high = attempt - 1
        attempt = (low + high + 1) // 2
    return list(evidence[:low])


def _told(inside: Sequence[Evidence]) -> Iterator[str]:
    """What sentences of one passage say, each after what it stands under, which is said once. A row
    has the names of its columns with its cells."""
    seen: set[int] = set()
    for one in inside:
        header = {stretch.start for stretch in one.statement.under if "|" in stretch.text}
        for stretch in one.statement.under:
            if stretch.start not in seen | header:
                yield " ".join(stretch.text.split())
        seen |= {one.start, *(stretch.start for stretch in one.statement.under)}
        yield one.statement.told if one.statement.cells else one.text


def _messages(
    question: str, evidence: Sequence[Evidence], text: Wording, history: str
) -> tuple[Message, ...]:
    lines = []
    for label in sorted({sentence.passage.label for sentence in evidence}):
        inside = sorted((e for e in evidence if e.passage.label == label), key=lambda e: e.start)
        lines.append(f"[{label}] " + " ".join(_told(inside)))
    return filled(text, question=question, evidence="\n".join(lines), history=history)
