"""Damage that keeps nobody from reading on: noticed where it is met, and told to the user.

What is damaged beyond use is raised. But a path that cannot be read must not hide its document, nor
a row that is missing all others: those who read pass over it and leave word here, and whoever
opened the catalog hears of it.
"""

from collections.abc import Callable

import apsw

from quire.errors import KnowledgeBaseDamaged


class Connection(apsw.Connection):
    """A connection whose readers leave word of damage with `hears`."""

    hears: Callable[[KnowledgeBaseDamaged], None] | None = None


def notice(connection: apsw.Connection, what: str) -> None:
    """Leave word that something is damaged, or missing, which others do without."""
    hears = connection.hears if isinstance(connection, Connection) else None
    if hears is not None:
        hears(KnowledgeBaseDamaged(what, hint="Run: quire verify --repair"))
