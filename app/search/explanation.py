"""Why a search finds a page, or where on its way it was lost, in plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quire.errors import PageNotFound
from quire.indexes import documents
from quire.indexes.scope import Scope, is_within
from quire.records import Document, Hit
from quire.search.query import Mode, checked_question
from quire.search.retriever import Retriever
from quire.search.tracing import Trace

Stage = Literal["document", "text", "scope", "lexical", "dense", "fused", "duplicates", "hits"]

_SHOWN = 12  # words named in a sentence


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


def explain(
    retriever: Retriever,
    text: str,
    document: Document,
    *,
    reference: str,
    page: int | None,
    k: int,
    mode: Mode,
    scope: Scope | None,
) -> Explanation:
    """Why a search for a text finds a page of a document, or where it is lost; `reference` is how
    the document was named. Raises PageNotFound."""
    if page is not None and not 1 <= page <= (document.pages or 0):
        pages = f"{document.pages} pages" if document.pages else "no pages"
        raise PageNotFound(
            f"{document.name} has {pages}, so there is no page {page}.",
            hint="Name one of them, or the document alone.",
        )
    query = retriever.query(text, mode=mode)
    with retriever.snapshot() as snapshot:
        cut = documents.chunks_of(snapshot.connection, document.id)
        kept = not scope or is_within(snapshot.connection, document.id, scope)
        chunks = {chunk.id for chunk in cut if page is None or chunk.span.is_on(page)}
        steps = [
            Step("document", True, f"The document {document.name} is there."),
            _text_step(document, page, chunks=len(chunks)),
        ]
        if chunks and scope:
            steps.append(_scope_step(scope, kept=kept))
        rank = None
        if chunks and kept:
            trace = snapshot.trace(query, chunks, k=k, scope=scope)
            steps += _ranking_steps(trace, k=k)
            rank = trace.hit.rank if trace.hit and steps[-1].passed else None
    return Explanation(query.text, reference, document, page, rank, tuple(steps))


def explain_missing(text: str, *, reference: str, page: int | None, where: str) -> Explanation:
    """The same of a document that is not there."""
    step = Step("document", False, f"There is no document {reference!r} in {where}.")
    question = checked_question(text)
    return Explanation(question, documents.printable(reference), None, page, None, (step,))


def _text_step(document: Document, page: int | None, *, chunks: int) -> Step:
    """Whether there is anything to find."""
    where = "It" if page is None else f"Page {page}"
    if chunks:
        return Step("text", True, f"{where} is indexed in {_chunks(chunks)}.")
    warnings = " ".join(document.warnings)
    text = f"{where} has no text that could be indexed, so no search finds it. {warnings}"
    return Step("text", False, text.strip())


def _scope_step(scope: object, *, kept: bool) -> Step:
    """Whether the document is one of those that the search was confined to."""
    said = "is among" if kept else "is not among"
    return Step("scope", kept, f"Scope: it {said} the documents {scope}.")


def _ranking_steps(trace: Trace, *, k: int) -> list[Step]:
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
