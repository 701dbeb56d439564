"""From a parsed document to chunks: whole sentences, within the embedder's limit, never across a
heading.

Objective: a chunk should say one thing, so that its vector means something and its quote can be
read by itself, and it should be long enough to say it. So sections are cut at headings; within a
section whole paragraphs are gathered while they fit the target; a paragraph that does not fit is
cut between sentences into parts of about equal length. Chunks do not overlap: neighbours are joined
again when passages are built.

Offsets are carried from the loader's blocks and never searched for:
`document.text[chunk.span.start:chunk.span.end] == chunk.text`.

A file may hold millions of sentences, in one paragraph or in as many. So they are counted in
batches, of a paragraph only numbers are kept, and chunks are numbers too until they are asked for.
"""

import bisect
import hashlib
import itertools
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quire.records import Block, Chunk, ParsedDocument
from quire.text import outline, sentences

VERSION = 3
"""Raised whenever an unchanged document would be cut or embedded differently."""

TARGET_TOKENS = 200
"""Half a page. The starter embedder reads 254 tokens; the rest is for the heading path."""

_HEADING_SHARE = 0.2  # of the limit may go to the heading path in the embedded text

_SMALL_SHARE = 0.2  # of the target: too little to stand as a chunk of its own

_LONGEST_HEADING = 200  # characters kept in the path, which is stored with each chunk below it

_LONGEST_TOKEN = 50  # characters: tokenizers may count a megabyte without blanks as one word

_LONGEST_HEADER = 2_000  # characters kept of a table's header row, which is stored likewise

_FIRST_ROWS = 12  # of a table, among which its header is looked for

_FURNITURE = 400  # characters of footers and headers between two parts of a table

_COUNTED = 1_000  # sentences counted at once …
_COUNTED_CHARACTERS = 200_000  # … or as many as have these characters

_LONGEST_COUNTED = 20_000  # characters: tokenizers take kilobytes for a word, however long the text

_REMEMBERED = 1_000  # headings whose tokens are not counted again

_MOST_ECHOES = 1_000  # paragraphs that only repeat their headings, and are no reason for a chunk

