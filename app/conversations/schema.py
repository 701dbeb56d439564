"""The file that holds conversations: its tables, version by version, and its rows as values."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import apsw

from quire.indexes.checksums import checksum

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
    """
    ALTER TABLE conversations ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversations ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE conversations SET
        turns = (SELECT count(*) FROM turns WHERE conversation_id = conversations.id);
    UPDATE conversations SET checksum = row_checksum(id, title, updated_at, turns);

    ALTER TABLE turns ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE turns SET checksum = row_checksum(
        id, conversation_id, position, question, standalone, answer, asked_at, receipt);

    ALTER TABLE feedback ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE feedback SET checksum = row_checksum(turn_id, verdict, comment, given_at);

    CREATE TABLE totals (          -- one row: what there must be, so that what is gone is noticed
        commits       INTEGER NOT NULL, -- see quire.indexes.folder.ledger
        conversations INTEGER NOT NULL,
        turns         INTEGER NOT NULL,
        checksum      INTEGER NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE conversations ADD COLUMN origin TEXT NOT NULL DEFAULT 'page';
    ALTER TABLE conversations ADD COLUMN removed_at TEXT NOT NULL DEFAULT ''; -- '': it is there
    UPDATE conversations SET
        checksum = row_checksum(id, title, updated_at, turns, origin, removed_at)
        WHERE checksum = row_checksum(id, title, updated_at, turns);
    """,
)
"""What leads from each version of the file to the next; `user_version` counts those done. Only ever
appended to."""
VERSION = len(_MIGRATIONS)

UNREADABLE = "(damaged)"
"""What stands for a question or a title that cannot be read."""

Verdict = Literal["up", "down"]
Origin = Literal["page", "program"]
"""Who asks: a reader of the page, or a program, the server and the command line among them."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """`updated_at` is when its last question was asked, and `removed_at` when it was removed, "" if
    it was not; ISO 8601 in UTC. `origin` says who began it; once a reader goes on, it is theirs."""

    id: str
    title: str
    updated_at: str
    turns: int
    origin: Origin = "page"
    removed_at: str = ""

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
    `Receipt.to_dict()` gave it. One that is not `readable` is damaged: see `unreadable`."""

    id: str
    question: str
    standalone: str
    answer: dict[str, Any]
    asked_at: str
    receipt: dict[str, Any] | None = None
    feedback: Feedback | None = None
    readable: bool = True

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "question": self.question,
            "standalone_question": self.standalone,
            "answer": self.answer,
            "asked_at": self.asked_at,
            "receipt": self.receipt,
            "feedback": self.feedback.to_dict() if self.feedback else None,
            "readable": self.readable,
        }


def unreadable(turn: str, conversation: str) -> Turn:
    """What stands in the place of a turn that is damaged or missing: an answer to no question."""
    return Turn(
        turn,
        question=UNREADABLE,
        standalone=UNREADABLE,
        answer={
            "id": turn,
            "conversation": conversation,
            "question": UNREADABLE,
            "standalone_question": UNREADABLE,
            "status": "not_found",
            "text": "This answer is damaged and cannot be read.",
            **{key: [] for key in ("sentences", "citations", "passages", "notes")},
            "model": None,
            "usage": {"prompt_tokens": 0, "completion_tokens": 0},
            "timings_ms": {"retrieve": 0.0, "first_token": None, "total": 0.0},
            **dict.fromkeys(("confidence", "scan", "sent_to")),
        },
        asked_at="",
        readable=False,
    )


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
    connection.create_scalar_function("row_checksum", checksum)
    for version in range(connection.pragma("user_version"), VERSION):
        connection.execute(_MIGRATIONS[version])
        connection.pragma("user_version", version + 1)


def is_as_made(connection: apsw.Connection) -> bool:
    """Whether the file has the tables that this version makes, word for word."""
    made = apsw.Connection(":memory:")
    migrate(made)
    tables = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY name"
    return made.execute(tables).fetchall() == connection.execute(tables).fetchall()
