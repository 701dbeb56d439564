"""Checksums: each row of the catalog that holds a text or a vector is tested when it is read."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from quire.errors import KnowledgeBaseDamaged

_AT_ONCE = 100_000  # characters encoded at once


def checksum(*values: str | bytes | float | None) -> int:
    """CRC-32 over the values of a row, kept beside them and tested whenever they are read."""
    found = 0
    for position, value in enumerate(values):
        if position:
            found = zlib.crc32(b"\x1f", found)
        if isinstance(value, bytes):
            found = zlib.crc32(value, found)
            continue
        text = str(value)
        for at in range(0, len(text), _AT_ONCE):  # a text may have millions of characters
            found = zlib.crc32(text[at : at + _AT_ONCE].encode(), found)
    return found


def is_sound(row: Sequence[Any]) -> bool:
    """Whether a row, whose last column is the checksum of the others, is as it was stored."""
    *values, kept = row
    return bool(checksum(*values) == kept)


def tested_pairs(rows: Iterable[tuple[Any, ...]]) -> list[tuple[str, str, bool]]:
    """Rows of two texts and their checksum, as both texts and whether they are as they were stored.
    They are given as bytes: what is damaged need not be text."""
    found = []
    for raw_first, raw_second, kept in rows:
        first, second = (raw.decode("utf-8", "replace") for raw in (raw_first, raw_second))
        found.append((first, second, checksum(first, second) == kept))
    return found


def mended_row(row: Sequence[Any]) -> tuple[Any, ...] | None:
    """A row of bytes and numbers as it was before one of its bits changed; None where more than one
    bit has.

    The checksums of two rows that differ in one bit are never the same, so there is one such row at
    most.
    """
    *values, kept = row
    if (checksum(*values) ^ kept).bit_count() == 1:
        return (*values, checksum(*values))
    for at, value in enumerate(values):
        for other in _one_bit_away(value):
            changed = (*values[:at], other, *values[at + 1 :])
            if checksum(*changed) == kept:
                return (*changed, kept)
    return None


def _one_bit_away(value: Any) -> Iterator[Any]:
    if isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(63))
    elif isinstance(value, bytes):
        for bit in range(8 * len(value)):
            changed = bytearray(value)
            changed[bit // 8] ^= 1 << bit % 8
            yield bytes(changed)


def require_sound(row: Sequence[Any], what: str) -> None:
    """Raise KnowledgeBaseDamaged for a row that is not as it was stored."""
    if not is_sound(row):
        raise damaged(what)


def damaged(what: str) -> KnowledgeBaseDamaged:
    """The error for something that the catalog keeps."""
    return KnowledgeBaseDamaged(
        f"The catalog's copy of {what} is damaged.", hint="Run: quire verify --repair"
    )
