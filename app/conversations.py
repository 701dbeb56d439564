"""Conversations, stored apart from the documents so that chatting never waits for an ingest."""

import contextlib
import json
import secrets
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from quire.errors import KnowledgeBaseMismatch, UsageError
from quire.indexes.catalog import connect, is_there, is_writable, translated
from quire.records import Answer

_SCHEMA = """
CREATE TABLE conversations (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    question        TEXT NOT NULL,
    standalone      TEXT NOT NULL,
    answer          TEXT NOT NULL, -- JSON, as on the command line
    asked_at        TEXT NOT NULL,
    UNIQUE (conversation_id, position)
) STRICT, WITHOUT ROWID;
"""
_VERSION = 1
DELETED = "(source deleted)"
_TITLE = 60  # characters of the first question


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    title: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, as `Answer.to_dict()` gave it."""

    id: str
    question: str
    standalone: str
    answer: dict[str, Any]
    asked_at: str


class Conversations:
    """The chats of one knowledge base. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        there = is_there(path)
        self._writable = is_writable(path) if there else True
        with translated(path):
            self._connection = connect(path, writable=self._writable, create=True)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._require_known_version()
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        if not self._writable:
            return
        with contextlib.suppress(PermissionError):  # of another owner, who shares it with a group
            self._path.chmod(0o600)
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "full")
        self._connection.pragma("secure_delete", True)
        self._connection.pragma("foreign_keys", True)
        if self._connection.pragma("user_version") < _VERSION:
            with self._changing() as connection:
                if self._connection.pragma("user_version") < _VERSION:  # another may be quicker
                    connection.execute(_SCHEMA)
                    connection.pragma("user_version", _VERSION)

    def _require_known_version(self) -> None:
        if self._connection.pragma("user_version") > _VERSION:
            raise KnowledgeBaseMismatch(
                f"{self._path} was made by a newer version of Quire.",
                hint="Update Quire. Nothing was changed.",
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def all(self) -> list[Conversation]:
        """All conversations, the latest first."""
        rows = self._read(
            "SELECT id, title, updated_at FROM conversations ORDER BY updated_at DESC"
        )
        return [Conversation(*row) for row in rows]

    def turns(self, conversation: str) -> list[Turn]:
        """The turns of a conversation, the oldest first. Raises UsageError when there is none."""
        if not self._read("SELECT 1 FROM conversations WHERE id = ?", conversation):
            raise UsageError(
                f"There is no conversation {conversation!r}.",
                hint="Leave --conversation out to begin a new one.",
            )
        rows = self._read(
            "SELECT id, question, standalone, answer, asked_at FROM turns "
            "WHERE conversation_id = ? ORDER BY position",
            conversation,
        )
        return [
            Turn(id_, question, standalone, json.loads(answer), asked_at)
            for id_, question, standalone, answer, asked_at in rows
        ]

    def add(self, answer: Answer) -> None:
        """Store an answer as the next turn of its conversation, which begins with its first."""
        now = datetime.now(UTC).isoformat()
        with self._lock, translated(self._path), self._changing() as connection:
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at",
                (answer.conversation, answer.question[:_TITLE], now),
            )
            connection.execute(
                "INSERT INTO turns SELECT ?, ?, coalesce(max(position), 0) + 1, ?, ?, ?, ? "
                "FROM turns WHERE conversation_id = ?",
                (
                    answer.id,
                    answer.conversation,
                    answer.question,
                    answer.standalone_question,
                    json.dumps(answer.to_dict(), ensure_ascii=False),
                    now,
                    answer.conversation,
                ),
            )

    def rename(self, conversation: str, title: str) -> None:
        self._write(
            "UPDATE conversations SET title = ? WHERE id = ?", title.strip()[:200], conversation
        )

    def delete(self, conversation: str) -> None:
        """Delete a conversation, for real: SQLite overwrites what it frees."""
        self._write("DELETE FROM conversations WHERE id = ?", conversation)
        with self._lock, translated(self._path):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def forget_all_but(self, documents: Collection[str]) -> None:
        """Overwrite what turns quote of any document whose id is not among these, and give the
        space back."""
        with self._lock, translated(self._path):
            with self._changing() as connection:
                turns: list[tuple[Any, ...]] = connection.execute(
                    "SELECT id, answer FROM turns"
                ).fetchall()
                for id_, stored in turns:
                    answer = json.loads(stored)
                    if _forget(answer, documents):
                        connection.execute(
                            "UPDATE turns SET answer = ? WHERE id = ?",
                            (json.dumps(answer, ensure_ascii=False), id_),
                        )
            self._connection.execute("VACUUM")
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _read(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock, translated(self._path):
            return list(self._connection.execute(sql, values))

    def _write(self, sql: str, *values: str) -> None:
        with self._lock, translated(self._path), self._changing() as connection:
            connection.execute(sql, values)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[apsw.Connection]:
        """A transaction that waits for others at its beginning, where waiting is of use."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite has rolled back by itself on a full disk
                self._connection.execute("ROLLBACK")
            raise


def _forget(answer: dict[str, Any], documents: Collection[str]) -> bool:
    """Put DELETED in place of quotes from documents that are not among these, and of sentences that
    rest on them; says whether there were any."""
    sources = [*answer["passages"], *answer["citations"]]
    gone = [source for source in sources if source["document_id"] not in documents]
    labels = {source["label"] for source in gone}
    for source in gone:
        source["text" if "text" in source else "quote"] = DELETED
    for sentence in answer["sentences"]:
        if labels.intersection(sentence["labels"]):
            answer["text"] = answer["text"].replace(sentence["text"], DELETED)
            sentence["text"] = sentence["quote"] = DELETED
    return bool(gone)


def new_id() -> str:
    """An id for a conversation or an answer: 64 random bits in hexadecimal."""
    return secrets.token_hex(8)
