"""From chunks that were found to passages that can be read and quoted."""

from collections.abc import Mapping, Sequence

from quire.records import PAGE_BREAK, Hit, PageText, Passage, Span

_NEIGHBOUR_GAP = 400  # characters between two hits of a document that are shown as one passage


def join_neighbours(
    hits: Sequence[Hit], pages: Mapping[str, tuple[PageText, ...]]
) -> list[Passage]:
    """Passages from hits: chunks of a document that follow each other are joined into one.

    `pages` holds the pages of each document by its id. A passage keeps its best hit's score.
    """
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
    groups.sort(key=lambda group: min(hit.rank for hit in group))
    return [
        _passage(label, group, pages[group[0].document.id])
        for label, group in enumerate(groups, start=1)
    ]


def _passage(label: int, group: Sequence[Hit], pages: tuple[PageText, ...]) -> Passage:
    first, last = group[0].chunk, group[-1].chunk
    text = PAGE_BREAK.join(page.text for page in pages)[first.span.start : last.span.end]
    starts, at = [], 0
    for page in pages:
        if first.span.start < at + len(page.text) and at < last.span.end:
            starts.append((at, page.number))
        at += len(page.text) + len(PAGE_BREAK)
    return Passage(
        label=label,
        text=text,
        document=group[0].document,
        span=Span(first.span.page_first, last.span.page_last, first.span.start, last.span.end),
        score=max(hit.score for hit in group),
        heading_path=first.heading_path,
        stretches=tuple((hit.chunk.span.start, hit.chunk.span.end) for hit in group),
        page_starts=tuple(starts),
    )
