"""A sum over all rows that SQLite keeps of the lexical index: changed by whatever changes them.

FTS5 keeps no checksums. A flipped bit in its lists of places makes a search miss a chunk, find
another or rank it wrongly, and none of that is seen in what is found. So the sum of the checksums
of its rows is kept in the catalog, taken along with each change of a row, and compared with the
rows when the index is first searched: a second for a few hundred megabytes.
"""

from typing import Any

import apsw

from quire.indexes.checksums import checksum

_ROWS = {
    "lexical_data": "SELECT id, block FROM lexical_data",
    "lexical_idx": "SELECT segid, term, pgno FROM lexical_idx",
    "lexical_docsize": "SELECT id, sz, origin FROM lexical_docsize",
    "lexical_config": "SELECT k, v FROM lexical_config",
}
TABLES = frozenset(_ROWS)
"""In which FTS5 keeps the index."""


def of_row(table: str, row: tuple[Any, ...]) -> int:
    """What a row of one of the tables adds to the sum."""
    return checksum(table, *row)


def of_all(connection: apsw.Connection) -> int:
    """The sum over all rows, counted one by one."""
    return sum(
        of_row(table, row) for table, rows in _ROWS.items() for row in connection.execute(rows)
    )


def is_of(connection: apsw.Connection, kept: int) -> bool:
    """Whether the rows have this sum."""
    try:
        return of_all(connection) == kept
    except (apsw.CorruptError, UnicodeDecodeError):
        return False
