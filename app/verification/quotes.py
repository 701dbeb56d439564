"""The stretches of the passages that a sentence may be held against, cut as citations need them."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.records import Citation, Passage, Statement, Stretch
from quire.text import statements
from quire.text.cells import Words
from quire.verification import coverage, quantities, rows
from quire.verification.quantities import Quantity
from quire.verification.rows import Row

_POINTS_BACK = re.compile(
    r"\b(?:it|its|he|his|him|she|her|they|their|them|this|these|those|such)\b|^that\b"
    "|[它他她该]|其(?![中他余实])|此(?![前后外])|这",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a passage, one or two sentences, an item or a row, with what it takes to hold
    sentences against it. `text` is what it says: a row with the names of its columns, an item with
    what leads to it. `terms` are those of its text and of what it stands `under`, and those that
    say the same."""

    passage: Passage
    start: int  # in the document's text
    cited: str  # what stands there
    text: str
    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    own: str  # the same, or its second part, where the first only tells what "it" is
    before: frozenset[str] = frozenset()  # terms of its first part that its second one lacks
    after: frozenset[str] = frozenset()  # and of its second one that its first one lacks
    under: str = ""
    headers: tuple[Stretch, ...] = ()
    row: Row | None = None

    def citation(self) -> Citation:
        return self.passage.cite(self.start, self.cited)

    def citations(self) -> tuple[Citation, ...]:
        """The quote, and of a row what it stands under."""
        headers = (self.passage.cite(header.start, header.text) for header in self.headers)
        return (self.citation(), *headers)


def of_passages(passages: Sequence[Passage]) -> Iterator[Quote]:
    """What the passages say, statement by statement; and with the one before it, a sentence that
    points back.

    Two sentences are one quote only where the second says "it": else the words of one and the
    number of the other would prove what neither says. Headings and questions prove nothing.
    """
    for passage in passages:
        told = statements.of(passage)
        labels = rows.labels(told)
        before: Statement | None = None
        for one in told:
            if one.leads:
                before = None
            elif one.cells:
                before = None
                yield _row(passage, one, labels[one.group])
            else:
                yield from _sentence(passage, one, before)
                before = one


def of_text(passage: Passage, text: str) -> Quote:
    """A text that is told by several places of passages, as one quote to hold sentences against."""
    return _quote(passage, passage.span.start, text, text, own=text)


def _sentence(passage: Passage, one: Statement, before: Statement | None) -> Iterator[Quote]:
    led = " ".join(stretch.text for stretch in one.under if not stretch.heading)
    if one.kind != "item" or not led:
        yield _quote(passage, one.start, one.text, one.text, own=one.text)
    if led:
        whole = _quote(passage, one.start, one.text, f"{led} {one.text}", own=one.text)
        yield dataclasses.replace(
            whole, after=coverage.known(one.text) - coverage.known(led), under=led
        )
    if before and _POINTS_BACK.search(one.text):
        first = passage.span.start
        text = passage.text[before.start - first : one.end - first]
        both = _quote(passage, before.start, text, text, own=one.text)
        yield dataclasses.replace(
            both,
            before=both.terms - coverage.known(one.text),
            after=coverage.known(one.text) - coverage.known(before.text),
        )


def _row(passage: Passage, one: Statement, labels: frozenset[Words]) -> Quote:
    text = rows.said(one)
    under = " ".join(stretch.text for stretch in one.under if not stretch.heading)
    quote = _quote(passage, one.start, one.text, text, own=text)
    return dataclasses.replace(
        quote,
        terms=quote.terms | coverage.known(under) | rows.LIGHT,
        quantities=tuple(
            number
            for said in dict.fromkeys((text, rows.said(one, scaled=False), under))
            for number in quantities.quantities(said)
        ),
        under=under,
        headers=one.under,
        row=rows.row(one, labels),
    )


def _quote(passage: Passage, start: int, cited: str, text: str, *, own: str) -> Quote:
    return Quote(
        passage, start, cited, text, coverage.known(text), quantities.quantities(text), own=own
    )
