"""The stretches of the passages that a sentence may be held against, cut as citations need them."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.records import Citation, Passage
from quire.text import sentences
from quire.verification import coverage, quantities
from quire.verification.quantities import Quantity

_POINTS_BACK = re.compile(
    r"\b(?:it|its|he|his|him|she|her|they|their|them|this|these|those|such)\b|^that\b"
    "|[它他她该]|其(?![中他余实])|此(?![前后外])|这",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a passage, one or two sentences, with what it takes to hold sentences against
    it. `terms` are those of its text, and those that say the same."""

    passage: Passage
    start: int  # in the document's text
    text: str
    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    own: str  # the same, or its second sentence, where the first only tells what "it" is
    before: frozenset[str] = frozenset()  # terms of its first sentence that its second one lacks
    after: frozenset[str] = frozenset()  # and of its second one that its first one lacks

    def citation(self) -> Citation:
        return Citation(
            label=self.passage.label,
            document=self.passage.document,
            page=self.passage.page_at(self.start),
            start=self.start,
            end=self.start + len(self.text),
            quote=self.text,
        )


def of_passages(passages: Sequence[Passage]) -> Iterator[Quote]:
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
                    own, first = part[start:end], part[before[0] : before[1]]
                    both = _quote(passage, offset, part, before[0], end)
                    yield dataclasses.replace(
                        both,
                        own=own,
                        before=both.terms - coverage.known(own),
                        after=coverage.known(own) - coverage.known(first),
                    )
                before = (start, end)


def _quote(passage: Passage, offset: int, part: str, start: int, end: int) -> Quote:
    text = part[start:end]
    return Quote(
        passage, offset + start, text, coverage.known(text), quantities.quantities(text), own=text
    )
