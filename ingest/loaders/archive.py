"""Zip archives that cannot do harm: checked before anything in them is parsed.

DOCX, PPTX, XLSX and EPUB are zip archives of XML. The central directory is checked first, because
it costs nothing; as it may lie, every part is then inflated once with the same limits, and XML
that brings a document type of its own is refused, as no writer of these formats makes one.
"""

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits

if TYPE_CHECKING:
    from lxml import etree

_CHUNK = 1 << 20
_RATIO_FROM = 1_000_000  # bytes inflated; tiny parts compress arbitrarily well
_ENCRYPTED = 0x1
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_DAMAGED = "damaged archive"
_HINT = "Open it in its program and save it anew."


def entry_names(data: bytes) -> frozenset[str]:
    """The names in the central directory. Raises Unreadable if there is none."""
    with _open(data) as archive:
        return frozenset(archive.namelist())


def check(data: bytes, *, limits: Limits, xml_types_allowed: bool = False) -> None:
    """Raises Unreadable if the archive is damaged, breaks a limit or brings an XML document type.

    `xml_types_allowed` lets document types pass, for EPUB, whose pages are XHTML; its loader
    reads them with a parser that resolves nothing.
    """
    with _open(data) as archive:
        entries = archive.infolist()
        _check_directory(entries, limits)
        total = 0
        for entry in entries:
            total += _inflate(archive, entry, limits, refuse_types=not xml_types_allowed)
            if total > limits.archive_bytes:
                raise _too_large("its files", limits.archive_bytes)


def xml_parser() -> "etree.XMLParser":
    """A parser that resolves no entity, loads no document type and connects to nothing."""
    from lxml import etree  # noqa: PLC0415 — slow to import, and this module tells what files are

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _open(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable(_DAMAGED, hint=_HINT) from error


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.archive_entries:
        raise Unreadable(
            f"limit: the archive has {len(entries):,} files, more than {limits.archive_entries:,}"
        )
    names = set()
    total = 0
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise Skipped("password needed", hint="Save it without a password, then add it.")
        if entry.filename in names:
            raise Unreadable(f"damaged archive: two files are called {entry.filename[:100]!r}")
        names.add(entry.filename)
        total += entry.file_size
        _check_size(entry, entry.file_size, limits)
    if total > limits.archive_bytes:
        raise _too_large("its files", limits.archive_bytes)


def _inflate(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits, *, refuse_types: bool
) -> int:
    """Inflates one part without keeping it; returns its true size."""
    size = 0
    is_xml = refuse_types and entry.filename.endswith((".xml", ".rels", ".vml"))
    tail = b""
    try:
        with archive.open(entry) as part:
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                _check_size(entry, size, limits)
                if is_xml:
                    text = tail + chunk
                    if size <= _CHUNK and text.startswith(_BOMS):
                        text = text.replace(b"\x00", b"")
                    if _DOCTYPE.search(text):
                        raise Unreadable("damaged file: its XML brings a document type")
                    tail = chunk[-16:]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise Unreadable(_DAMAGED, hint=_HINT) from error
    except RuntimeError as error:  # zipfile's answer to a password
        raise Skipped("password needed", hint="Save it without a password, then add it.") from error
    return size


def _check_size(entry: zipfile.ZipInfo, size: int, limits: Limits) -> None:
    if size > limits.archive_part_bytes:
        raise _too_large("a file in it", limits.archive_part_bytes)
    if size > _RATIO_FROM and size > limits.archive_ratio * max(entry.compress_size, 1):
        raise Unreadable(
            f"limit: a file in the archive is packed more than {limits.archive_ratio:g} to one"
        )


def _too_large(what: str, limit: int) -> Unreadable:
    return Unreadable(
        f"limit: the archive inflates too far, {what} to more than {limit / 1e6:g} MB"
    )
