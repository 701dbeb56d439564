"""What goes into a loader and how it puts together what comes out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quire.errors import Skipped
from quire.ingest.limits import Limits
from quire.ingest.loaders.cleaning import clean
from quire.ingest.loaders.ocr.words import Recognition
from quire.records import PAGE_BREAK, Block, BlockKind, PageText, RecognizedPage

CELL_BREAK = " | "
"""Stands between two cells of a table's row."""
BLOCK_BREAK = "\n\n"
"""Stands between two blocks of a page."""


def aside(text: str, *, by: str = "") -> str:
    """What stands beside the text and is not said by it: a comment, the description of a picture.

    >>> aside("A map of the quays"), aside("moved to the 8th", by="Marta")
    ('[A map of the quays]', '[Marta: moved to the 8th]')
    """
    return f"[{by}: {text}]" if by and not text.startswith(by) else f"[{text}]"


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file, with what a loader may know about it. The name decides nothing.

    `recognized` is what OCR read of the pictures of pages, by their numbers.
    """

    data: bytes = field(repr=False)
    path: Path
    limits: Limits
    password: str | None = field(default=None, repr=False)
    recognized: Mapping[int, Recognition] = field(default_factory=dict, repr=False)

    @property
    def stem(self) -> str:
        """The file's name without its ending, fit for display."""
        return clean(self.path.stem).strip() or "untitled"


@dataclass(frozen=True, slots=True)
class Content:
    """What a loader read: pages, blocks with offsets into the pages joined, title, warnings; the
    numbers of the pages that OCR has to read, and what it has read of others."""

    pages: tuple[PageText, ...]
    blocks: tuple[Block, ...]
    title: str
    warnings: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    recognized: tuple[RecognizedPage, ...] = ()


@dataclass(frozen=True, slots=True)
class PageBoxes:
    """Where a span stands on a page: one rectangle a line, as a viewer shows the page.

    `boxes` are left, top, right, bottom in PDF points (1/72 inch) from the page's top left
    corner, after rotation and crop; `width` and `height` are the page's size in the same measure.
    """

    width: float
    height: float
    boxes: tuple[tuple[float, float, float, float], ...]


class ContentBuilder:
    """Collects blocks page by page and keeps their offsets exact.

    What goes past the limits on characters and pages is left out, and a warning says so once.
    `full` is then true and a loader may stop reading.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pages: list[PageText] = []
        self._blocks: list[Block] = []
        self._parts: list[str] = []
        self._number: int | None = None
        self._at = 0
        self._warnings: dict[str, None] = {}
        self.full = False

    def start_page(self, number: int) -> None:
        """Ends the page before, if any, and begins physical page `number`."""
        if self._number is not None or self._parts:
            self._end_page()
        if len(self._pages) >= self._limits.pages:
            self.full = True
            self.warn(f"Text past the limit of {self._limits.pages:,} pages is left out.")
        self._number = number

    def add(self, kind: BlockKind, text: str, *, level: int = 0, indent: int = 0) -> None:
        """Adds one block; `text` is cleaned and stripped, and nothing is added if none is left.
        It stands `indent` blanks from the margin, as an item of a list in a list does."""
        text = clean(text).strip("\n").rstrip() if kind == "code" else clean(text).strip()
        if text.strip() and not self.full:
            start, end = self._write(" " * indent, text)
            if end > start:
                self._blocks.append(Block(kind, start, end, level))

    def add_text(self, text: str, blocks: Iterable[Block]) -> None:
        """Adds a clean text as it is, with the blocks in it; their offsets are those in `text`."""
        if not text.strip() or self.full:
            return
        start, end = self._write("", text)
        for block in blocks:
            if start + block.start >= end:
                break
            last = min(start + block.end, end)
            self._blocks.append(Block(block.kind, start + block.start, last, block.level))

    def _write(self, margin: str, text: str) -> tuple[int, int]:
        """Writes as much of a text as fits; (start, end) are its offsets."""
        separator = (BLOCK_BREAK if self._parts else "") + margin
        room = self._limits.characters - self._at - len(separator)
        if len(text) > room:
            text = text[: max(room, 0)].rstrip()
            self.full = True
            self.warn_of_cut()
        if not text:
            return self._at, self._at
        self._parts += (separator, text)
        start = self._at + len(separator)
        self._at = start + len(text)
        return start, self._at

    def warn(self, sentence: str) -> None:
        """Keeps a sentence about what of the file will not be found, once."""
        self._warnings[sentence] = None

    def warn_of_cut(self) -> None:
        """Keeps the sentence that the limit on characters cut the text."""
        self.warn(f"Text past the limit of {self._limits.characters:,} characters is left out.")

    def finish(self, title: str) -> Content:
        """The content, or Skipped if there is no text at all."""
        self._end_page()
        if not self._blocks:
            raise Skipped("no text in the file", hint="There is nothing in it to search.")
        return Content(tuple(self._pages), tuple(self._blocks), title, tuple(self._warnings))

    def _end_page(self) -> None:
        if self.full and not self._parts and self._pages:
            return
        self._pages.append(PageText(self._number, "".join(self._parts)))
        self._parts = []
        self._at += len(PAGE_BREAK)
