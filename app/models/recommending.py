"""Which models fit this machine and the user's languages, and why."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from quire.models import catalog
from quire.models.catalog import Kind, KnownModel
from quire.models.machine import Machine
from quire.models.speed import (
    ChatSpeed,
    Speeds,
    estimated_chat,
    estimated_passages,
    estimated_statement,
)
from quire.models.store import starter

SLOWEST_ANSWER = 60.0  # seconds: longer than that, people do not wait
FEWEST_PASSAGES = 5.0  # in a second: a thousand pages take a quarter of an hour
SLOWEST_STATEMENT = 1.0  # seconds: the marks of an answer of ten statements come in as many

_DISTURBED = (
    "Other programs kept the processor busy just now, so that it seemed slower than it is: "
    "ask again when they have finished."
)
_WITH_BILINGUAL = {starter.BILINGUAL.name, starter.ENTAILMENT.name}
_LANGUAGES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with what it would do here. Speeds are estimates; `answer_seconds` and `decode` are
    of chat models, `passages` in a second of embedding models, and `statement_seconds`, for one
    beside its places, of entailment models. `lack` says which language it does not know, `burden`
    for what it is too large, and `objection` what speaks against it; each may be empty."""

    model: KnownModel
    memory: int
    decode: float | None
    answer_seconds: float | None
    passages: float | None
    statement_seconds: float | None
    lack: str
    burden: str

    @property
    def objection(self) -> str:
        return "; ".join(filter(None, (self.lack, self.burden)))

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
            "statement_seconds": rounded(self.statement_seconds),
            "objection": self.objection,
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A model of each kind, with the reasons as sentences, and all that were considered. `chat` is
    None where none fits: then answers are quotes from the documents. So is `entailment`: then rules
    check alone."""

    chat: KnownModel | None
    embedding: KnownModel
    entailment: KnownModel | None
    why: tuple[str, ...]
    considered: tuple[Candidate, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "chat": self.chat.name if self.chat else None,
            "embedding": self.embedding.name,
            "entailment": self.entailment.name if self.entailment else None,
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
    better, and those of the catalog are of one family. Where there is none, the starter remains,
    which is there already; a chat model that does not fit, or is too slow, is worse than none.
    `disturbed` says that other programs ran while the speeds were measured.
    """
    considered = consider(languages, here=here, speeds=speeds, context_tokens=context_tokens)
    chat, embedding = largest(considered, "chat"), largest(considered, "embedding")
    entailment = largest(considered, "entailment")
    names = " and ".join(_LANGUAGES[language] for language in sorted(languages))
    free = (
        f"{_gigabytes(here.memory_available)} of memory are free"
        if here.memory_available
        else "how much memory is free cannot be told here"
    )
    sentences = []
    if chat is not None:
        sentences.append(_chat_sentence(chat, names))
    else:
        chat, sentence = _chat_that_remains(considered, languages, names)
        sentences.append(sentence)
    if embedding is not None:
        sentences.append(_embedding_sentence(embedding, names))
    else:
        embedding = _starter(considered, starter.embedder().name)
        sentences.append(_embedding_that_remains(embedding, names))
    sentences += _entailment_sentences(considered, entailment, names)
    why = (
        f"This machine has {here.cores} core{'s' if here.cores > 1 else ''}, and {free}.",
        *sentences,
        *(
            f"{candidate.model.name} was left out: {candidate.objection}."
            for candidate in considered
            if candidate.objection
            and candidate not in (chat, embedding, entailment)
            and candidate.model.parameters > _floor(candidate, chat)
        ),
        "Speeds are estimates from the starter models; quire models bench measures one.",
        *([_DISTURBED] if disturbed else []),
    )
    return Recommendation(
        chat.model if chat else None,
        embedding.model,
        entailment.model if entailment else None,
        why,
        considered,
    )


def consider(
    languages: Collection[str], *, here: Machine, speeds: Speeds | None, context_tokens: int
) -> tuple[Candidate, ...]:
    """What each model of the catalog would do here. Without `speeds` only its memory and its
    languages are known."""
    return tuple(
        _candidate(model, languages, here=here, speeds=speeds, context_tokens=context_tokens)
        for model in catalog.known_models()
        if model.name not in _WITH_BILINGUAL or starter.BILINGUAL.path  # no hub has them
    )


def _floor(candidate: Candidate, chat: Candidate | None) -> int:
    """Below this size nobody asks why a model was left out."""
    return chat.model.parameters if chat and candidate.model.kind == "chat" else 0


