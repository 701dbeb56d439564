"""From the bytes of a file to its text, pages and blocks.

`load` reads the file once, decides what it is by those bytes, and hands them to the one loader for
that format. Parsers of hostile files hang, swell and crash: outside of tests, call it through
`quire.ingest.parsing.pool.ParserPool`, which runs it in a worker process with budgets.
"""

import hashlib
import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from quire.ingest.limits import Limits
from quire.ingest.loaders import formats
from quire.ingest.loaders.content import Content, Source
from quire.ingest.loaders.ocr.words import Recognition
from quire.ingest.loaders.opening import read_bytes
from quire.records import Blocks, Pages, ParsedDocument

# Loaders are imported by name when first needed: each brings a parser that takes time to import.
_LOADERS = {
    formats.PDF: "pdf",
    formats.DOCX: "docx",
    formats.PPTX: "slides",
    formats.XLSX: "spreadsheet",
    **dict.fromkeys((formats.ODT, formats.ODS, formats.ODP), "opendocument"),
    formats.RTF: "rtf",
    formats.EPUB: "epub",
    formats.HTML: "webpage",
    formats.MARKDOWN: "markdown",
    formats.CSV: "delimited",
    formats.EML: "mail",
    formats.MSG: "outlook",
    formats.MBOX: "mbox",
    formats.SAVED_PAGE: "saved_page",
    formats.CALENDAR: "calendars",
    formats.CODE: "source_code",
    formats.PLAIN: "text",
    formats.GIVEN: "given",
    **dict.fromkeys(formats.PICTURES, "picture"),
}

# What a file says of itself is kept to a measure, in characters.
_LONGEST_TITLE = 1_000  # stands before each chunk, where it fits
_WARNINGS = (
    20_000  # of all of them: a file may have a hidden sheet of a long name ten thousand times
)


def load(
    path: Path, *, password: str | None = None, limits: Limits | None = None
) -> ParsedDocument:
    """Reads and parses the file at `path`.

    Of a scan there is no text, and its pages are `unread`. Raises Skipped where there is nothing to
    index (empty, a format without text) or a password is needed, and Unreadable where the file is
    damaged or breaks a limit.
    """
    limits = limits or Limits()
    data = read_bytes(path, limits=limits)
    return parse(data, path, password=password, limits=limits)


def parse(
    data: bytes,
    path: Path,
    *,
    password: str | None = None,
    limits: Limits,
    recognized: Mapping[int, Recognition] | None = None,
) -> ParsedDocument:
    """As `load`, of the bytes that were read from `path`. What OCR read of the pictures of pages,
    by their numbers, becomes part of their text."""
    media_type = formats.media_type_of(data, path.name, limits=limits)
    source = Source(data, path, limits, password, recognized or {})
    read: Callable[[Source], Content] = importlib.import_module(
        f"quire.ingest.loaders.{_LOADERS[media_type]}"
    ).read
    content = read(source)
    return ParsedDocument(
        content_hash=hash_of(data),
        media_type=media_type,
        title=content.title[:_LONGEST_TITLE],
        pages=Pages.of(content.pages),
        blocks=Blocks(content.blocks),
        warnings=tuple(_measured(content.warnings)),
        unread=content.unread,
        recognized=content.recognized,
    )


def _measured(warnings: Iterable[str]) -> Iterator[str]:
    room = _WARNINGS
    for warning in warnings:
        if len(warning) > room:
            yield "Further warnings are left out."
            return
        yield warning
        room -= len(warning)


def hash_of(data: bytes) -> str:
    """The SHA-256 by which a content is known, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
