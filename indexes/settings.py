"""What was fixed when a knowledge base was made, or last embedded anew, as rows of the catalog."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import apsw

from quire.errors import KnowledgeBaseDamaged
from quire.indexes.checksums import checksum, is_sound

_ROWS = "SELECT CAST(name AS BLOB), CAST(value AS BLOB), checksum FROM settings"


def every(connection: apsw.Connection) -> dict[str, Any]:
    """All settings by name. Raises KnowledgeBaseDamaged for one that is not as it was stored."""
    return dict(_sound(row) for row in connection.execute(_ROWS))


def one(connection: apsw.Connection, name: str) -> Any:
    """A setting, or None where there is none of this name."""
    row = connection.execute(f"{_ROWS} WHERE name = ?", (name,)).fetchone()
    return _sound(row)[1] if row else None


def put(connection: apsw.Connection, settings: Mapping[str, Any]) -> None:
    """Add settings, or replace those of the same names."""
    rows = [(name, json.dumps(value)) for name, value in settings.items()]
    connection.executemany(
        "INSERT OR REPLACE INTO settings VALUES (?, ?, ?)",
        [(*row, checksum(*row)) for row in rows],
    )


def drop(connection: apsw.Connection, names: Iterable[str]) -> None:
    """Remove settings."""
    connection.executemany("DELETE FROM settings WHERE name = ?", ((name,) for name in names))


def _sound(row: tuple[Any, ...]) -> tuple[str, Any]:
    name, value, kept = row
    if not is_sound((name, value, kept)):
        raise KnowledgeBaseDamaged(
            "The catalog's settings are damaged.",
            hint="Restore the catalog from a backup, or move the folder away and ingest your files "
            "again.",
        )
    return name.decode(), json.loads(value)
