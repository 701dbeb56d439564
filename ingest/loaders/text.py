"""Plain text: paragraphs between blank lines."""

import re

from quire.ingest.loaders.cleaning import clean, count_cjk
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
# Lines longer than this, on average, were not wrapped by hand: each is a paragraph.
_WRAPPED = 100  # letters, a Chinese one counting double


def read(source: Source) -> Content:
    """The text as it stands; where no blank lines part it, long lines are the paragraphs."""
    text, cut = decode(source.data, limit=source.limits.characters)
    builder = ContentBuilder(source.limits)
    add_text(text, builder)
    if cut:
        builder.warn_of_cut()
    return builder.finish(source.stem)


def add_text(text: str, builder: ContentBuilder) -> None:
    """Adds the paragraphs of a plain text to `builder`."""
    for paragraph in _BLANK_LINE.split(clean(text)):
        for piece in _lines_or_whole(paragraph):
            builder.add("paragraph", piece)


def _lines_or_whole(paragraph: str) -> list[str]:
    lines = paragraph.count("\n") + 1
    if lines > 1 and len(paragraph) + count_cjk(paragraph) > _WRAPPED * lines:
        return paragraph.split("\n")
    return [paragraph]
