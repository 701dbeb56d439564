"""Receipts: what an answer was made with, and what has changed when it is made again."""

import dataclasses
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

from quire.indexes.scope import Scope
from quire.models.centring import weights_of
from quire.models.protocols import sent_to
from quire.records import Answer, Hit, Receipt, Step

if TYPE_CHECKING:  # LangChain takes half a second
    from quire.answering.evidence import Evidence
    from quire.answering.found import Found
    from quire.answering.writing import Reading

_LIBRARIES = ("quire", "llama-cpp-python", "sentence-transformers", "faiss-cpu", "apsw")
_EVIDENCE = 24  # sentences noted: all those that were compared by meaning

What = Literal[
    "status", "sentences", "passages", "model", "prompt", "embedder", "settings", "versions"
]


def of(found: "Found", reading: "Reading | None") -> Receipt | None:
    """The receipt of an answer; None where there was nothing to search."""
    asked, embedder = found.asked, found.embedder
    if embedder is None:
        return None
    model, prompt = (reading.model, reading.prompt) if reading else (None, None)
    read = {(p.document.id, p.span.start) for p in prompt.passages} if prompt else set()
    return Receipt(
        versions=_versions(),
        settings={
            "passages": asked.passages,
            "answer_tokens": asked.answer_tokens,
            "temperature": asked.temperature,
            "language": found.language,
            **_of_scope(asked.scope),
            "max_risk": asked.max_risk,
        },
        embedder={"name": embedder.name, "sha256": weights_of(embedder.fingerprint)},
        model={
            "name": model.name,
            "sha256": model.fingerprint,
            "context_tokens": model.context_tokens,
            "sent_to": sent_to(model),
        }
        if model
        else {},
        prompt={
            "name": reading.wording.name,
            "version": reading.wording.version,
            "sha256": reading.wording.sha256,
            "tokens": reading.prompt.tokens,
            "left_out": list(reading.prompt.left_out),
        }
        if reading
        else {},
        hits=tuple(_hit(hit) for hit in found.hits),
        evidence=tuple(
            _sentence(proof, read=(proof.passage.document.id, proof.passage.span.start) in read)
            for proof in found.evidence[:_EVIDENCE]
        ),
    )


def with_steps(receipt: Receipt, steps: Sequence[Step]) -> Receipt:
    """The receipt of a model that looked things up, with what it called; what the calls gave is
    text of documents, and stays out."""
    called = (
        {"tool": step.tool, "arguments": step.arguments, "refused": step.refused} for step in steps
    )
    return dataclasses.replace(receipt, steps=tuple(called))


def _of_scope(scope: Scope | None) -> dict[str, Any]:
    """The settings that say where was looked: in words, and as it can be looked there again."""
    if not scope:
        return {"scope": None, "confined_to": None}
    return {"scope": str(scope), "confined_to": scope.to_dict()}


def scope_of(receipt: Mapping[str, Any] | None) -> Scope | None:
    """The scope in which an answer was looked for; None also where a receipt of an early version
    has kept it in words alone."""
    kept = (receipt or {}).get("settings", {}).get("confined_to")
    return Scope.from_dict(kept) if kept else None


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "document": hit.document.name,
        "document_id": hit.document.id,
        "sha256": hit.document.content_hash,
        "page": hit.chunk.span.page_first,
        "start": hit.chunk.span.start,
        "end": hit.chunk.span.end,
        "scores": {leg: round(score, 6) for leg, score in hit.scores.items()}
        | {"fused": round(hit.score, 6)},
        "ranks": hit.ranks,
    }


def _sentence(proof: "Evidence", *, read: bool) -> dict[str, Any]:
    return {
        "document_id": proof.passage.document.id,
        "label": proof.passage.label,
        "start": proof.start,
        "end": proof.end,
        "score": round(proof.score, 6),
        "own": round(proof.own, 6),
        "around": round(proof.around, 6),
        "cosine": None if proof.cosine is None else round(proof.cosine, 6),
        "passage_read": read,
    }


@functools.cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _LIBRARIES}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was."""

    what: What
    before: Any
    now: Any

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "before": self.before, "now": self.now}


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored answer beside the one that its question has now.

    `same` says that status, sentences and passages are as they were; `differences` names those that
    are not, and whatever of the circumstances has changed. `gone` are the documents that the stored
    answer was found in and that are there no more, each with the one that has taken its path, or
    None. `before` is the stored answer as `Answer.to_dict()` gave it.
    """

    before: Mapping[str, Any]
    now: Answer
    differences: tuple[Difference, ...]
    gone: tuple[dict[str, Any], ...]

    @property
    def same(self) -> bool:
        results = {"status", "sentences", "passages"}
        return not any(difference.what in results for difference in self.differences)

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.before["id"],
            "question": self.before["question"],
            "same": self.same,
            "differences": [difference.to_dict() for difference in self.differences],
            "documents_gone": list(self.gone),
            "before": dict(self.before),
            "now": self.now.to_dict(),
        }


def differences(
    before: Mapping[str, Any], receipt: Mapping[str, Any] | None, now: Answer
) -> Iterator[Difference]:
    """What of a stored answer, and of what it was made with, is not as it was."""
    fresh = now.to_dict()
    for what, old, new in (
        ("status", before["status"], fresh["status"]),
        ("sentences", _texts(before["sentences"]), _texts(fresh["sentences"])),
        ("passages", _places(before["passages"]), _places(fresh["passages"])),
    ):
        if old != new:
            yield Difference(what, old, new)  # type: ignore[arg-type]
    if receipt is None or now.receipt is None:
        return
    made_with = now.receipt.to_dict()
    for what in ("model", "prompt", "embedder", "settings", "versions"):
        old, new = receipt.get(what, {}), made_with[what]
        changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        if changed:
            yield Difference(
                what,  # type: ignore[arg-type]
                {key: old.get(key) for key in changed},
                {key: new.get(key) for key in changed},
            )


def documents(before: Mapping[str, Any], receipt: Mapping[str, Any] | None) -> dict[str, str]:
    """The name by id of each document in which a stored answer was found."""
    rows = [*before["passages"], *(receipt["hits"] if receipt else ())]
    return {row["document_id"]: row["document"] for row in rows}


def gone(used: Mapping[str, str], there: Collection[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Those of the used documents, name by id, that are no longer among `there`, (id, name)."""
    known = {id_ for id_, _ in there}
    by_name = {name: id_ for id_, name in there}
    for id_, name in used.items():
        if id_ not in known:
            yield {"document": name, "document_id": id_, "now": by_name.get(name)}


def _texts(sentences: Sequence[Mapping[str, Any]]) -> list[str]:
    return [sentence["text"] for sentence in sentences]


def _places(passages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    keys = ("document", "document_id", "start", "end")
    return [{key: passage[key] for key in keys} for passage in passages]
