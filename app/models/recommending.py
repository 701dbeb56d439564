"""Which models fit this machine and the user's languages, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from quire.models import catalog
from quire.models.catalog import Kind, KnownModel
from quire.models.machine import Machine
from quire.models.speed import ChatSpeed, Speeds, estimated_chat, estimated_passages

SLOWEST_ANSWER = 60.0  # seconds: longer than that, people do not wait
FEWEST_PASSAGES = 5.0  # in a second: a thousand pages take a quarter of an hour

_DISTURBED = (
    "Other programs kept the processor busy just now, so that it seemed slower than it is: "
    "ask again when they have finished."
)
_LANGUAGES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with what it would do here. Speeds are estimates; `answer_seconds` and `decode` are
    of chat models, `passages` in a second of embedding models. `objection` says what speaks against
    it, or is empty."""

    model: KnownModel
    memory: int
    decode: float | None
    answer_seconds: float | None
    passages: float | None
    objection: str

    def to_dict(self) -> dict[str, Any]:
        def rounded(value: float | None) -> float | None:
            return None if value is None else round(value, 2)

        return {
            "name": self.model.name,
            "kind": self.model.kind,
            "memory": self.memory,
            "decode": rounded(self.decode),
            "answer_seconds": rounded(self.answer_seconds),
            "passages": rounded(self.passages),
            "objection": self.objection,
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A chat model and an embedding model, with the reasons as sentences, and all that were
    considered."""

    chat: KnownModel
    embedding: KnownModel
    why: tuple[str, ...]
    considered: tuple[Candidate, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "chat": self.chat.name,
            "embedding": self.embedding.name,
            "why": list(self.why),
            "considered": [candidate.to_dict() for candidate in self.considered],
        }


def recommend(
    languages: Collection[str],
    *,
    here: Machine,
    speeds: Speeds,
    context_tokens: int,
    disturbed: bool = False,
) -> Recommendation:
    """The best models for these languages that fit the memory that is free and are quick enough.

    Of those without an objection the largest is taken: within a family, larger models answer
    better, and those of the catalog are of one family. `disturbed` says that other programs ran
    while the speeds were measured.
    """
    considered = tuple(
        _candidate(model, languages, here=here, speeds=speeds, context_tokens=context_tokens)
        for model in catalog.known_models()
    )
    chat, embedding = (_best(considered, kind) for kind in ("chat", "embedding"))
    names = " and ".join(_LANGUAGES[language] for language in sorted(languages))
    free = (
        f"{here.memory_available / 1e9:.1f} GB of memory are free"
        if here.memory_available
        else "how much memory is free cannot be told here"
    )
    why = (
        f"This machine has {here.cores} core{'s' if here.cores > 1 else ''}, and {free}.",
        _chat_sentence(chat, names),
        _embedding_sentence(embedding, names),
        *(
            f"{candidate.model.name} was left out: {candidate.objection}."
            for candidate in considered
            if candidate.objection and candidate.model.parameters > _floor(candidate, chat)
        ),
        "Speeds are estimates from the starter models; quire models bench measures one.",
        *([_DISTURBED] if disturbed else []),
    )
    return Recommendation(chat.model, embedding.model, why, considered)


def _floor(candidate: Candidate, chat: Candidate) -> int:
    """Below this size nobody asks why a model was left out."""
    return chat.model.parameters if candidate.model.kind == "chat" else 0


def _candidate(
    model: KnownModel,
    languages: Collection[str],
    *,
    here: Machine,
    speeds: Speeds,
    context_tokens: int,
) -> Candidate:
    memory = model.memory(context_tokens=context_tokens)
    speed: ChatSpeed | None = None
    passages: float | None = None
    if model.kind == "chat":
        speed = estimated_chat(model, speeds.chat)
    else:
        passages = estimated_passages(model, speeds.passages)
    return Candidate(
        model,
        memory,
        speed.decode if speed else None,
        speed.answer_seconds if speed else None,
        passages,
        _objection(model, languages, here=here, memory=memory, speed=speed, passages=passages),
    )


def _objection(
    model: KnownModel,
    languages: Collection[str],
    *,
    here: Machine,
    memory: int,
    speed: ChatSpeed | None,
    passages: float | None,
) -> str:
    if lacking := sorted(set(languages) - model.languages):
        verb = "write" if model.kind == "chat" else "read"
        return f"it does not {verb} {_LANGUAGES[lacking[0]]}"
    if here.memory_available and memory > here.memory_available:
        return (
            f"it needs {memory / 1e9:.1f} GB of memory, and {here.memory_available / 1e9:.1f} GB "
            "are free"
        )
    if speed and speed.answer_seconds > SLOWEST_ANSWER:
        return f"an answer would take some {speed.answer_seconds:.0f} seconds"
    if passages is not None and passages < FEWEST_PASSAGES:
        return f"it would take in some {passages:.1f} passages a second"
    return ""


def _best(considered: Collection[Candidate], kind: Kind) -> Candidate:
    """The largest without an objection; else the smallest of those that know the languages."""
    of_kind = [each for each in considered if each.model.kind == kind]
    fit = [each for each in of_kind if not each.objection]
    if fit:
        return max(fit, key=lambda each: each.model.parameters)
    able = [each for each in of_kind if "does not" not in each.objection]
    return min(able, key=lambda each: each.memory)


def _chat_sentence(chat: Candidate, names: str) -> str:
    seconds, decode = chat.answer_seconds or 0.0, chat.decode or 0.0
    return (
        f"{chat.model.name} writes {names}, needs {chat.memory / 1e9:.1f} GB, and would write some "
        f"{decode:.0f} tokens a second here: about {seconds:.0f} seconds for an answer."
    )


def _embedding_sentence(embedding: Candidate, names: str) -> str:
    return (
        f"{embedding.model.name} finds {names} by meaning, and would take in some "
        f"{embedding.passages or 0.0:.0f} passages a second."
    )
