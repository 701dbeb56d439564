"""From chunks that were found to what stands around them: small to big.

A chunk is as long as the embedder can tell apart, and a model that reads whole passages understands
it better in its section. So each chunk brings the others of its section with it where that is
short, and else its neighbours in it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from quire.records import Chunk, Hit

_SECTION = 480  # tokens of the embedder: some 360 words
_FAR = 4  # chunks on each side that are looked at

Between = Callable[[str, int, int], Sequence[Chunk]]
"""The chunks of a document from one ordinal to another."""


def widen(hits: Sequence[Hit], *, passages: int, tokens: int, between: Between) -> list[Hit]:
    """The hits, best first, with what stands around each, as far as they have so many of the
    embedder's tokens and make so many passages.

    Half of the tokens are for hits alone, so that a long section of the first does not keep the
    others out. What was not found itself has the rank and the score of the hit that brought it.
    """
    taken = _Taken(passages, tokens)
    for hit in hits:
        if taken.tokens >= tokens // 2:
            break
        taken.add([hit])
    for hit in list(taken.hits.values()):
        near = _around(hit, between)
        taken.add(
            hit
            if chunk.ordinal == hit.chunk.ordinal
            else Hit(hit.rank, hit.document, chunk, hit.score, {})
            for chunk in near
        )
    for hit in hits:
        taken.add([hit])
    return list(taken.hits.values())


class _Taken:
    """Hits by their places, within a number of tokens and of runs of neighbours."""

    def __init__(self, passages: int, tokens: int) -> None:
        self.hits: dict[tuple[str, int], Hit] = {}
        self.tokens = 0
        self._passages = passages
        self._most = tokens

    def add(self, hits: Iterable[Hit]) -> None:
        """Take those that are new, all of them or none."""
        new = {(hit.document.id, hit.chunk.ordinal): hit for hit in hits}
        new = {place: hit for place, hit in new.items() if place not in self.hits}
        more = sum(hit.chunk.tokens for hit in new.values())
        if not new or (self.hits and self.tokens + more > self._most):
            return
        if self._runs({*self.hits, *new}) > self._passages:
            return
        self.hits |= new
        self.tokens += more

    @staticmethod
    def _runs(places: Collection[tuple[str, int]]) -> int:
        """How many runs of chunks that follow each other there are."""
        return sum((document, at - 1) not in places for document, at in places)


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
