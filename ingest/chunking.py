"""From a parsed document to chunks: whole sentences, within the embedder's limit, never across a
heading.

Objective: a chunk should say one thing, so that its vector means something and its quote can be
read by itself, and it should be long enough to say it. So sections are cut at headings; within a
section whole paragraphs are gathered while they fit the target; a paragraph that does not fit is
cut between sentences into parts of about equal length. Chunks do not overlap: neighbours are joined
again when passages are built.

Offsets are carried from the loader's blocks and never searched for:
`document.text[chunk.span.start:chunk.span.end] == chunk.text`.
"""

import bisect
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quire.records import Block, Chunk, ParsedDocument, Span
from quire.text import sentences

VERSION = 3
"""Raised whenever an unchanged document would be cut or embedded differently."""

TARGET_TOKENS = 200
"""Half a page. The starter embedder reads 254 tokens; the rest is for the heading path."""

_HEADING_SHARE = 0.2  # of the limit may go to the heading path in the embedded text

_SMALL_SHARE = 0.2  # of the target: too little to stand as a chunk of its own

_LONGEST_HEADING = 200  # characters kept in the path, which is stored with each chunk below it

_LONGEST_TOKEN = 50  # characters: tokenizers may count a megabyte without blanks as one word

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, list item, table row or line of code: what is never cut if it fits.

    `tokens` counts at least one for every `_LONGEST_TOKEN` characters.
    """

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Section:
    """Blocks under the same headings. A table's header row, repeated, counts as a heading."""

    heading_path: tuple[str, ...]
    paragraphs: tuple[tuple[_Piece, ...], ...]


def chunk(document: ParsedDocument, *, count_tokens: CountTokens, limit: int) -> list[Chunk]:
    """The chunks of a document in order, with ids of 0 until the catalog gives them theirs.

    `limit` is the most tokens that the embedder reads; a chunk with its heading path stays within.
    """
    text = document.text
    target = min(TARGET_TOKENS, limit - int(limit * _HEADING_SHARE))
    starts = document.page_starts
    chunks: list[Chunk] = []
    for section in _sections(document, text, count_tokens, target):
        for first, last, tokens in _packed(section.paragraphs, target, text):
            chunks.append(
                Chunk(
                    id=0,
                    document_id=document.id,
                    ordinal=len(chunks),
                    text=text[first:last],
                    span=_span(document, starts, first, last),
                    heading_path=section.heading_path,
                    tokens=tokens,
                )
            )
    return chunks


def embedded_text(chunk: Chunk, *, title: str, count_tokens: CountTokens, limit: int) -> str:
    """What is embedded for a chunk: the title of its document and its heading path, as far as they
    fit, and its text. `title` is what `own_title` gives.

    The innermost headings say most about a chunk and are kept first.
    """
    around = dict.fromkeys([title, *chunk.heading_path] if title else chunk.heading_path)
    headings = [heading for heading in around if heading not in chunk.text]
    room = min(limit - chunk.tokens, int(limit * _HEADING_SHARE))
    while headings and sum(count_tokens(headings)) + 2 * len(headings) > room:
        headings.pop(0)
    return "\n".join([" › ".join(headings), chunk.text]) if headings else chunk.text


def own_title(title: str, path: Path) -> str:
    """A document's title, if it says so itself; empty where the title is the name of the file at
    `path`, which may be another one tomorrow while the vectors stay."""
    return "" if title in {path.name, path.stem} else title


