"""The names of all that Quire writes into the folder of a knowledge base.

One list, because a name that is missing somewhere has consequences: the folder may lie among
documents, and what is not known for Quire's own would be taken in, deleted texts included.
"""

from pathlib import Path

CATALOG = "catalog.sqlite3"
CONVERSATIONS = "conversations.sqlite3"
LEDGER = ".ledger"  # in the place of a database's own ending: what was acknowledged of it
LOCK = "writer.lock"
INGEST_LOCK = "ingest.lock"
VECTORS = "vectors"  # snapshots of the vector index
ORIGINALS = "originals"  # copies of uploads
TRASH = "trash"  # removed documents, until the knowledge base is compacted
WAITING = "waiting"  # files that are still to be taken in
UNREAD = "unread"  # what is said of files that could not be read

UNFINISHED = ".part"
"""How the name of a hidden file ends that is being written, beside the one it will replace."""

_BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite keeps beside a database
ALL = frozenset(
    (
        *(f"{database}{end}" for database in (CATALOG, CONVERSATIONS) for end in _BESIDE),
        *(Path(database).with_suffix(LEDGER).name for database in (CATALOG, CONVERSATIONS)),
        LOCK,
        INGEST_LOCK,
        VECTORS,
        ORIGINALS,
        TRASH,
        WAITING,
        UNREAD,
    )
)


def is_own(name: str) -> bool:
    """Whether something called so in the folder of a knowledge base is Quire's.

    >>> is_own("trash"), is_own("catalog.sqlite3-wal"), is_own(".catalog.1f.part"), is_own("a.txt")
    (True, True, True, False)
    """
    return name in ALL or (name.startswith(".") and name.endswith(UNFINISHED))


def is_knowledge_base(folder: Path) -> bool:
    """Whether a folder holds a knowledge base, also one that has lost its catalog."""
    return (folder / LOCK).is_file() and any(
        (folder / name).exists() for name in (CATALOG, VECTORS)
    )
