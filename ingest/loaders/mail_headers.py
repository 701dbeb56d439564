"""The header lines of a mail as people read them, whatever way they were written in.

Words are encoded as RFC 2047 says, or simply written in UTF-8 or the body's encoding, which it
forbids and many programs do.
"""

import base64
import binascii
import quopri
import re
from email.message import Message

from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import ContentBuilder
from quire.ingest.loaders.encoding import decode

FIELDS = ("From", "To", "Cc", "Date", "Subject")
"""What a reader of a mail sees above it."""

_LONGEST = 100_000  # characters of a field
_PARTS = 100  # in which the encoding of a body is looked for
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\n]*)\?=")


def add_headers(message: Message, builder: ContentBuilder, *, level: int) -> str:
    """Adds the subject as a heading and the header lines; returns the subject."""
    subject = field(message, "Subject")
    builder.add("heading", subject, level=level)
    lines = [f"{name}: {value}" for name in FIELDS if (value := field(message, name))]
    builder.add("paragraph", "\n".join(lines))
    return subject


def field(message: Message, name: str) -> str:
    """A field of a header in one line, empty where it is not there."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            return clean_line(decoded(str(value)[:_LONGEST], charset=_charset(message)))
    return ""


def decoded(value: str, *, charset: str | None = None) -> str:
    """A header's value with its encoded words decoded, or as it stands if they are damaged.

    `charset` is the encoding of the mail's body, which bare bytes are likely to be in.
    """
    if not value.isascii() or "\x1b$" in value:
        data = value.encode("utf-8", "surrogateescape")
        value, _ = decode(data, limit=_LONGEST, declared=charset)
    out: list[str] = []
    at = 0
    # Bytes of words, as a letter may be cut between two of them.
    waiting: bytes | None = None
    waiting_charset = ""
    for match in _WORD.finditer(value):
        said, gap = _bytes(match[2], match[3]), value[at : match.start()]
        beside = waiting is not None and not gap.strip()
        if not beside or said is None or waiting_charset != match[1].lower():
            out += (_text(waiting, waiting_charset), "" if beside else gap)
            waiting = None
        if said is None:
            out.append(match[0])
        else:
            waiting, waiting_charset = (waiting or b"") + said, match[1].lower()
        at = match.end()
    out += (_text(waiting, waiting_charset), value[at:])
    return "".join(out)


def _bytes(kind: str, text: str) -> bytes | None:
    try:
        if kind in "qQ":
            return quopri.decodestring(text.replace("_", " ").encode("ascii"), header=False)
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return None


def _text(data: bytes | None, charset: str) -> str:
    return decode(data, limit=_LONGEST, declared=charset)[0] if data else ""


def _charset(message: Message) -> str | None:
    """The encoding that the first text in a message names."""
    for _, part in zip(range(_PARTS), message.walk(), strict=False):
        if part.get_content_maintype() == "text" and (charset := part.get_content_charset()):
            return charset
    return None