_NOT_BLANK = re.compile(r"\S")
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # as str.splitlines cuts them

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, list item, table row or line of code: what is never cut if it fits.

    `tokens` counts at least one for every `_LONGEST_TOKEN` characters.
    """

    start: int
    end: int
    tokens: int


class _Paragraph:
    """The pieces of a block, at least one, as numbers; `tokens` are those of all. No piece has more
    tokens than fit a chunk, so their lengths are small."""

    __slots__ = ("_lengths", "_starts", "_tokens", "block", "tokens")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.tokens = 0
        self._starts, self._lengths, self._tokens = array("I"), array("I"), array("H")

    def append(self, piece: _Piece) -> None:
        self.tokens += piece.tokens
        self._starts.append(piece.start)
        self._lengths.append(piece.end - piece.start)
        self._tokens.append(piece.tokens)

    @property
    def start(self) -> int:
        return self._starts[0]

    @property
    def end(self) -> int:
        return self._starts[-1] + self._lengths[-1]

    @property
    def first(self) -> _Piece:
        return next(iter(self))

    def __iter__(self) -> Iterator[_Piece]:
        rows = zip(self._starts, self._lengths, self._tokens, strict=True)
        return (_Piece(start, start + length, tokens) for start, length, tokens in rows)


class Chunks:
    """The chunks of a document in order, made when they are asked for. `cut` says that there were
    more than were wanted. Their ids are 0 until the catalog gives them theirs."""

    def __init__(self, document: ParsedDocument) -> None:
        self.cut = False
        self._document = document
        self._starts, self._ends, self._tokens = array("I"), array("I"), array("I")
        self._sections = array("I")  # of each chunk, the number of its heading path
        self._paths: list[tuple[str, ...]] = []

    def append(self, start: int, end: int, tokens: int, path: tuple[str, ...]) -> None:
        if not self._paths or self._paths[-1] != path:
            self._paths.append(path)
        self._starts.append(start)
        self._ends.append(end)
        self._tokens.append(tokens)
        self._sections.append(len(self._paths) - 1)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Chunk]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, ordinal: int) -> Chunk:
        start, end = self._starts[ordinal], self._ends[ordinal]
        return Chunk(
            id=0,
            document_id=self._document.id,
            ordinal=ordinal,
            text=self._document.text[start:end],
            span=self._document.pages.span(start, end),
            heading_path=self._paths[self._sections[ordinal]],
            tokens=self._tokens[ordinal],
        )


def chunk(
    document: ParsedDocument, *, count_tokens: CountTokens, limit: int, most: int | None = None
) -> Chunks:
    """The chunks of a document, at most so many of them.

    `limit` is the most tokens that the embedder reads; a chunk with its heading path stays within.
    `count_tokens` may raise to end the work.
    """
    target = min(TARGET_TOKENS, limit - int(limit * _HEADING_SHARE))
    chunks = Chunks(document)
    for start, end, tokens, path in _cut_sections(document, count_tokens, target):
        if most is not None and len(chunks) >= most:
            chunks.cut = True
            break
        chunks.append(start, end, tokens, path)
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


def remembering(count_tokens: CountTokens) -> CountTokens:
    """Counts as `count_tokens` does, and the same short texts, such as headings, once."""
    known: dict[str, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        unknown = [text for text in texts if text not in known]
        if unknown:
            if len(known) > _REMEMBERED:
                known.clear()
                unknown = list(texts)
            known.update(zip(unknown, count_tokens(unknown), strict=True))
        return [known[text] for text in texts]

    return count


def own_title(title: str, path: Path) -> str:
    """A document's title, if it says so itself; empty where the title is the name of the file at
    `path`, which may be another one tomorrow while the vectors stay."""
    return "" if title in {path.name, path.stem} else title


def text_hash(text: str) -> bytes:
    """Identifies an embedded text: equal texts have equal vectors."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


Cut = tuple[int, int, int, tuple[str, ...]]
"""A chunk to be: where it begins and ends, its tokens, its heading path."""


def _cut_sections(
    document: ParsedDocument, count_tokens: CountTokens, target: int
) -> Iterator[Cut]:
    """A section is what stands under the same headings. It begins with them, and nothing is cut
    before something else has come: a title is kept with its first sub-title. A long table is a
    section of its own, whose header counts as a heading; so is one that goes on with the header of
    the page before."""
    text = document.text
    headings: list[tuple[int, str]] = []
    waiting: list[_Paragraph] = []  # of the section: nothing but headings so far
    packer: _Packer | None = None  # of the section, once its path is certain
    above = _Headers(document)

    def path() -> tuple[str, ...]:
        return tuple(title for _, title in headings)

    def rest() -> Iterator[Cut]:
        """The end of the section."""
        nonlocal packer
        if waiting or packer:
            packer = packer or _Packer(text, target, path())
            for each in waiting:
                yield from packer.add(each)
            yield from packer.rest()
            waiting.clear()
            packer = None

    for paragraph in _paragraphs(document.blocks, text, count_tokens, target):
        block = paragraph.block
        if block.kind == "heading":
            said = {title for _, title in headings}
            if packer or not all(_shown(each, text) in said for each in waiting):
                yield from rest()
            while headings and headings[-1][0] >= block.level:
                headings.pop()
            headings.append((block.level, _title(text, block.start, block.end)))
            waiting.append(paragraph)
        elif block.kind == "table" and (
            (header := above.of(block)) and (paragraph.tokens > target or above.goes_on)
        ):
            yield from rest()
            packer = _Packer(text, target, (*path(), header))
            yield from packer.add(paragraph)
            yield from rest()
        elif packer:
            yield from packer.add(paragraph)
        else:
            waiting.append(paragraph)
            said = {title for _, title in headings}
            if _shown(paragraph, text) not in said or len(waiting) > _MOST_ECHOES:
                packer = _Packer(text, target, path())
                for each in waiting:
                    yield from packer.add(each)
                waiting.clear()
    yield from rest()


