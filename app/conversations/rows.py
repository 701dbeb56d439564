"""The rows of the chats as values, each tested against its checksum, and values as rows.

A damaged row is passed over or stands for one unreadable turn: it must not hide the others. Texts
are read as bytes, because what is damaged need not be text.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import apsw

from quire.conversations import schema
from quire.conversations.schema import Conversation, Feedback, Turn
from quire.indexes.checksums import checksum, is_sound

Row = tuple[Any, ...]

_CONVERSATIONS = (
    "SELECT CAST(id AS BLOB), CAST(title AS BLOB), CAST(updated_at AS BLOB), turns, "
    "CAST(origin AS BLOB), CAST(removed_at AS BLOB), checksum FROM conversations"
)
_TURNS = (
    "SELECT CAST(id AS BLOB), CAST(conversation_id AS BLOB), position, CAST(question AS BLOB), "
    "CAST(standalone AS BLOB), CAST(answer AS BLOB), CAST(asked_at AS BLOB), "
    "CAST(receipt AS BLOB), checksum FROM turns"
)
_FEEDBACK = (
    "SELECT CAST(turn_id AS BLOB), CAST(verdict AS BLOB), CAST(comment AS BLOB), "
    "CAST(given_at AS BLOB), checksum FROM feedback"
)
_BROKEN = (apsw.CorruptError, apsw.SQLError)  # what damage of the file itself looks like


@dataclass(frozen=True, slots=True)
class Totals:
    """How many commits there were, and how many conversations and turns there are."""

    commits: int = 0
    conversations: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn with its place. Of a damaged one the place is what can be read of it."""

    conversation: str
    position: int
    turn: Turn


class Reader:
    """Reads rows over a connection. `broken` says that some could not be had, or were damaged."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.broken = False

    def conversations(self) -> list[Conversation]:
        """All conversations, with those of which only turns are left."""
        found = {}
        for row in self._rows(_CONVERSATIONS):
            conversation = self._conversation(row)
            found[conversation.id] = conversation
        totals = self.totals()
        if totals is None or (totals.commits and totals.conversations != len(found)):
            self.broken = True
            for (raw,) in self._rows("SELECT DISTINCT CAST(conversation_id AS BLOB) FROM turns"):
                id_ = _text(raw)
                found.setdefault(id_, Conversation(id_, schema.UNREADABLE, "", self._counted(id_)))
        return list(found.values())

    def conversation(self, id_: str) -> Conversation | None:
        """One conversation; of a damaged one what can be told."""
        for row in self._rows(f"{_CONVERSATIONS} WHERE id = ?", id_):
            return self._conversation(row)
        return next((each for each in self.conversations() if each.id == id_), None)

    def turns(self, conversation: Conversation, *, last: int | None) -> list[Turn]:
        """The turns of a conversation, or the `last` so many, the oldest first; an unreadable one
        for each that is damaged or missing."""
        most = -1 if last is None else last
        by_place = f"{_TURNS} WHERE conversation_id = ? ORDER BY position DESC LIMIT ?"
        wanted = min(conversation.turns, conversation.turns if last is None else last)
        found = self._turns(by_place, conversation.id, most)
        if len(found) < wanted:  # the index may have lost them, and the table not
            found = self._turns(by_place.replace("WHERE ", "WHERE +"), conversation.id, most)
        end = max([conversation.turns, *(each.position for each in found if each.turn.readable)])
        first = 1 if last is None else max(1, end - last + 1)
        by_position = {each.position: each.turn for each in found if each.turn.readable}
        damaged = [each.turn for each in found if not each.turn.readable]
        turns = []
        for position in range(first, end + 1):
            if position not in by_position:
                self.broken = True
            missing = damaged.pop() if position not in by_position and damaged else None
            turns.append(
                by_position.get(position) or missing or schema.unreadable("", conversation.id)
            )
        return turns

    def turns_with(self, column: str, reference: str, *, beginning: bool = False) -> list[Kept]:
        """The turns whose id is this, or begins so."""
        if not beginning:
            return self._turns(f"{_TURNS} WHERE {column} = ?", reference)
        where = f"WHERE substr({column}, 1, ?) = ? ORDER BY {column}"
        return self._turns(f"{_TURNS} {where}", len(reference), reference)

    def every_turn(self) -> list[Kept]:
        """All turns."""
        return self._turns(_TURNS)

    def totals(self) -> Totals | None:
        """What the file says of itself; no commits where it has just been made or brought up to
        date, and None where that is damaged."""
        rows = self._rows("SELECT * FROM totals")
        if not rows:
            return None if self.broken else Totals()
        return Totals(*rows[0][:-1]) if len(rows) == 1 and is_sound(rows[0]) else None

    def _conversation(self, row: Row) -> Conversation:
        id_, title, updated_at, turns, origin, removed_at, _ = row
        if is_sound(row):
            return Conversation(
                _text(id_),
                _text(title),
                _text(updated_at),
                turns,
                "program" if origin == b"program" else "page",
                _text(removed_at),
            )
        self.broken = True
        known = _text(id_)
        return Conversation(known, schema.UNREADABLE, "", self._counted(known))

    def _counted(self, conversation: str) -> int:
        rows = self._rows("SELECT count(*) FROM turns WHERE conversation_id = ?", conversation)
        return int(rows[0][0]) if rows else 0

    def _turns(self, sql: str, *values: Any) -> list[Kept]:
        kept = [self._kept(row) for row in self._rows(sql, *values)]
        if len(kept) > 1:
            feedback = self._feedback(_FEEDBACK)
        else:
            feedback = {
                id_: given
                for each in kept
                for id_, given in self._feedback(
                    f"{_FEEDBACK} WHERE turn_id = ?", each.turn.id
                ).items()
            }
        return [
            replace(each, turn=replace(each.turn, feedback=feedback.get(each.turn.id)))
            for each in kept
        ]

    def _kept(self, row: Row) -> Kept:
        id_, conversation, position, question, standalone, answer, asked_at, receipt, _ = row
        if not is_sound(row):
            self.broken = True
            turn = schema.unreadable(_text(id_), _text(conversation))
            return Kept(_text(conversation), position if isinstance(position, int) else 0, turn)
        turn = Turn(
            id=_text(id_),
            question=_text(question),
            standalone=_text(standalone),
            answer=json.loads(answer),
            asked_at=_text(asked_at),
            receipt=json.loads(receipt),
        )
        return Kept(_text(conversation), position, turn)

    def _feedback(self, sql: str, *values: Any) -> dict[str, Feedback]:
        found = {}
        for row in self._rows(sql, *values):
            turn, verdict, comment, given_at, _ = row
            if is_sound(row):
                said = "up" if verdict == b"up" else "down"
                found[_text(turn)] = Feedback(said, _text(comment), _text(given_at))  # type: ignore[arg-type]
            else:
                self.broken = True
        return found

    def _rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows up to the first that cannot be had."""
        found: list[Row] = []
        try:
            for row in self._connection.execute(sql, values):
                found.append(row)  # noqa: PERF402  those before an error are kept
        except _BROKEN:
            self.broken = True
        return found


