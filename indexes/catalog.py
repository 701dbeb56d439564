"""The catalog: one SQLite file that is the truth about a knowledge base.

Every change is one transaction, durable when it returns. Readers never wait for a writer; each sees
one state from `reading()` to its end. Vectors and lexical rows are committed with the text that
they were made from, so nothing can disagree after a kill. Each commit is noted in a ledger beside
the file: what is lost with the end of SQLite's log is noticed.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import apsw
import apsw.ext

from quire.errors import KnowledgeBaseDamaged, KnowledgeBaseError, KnowledgeBaseNotFound
from quire.indexes import migrations, noticing, settings, totals
from quire.indexes.folder import files, lock, names
from quire.indexes.folder.ledger import Acknowledged, Ledger, Losses

_log = logging.getLogger(__name__)

OLDEST_SQLITE = (3, 51, 3)
"""Older versions can corrupt a write-ahead log that two connections write or checkpoint at once."""

_BUSY_MS = 10_000  # a checkpoint by another process may hold the file this long
_SPARE_READERS = 8  # connections kept open between reads
_FULL_LOG = 1000  # pages of 4 KB in the log before they are copied into the database
_LONGEST_MAKING = 10.0  # seconds that another process may take to make or update the tables


class Catalog:
    """The SQLite file of a knowledge base.

    Raises KnowledgeBaseNotFound, KnowledgeBaseMismatch (newer version) or KnowledgeBaseDamaged.
    Safe to use from several threads.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        require_sqlite(sqlite_version())
        self.path = path
        there = is_there(path)
        if not there and not create:
            raise KnowledgeBaseNotFound(
                f"There is no knowledge base at {path.parent}.",
                hint=f"Make one with: quire ingest YOUR_FILES --kb {path.parent}",
            )
        self._ledger = Ledger(path.with_suffix(names.LEDGER))
        self._log_pages = 0
        self._noticed: dict[str, KnowledgeBaseDamaged] = {}
        self._noticing = threading.Lock()
        self._spare: queue.LifoQueue[noticing.Connection] = queue.LifoQueue(_SPARE_READERS)
        self.writable = is_writable(path) if there else True
        with translated(path):
            self._writer = self._connect(create=create)
            try:
                self._prepare()
            except BaseException:
                self._writer.close()
                raise

    @classmethod
    def of(cls, folder: Path, *, create: bool) -> Self:
        """The catalog of the knowledge base in a folder; with `create`, both are made."""
        if folder.exists() and not folder.is_dir():
            raise KnowledgeBaseNotFound(
                f"{folder} is a file, and a knowledge base is a folder.",
                hint="Name a folder, or a path that does not exist yet.",
            )
        if create and not is_there(folder / names.CATALOG):
            ledger = Ledger((folder / names.CATALOG).with_suffix(names.LEDGER))
            if ledger.read().rows or any((folder / names.VECTORS).glob("*.faiss")):
                raise KnowledgeBaseDamaged(
                    f"The knowledge base at {folder} has lost its catalog.",
                    hint=f"Restore {names.CATALOG} from a backup, or move the folder away and "
                    "ingest your files again.",
                )
            files.make_private_folder(folder)
        return cls(folder / names.CATALOG, create=create)

    def _prepare(self) -> None:
        where = str(self.path.parent)
        # Closing would write what another program left in the log into the file, and a catalog that
        # is refused is left as it is.
        self._writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        current = migrations.is_current(self._writer, where=where)
        self._check_its_end()
        self._writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        if not self.writable:
            if not current:
                raise self._read_only()
            return
        with contextlib.suppress(PermissionError):  # of another owner, who shares it with a group
            self.path.chmod(0o600)
        self._writer.pragma("synchronous", "full")
        self._writer.pragma("foreign_keys", True)
        self._writer.pragma("secure_delete", True)
        if current:
            self._writer.pragma("journal_mode", "wal")
        else:
            with lock.writer_lock(self.path.parent / names.LOCK, wait=_LONGEST_MAKING):
                self._writer.pragma("journal_mode", "wal")
                migrations.migrate(self._writer, where=where)
        self._writer.set_wal_hook(self._heard_log)  # in the place of SQLite's own checkpoints
        self._watch = totals.Watch(self._writer)

    def _check_its_end(self) -> None:
        """SQLite takes the rest of a page that was cut off for zeros. While there is a log, it may
        hold that page."""
        log = self.path.with_name(self.path.name + "-wal")
        if not is_there(log) and self.path.stat().st_size % self._writer.pragma("page_size"):
            raise apsw.CorruptError("its end is missing")

    def _connect(self, *, create: bool = False) -> noticing.Connection:
        return connect(self.path, writable=self.writable, create=create)

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
                connection = self._connect()
            connection.hears = self.notice
        with translated(self.path):
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._give_back(connection)

    def _give_back(self, connection: noticing.Connection) -> None:
        if self.writable:  # else the next reader looks anew whether somebody writes after all
            with contextlib.suppress(queue.Full):
                self._spare.put_nowait(connection)
                return
        connection.close()

    @contextlib.contextmanager
    def writing(self, *, recount: bool = False) -> Iterator[apsw.Connection]:
        """A transaction: committed when the block ends, rolled back when it raises. With `recount`
        the catalog's totals are counted anew: what they lack is accepted.

        The caller holds the writer lock.
        """
        if not self.writable:
            raise self._read_only()
        with translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            self._watch.begin()
            try:
                yield self._writer
                acknowledged = self._counted(recount)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite has rolled back by itself on a full disk
                    self._writer.execute("ROLLBACK")
                raise
        self._acknowledge(acknowledged)

    def _counted(self, recount: bool) -> Acknowledged:
        """Number the transaction that is about to be committed; returns what is to be noted once it
        is. What was lost before is noted now, because its numbers are used again."""
        known = self._ledger.read()
        before = totals.read(self._writer)
        commits = known.commits if before is None else before.commits
        if (lost := known.losses(commits)) != known.lost:
            latest = tuple(entry for entry in known.latest if entry.commit <= commits)
            known = self._ledger.write(replace(known, commits=commits, latest=latest, lost=lost))
        counted, entries = self._watch.keep(commits=commits + 1, anew=recount)
        left = _still(lost, self._writer)
        return replace(
            known,
            commits=commits + 1,
            rows=counted.documents,
            latest=(*known.latest, *entries),
            lost=left if left.entries else Losses(),
        )

    def _acknowledge(self, acknowledged: Acknowledged) -> None:
        """Note a commit that is durable. It is so also where that cannot be noted."""
        try:
            self._ledger.write(acknowledged)
        except KnowledgeBaseError as error:
            _log.warning("%s", error.message)
        if self._log_pages >= _FULL_LOG:
            self._empty_log()

    def _heard_log(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _empty_log(self) -> None:
        """Copy the log into the database, and cut it off, unless somebody reads from it.

        SQLite by itself leaves it there to be written over. Were its end lost then, its beginning
        would be read as the newer state of pages that are newer in the database.
        """
        self._writer.set_busy_timeout(0)
        try:
            self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._log_pages = 0
        except apsw.Error as error:  # the next commit tries again
            _log.debug("the log stays: %s", error)
        finally:
            self._writer.set_busy_timeout(_BUSY_MS)

    def losses(self) -> Losses:
        """What was acknowledged and is not there, as far as it is still missing."""
        known = self._ledger.read()
        with self.reading() as connection:
            counted = totals.read(connection)
            lost = known.losses(known.commits if counted is None else counted.commits)
            return _still(lost, connection)

    def accept_losses(self) -> None:
        """Tell no more of what was lost. The caller holds the writer lock."""
        with self.writing(recount=True):
            pass  # the numbers of what was lost are taken by now
        known = self._ledger.read()
        if known.lost.commits:
            self._ledger.write(replace(known, lost=Losses()))

    def _read_only(self) -> KnowledgeBaseError:
        return KnowledgeBaseError(
            f"The knowledge base at {self.path.parent} is read-only.",
            hint="Make its folder and files writable to change it.",
        )

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file, the lexical index included, and what is wrong with
        the numbers that are kept of it."""
        # subtle: a connection that has searched before tests the lexical index against what it
        # remembers of its structure, and calls it corrupt when another has since rewritten it.
        with translated(self.path):
            connection = self._connect()
            found = []
            try:
                for (text,) in connection.execute("PRAGMA integrity_check"):
                    found += [text] if text != "ok" else []
                if not migrations.is_as_made(connection):
                    found.append("the tables are not as they were made")
                found += totals.problems(connection)
                # After the first commit a process may have ended before there was a ledger.
                if (kept := totals.read(connection)) and kept.commits > 1:
                    found += [] if self._ledger.is_sound() else ["the ledger is damaged or gone"]
            except (apsw.CorruptError, apsw.SQLError, UnicodeDecodeError) as error:
                found.append(str(error))
            finally:
                connection.close()
        return found

    def notice(self, damage: KnowledgeBaseDamaged) -> None:
        """Keep what somebody has found damaged who can do without it, to be told."""
        with self._noticing:
            self._noticed.setdefault(damage.message, damage)

    def noticed(self) -> list[KnowledgeBaseDamaged]:
        """What was found damaged since the catalog was opened, or put right."""
        with self._noticing:
            return [*self._noticed.values()]

    def forget_noticed(self) -> None:
        """What was found damaged was put right, or is looked at again."""
        with self._noticing:
            self._noticed.clear()

    def vacuum(self) -> None:
        """Give freed pages back, so that no byte of a deleted text stays in the files."""
        with self.writing() as connection:
            connection.execute("INSERT INTO lexical (lexical) VALUES ('optimize')")
        with translated(self.path):
            self._writer.execute("VACUUM")
            self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        for _ in range(2):  # its file keeps what was written the time before
            self._ledger.write(replace(self._ledger.read(), latest=()))

    # -- settings fixed when the knowledge base is made ------------------------------------------

    def settings(self) -> dict[str, Any]:
        with self.reading() as connection:
            return settings.every(connection)

    def put_settings(self, **values: Any) -> None:
        with self.writing() as connection:
            settings.put(connection, values)


def _still(losses: Losses, connection: apsw.Connection) -> Losses:
    """What of some losses is still lost, where a connection looks."""
    there = {
        entry.document_id
        for entry in losses.entries
        if connection.execute(
            "SELECT 1 FROM documents WHERE id = ?", (entry.document_id,)
        ).fetchone()
    }
    return losses.among(there)


def is_there(path: Path) -> bool:
    """Whether a file holds anything: SQLite makes an empty one before it writes to it."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


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


def connect(path: Path, *, writable: bool, create: bool = False) -> noticing.Connection:
    """A connection to a database of Quire's."""
    if writable:
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
        connection = noticing.Connection(str(path), flags=flags)
    else:
        # A write-ahead log needs a writable folder, unless there is nothing in it.
        immutable = "" if is_there(path.with_name(path.name + "-wal")) else "&immutable=1"
        connection = noticing.Connection(
            f"{path.resolve().as_uri()}?mode=ro{immutable}",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
    connection.set_busy_timeout(_BUSY_MS)
    return connection


def is_writable(path: Path) -> bool:
    """Whether a database can be written to, which takes its folder as well."""
    try:
        with path.open("rb+"):
            pass
        files.probe_writable(path.parent)
    except OSError:
        return False
    return True


def _damaged(path: Path, error: Exception) -> KnowledgeBaseDamaged:
    return KnowledgeBaseDamaged(
        f"{path} is damaged ({error}).",
        hint="Restore it from a backup, or move the folder away and ingest your files again.",
    )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences that name the file."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError) as error:
        # SQLError: a table or column that Quire made is not there any more.
        raise _damaged(path, error) from error
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
