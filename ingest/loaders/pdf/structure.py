"""What only the whole PDF shows: running headers and footers, page numbers, headings.

Marks stretches of the pages' texts as blocks; the texts themselves stay as they are.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.ingest.loaders.cleaning import count_cjk
from quire.ingest.loaders.pdf.writer import Line, Paragraph
from quire.records import Block, BlockKind

_MARGIN = 0.11  # of the page's height, at the top and at the foot: where running lines stand
_MIN_REPEATS = 3  # pages with the same line in the same place
_MIN_REPEATS_COUNTED = 2  # … where it counts the pages
_MIN_REPEATS_ANYWHERE = 5  # pages that begin or end in the same line, at any height
_SAME_PLACE = 0.01  # of the page's height
_HEADING_GROWTH = 1.12  # font size against that of most text
_HEADING_LETTERS = 160  # Chinese characters count double
_MAX_BOLD = 0.4  # share of bold text beyond which a bold line says nothing

_PAGE_NUMBER = re.compile(
    r"(?:page|seite|p\.)\s*\d{1,5}(?:\s*(?:/|of|von|de)\s*\d{1,5})?"
    r"|\d{1,5}\s*(?:/|／|of|von|de)\s*\d{1,5}|[-–—·|(\[]*\s*[ivxl]{1,7}\s*[-–—·|)\]]*"
    r"|第\s*\d{1,5}\s*页(?:\s*[,，/|]?\s*共\s*\d{1,5}\s*页)?",
    re.IGNORECASE,
)
_PAGE_COUNTED = re.compile(
    r"\b(?:page|seite|p\.)\s*(\d{1,5})\b|\b(\d{1,5})\s*(?:/|／|of|von)\s*\d{1,5}\b"
    r"|第\s*(\d{1,5})\s*页",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"[-–—·|(\[]*\s*(\d{1,5})\s*[-–—·|)\]]*")
_SENTENCE_END = re.compile(r"[.!?;,。！？；，、:：][\"'”’)）」』]*$")
_ITEM = re.compile(r"[•‣⁃∙·○▪▫➢➤✓✔*]|[-–—]\s")  # ■ and ◆ are set before headings, too
_CLAUSE_END = re.compile(r"(?:[.;,。；，][\"'”’)）」』]*|\b(?:and|or))$")
_SHORT_TITLE = 40  # letters: so long a title may end in a full stop, as in "Holm & Co."
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class PageStructure:
    """What is kept of a page's layout until all pages are read."""

    text: str
    paragraphs: list[Paragraph]


def blocks_of(pages: Sequence[PageStructure], *, page_starts: Sequence[int]) -> list[Block]:
    """The blocks of all pages with offsets into the document's text."""
    running = _running_lines(pages)
    fonts = _Fonts(pages)
    blocks = []
    for number, page in enumerate(pages):
        for paragraph in page.paragraphs:
            for start, end, lines in _kept_stretches(page, paragraph, running[number]):
                kind, level = fonts.classify(paragraph.kind, lines, page.text[start:end])
                at = page_starts[number]
                blocks.append(Block(kind, at + start, at + end, level))
    return blocks


def _kept_stretches(
    page: PageStructure, paragraph: Paragraph, running: set[int]
) -> Iterator[tuple[int, int, list[Line]]]:
    """The stretches of a paragraph between lines that are running headers or footers."""
    kept: list[Line] = []
    for line in [*paragraph.lines, None]:
        if line is not None and line.start not in running:
            kept.append(line)
            continue
        if kept:
            start, end = kept[0].start, kept[-1].end
            text = page.text[start:end]
            if text.strip():
                yield (
                    start + len(text) - len(text.lstrip()),
                    end - len(text) + len(text.rstrip()),
                    kept,
                )
        kept = []


