"""Conversations, stored apart from the documents so that chatting never waits for an ingest."""

import contextlib
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from quire.conversations import forgetting, schema
from quire.conversations.forgetting import Remains
from quire.conversations.schema import Conversation, Feedback, FoundTurn, Turn, Verdict
from quire.errors import ConversationNotFound, KnowledgeBaseMismatch, UsageError
from quire.indexes.catalog import connect, is_there, is_writable, translated
from quire.records import Answer
from quire.text import analysis

_TITLE = 60  # characters of the first question
_COMMENT = 2_000  # characters kept of a comment
_SHORTEST_BEGINNING = 4  # characters of an id that stand for it: as for documents
_CANDIDATES = 10  # named where an id is ambiguous
_AROUND = 40  # characters shown on each side of what was searched for


class Conversations:
    """The chats of one knowledge base. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._writable = is_writable(path) if is_there(path) else True
        with translated(path):
            self._connection: apsw.Connection = connect(path, writable=self._writable, create=True)
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
            self._bring_up_to_date_in_memory()
            return
        with contextlib.suppress(PermissionError):  # of another owner, who shares it with a group
            self._path.chmod(0o600)
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "full")
        self._connection.pragma("secure_delete", True)
        self._connection.pragma("foreign_keys", True)
        if self._connection.pragma("user_version") < schema.VERSION:
            with self._changing() as connection:
                schema.migrate(connection)  # from where it is now: another process may be quicker

    def _bring_up_to_date_in_memory(self) -> None:
        """Read a write-protected file of an older version as if it were of this one."""
        if self._connection.pragma("user_version") == schema.VERSION:
            return
        copy = apsw.Connection(":memory:")
        with copy.backup("main", self._connection, "main") as backup:
            backup.step()
        schema.migrate(copy)
        copy.pragma("query_only", True)
        self._connection.close()
        self._connection = copy

    def _require_known_version(self) -> None:
        if self._connection.pragma("user_version") > schema.VERSION:
            raise KnowledgeBaseMismatch(
                f"{self._path} was made by a newer version of Quire.",
                hint="Update Quire. Nothing was changed.",
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def all(self) -> list[Conversation]:
        """All conversations, the latest first."""
        rows = self._read(f"{_SELECT_CONVERSATIONS} ORDER BY updated_at DESC, id")
        return [Conversation(*row) for row in rows]

    def find(self, reference: str) -> Conversation:
        """The conversation with this id or beginning of an id. Raises ConversationNotFound, naming
        the candidates when several begin so."""
        rows = self._named(_SELECT_CONVERSATIONS, "id", reference)
        if len(rows) > 1:
            raise _ambiguous(reference, "conversations", [(row[0], row[1]) for row in rows])
        if not rows:
            raise ConversationNotFound(
                f"There is no conversation {reference!r}.",
                hint="See what there is with: quire conversations list",
            )
        return Conversation(*rows[0])

    def turns(self, conversation: str, *, last: int | None = None) -> list[Turn]:
        """The turns of a conversation, or the `last` so many, the oldest first. Raises
        ConversationNotFound."""
        if not self._read("SELECT 1 FROM conversations WHERE id = ?", conversation):
            raise ConversationNotFound(
                f"There is no conversation {conversation!r}.",
                hint="Leave --conversation out to begin a new one.",
            )
        rows = self._read(
            f"{_SELECT_TURNS} WHERE conversation_id = ? ORDER BY position DESC LIMIT ?",
            conversation,
            -1 if last is None else last,
        )
        return [_turn(row) for row in reversed(rows)]

    def turn(self, answer: str) -> tuple[str, Turn]:
        """The conversation of an answer, given by its id or the beginning of it, and the turn that
        it is. Raises ConversationNotFound, naming the candidates when several begin so."""
        rows = self._named(_SELECT_TURNS, "turns.id", answer)
        if len(rows) > 1:
            raise _ambiguous(answer, "stored answers", [(row[1], row[2]) for row in rows])
        if not rows:
            raise ConversationNotFound(
                f"There is no stored answer {answer!r}.",
                hint="The id of an answer is in: quire ask --json, quire conversations show",
            )
        return str(rows[0][0]), _turn(rows[0])

    def _named(self, select: str, column: str, reference: str) -> list[tuple[Any, ...]]:
        """The rows whose id is this, or else all those whose id begins so."""
        rows = self._read(f"{select} WHERE {column} = ?", reference)
        if rows or len(reference) < _SHORTEST_BEGINNING:
            return rows
        return self._read(
            f"{select} WHERE substr({column}, 1, ?) = ? ORDER BY {column}",
            len(reference),
            reference,
        )

    def search(self, text: str) -> list[FoundTurn]:
        """The turns whose question or answer holds every word of a text, the latest first. Case,
        width and Chinese variants are one."""
        words = analysis.fold(text).split()
        if not words:
            raise UsageError("The search is empty.", hint="Search for a word.")
        rows = self._read(
            "SELECT conversation_id, title, turns.id, question, json_extract(answer, '$.text') "
            "FROM turns JOIN conversations ON conversations.id = conversation_id "
            "ORDER BY asked_at DESC"
        )
        return [
            FoundTurn(conversation, title, turn, question, _excerpt(question, answer, words[0]))
            for conversation, title, turn, question, answer in rows
            if all(word in analysis.fold(f"{question}\n{answer}") for word in words)
        ]

    def add(self, answer: Answer, *, replacing: str | None = None) -> None:
        """Store an answer as the next turn of its conversation, which begins with its first.

        With `replacing` it takes the place of the conversation's last answer, which has that id.
        Raises UsageError when another turn has come meanwhile.
        """
        now = datetime.now(UTC).isoformat()
        with self._lock, translated(self._path), self._changing() as connection:
            if replacing is not None:
                self._drop_last(connection, answer.conversation, replacing)
            connection.execute(
                "INSERT INTO conversations (id, title, updated_at) VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at",
                (answer.conversation, _title(answer.question), now),
            )
            receipt = answer.receipt.to_dict() if answer.receipt else None
            connection.execute(
                "INSERT INTO turns (id, conversation_id, position, question, standalone, answer, "
                "asked_at, receipt) SELECT ?, ?, coalesce(max(position), 0) + 1, ?, ?, ?, ?, ? "
                "FROM turns WHERE conversation_id = ?",
                (
                    answer.id,
                    answer.conversation,
                    answer.question,
                    answer.standalone_question,
                    _json(answer.to_dict()),
                    now,
                    _json(receipt),
                    answer.conversation,
                ),
            )

    def _drop_last(self, connection: apsw.Connection, conversation: str, turn: str) -> None:
        last = connection.execute(
            "SELECT id FROM turns WHERE conversation_id = ? ORDER BY position DESC LIMIT 1",
            (conversation,),
        ).fetchone()
        require_last(last[0] if last else None, turn)
        connection.execute("DELETE FROM turns WHERE id = ?", (turn,))

    def give_feedback(self, answer: str, verdict: Verdict | None, *, comment: str = "") -> None:
        """Keep what a reader thought of an answer, in place of what was kept before; nothing where
        that is taken back."""
        _, turn = self.turn(answer)
        if verdict is None:
            self._write("DELETE FROM feedback WHERE turn_id = ?", turn.id)
            return
        self._write(
            "INSERT INTO feedback (turn_id, verdict, comment, given_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (turn_id) DO UPDATE SET verdict = excluded.verdict, "
            "comment = excluded.comment, given_at = excluded.given_at",
            turn.id,
            verdict,
            comment.strip()[:_COMMENT],
            datetime.now(UTC).isoformat(),
        )

    def rename(self, conversation: str, title: str) -> None:
        """Raises UsageError for a title without a letter."""
        cleaned = " ".join(title.split())[:200]
        if not cleaned:
            raise UsageError("The title is empty.", hint="Give the conversation a name.")
        self._write("UPDATE conversations SET title = ? WHERE id = ?", cleaned, conversation)

    def delete(self, conversation: str) -> None:
        """Delete a conversation, for real: SQLite overwrites what it frees."""
        self._write("DELETE FROM conversations WHERE id = ?", conversation)
        with self._lock, translated(self._path):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def forget(self, remains: Remains) -> None:
        """Overwrite what chats tell of documents that are not there any more, and give the space
        back."""
        with self._lock, translated(self._path):
            with self._changing() as connection:
                _forget(connection, remains)
            self._connection.execute("VACUUM")
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _read(self, sql: str, *values: str | int) -> list[tuple[Any, ...]]:
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


_SELECT_CONVERSATIONS = (
    "SELECT id, title, updated_at, (SELECT count(*) FROM turns WHERE conversation_id = "
    "conversations.id) FROM conversations"
)
_SELECT_TURNS = (
    "SELECT conversation_id, turns.id, question, standalone, answer, asked_at, receipt, verdict, "
    "comment, given_at FROM turns LEFT JOIN feedback ON turn_id = turns.id"
)


def _turn(row: tuple[Any, ...]) -> Turn:
    _, id_, question, standalone, answer, asked_at, receipt, verdict, comment, given_at = row
    return Turn(
        id=id_,
        question=question,
        standalone=standalone,
        answer=json.loads(answer),
        asked_at=asked_at,
        receipt=json.loads(receipt),
        feedback=Feedback(verdict, comment, given_at) if verdict else None,
    )


def _ambiguous(reference: str, what: str, found: Sequence[tuple[str, str]]) -> ConversationNotFound:
    """The error for a beginning of several ids, each given with what it is called."""
    named = [f"{id_} ({_title(text)})" for id_, text in found[:_CANDIDATES]]
    candidates = ", ".join([*named, *["…"] * (len(found) > _CANDIDATES)])
    return ConversationNotFound(
        f"{reference!r} is the beginning of {len(found)} {what}: {candidates}.",
        hint="Name one by more of its id.",
    )


def require_last(last: str | None, wanted: str) -> None:
    """Raise UsageError unless `wanted` is the last answer of its conversation."""
    if last != wanted:
        raise UsageError(
            f"{wanted!r} is not the last answer of its conversation.",
            hint="Only the last answer can be made anew, because later ones build on it.",
        )


def _title(question: str) -> str:
    flat = " ".join(question.split())
    return flat if len(flat) <= _TITLE else f"{flat[: _TITLE - 1].rstrip()}…"


def _excerpt(question: str, answer: str, word: str) -> str:
    """The words around `word`, which is folded, in the answer, else in the question."""
    for text in (answer, question):
        flat = " ".join(text.split())
        at = analysis.fold(flat).find(word)  # folding may shift by a few characters
        if at >= 0:
            start, end = max(0, at - _AROUND), at + len(word) + _AROUND
            return f"{'…' * (start > 0)}{flat[start:end]}{'…' * (end < len(flat))}"
    return " ".join(question.split())[: 2 * _AROUND]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _forget(connection: apsw.Connection, remains: Remains) -> None:
    """Forget, in all turns, titles and comments, what is not among what remains."""
    turns = [
        (id_, json.loads(answer), json.loads(receipt))
        for id_, answer, receipt in connection.execute("SELECT id, answer, receipt FROM turns")
    ]
    titles: list[tuple[Any, ...]] = connection.execute(
        "SELECT id, title, (SELECT question FROM turns WHERE conversation_id = conversations.id "
        "ORDER BY position LIMIT 1) FROM conversations"
    ).fetchall()
    remains = remains.and_removed(
        name
        for _, answer, receipt in turns
        for name in forgetting.names_of_gone(answer, receipt, remains.documents)
    )
    for id_, answer, receipt in turns:
        before = _json([answer, receipt])
        forgetting.forget(answer, receipt, remains)
        if _json([answer, receipt]) != before:
            connection.execute(
                "UPDATE turns SET question = ?, standalone = ?, answer = ?, receipt = ? "
                "WHERE id = ?",
                (
                    answer["question"],
                    answer["standalone_question"],
                    _json(answer),
                    _json(receipt),
                    id_,
                ),
            )
    for id_, title, question in titles:
        # Cut anew where it is the beginning of the question: that may end in half of a name.
        is_cut = question is not None and title == _title(question)
        named = _title(remains.named(question)) if is_cut else remains.named(title)
        if named != title:
            connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (named, id_))
    comments: list[tuple[Any, ...]] = connection.execute(
        "SELECT turn_id, comment FROM feedback"
    ).fetchall()
    for id_, comment in comments:
        if remains.named(comment) != comment:
            connection.execute(
                "UPDATE feedback SET comment = ? WHERE turn_id = ?", (remains.named(comment), id_)
            )


def new_id() -> str:
    """An id for a conversation or an answer: 64 random bits in hexadecimal."""
    return secrets.token_hex(8)
