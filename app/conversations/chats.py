"""The chats of a knowledge base: stored ones, and answers that could not be kept yet."""

import dataclasses
import threading
from pathlib import Path

from quire.conversations.schema import Origin, Turn
from quire.conversations.store import Conversations
from quire.errors import ConversationNotFound, KnowledgeBaseError, UsageError
from quire.indexes.folder.names import LEDGER
from quire.records import Answer

_NOT_KEPT = "This conversation is not kept:"


class Chats:
    """The chats in one file, which is made at the first use. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._keeping = threading.Lock()  # around the answers that wait for the file
        self._stored: Conversations | None = None
        self._unkept: dict[str, list[Answer]] = {}  # by conversation, until they can be kept

    @property
    def stored(self) -> Conversations:
        """Those in the file."""
        with self._lock:
            if self._stored is None:
                self._stored = Conversations(self._path)
            return self._stored

    def warnings(self) -> list[KnowledgeBaseError]:
        """What is lost or damaged, as far as the file was looked at."""
        with self._lock:
            return [*self._stored.warnings] if self._stored else []

    def problems(self) -> list[tuple[str, str]]:
        """What is lost or damaged, as (what, where). Reads everything."""
        if not self._path.exists() and not self._path.with_suffix(LEDGER).exists():
            return []
        try:
            return self.stored.problems()
        except KnowledgeBaseError as error:
            return [(error.message, self._path.name)]

    def unkept(self, conversation: str) -> list[Turn]:
        """The answers of a conversation that could not be kept, and are known to this object
        alone."""
        return [
            Turn(
                answer.id,
                question=answer.question,
                standalone=answer.standalone_question,
                answer=answer.to_dict(),
                asked_at="",
                receipt=answer.receipt.to_dict() if answer.receipt else None,
            )
            for answer in [*self._unkept.get(conversation, ())]
        ]

    def turn(self, answer_id: str) -> tuple[str, Turn]:
        """A conversation's id and the turn of this answer, kept or not. Raises
        ConversationNotFound."""
        for conversation in [*self._unkept]:
            for turn in self.unkept(conversation):
                if turn.id == answer_id:
                    return conversation, turn
        return self.stored.turn(answer_id)

    def turns(self, conversation: str) -> list[Turn]:
        """The turns of a conversation that can be read, kept or not. Raises
        ConversationNotFound."""
        unkept = self.unkept(conversation)
        try:
            stored = self.stored.turns(conversation)
        except ConversationNotFound:
            if not unkept:
                raise
            stored = []
        except KnowledgeBaseError:  # told with the answer, which cannot be kept either
            stored = []
        return [turn for turn in (*stored, *unkept) if turn.readable]

    def keep(self, answer: Answer, *, replacing: str | None, origin: Origin) -> Answer:
        """The answer, once it is kept, or with a note where it cannot be: it was asked for.

        Those of its conversation that could not be kept before are kept first.
        """
        with self._keeping:
            return self._kept(answer, replacing=replacing, origin=origin)

    def _kept(self, answer: Answer, *, replacing: str | None, origin: Origin) -> Answer:
        waiting = self._unkept.setdefault(answer.conversation, [])
        try:
            while waiting:
                said = tuple(note for note in waiting[0].notes if not note.startswith(_NOT_KEPT))
                self.stored.add(dataclasses.replace(waiting[0], notes=said), origin=origin)
                waiting.pop(0)
            self.stored.add(answer, replacing=replacing, origin=origin)
        except (KnowledgeBaseError, UsageError) as error:
            note = f"{_NOT_KEPT} {error.message}"
            answer = dataclasses.replace(answer, notes=(*answer.notes, note))
            if isinstance(error, KnowledgeBaseError):
                waiting.append(answer)
        if not waiting:
            del self._unkept[answer.conversation]
        return answer

    def close(self) -> None:
        """Free the file."""
        with self._lock:
            if self._stored is not None:
                self._stored.close()
