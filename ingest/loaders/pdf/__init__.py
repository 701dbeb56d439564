"""PDF: text in reading order by page, the places of quotes on a page, page images.

pdfium reads; pypdf opens some damaged files that pdfium refuses, without places and headings.
Only a worker process may import this module: see `pdfium`.
"""

import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from quire.errors import Skipped, Unreadable
from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, PageBoxes, Source
from quire.ingest.loaders.pdf.layout import lay_out
from quire.ingest.loaders.pdf.pdfium import PdfiumFile, PdfiumPage
from quire.ingest.loaders.pdf.recognized import lay_out_recognized
from quire.ingest.loaders.pdf.ruling import Box
from quire.ingest.loaders.pdf.runs import turned, view_size
from quire.ingest.loaders.pdf.structure import PageStructure, blocks_of
from quire.ingest.loaders.pdf.writer import PageLayout
from quire.records import PAGE_BREAK, Block, PageText, RecognizedPage

# Titles that programs write by themselves.
_NO_TITLE = re.compile(
    r"untitled|unknown|none|title|无标题|.*\.(docx?|pptx?|xlsx?|pdf|indd|tex|dvi|qxd|html?)"
    r"|(microsoft )?(word|powerpoint|excel) - .*|(document|文档)\s*\d*|[\d\W]+",
    re.IGNORECASE,
)
# A page with fewer letters than this whose most part is a picture may have its text in that.
_FEW_LETTERS = 100
_MOST_OF_PAGE = 0.6
_OUTLINES = 20  # shapes from here on may be letters that were drawn as outlines
_BETWEEN = re.compile(r"[\s|]")  # what another layout may put, or leave out, between words
_MANY = 4  # places of a page where the order of its text is uncertain: more than in a letterhead
# What a page of a kind that nobody thought of may raise. It must not take the others with it.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_GARBLED = 0.1  # of a page's characters: symbols alone are fewer, a font without a key is more


def read(source: Source) -> Content:
    """The text of a PDF. Raises Skipped for a missing password and Unreadable if damaged."""
    try:
        with PdfiumFile(source.data, password=source.password) as file:
            return _read(file, source)
    except Skipped:
        raise
    except Unreadable as error:
        return _read_with_pypdf(source, error)


def boxes(
    data: bytes,
    *,
    page: int,
    start: int,
    end: int,
    says: str | None = None,
    password: str | None = None,
) -> PageBoxes:
    """The places of characters [start, end) of the text of `page`, from 1, line by line.

    `says` is what stood there when the file was read. Where it stands elsewhere now, since layout
    has changed with a version, it is looked for; nothing is marked that says something else.
    """
    found = []
    with PdfiumFile(data, password=password) as file, file.page(page) as opened:
        with opened.text() as text:
            layout = lay_out(text.runs())
            if says is not None:
                start, end = _again(layout.text, says, start)
            for paragraph in layout.paragraphs:
                for line in paragraph.lines:
                    characters = layout.characters(max(start, line.start), min(end, line.end))
                    if box := _around(text.char_boxes(characters)):
                        found.append(turned(box, page=opened.box, quarter_turns=opened.rotation))
        width, height = view_size(opened.box, opened.rotation)
        return PageBoxes(width, height, tuple(found))


def _again(text: str, says: str, start: int) -> tuple[int, int]:
    """Where a text has what it had at `start`: there, or nearest to it, blanks and the bars between
    cells aside; nowhere where it has it no more."""
    if text.startswith(says, start):
        return start, start + len(says)
    places = [at for at, letter in enumerate(text) if not _BETWEEN.match(letter)]
    letters, sought = _BETWEEN.sub("", text), _BETWEEN.sub("", says)
    found = [match.start() for match in re.finditer(re.escape(sought), letters)] if sought else []
    if not found:
        return 0, 0
    first = min(found, key=lambda at: abs(places[at] - start))
    return places[first], places[first + len(sought) - 1] + 1


def render(data: bytes, *, page: int, scale: float, password: str | None = None) -> bytes:
    """`page`, from 1, as a PNG image with `scale` times 72 dots per inch."""
    with PdfiumFile(data, password=password) as file, file.page(page) as opened:
        return opened.png(scale=scale)


