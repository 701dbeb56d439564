"""The catalog's own count of its commits and documents, raised with each commit.

What a commit did to documents is noted by triggers of the connection that writes, so that no way
to change them can be forgotten.
"""

import os
from dataclasses import dataclass
from typing import Any

import apsw

from quire.indexes.checksums import checksum, is_sound
from quire.indexes.folder.ledger import Entry

_NOTING = """
CREATE TEMP TABLE noted (kind TEXT NOT NULL, document_id TEXT NOT NULL, place BLOB);
CREATE TEMP TRIGGER noted_adding AFTER INSERT ON main.documents BEGIN
    INSERT INTO noted VALUES ('added', new.id, NULL);
END;
CREATE TEMP TRIGGER noted_removing AFTER DELETE ON main.documents BEGIN
    INSERT INTO noted VALUES ('removed', old.id, NULL);
END;
CREATE TEMP TRIGGER noted_leaving AFTER DELETE ON main.locations BEGIN
    INSERT INTO noted VALUES ('left', old.document_id, old.path);
END;
"""
_NOTED = """
SELECT kind, document_id, CAST(coalesce(
    (SELECT min(path) FROM locations WHERE kind = 'added' AND document_id = noted.document_id),
    (SELECT min(place) FROM noted AS before
     WHERE before.kind = 'left' AND before.document_id = noted.document_id),
    ''
) AS BLOB) FROM noted WHERE kind <> 'left' ORDER BY rowid
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many commits there were, and how many documents there are. `sound` says whether that is
    as it was stored; otherwise it is 0."""

    commits: int = 0
    documents: int = 0
    sound: bool = True


def watch(connection: apsw.Connection) -> None:
    """Note from now on which documents this connection adds and removes."""
    connection.pragma("temp_store", "memory")
    connection.execute(_NOTING)


def read(connection: apsw.Connection) -> Totals:
    """What the catalog says of itself. One that has just been made or migrated says nothing."""
    rows: list[tuple[Any, ...]] = connection.execute("SELECT * FROM totals").fetchall()
    if not rows:
        return Totals()
    (row,) = rows[:1]
    return Totals(row[0], row[1]) if is_sound(row) else Totals(sound=False)


def count(connection: apsw.Connection, *, commits: int) -> tuple[int, list[Entry]]:
    """Count the transaction that is about to be committed as number `commits`; returns how many
    documents there are then, and which ones it added and removed."""
    noted: list[tuple[Any, ...]] = connection.execute(_NOTED).fetchall()
    before = read(connection)
    known = before.sound and before.commits > 0
    added = sum(1 if kind == "added" else -1 for kind, _, _ in noted)
    documents = before.documents + added if known else documents_in(connection)
    row = (commits, documents)
    connection.execute("DELETE FROM totals")
    connection.execute("INSERT INTO totals VALUES (?, ?, ?)", (*row, checksum(*row)))
    connection.execute("DELETE FROM temp.noted")
    return documents, [Entry(commits, kind, id_, os.fsdecode(place)) for kind, id_, place in noted]


def documents_in(connection: apsw.Connection) -> int:
    """How many documents there are, counted one by one."""
    return int(connection.execute("SELECT count(*) FROM documents").get)
