"""The frozen records that flow through Quire, in the order in which they arise.

    file -> ParsedDocument (pages, blocks) -> Chunk -> vectors, lexical rows
    question -> Hit -> Passage -> Prompt -> Answer (sentences, citations)

Positions are offsets in characters into a document's text, which is the texts of its pages joined
by `PAGE_BREAK`; they are computed when the text is made and never searched for again. Pages are
physical pages from 1, or None for formats without pages.

They stand in one file, long as it is, because each refers to those before it: an answer carries its
sentences, its passages, what a survey counted and its receipt.
"""

import bisect
import dataclasses
import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

PAGE_BREAK = "\n\n"
"""Stands between the texts of two pages in a document's text."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ID = 16  # hexadecimal digits of a document's content hash that are its id
_READING = "."  # stands in an id before what tells what OCR read

BlockKind = Literal["heading", "paragraph", "list", "table", "code"]
SentenceKind = Literal["sentence", "head", "item", "row", "version", "absence"]
StatementKind = Literal["heading", "question", "sentence", "item", "row"]
Support = Literal["supported", "computed", "partly", "superseded", "unsupported", "contradicted"]
Status = Literal["answered", "extractive", "not_found"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a document: characters [start, end) and the pages they lie on."""

    page_first: int | None
    page_last: int | None
    start: int
    end: int

    def is_on(self, page: int) -> bool:
        """Whether some of it lies on a page."""
        return self.page_first is not None and self.page_first <= page <= (self.page_last or 0)


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page as extracted; `number` is None where the format has no pages. `ocr` says
    that it was read by OCR, and `unsure` where numbers stand in it that may have been read wrongly.
    """

    number: int | None
    text: str
    ocr: bool = False
    unsure: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, table or code block: characters [start, end) of the text.

    `level` is 1 to 6 for a heading and 0 for all else.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0


class Pages:
    """The pages of a document, kept as the one text that they make up: a page is cut out of it when
    it is asked for, so that a large document is in memory once.

    >>> pages = Pages.of([PageText(1, "one"), PageText(2, "two")])
    >>> pages.text, [page.text for page in pages], pages.starts
    ('one\\n\\ntwo', ['one', 'two'], [0, 5])
    """

    __slots__ = ("numbers", "starts", "text")

    def __init__(self, text: str, numbers: list[int | None], starts: list[int]) -> None:
        self.text = text
        self.numbers = numbers
        self.starts = starts

    @classmethod
    def of(cls, pages: Iterable[PageText]) -> "Pages":
        """The pages that a loader made, in order."""
        texts, numbers, starts, at = [], [], [], 0
        for page in pages:
            texts.append(page.text)
            numbers.append(page.number)
            starts.append(at)
            at += len(page.text) + len(PAGE_BREAK)
        return cls(PAGE_BREAK.join(texts), numbers, starts)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, position: int) -> PageText:
        start, end = self.starts[position], self.end(position)
        return PageText(self.numbers[position], self.text[start:end])

    def __iter__(self) -> Iterator[PageText]:
        return (self[position] for position in range(len(self)))

    def end(self, position: int) -> int:
        """Where a page ends in the text."""
        last = range(len(self))[position] == len(self) - 1
        return len(self.text) if last else self.starts[position + 1] - len(PAGE_BREAK)

    def span(self, start: int, end: int) -> Span:
        """Characters [start, end) of the text, with the pages that they lie on."""
        first = self.numbers[bisect.bisect_right(self.starts, start) - 1]
        last = self.numbers[bisect.bisect_left(self.starts, end) - 1]
        return Span(first, last, start, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pages) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


class Blocks:
    """The blocks of a document, kept as numbers: a file may have a million."""

    __slots__ = ("_ends", "_kinds", "_levels", "_starts")
    _KINDS: tuple[BlockKind, ...] = get_args(BlockKind)

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._kinds, self._levels = array("B"), array("B")
        self._starts, self._ends = array("I"), array("I")  # of 32 bits: no text has four billion
        for block in blocks:
            self.append(block)

    def append(self, block: Block) -> None:
        self._kinds.append(self._KINDS.index(block.kind))
        self._starts.append(block.start)
        self._ends.append(block.end)
        self._levels.append(block.level)

    @property
    def end(self) -> int:
        """Where the last one ends; 0 where there is none."""
        return self._ends[-1] if self._ends else 0

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Block]:
        rows = zip(self._kinds, self._starts, self._ends, self._levels, strict=True)
        return (Block(self._KINDS[kind], start, end, level) for kind, start, end, level in rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blocks) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, order=True)
class RecognizedWord:
    """Characters [start, end) of a page's text that were read of a picture by OCR.

    The box is in points from the top left corner of the page as it is viewed. `confidence` is the
    probability, from 0 to 1, of the character that the network was least sure of; None for words
    beside a picture that stand in the file as text.
    """

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class RecognizedPage:
    """A page that was read by OCR, wholly or in part: its number, its size in points as it is
    viewed, and the words that were read, in the order of its text."""

    number: int
    width: float
    height: float
    words: tuple[RecognizedWord, ...]

    def boxes(self, start: int, end: int) -> list[tuple[float, float, float, float]]:
        """Left, top, right, bottom of characters [start, end) of the page's text, of words on one
        line together. Of a word that is cut, the part that its characters take of its width."""
        found: list[tuple[float, float, float, float]] = []
        for word in self.words:
            low, high = max(start, word.start), min(end, word.end)
            if low >= high:
                continue
            step = (word.right - word.left) / (word.end - word.start)
            left = word.left + step * (low - word.start)
            right = word.right - step * (word.end - high)
            top, bottom = word.top, word.bottom
            if found and _on_one_line(found[-1], (left, top, right, bottom)):
                left, top, right, bottom = (
                    min(found[-1][0], left),
                    min(found[-1][1], top),
                    max(found[-1][2], right),
                    max(found[-1][3], bottom),
                )
                found.pop()
            found.append((left, top, right, bottom))
        return found


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a loader makes of a file.

    `content_hash` is the SHA-256 in hexadecimal of the very bytes that were parsed. `blocks` are
    in reading order and do not overlap; text outside of them (a running header, a page number) is
    kept for display and not indexed. `warnings` are sentences about what of the file will never be
    found, such as "page 3 has no text". `unread` are the numbers of pages whose text is a picture
    that only OCR can read, and `recognized` those that it has read.
    """

    content_hash: str
    media_type: str
    title: str
    pages: Pages
    blocks: Blocks
    warnings: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    recognized: tuple[RecognizedPage, ...] = ()

    @property
    def id(self) -> str:
        """The document's id in every knowledge base: 64 bits of the content hash. What OCR read of
        the same bytes is another version, whose id goes on with 32 bits of the text's hash: no
        place in the one is taken for a place in the other."""
        beginning = self.content_hash[:_ID]
        if not self.recognized:
            return beginning
        return f"{beginning}{_READING}{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"

    @property
    def text(self) -> str:
        return self.pages.text

    @property
    def page_starts(self) -> list[int]:
        """Where each page begins in `text`."""
        return self.pages.starts