def _running_lines(pages: Sequence[PageStructure]) -> list[set[int]]:
    """For each page the starts of lines that repeat from page to page, and of page numbers."""
    places: defaultdict[tuple[str, int], list[tuple[int, Line, bool]]] = defaultdict(list)
    bare: list[tuple[int, int, int]] = []  # page, number, start
    running: list[set[int]] = [set() for _ in pages]
    for number, page in enumerate(pages):
        for line, at_margin in _outer_lines(page):
            text = page.text[line.start : line.end].strip()
            if at_margin and _PAGE_NUMBER.fullmatch(text):
                running[number].add(line.start)
            elif at_margin and (match := _BARE_NUMBER.fullmatch(text)):
                bare.append((number, int(match[1]), line.start))
            else:
                places[_DIGITS.sub("#", text), round(line.size)].append((number, line, at_margin))
    # A lone number is a page number if others keep step with it; years and sums do not.
    steps = Counter(value - number for number, value, _ in bare)
    for number, value, start in bare:
        if steps[value - number] > 1 or value == number + 1:
            running[number].add(start)
    for found in places.values():
        least = _MIN_REPEATS_COUNTED if _count_pages(pages, found) else _MIN_REPEATS
        if len(found) < least:
            continue
        anywhere = len({number for number, _, _ in found}) >= _MIN_REPEATS_ANYWHERE
        heights = Counter(round(line.top / _SAME_PLACE) for _, line, _ in found)
        for number, line, at_margin in found:
            slot = round(line.top / _SAME_PLACE)
            same_place = sum(heights[slot + shift] for shift in (-1, 0, 1)) >= least
            if anywhere or (at_margin and same_place):
                running[number].add(line.start)
    return running


def _count_pages(pages: Sequence[PageStructure], found: Sequence[tuple[int, Line, bool]]) -> bool:
    """Whether lines that are alike but for their digits count the pages, as "Annual report 2024 ·
    Page 3" does."""
    steps: set[int] = set()
    for number, line, _ in found:
        counted = _PAGE_COUNTED.search(pages[number].text[line.start : line.end])
        if counted is None:
            return False
        steps.add(int(next(filter(None, counted.groups()))) - number)
    return len(steps) == 1


def _outer_lines(page: PageStructure) -> Iterator[tuple[Line, bool]]:
    """Lines in the page's margins, and its first and last line; none of tables."""
    lines = [
        line
        for paragraph in page.paragraphs
        if paragraph.kind != "table"
        for line in paragraph.lines
    ]
    if not lines:
        return
    first = min(lines, key=lambda line: line.top)
    last = max(lines, key=lambda line: line.bottom)
    for line in lines:
        at_margin = line.bottom < _MARGIN or line.top > 1 - _MARGIN
        if at_margin or line is first or line is last:
            yield line, at_margin


class _Fonts:
    """Which sizes and weights of this document mark headings, and of which level."""

    def __init__(self, pages: Sequence[PageStructure]) -> None:
        sizes: Counter[float] = Counter()
        bold = total = 0
        for page in pages:
            for paragraph in page.paragraphs:
                for line in paragraph.lines:
                    letters = line.end - line.start
                    sizes[round(line.size * 2) / 2] += letters
                    total += letters
                    bold += letters if line.bold else 0
        self._body = sizes.most_common(1)[0][0] if sizes else 0.0
        self._bold_tells = bold < _MAX_BOLD * total
        larger = sorted((s for s in sizes if s > self._body * _HEADING_GROWTH), reverse=True)
        # Sizes a point apart are one level: typesetters scale, and titles are set in many sizes.
        self._levels: dict[float, int] = {}
        level, last = 0, float("inf")
        for size in larger:
            if last / size > 1.1:
                level, last = level + 1, size
            self._levels[size] = min(level, 5)
        self._bold_level = min(level + 1, 6)

    def classify(self, kind: BlockKind, lines: list[Line], text: str) -> tuple[BlockKind, int]:
        if kind == "table" or len(lines) > 3:
            return kind, 0
        letters = len(text) + count_cjk(text)
        if letters > _HEADING_LETTERS or not any(map(str.isalpha, text)) or _ITEM.match(text):
            return kind, 0
        if letters > _SHORT_TITLE and _CLAUSE_END.search(text):
            return kind, 0
        size = round(max(line.size for line in lines) * 2) / 2
        if size in self._levels and min(line.size for line in lines) > self._body * 1.05:
            return "heading", self._levels[size]
        marked = self._bold_tells and all(line.bold for line in lines) and size >= self._body - 1
        if marked and not _SENTENCE_END.search(text):
            return "heading", self._bold_level
        return kind, 0
