"""What was acknowledged, in a small file beside a database.

A commit stands at the end of SQLite's log until it is copied into the database. Where that end is
lost (a disk that lies about its flushes, a log that was deleted or cut off), SQLite opens the state
before it without a word. So every commit has a number: it stands in the database, and from the
moment in which it is durable also here. Opening compares the two. A database that is ahead is one
whose process ended between commit and note. One that is behind has lost what it acknowledged, and
the latest entries here say which documents that were.

The numbers of lost commits are used again. Hence what is missing is noted here before the next
commit, and told for as long as it is missing.
"""

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from quire.indexes.folder import files

Kind = Literal["added", "removed"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document that a commit added or removed; `place` is the path at which it lay."""

    commit: int
    kind: Kind
    document_id: str
    place: str


@dataclass(frozen=True, slots=True)
class Losses:
    """What was acknowledged and is not in the database: so many commits, with what is known of
    them."""

    commits: int = 0
    entries: tuple[Entry, ...] = ()

    def among(self, there: AbstractSet[str]) -> "Losses":
        """The same with those entries alone that are still lost, where these documents are
        there."""
        last = {entry.document_id: entry for entry in self.entries}
        left = [e for id_, e in last.items() if (id_ in there) == (e.kind == "removed")]
        return Losses(self.commits, tuple(left))

    def of(self, kind: Kind) -> list[Entry]:
        """The documents that are missing ("added"), or back although they were "removed"."""
        return [entry for entry in self.entries if entry.kind == kind]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The last commit that was acknowledged, the documents that the `latest` ones added or
    removed, and what was found `lost` before."""

    serial: int = 0
    commits: int = 0
    rows: int = 0
    latest: tuple[Entry, ...] = ()
    lost: Losses = Losses()

    def losses(self, commits: int) -> Losses:
        """What a database lacks that has taken so many commits."""
        fresh = [entry for entry in self.latest if entry.commit > commits]
        behind = max(0, self.commits - commits)
        return Losses(self.lost.commits + behind, (*self.lost.entries, *fresh))


class Ledger:
    """The file at `path`. Its writers hold the database's own lock; anybody may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Acknowledged:
        """What was acknowledged last. Nothing where there is no such file, or none that can be
        read: then nothing can be told, and the next commit writes it anew.

        Read it before the number of commits in the database: the other way round, a commit in
        between would look lost.
        """
        found = []
        for content in files.read_in_turn(self._path):
            try:
                found.append(_parsed(json.loads(content)))
            except (ValueError, KeyError, TypeError):  # of another version
                continue
        return max(found, key=lambda each: each.serial, default=Acknowledged())

    def is_sound(self) -> bool:
        """Whether the file is there and can be read."""
        return bool(files.read_in_turn(self._path))

    def write(self, acknowledged: Acknowledged) -> Acknowledged:
        """Put this in the place of what was read before; returns it as it is read from now on, once
        it is durable."""
        written = replace(acknowledged, serial=acknowledged.serial + 1)
        while len(content := _content(written)) > files.ROOM:
            written = _shortened(written)
        files.write_in_turn(self._path, content, turn=written.serial)
        return written


def _content(acknowledged: Acknowledged) -> bytes:
    return json.dumps(
        {
            "serial": acknowledged.serial,
            "commits": acknowledged.commits,
            "rows": acknowledged.rows,
            "latest": [_listed(entry) for entry in acknowledged.latest],
            "lost": [acknowledged.lost.commits, *map(_listed, acknowledged.lost.entries)],
        }
    ).encode()  # escapes what is not UTF-8


def _shortened(acknowledged: Acknowledged) -> Acknowledged:
    """The same with half of what it lists: the older half, whose commits are likest to be copied
    into the database by now, goes first."""
    if latest := acknowledged.latest:
        return replace(acknowledged, latest=latest[len(latest) // 2 + 1 :])
    lost = acknowledged.lost
    return replace(acknowledged, lost=Losses(lost.commits, lost.entries[: len(lost.entries) // 2]))


def _listed(entry: Entry) -> list[Any]:
    return [entry.commit, entry.kind, entry.document_id, entry.place]


def _parsed(kept: dict[str, Any]) -> Acknowledged:
    lost, *entries = kept["lost"]
    return Acknowledged(
        serial=int(kept["serial"]),
        commits=int(kept["commits"]),
        rows=int(kept["rows"]),
        latest=tuple(Entry(*entry) for entry in kept["latest"]),
        lost=Losses(int(lost), tuple(Entry(*entry) for entry in entries)),
    )
