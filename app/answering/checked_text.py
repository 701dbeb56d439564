"""Any text held against the documents, statement by statement.

    text -> its statements -> for each: search -> passages -> verdict with quotes

Each is looked for by itself, over all documents or those in a scope: a text need not say where it
has something from.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quire import verification
from quire.indexes.scope import Scope
from quire.models.protocols import Entailment
from quire.records import Passage, Sentence
from quire.search.passages import context
from quire.search.query import Query, kept_question
from quire.search.retriever import Retriever
from quire.text import statements
from quire.verification import Reading, coverage

_HEADING = re.compile(r"#{1,6}\s")  # in Markdown
_SEARCHED = 20  # chunks, from which the passages are made
_HITS = 6
_PASSAGES = 6


@dataclass(frozen=True, slots=True)
class CheckedStatement:
    """A statement, characters [start, end) of a text, with the verdict on it and what it rests
    on."""

    start: int
    end: int
    sentence: Sentence

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.sentence.text,
            "start": self.start,
            "end": self.end,
            "support": self.sentence.support,
            "probability": self.sentence.probability,
            "citations": [citation.to_dict() for citation in self.sentence.citations],
        }


def check(
    text: str,
    *,
    retriever: Retriever | None,
    entailment: Entailment | None,
    scope: Scope | None = None,
) -> Iterator[CheckedStatement]:
    """The statements of a text, in order; headings and questions state nothing. Without documents
    nothing is supported."""
    for one in statements.tell(text, 0, len(text)).statements:
        led = " ".join(stretch.text for stretch in one.under if not stretch.heading)
        claim = one.told if one.cells or not led else f"{led} {one.text}"
        if one.leads or _HEADING.match(one.text) or not any(map(coverage.says, claim)):
            continue
        passages: Sequence[Passage] = ()
        reading = None
        if retriever:
            query = retriever.query(kept_question(claim))
            passages = _near(query, retriever, scope)
            if entailment and passages:
                embed = None if query.vector is None else retriever.embedder.embed_passages
                reading = Reading(entailment, passages, embed=embed)
        sentence = verification.verify(claim, passages, reading=reading)
        yield CheckedStatement(one.start, one.end, sentence)


def _near(query: Query, retriever: Retriever, scope: Scope | None) -> Sequence[Passage]:
    with retriever.snapshot() as snapshot:
        hits = snapshot.search(query, k=_SEARCHED, scope=scope)
        return snapshot.passages(context(hits, most=_HITS, passages=_PASSAGES))
