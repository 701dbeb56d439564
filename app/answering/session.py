"""The answering half of a knowledge base: the chat model, the chain, and the stored chats."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from quire.answering import prompting, receipts
from quire.answering.confidence import checked_risk
from quire.answering.history import Exchange
from quire.answering.prompting import Wording
from quire.answering.receipts import Replay
from quire.config import Settings
from quire.conversations.store import Conversations, Turn, new_id, require_last
from quire.errors import KnowledgeBaseError, QuireError, UsageError
from quire.indexes.scope import Scope
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel, ReadsAhead
from quire.records import Answer, Document, Draft
from quire.search.retriever import Retriever, checked_question

CONVERSATIONS = "conversations.sqlite3"
_OTHERWISE = 0.7
"""The temperature at which a question is answered anew: at 0 the answer would be the same."""


class Asking:
    """Questions to one knowledge base. Safe to use from several threads.

    `search` gives its retriever, or None while nothing was ever added; `there` says which of some
    documents, by their ids, are still there. Loading the chat model keeps
    nobody waiting who only searches.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Settings,
        model: ChatModel | None,
        search: Callable[[], Retriever | None],
        there: Callable[[Iterable[str]], Collection[str]],
    ) -> None:
        self.model = LateModel(settings, given=model, when_loaded=self._read_ahead)
        self._path = folder / CONVERSATIONS
        self._settings = settings
        self._search = search
        self._there = there
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
        scope: Scope | None,
        cancel: threading.Event | None,
        max_risk: float | None = None,
        replacing: str | None = None,
        on_draft: Callable[[Draft], None] = lambda _: None,
    ) -> Iterator[str | Answer]:
        """See `KnowledgeBase.stream`."""
        from quire.answering.chain import Question  # noqa: PLC0415  LangChain takes half a second

        before = self.conversations.turns(conversation) if conversation else []
        temperature = 0.0
        if replacing is not None:
            require_last(before[-1].id if before else None, replacing)
            temperature = _OTHERWISE if before.pop().question == text else 0.0
        question = Question(
            checked_question(text),
            conversation or new_id(),
            tuple(map(_exchange, before)),
            temperature=temperature,
            scope=scope,
            max_risk=self._settings.max_risk if max_risk is None else checked_risk(max_risk),
            cancel=cancel or threading.Event(),
        )
        try:
            for piece in self._answers(question):
                if isinstance(piece, Answer):
                    answer = self._with_notes(piece)
                    yield self._stored(answer, replacing) if store else answer
                elif isinstance(piece, Draft):
                    on_draft(piece)
                else:
                    yield piece
        finally:
            question.cancel.set()

    def replay(self, answer_id: str, *, documents: Sequence[Document]) -> Replay:
        """See `KnowledgeBase.replay`."""
        conversation, turn = self.conversations.turn(answer_id)
        turns = self.conversations.turns(conversation)
        before = turns[: [each.id for each in turns].index(turn.id)]
        now = self._again(turn, before)
        used = receipts.documents(turn.answer, turn.receipt)
        return Replay(
            before=turn.answer,
            now=now,
            differences=tuple(receipts.differences(turn.answer, turn.receipt, now)),
            gone=tuple(receipts.gone(used, {(each.id, each.name) for each in documents})),
        )

    def _again(self, turn: Turn, before: Sequence[Turn]) -> Answer:
        """The answer that a stored question has now, asked as it was then, and not stored."""
        from quire.answering.chain import Question  # noqa: PLC0415  LangChain takes half a second

        settings = (turn.receipt or {}).get("settings", {})
        question = Question(
            turn.question,
            turn.answer["conversation"],
            tuple(map(_exchange, before)),
            temperature=settings.get("temperature", 0.0),
            scope=receipts.scope_of(turn.receipt),
            max_risk=settings.get("max_risk"),
        )
        for piece in self._answers(question):
            if isinstance(piece, Answer):
                return self._with_notes(piece)
        raise AssertionError("a stream ends in an answer")

    def _answers(self, question: Any) -> Iterator[str | Draft | Answer]:
        from quire.answering import chain  # noqa: PLC0415  LangChain takes half a second

        retriever = self._search()
        if retriever is None:
            yield from chain.answer_without_documents(question)
            return
        with self._lock:
            if self._chain is None:
                self._chain = chain.build(
                    retriever,
                    model=self.model,
                    wording=lambda language: self.wording("answer", language),
                    passages=self._settings.passages,
                    answer_tokens=self._settings.answer_tokens,
                )
        yield from chain.run(self._chain, question)

    def wording(self, task: str, language: str) -> Wording:
        """The text of a prompt, the user's own first."""
        return prompting.wording(task, language, folder=self._settings.prompts)

    def _read_ahead(self, model: ChatModel) -> None:
        """Have a model read what each prompt begins with, so that the first answer need not wait
        for it. Prompts are in the language of the question: that of the settings is likeliest."""
        language = self._settings.language
        if isinstance(model, ReadsAhead) and language in model.languages:
            with contextlib.suppress(QuireError):  # told when something is asked
                model.read_ahead(prompting.fixed_part(self.wording("answer", language)))

    def _with_notes(self, answer: Answer) -> Answer:
        """The answer with what is worth knowing about it: there is no model, or a document was
        removed while the answer rested on it."""
        notes = [*answer.notes]
        if problem := self.model.problem:
            notes.append(f"{problem.message} {problem.hint}".strip())
        cited = {citation.document.id: citation.document.name for citation in answer.citations}
        notes.extend(
            f"{cited[id_]} was removed while this answer was being written."
            for id_ in cited.keys() - set(self._there(cited))
        )
        return dataclasses.replace(answer, notes=tuple(notes))

    def _stored(self, answer: Answer, replacing: str | None) -> Answer:
        """The answer, once it is kept, or with a note where it cannot be: it was asked for."""
        try:
            self.conversations.add(answer, replacing=replacing)
        except (KnowledgeBaseError, UsageError) as error:
            note = f"This conversation is not kept: {error.message}"
            return dataclasses.replace(answer, notes=(*answer.notes, note))
        return answer


def _exchange(turn: Turn) -> Exchange:
    answered = turn.answer["status"] != "not_found"
    return Exchange(turn.standalone, turn.answer["text"], answered=answered)
