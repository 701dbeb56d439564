"""The file that holds conversations: its tables, version by version, and its rows as values."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import apsw

_MIGRATIONS = (
    """
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
    """,
    """
    ALTER TABLE turns ADD COLUMN receipt TEXT NOT NULL DEFAULT 'null'; -- JSON

    CREATE TABLE feedback (
        turn_id  TEXT PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
        verdict  TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
        comment  TEXT NOT NULL,
        given_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)
"""What leads from each version of the file to the next; `user_version` counts those done. Only ever
appended to."""
VERSION = len(_MIGRATIONS)

Verdict = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """`updated_at` is when its last question was asked, ISO 8601 in UTC."""

    id: str
    title: str
    updated_at: str
    turns: int

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader thought of an answer."""

    verdict: Verdict
    comment: str
    given_at: str

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, as `Answer.to_dict()` gave it, and its receipt, as
    `Receipt.to_dict()` gave it."""

    id: str
    question: str
    standalone: str
    answer: dict[str, Any]
    asked_at: str
    receipt: dict[str, Any] | None = None
    feedback: Feedback | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "question": self.question,
            "standalone_question": self.standalone,
            "answer": self.answer,
            "asked_at": self.asked_at,
            "receipt": self.receipt,
            "feedback": self.feedback.to_dict() if self.feedback else None,
        }


@dataclass(frozen=True, slots=True)
class FoundTurn:
    """A turn that a search found, with the words around what was searched for."""

    conversation: str
    title: str
    turn: str
    question: str
    excerpt: str

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def migrate(connection: apsw.Connection) -> None:
    """Take all steps that the file has not taken yet."""
    for version in range(connection.pragma("user_version"), VERSION):
        connection.execute(_MIGRATIONS[version])
        connection.pragma("user_version", version + 1)
