"""Plain text, left as it is: its headings, lists and tables are told by how lines stand and are
counted (see `quire.text.outline`)."""

from collections.abc import Iterator

from quire.ingest.loaders.cleaning import clean, count_cjk
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.records import Block
from quire.text import outline
from quire.text.outline import Heading, Listing, Paragraph, Piece, Span, Table

# Lines longer than this, on average, were not wrapped by hand: each is a paragraph.
_WRAPPED = 100  # letters, a Chinese one counting double
_AT_ONCE = 100_000  # characters read together: a line that is read takes many times its memory
_DEEPEST = 6


def read(source: Source) -> Content:
    """The text as it stands; where no blank lines part it, long lines are the paragraphs."""
    text, cut = decode(source.data, limit=source.limits.characters)
    builder = ContentBuilder(source.limits)
    add_text(text, builder)
    if cut:
        builder.warn_of_cut()
    return builder.finish(source.stem)


def add_text(text: str, builder: ContentBuilder) -> None:
    """Adds a plain text to `builder`."""
    text = clean(text).rstrip()
    builder.add_text(text, _blocks(text))


class _Levels:
    """How deep headings stand: 1.1 below 1., and of other ways to write them the one that comes
    first in a document above the others."""

    def __init__(self) -> None:
        self._styles: list[str] = []

    def of(self, heading: Heading) -> int:
        """The level of a heading, from 1."""
        # The first one names the document, unless it is numbered like others after it.
        style = heading.style
        if not self._styles and style in {"plain", "capitals"}:
            style = "title"
        if style not in self._styles:
            self._styles.insert(self._place(style), style)
        return min(self._styles.index(style) + 1, _DEEPEST)

    def _place(self, style: str) -> int:
        name, depth = style.rstrip("0123456789"), style[-1:]
        if depth.isdigit():
            for at, known in enumerate(self._styles):
                if known == f"{name}{int(depth) - 1}":
                    return at + 1
                if known == f"{name}{int(depth) + 1}":
                    return at
        return len(self._styles)


def _blocks(text: str) -> Iterator[Block]:
    levels = _Levels()
    for start, end in _stretches(text):
        blocks = [
            block
            for piece in outline.outline(text, start, end)
            for block in _blocks_of(text, piece, levels)
        ]
        yield from sorted(blocks, key=lambda block: block.start)


def _stretches(text: str) -> Iterator[Span]:
    """The text in parts that are cut at blank lines, or else at any."""
    start = 0
    while len(text) - start > _AT_ONCE:
        end = max(
            text.rfind("\n\n", start, start + _AT_ONCE),
            text.find("\n", start + _AT_ONCE // 2, start + _AT_ONCE),
        )
        end = text.find("\n", start + _AT_ONCE) if end < 0 else end
        if end < 0:
            break
        yield start, end
        start = end + 1
    yield start, len(text)


def _blocks_of(text: str, piece: Piece, levels: _Levels) -> Iterator[Block]:
    if isinstance(piece, Heading):
        yield Block("heading", *piece.span, levels.of(piece))
    elif isinstance(piece, Listing):
        for item in piece.items:
            yield Block("list", *item.span)
    elif isinstance(piece, Table):
        yield Block("table", *piece.span)
    else:
        for span in _lines_or_whole(text, piece):
            yield Block("paragraph", *span)


def _lines_or_whole(text: str, paragraph: Paragraph) -> list[Span]:
    lines = len(paragraph.lines)
    said = text[slice(*paragraph.span)]
    if lines > 1 and len(said) + count_cjk(said) > _WRAPPED * lines:
        return [(line.start, line.end) for line in paragraph.lines]
    return [paragraph.span]
