"""From chunks that were found to what stands around them: small to big.

A chunk is as long as the embedder can tell apart, and a model that reads whole passages understands
it better in its section. So each chunk brings the others of its section with it where that is
short, and else its neighbours in it.
"""

from collections.abc import Callable, Iterator, Sequence

from quire.records import Chunk, Hit

_SECTION = 480  # tokens of the embedder: some 360 words
_FAR = 4  # chunks on each side that are looked at

Between = Callable[[str, int, int], Sequence[Chunk]]
"""The chunks of a document from one ordinal to another."""


def widen(hits: Sequence[Hit], *, passages: int, between: Between) -> list[Hit]:
    """The hits with what stands around each, best first, until they make so many passages.

    What was not found itself has the rank and the score of the hit that brought it.
    """
    taken: dict[tuple[str, int], Hit] = {}
    groups = 0
    for hit in hits:
        here = hit.document.id, hit.chunk.ordinal
        if here in taken:
            continue
        near = _around(hit, between)
        touches = any(
            (hit.document.id, ordinal) in taken
            for ordinal in range(near[0].ordinal - 1, near[-1].ordinal + 2)
        )
        if not touches:
            if groups == passages:
                continue
            groups += 1
        for chunk in near:
            taken.setdefault(
                (hit.document.id, chunk.ordinal),
                hit
                if chunk.ordinal == hit.chunk.ordinal
                else Hit(hit.rank, hit.document, chunk, hit.score, {}),
            )
    return list(taken.values())


def _around(hit: Hit, between: Between) -> Sequence[Chunk]:
    """The chunks of a hit's section next to it, as many as are short enough together; the hit alone
    where it is long itself."""
    at = hit.chunk.ordinal
    there = {
        chunk.ordinal: chunk
        for chunk in between(hit.document.id, at - _FAR, at + _FAR)
        if chunk.heading_path == hit.chunk.heading_path
    }
    chosen, tokens = [hit.chunk], hit.chunk.tokens
    for chunk in _outwards(there, at):
        if tokens + chunk.tokens > _SECTION:
            break
        tokens += chunk.tokens
        chosen.append(chunk)
    return sorted(chosen, key=lambda chunk: chunk.ordinal)


def _outwards(there: dict[int, Chunk], at: int) -> Iterator[Chunk]:
    """The chunks around a place, by turns after it and before it, as far as none is missing."""
    after, before = at + 1, at - 1
    while after in there or before in there:
        if after in there:
            yield there[after]
            after += 1
        if before in there:
            yield there[before]
            before -= 1
