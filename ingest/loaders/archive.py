"""Zip archives that cannot do harm: a part is inflated when it is read, and never past a limit.

Office files and EPUB are zip archives of XML. The central directory is checked first, because it
costs nothing: how many parts there are, how far those inflate that may be read, that none is
encrypted or there twice. As the directory may lie, what is read is counted again; and XML that
brings a document type of its own is refused, as no writer of office files makes one. Pictures,
sounds and films are never inflated, so they may be as large, or pack as well, as they like.
"""

import io
import re
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, Any

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits

_CHUNK = 1 << 20
_RATIO_FROM = 1_000_000  # bytes inflated; tiny parts compress arbitrarily well
_ENCRYPTED = 0x1
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_TAIL = 16  # bytes of a piece that may begin what ends in the next
_READ = {"", ".xml", ".rels", ".vml", ".xhtml", ".html", ".htm", ".svg", ".opf", ".mht", ".mhtml"}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)
_DAMAGED = "damaged archive"
_HINT = "Open it in its program and save it anew."


class Archive:
    """The parts of a zip archive, by name. Raises Unreadable if it is damaged or breaks a limit,
    and Skipped if it is encrypted.

    `types_allowed` lets XML document types pass, for EPUB, whose pages are XHTML; its loader
    reads them with a parser that resolves nothing.
    """

    def __init__(self, data: bytes, *, limits: Limits, types_allowed: bool = False) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*_BROKEN, ValueError) as error:
            raise Unreadable(_DAMAGED, hint=_HINT) from error
        self._limits = limits
        self._types_allowed = types_allowed
        self._inflated = 0
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        _check_directory(self._zip.infolist(), limits)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def names(self) -> list[str]:
        """The names of all parts, in the order of the directory."""
        return list(self._entries)

    def read(self, name: str, *, most: int | None = None) -> bytes:
        """The bytes of a part, or as many as are wanted. Raises KeyError where there is none."""
        with self.open(name) as part:
            if most is not None:
                return part.read(most)
            pieces = []
            while piece := part.read(_CHUNK):
                pieces.append(piece)
            return b"".join(pieces)

    def open(self, name: str) -> "Part":
        """A part to be read piece by piece. Raises KeyError where there is none."""
        entry = self._entries[name]
        try:
            return Part(self, entry, self._zip.open(entry))
        except _BROKEN as error:
            raise Unreadable(_DAMAGED, hint=_HINT) from error
        except RuntimeError as error:  # zipfile's answer to a password
            raise _password_needed() from error

    def tree(self, name: str) -> Any:
        """The root element of a part that is XML. Raises KeyError where there is none."""
        return xml_tree(self.read(name))

    def count(self, size: int) -> None:
        """Counts bytes that were inflated; raises Unreadable if all together are too many."""
        self._inflated += size
        if self._inflated > self._limits.archive_bytes:
            raise _too_large("its files", self._limits.archive_bytes)

    def check(self, entry: zipfile.ZipInfo, size: int) -> None:
        """Raises Unreadable if a part must not have so many bytes."""
        _check_size(entry, size, self._limits)

    @property
    def types_allowed(self) -> bool:
        """Whether XML may bring a document type."""
        return self._types_allowed


class Part(io.RawIOBase):
    """A part that is being inflated, within the limits of its archive."""

    def __init__(self, archive: Archive, entry: zipfile.ZipInfo, part: IO[bytes]) -> None:
        super().__init__()
        self._archive = archive
        self._entry = entry
        self._part = part
        self._size = 0
        self._tail = b""
        self._wide = False

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them and never more than a megabyte."""
        wanted = min(size, _CHUNK) if size >= 0 else _CHUNK
        try:
            piece = self._part.read(wanted)
        except _BROKEN as error:
            raise Unreadable(_DAMAGED, hint=_HINT) from error
        if not self._size:
            self._wide = b"\x00" in piece[:4] or piece.startswith(_BOMS)
        self._size += len(piece)
        self._archive.check(self._entry, self._size)
        self._archive.count(len(piece))
        if not self._archive.types_allowed:
            text = self._tail + (piece.replace(b"\x00", b"") if self._wide else piece)
            if _DOCTYPE.search(text):
                raise Unreadable("damaged file: its XML brings a document type")
            self._tail = text[-_TAIL:]
        return piece

    def close(self) -> None:
        """Lets go of the archive."""
        self._part.close()
        super().close()


def xml_tree(data: bytes) -> Any:
    """The root element of some XML, read by a parser that resolves no entity, loads no document
    type and connects to nothing."""
    from lxml import etree  # noqa: PLC0415 — slow to import, and this module tells what files are

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(data, parser)


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.archive_entries:
        raise Unreadable(
            f"limit: the archive has {len(entries):,} files, more than {limits.archive_entries:,}"
        )
    names = set()
    total = 0
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise _password_needed()
        if entry.filename in names:
            raise Unreadable(f"damaged archive: two files are called {entry.filename[:100]!r}")
        names.add(entry.filename)
        if PurePosixPath(entry.filename).suffix.lower() in _READ:
            total += entry.file_size
            _check_size(entry, entry.file_size, limits)
    if total > limits.archive_bytes:
        raise _too_large("its files", limits.archive_bytes)


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


def _password_needed() -> Skipped:
    return Skipped("password needed", hint="Save it without a password, then add it.")
