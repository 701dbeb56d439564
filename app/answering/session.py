"""The answering half of a knowledge base: the chat model, the chain, and the stored chats."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quire.answering import prompting, receipts
from quire.answering.checking import check
from quire.answering.confidence import checked_risk
from quire.answering.finding import find, find_nothing
from quire.answering.found import Found
from quire.answering.history import Exchange
from quire.answering.prompting import Wording
from quire.answering.question import Asked, Question
from quire.answering.reading_plan import ReadingPlan, plan
from quire.answering.receipts import Replay
from quire.answering.writing import task_of
from quire.checked import CheckedText
from quire.config import Settings
from quire.conversations.chats import Chats
from quire.conversations.schema import Turn
from quire.conversations.store import new_id, require_last
from quire.errors import QuireError
from quire.indexes.folder.names import CONVERSATIONS
from quire.models.opening import LateModel
from quire.models.protocols import Ability, ChatModel, Entailment, ReadsAhead, ReadsQuestions
from quire.models.succession import Succession
from quire.records import Answer, Chunk, Document, Draft, PageText, ParsedDocument, Sentence
from quire.requests import detect as requests
from quire.requests.forms import ASKS_NOTHING
from quire.search.query import kept_question
from quire.search.retriever import Retriever
from quire.text import languages

if TYPE_CHECKING:
    from quire.answering.summaries import Summary

_OTHERWISE = 0.7
"""The temperature at which a question is answered anew: at 0 the answer would be the same."""


class Session:
    """Questions to one knowledge base. Safe to use from several threads.

    `entailment` gives the model that reads statements beside their sources, where there is one;
    `search` the retriever, or None while nothing was ever added; `there` says which of some
    documents, by their ids, are still there; `picture` draws a page; `noticed` says what was
    found damaged. Loading the chat model keeps nobody waiting who only searches.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Settings,
        model: ChatModel | None,
        entailment: Callable[[], Entailment | None],
        search: Callable[[], Retriever | None],
        there: Callable[[Iterable[str]], Collection[str]],
        picture: Callable[[Document, int], bytes],
        noticed: Callable[[], Iterable[QuireError]],
    ) -> None:
        self.models = Succession(LateModel(settings, given=model, when_loaded=self._read_ahead))
        self.chats = Chats(folder / CONVERSATIONS)
        self._settings = settings
        self._entailment = entailment
        self._search = search
        self._there = there
        self._picture = picture
        self._noticed = noticed

    def follow(self, settings: Settings, *, model: ChatModel | None) -> None:
        """Answer with the chat model that these settings name from the next question on. The one
        before is freed when what it is at is done."""
        self.models.replace(LateModel(settings, given=model, when_loaded=self._read_ahead))
        self._settings = settings

    def close(self) -> None:
        """Free the model and the files."""
        self.models.close()
        self.chats.close()

    def stream(self, question: Question) -> Iterator[str | Answer]:
        """The answer's text in pieces, and then the answer; see `KnowledgeBase.stream`."""
        asked = self._asked(question)
        with self.models.working():
            try:
                for piece in self._answers(asked):
                    if isinstance(piece, Answer):
                        answer = self._looked(piece, asked) if question.look else piece
                        answer = self._with_notes(answer)
                        yield self._kept(answer, question) if question.store else answer
                    elif isinstance(piece, Draft):
                        question.on_draft(piece)
                    else:
                        yield piece
            finally:
                asked.cancel.set()

    def again(self, answer_id: str) -> Question:
        """The last question of a conversation, to be answered anew in the place of its answer, and
        looked for where it was looked for then."""
        conversation, turn = self.chats.stored.turn(answer_id)
        return Question(
            turn.question,
            conversation=conversation,
            scope=receipts.scope_of(turn.receipt),
            replacing=turn.id,
        )

    def replay(self, answer_id: str, *, documents: Sequence[Document]) -> Replay:
        """A stored answer beside the one that its question has now, asked as it was then."""
        conversation, turn = self.chats.stored.turn(answer_id)
        turns = self.chats.stored.turns(conversation)
        earlier = turns[: [each.id for each in turns].index(turn.id)]
        before = [each for each in earlier if each.readable]
        settings = (turn.receipt or {}).get("settings", {})
        asked = Asked(
            turn.question,
            conversation,
            **self._ways(settings.get("max_risk")),
            before=_exchanges(before),
            temperature=settings.get("temperature", 0.0),
            scope=receipts.scope_of(turn.receipt),
            max_risk=settings.get("max_risk"),
        )
        with self.models.working():
            (now,) = (each for each in self._answers(asked) if isinstance(each, Answer))
        used = receipts.documents(turn.answer, turn.receipt)
        now = self._with_notes(now)
        return Replay(
            before=turn.answer,
            now=now,
            differences=tuple(receipts.differences(turn.answer, turn.receipt, now)),
            gone=tuple(receipts.gone(used, {(each.id, each.name) for each in documents})),
        )

    def summarize(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        pages: tuple[PageText, ...],
        *,
        most: int,
        progress: Callable[[int, int], None],
        cancel: threading.Event | None,
    ) -> "Summary":
        """A document in at most so many sentences, by the chat model where that can do it."""
        from quire.answering.summaries import summarize  # noqa: PLC0415  NumPy and more

        language = document.language
        with self.models.working():
            model, retriever = self.models.now.get(), self._search()
            fit = model is not None and model.ability.capable and language in model.languages
            summary = summarize(
                document,
                chunks,
                pages,
                most=most,
                embedder=retriever.embedder if retriever and retriever.reads(language) else None,
                model=model if fit else None,
                wording=self._wording("summary", language),
                progress=progress,
                cancel=cancel or threading.Event(),
            )
        if problem := self.models.now.problem:
            note = problem.told
            summary = dataclasses.replace(summary, notes=(note, *summary.notes))
        return summary

    def check(self, document: ParsedDocument, *, name: str, **options: Any) -> CheckedText:
        """A text with its statements, each held against the documents."""
        from quire.answering import checked_text  # noqa: PLC0415  NumPy and more

        return checked_text.check(
            document,
            name=name,
            retriever=self._search(),
            entailment=self._entailment(),
            **options,
        )

    def suggest(
        self,
        *,
        after: str | None,
        first: Sequence[str],
        language: str | None,
        most: int,
        cancel: threading.Event,
    ) -> list[str]:
        """Questions that the documents answer; see `KnowledgeBase.suggest`."""
        from quire.answering import suggesting  # noqa: PLC0415  NumPy and more

        retriever, reader = self._search(), self._entailment()
        if retriever is None:
            return []
        ways: dict[str, Any] = {
            "most": most,
            "reader": reader if isinstance(reader, ReadsQuestions) else None,
            "cancel": cancel,
        }
        if after is None:
            return suggesting.suggest(retriever, first=first, language=language, **ways)
        conversation, turn = self.chats.turn(after)
        return suggesting.go_on(
            retriever,
            questions=[each.standalone for each in self.chats.turns(conversation)],
            cited=[(c["document_id"], c["start"], c["end"]) for c in turn.answer["citations"]],
            **ways,
        )

    def _wording(self, task: str, language: str) -> Wording:
        """The text of a prompt, the user's own first."""
        return prompting.wording(task, language, folder=self._settings.prompts)

    def _asked(self, question: Question) -> Asked:
        """A question in its conversation. Raises UsageError for one that cannot be asked."""
        before = self.chats.turns(question.conversation) if question.conversation else []
        temperature = 0.0
        if question.replacing is not None:
            require_last(before[-1].id if before else None, question.replacing)
            temperature = _OTHERWISE if before.pop().question == question.text else 0.0
        risk = question.max_risk
        ways = self._ways(self._settings.max_risk if risk is None else risk)
        if question.answer_tokens is not None:
            ways["answer_tokens"] = question.answer_tokens
        return Asked(
            kept_question(question.text),
            question.conversation or new_id(),
            **ways,
            before=() if question.as_written else (*question.before, *_exchanges(before)),
            temperature=0.0 if question.as_written else temperature,
            scope=question.scope,
            max_risk=self._settings.max_risk if risk is None else checked_risk(risk),
            agent=question.agent,
            on_step=question.on_step,
            cancel=question.cancel,
        )

    def _ways(self, max_risk: float | None) -> dict[str, Any]:
        """How a question is answered by the model that is there, told without loading it. Where a
        risk was chosen, what was measured decides, whatever the model."""
        planned = self._planned(self.models.now.expected)
        return {
            "passages": planned.passages,
            "section_tokens": planned.section_tokens,
            "by_model": planned.capable and self.models.now.wanted and max_risk is None,
            "answer_tokens": self._settings.answer_tokens,
        }

    def _planned(self, ability: Ability) -> ReadingPlan:
        settings = self._settings
        return plan(
            ability,
            patience=settings.patience,
            passages=settings.passages,
            strictness=settings.strictness,
        )

    def _answers(self, asked: Asked) -> Iterator[str | Draft | Answer]:
        retriever = self._search()
        if request := requests.detect(asked.asks, lambda: self._documents(asked, retriever)):
            from quire.answering import requested  # noqa: PLC0415  NumPy and more

            yield from requested.answer(
                asked,
                request,
                retriever=retriever,
                summarize=lambda *given: self._summary(asked, *given),
            )
            return
        if asked.agent and retriever:
            yield from self._by_agent(asked, retriever)
        else:
            yield from self._by_chain(asked, retriever)

    def _by_agent(self, asked: Asked, retriever: Retriever) -> Iterator[str | Draft | Answer]:
        """The answer of a model that looks things up by itself; the ordinary one, with a note that
        says why, where it is not up to that."""
        from quire.answering.agent import aptitude, running  # noqa: PLC0415  LangChain's agents

        model = self.models.now.get()
        why_not = running.unfit(
            model,
            retriever=retriever,
            kept=self._settings.cache / aptitude.FILE,
            language=languages.detect(asked.asks),
            told=asked.on_step,
            cancel=asked.cancel,
        )
        if model is not None and not why_not:
            yield from running.answer(
                asked,
                model,
                retriever=retriever,
                entailment=self._entailment(),
                wording=self._wording,
                plan=self._planned(model.ability),
                calls=self._settings.agent_calls,
                seconds=self._settings.agent_seconds,
                otherwise=lambda: self._found(asked, retriever),
            )
            return
        for piece in self._by_chain(asked, retriever):
            if isinstance(piece, Answer):
                yield dataclasses.replace(piece, notes=(*piece.notes, why_not))
            else:
                yield piece

    def _by_chain(
        self, asked: Asked, retriever: Retriever | None
    ) -> Iterator[str | Draft | Answer]:
        found = self._found(asked, retriever) if retriever else find_nothing(asked)
        if not (found.worth_asking and self.models.now.wanted):
            yield from check(iter([{"found": found}]))
            return
        from quire.answering import chain  # noqa: PLC0415  LangChain takes half a second

        built = chain.build(
            model=self.models.now,
            wording=self._wording,
            planned=self._planned,
            entailment=self._entailment(),
            search=self._search,
            judged=self._judged,
        )
        yield from chain.run(built, found)

    def _looked(self, answer: Answer, asked: Asked) -> Answer:
        """The answer, with what the model sees on the pages that were found."""
        from quire.answering import looking  # noqa: PLC0415  where it is asked for

        return looking.looked(
            answer,
            asked,
            model=self.models.now.get(),
            picture=self._picture,
            wording=self._wording,
        )

    def _found(self, asked: Asked, retriever: Retriever) -> Found:
        planned, reader = None, self._entailment()
        if asked.by_model:
            from quire.answering import planning  # noqa: PLC0415  only where a model plans

            planned = planning.plan(
                asked,
                model=self.models.now,
                wording=self._wording,
                patience=self._settings.patience,
            )
        return find(
            asked,
            retriever,
            planned=planned,
            reader=reader if isinstance(reader, ReadsQuestions) else None,
        )

    def _judged(
        self, model: ChatModel, found: Found, sentences: Sequence[Sentence]
    ) -> Sequence[Sentence]:
        """The sentences of a reply, with the word of a model that has shown that it can judge."""
        from quire.answering import judge, judge_trial  # noqa: PLC0415  where a reply is marked

        if not judge.unsure(sentences):
            return sentences
        text = self._wording("judge", found.language)
        if not judge_trial.helps(model, text=text, cache=self._settings.cache):
            return sentences
        return judge.judged(
            sentences,
            model=model,
            text=text,
            patience=self._settings.patience,
            cancel=found.asked.cancel,
        )

    def _documents(self, asked: Asked, retriever: Retriever | None) -> Sequence[Document]:
        """The documents that a request may name."""
        return retriever.documents(asked.scope) if retriever else ()

    def _summary(
        self,
        asked: Asked,
        document: Document,
        chunks: Sequence[Chunk],
        pages: tuple[PageText, ...],
        most: int,
    ) -> "Summary":
        return self.summarize(
            document, chunks, pages, most=most, progress=lambda *_: None, cancel=asked.cancel
        )

    def _read_ahead(self, model: ChatModel) -> None:
        """Have a model read what each prompt begins with, so that the first answer need not wait
        for it. Prompts are in the language of the question: that of the settings is likeliest."""
        language = self._settings.language
        if isinstance(model, ReadsAhead) and language in model.languages:
            with contextlib.suppress(QuireError):  # told when something is asked
                task = task_of(self._planned(model.ability))
                model.read_ahead(prompting.fixed_part(self._wording(task, language)))

    def _kept(self, answer: Answer, question: Question) -> Answer:
        return self.chats.keep(answer, replacing=question.replacing, origin=question.origin)

    def _with_notes(self, answer: Answer) -> Answer:
        """The answer with what is worth knowing about it: there is no model, something that was
        read is damaged, or a document was removed while the answer rested on it."""
        notes = [*answer.notes]
        notes += [damage.told for damage in self._noticed()]
        if problem := self.models.now.problem:
            notes.append(problem.told)
        cited = {citation.document.id: citation.document.name for citation in answer.citations}
        notes.extend(
            f"{cited[id_]} was removed while this answer was being written."
            for id_ in cited.keys() - set(self._there(cited))
        )
        return dataclasses.replace(answer, notes=tuple(notes))


def _exchanges(turns: Sequence[Turn]) -> tuple[Exchange, ...]:
    """What was said of the documents: a greeting lends no topic to what is asked after it."""
    return tuple(
        Exchange(
            turn.standalone,
            turn.answer["text"],
            answered=turn.answer["status"] != "not_found",
            documents=tuple({cited["document_id"]: None for cited in turn.answer["citations"]}),
        )
        for turn in turns
        if turn.answer.get("request") not in ASKS_NOTHING
    )
