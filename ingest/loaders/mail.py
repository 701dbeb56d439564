"""EML: the header lines that people read, then the body. Attachments are named, not opened."""

import email
import email.errors
import email.policy
import re
from email.header import decode_header, make_header
from email.message import Message

from quire.errors import Unreadable
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.text import add_text
from quire.ingest.loaders.webpage import add_html

_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_MAX_PARTS = 1000
_MAX_HEADER = 100_000  # bytes; decoding takes time quadratic in it, and real ones have 10,000


def read(source: Source) -> Content:
    """One page without a number; the title is the subject."""
    if re.search(rb"\n\r?\n", source.data[:_MAX_HEADER]) is None and len(source.data) > _MAX_HEADER:
        raise Unreadable(f"limit: the message's header has more than {_MAX_HEADER:,} bytes")
    try:
        # compat32: the newer policy parses addresses in quadratic time
        message = email.message_from_bytes(source.data, policy=email.policy.compat32)
    except (email.errors.MessageError, ValueError, LookupError) as error:
        raise Unreadable("damaged message") from error
    builder = ContentBuilder(source.limits)
    subject = _field(message, "Subject")
    lines = [f"{name}: {value}" for name in _FIELDS if (value := _field(message, name))]
    builder.add("heading", subject, level=1)
    builder.add("paragraph", "\n".join(lines))
    attached: list[str] = []
    for part in _bodies(message, attached):
        _add_body(part, builder, source)
    if attached:
        names = ", ".join(attached[:20])
        builder.warn(f"The attachments are not read: {names}. Save and add them by themselves.")
    return builder.finish(subject[:300] or source.stem)


def _bodies(message: Message, attached: list[str]) -> list[Message]:
    """The parts to read: of alternatives the plain text; `attached` gets the files' names."""
    found: list[Message] = []
    stack = [message]
    for _ in range(_MAX_PARTS):
        if not stack:
            break
        part = stack.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            children = [child for child in payload if isinstance(child, Message)]
            if part.get_content_type() == "multipart/alternative":
                plain = [c for c in children if c.get_content_type() == "text/plain"]
                children = plain[:1] or children[-1:]
            stack.extend(reversed(children))
        elif part.get_content_disposition() == "attachment" or not _is_text(part):
            if name := clean_line(_decoded(part.get_filename() or "")):
                attached.append(name)
        else:
            found.append(part)
    return found


def _is_text(part: Message) -> bool:
    return part.get_content_type() in {"text/plain", "text/html"}


def _add_body(part: Message, builder: ContentBuilder, source: Source) -> None:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return
    charset = part.get_content_charset()
    text, cut = decode(payload, limit=source.limits.characters, declared=charset)
    if part.get_content_type() == "text/html":
        add_html(text, builder, limits=source.limits)
    else:
        add_text(text, builder)
    if cut:
        builder.warn_of_cut()


def _field(message: Message, name: str) -> str:
    return clean_line(_decoded(str(message.get(name, ""))))


def _decoded(value: str) -> str:
    """A header's value with its encoded words decoded, or as it stands if they are damaged."""
    try:
        return str(make_header(decode_header(value)))
    except (email.errors.HeaderParseError, UnicodeError, LookupError, ValueError):
        return value