def _read(file: PdfiumFile, source: Source) -> Content:
    structures: list[PageStructure] = []
    starts: list[int] = []
    warnings: list[str] = []
    damaged: list[int] = []
    hidden: list[int] = []
    unread: list[int] = []
    recognized: list[RecognizedPage] = []
    uncertain: list[int] = []
    garbled: list[int] = []
    at = 0
    for number in range(1, min(file.page_count, source.limits.pages) + 1):
        structure = PageStructure("", [])
        try:
            with file.page(number) as page, page.text() as characters:
                runs = characters.runs()
                garbles = runs.undecoded > _GARBLED
                if (found := source.recognized.get(number)) is not None:
                    width, _ = view_size(page.box, page.rotation)
                    layout, words = lay_out_recognized(
                        number,
                        found,
                        width=width,
                        beside=replace(runs, runs=[], astray=[]) if garbles else runs,
                        rotation=page.rotation,
                    )
                    recognized.append(words)
                elif garbles:
                    garbled.append(number)
                    unread.append(number)
                    layout = PageLayout("", [], [], 0, 0)
                else:
                    layout = lay_out(runs)
                    if _is_picture(page, layout):
                        unread.append(number)
        except (Unreadable, *_FAULTS):
            damaged.append(number)
        else:
            # Without the places of characters, which take the most memory.
            structure = PageStructure(layout.text, layout.paragraphs)
            if layout.hidden:
                hidden.append(number)
            if layout.uncertain >= _MANY:
                uncertain.append(number)
        if at + len(structure.text) > source.limits.characters:
            limit = f"{source.limits.characters:,} characters"
            if not structures:
                raise Unreadable(f"limit: page 1 has more than {limit}")
            warnings.append(_past_limit(limit, number))
            break
        structures.append(structure)
        starts.append(at)
        at += len(structure.text) + len(PAGE_BREAK)
    if file.page_count > source.limits.pages:
        warnings.append(_past_limit(f"{source.limits.pages:,} pages", source.limits.pages + 1))
    texts = [structure.text for structure in structures]
    lost = {*damaged, *garbled}
    silent = [n for n, text in enumerate(texts, 1) if not text.strip() and n not in lost]
    if damaged and not silent and not garbled and not any(text.strip() for text in texts):
        raise Unreadable("damaged PDF: no page can be read")
    if damaged:
        warnings.append(f"{_pages(damaged)} cannot be read and will not be found.")
    if silent:
        warnings.append(f"{_pages(silent)}: no text (a scan or a picture).")
    if garbled:
        warnings.append(
            f"{_pages(garbled)}: fonts that do not say what they write; it is left out."
        )
    if uncertain:
        warnings.append(f"{_pages(uncertain)}: in which order the text is read is uncertain.")
    if hidden:
        warnings.append(f"{_pages(hidden)}: text that nobody sees; it is left out.")
    pages = tuple(PageText(number, text) for number, text in enumerate(texts, 1))
    blocks = tuple(blocks_of(structures, page_starts=starts))
    title = _title(clean_line(file.title()), blocks, pages, source)
    return Content(
        pages,
        blocks,
        title,
        tuple(warnings),
        unread=tuple(number for number in unread if number <= len(pages)),
        recognized=tuple(page for page in recognized if page.number <= len(pages)),
    )


def _is_picture(page: PdfiumPage, layout: PageLayout) -> bool:
    """Whether the text of a page is in a picture, for all or most of it, so that only OCR can read
    it."""
    letters = sum(itertools.islice(filter(None, map(str.isalnum, layout.text)), _FEW_LETTERS))
    if letters >= _FEW_LETTERS:
        return False
    if letters:
        return page.pictured() >= _MOST_OF_PAGE
    return page.pictured() > 0 or page.objects >= _OUTLINES


def _read_with_pypdf(source: Source, error: Unreadable) -> Content:
    """Pages as pypdf sees them, each line of blank-separated text a paragraph."""
    # Slow to import, and needed only for files that pdfium refuses.
    import pypdf  # noqa: PLC0415
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    builder = ContentBuilder(source.limits)
    damaged = []
    title = ""
    try:
        reader = pypdf.PdfReader(io.BytesIO(source.data), password=source.password)
        if reader.is_encrypted and not reader.decrypt(source.password or ""):
            raise Skipped("password needed", hint="Give its password to read it.")
        count = len(reader.pages)
        title = clean_line(str(reader.metadata.title or "")) if reader.metadata else ""
    except Skipped:
        raise
    # pypdf answers damage with nearly every built-in exception
    except Exception:
        raise error from None
    for number in range(1, count + 1):
        builder.start_page(number)
        if builder.full:
            break
        try:
            text = reader.pages[number - 1].extract_text()
        except (PyPdfError, *_FAULTS):
            damaged.append(number)
            continue
        for paragraph in re.split(r"\n\s*\n", clean(text)):
            builder.add("paragraph", clean_line(paragraph))
    if damaged:
        builder.warn(f"{_pages(damaged)} cannot be read and will not be found.")
    builder.warn("The file is damaged; quotes from it cannot be shown on the page.")
    try:
        return builder.finish(title if title and not _NO_TITLE.fullmatch(title) else source.stem)
    except Skipped:
        raise error from None


def _title(
    metadata: str, blocks: tuple[Block, ...], pages: tuple[PageText, ...], source: Source
) -> str:
    if metadata and not _NO_TITLE.fullmatch(metadata):
        return metadata[:300]
    first = pages[0].text
    headings = [b for b in blocks if b.kind == "heading" and b.end <= len(first)]
    if headings:
        best = min(headings, key=lambda block: (block.level, block.start))
        if best.level == 1:
            return clean_line(first[best.start : best.end])
    return source.stem


def _around(boxes: Sequence[Box]) -> Box | None:
    """The smallest box that holds all, or None if they are all empty."""
    solid = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
    if not solid:
        return None
    lefts, bottoms, rights, tops = zip(*solid, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _pages(numbers: list[int]) -> str:
    """`[1, 2, 3, 7]` as "Pages 1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
    return f"{'Page' if len(numbers) == 1 else 'Pages'} {', '.join(shown[:20])}{more}"


def _past_limit(limit: str, page: int) -> str:
    return f"Text past the limit of {limit} is left out, from page {page} on."