def problems(connection: apsw.Connection) -> list[str]:
    """What is wrong with the file and its rows."""
    found: list[str] = []
    try:
        for (text,) in connection.execute("PRAGMA integrity_check"):
            found += [f"SQLite: {text}"] if text != "ok" else []
        if not schema.is_as_made(connection):
            found.append("the tables are not as they were made")
    except (*_BROKEN, UnicodeDecodeError) as error:
        return [f"SQLite: {error}"]
    reader = Reader(connection)
    conversations, turns, totals = reader.conversations(), reader.every_turn(), reader.totals()
    counted = Counter(each.conversation for each in turns if each.turn.readable)
    for conversation in conversations:
        if conversation.title == schema.UNREADABLE or counted[conversation.id] < conversation.turns:
            found.append(f"the chat {conversation.id!a} is damaged")
    found += [f"the answer {each.turn.id!a} is damaged" for each in turns if not each.turn.readable]
    if totals is None:
        found.append("the totals are damaged")
    elif totals.commits and (totals.conversations, totals.turns) != (
        len(conversations),
        len(turns),
    ):
        found.append("chats or answers are missing")
    return found or (["a remark is damaged"] if reader.broken else [])


def put_conversation(connection: apsw.Connection, conversation: Conversation) -> None:
    """Add a conversation, or replace the one of this id. Its turns are counted."""
    turns = connection.execute(
        "SELECT count(*) FROM turns WHERE conversation_id = ?", (conversation.id,)
    ).get
    row = (
        *(conversation.id, conversation.title, conversation.updated_at, turns),
        *(conversation.origin, conversation.removed_at),
    )
    connection.execute(
        "INSERT INTO conversations (id, title, updated_at, turns, origin, removed_at, checksum) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "title = excluded.title, updated_at = excluded.updated_at, turns = excluded.turns, "
        "origin = excluded.origin, removed_at = excluded.removed_at, checksum = excluded.checksum",
        (*row, checksum(*row)),
    )


def put_turn(connection: apsw.Connection, kept: Kept) -> None:
    """Add a turn, or replace the one of this id."""
    turn = kept.turn
    row = (
        *(turn.id, kept.conversation, kept.position, turn.question, turn.standalone),
        *(as_json(turn.answer), turn.asked_at, as_json(turn.receipt)),
    )
    connection.execute(
        "INSERT INTO turns (id, conversation_id, position, question, standalone, answer, asked_at, "
        "receipt, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "question = excluded.question, standalone = excluded.standalone, "
        "answer = excluded.answer, asked_at = excluded.asked_at, receipt = excluded.receipt, "
        "checksum = excluded.checksum",
        (*row, checksum(*row)),
    )


def put_feedback(connection: apsw.Connection, turn: str, feedback: Feedback) -> None:
    """Keep what a reader thinks of an answer, in place of what was kept before."""
    row = (turn, feedback.verdict, feedback.comment, feedback.given_at)
    connection.execute(
        "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)", (*row, checksum(*row))
    )


def overwrite_damaged_turns(connection: apsw.Connection) -> None:
    """Leave nothing of what damaged turns say. They stay unreadable."""
    for row in [row for row in connection.execute(_TURNS) if not is_sound(row)]:
        connection.execute(
            "UPDATE turns SET question = '', standalone = '', answer = '', receipt = '' "
            "WHERE CAST(id AS BLOB) = ?",
            (row[0],),
        )


def put_totals(connection: apsw.Connection, totals: Totals) -> None:
    """Keep what the file says of itself."""
    row = (totals.commits, totals.conversations, totals.turns)
    connection.execute("DELETE FROM totals")
    connection.execute("INSERT INTO totals VALUES (?, ?, ?, ?)", (*row, checksum(*row)))


def count(connection: apsw.Connection, *, commits: int) -> Totals:
    """The totals as they are, counted one by one."""
    conversations, turns = connection.execute(
        "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM turns)"
    ).get
    return Totals(commits, conversations, turns)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
