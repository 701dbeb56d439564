"""What the catalog says of itself: how many commits there were, how many documents, places, tags
and filed documents there are, and the sum of the lexical index. A row that is missing is seen in no
other.

They are counted by a hook of the connection that writes, so that no way to change a row can be
forgotten.
"""

import os
from collections import Counter
from dataclasses import astuple, dataclass, replace
from typing import Any

import apsw

from quire.indexes import lexical_sum
from quire.indexes.checksums import checksum, is_sound
from quire.indexes.folder.ledger import Entry

_COUNTED = ("documents", "locations", "tags", "filed")
_HEARD = lexical_sum.TABLES | {"documents", "locations"}  # whose rows are looked at


@dataclass(frozen=True, slots=True)
class Totals:
    """`lexical` is the sum over the rows of the lexical index."""

    commits: int = 0
    documents: int = 0
    locations: int = 0
    tags: int = 0
    filed: int = 0
    lexical: int = 0


def read(connection: apsw.Connection) -> Totals | None:
    """The totals as they were kept; with no commits where the catalog has just been made or brought
    up to date, and None where they are damaged."""
    rows: list[tuple[Any, ...]] = connection.execute("SELECT * FROM totals").fetchall()
    if not rows:
        return Totals()
    return Totals(*rows[0][:-1]) if len(rows) == 1 and is_sound(rows[0]) else None


def count(connection: apsw.Connection, *, commits: int) -> Totals:
    """The totals as they are, counted one by one."""
    documents, locations, tags, filed = connection.execute(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM locations), "
        "(SELECT count(*) FROM tags), (SELECT count(*) FROM filed)"
    ).get
    return Totals(commits, documents, locations, tags, filed, lexical_sum.of_all(connection))


def problems(connection: apsw.Connection) -> list[str]:
    """What is not as the totals say."""
    kept = read(connection)
    if kept is None:
        return ["the totals are damaged"]
    if not kept.commits:
        return []
    there = count(connection, commits=kept.commits)
    found = [
        f"{getattr(kept, what)} {what} expected, {getattr(there, what)} found"
        for what in _COUNTED
        if getattr(kept, what) != getattr(there, what)
    ]
    return found if kept.lexical == there.lexical else [*found, "the index of words is damaged"]


class Watch:
    """Hears each row that a connection changes, from one transaction to the next."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        connection.preupdate_hook(self._hear)
        self.begin()

    def begin(self) -> None:
        """A transaction begins."""
        self._rows: Counter[str] = Counter()
        self._lexical = 0
        self._lexical_changed = self._lost_count = False
        self._documents: list[tuple[int, str]] = []  # what was added (1) or removed (-1)
        self._left: dict[str, bytes] = {}  # the places that removed documents had

    def _hear(self, change: Any) -> None:
        table = change.table_name
        if table in lexical_sum.TABLES:
            self._lexical_changed = True
        elif table in _COUNTED:
            self._rows[table] += {"INSERT": 1, "DELETE": -1}.get(change.op, 0)
        if table in _HEARD:
            try:
                for sign, row in ((-1, change.old), (1, change.new)):
                    if row is not None:
                        self._hear_row(table, sign, row)
            except UnicodeDecodeError:  # a damaged row was replaced or removed
                self._lost_count = True

    def _hear_row(self, table: str, sign: int, row: tuple[Any, ...]) -> None:
        if table in lexical_sum.TABLES:
            self._lexical += sign * lexical_sum.of_row(table, row)
        elif table == "documents":
            self._documents.append((sign, row[0]))
        elif sign < 0:
            self._left[row[1]] = row[0]

    def keep(self, *, commits: int, anew: bool = False) -> tuple[Totals, list[Entry]]:
        """Keep the totals of the transaction that is about to be committed as number `commits`;
        returns them with the documents that it has added and removed. They are taken along from the
        last ones, or counted `anew`."""
        if self._lexical_changed:  # FTS5 writes what it has gathered when it must
            self._connection.execute("INSERT INTO lexical (lexical) VALUES ('flush')")
        before = read(self._connection)
        if anew or self._lost_count or before is None or before.commits == 0:
            totals = count(self._connection, commits=commits)
        else:
            counts = {table: getattr(before, table) + self._rows[table] for table in _COUNTED}
            lexical = before.lexical + self._lexical
            totals = replace(before, commits=commits, lexical=lexical, **counts)
        row = astuple(totals)
        self._connection.execute("DELETE FROM totals")
        self._connection.execute(
            "INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, checksum(*row))
        )
        # A new title is heard as a removal and an addition of the same document.
        changed = Counter[str]()
        for sign, document_id in self._documents:
            changed[document_id] += sign
        entries = [self._entry(commits, sign, id_) for id_, sign in changed.items() if sign]
        return totals, entries

    def _entry(self, commit: int, sign: int, document_id: str) -> Entry:
        place = self._left.get(document_id, b"")
        if sign > 0:
            place = self._connection.execute(
                "SELECT coalesce(min(path), x'') FROM locations WHERE document_id = ?",
                (document_id,),
            ).get
        return Entry(commit, "added" if sign > 0 else "removed", document_id, os.fsdecode(place))
