"""Conversations, stored apart from the documents so that chatting never waits for an ingest.

Each commit is noted in a ledger beside the file, as those of the catalog are: answers that are lost
with the end of SQLite's log, or with the file, are noticed when it is opened.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apsw

from quire.conversations import activity, forgetting, rows, schema
from quire.conversations.forgetting import Remains
from quire.conversations.rows import Kept, Reader
from quire.conversations.schema import Conversation, Feedback, FoundTurn, Origin, Turn, Verdict
from quire.errors import (
    ConversationNotFound,
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseMismatch,
    UsageError,
)
from quire.indexes.catalog import connect, is_there, is_writable, translated
from quire.indexes.folder.ledger import Acknowledged, Ledger, Losses
from quire.indexes.folder.names import LEDGER
from quire.records import Answer
from quire.text import analysis

_log = logging.getLogger(__name__)

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
        self._ledger = Ledger(path.with_suffix(LEDGER))
        self._lost: list[KnowledgeBaseDamaged] = []
        self._damage: KnowledgeBaseDamaged | None = None
        there = is_there(path)
        self._writable = is_writable(path) if there else True
        known = self._ledger.read()
        with translated(path):
            self._connection: apsw.Connection = connect(path, writable=self._writable, create=True)
            try:
                self._prepare()
                self._look_for_losses(known, there=there)
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
            with self._transaction() as connection:
                schema.migrate(connection)  # from where it is now: another process may be quicker

    def _look_for_losses(self, known: Acknowledged, *, there: bool) -> None:
        """Take notice, at opening, of chats that are not there any more."""
        totals = Reader(self._connection).totals()
        if not there and known.rows:
            lost = KnowledgeBaseDamaged(
                f"The chats in {self._path} are gone, with {known.rows} answers.",
                hint="Restore the file from a backup. What is asked now is kept from here on.",
            )
        elif totals is not None and (commits := known.losses(totals.commits).commits):
            lost = KnowledgeBaseDamaged(
                f"{self._path} has lost its last {commits} changes with the end of its log.",
                hint="The last answers in the chats may be missing.",
            )
        else:
            return
        self._lost.append(lost)

    @property
    def warnings(self) -> list[KnowledgeBaseDamaged]:
        """What was found lost when the file was opened, or damaged since."""
        return [*self._lost, *([self._damage] if self._damage else [])]

    def problems(self) -> list[tuple[str, str]]:
        """What is lost or damaged, as (what, where). Reads everything."""
        found = [lost.message for lost in self._lost]
        with self._lock, translated(self._path):
            found += rows.problems(self._connection)
            totals = Reader(self._connection).totals()
        if self._writable and totals and totals.commits > 1 and not self._ledger.is_sound():
            found.append("the ledger is damaged or gone")
        return [(what, self._path.name) for what in found]

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
        """All conversations that were not removed, the latest first."""
        with self._reading() as reader:
            found = [chat for chat in reader.conversations() if not chat.removed_at]
        return sorted(sorted(found, key=_id), key=lambda chat: chat.updated_at, reverse=True)

    def find(self, reference: str) -> Conversation:
        """The conversation with this id or beginning of an id. Raises ConversationNotFound, naming
        the candidates when several begin so."""
        with self._reading() as reader:
            found = reader.conversation(reference)
            if found is not None and not found.removed_at:
                return found
            begin = [
                chat
                for chat in reader.conversations()
                if _begins(chat.id, reference) and not chat.removed_at
            ]
        if len(begin) > 1:
            named = sorted((chat.id, chat.title) for chat in begin)
            raise _ambiguous(reference, "conversations", named)
        if not begin:
            raise ConversationNotFound(
                f"There is no conversation {reference!r}.",
                hint="See what there is with: quire conversations list",
            )
        return begin[0]

    def turns(self, conversation: str, *, last: int | None = None) -> list[Turn]:
        """The turns of a conversation, or the `last` so many, the oldest first. What is damaged is
        one unreadable turn. Raises ConversationNotFound."""
        with self._reading() as reader:
            chat = reader.conversation(conversation)
            if chat is not None and not chat.removed_at:
                return reader.turns(chat, last=last)
        raise ConversationNotFound(
            f"There is no conversation {conversation!r}.",
            hint="Leave --conversation out to begin a new one.",
        )

    def turn(self, answer: str) -> tuple[str, Turn]:
        """The conversation of an answer, given by its id or the beginning of it, and the turn that
        it is. Raises ConversationNotFound, naming the candidates when several begin so, and
        KnowledgeBaseDamaged."""
        with self._reading() as reader:
            found = reader.turns_with("id", answer)
            if not found and len(answer) >= _SHORTEST_BEGINNING:
                found = reader.turns_with("id", answer, beginning=True)
        if len(found) > 1:
            named = [(each.turn.id, each.turn.question) for each in found]
            raise _ambiguous(answer, "stored answers", named)
        if not found:
            raise ConversationNotFound(
                f"There is no stored answer {answer!r}.",
                hint="The id of an answer is in: quire ask --json, quire conversations show",
            )
        if not found[0].turn.readable:
            raise KnowledgeBaseDamaged(
                f"The answer {answer!r} is damaged and cannot be read.", hint="Ask again."
            )
        return found[0].conversation, found[0].turn

    def days(self) -> list[activity.Day]:
        """How much was asked on each day, and what became of it, the first day first."""
        with self._lock, translated(self._path):
            return activity.count(self._connection)

    def search(self, text: str) -> list[FoundTurn]:
        """The turns whose question or answer holds every word of a text, the latest first. Case,
        width and Chinese variants are one."""
        words = analysis.fold(text).split()
        if not words:
            raise UsageError("The search is empty.", hint="Search for a word.")
        with self._reading() as reader:
            chats = reader.conversations()
            titles = {chat.id: chat.title for chat in chats}
            removed = {chat.id for chat in chats if chat.removed_at}
            turns = [
                each
                for each in reader.every_turn()
                if each.turn.readable and each.conversation not in removed
            ]
        turns.sort(key=lambda each: each.turn.asked_at, reverse=True)
        found = []
        for each in turns:
            question, answer = each.turn.question, each.turn.answer["text"]
            if all(word in analysis.fold(f"{question}\n{answer}") for word in words):
                title = titles.get(each.conversation, schema.UNREADABLE)
                excerpt = _excerpt(question, answer, words[0])
                found.append(FoundTurn(each.conversation, title, each.turn.id, question, excerpt))
        return found

    def add(
        self, answer: Answer, *, replacing: str | None = None, origin: Origin = "program"
    ) -> None:
        """Store an answer as the next turn of its conversation, which begins with its first. A
        conversation that a reader of the page has asked in has that `origin` from then on.

        With `replacing` it takes the place of the conversation's last answer, which has that id.
        Raises UsageError when another turn has come meanwhile.
        """
        now = datetime.now(UTC).isoformat()
        turn = Turn(
            id=answer.id,
            question=answer.question,
            standalone=answer.standalone_question,
            answer=answer.to_dict(),
            asked_at=now,
            receipt=answer.receipt.to_dict() if answer.receipt else None,
        )
        with self._writing() as connection:
            if replacing is not None:
                self._drop_last(connection, answer.conversation, replacing)
            chat = Reader(connection).conversation(answer.conversation)
            title = chat.title if chat else _title(answer.question)
            if chat is not None and origin == "program":
                origin = chat.origin
            begun = Conversation(answer.conversation, title, now, turns=0, origin=origin)
            rows.put_conversation(connection, begun)  # before its turns, which refer to it
            position = connection.execute(
                "SELECT coalesce(max(position), 0) + 1 FROM turns WHERE conversation_id = ?",
                (answer.conversation,),
            ).get
            rows.put_turn(connection, Kept(answer.conversation, position, turn))
            rows.put_conversation(connection, begun)

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
        now = datetime.now(UTC).isoformat()
        with self._writing() as connection:
            if verdict is None:
                connection.execute("DELETE FROM feedback WHERE turn_id = ?", (turn.id,))
            else:
                given = Feedback(verdict, comment.strip()[:_COMMENT], now)
                rows.put_feedback(connection, turn.id, given)

    def rename(self, conversation: str, title: str) -> None:
        """Raises UsageError for a title without a letter."""
        cleaned = " ".join(title.split())[:200]
        if not cleaned:
            raise UsageError("The title is empty.", hint="Give the conversation a name.")
        with self._writing() as connection:
            if (chat := Reader(connection).conversation(conversation)) is not None:
                rows.put_conversation(connection, replace(chat, title=cleaned))

    def remove(self, conversation: str) -> None:
        """Take a conversation away, until `restore` brings it back or it is deleted."""
        now = datetime.now(UTC).isoformat()
        with self._writing() as connection:
            if (chat := Reader(connection).conversation(conversation)) is not None:
                rows.put_conversation(connection, replace(chat, removed_at=now))

    def removed(self) -> list[Conversation]:
        """The conversations that `restore` may bring back, the last removed first."""
        with self._reading() as reader:
            found = [chat for chat in reader.conversations() if chat.removed_at]
        return sorted(found, key=lambda chat: (chat.removed_at, chat.id), reverse=True)

    def restore(self, conversation: str) -> Conversation:
        """Bring back a removed conversation, given by its id or the beginning of it; one that is
        there is given as it is. Raises ConversationNotFound."""
        removed = self.removed()
        named = [chat for chat in removed if chat.id == conversation]
        named = named or [chat for chat in removed if _begins(chat.id, conversation)]
        if len(named) != 1:
            return self.find(conversation)
        back = replace(named[0], removed_at="")
        with self._writing() as connection:
            if Reader(connection).conversation(back.id) is not None:  # nobody was quicker
                rows.put_conversation(connection, back)
        return self.find(back.id)

    def empty_bin(self) -> None:
        """Delete what was removed, as `delete` does."""
        for chat in self.removed():
            self.delete(chat.id)

    def delete(self, conversation: str) -> None:
        """Delete a conversation, for real: SQLite overwrites what it frees."""
        self._damage = None  # it may have been what was damaged
        with self._writing() as connection:
            connection.execute("DELETE FROM turns WHERE conversation_id = ?", (conversation,))
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
        with self._lock, translated(self._path):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def forget(self, remains: Remains) -> None:
        """Overwrite what chats tell of documents that are not there any more, and give the space
        back. A damaged answer is overwritten too: nobody can tell what it names."""
        with self._writing() as connection:
            _forget(connection, remains)
        with self._lock, translated(self._path):
            self._connection.execute("VACUUM")
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Reader]:
        """A reader; of what it finds damaged notice is taken."""
        with self._lock, translated(self._path):
            reader = Reader(self._connection)
            yield reader
            if reader.broken:
                self._damage = KnowledgeBaseDamaged(
                    f"{self._path} is damaged: some chats or answers cannot be read.",
                    hint="Restore it from a backup, or delete the chats in which they are.",
                )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """A transaction, numbered, and noted once it is durable."""
        with self._lock, translated(self._path):
            with self._transaction() as connection:
                yield connection
                known = self._ledger.read()
                totals = Reader(connection).totals()
                commits = known.commits if totals is None else totals.commits
                if known.losses(commits).commits:  # told when it was opened; its numbers go on
                    known = self._ledger.write(replace(known, commits=commits, lost=Losses()))
                now = rows.count(connection, commits=commits + 1)
                rows.put_totals(connection, now)
            self._acknowledge(replace(known, commits=now.commits, rows=now.turns))

    def _acknowledge(self, acknowledged: Acknowledged) -> None:
        """Note a commit that is durable, unless another process has noted a later one."""
        try:
            if self._ledger.read().commits < acknowledged.commits:
                self._ledger.write(acknowledged)
        except KnowledgeBaseError as error:
            _log.warning("%s", error.message)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        """One that waits for others at its beginning, where waiting is of use."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite has rolled back by itself on a full disk
                self._connection.execute("ROLLBACK")
            raise


