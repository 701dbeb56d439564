"""Summaries of one document, each sentence with the page that supports it.

Map: the document is cut into sections, along its headings where it has some, and of each section
the most central sentences are taken: those most like all others of the section (the degree
centrality of LexRank, Erkan and Radev 2004). A capable model then writes each section's sentence or
two from them, and what it writes is verified like an answer.

Reduce: of all sections' sentences those are chosen, by maximal marginal relevance (Carbonell and
Goldstein 1998), that are central and do not repeat each other, and they stand in reading order. One
that only points ("See table 2.", "It is closed in August.") is taken where nothing else is left.
"""

import dataclasses
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from quire import verification
from quire.answering import prompting
from quire.answering.prompting import Wording
from quire.errors import ModelError, UsageError
from quire.models.engine.repetition import is_repetition
from quire.models.engine.watching import WatchedReply, foreign_errors_told
from quire.models.protocols import ChatModel, Embedder, sent_to
from quire.records import (
    Chunk,
    Citation,
    Document,
    Hit,
    PageText,
    Passage,
    Sentence,
    with_citations,
)
from quire.search.passages import join_neighbours
from quire.text import analysis, sentences

_SECTIONS = 12  # at most: a longer document has longer sections
_CANDIDATES = 24  # sentences of a section that are compared: a tenth of a second on two cores
_SHORTEST, _LONGEST = 4, 400  # terms, characters: less says nothing, more is a table or a list
_NEW = 0.35  # what a sentence loses that repeats one chosen before, against its centrality
_FIRST = 0.1  # what the first sentence of a section gains: it often says what the section is about
_SAME = 0.9  # likeness from which two sentences say the same
_WRITTEN_TOKENS = 120
_POINTING = re.compile(
    r"""
    ^(?:\d[\d.]*\s+)?(?:  # by its first word at what was said before
        (?:it|they|he|she|its|their|his|her|the\ (?:former|latter))\b
      | (?:this|these|that|those|such)\ (?:is|are|was|were|has|have|do|does|can|may|must|will)\b
      | [它他她其该此这]|[上前]述|前款
    )
  | \b(?:see|refer\ to|(?:shown|described|given|listed)\ in)\ (?:also\ )?(?:the\ )?  # elsewhere
    (?:tables?|figures?|figs?|sections?|chapters?|pages?|annex|appendix|clauses?)\b
  | (?<![意可常罕所])见(?:下|上|本|以下)?(?:[表图页节章]|附[表图录件]|第)
  | 解释权|负责解释  # at who explains it
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A sentence that says little by itself: it points at another one, or at another place."""

Method = Literal["extractive", "written"]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Summary:
    """`method` says whether the sentences are quotes or were written by `model` and verified.

    `sections` counts those of the document, `sections_read` those that came before a stop. `notes`
    are sentences to the user. `sent_to` is the host of a remote model that the sections' best
    sentences were sent to; None where nothing left this machine.
    """

    document: Document
    method: Method
    sentences: tuple[Sentence, ...]
    model: str | None
    sections: int
    sections_read: int
    notes: tuple[str, ...] = ()
    sent_to: str | None = None

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(dict.fromkeys(c for sentence in self.sentences for c in sentence.citations))

    @property
    def text(self) -> str:
        space = "" if self.document.language == "zh" else " "
        return space.join(sentence.text for sentence in self.sentences)

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document.name,
            "document_id": self.document.id,
            "method": self.method,
            "text": self.text,
            **with_citations(self.sentences),
            "model": self.model,
            "sections": self.sections,
            "sections_read": self.sections_read,
            "notes": list(self.notes),
            "sent_to": self.sent_to,
        }


@dataclass(frozen=True, slots=True)
class _Telling:
    """A sentence that may stand in a summary, and how central it is, from 0 to about 1."""

    sentence: Sentence
    vector: Vectors | None  # None where it is known by its terms alone
    centrality: float

    @property
    def place(self) -> int:
        return self.sentence.citations[0].start

    @property
    def points(self) -> bool:
        return _POINTING.search(self.sentence.text) is not None


