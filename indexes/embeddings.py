"""The chunks' vectors as rows of the catalog, with the changes that the index in memory replays."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import apsw
import numpy as np
import numpy.typing as npt

from quire.indexes.checksums import checksum, is_sound, require_sound
from quire.records import Chunk

# Read as bytes: of what is damaged, the kind may have changed.
_VECTORS = "SELECT chunk_id, CAST(text_hash AS BLOB), CAST(vector AS BLOB), checksum FROM vectors"


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """A chunk with the hash of the text that was embedded for it, and its vector (float16)."""

    chunk: Chunk
    text_hash: bytes
    vector: npt.NDArray[np.float16]


class EmbeddedChunks(Protocol):
    """The chunks of a document with their vectors, in order: a list, or what makes them one by
    one."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[EmbeddedChunk]: ...


def put(
    connection: apsw.Connection, rows: Iterable[tuple[int, bytes, npt.NDArray[np.float16]]]
) -> None:
    """Add or replace the vectors of chunks, as (chunk id, hash of the embedded text, vector)."""
    connection.executemany(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
        (
            (chunk, text_hash, blob, checksum(chunk, text_hash, blob))
            for chunk, text_hash, vector in rows
            for blob in [vector.astype("<f2").tobytes()]
        ),
    )


def drop(connection: apsw.Connection, chunks: Iterable[int]) -> None:
    """Remove the vectors of chunks that stay."""
    connection.executemany("DELETE FROM vectors WHERE chunk_id = ?", ((chunk,) for chunk in chunks))


def note_change(connection: apsw.Connection, kind: str, first: int, last: int) -> None:
    """Note that the chunks `first` to `last` came ("add") or went ("remove")."""
    connection.execute(
        "INSERT INTO changes (kind, chunk_first, chunk_last) VALUES (?, ?, ?)", (kind, first, last)
    )


def note_replaced(connection: apsw.Connection, chunks: Iterable[int]) -> None:
    """Have every index take the vectors of these chunks anew."""
    for chunk in chunks:
        note_change(connection, "remove", chunk, chunk)
        note_change(connection, "add", chunk, chunk)


def of_texts(
    connection: apsw.Connection, text_hashes: Iterable[bytes]
) -> dict[bytes, npt.NDArray[np.float16]]:
    """Vectors that were computed before, by the hash of the embedded text."""
    known = {}
    for text_hash in set(text_hashes):
        row = connection.execute(
            f"{_VECTORS} WHERE text_hash = ? LIMIT 1",
            (text_hash,),
        ).fetchone()
        if row and is_sound(row):
            known[text_hash] = np.frombuffer(row[2], "<f2")
    return known


def between(
    connection: apsw.Connection, first: int, last: int
) -> Iterator[tuple[int, npt.NDArray[np.float16]]]:
    """(chunk id, vector) of the chunks `first` to `last` that exist, tested."""
    for row in connection.execute(
        f"{_VECTORS} WHERE chunk_id BETWEEN ? AND ? ORDER BY chunk_id",
        (first, last),
    ):
        require_sound(row, f"the vector of chunk {row[0]}")
        yield row[0], np.frombuffer(row[2], "<f2")


def sound(connection: apsw.Connection) -> dict[int, bool]:
    """Of each chunk id that has a vector, whether the vector is as it was stored."""
    rows = connection.execute(_VECTORS)
    return {row[0]: is_sound(row) for row in rows}
