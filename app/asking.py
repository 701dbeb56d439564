"""The answering half of a knowledge base: the chat model, the chain, and the stored chats."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from quire.config import Settings
from quire.conversations import Conversations, new_id
from quire.errors import KnowledgeBaseError
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel
from quire.records import Answer
from quire.retrieval import Retriever, checked_question

CONVERSATIONS = "conversations.sqlite3"


class Asking:
    """Questions to one knowledge base. Safe to use from several threads.

    `search` gives its retriever, or None while nothing was ever added. Loading the chat model keeps
    nobody waiting who only searches.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Settings,
        model: ChatModel | None,
        search: Callable[[], Retriever | None],
    ) -> None:
        self.model = LateModel(settings, given=model)
        self._path = folder / CONVERSATIONS
        self._settings = settings
        self._search = search
        self._lock = threading.Lock()  # around what is made at the first use
        self._conversations: Conversations | None = None
        self._chain: Any = None

    @property
    def conversations(self) -> Conversations:
        with self._lock:
            if self._conversations is None:
                self._conversations = Conversations(self._path)
            return self._conversations

    def close(self) -> None:
        self.model.close()
        with self._lock:
            if self._conversations is not None:
                self._conversations.close()

    def stream(
        self,
        text: str,
        *,
        conversation: str | None,
        store: bool,
        cancel: threading.Event | None,
    ) -> Iterator[str | Answer]:
        """See `KnowledgeBase.stream`."""
        from quire.chain import Question  # noqa: PLC0415  LangChain takes half a second

        previous = (
            tuple(turn.standalone for turn in self.conversations.turns(conversation))
            if conversation
            else ()
        )
        question = Question(
            checked_question(text),
            conversation or new_id(),
            previous,
            cancel=cancel or threading.Event(),
        )
        try:
            for piece in self._answers(question):
                if not isinstance(piece, Answer):
                    yield piece
                    continue
                answer = piece
                if problem := self.model.problem:
                    answer = _with_note(answer, problem.message)
                yield self._stored(answer) if store else answer
        finally:
            question.cancel.set()

    def _answers(self, question: Any) -> Iterator[str | Answer]:
        from quire import chain  # noqa: PLC0415  LangChain takes half a second

        retriever = self._search()
        if retriever is None:
            yield from chain.answer_without_documents(question)
            return
        with self._lock:
            if self._chain is None:
                self._chain = chain.build(
                    retriever,
                    model=self.model,
                    passages=self._settings.passages,
                    answer_tokens=self._settings.answer_tokens,
                )
        yield from chain.run(self._chain, question)

    def _stored(self, answer: Answer) -> Answer:
        """The answer, once it is kept, or with a note where it cannot be: it was asked for."""
        try:
            self.conversations.add(answer)
        except KnowledgeBaseError as error:
            return _with_note(answer, f"This conversation is not kept: {error.message}")
        return answer


def _with_note(answer: Answer, note: str) -> Answer:
    return dataclasses.replace(answer, notes=(*answer.notes, note))
