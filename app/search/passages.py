"""From chunks that were found to passages that can be read and quoted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from quire.records import PAGE_BREAK, Group, Hit, PageText, Passage, Span
from quire.text import analysis, statements
from quire.text.statements import Told

_NEIGHBOUR_GAP = 400  # characters between two hits of a document that are shown as one passage
_RELEVANT = 0.6
"""A hit bears on the question when it scores at least this share of the best. On the development
sets 6% of English contexts and hardly a Chinese one then change, and of 450 and 500 questions none
loses its paragraph; at 0.5, where 12% change, a good second paragraph gave way to chance."""


def context(hits: Sequence[Hit], *, most: int, passages: int) -> list[Hit]:
    """The best `most` hits for an answer to rest on, so few that they make at most `passages`.

    Of a document no more than half of them are taken while hits of other documents bear on the
    question; when those run out, what ranks next fills the rest. `hits` are more than `most`, so
    that others can come in.
    """
    for size in range(min(most, len(hits)), 0, -1):
        chosen = _shared(hits, size)
        if len(_neighbours(chosen)) <= passages:
            return chosen
    return []


def nearness(hits: Sequence[Hit]) -> float:
    """The cosine of a question and the nearest of its chunks; 0 where the embedder cannot read
    it."""
    return max((hit.scores.get("dense", 0.0) for hit in hits), default=0.0)


def terms(passage: Passage) -> frozenset[str]:
    """The index terms of a passage with what it stands under."""
    headings = {heading for path in (passage.heading_path, *passage.headings) for heading in path}
    return analysis.term_set(passage.document.title, *headings, passage.text)


def in_turn(searches: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The hits of several searches, the best of each first, each chunk once, ranked anew."""
    longest = max((len(hits) for hits in searches), default=0)
    found: dict[int, Hit] = {}
    for rank in range(longest):
        for hits in searches:
            if rank < len(hits):
                found.setdefault(hits[rank].chunk.id, hits[rank])
    return [replace(hit, rank=rank) for rank, hit in enumerate(found.values(), start=1)]


def _shared(hits: Sequence[Hit], size: int) -> list[Hit]:
    taken: dict[int, Hit] = {}
    of: Counter[str] = Counter()
    for hit in hits:
        relevant = hit.score >= _RELEVANT * hits[0].score
        if relevant and len(taken) < size and of[hit.document.id] < (size + 1) // 2:
            taken[hit.rank] = hit
            of[hit.document.id] += 1
    for hit in hits:
        if len(taken) < size:
            taken.setdefault(hit.rank, hit)
    return sorted(taken.values(), key=lambda hit: hit.rank)


def join_neighbours(
    hits: Sequence[Hit], pages: Mapping[str, tuple[PageText, ...]]
) -> list[Passage]:
    """Passages from hits: chunks of a document that follow each other are joined into one.

    `pages` holds the pages of each document by its id. A passage keeps its best hit's score.
    """
    return [
        _passage(label, group, pages[group[0].document.id])
        for label, group in enumerate(_neighbours(hits), start=1)
    ]


def _neighbours(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Hits in groups that follow each other, the group of the best hit first."""
    groups: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: (hit.document.id, hit.chunk.ordinal)):
        last = groups[-1][-1] if groups else None
        if (
            last
            and last.document.id == hit.document.id
            and last.chunk.ordinal + 1 == hit.chunk.ordinal
            and hit.chunk.span.start - last.chunk.span.end <= _NEIGHBOUR_GAP
        ):
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return sorted(groups, key=lambda group: min(hit.rank for hit in group))


def _passage(label: int, group: Sequence[Hit], pages: tuple[PageText, ...]) -> Passage:
    first, last = group[0].chunk, group[-1].chunk
    whole = PAGE_BREAK.join(page.text for page in pages)
    text = whole[first.span.start : last.span.end]
    told = [
        statements.tell(
            whole, hit.chunk.span.start, hit.chunk.span.end, headings=hit.chunk.heading_path
        )
        for hit in group
    ]
    groups = _whole(told)
    begins = min([first.span.start, *(each.start for each in groups)])
    ends = max([last.span.end, *(each.members[-1].end for each in groups)])
    starts = tuple(_page_starts(pages, begins, ends))
    return Passage(
        label=label,
        text=text,
        document=group[0].document,
        span=Span(first.span.page_first, last.span.page_last, first.span.start, last.span.end),
        score=max(hit.score for hit in group),
        heading_path=first.heading_path,
        stretches=tuple((hit.chunk.span.start, hit.chunk.span.end) for hit in group),
        headings=tuple(hit.chunk.heading_path for hit in group),
        page_starts=tuple((start, page.number) for start, page in starts),
        ocr_pages=frozenset(page.number for _, page in starts if page.ocr),
        unsure=tuple(
            (start + low, start + high) for start, page in starts for low, high in page.unsure
        ),
        statements=tuple(each for one in told for each in one.statements),
        groups=groups,
    )


def _page_starts(
    pages: Sequence[PageText], begins: int, ends: int
) -> Iterator[tuple[int, PageText]]:
    """(offset, page) of the pages that a stretch of their text lies on."""
    at = 0
    for page in pages:
        if begins < at + len(page.text) and at < ends:
            yield at, page
        at += len(page.text) + len(PAGE_BREAK)


def _whole(told: Sequence[Told]) -> tuple[Group, ...]:
    """Each list and table once, with all that was told of it."""
    parts: dict[int, list[Group]] = {}
    for group in (group for one in told for group in one.groups):
        parts.setdefault(group.start, []).append(group)
    return tuple(map(_joined, parts.values()))


def _joined(parts: Sequence[Group]) -> Group:
    """A list or table of what was told of it from several places."""
    if len(parts) == 1:
        return parts[0]
    members = {member.start: member for part in parts for member in part.members}
    every = tuple(members[start] for start in sorted(members))
    return replace(parts[0], members=every, cut=any(part.cut for part in parts))
