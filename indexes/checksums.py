"""Checksums: each row of the catalog that holds a text or a vector is tested when it is read."""

import zlib
from collections.abc import Sequence
from typing import Any

from quire.errors import KnowledgeBaseDamaged


def checksum(*values: str | bytes | int | None) -> int:
    """CRC-32 over the values of a row, kept beside them and tested whenever they are read."""
    parts = (value if isinstance(value, bytes) else str(value).encode() for value in values)
    return zlib.crc32(b"\x1f".join(parts))


def is_sound(row: Sequence[Any]) -> bool:
    """Whether a row, whose last column is the checksum of the others, is as it was stored."""
    *values, kept = row
    return bool(checksum(*values) == kept)


def require_sound(row: Sequence[Any], what: str) -> None:
    """Raise KnowledgeBaseDamaged for a row that is not as it was stored."""
    if not is_sound(row):
        raise damaged(what)


def damaged(what: str) -> KnowledgeBaseDamaged:
    """The error for something that the catalog keeps."""
    return KnowledgeBaseDamaged(
        f"The catalog's copy of {what} is damaged.", hint="Run: quire verify --repair"
    )