class _Headers:
    """What names the columns of a document's tables, as one line. `goes_on` tells whether the last
    table asked for has the header of the one on the page before."""

    def __init__(self, document: ParsedDocument) -> None:
        self._pages = document.pages
        self._end = -1  # of the table before,
        self._columns = 0
        self._header = ""
        self.goes_on = False

    def of(self, block: Block) -> str:
        """The header of a table, or of the table on the page before which goes on in it; else its
        first row."""
        text = self._pages.text
        lines = list(itertools.islice(_LINE.finditer(text, block.start, block.end), _FIRST_ROWS))
        end = min(lines[-1].end(), block.start + _LONGEST_COUNTED)
        table = next(
            (p for p in outline.outline(text, block.start, end) if isinstance(p, outline.Table)),
            None,
        )
        named = [text[row.start : row.end] for row in table.header] if table else []
        columns = table.columns if table else 0
        self.goes_on = (
            not named and columns == self._columns > 1 and self._turns(self._end, block.start)
        )
        self._end, self._columns = block.end, columns
        if not self.goes_on:
            rows = named or [lines[0][0]]
            said = " ".join(" ".join(row.strip("| \t").split()) for row in rows)
            self._header = said[:_LONGEST_HEADER]
        return self._header

    def _turns(self, end: int, start: int) -> bool:
        """Whether one page, and no more than its foot and the next one's head, lies between."""
        starts = self._pages.starts
        pages = bisect.bisect_right(starts, start) - bisect.bisect_right(starts, max(end, 0))
        return pages == 1 and start - end <= _FURNITURE


def _shown(paragraph: _Paragraph, text: str) -> str:
    return _title(text, paragraph.start, paragraph.end)


def _title(text: str, start: int, end: int) -> str:
    """What stands there, as it does in a heading path."""
    beginning = text[start : min(end, start + _LONGEST_HEADER)]
    return " ".join(beginning.split())[:_LONGEST_HEADING]


def _paragraphs(
    blocks: Iterable[Block], text: str, count_tokens: CountTokens, target: int
) -> Iterator[_Paragraph]:
    """The blocks that are not blank, with their pieces."""
    cuts = ((block, *cut) for block in blocks for cut in _cuts(block, text))
    paragraph: _Paragraph | None = None
    for batch in _batches(cuts):
        pieces = _counted([(start, end) for _, start, end in batch], text, count_tokens)
        for (block, *_), piece in zip(batch, pieces, strict=True):
            if paragraph is None or paragraph.block is not block:
                if paragraph is not None:
                    yield paragraph
                paragraph = _Paragraph(block)
            for fitting in _fitting([piece], text, count_tokens, target):
                paragraph.append(fitting)
    if paragraph is not None:
        yield paragraph


def _cuts(block: Block, text: str) -> Iterator[tuple[int, int]]:
    if block.kind == "heading":
        if heading := sentences.trimmed(text, block.start, block.end):
            yield heading
    elif block.kind in {"table", "code", "list"}:
        for line in _LINE.finditer(text, block.start, block.end):
            if cut := sentences.trimmed(text, *line.span()):
                yield cut
    else:
        yield from sentences.within(text, block.start, block.end)


