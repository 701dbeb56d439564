"""A survey of all documents: which mention a phrase, where, and the quotes that show it.

The word index is asked about every chunk; those that hold all of the words are read.
"""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quire.indexes import documents, lexical
from quire.indexes.scope import Scope, select
from quire.records import Chunk, Citation, Document, Hit, Mentions, PageText, Passage, Scan
from quire.search.passages import join_neighbours
from quire.surveys import phrases
from quire.surveys.detect import Survey
from quire.text import sentences

if TYPE_CHECKING:
    import apsw

_MOST_QUOTES = 200  # … of all that are counted, and of every document at least one while they last
_LONGEST_QUOTE = 400  # characters
_BATCH = 500  # chunks read at once


@dataclass(frozen=True, slots=True)
class Scanned:
    """The outcome of a survey. `citations` quote the sentences with the phrase, of `scan.found`'s
    documents in their order; `passages` are what they were taken from. `sound` says whether the
    word index is as it was stored: otherwise it may have missed something."""

    scan: Scan
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    sound: bool = True


@dataclass(frozen=True, slots=True)
class _Mention:
    """A phrase found in a chunk, at offsets of the document's text."""

    chunk: Chunk
    start: int
    end: int


def scan(
    connection: "apsw.Connection",
    survey: Survey,
    *,
    scope: Scope | None = None,
    sound: bool = True,
) -> Scanned:
    """Look for a survey's phrase in all documents, or in all of a scope, in a word index that is
    `sound` or not.

    Raises DocumentNotFound when no document is in the scope.
    """
    within = select(connection, scope) if scope else None
    among = within.documents if within else None
    phrase = phrases.words(survey.phrase, exact=survey.exact)
    mentions, read = _mentions(connection, survey, phrase, among) if phrase else ([], 0)
    by_document: dict[str, list[_Mention]] = {}
    for mention in mentions:
        by_document.setdefault(mention.chunk.document_id, []).append(mention)
    known = documents.of_chunks(connection, {mention.chunk for mention in mentions})
    order = sorted(known.values(), key=lambda d: (-len(by_document[d.id]), d.name.casefold(), d.id))
    pages = {document.id: documents.pages(connection, document.id) for document in order}
    found = tuple(_counted(document, by_document[document.id], pages) for document in order)
    quoted = _quoted([by_document[document.id] for document in order])
    passages = join_neighbours(_hits(quoted, known), pages)
    return Scanned(
        Scan(
            phrase=survey.phrase,
            exact=survey.exact,
            found=found,
            scanned_documents=len(among or documents.ids(connection)),
            chunks=len(within.chunks) if within else lexical.chunk_count(connection),
            looked_up_chunks=(lexical.indexed_count(connection, documents=among) if phrase else 0),
            read_chunks=read,
        ),
        tuple(dict.fromkeys(_citation(mention, passages) for mention in quoted)),
        tuple(passages),
        sound,
    )


def _mentions(
    connection: "apsw.Connection",
    survey: Survey,
    phrase: Sequence[str],
    within: Sequence[str] | None,
) -> tuple[list[_Mention], int]:
    """Where the phrase, given by its words, stands, and how many chunks were read to find it."""
    holding = lexical.holding(connection, phrases.terms(survey.phrase), documents=within)
    found: list[_Mention] = []
    read = 0
    for at in range(0, len(holding), _BATCH):
        for chunk in documents.chunks(connection, holding[at : at + _BATCH]).values():
            read += 1
            offset = chunk.span.start
            for start, end in phrases.find(phrase, chunk.text, exact=survey.exact):
                found.append(_Mention(chunk, offset + start, offset + end))
    return found, read


def _counted(
    document: Document,
    found: Sequence[_Mention],
    pages: Mapping[str, tuple[PageText, ...]],
) -> Mentions:
    starts, at = [], 0
    for page in pages[document.id]:
        starts.append(at)
        at += len(page.text) + 2
    numbers = {
        pages[document.id][bisect.bisect_right(starts, mention.start) - 1].number
        for mention in found
    }
    return Mentions(document, tuple(sorted(n for n in numbers if n is not None)), len(found))


def _quoted(groups: Sequence[Sequence[_Mention]]) -> list[_Mention]:
    """The mentions that are quoted: the first of each document, then others, in order."""
    firsts = [group[0] for group in groups][:_MOST_QUOTES]
    others = [mention for group in groups for mention in group[1:]]
    chosen = {*firsts, *others[: _MOST_QUOTES - len(firsts)]}
    return [mention for group in groups for mention in group if mention in chosen]


def _hits(quoted: Iterable[_Mention], known: Mapping[str, Document]) -> list[Hit]:
    chunks = dict.fromkeys(mention.chunk for mention in quoted)
    return [
        Hit(rank, known[chunk.document_id], chunk, 1.0, {}) for rank, chunk in enumerate(chunks, 1)
    ]


def _citation(mention: _Mention, passages: Sequence[Passage]) -> Citation:
    chunk = mention.chunk
    passage = next(
        passage
        for passage in passages
        if passage.document.id == chunk.document_id
        and passage.span.start <= mention.start < passage.span.end
    )
    start, end = _sentence(mention)
    return passage.cite(start, chunk.text[start - chunk.span.start : end - chunk.span.start])


def _sentence(mention: _Mention) -> tuple[int, int]:
    """The sentence around a mention, or what of a long one stands near it."""
    offset, text = mention.chunk.span.start, mention.chunk.text
    spans = [(offset + start, offset + end) for start, end in sentences.split(text)]
    first = next(start for start, end in reversed(spans) if start <= mention.start)
    last = next(end for start, end in spans if mention.end <= end)
    if last - first > _LONGEST_QUOTE:
        first = max(first, mention.start - _LONGEST_QUOTE // 3)
        last = min(last, max(mention.end, first + _LONGEST_QUOTE))
    return first, last
