"""Is a sentence of an answer supported by the passages? With the quote that proves it.

A sentence is laid against every stretch of one or two sentences of the passages, and the stretch
that holds most of its words is the candidate. Words alone do not decide: a quantity, a negation or
a name that the quote lacks makes a sentence false however alike it looks, and each of them vetoes
(`quire.agreement`).

- supported: nearly all content words stand in the quote, no word in the place of another, no veto;
- partly: more than half of them do, and no veto; or the sentence is stitched from two quotes, each
  of which supports a part of it: it cites both, and that they belong together is its own claim;
- unsupported: all else. Such a sentence carries no label.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire import agreement
from quire.records import Citation, Passage, Sentence, Support
from quire.text import identity, quantities, sentences
from quire.text.quantities import Quantity

_SUPPORTED = 0.8
_PARTLY = 0.5

_POINTS_BACK = re.compile(
    r"\b(?:it|its|he|his|him|she|her|they|their|them|this|these|that|those|such)\b"
    "|[它他她其该此]|这",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:,(?!\d)|[;，；])\s*(?:and\s|but\s|while\s|whereas\s)?|\s(?:and|but|while|whereas)\s"
)
_CLAUSE_TERMS = 2  # of content in a clause that can be supported by itself
_LABELS = r"\s*\d{1,2}(?:\s*[,，、-]\s*\d{1,2})*\s*"
_MARK = re.compile(rf"\s*[\[［【]{_LABELS}[\]］】]|\s+[(（]{_LABELS}[)）]")
"""A label that the model wrote by itself, such as [1] or (2, 3); a year is none, nor is f(7)."""


@dataclass(frozen=True, slots=True)
class _Quote:
    passage: Passage
    start: int  # in the document's text
    text: str
    terms: frozenset[str]
    quantities: list[Quantity]
    before: frozenset[str] = frozenset()  # terms of its first sentence that its second one lacks

    def citation(self) -> Citation:
        return Citation(
            label=self.passage.label,
            document=self.passage.document,
            page=self.passage.page_at(self.start),
            start=self.start,
            end=self.start + len(self.text),
            quote=self.text,
        )


def verify(text: str, passages: Sequence[Passage]) -> Sentence:
    """The verdict on one sentence, with the citation that supports it.

    Labels that the model wrote are taken out of the text and not believed.
    """
    text = without_labels(text)
    quotes = list(_quotes(passages))
    support, quote = _best(text, quotes)
    if support != "supported":
        stitched = _stitched(text, quotes)
        if len(stitched) > 1:
            return Sentence(text, "partly", tuple(quote.citation() for quote in stitched))
    if quote is None:
        return Sentence(text, "unsupported")
    return Sentence(text, support, (quote.citation(),))


def without_labels(text: str) -> str:
    return _MARK.sub("", text).strip()


def _best(text: str, quotes: Sequence[_Quote]) -> tuple[Support, _Quote | None]:
    """The quote that supports a text best, and how far."""
    numbers = quantities.quantities(text)
    ranked = sorted(
        (
            (agreement.share(text, numbers, terms=quote.terms, there=quote.quantities), quote)
            for quote in quotes
        ),
        # Of two that hold as much, the shorter one proves more.
        key=lambda pair: (-pair[0], len(pair[1].text)),
    )
    partly: _Quote | None = None
    for share, quote in ranked:
        if share < _PARTLY:
            break
        borrowed = quote.before & agreement.content(text)
        if borrowed <= agreement.opening(text) and agreement.agrees(text, quote.text):
            holds = agreement.aligned(text, quote.text) and identity.is_said(text, quote.text)
            if share >= _SUPPORTED and holds:
                return "supported", quote
            partly = partly or quote
    return ("partly", partly) if partly else ("unsupported", None)


def _stitched(text: str, quotes: Sequence[_Quote]) -> list[_Quote]:
    """The quotes that support a sentence clause by clause, or none where a clause has no support of
    its own."""
    found: list[_Quote] = []
    for clause in _CLAUSE.split(text):
        if len(agreement.content(clause)) < _CLAUSE_TERMS:
            return []
        support, quote = _best(clause, quotes)
        if support != "supported" or quote is None:
            return []
        if quote not in found:
            found.append(quote)
    return found


def _quotes(passages: Sequence[Passage]) -> Iterator[_Quote]:
    """The sentences of the passages; and with the one before it, a sentence that points back.

    Two sentences are one quote only where the second says "it": else the words of one and the
    number of the other would prove what neither says. Headings and questions prove nothing.
    """
    for passage in passages:
        for offset, part in passage.parts():
            before: tuple[int, int] | None = None
            for start, end in sentences.split(part):
                if sentences.leads(part[start:end]):
                    before = None
                    continue
                yield _quote(passage, offset, part, start, end)
                if before and _POINTS_BACK.search(part[start:end]):
                    alone = agreement.known(part[start:end])
                    both = _quote(passage, offset, part, before[0], end)
                    yield dataclasses.replace(both, before=both.terms - alone)
                before = (start, end)


def _quote(passage: Passage, offset: int, part: str, start: int, end: int) -> _Quote:
    text = part[start:end]
    return _Quote(passage, offset + start, text, agreement.known(text), quantities.quantities(text))
