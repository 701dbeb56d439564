"""From the bytes of a file to its text, pages and blocks.

`load` reads the file once, decides what it is by those bytes, and hands them to the one loader for
that format. Parsers of hostile files hang, swell and crash: outside of tests, call it through
`quire.ingest.parsing.pool.ParserPool`, which runs it in a worker process with budgets.
"""

import hashlib
import importlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import formats
from quire.ingest.loaders.content import Content, Source
from quire.records import ParsedDocument

# Loaders are imported by name when first needed: each brings a parser that takes time to import.
_LOADERS = {
    formats.PDF: "pdf",
    formats.DOCX: "docx",
    formats.PPTX: "slides",
    formats.XLSX: "spreadsheet",
    formats.EPUB: "epub",
    formats.HTML: "webpage",
    formats.MARKDOWN: "markdown",
    formats.CSV: "delimited",
    formats.EML: "mail",
    formats.CODE: "source_code",
    formats.PLAIN: "text",
}


def load(
    path: Path, *, password: str | None = None, limits: Limits | None = None
) -> ParsedDocument:
    """Reads and parses the file at `path`.

    Raises Skipped where there is nothing to index (empty, a scan, a format without text) or a
    password is needed, and Unreadable where the file is damaged or breaks a limit.
    """
    limits = limits or Limits()
    data = read_bytes(path, limits=limits)
    media_type = formats.media_type_of(data, path.name)
    source = Source(data, path, limits, password)
    read: Callable[[Source], Content] = importlib.import_module(
        f"quire.ingest.loaders.{_LOADERS[media_type]}"
    ).read
    content = read(source)
    return ParsedDocument(
        content_hash=hashlib.sha256(data).hexdigest(),
        media_type=media_type,
        title=content.title,
        pages=content.pages,
        blocks=content.blocks,
        warnings=content.warnings,
    )


def read_bytes(path: Path, *, limits: Limits) -> bytes:
    """The bytes of a regular file, read once; never waits on a pipe or a device."""
    try:
        # Opening a FIFO would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Skipped("not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        # What claims no size is empty, or a window into the kernel that may never end.
        if status.st_size == 0:
            raise Skipped("empty file")
        if status.st_size > limits.file_bytes:
            raise Unreadable(
                f"limit: the file has {status.st_size / 1e6:,.0f} MB,"
                f" more than {limits.file_bytes / 1e6:,.0f} MB",
                hint="Split it, or raise the limit on file size.",
            )
        try:
            # Of a file that grows meanwhile this is what it had at first.
            data = file.read(status.st_size)
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from error
    if not data:
        raise Skipped("empty file")
    return data
