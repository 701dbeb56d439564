"""The catalog: one SQLite file that is the truth about a knowledge base.

Every change is one transaction, durable when it returns. Readers never wait for a writer; each sees
one state from `reading()` to its end. Vectors and lexical rows are committed with the text that
they were made from, so nothing can disagree after a kill.
"""

import contextlib
import json
import queue
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import apsw.ext

from quire.errors import KnowledgeBaseDamaged, KnowledgeBaseError, KnowledgeBaseNotFound
from quire.indexes import files, migrations

OLDEST_SQLITE = (3, 51, 3)
"""Older versions can corrupt a write-ahead log that two connections write or checkpoint at once."""

_BUSY_MS = 10_000  # a checkpoint by another process may hold the file this long
_SPARE_READERS = 8  # connections kept open between reads


class Catalog:
    """The SQLite file of a knowledge base.

    Raises KnowledgeBaseNotFound, KnowledgeBaseMismatch (newer version) or KnowledgeBaseDamaged.
    Safe to use from several threads.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        require_sqlite(sqlite_version())
        self.path = path
        if not path.exists() and not create:
            raise KnowledgeBaseNotFound(
                f"There is no knowledge base at {path.parent}.",
                hint=f"Make one with: quire ingest YOUR_FILES --kb {path.parent}",
            )
        self._spare: queue.LifoQueue[apsw.Connection] = queue.LifoQueue(_SPARE_READERS)
        with translated(path):
            self._writer = self._connect(writable=create or _is_writable(path))
            self.writable = not self._writer.readonly("main")
            if self.writable:
                self._writer.pragma("journal_mode", "wal")
                self._writer.pragma("synchronous", "full")
                self._writer.pragma("foreign_keys", True)
                self._writer.pragma("secure_delete", True)
            migrations.migrate(self._writer, where=str(path.parent))

    def _connect(self, *, writable: bool) -> apsw.Connection:
        if writable:
            connection = apsw.Connection(str(self.path))
            self.path.chmod(0o600)
        else:
            # A write-ahead log needs a writable folder, unless nobody can write to the file at all.
            uri = self.path.resolve().as_uri() + "?mode=ro&immutable=1"
            connection = apsw.Connection(
                uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
            )
        connection.set_busy_timeout(_BUSY_MS)
        return connection

    def close(self) -> None:
        while True:
            try:
                self._spare.get_nowait().close()
            except queue.Empty:
                break
        self._writer.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A connection that sees one state until the block ends."""
        try:
            connection = self._spare.get_nowait()
        except queue.Empty:
            with translated(self.path):
                connection = self._connect(writable=self.writable)
        with translated(self.path):
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                try:
                    self._spare.put_nowait(connection)
                except queue.Full:
                    connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        The caller holds the writer lock.
        """
        if not self.writable:
            raise KnowledgeBaseError(
                f"The knowledge base at {self.path.parent} is read-only.",
                hint="Make its folder and files writable to change it.",
            )
        with translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                if self._writer.in_transaction:  # SQLite has rolled back by itself on a full disk
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def vacuum(self) -> None:
        """Give freed pages back, so that no byte of a deleted text stays in the files."""
        with translated(self.path):
            self._writer.execute("INSERT INTO lexical (lexical) VALUES ('optimize')")
            self._writer.execute("VACUUM")
            self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    # -- settings fixed when the knowledge base is made ------------------------------------------

    def settings(self) -> dict[str, Any]:
        with self.reading() as connection:
            return {
                name: json.loads(value)
                for name, value in connection.execute("SELECT name, value FROM settings")
            }

    def put_settings(self, **values: Any) -> None:
        with self.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in values.items()],
            )


def checksum(content: str | bytes) -> int:
    """CRC-32, kept beside a text or vector and tested whenever it is read."""
    return zlib.crc32(content.encode() if isinstance(content, str) else content)


def sqlite_version() -> str:
    """The version of the SQLite library that Quire brings."""
    return apsw.sqlite_lib_version()


def require_sqlite(version: str) -> None:
    """Raises KnowledgeBaseError for a SQLite library that can corrupt its write-ahead log."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        raise KnowledgeBaseError(
            f"The SQLite library {version} can corrupt a database that several processes use.",
            hint="Update it: pip install --upgrade apsw",
        )


def _is_writable(path: Path) -> bool:
    try:
        with path.open("rb+"):
            pass
        files.probe_writable(path.parent)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences that name the file."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise KnowledgeBaseDamaged(
            f"{path} is damaged ({error}).",
            hint="Restore it from a backup, or move the folder away and ingest your files again.",
        ) from error
    except apsw.FullError as error:
        raise KnowledgeBaseError(
            f"The disk that holds {path.parent} is full; nothing was changed.",
            hint="Free some space, then run the same command again.",
        ) from error
    except (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise KnowledgeBaseError(
            f"{path} cannot be read or written ({error}).",
            hint="Check the disk and the permissions of the folder, then try again.",
        ) from error
    except apsw.BusyError as error:
        raise KnowledgeBaseError(
            f"{path} is kept busy by another program.", hint="Try again in a moment."
        ) from error