def _candidate(
    model: KnownModel,
    languages: Collection[str],
    *,
    here: Machine,
    speeds: Speeds | None,
    context_tokens: int,
) -> Candidate:
    memory = model.memory(context_tokens=context_tokens)
    speed: ChatSpeed | None = None
    passages: float | None = None
    statement: float | None = None
    if speeds is None:
        pass
    elif model.kind == "chat":
        speed = estimated_chat(model, speeds.chat)
    elif model.kind == "embedding":
        passages = estimated_passages(model, speeds.passages)
    else:
        statement = estimated_statement(model, speeds.passages)
    lacking = sorted(set(languages) - model.languages)
    verb = "write" if model.kind == "chat" else "read"
    return Candidate(
        model,
        memory,
        speed.decode if speed else None,
        speed.answer_seconds if speed else None,
        passages,
        statement,
        f"it does not {verb} {_LANGUAGES[lacking[0]]}" if lacking else "",
        _burden(here=here, memory=memory, speed=speed, passages=passages, statement=statement),
    )


def _burden(
    *,
    here: Machine,
    memory: int,
    speed: ChatSpeed | None,
    passages: float | None,
    statement: float | None,
) -> str:
    if here.memory_available and memory > here.memory_available:
        return (
            f"it needs {_gigabytes(memory)} of memory, and {_gigabytes(here.memory_available)} are "
            "free"
        )
    if speed and speed.answer_seconds > SLOWEST_ANSWER:
        return f"an answer would take some {speed.answer_seconds:.0f} seconds"
    if passages is not None and passages < FEWEST_PASSAGES:
        return f"it would take in some {passages:.1f} passages a second"
    if statement is not None and statement > SLOWEST_STATEMENT:
        return f"a statement would take some {statement:.1f} seconds to check"
    return ""


def largest(considered: Collection[Candidate], kind: Kind) -> Candidate | None:
    """The largest model of a kind that nothing speaks against, or None. Of entailment models it is
    the one that comes along, with which the check was fitted and measured; else the largest that
    tells what is contradicted."""
    fit = [each for each in considered if each.model.kind == kind and not each.objection]

    def rank(candidate: Candidate) -> tuple[bool, bool, int]:
        model = candidate.model
        if kind != "entailment":
            return False, False, model.parameters
        return bool(model.package), not model.labels, model.parameters

    return max(fit, key=rank, default=None)


def _starter(considered: Collection[Candidate], name: str) -> Candidate:
    return next(each for each in considered if each.model.name == name)


def _chat_that_remains(
    considered: Collection[Candidate], languages: Collection[str], names: str
) -> tuple[Candidate | None, str]:
    """The starter where it only lacks a language, and writes another; else none."""
    small = _starter(considered, starter.CHAT.name)
    able = set(languages) & small.model.languages
    if able and not small.burden:
        written = " and ".join(_LANGUAGES[each] for each in sorted(able))
        return small, (
            f"No chat model that writes {names} fits this machine. {small.model.name}, the "
            f"starter, writes {written}: all else is answered by quotes from the documents."
        )
    return None, (
        f"No chat model that writes {names} fits this machine: without one, answers are quotes "
        "from the documents."
    )


def _chat_sentence(chat: Candidate, names: str) -> str:
    seconds, decode = chat.answer_seconds or 0.0, chat.decode or 0.0
    return (
        f"{chat.model.name} writes {names}, needs {_gigabytes(chat.memory)}, and would write some "
        f"{decode:.0f} tokens a second here: about {seconds:.0f} seconds for an answer."
    )


def _embedding_sentence(embedding: Candidate, names: str) -> str:
    return (
        f"{embedding.model.name} finds {names} by meaning, and would take in some "
        f"{embedding.passages or 0.0:.0f} passages a second."
    )


def _entailment_sentences(
    considered: Collection[Candidate], chosen: Candidate | None, names: str
) -> Iterator[str]:
    if chosen is None:
        yield f"No entailment model that reads {names} fits this machine: rules check alone."
        return
    name, seconds = chosen.model.name, chosen.statement_seconds or 0.0
    along = "comes along, and " if chosen.model.package else ""
    yield (
        f"{name} {along}checks what is said in other words, in {names}: some {seconds:.1f} seconds "
        "a statement."
    )
    fit = [each for each in considered if each.model.kind == "entailment" and not each.objection]
    if others := [each.model.name for each in fit if not each.model.package]:
        yield (
            f"Larger ones that fit and were not measured in Quire: {', '.join(others)}. Whether "
            "they find more, nobody has counted."
        )


def _embedding_that_remains(embedding: Candidate, names: str) -> str:
    """There is no Quire without one."""
    reads = " and ".join(_LANGUAGES[each] for each in sorted(embedding.model.languages))
    burden = f" Even so, {embedding.burden}: close other programs." if embedding.burden else ""
    return (
        f"No embedding model that reads {names} fits this machine. {embedding.model.name}, the "
        f"starter, finds {reads} by meaning; what is in another language is found by its words."
        f"{burden}"
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e9:.2f} GB"