def summarize(
    document: Document,
    chunks: Sequence[Chunk],
    pages: tuple[PageText, ...],
    *,
    most: int,
    embedder: Embedder | None,
    model: ChatModel | None,
    wording: Wording,
    progress: Callable[[int, int], None],
    cancel: threading.Event,
) -> Summary:
    """At most `most` sentences about a document.

    `embedder` is None where it cannot read the document's language: then sentences are compared by
    their words. `model` is None where it is not capable or does not write the language. `progress`
    hears how many sections of how many are done; setting `cancel` ends with what is there.
    """
    if most < 1:
        raise UsageError(f"A summary of {most} sentences was asked for.", hint="Ask for one.")
    sections = list(_sections(chunks))
    told: list[list[_Telling]] = []
    notes: list[str] = []
    read = 0
    host = sent_to(model) if sections else None
    for number, section in enumerate(sections, start=1):
        if cancel.is_set():
            notes.append(f"Stopped after {read} of {len(sections)} sections.")
            break
        passages = _passages(document, section, pages, label=number)
        found = _central(passages, embedder)
        if model is not None and found:
            try:
                with foreign_errors_told(model):
                    reply = _reply(found, section, model=model, wording=wording, cancel=cancel)
                found = _holding(reply, passages, found[0].centrality, embedder) or found
            except ModelError as error:  # quotes do without it
                notes.append(error.told)
                model = None
        told.append(found)
        read = number
        progress(number, len(sections))
    chosen = _reduced(told, most=most)
    written = any(each.sentence.text != _flat(each.sentence.quote) for each in chosen)
    if not chosen and not notes:
        notes.append(f"{document.name} has no sentences to summarize, only headings or tables.")
    return Summary(
        document=document,
        method="written" if written else "extractive",
        sentences=tuple(each.sentence for each in chosen),
        model=model.name if model and written else None,
        sections=len(sections),
        sections_read=read,
        notes=tuple(notes),
        sent_to=host,
    )


def _sections(chunks: Sequence[Chunk]) -> Iterator[Sequence[Chunk]]:
    """Consecutive chunks under one outermost heading that still divides the document; where there
    are too many such sections, or none, stretches of equal length."""
    depth = max((len(chunk.heading_path) for chunk in chunks), default=0)
    for level in range(1, depth + 1):
        groups: list[list[Chunk]] = []
        for chunk in chunks:
            if groups and groups[-1][-1].heading_path[:level] == chunk.heading_path[:level]:
                groups[-1].append(chunk)
            else:
                groups.append([chunk])
        if 1 < len(groups) <= _SECTIONS:
            yield from groups
            return
    size = max(1, math.ceil(len(chunks) / _SECTIONS))
    for at in range(0, len(chunks), size):
        yield chunks[at : at + size]


def _passages(
    document: Document, section: Sequence[Chunk], pages: tuple[PageText, ...], *, label: int
) -> list[Passage]:
    hits = [Hit(rank, document, chunk, 1.0, {}) for rank, chunk in enumerate(section, start=1)]
    joined = join_neighbours(hits, {document.id: pages})
    return [dataclasses.replace(passage, label=label) for passage in joined]


def _central(passages: Sequence[Passage], embedder: Embedder | None) -> list[_Telling]:
    """The sentences of a section, the most central first."""
    found = [sentence for passage in passages for sentence in _sayings(passage)]
    if len(found) > _CANDIDATES:  # evenly from all of the section
        step = len(found) / _CANDIDATES
        found = [found[int(at * step)] for at in range(_CANDIDATES)]
    if not found:
        return []
    vectors = _vectors([sentence.text for sentence in found], embedder)
    likeness: Vectors = vectors @ vectors.T
    others = (likeness.sum(axis=1) - 1) / max(1, len(found) - 1)
    others[0] += _FIRST
    telling = [
        _Telling(sentence, vector if embedder else None, float(centrality))
        for sentence, vector, centrality in zip(found, vectors, others, strict=True)
    ]
    return sorted(telling, key=lambda each: -each.centrality)


def _sayings(passage: Passage) -> Iterator[Sentence]:
    """The sentences of a passage that say something by themselves, each its own proof."""
    for offset, part in passage.parts():
        for start, end in sentences.split(part):
            text = part[start:end]
            if sentences.leads(text) or "|" in text or len(text) > _LONGEST:
                continue
            if len(set(analysis.terms(text))) < _SHORTEST:
                continue
            yield Sentence(_flat(text), "supported", (passage.cite(offset + start, text),))


