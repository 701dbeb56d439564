"""Texts that are read and not taken in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import cleaning, hash_of, markdown
from quire.ingest.parsing.pool import ParserPool
from quire.records import Blocks, Pages, PageText, ParsedDocument

_MARKDOWN = "text/markdown"


def of_text(text: str, *, limits: Limits | None = None) -> ParsedDocument:
    """A text that was given as such, plain or in Markdown: one page without a number. What no text
    may hold, such as NUL, is not in it."""
    most = (limits or Limits()).characters
    said = cleaning.clean(text[:most])
    cut = f"Text past the limit of {most:,} characters is left out."
    return ParsedDocument(
        content_hash=hash_of(said.encode("utf-8", "replace")),
        media_type=_MARKDOWN,
        title="",
        pages=Pages.of([PageText(None, said)]),
        blocks=Blocks(markdown.blocks_of(said)),
        warnings=(cut,) if len(text) > most else (),
    )


def of_file(path: Path, *, password: str | None = None) -> ParsedDocument:
    """A file, read in a process of its own within limits. Raises Unreadable, naming the file."""
    with _naming(path):
        if not path.exists():
            raise Unreadable("there is no such file")
        with ParserPool() as pool:
            return pool.parse(path, password=password)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        kind = Skipped if isinstance(error, Skipped) else Unreadable
        raise kind(f"{path} cannot be checked: {error.message}.", hint=error.hint) from error
