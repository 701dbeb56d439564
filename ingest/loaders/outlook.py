"""Mails that Outlook saved (.msg): the header lines that people read, then the body.

A property of a mail is a stream of its own, named by the property's number and type (MS-OXMSG). Of
the body's forms the plain one is read; where it is blank, the HTML one, or that in compressed RTF
(MS-OXRTFCP). Attachments are named; a mail that is attached is read.
"""

import email
import email.policy
import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import olefile

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.mail_headers import FIELDS, field
from quire.ingest.loaders.rtf import add_rtf
from quire.ingest.loaders.text import add_text
from quire.ingest.loaders.webpage import add_html

_HINT = "Save it anew from its mail program, or as EML."
_STREAM = "__substg1.0_"
_PROPERTIES = "__properties_version1.0"
_ATTACHED = "__attach_version1.0_#"
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS, _SENT = 0x0037, 0x1000, 0x1013, 0x1009, 0x007D, 0x0039
_SENDER, _ADDRESS, _SMTP, _TO, _CC = 0x0C1A, 0x0C1F, 0x5D01, 0x0E04, 0x0E03
_LONG_NAME, _SHORT_NAME, _INNER = 0x3707, 0x3704, "3701000D"
_DEEPEST = 5  # mails in mails
_MOST = 1000  # attachments
_NAMED = 20
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_COMPRESSED = b"LZFu"
# What the window of MS-OXRTFCP holds at the beginning.
_WINDOW = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def read(source: Source) -> Content:
    """One page without a number; the title is the subject."""
    builder = ContentBuilder(source.limits)
    try:
        with olefile.OleFileIO(io.BytesIO(source.data)) as container:
            mail = _Mail(container, "", source.limits)
            subject = mail.add_to(builder, level=1)
    # What the container claims of its streams may be false in any way.
    except (OSError, ValueError, IndexError, TypeError, AttributeError, struct.error) as error:
        raise Unreadable("damaged message", hint=_HINT) from error
    return builder.finish(subject[:300] or source.stem)


class _Mail:
    """A mail in a container, the whole of it or one that is attached to another."""

    def __init__(self, container: olefile.OleFileIO, folder: str, limits: Limits) -> None:
        self._container = container
        self._folder = folder
        self._limits = limits

    def add_to(self, builder: ContentBuilder, *, level: int) -> str:
        """Adds the mail; returns its subject."""
        fields = self._fields()
        subject = fields["Subject"]
        builder.add("heading", subject, level=level)
        lines = [f"{name}: {value}" for name, value in fields.items() if value]
        builder.add("paragraph", "\n".join(lines))
        self._add_body(builder)
        attached: list[str] = []
        for folder in self._attachments():
            inner = f"{folder}/{_STREAM}{_INNER}"
            if self._container.exists(f"{inner}/{_PROPERTIES}") and level < _DEEPEST:
                _Mail(self._container, inner, self._limits).add_to(builder, level=level + 1)
            else:
                part = _Mail(self._container, folder, self._limits)
                name = part.text(_LONG_NAME) or part.text(_SHORT_NAME)
                attached += [clean_line(name)] if name.strip() else []
        if attached:
            names = ", ".join(attached[:_NAMED])
            builder.warn(f"The attachments are not read: {names}. Save and add them by themselves.")
        return subject

    def text(self, number: int) -> str:
        """A property that is text, empty where it is not there."""
        if data := self._stream(number, "001F"):
            return data.decode("utf-16-le", "replace")
        data = self._stream(number, "001E") or self._stream(number, "0102")
        return decode(data, limit=self._limits.characters)[0] if data else ""

    def _fields(self) -> dict[str, str]:
        """What is shown above the mail; the header that came with it knows best."""
        message = email.message_from_string(self.text(_HEADERS), policy=email.policy.compat32)
        found = {name: field(message, name) for name in FIELDS}
        sender = clean_line(self.text(_SENDER))
        address = clean_line(self.text(_SMTP) or self.text(_ADDRESS))
        both = f"{sender} <{address}>" if "@" in address and address != sender else sender
        own = {
            "From": both or address,
            "To": self.text(_TO),
            "Cc": self.text(_CC),
            "Date": self._sent(),
            "Subject": self.text(_SUBJECT),
        }
        return {name: found[name] or clean_line(own[name].rstrip("\0")) for name in FIELDS}

    def _add_body(self, builder: ContentBuilder) -> None:
        if (plain := self.text(_BODY)).strip("\0\r\n\t \xa0"):
            add_text(plain, builder)
        elif (page := self.text(_HTML)).strip():
            add_html(page, builder, limits=self._limits)
        elif packed := self._stream(_RTF, "0102"):
            add_rtf(unpacked(packed, most=self._limits.archive_part_bytes), builder,
                    limits=self._limits)  # fmt: skip

    def _sent(self) -> str:
        """When the mail was sent, from the properties of fixed size: 16 bytes each."""
        path = self._path(_PROPERTIES)
        if not self._container.exists(path):
            return ""
        data = self._container.openstream(path).read()
        start = 24 if self._folder else 32
        for at in range(start, len(data) - 15, 16):
            kind, number, _, value = struct.unpack_from("<HHIQ", data, at)
            if (number, kind) == (_SENT, 0x0040) and value < 1 << 62:
                moment = _EPOCH + timedelta(microseconds=value // 10)
                return moment.strftime("%Y-%m-%d %H:%M UTC")
        return ""

    def _stream(self, number: int, kind: str) -> bytes:
        path = self._path(f"{_STREAM}{number:04X}{kind}")
        return (
            bytes(self._container.openstream(path).read()) if self._container.exists(path) else b""
        )

    def _attachments(self) -> Iterator[str]:
        """The storages of the attachments, in the order of their numbers."""
        depth = self._folder.count("/") + 1 if self._folder else 0
        found = {
            "/".join(path[: depth + 1])
            for path in self._container.listdir(streams=True, storages=False)
            if len(path) > depth + 1
            and path[depth].startswith(_ATTACHED)
            and "/".join(path[:depth]) == self._folder
        }
        yield from sorted(found)[:_MOST]

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name


def unpacked(data: bytes, *, most: int) -> bytes:
    """The RTF in a compressed body, at most so many bytes of it.

    A byte of flags stands before eight tokens: a letter, or two bytes that say where in a window of
    4,096 bytes a run of 2 to 17 letters stands.
    """
    if len(data) < 16 or data[8:12] != _COMPRESSED:
        return data[16:]  # stored as it is
    window = bytearray(_WINDOW.ljust(4096, b"\0"))
    place = len(_WINDOW)
    out = bytearray()
    at = 16
    while at < len(data) and len(out) < most:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                run, begin, at = 1, -1, at + 1
            elif at + 1 < len(data):
                pair = data[at] << 8 | data[at + 1]
                begin, run, at = pair >> 4, (pair & 15) + 2, at + 2
                if begin == place:
                    return bytes(out)
            else:
                return bytes(out)
            for step in range(run):
                letter = data[at - 1] if begin < 0 else window[(begin + step) % 4096]
                out.append(letter)
                window[place] = letter
                place = (place + 1) % 4096
    return bytes(out)