def _batches(cuts: Iterable[tuple[Block, int, int]]) -> Iterator[list[tuple[Block, int, int]]]:
    batch: list[tuple[Block, int, int]] = []
    characters = 0
    for cut in cuts:
        batch.append(cut)
        characters += cut[2] - cut[1]
        if len(batch) >= _COUNTED or characters >= _COUNTED_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _counted(
    spans: Sequence[tuple[int, int]], text: str, count_tokens: CountTokens
) -> list[_Piece]:
    short = [span for span in spans if span[1] - span[0] <= _LONGEST_COUNTED]
    counts = iter(count_tokens([text[start:end] for start, end in short]) if short else [])
    pieces = []
    for start, end in spans:
        if end - start <= _LONGEST_COUNTED:
            tokens = next(counts)
        else:  # no sentence: as many as its parts have, which it is cut into anyhow
            tokens = sum(
                count_tokens([text[at : min(at + _LONGEST_COUNTED, end)]])[0]
                for at in range(start, end, _LONGEST_COUNTED)
            )
        pieces.append(_Piece(start, end, max(tokens, (end - start) // _LONGEST_TOKEN)))
    return pieces


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
            cuts = _cut(piece, text, math.ceil(piece.tokens / target))
            while batch := list(itertools.islice(cuts, _COUNTED)):
                parts = _counted(batch, text, count_tokens)
                yield from _fitting(parts, text, count_tokens, target)


def _cut(piece: _Piece, text: str, parts: int) -> Iterator[tuple[int, int]]:
    """A piece in about `parts` stretches of about equal length, at least two."""
    length = piece.end - piece.start
    start = piece.start
    for part in range(1, parts + 1):
        end = piece.end if part == parts else _blank(text, piece.start + length * part // parts)
        end = min(max(end, start + 1), piece.end)
        yield start, start + len(text[start:end].rstrip())
        start = end
        while start < piece.end and text[start].isspace():
            start += 1
        if start >= piece.end:
            break


def _blank(text: str, near: int) -> int:
    """The nearest blank before `near` within forty characters, else `near`."""
    found = max(text.rfind(blank, near - 40, near) for blank in " \n，、,")
    return found + (text[found] in "，、,") if found > 0 else near


class _Packer:
    """Gathers the paragraphs of a section into chunks, each of whole pieces within `target`.

    Paragraphs are joined only across white space: what stands between blocks, such as a page's
    footer, is not to be indexed.
    """

    def __init__(self, text: str, target: int, path: tuple[str, ...]) -> None:
        self._text = text
        self._target = target
        self._path = path
        self._gathered: _Piece | None = None

    def add(self, paragraph: _Paragraph) -> Iterator[Cut]:
        """The chunks that are full."""
        gathered, before = self._gathered, []
        if gathered and not _NOT_BLANK.search(self._text, gathered.end, paragraph.start):
            joined = gathered.tokens + paragraph.tokens
            if joined <= self._target:
                self._gathered = _Piece(gathered.start, paragraph.end, joined)
                return
            if gathered.tokens <= self._target * _SMALL_SHARE:  # a heading goes with what it heads
                before = [gathered]
        if not before:
            yield from self.rest()
        self._gathered = None
        total = paragraph.tokens + sum(piece.tokens for piece in before)
        if total <= self._target:
            self._gathered = _Piece(paragraph.start, paragraph.end, total)
        else:
            pieces = itertools.chain(before, paragraph)
            for start, end, tokens in _evenly(pieces, total, self._target):
                yield start, end, tokens, self._path

    def rest(self) -> Iterator[Cut]:
        """What is gathered, as the last chunk."""
        if gathered := self._gathered:
            yield gathered.start, gathered.end, gathered.tokens, self._path
            self._gathered = None


def _evenly(pieces: Iterator[_Piece], total: int, target: int) -> Iterator[tuple[int, int, int]]:
    """Cut a long paragraph into parts of about equal length."""
    share = total / math.ceil(total / target)
    first = last = next(pieces)
    tokens = first.tokens
    for piece in pieces:
        full = tokens + piece.tokens > target
        past = tokens and tokens + piece.tokens / 2 > share
        if tokens and (full or past):
            yield first.start, last.end, tokens
            first, tokens = piece, 0
        tokens += piece.tokens
        last = piece
    yield first.start, last.end, tokens
