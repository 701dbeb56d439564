"""Messages between Quire and its parser processes: JSON behind its length (4 bytes, big-endian)."""

import json
import struct
from typing import IO, Any

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