def _vectors(texts: Sequence[str], embedder: Embedder | None) -> Vectors:
    """Unit vectors of texts, by meaning, or where there is no embedder by terms, rare ones more."""
    if embedder is not None:
        return embedder.embed_passages(texts)
    terms = [analysis.terms(text) for text in texts]
    columns = {term: at for at, term in enumerate(sorted({t for each in terms for t in each}))}
    counts = np.zeros((len(texts), max(1, len(columns))), np.float32)
    for row, each in enumerate(terms):
        for term in each:
            counts[row, columns[term]] += 1
    rarity = np.log(1 + len(texts) / np.maximum(1, (counts > 0).sum(axis=0)))
    weighted: Vectors = (counts * rarity).astype(np.float32)
    lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
    unit: Vectors = weighted / np.maximum(lengths, 1e-6)
    return unit


def _reply(
    found: Sequence[_Telling],
    section: Sequence[Chunk],
    *,
    model: ChatModel,
    wording: Wording,
    cancel: threading.Event,
) -> str:
    """What a model writes of a section; empty where nothing of it fits into its context."""
    budget = model.context_tokens - _WRITTEN_TOKENS
    title = " / ".join(section[0].heading_path) or section[0].text[:60]
    chosen = list(found)
    while chosen:
        text = "\n".join(each.sentence.text for each in sorted(chosen, key=lambda each: each.place))
        messages = prompting.filled(wording, title=title, text=text)
        if model.prompt_tokens(messages) <= budget:
            break
        chosen.pop()
    else:
        return ""
    generation = model.stream(messages, max_tokens=_WRITTEN_TOKENS, cancel=cancel)
    return "".join(WatchedReply(generation, model=model, until_loop=True))


def _holding(
    reply: str, passages: Sequence[Passage], centrality: float, embedder: Embedder | None
) -> list[_Telling]:
    """The sentences of a reply that the section supports, as central as it is."""
    written = (reply[start:end] for start, end in sentences.split(reply))
    checked = [verification.verify(text, passages) for text in written if not is_repetition(text)]
    holding = [sentence for sentence in checked if sentence.support == "supported"]
    if not holding:
        return []
    vectors = _vectors([sentence.text for sentence in holding], embedder)
    return [
        _Telling(sentence, vector if embedder else None, centrality)
        for sentence, vector in zip(holding, vectors, strict=True)
    ]


def _reduced(told: Sequence[Sequence[_Telling]], *, most: int) -> list[_Telling]:
    """The sentences of the summary, in reading order: one of each section before a second one of
    any, as long as there is room. Those that only point at something come when all others have."""
    chosen: list[_Telling] = []
    for pointing in (False, True):
        left = [[one for one in each if one.points == pointing] for each in told]
        _choose(chosen, left, most=most)
    return sorted(chosen, key=lambda each: each.place)


def _choose(chosen: list[_Telling], left: Sequence[list[_Telling]], *, most: int) -> None:
    while len(chosen) < most and any(left):
        best = [max(each, key=lambda one: _gain(one, chosen)) for each in left if each]
        best.sort(key=lambda one: -_gain(one, chosen))
        for each in best[: most - len(chosen)]:
            if all(_likeness(each, other) < _SAME for other in chosen):
                chosen.append(each)
        for rest in left:
            rest[:] = [one for one in rest if not any(one is other for other in best)]


def _gain(one: _Telling, chosen: Sequence[_Telling]) -> float:
    repeated = max((_likeness(one, other) for other in chosen), default=0.0)
    return one.centrality - _NEW * repeated


def _likeness(one: _Telling, other: _Telling) -> float:
    if one.vector is None or other.vector is None:
        mine, theirs = (set(analysis.terms(each.sentence.text)) for each in (one, other))
        return len(mine & theirs) / max(1, min(len(mine), len(theirs)))
    return float(np.dot(one.vector, other.vector))


def _flat(text: str) -> str:
    return " ".join(text.split())
