"""Vectors of another embedding model, gathered beside those in use until all are there.

A knowledge base answers from the vectors that it has while those of another model are computed,
which takes minutes or hours. They wait in a table of their own, so that a run that was interrupted
goes on, and take the place of the old ones in one transaction, together with what the catalog says
of the model that made them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt

from quire.indexes import settings
from quire.indexes.checksums import checksum, is_sound

TARGET = "reindexing"  # the setting that says which model the waiting vectors are of


# Read as bytes: of what is damaged, the kind may have changed.
_STAGED = "SELECT chunk_id, CAST(text_hash AS BLOB), CAST(vector AS BLOB), checksum FROM staged"


def target(connection: apsw.Connection) -> dict[str, Any]:
    """The model whose vectors are being gathered, as `begin` was told; empty when none are."""
    found = settings.one(connection, TARGET)
    return found if isinstance(found, dict) else {}


def begin(connection: apsw.Connection, model: Mapping[str, Any]) -> None:
    """Gather vectors of `model` from now on. Those of another one are dropped."""
    if target(connection) != dict(model):
        discard(connection)
        settings.put(connection, {TARGET: dict(model)})


def discard(connection: apsw.Connection) -> None:
    """Drop what was gathered."""
    connection.execute("DELETE FROM staged")
    settings.drop(connection, [TARGET])


def counts(connection: apsw.Connection) -> tuple[int, int]:
    """How many vectors wait, and of how many chunks."""
    staged, chunks = connection.execute(
        "SELECT (SELECT count(*) FROM staged), (SELECT count(*) FROM chunks)"
    ).get
    return int(staged), int(chunks)


def missing(connection: apsw.Connection, *, most: int, after: int = 0) -> list[int]:
    """The ids of chunks above `after` whose vector does not wait yet, in order."""
    rows = connection.execute(
        "SELECT id FROM chunks WHERE id > ? AND NOT EXISTS "
        "(SELECT 1 FROM staged WHERE chunk_id = id) ORDER BY id LIMIT ?",
        (after, most),
    )
    return [id_ for (id_,) in rows]


def put(
    connection: apsw.Connection, rows: Iterable[tuple[int, bytes, npt.NDArray[np.float16]]]
) -> None:
    """Add vectors, as (chunk id, hash of the embedded text, vector), of the chunks that there still
    are."""
    connection.executemany(
        "INSERT OR REPLACE INTO staged SELECT ?1, ?2, ?3, ?4 "
        "WHERE EXISTS (SELECT 1 FROM chunks WHERE id = ?1)",
        (
            (chunk, text_hash, blob, checksum(chunk, text_hash, blob))
            for chunk, text_hash, vector in rows
            for blob in [vector.astype("<f2").tobytes()]
        ),
    )


def vectors_of_texts(
    connection: apsw.Connection, text_hashes: Iterable[bytes]
) -> dict[bytes, npt.NDArray[np.float16]]:
    """Vectors that wait already, by the hash of the embedded text."""
    known = {}
    for text_hash in set(text_hashes):
        row = connection.execute(
            f"{_STAGED} WHERE text_hash = ? LIMIT 1",
            (text_hash,),
        ).fetchone()
        if row and is_sound(row):
            known[text_hash] = np.frombuffer(row[2], "<f2")
    return known


def drop_damaged(connection: apsw.Connection) -> int:
    """Drop what is not as it was stored; returns how many."""
    rows = connection.execute(_STAGED)
    damaged = [row[0] for row in rows if not is_sound(row)]
    connection.executemany("DELETE FROM staged WHERE chunk_id = ?", ((id_,) for id_ in damaged))
    return len(damaged)


def switch(connection: apsw.Connection, made_by: Mapping[str, Any]) -> None:
    """Put the gathered vectors in the place of those in use, with the settings of the model that
    made them. Snapshots of the old ones go; the indexes are made of the catalog's vectors again."""
    connection.execute("DELETE FROM vectors")
    connection.execute("INSERT INTO vectors SELECT * FROM staged")
    connection.execute("DELETE FROM snapshots")
    discard(connection)
    settings.put(connection, made_by)