def _on_one_line(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> bool:
    """Whether the second box goes on to the right of the first, half of it at the same height, and
    no farther away than twice its height."""
    height = second[3] - second[1]
    shared = min(first[3], second[3]) - max(first[1], second[1])
    return shared > height / 2 and -height < second[0] - first[2] < 2 * height


def content_of(document_id: str) -> str:
    """The beginning of the content hash, as a document's id tells it.

    >>> content_of("0123456789abcdef.89abcdef"), content_of("0123456789abcdef")
    ('0123456789abcdef', '0123456789abcdef')
    """
    return document_id.partition(_READING)[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A document in a knowledge base.

    `id` is the beginning of `content_hash`, the SHA-256 of the file's bytes in hexadecimal.
    `uri` is the path it was ingested from (the first one, if several hold the same bytes),
    `name` its last part. `pages` is None for formats without pages. `added_at` and `modified`
    are ISO 8601 in UTC. `tags` are words that the user gave it, in order, and `folder` is
    the one of the library that it is in: where it was moved, else that of its file; "" for uploads.
    """

    id: str
    content_hash: str
    uri: str
    name: str
    title: str
    media_type: str
    language: str
    pages: int | None
    chunks: int
    added_at: str
    modified: str
    warnings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    folder: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "path": self.uri,
            "title": self.title,
            "media_type": self.media_type,
            "language": self.language,
            "pages": self.pages,
            "chunks": self.chunks,
            "added_at": self.added_at,
            "modified": self.modified,
            "folder": self.folder,
            "tags": list(self.tags),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document that is indexed as one: whole sentences within the embedder's limit.

    `document.text[span.start:span.end] == text`. `heading_path` leads from the outermost heading
    to the innermost one above the chunk. `tokens` counts in the embedder's own tokens.
    """

    id: int
    document_id: str
    ordinal: int
    text: str
    span: Span
    heading_path: tuple[str, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found for a question. `ranks` says in which leg and at which rank, from 1, and
    `scores` how each leg scored it: cosine and BM25. `duplicates` are further chunks that say the
    same, the best first."""

    rank: int
    document: Document
    chunk: Chunk
    score: float
    ranks: dict[str, int]
    scores: dict[str, float] = field(default_factory=dict)
    duplicates: tuple["Place", ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "ranks": self.ranks,
            **Place(self.document, self.chunk.span).to_dict(),
            "text": self.chunk.text,
            "duplicates": [place.to_dict() for place in self.duplicates],
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk stands."""

    document: Document
    span: Span

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document.name,
            "document_id": self.document.id,
            "path": self.document.uri,
            "page_first": self.span.page_first,
            "page_last": self.span.page_last,
            "start": self.span.start,
            "end": self.span.end,
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters [start, end) of a document's text, and what stands there. A `heading` names what
    follows, and so helps to find it, but proves nothing of it."""

    start: int
    end: int
    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What a document says in one place: a sentence, an item of a list, a row of a table; or only
    a heading or a question, which lead to what is said.

    `under` is what it is said under in the text around it, the outermost first: the question before
    it, the head of its list and the items that it belongs to, the caption and header rows of its
    table. `cells` are (name of the column, cell) of a row, the name empty where the column has
    none. `group` is where its list or table begins, None outside of one.
    """

    kind: StatementKind
    start: int
    end: int
    text: str
    under: tuple[Stretch, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    group: int | None = None

    @property
    def leads(self) -> bool:
        """Whether it says nothing by itself."""
        return self.kind in {"heading", "question"}

    @property
    def told(self) -> str:
        """What it says in one line: a row with the names of its columns, all else as it stands.

        >>> Statement("row", 0, 6, "A | 3", cells=(("Room", "A"), ("Fee", "3"))).told
        'Room: A · Fee: 3'
        """
        if not self.cells:
            return " ".join(self.text.split())
        return " · ".join(
            f"{name}: {cell}" if name and name != cell else cell
            for name, cell in self.cells
            if cell
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A list or a table, its items or rows in order, with what leads to it; `start` identifies it
    in its document. `cut` says that it goes on beyond what was looked at."""

    start: int
    head: Stretch | None
    members: tuple[Statement, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One or several neighbouring hits of a document, joined; `label` counts from 1.

    `stretches` are the offsets (start, end) of its chunks in the document's text: between them may
    stand what was not indexed, such as a page's footer. `headings` are the paths of headings that
    each of them stands under, and `heading_path` is that of the first. `page_starts` holds
    (offset, page number) of the pages it lies on, of which OCR has read `ocr_pages`; in `unsure`
    are the offsets (start, end) of numbers that it may have read wrongly. `statements` are what it
    says, in order, and `groups` the lists and tables that some of it belongs to, whole; empty where
    it was not told yet (see `quire.text.statements.of`).
    """

    label: int
    text: str
    document: Document
    span: Span
    score: float
    heading_path: tuple[str, ...] = ()
    stretches: tuple[tuple[int, int], ...] = ()
    headings: tuple[tuple[str, ...], ...] = ()
    page_starts: tuple[tuple[int, int | None], ...] = ()
    ocr_pages: frozenset[int | None] = frozenset()
    unsure: tuple[tuple[int, int], ...] = ()
    statements: tuple[Statement, ...] = ()
    groups: tuple[Group, ...] = ()

    def group(self, start: int | None) -> Group | None:
        """The list or table that begins there."""
        return next((group for group in self.groups if group.start == start), None)

    def parts(self) -> Iterator[tuple[int, str]]:
        """(offset in the document's text, text) of each of its chunks."""
        for start, end in self.stretches:
            yield start, self.text[start - self.span.start : end - self.span.start]

    def headings_at(self, offset: int) -> tuple[str, ...]:
        """The headings above the character at `offset` of the document's text."""
        for (start, end), path in zip(self.stretches, self.headings, strict=False):
            if start <= offset < end:
                return path
        return self.heading_path

    def cite(self, start: int, text: str) -> "Citation":
        """The quote that begins at `start` of the document's text."""
        page, end = self.page_at(start), start + len(text)
        unsure = tuple(
            text[max(0, first - start) : last - start]
            for first, last in self.unsure
            if first < end and start < last
        )
        return Citation(
            self.label,
            self.document,
            page,
            start,
            end,
            text,
            ocr=page in self.ocr_pages,
            unsure=unsure,
        )

    def cite_statement(self, statement: Statement) -> tuple["Citation", ...]:
        """The quote of a statement, and of a row what it stands under: its caption and header."""
        headers = statement.under if statement.kind == "row" else ()
        return (
            self.cite(statement.start, statement.text),
            *(self.cite(header.start, header.text) for header in headers),
        )

    def page_at(self, offset: int) -> int | None:
        """The page that holds the character at `offset` of the document's text."""
        page = self.span.page_first
        for start, number in self.page_starts:
            if start <= offset:
                page = number
        return page

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "document": self.document.name,
            "document_id": self.document.id,
            "page_first": self.span.page_first,
            "page_last": self.span.page_last,
            "start": self.span.start,
            "end": self.span.end,
            "text": self.text,
            "score": round(self.score, 6),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """The quote that supports a sentence: characters [start, end) of `document`'s text.

    `page` is the page on which the quote begins. `ocr` says that it was read by OCR, and `unsure`
    are the numbers in it that may have been read wrongly.
    """

    label: int
    document: Document
    page: int | None
    start: int
    end: int
    quote: str
    ocr: bool = False
    unsure: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "document": self.document.name,
            "document_id": self.document.id,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "ocr": self.ocr,
            "unsure": list(self.unsure),
        }


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer with the verdict on it. `labels` name the supporting passages.

    `kind` tells its form: running text, what leads to a list, an item of one, a row of a table,
    what another version of a document says, named as such, or an absence: that the sources do not
    tell something, which no source supports and none need, so that its `support` is None. [start,
    end) are its characters in the answer's text. A row's first citation is the row,
    those after it are its header. A `stitched` one rests on several quotes, each for a part of it:
    that the parts belong together is said by none of them, so it is supported partly at most. A
    `computed` one tells what follows from its quotes, rows of a table: how many there are, their
    sum, the highest; of many rows only some are quoted; where it was computed again from numbers of
    its quotes, `formula` is how. A `superseded` one says what an earlier version of a document did:
    its first citation is what holds now. `probability` is an entailment model's that
    it is supported, or of a `contradicted` one that it is contradicted; None where none was asked.

    A number that OCR may have read wrongly proves nothing: a sentence that tells it, or that was
    computed of it, is supported partly at most.
    """

    text: str
    support: Support | None
    citations: tuple[Citation, ...] = ()
    kind: SentenceKind = "sentence"
    probability: float | None = None
    formula: str | None = None
    start: int = 0
    end: int = 0

    def __post_init__(self) -> None:
        if (self.support == "supported" and self.unsure) or (
            self.support == "computed" and any(cited.unsure for cited in self.citations)
        ):
            object.__setattr__(self, "support", "partly")

    @property
    def unsure(self) -> tuple[str, ...]:
        """The numbers that it tells after quotes of which OCR is not sure."""
        words = dict.fromkeys(word for cited in self.citations for word in cited.unsure)
        return tuple(word for word in words if any(n in self.text for n in _NUMBER.findall(word)))

    @property
    def labels(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(citation.label for citation in self.citations))

    @property
    def quote(self) -> str:
        return self.citations[0].quote if self.citations else ""

    @property
    def stitched(self) -> bool:
        return self.support == "partly" and len(self.citations) > 1 and not self.unsure

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "kind": self.kind,
            "labels": list(self.labels),
            "support": self.support,
            "quote": self.quote,
            "stitched": self.stitched,
            "probability": None if self.probability is None else round(self.probability, 3),
            "formula": self.formula,
        }


def with_citations(sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Sentences with their citations as JSON: each citation once, and with every sentence where its
    own stand among them."""
    citations = list(dict.fromkeys(c for s in sentences for c in s.citations))
    places = {citation: at for at, citation in enumerate(citations)}
    return {
        "sentences": [
            {**s.to_dict(), "citations": [places[citation] for citation in s.citations]}
            for s in sentences
        ],
        "citations": [citation.to_dict() for citation in citations],
    }


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written by the chat model; zeros where none ran."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def to_dict(self) -> dict[str, int]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question arrived; `first_token` is None where no model ran."""

    retrieve: float
    first_token: float | None
    total: float

    def to_dict(self) -> dict[str, float | None]:
        return {
            name: None if value is None else round(value, 1)
            for name, value in dataclasses.asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """What can be shown before it is checked: quotes, while a model still reads, which what it
    writes replaces; or what it has written since the last statement that was checked, which then
    `follows` the text given so far, whose `sentences` have their verdicts. The next draft or piece
    of text takes its place."""

    standalone_question: str
    text: str
    sentences: tuple[Sentence, ...]
    follows: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "standalone_question": self.standalone_question,
            "text": self.text,
            **with_citations(self.sentences),
            "follows": self.follows,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a model that looks things up: the `tool` that it called, with which `arguments`,
    and what that `gave`; a `refused` call was not run, and `gave` says why. While a model is tried
    for the first time, `tool` is "try", and the arguments say how far that `at` is, `of` how many.
    """

    tool: str
    arguments: dict[str, Any]
    gave: str
    refused: bool = False

    @property
    def told(self) -> str:
        """The call in one line.

        >>> Step("search", {"text": "notice period"}, "…").told
        'search: notice period'
        """
        said = " ".join(" ".join(map(str, self.arguments.values())).split())
        return f"{self.tool}: {said}" if said else self.tool

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an answer was made with: enough to make it again and to see what has changed since.

    It holds no text of a document, only places: `hits` with the score of each stage, `evidence`
    with the parts of its score and whether the model read it. `model` and `prompt` are empty where
    none was asked. Where documents, models and prompts are named, their SHA-256 stands beside.
    `steps` are the calls of a model that looked things up, without what they gave.
    """

    versions: dict[str, str]
    settings: dict[str, Any]
    embedder: dict[str, Any]
    model: dict[str, Any]
    prompt: dict[str, Any]
    hits: tuple[dict[str, Any], ...]
    evidence: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            **dataclasses.asdict(self),
            "hits": list(self.hits),
            "evidence": list(self.evidence),
            "steps": list(self.steps),
        }


@dataclass(frozen=True, slots=True)
class Mentions:
    """Where a document mentions a phrase: how often, and on which pages (empty without pages)."""

    document: Document
    pages: tuple[int, ...]
    count: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document.name,
            "document_id": self.document.id,
            "path": self.document.uri,
            "pages": list(self.pages),
            "mentions": self.count,
        }


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found of a phrase in a whole collection, in the document with most mentions first.
    An `exact` phrase was looked for as it is spelled, another one in any grammatical form.

    Of the `chunks` of all `scanned_documents`, which are those in the question's scope, the word
    index was asked about `looked_up_chunks`, less than all where it is damaged; the texts of
    `read_chunks`, those that hold all of the words, were read.
    """

    phrase: str
    exact: bool
    found: tuple[Mentions, ...]
    scanned_documents: int
    chunks: int
    looked_up_chunks: int
    read_chunks: int

    @property
    def mentions(self) -> int:
        return sum(found.count for found in self.found)

    def to_dict(self) -> dict[str, Any]:
        return {
            "phrase": self.phrase,
            "exact": self.exact,
            "documents": len(self.found),
            "mentions": self.mentions,
            "scanned_documents": self.scanned_documents,
            "chunks": self.chunks,
            "looked_up_chunks": self.looked_up_chunks,
            "read_chunks": self.read_chunks,
            "found": [mentions.to_dict() for mentions in self.found],
        }


@dataclass(frozen=True, slots=True)
class Near:
    """Which of the words that were looked for the passage of this label has, and which it lacks;
    and the `quote` of it that bears on the question most, at `start` of the document's text, or
    nothing where none does."""

    label: int
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    quote: str = ""
    start: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "has": list(self.has),
            "lacks": list(self.lacks),
            "quote": self.quote,
            "start": self.start,
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer: what was looked for, where, and what comes near it.

    `looked_for` are the question's words, neighbours together, and `nowhere` those that stand in
    none of the `documents` searched, which have so many `passages` and `pages`; of
    `pages_without_text`, such as scans, nothing can be found. `scope` says which documents these
    are where they are not all. `nearest` are the passages that came closest. `by_meaning` is false
    where only words were compared, because the embedding model cannot read the question's language:
    one that can may find what is said in other words.
    """

    looked_for: tuple[str, ...]
    nowhere: tuple[str, ...]
    documents: int
    passages: int
    scope: str | None
    nearest: tuple[Near, ...]
    by_meaning: bool
    pages: int = 0
    pages_without_text: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "looked_for": list(self.looked_for),
            "nowhere": list(self.nowhere),
            "documents": self.documents,
            "passages": self.passages,
            "pages": self.pages,
            "pages_without_text": self.pages_without_text,
            "scope": self.scope,
            "nearest": [near.to_dict() for near in self.nearest],
            "by_meaning": self.by_meaning,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chat model says that it sees on a page that it was shown as a picture. Nothing
    checks it: it is told apart from the answer, and changes no verdict."""

    document: Document
    page: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "document": self.document.name,
            "document_id": self.document.id,
            "page": self.page,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof.

    `text` is the sentences joined, without labels. With `status` "not_found" there are no
    sentences, and `text` says so in the question's language; there are none either where Quire
    answers by itself, such as how many documents it has. `model` names the chat model that
    wrote it, or is None where the sentences are quotes. `notes` are sentences to the user about
    how the answer came about. `confidence` is the probability that the evidence holds the answer,
    or None where there was nothing to judge. `scan` says what was counted where the question was
    about the whole collection. `refusal` says what was looked for where nothing was found.
    `request` names what was asked of Quire itself, such as "count", "summary" or "greeting"
    (docs/command-line.md lists them), None for a question about what the documents say; `listed`
    are the documents that its answer names, in their order. `sent_to` is the host of a remote model
    that the question and the passages were sent to, shown or not; None where nothing left this
    machine. `seen` is what the model says that it sees on pages, where it was to look at them,
    unchecked. `receipt` is kept beside the answer, and `cut_short` says that the model had more to
    write than it may, or was stopped; neither is part of `to_dict`.
    """

    id: str
    conversation: str
    question: str
    standalone_question: str
    status: Status
    text: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    model: str | None
    usage: Usage
    timings: Timings
    notes: tuple[str, ...] = field(default=())
    confidence: float | None = None
    scan: Scan | None = None
    sent_to: str | None = None
    refusal: Refusal | None = None
    request: str | None = None
    listed: tuple[Document, ...] = ()
    seen: tuple[Seen, ...] = ()
    receipt: Receipt | None = None
    cut_short: bool = False

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations in the order of the sentences, each once."""
        return tuple(dict.fromkeys(c for s in self.sentences for c in s.citations))

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "conversation": self.conversation,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "status": self.status,
            "text": self.text,
            **with_citations(self.sentences),
            "passages": [passage.to_dict() for passage in self.passages],
            "model": self.model,
            "usage": self.usage.to_dict(),
            "timings_ms": self.timings.to_dict(),
            "notes": list(self.notes),
            "confidence": None if self.confidence is None else round(self.confidence, 3),
            "scan": self.scan.to_dict() if self.scan else None,
            "sent_to": self.sent_to,
            "refusal": self.refusal.to_dict() if self.refusal else None,
            "request": self.request,
            "listed": [_listed(document) for document in self.listed],
            "seen": [seen.to_dict() for seen in self.seen],
        }


def _listed(document: Document) -> dict[str, Any]:
    return {
        "document": document.name,
        "document_id": document.id,
        "path": document.uri,
        "pages": document.pages,
        "added_at": document.added_at,
        "modified": document.modified,
    }
