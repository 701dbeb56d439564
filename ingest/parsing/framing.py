"""Messages between Quire and its parser processes: JSON behind its length (4 bytes, big-endian)."""

import json
import struct
from typing import IO, Any

from quire.records import Block, PageText, ParsedDocument

_LENGTH = struct.Struct(">I")


def send(pipe: IO[bytes], message: dict[str, Any]) -> None:
    """Writes one message. Raises OSError if nobody reads."""
    # ASCII with escapes carries file names that are not UTF-8, as Python's lone surrogates.
    body = json.dumps(message).encode("ascii")
    pipe.write(_LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> dict[str, Any] | None:
    """The next message, or None if the pipe ended before a whole one came."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def pack_document(document: ParsedDocument) -> dict[str, Any]:
    """A document as plain lists: a file may have a million blocks, and field names cost time."""
    return {
        "content_hash": document.content_hash,
        "media_type": document.media_type,
        "title": document.title,
        "pages": [(page.number, page.text) for page in document.pages],
        "blocks": [(b.kind, b.start, b.end, b.level) for b in document.blocks],
        "warnings": document.warnings,
    }


def unpack_document(fields: dict[str, Any]) -> ParsedDocument:
    """The document that `pack_document` packed."""
    return ParsedDocument(
        content_hash=fields["content_hash"],
        media_type=fields["media_type"],
        title=fields["title"],
        pages=tuple(PageText(number, text) for number, text in fields["pages"]),
        blocks=tuple(Block(*block) for block in fields["blocks"]),
        warnings=tuple(fields["warnings"]),
    )
