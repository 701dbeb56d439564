"""Evidence: the sentences of the passages that bear on a question, and how sure that is.

The sentences found here are the extractive answer, and all that a chat model is given to read: on a
CPU the time to its first token is the length of its prompt.

A sentence's score blends three views of it: which share of the question's information (terms
weighted by inverse document frequency) it holds itself; which share the passage around it holds,
because a sentence may say "it" where the one before said the name; and, where the embedder reads
the language, the cosine of question and sentence.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from quire.models.protocols import Embedder
from quire.records import Citation, Passage
from quire.text import analysis, sentences

_OWN, _AROUND, _COSINE, _RANK = 0.45, 0.2, 0.45, 0.06
_LEXICAL_OWN, _LEXICAL_AROUND = 0.75, 0.25
_CANDIDATES = 32  # sentences embedded for one question: a tenth of a second on two cores
_LONGEST = 600  # characters of a sentence shown; table rows and lists may run on


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage: characters [start, end) of the document's text.

    `score` is between 0 and about 1 and comparable between questions; `coverage` is the share of
    the question's information that sentence and passage hold.
    """

    passage: Passage
    start: int
    end: int
    text: str
    score: float
    coverage: float

    def citation(self) -> Citation:
        return Citation(
            label=self.passage.label,
            document=self.passage.document,
            page=self.passage.page_at(self.start),
            start=self.start,
            end=self.end,
            quote=self.text,
        )


def find(
    question: str,
    passages: Sequence[Passage],
    *,
    frequencies: Mapping[str, int],
    chunks: int,
    embedder: Embedder | None,
) -> list[Evidence]:
    """The sentences of the passages, the most relevant first.

    `frequencies` says in how many of all `chunks` each term of the question stands. `embedder` is
    None where it cannot read the question.
    """
    weights = information(frequencies, chunks=chunks)
    found: list[Evidence] = []
    for passage in passages:
        heading = " ".join((*passage.heading_path, passage.document.title))
        around = _coverage(f"{heading}\n{passage.text}", weights)
        for start, end in sentences.split(passage.text):
            text = passage.text[start : min(end, start + _LONGEST)]
            own = _coverage(text, weights)
            offset = passage.span.start + start
            found.append(
                Evidence(
                    passage=passage,
                    start=offset,
                    end=offset + len(text),
                    text=text,
                    score=_LEXICAL_OWN * own
                    + _LEXICAL_AROUND * around
                    + _RANK / passage.label,
                    coverage=max(own, around),
                )
            )
    found.sort(key=lambda evidence: -evidence.score)
    if embedder is not None:
        found = _with_cosine(question, found[:_CANDIDATES], embedder, weights)
    return found


def information(frequencies: Mapping[str, int], *, chunks: int) -> dict[str, float]:
    """The weight of each term: its inverse document frequency, in nats; a term that no chunk holds
    has the highest."""
    return {
        term: math.log(1 + (chunks - count + 0.5) / (count + 0.5))
        for term, count in frequencies.items()
    }


def _coverage(text: str, weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    present = set(analysis.terms(text))
    return sum(weight for term, weight in weights.items() if term in present) / total if total else 0


def _with_cosine(
    question: str,
    candidates: Sequence[Evidence],
    embedder: Embedder,
    weights: Mapping[str, float],
) -> list[Evidence]:
    if not candidates:
        return []
    cosines = embedder.embed_passages([c.text for c in candidates]) @ embedder.embed_question(
        question
    )
    scored = [
        Evidence(
            passage=c.passage,
            start=c.start,
            end=c.end,
            text=c.text,
            score=_OWN * _coverage(c.text, weights)
            + _AROUND * c.coverage
            + _COSINE * float(cosine)
            + _RANK / c.passage.label,
            coverage=c.coverage,
        )
        for c, cosine in zip(candidates, cosines, strict=True)
    ]
    return sorted(scored, key=lambda evidence: -evidence.score)


def shortest_proof(found: Sequence[Evidence], *, most: int = 2, close: float = 0.8) -> list[Evidence]:
    """The sentences to show as an answer by themselves: the best, and a second one where it is
    nearly as good. In reading order when they come from one passage."""
    if not found:
        return []
    best = found[0]
    chosen = [best]
    for other in found[1:]:
        if len(chosen) == most or other.score < close * best.score:
            break
        if all(_differs(other.text, kept.text) for kept in chosen):
            chosen.append(other)
    same = len({evidence.passage.label for evidence in chosen}) == 1
    return sorted(chosen, key=lambda evidence: evidence.start) if same else chosen


def _differs(one: str, other: str) -> bool:
    """Whether two sentences say different things: less than four fifths of the terms shared."""
    left, right = set(analysis.terms(one)), set(analysis.terms(other))
    return len(left & right) < 0.8 * max(1, min(len(left), len(right)))


def distinct(found: Iterable[Evidence], *, most: int) -> list[Evidence]:
    """The first `most` sentences that do not repeat each other."""
    chosen: list[Evidence] = []
    for evidence in found:
        if len(chosen) == most:
            break
        if all(_differs(evidence.text, kept.text) for kept in chosen):
            chosen.append(evidence)
    return chosen
