"""Asks a set's questions of a knowledge base, and holds what comes back against the gold."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from quire import __version__
from quire.answering import followups
from quire.conversations.store import new_id
from quire.evaluation import metrics
from quire.evaluation.datasets import Dataset, TestQuestion
from quire.evaluation.relevance import GoldPlace, GoldPlaces, first_page_rank, first_rank
from quire.evaluation.results import Evaluation, Outcome, Values
from quire.knowledge_base import KnowledgeBase
from quire.models import machine
from quire.records import Answer, Hit, Timings, Usage

What = Literal["retrieval", "answers", "all"]
_DEPTH = 10


def run(
    base: KnowledgeBase,
    dataset: Dataset,
    *,
    what: What = "all",
    limit: int | None = None,
    notes: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Evaluation:
    """Ask a set's questions, the first `limit` of them. The documents were ingested before;
    `notes` say what came of that.

    Conversations are asked turn by turn, with the history that Quire itself makes of them. No chat
    is left behind.
    """
    asked = dataset.first(limit)
    total = len(asked.questions)
    gold = GoldPlaces(base, dataset.documents)
    _warm_up(base, asked.questions[0], what)
    outcomes: list[Outcome] = []
    for thread in asked.threads:
        with _talk(base, writes=what != "retrieval") as talk:
            for turn in thread:
                if turn.is_history:
                    talk.remember(turn)
                    continue
                outcomes.append(_outcome(talk, turn, gold.of(turn), what))
                progress(len(outcomes), total)
    return Evaluation(
        asked.name,
        tuple(outcomes),
        warnings=(*notes, *dataset.warnings, *gold.problems),
        about=_about(base, what=what, limit=limit),
    )


def _about(base: KnowledgeBase, *, what: What, limit: int | None) -> dict[str, Any]:
    """What the numbers depend on, beside the set."""
    here = machine.describe()
    model = base.model if what != "retrieval" else None
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quire": __version__,
        "what": what,
        "limit": limit,
        "embedder": base.embedder.name,
        "model": model.name if model else None,
        "machine": f"{here.cpu}, {here.cores} cores",
    }


def _warm_up(base: KnowledgeBase, question: TestQuestion, what: What) -> None:
    """Ask once before the clock runs: models are loaded by the first question."""
    if what == "retrieval":
        base.search(question.question, k=_DEPTH)
    else:
        base.ask(question.question, store=False)


class _Talk:
    """One conversation, or one question by itself, while it is being asked."""

    def __init__(self, base: KnowledgeBase, *, writes: bool) -> None:
        self.base = base
        self.stored: str | None = None  # the id of the conversation in the knowledge base
        self._writes = writes
        self._previous: list[str] = []

    def standalone(self, question: str) -> str:
        """The question as search should see it."""
        return followups.standalone(question, self._previous)

    def ask(self, turn: TestQuestion) -> Answer:
        answer = self.base.ask(
            turn.question, conversation=self.stored, store=turn.conversation is not None
        )
        if turn.conversation is not None:
            self.stored = answer.conversation
        return answer

    def went_on(self, standalone: str) -> None:
        self._previous.append(standalone)

    def remember(self, turn: TestQuestion) -> None:
        """Take a turn as said, without asking it."""
        standalone = self.standalone(turn.question)
        self.went_on(standalone)
        if not self._writes:
            return
        self.stored = self.stored or new_id()
        self.base.conversations.add(
            Answer(
                id=new_id(),
                conversation=self.stored,
                question=turn.question,
                standalone_question=standalone,
                status="answered",
                text=turn.answers[0],
                sentences=(),
                passages=(),
                model=None,
                usage=Usage(),
                timings=Timings(0.0, None, 0.0),
            )
        )


@contextmanager
def _talk(base: KnowledgeBase, *, writes: bool) -> Iterator[_Talk]:
    """History is read from stored conversations, so one is stored, and deleted at the end."""
    talk = _Talk(base, writes=writes)
    try:
        yield talk
    finally:
        if talk.stored is not None:
            base.conversations.delete(talk.stored)


def _outcome(talk: _Talk, turn: TestQuestion, places: tuple[GoldPlace, ...], what: What) -> Outcome:
    times: dict[str, float] = {}
    parts: dict[str, Values] = {}
    answer = None
    if what != "retrieval":
        answer = talk.ask(turn)
        times["answer"] = answer.timings.total
        if answer.timings.first_token is not None:
            times["first_token"] = answer.timings.first_token
        parts["answers"] = _of_answer(answer, turn, places)
    standalone = answer.standalone_question if answer else talk.standalone(turn.question)
    talk.went_on(standalone)
    rank = None
    if what != "answers":
        began = time.perf_counter()
        hits = talk.base.search(standalone, k=_DEPTH)
        times["search"] = (time.perf_counter() - began) * 1000
        rank = first_rank(hits, places, unit=None)
        if turn.answerable:
            parts |= _of_hits(hits, places)
    return Outcome(
        turn,
        parts=parts,
        milliseconds=times,
        standalone=standalone,
        rank=rank,
        gold_found=bool(places),
        status=answer.status if answer else None,
        answer=answer.text if answer else None,
        citations=len(answer.citations) if answer else 0,
    )


def _of_hits(hits: Sequence[Hit], places: Sequence[GoldPlace]) -> dict[str, Values]:
    parts = {"retrieval": _of_rank(first_rank(hits, places, unit=None))}
    if any(place.page is not None for place in places):
        parts["retrieval_by_page"] = _of_rank(first_page_rank(hits, places))
        if any(place.spans for place in places):
            parts["retrieval_by_passage"] = _of_rank(first_rank(hits, places, unit="passage"))
    return parts


def _of_rank(rank: int | None) -> Values:
    return {
        "recall@1": metrics.recall_at(rank, 1),
        "recall@5": metrics.recall_at(rank, 5),
        "recall@10": metrics.recall_at(rank, 10),
        "mrr@10": metrics.reciprocal_rank(rank),
        "ndcg@10": metrics.ndcg(rank),
    }


def _of_answer(answer: Answer, turn: TestQuestion, places: Sequence[GoldPlace]) -> Values:
    refused = float(answer.status == "not_found")
    values: dict[str, float] = {}
    if answer.sentences:
        held = [sentence.support in {"supported", "computed"} for sentence in answer.sentences]
        values["supported"] = sum(held) / len(held)
        values["mean_words"] = metrics.length(answer.text)
    right = [
        any(place.is_met_by_citation(citation) for place in places) for citation in answer.citations
    ]
    if right:
        values["citation_precision"] = sum(right) / len(right)
    shown = "" if refused else answer.text
    if turn.needs:
        quoted = "\n".join((shown, *(c.quote for c in answer.citations if not refused)))
        found = [metrics.contained(quoted, [need]) for need in turn.needs]
        values["needs_shown"] = sum(found) / len(found)
        values["whole"] = float(all(found))
    if turn.answerable:
        values["false_refusals"] = refused
        values["citation_recall"] = float(any(right))
    if turn.answers:
        values["contained"] = metrics.contained(shown, turn.answers)
        values["f1"] = metrics.f1(shown, turn.answers)
        values["exact"] = metrics.exact(shown, turn.answers)
    if not turn.answerable:
        values["refusal_recall"] = refused
    return values
