"""Where the documents that belong to a statement's own are looked for: its other versions, and what
amends it. All of it sees one state of the catalog."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import combinations

from quire.answering.versions import editions
from quire.answering.versions.editions import Edition
from quire.indexes.scope import Scope, select
from quire.records import Document, Passage
from quire.search.snapshot import Snapshot

_AMENDMENTS = 24  # chunks looked at for documents that amend others
_WHOLE = 300  # chunks of a document that is compared: some hundred pages
_AMENDING = {
    "zh": "补充协议 修正案 变更协议 批单",
    "en": "amendment addendum supplemental agreement variation endorsement",
}


class Library:
    """The documents beside those of a question's passages. `known` are documents that were found
    near, and `within` says which of others may be looked at."""

    def __init__(
        self, snapshot: Snapshot, known: Iterable[Document], *, within: Scope | None
    ) -> None:
        self._snapshot = snapshot
        self._within = select(snapshot.connection, within).documents if within else None
        self._known = {document.id: document for document in known}
        self._parts: dict[tuple[str, str], Edition] = {}
        self._with_parts: set[str] = set()
        self._found: dict[tuple[str, bool, str], list[Edition]] = {}

    def edition(self, document: Document, part: str = "") -> Edition:
        """What a document says of itself, or the part of it under a heading."""
        key = document.id, part
        if key not in self._parts:
            opening = self._snapshot.opening(document.id, heading=part)
            called = dataclasses.replace(document, title=part, name=part) if part else document
            self._parts[key] = _read(called, opening)
        return self._parts[key]

    def part_of(self, passage: Passage, offset: int) -> Edition:
        """What a place's document says of itself, or the amendment in it that the place belongs to:
        what stands under the heading of one."""
        return self.edition(passage.document, editions.amendment_in(passage.headings_at(offset)))

    def whole(self, document: Document) -> list[Passage]:
        """All that a document says, as far as its first few hundred chunks."""
        return self._snapshot.whole(document, most=_WHOLE)

    def has_versions(self, passages: Iterable[Passage]) -> bool:
        """Whether of the documents of some passages one is a version or an amendment of another, or
        has an amendment in it."""
        if any(editions.amendment_in(path) for each in passages for path in each.headings):
            return True
        documents = {passage.document.id: passage.document for passage in passages}
        return any(
            editions.are_versions(one, other) or editions.belong_together(one, other)
            for one, other in combinations(map(self.edition, documents.values()), 2)
        )

    def versions_of(self, edition: Edition) -> list[Edition]:
        """The other versions of a document."""
        alike = (d for d in self._known.values() if editions.are_called_alike(edition, d))
        return self._related(edition, alike, editions.are_versions)

    def look_for_amendments(self, edition: Edition) -> None:
        """Make known what belongs to a contract: its amendments, and what it amends."""
        self._found.clear()
        words = _AMENDING.get(edition.document.language, _AMENDING["en"])
        asked = " ".join((*edition.codes, edition.document.title, words))
        for hit in self._snapshot.holding(asked, k=_AMENDMENTS, documents=self._within):
            self._known.setdefault(hit.document.id, hit.document)
            if editions.amendment_in(hit.chunk.heading_path):
                self._with_parts.add(hit.document.id)

    def has_parts(self, document_id: str) -> bool:
        """Whether amendments to a document were found that stand in it itself."""
        return document_id in self._with_parts

    def family_of(self, edition: Edition) -> list[Edition]:
        """The amendments of a contract, or the contract and the other amendments of one."""
        found = self._related(edition, self._known.values(), editions.belong_together)
        if edition.amends:
            contracts = [other for other in found if not other.amends]
            found = [*found, *(each for one in contracts for each in self.family_of(one))]
        others = {other.document.id: other for other in found}
        return [other for id_, other in others.items() if id_ != edition.document.id]

    def _related(
        self,
        edition: Edition,
        documents: Iterable[Document],
        related: Callable[[Edition, Edition], bool],
    ) -> list[Edition]:
        key = edition.document.id, edition.amends, related.__name__
        if key not in self._found:
            others = [self.edition(d) for d in documents if d.id != edition.document.id]
            self._found[key] = [other for other in others if related(edition, other)]
        return self._found[key]

    def passages(
        self, words: str, documents: Sequence[str], *, most: int, beside: Sequence[Passage]
    ) -> list[Passage]:
        """What some documents say about `words`, where no passage `beside` has it already."""
        held = {(p.document.id, start) for p in beside for start, _ in p.stretches}
        hits = [
            hit
            for hit in self._snapshot.holding(words, k=most, documents=documents)
            if (hit.document.id, hit.chunk.span.start) not in held
        ]
        first = max((passage.label for passage in beside), default=0)
        return [
            dataclasses.replace(passage, label=first + passage.label)
            for passage in self._snapshot.passages(hits)
        ]


@lru_cache(maxsize=512)  # a document says the same of itself for every question
def _read(document: Document, opening: str) -> Edition:
    return editions.read(document, opening)
