"""Why a search finds a page, or where on its way it was lost, in plain sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from quire.records import Document, Hit
from quire.text import analysis
from quire.text.languages import UNSPACED

Stage = Literal["document", "text", "scope", "lexical", "dense", "fused", "duplicates", "hits"]

_WORD = re.compile(r"\w+(?:[-/._+#&'’@:]\w+)*")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SHOWN = 12  # words named in a sentence


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of a chunk in a ranking, from 1."""

    chunk: int
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Words:
    """The question's words as it spells them, or pairs of characters: those that a chunk has, those
    that it lacks, and those that it has and that most chunks have too, so that they do not count.
    """

    has: tuple[str, ...]
    lacks: tuple[str, ...]
    common: tuple[str, ...]

    @classmethod
    def of(
        cls, question: str, *, has: Sequence[str], lacks: Sequence[str], common: Sequence[str]
    ) -> Self:
        """From index terms, which are shown as the question spells them."""
        spelled: dict[str, str] = {}
        for match in _WORD.finditer(question):
            for term in analysis.terms(match[0]):
                spelled.setdefault(term, term if _UNSPACED.search(match[0]) else match[0])
        return cls(
            *(
                tuple(dict.fromkeys(spelled.get(term, term) for term in terms))
                for terms in (has, lacks, common)
            )
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What a search did with some chunks of a document.

    Of `chunks` searched, `found` says how many each leg found at all, and `legs` where the best of
    those in question stands; `pool` is how many of each leg are looked at. `fused` is its place
    in the ranking of both, `hit` that after duplicates were put together; `repeated` is the hit
    that it repeats. `unread` says that the embedding model cannot read the question's language.
    """

    chunks: int
    pool: int
    legs: Mapping[str, Standing | None]
    found: Mapping[str, int]
    fused: Standing | None
    hit: Standing | None
    repeated: Hit | None
    words: Words
    unread: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a search, whether the page passed it, and what happened there."""

    stage: Stage
    passed: bool
    text: str

    def to_dict(self) -> dict[str, Any]:
        return {"stage": self.stage, "passed": self.passed, "text": self.text}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The way of a page through a search. `document` is None where there is none of that name, and
    `page` where the whole document was asked about. `rank` is that of the hit, or None where
    there was none: then `lost_at` is the stage at which it was lost.
    """

    question: str
    reference: str
    document: Document | None
    page: int | None
    rank: int | None
    steps: tuple[Step, ...]

    @property
    def lost_at(self) -> Stage | None:
        return self.steps[-1].stage if self.rank is None else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "document": self.document.name if self.document else self.reference,
            "document_id": self.document.id if self.document else None,
            "page": self.page,
            "rank": self.rank,
            "lost_at": self.lost_at,
            "steps": [step.to_dict() for step in self.steps],
        }


def text_step(document: Document, page: int | None, *, chunks: int) -> Step:
    """Whether there is anything to find."""
    where = "It" if page is None else f"Page {page}"
    if chunks:
        return Step("text", True, f"{where} is indexed in {_chunks(chunks)}.")
    warnings = " ".join(document.warnings)
    text = f"{where} has no text that could be indexed, so no search finds it. {warnings}"
    return Step("text", False, text.strip())


def scope_step(scope: object, *, kept: bool) -> Step:
    """Whether the document is one of those that the search was confined to."""
    said = "is among" if kept else "is not among"
    return Step("scope", kept, f"Scope: it {said} the documents {scope}.")


def ranking_steps(trace: Trace, *, k: int) -> list[Step]:
    """The stages from the two indexes to the hits; the last one says how it ended."""
    steps = []
    if "lexical" in trace.legs:
        steps.append(_lexical(trace))
    if "dense" in trace.legs:
        steps.append(_dense(trace))
    elif trace.unread:
        text = (
            "Meanings: not compared. The embedding model cannot read the question's language, so "
            "only words count."
        )
        steps.append(Step("dense", False, text))
    if trace.fused is None:
        text = (
            f"Together: neither index has it among its first {trace.pool}, so it is no candidate."
        )
        return [*steps, Step("fused", False, text)]
    if len(trace.legs) > 1:
        steps.append(Step("fused", True, f"Together: rank {trace.fused.rank}."))
    if trace.repeated:
        return [*steps, _duplicate(trace.repeated)]
    if trace.hit is None:
        raise AssertionError("a candidate is a hit or repeats one")
    if trace.hit.rank > k:
        text = (
            f"Hits: it would be hit {trace.hit.rank}, and {k} were asked for. "
            f"With -k {trace.hit.rank} it is shown."
        )
        return [*steps, Step("hits", False, text)]
    return [*steps, Step("hits", True, f"Hits: it is hit {trace.hit.rank}.")]


def _lexical(trace: Trace) -> Step:
    standing, words = trace.legs["lexical"], trace.words
    if standing is None:
        held = [word for word in words.has if word not in words.common]
        if words.common and not held:
            reason = f"it has only {_quoted(words.common)}, which most chunks have"
        else:
            reason = f"it has none of the question's words; it lacks {_quoted(words.lacks)}"
        return Step("lexical", False, f"Words: not found, because {reason}.")
    parts = [f"Words: rank {standing.rank} among {_chunks(trace.found['lexical'])} found"]
    if words.has:
        parts.append(f"it has {_quoted(words.has)}")
    if words.lacks:
        parts.append(f"it lacks {_quoted(words.lacks)}")
    if words.common:
        parts.append(f"{_quoted(words.common)} did not count, because most chunks have it")
    return Step("lexical", standing.rank <= trace.pool, "; ".join(parts) + ".")


def _dense(trace: Trace) -> Step:
    standing = trace.legs["dense"]
    if standing is None:
        return Step("dense", False, "Meanings: it has no vector. Run: quire verify --repair")
    text = (
        f"Meanings: rank {standing.rank} of {_chunks(trace.chunks)} (cosine {standing.score:.2f})."
    )
    return Step("dense", standing.rank <= trace.pool, text)


def _duplicate(hit: Hit) -> Step:
    page = hit.chunk.span.page_first
    where = hit.document.name if page is None else f"{hit.document.name}, page {page}"
    text = (
        f"Duplicates: it says the same as hit {hit.rank} ({where}) and is listed with it. "
        "Search in its file alone to see it."
    )
    return Step("duplicates", False, text)


def _chunks(count: int) -> str:
    return "1 chunk" if count == 1 else f"{count:,} chunks"


def _quoted(words: Sequence[str]) -> str:
    shown = ", ".join(f"“{word}”" for word in words[:_SHOWN])
    more = len(words) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