def text_hash(text: str) -> bytes:
    """Identifies an embedded text: equal texts have equal vectors."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _span(document: ParsedDocument, starts: list[int], start: int, end: int) -> Span:
    first = document.pages[bisect.bisect_right(starts, start) - 1].number
    last = document.pages[bisect.bisect_left(starts, end) - 1].number
    return Span(first, last, start, end)


def _sections(
    document: ParsedDocument, text: str, count_tokens: CountTokens, target: int
) -> Iterator[_Section]:
    headings: list[tuple[int, str]] = []
    paragraphs: list[tuple[_Piece, ...]] = []

    def section(extra: tuple[str, ...] = ()) -> _Section:
        path = tuple(title for _, title in headings) + extra
        return _Section(path, tuple(paragraphs))

    for block, pieces in _pieces(document.blocks, text, count_tokens, target):
        if block.kind == "heading":
            if paragraphs and not _only_headings(paragraphs, headings, text):
                yield section()
                paragraphs.clear()
            while headings and headings[-1][0] >= block.level:
                headings.pop()
            headings.append((block.level, _title(text[block.start : block.end])))
            paragraphs.append(pieces)
        elif block.kind == "table" and sum(piece.tokens for piece in pieces) > target:
            if paragraphs:
                yield section()
                paragraphs.clear()
            header = text[pieces[0].start : pieces[0].end]
            paragraphs.append(pieces)
            yield section((" ".join(header.split()),))
            paragraphs.clear()
        else:
            paragraphs.append(pieces)
    if paragraphs:
        yield section()


def _only_headings(
    paragraphs: list[tuple[_Piece, ...]], headings: list[tuple[int, str]], text: str
) -> bool:
    """Whether nothing but headings was gathered: a title is kept with its first sub-title."""
    said = {title for _, title in headings}
    return all(_title(text[pieces[0].start : pieces[-1].end]) in said for pieces in paragraphs)


def _title(heading: str) -> str:
    return " ".join(heading.split())[:_LONGEST_HEADING]


def _pieces(
    blocks: Sequence[Block], text: str, count_tokens: CountTokens, target: int
) -> list[tuple[Block, tuple[_Piece, ...]]]:
    spans: list[list[tuple[int, int]]] = []
    for block in blocks:
        inside = text[block.start : block.end]
        if block.kind == "heading":
            left = len(inside) - len(inside.lstrip())
            cuts = [(left, len(inside.rstrip()))] if inside.strip() else []
        elif block.kind in {"table", "code", "list"}:
            cuts = _lines(inside)
        else:
            cuts = sentences.split(inside)
        spans.append([(block.start + start, block.start + end) for start, end in cuts])
    counted = iter(_counted([cut for cuts in spans for cut in cuts], text, count_tokens))
    return [
        (block, tuple(_fitting([next(counted) for _ in cuts], text, count_tokens, target)))
        for block, cuts in zip(blocks, spans, strict=True)
        if cuts
    ]


def _counted(
    spans: Sequence[tuple[int, int]], text: str, count_tokens: CountTokens
) -> list[_Piece]:
    lengths = count_tokens([text[start:end] for start, end in spans])
    return [
        _Piece(start, end, max(tokens, (end - start) // _LONGEST_TOKEN))
        for (start, end), tokens in zip(spans, lengths, strict=True)
    ]


def _lines(text: str) -> list[tuple[int, int]]:
    spans, at = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            left = len(line) - len(line.lstrip())
            spans.append((at + left, at + len(line.rstrip())))
        at += len(line)
    return spans


def _fitting(
    pieces: list[_Piece], text: str, count_tokens: CountTokens, target: int
) -> Iterator[_Piece]:
    """The pieces, with any that is longer than `target` cut at blanks, else anywhere.

    Tokens lie unevenly in a text, so parts of equal length are counted and, if need be, cut again.
    """
    for piece in pieces:
        if piece.tokens <= target or piece.end - piece.start < 2:
            yield piece
        else:
            parts = _counted(
                _cut(piece, text, math.ceil(piece.tokens / target)), text, count_tokens
            )
            yield from _fitting(parts, text, count_tokens, target)


def _cut(piece: _Piece, text: str, parts: int) -> list[tuple[int, int]]:
    """A piece in about `parts` stretches of about equal length, at least two."""
    length = piece.end - piece.start
    spans = []
    start = piece.start
    for part in range(1, parts + 1):
        end = piece.end if part == parts else _blank(text, piece.start + length * part // parts)
        end = min(max(end, start + 1), piece.end)
        spans.append((start, start + len(text[start:end].rstrip())))
        start = end
        while start < piece.end and text[start].isspace():
            start += 1
        if start >= piece.end:
            break
    return spans


def _blank(text: str, near: int) -> int:
    """The nearest blank before `near` within forty characters, else `near`."""
    found = max(text.rfind(blank, near - 40, near) for blank in " \n，、,")
    return found + (text[found] in "，、,") if found > 0 else near


def _packed(
    paragraphs: tuple[tuple[_Piece, ...], ...], target: int, text: str
) -> Iterator[tuple[int, int, int]]:
    """Stretches (start, end, tokens) of a section, each of whole pieces within `target`.

    Paragraphs are joined only across white space: what stands between blocks, such as a page's
    footer, is not to be indexed.
    """
    gathered: _Piece | None = None
    for paragraph in paragraphs:
        pieces = paragraph
        if gathered and not text[gathered.end : pieces[0].start].strip():
            joined = gathered.tokens + sum(piece.tokens for piece in pieces)
            if joined <= target:
                gathered = _Piece(gathered.start, pieces[-1].end, joined)
                continue
            if gathered.tokens <= target * _SMALL_SHARE:  # a heading goes with what it heads
                pieces, gathered = (gathered, *pieces), None
        if gathered:
            yield gathered.start, gathered.end, gathered.tokens
            gathered = None
        total = sum(piece.tokens for piece in pieces)
        if total <= target:
            gathered = _Piece(pieces[0].start, pieces[-1].end, total)
        else:
            yield from _evenly(pieces, total, target)
    if gathered:
        yield gathered.start, gathered.end, gathered.tokens


def _evenly(pieces: tuple[_Piece, ...], total: int, target: int) -> Iterator[tuple[int, int, int]]:
    """Cut a long paragraph into parts of about equal length."""
    share = total / math.ceil(total / target)
    first, tokens = pieces[0], 0
    last = first
    for piece in pieces:
        full = tokens + piece.tokens > target
        past = tokens and tokens + piece.tokens / 2 > share
        if tokens and (full or past):
            yield first.start, last.end, tokens
            first, tokens = piece, 0
        tokens += piece.tokens
        last = piece
    yield first.start, last.end, tokens
