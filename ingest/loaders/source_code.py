"""Program text and structured data: the file's own text, in stretches that begin at the margin."""

from quire.errors import Skipped
from quire.ingest.loaders.cleaning import clean
from quire.ingest.loaders.content import Content, Source
from quire.ingest.loaders.encoding import decode
from quire.records import Block, PageText

_STRETCH = 40  # lines; a longer stretch without a blank line at the margin ends there


def read(source: Source) -> Content:
    """One page without a number, indentation kept; the title is the file's name."""
    text, cut = decode(source.data, limit=source.limits.characters)
    text = clean(text)
    blocks = tuple(_blocks(text))
    if not blocks:
        raise Skipped("no text in the file", hint="There is nothing in it to search.")
    warning = f"Text past the limit of {source.limits.characters:,} characters is left out."
    title = clean(source.path.name)
    return Content((PageText(None, text),), blocks, title, (warning,) if cut else ())


def _blocks(text: str) -> list[Block]:
    """Stretches between blank lines that a line at the margin follows: one definition each."""
    blocks: list[Block] = []
    start = end = at = 0
    lines, blank = 0, True
    for line in text.split("\n"):
        if not line.strip():
            blank = True
        else:
            at_margin = not line[0].isspace() and line[0] not in ")]}"
            if lines and blank and (at_margin or lines >= _STRETCH):
                blocks.append(Block("code", start, end))
                lines = 0
            if not lines:
                start = at
            lines += 1
            end = at + len(line.rstrip())
            blank = False
        at += len(line) + 1
    if lines:
        blocks.append(Block("code", start, end))
    return blocks