def _id(chat: Conversation) -> str:
    return chat.id


def _begins(id_: str, reference: str) -> bool:
    return len(reference) >= _SHORTEST_BEGINNING and id_.startswith(reference)


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


def _forget(connection: apsw.Connection, remains: Remains) -> None:
    """Forget, in all turns, titles and comments, what is not among what remains."""
    rows.overwrite_damaged_turns(connection)
    reader = Reader(connection)
    turns = [each for each in reader.every_turn() if each.turn.readable]
    remains = remains.and_removed(_names_of_gone(turns, remains))
    first = {each.conversation: each.turn.question for each in turns if each.position == 1}
    for each in turns:
        turn, before = each.turn, rows.as_json([each.turn.answer, each.turn.receipt])
        forgetting.forget(turn.answer, turn.receipt, remains)
        if rows.as_json([turn.answer, turn.receipt]) != before:
            asked, standalone = turn.answer["question"], turn.answer["standalone_question"]
            turn = replace(turn, question=asked, standalone=standalone)
            rows.put_turn(connection, replace(each, turn=turn))
        comment = turn.feedback.comment if turn.feedback else ""
        if turn.feedback and remains.named(comment) != comment:
            said = replace(turn.feedback, comment=remains.named(comment))
            rows.put_feedback(connection, turn.id, said)
    for chat in reader.conversations():
        question = first.get(chat.id)
        # Cut anew where it is the beginning of the question: that may end in half of a name.
        is_cut = question is not None and chat.title == _title(question)
        title = _title(remains.named(question or "")) if is_cut else remains.named(chat.title)
        if title != chat.title:
            rows.put_conversation(connection, replace(chat, title=title))


def _names_of_gone(turns: Iterable[Kept], remains: Remains) -> Iterator[str]:
    for each in turns:
        yield from forgetting.names_of_gone(each.turn.answer, each.turn.receipt, remains.documents)


def new_id() -> str:
    """An id for a conversation or an answer: 64 random bits in hexadecimal."""
    return secrets.token_hex(8)
