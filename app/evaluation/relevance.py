"""Which hits and citations are right: where the gold evidence stands in the documents as they were
read, and what meets it."""

import functools
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quire.evaluation.datasets import Gold, TestQuestion
from quire.knowledge_base import KnowledgeBase
from quire.records import PAGE_BREAK, Citation, Hit, PageText, Span

LONGEST = 2_000  # characters: a longer hit would hold the evidence by sheer size
MOST_PAGES = 2
_OVERLAP = 0.5  # of the shorter of hit and evidence

Unit = Literal["passage", "page"]


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """Where a piece of gold evidence stands: in a document, on a page where the set names one, and
    at these characters where its text was found."""

    document_id: str
    page: int | None
    spans: tuple[tuple[int, int], ...]

    def is_met_by(self, hit: Hit, *, unit: Unit | None = None) -> bool:
        """Whether a hit, or one of the copies that were put together with it, is this evidence.

        By page: it lies on the page and on at most two. By passage: its span overlaps that of the
        text by at least half of the shorter of the two, and is no longer than 2,000 characters.
        Without a `unit`, by page where the set names one.
        """
        return any(
            document_id == self.document_id and self._is_met_at(span, unit=unit)
            for document_id, span in _places_of(hit)
        )

    def _is_met_at(self, span: Span, *, unit: Unit | None) -> bool:
        if unit == "page" or (unit is None and self.page is not None):
            return self.page in pages_of(span)
        return span.end - span.start <= LONGEST and self._overlaps(span.start, span.end)

    def is_met_by_citation(self, citation: Citation) -> bool:
        """Whether a quote begins on the page, or overlaps the text by half of the shorter."""
        if citation.document.id != self.document_id:
            return False
        on_page = self.page is not None and citation.page == self.page
        return on_page or self._overlaps(citation.start, citation.end)

    def _overlaps(self, start: int, end: int) -> bool:
        return any(
            min(last, end) - max(first, start) >= _OVERLAP * min(last - first, end - start)
            for first, last in self.spans
        )


def _places_of(hit: Hit) -> Iterator[tuple[str, Span]]:
    yield hit.document.id, hit.chunk.span
    for copy in hit.duplicates:
        yield copy.document.id, copy.span


def pages_of(span: Span) -> range:
    """The pages of a span; none where the format has none or the span lies on too many."""
    if span.page_first is None or span.page_last is None:
        return range(0)
    pages = range(span.page_first, span.page_last + 1)
    return pages if len(pages) <= MOST_PAGES else range(0)


def first_rank(
    hits: Iterable[Hit], places: Iterable[GoldPlace], *, unit: Unit | None
) -> int | None:
    """The rank, from 1, of the first hit that meets any of the places."""
    places = tuple(places)
    for rank, hit in enumerate(hits, start=1):
        if any(place.is_met_by(hit, unit=unit) for place in places):
            return rank
    return None


def first_page_rank(hits: Iterable[Hit], places: Iterable[GoldPlace]) -> int | None:
    """The rank, from 1, of the first right page among the pages of the hits, each counted once;
    copies of a page are one page."""
    right = {(place.document_id, place.page) for place in places}
    seen: dict[tuple[str, int], None] = {}
    for hit in hits:
        own, *copies = (
            [(document_id, page) for page in pages_of(span)]
            for document_id, span in _places_of(hit)
        )
        for page in own:
            seen[page] = None
            if page in right:
                return len(seen)
        if any(page in right for pages in copies for page in pages):
            return max(1, len(seen))
    return None


class GoldPlaces:
    """Finds the gold evidence of a set's questions in a knowledge base.

    Documents are known by their bytes, whatever their name. `problems` are sentences about evidence
    that was not found; questions about it count as missed.
    """

    def __init__(self, base: KnowledgeBase, documents: Path) -> None:
        self._base = base
        self._folder = documents
        self._known = {document.id: document for document in base.documents()}
        self._ids: dict[str, str] = {}
        self._texts: dict[str, _Text] = {}
        self.problems: list[str] = []

    def of(self, question: TestQuestion) -> tuple[GoldPlace, ...]:
        return tuple(place for gold in question.gold for place in self._place(question.id, gold))

    def _place(self, question: str, gold: Gold) -> Iterator[GoldPlace]:
        id_ = self._id(gold.document)
        if id_ not in self._known:
            self.problems.append(f"{question}: {gold.document} could not be taken in.")
            return
        spans = tuple(self._text(id_).find(gold.text, page=gold.page))
        if not spans and gold.page is None:
            self.problems.append(
                f"{question}: its evidence does not stand in {gold.document} word for word."
            )
            return
        yield GoldPlace(id_, gold.page, spans)

    def _id(self, name: str) -> str:
        if name not in self._ids:
            with (self._folder / name).open("rb") as file:
                self._ids[name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        return self._ids[name]

    def _text(self, document_id: str) -> "_Text":
        if document_id not in self._texts:
            self._texts[document_id] = _Text(self._base.pages(self._known[document_id]))
        return self._texts[document_id]


class _Text:
    """A document's text, in which evidence is found even where its line breaks are others, as in
    text that was copied out of a PDF."""

    def __init__(self, pages: Sequence[PageText]) -> None:
        self._text = PAGE_BREAK.join(page.text for page in pages)
        self._pages: dict[int, tuple[int, int]] = {}
        at = 0
        for page in pages:
            if page.number is not None:
                self._pages[page.number] = (at, at + len(page.text))
            at += len(page.text) + len(PAGE_BREAK)

    def find(self, evidence: str, *, page: int | None) -> Iterator[tuple[int, int]]:
        """Each place of the evidence, on a page or anywhere."""
        begin, stop = (0, len(self._text)) if page is None else self._pages.get(page, (0, 0))
        found = list(_occurrences(self._text, evidence, begin, stop))
        if found:
            yield from ((start, start + len(evidence)) for start in found)
            return
        squeezed, offsets = self._squeezed
        wanted, _ = _squeeze(evidence)
        for start in _occurrences(squeezed, wanted, 0, len(squeezed)):
            first, last = offsets[start], offsets[start + len(wanted) - 1] + 1
            if begin <= first and last <= stop:
                yield first, last

    @functools.cached_property
    def _squeezed(self) -> tuple[str, list[int]]:
        return _squeeze(self._text)


def _occurrences(text: str, wanted: str, begin: int, stop: int) -> Iterator[int]:
    at = text.find(wanted, begin, stop) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + len(wanted), stop)


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text folded and without blanks, and where each of its characters came from."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).casefold():
            if not folded.isspace():
                characters.append(folded)
                offsets.append(offset)
    return "".join(characters), offsets
