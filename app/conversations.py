"""Conversations, stored apart from the documents so that chatting never waits for an ingest."""

import json
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from quire.errors import KnowledgeBaseMismatch, UsageError
from quire.indexes.catalog import translated
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
        with translated(path):
            self._connection = apsw.Connection(str(path))
            path.chmod(0o600)
            self._connection.set_busy_timeout(10_000)
            self._connection.pragma("journal_mode", "wal")
            self._connection.pragma("synchronous", "full")
            self._connection.pragma("secure_delete", True)
            self._connection.pragma("foreign_keys", True)
            version = self._connection.pragma("user_version")
            if version > _VERSION:
                raise KnowledgeBaseMismatch(
                    f"{path} was made by a newer version of Quire.",
                    hint="Update Quire. Nothing was changed.",
                )
            if version < _VERSION:
                with self._connection:
                    self._connection.execute(_SCHEMA)
                    self._connection.pragma("user_version", _VERSION)

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
        with self._lock, translated(self._path), self._connection as connection:
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
            with self._connection as connection:
                for id_, stored in connection.execute("SELECT id, answer FROM turns").fetchall():
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
        with self._lock, translated(self._path), self._connection as connection:
            connection.execute(sql, values)


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
