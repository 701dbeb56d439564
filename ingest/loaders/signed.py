"""What a mail holds that was signed into one block (S/MIME, "opaque" signing), without a check.

Such a block is a structure in ASN.1 (RFC 5652, "SignedData"), whose content is a mail of its own:

    SEQUENCE { OID signedData, [0] SEQUENCE { version, algorithms, SEQUENCE { OID, [0] content } } }

Lengths may be given, or left open until two zero bytes; and the content may come in pieces.
"""

import base64
import binascii
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_CONSTRUCTED, _LONG = 0x20, 0x1F
_OID, _OCTETS, _SEQUENCE, _FIRST = 0x06, 0x04, 0x30, 0xA0  # the last is [0], constructed
_DEEPEST = 20


class _Malformed(ValueError):
    """The bytes are no such structure."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A tag, where its content begins and ends, and where the next value does."""

    tag: int
    start: int
    end: int
    next: int


def signed_content(part: Message) -> bytes | None:
    """The mail that was signed; None where the part holds none, as one that is encrypted."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    if not payload.startswith(b"\x30"):  # in letters, of which the header does not tell
        try:
            payload = base64.b64decode(payload)
        except (binascii.Error, ValueError):
            return None
    try:
        return _content(payload)
    except (_Malformed, IndexError):
        return None


def _content(data: bytes) -> bytes | None:
    kind, body = _inside(data, _value(data, 0), 2)
    if data[kind.start : kind.end] != _SIGNED_DATA or body.tag != _FIRST:
        return None
    (signed,) = _inside(data, body, 1)
    *_, content = _inside(data, signed, 3)
    parts = _inside(data, content, 2)
    (octets,) = _inside(data, parts[1], 1)
    return b"".join(_pieces(data, octets))


def _pieces(data: bytes, value: _Value, depth: int = 0) -> Iterator[bytes]:
    """The bytes of a string that may come in pieces."""
    if value.tag == _OCTETS:
        yield data[value.start : value.end]
    elif value.tag == _OCTETS | _CONSTRUCTED and depth < _DEEPEST:
        for each in _values(data, value.start, value.end):
            yield from _pieces(data, each, depth + 1)
    else:
        raise _Malformed


def _inside(data: bytes, value: _Value, count: int) -> list[_Value]:
    """The first values in one. Raises _Malformed where there are fewer."""
    if not value.tag & _CONSTRUCTED:
        raise _Malformed
    found = [*itertools.islice(_values(data, value.start, value.end), count)]
    if len(found) < count:
        raise _Malformed
    return found


def _values(data: bytes, start: int, end: int) -> Iterator[_Value]:
    while start < end and data[start : start + 2] != b"\0\0":
        value = _value(data, start)
        if value.next > end:
            raise _Malformed
        yield value
        start = value.next


def _value(data: bytes, at: int, depth: int = 0) -> _Value:
    """The value that begins there."""
    tag, length, at = data[at], data[at + 1], at + 2
    if tag & _LONG == _LONG or depth > _DEEPEST:
        raise _Malformed
    if length == 0x80:  # open: it ends with two zero bytes
        start = at
        while data[at : at + 2] != b"\0\0":
            at = _value(data, at, depth + 1).next
        return _Value(tag, start, at, at + 2)
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    if at + length > len(data):
        raise _Malformed
    return _Value(tag, at, at + length, at + length)
