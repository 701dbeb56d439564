"""From a question to an answer with its proof: one LangChain chain for every interface.

    rewrite | retrieve | prompt | model | verify

Each step takes one record and returns the next; the model step streams, and the verify step checks
each sentence when it is complete. The chain's output is text pieces and then the one `Answer`.

What the model writes is only shown when the passages support it. Where there is no model, where it
does not write the question's language, or where nothing that it wrote holds, the answer is the best
quoted sentences (`extractive`); where the evidence is weak, it is `not_found`.
"""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)
from langsmith import tracing_context

from quire.answering import confidence, evidence, followups, history, prompting, receipts, refusals
from quire.answering.checking import CheckedReply, joined
from quire.answering.confidence import Judgement
from quire.answering.evidence import Evidence
from quire.answering.history import Exchange
from quire.answering.langchain_model import QuireChatModel, to_langchain
from quire.answering.prompting import Wording
from quire.conversations.store import new_id
from quire.errors import ModelError
from quire.indexes.scope import Scope
from quire.models.engine.watching import foreign_errors_told
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel, sent_to
from quire.records import Answer, Draft, Hit, Passage, Prompt, Receipt, Sentence, Status, Timings
from quire.search import question_parts
from quire.search.passages import context
from quire.search.retriever import Retriever
from quire.surveys import telling
from quire.surveys.detect import Survey, detect
from quire.surveys.telling import Surveyed
from quire.text import languages

_SEARCHED = 40  # chunks searched for an answer, from which those that it rests on are chosen
_HITS = 8  # … at most so many; neighbours among them become one passage
_SENTENCES, _SENTENCES_SMALL = 8, 4
"""Of evidence that a model may read, and one that is not capable: some 250 and 130 tokens. With
four the starter's first token came 3.4 times as soon as that of a tutorial's pipeline, with eight
2.1 times."""
_HISTORY = 512  # tokens at most of the conversation, and an eighth of the context
_NEAR = 0.6
"""Of the best sentence's score: what a sentence must have to be read, or to be an answer. On 41
English and 51 Chinese questions it kept all but one of the answers, and left out every third
sentence that the model would have read."""
_RELEVANT, _RELEVANT_SMALL = 3, 1
"""An answer must rest on one of this many best sentences. That of a model that is not capable holds
what was asked for less often than the best quotes do: on 250 questions of SQuAD it was there in
72.6% with three and in 74.7% with one."""

Piece = str | Draft | Answer


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and in which documents to look. `before` is the conversation, the oldest turn
    first. At a `temperature` above 0 the same question may get another answer. `max_risk` is the
    share of wrong ones that is borne among the answers shown, or None for the usual one."""

    text: str
    conversation: str
    before: tuple[Exchange, ...] = ()
    temperature: float = 0.0
    scope: Scope | None = None
    max_risk: float | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question, once made standalone. `judgement` says whether to answer; it
    is None where there was nothing to judge. `unread` are the documents' languages where neither
    words nor meaning could lead from the question to them."""

    question: Question
    standalone: str
    language: str
    passages: tuple[Passage, ...]
    evidence: tuple[Evidence, ...]
    judgement: Judgement | None = None
    unread: tuple[str, ...] = ()
    retrieve_ms: float = 0.0
    hits: tuple[Hit, ...] = ()
    survey: Surveyed | None = None

    @property
    def subject(self) -> str:
        """What is asked, without where to look for it and how to answer."""
        return question_parts.parse(self.standalone).subject

    @property
    def enough(self) -> bool:
        return self.judgement is not None and self.judgement.enough


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model was given to read."""

    model: ChatModel
    prompt: Prompt
    wording: Wording
    longest: int  # tokens that the answer may have

    @property
    def notes(self) -> Iterator[str]:
        if not self.prompt.passages:
            yield (
                f"The model {self.model.name} reads {self.model.context_tokens:,} tokens at once, "
                "too few for this question with a source; the answer is quotes."
            )


MakeReceipt = Callable[[Found, Asked | None], Receipt | None]


def build(
    retriever: Retriever,
    *,
    model: LateModel,
    wording: Callable[[str], Wording],
    passages: int,
    answer_tokens: int,
) -> Runnable[Question, Any]:
    """The chain over one knowledge base. `model` is asked for only where it is to write, and
    `wording` gives the prompt's text for a language."""

    def rewrite(question: Question) -> Found:
        standalone = followups.standalone(
            question.text,
            [exchange.question for exchange in question.before],
            unanswered=[each.question for each in question.before if not each.answered],
        )
        return Found(question, standalone, languages.detect(question.text), (), ())

    def searched(text: str, scope: Scope | None) -> tuple[Sequence[Hit], tuple[Passage, ...]]:
        near = retriever.search(text, k=_SEARCHED, scope=scope)
        hits = context(near, most=_HITS, passages=passages)
        return hits, tuple(retriever.passages(hits))

    def retrieve(found: Found) -> Found:
        survey = detect(found.standalone)
        if survey and retriever.languages():
            return surveyed(found, survey)
        hits, joined = searched(found.standalone, found.question.scope)
        there = retriever.languages()
        proof, judgement = judged(found, joined)
        asked = found.question.text
        if not judgement.enough and asked != found.standalone and followups.may_stand_alone(asked):
            # What was added to it may be what it is not about.
            alone = retrieve(dataclasses.replace(found, standalone=asked))
            if alone.enough:
                return alone
        return dataclasses.replace(
            found,
            hits=tuple(hits),
            passages=joined,
            evidence=proof,
            judgement=judgement if there else None,
            unread=()
            if there and judgement.enough
            else unread(languages.identify(asked), there, joined),
            retrieve_ms=_since(found.question),
        )

    def judged(found: Found, joined: tuple[Passage, ...]) -> tuple[tuple[Evidence, ...], Judgement]:
        """The evidence for a question, and for a follow-up that says something by itself the
        better of that for it as completed and as asked: the sentence that answers it names the
        topic less often than the passage around it."""
        elsewhere = searched(found.standalone, None)[1] if found.question.scope else ()
        proofs = [tuple(retriever.evidence(found.subject, joined))]
        judgements = [judge(found, found.subject, proofs[0], elsewhere)]
        asked = followups.own(found.question.text, found.standalone)
        if asked:
            proof = tuple(retriever.evidence(asked, joined))
            says = [each for each in proof if not each.leads]
            if says and followups.is_about(says[0].passage, found.standalone):
                proofs.append(proof)
                judgements.append(judge(found, asked, proof, elsewhere))
        best = max(range(len(proofs)), key=lambda at: judgements[at].confidence)
        return proofs[best], judgements[best]

    def surveyed(found: Found, survey: Survey) -> Found:
        scope = found.question.scope
        scanned = retriever.scan(survey, scope=scope)
        hits = () if scanned.passages else retriever.search(survey.phrase, k=_HITS, scope=scope)
        return dataclasses.replace(
            found,
            passages=scanned.passages or tuple(retriever.passages(hits)[:passages]),
            survey=telling.write(survey, scanned, scope=scope, language=found.language),
            retrieve_ms=_since(found.question),
        )

    def judge(
        found: Found, subject: str, proof: tuple[Evidence, ...], elsewhere: tuple[Passage, ...]
    ) -> Judgement:
        frequencies, chunks = retriever.frequencies(subject)
        return confidence.judge(
            subject,
            proof,
            frequencies=frequencies,
            chunks=chunks,
            language=found.language,
            embedder=retriever.embedder.name if retriever.reads(found.language) else None,
            max_risk=found.question.max_risk,
            elsewhere=elsewhere,
        )

    def unread(language: str, there: Sequence[str], joined: Sequence[Passage]) -> tuple[str, ...]:
        """The documents' languages, where neither words nor meaning lead from a question in a
        language to any of them. Which of those in Latin letters there are, the nearest passages
        tell."""
        near = {languages.of_passage(p.text) for p in joined if p.document.language == "en"}
        known = {*there} - {"en"} | (near or {"latin"} if "en" in there else set())
        read = retriever.reads(language) and any(map(retriever.reads, known))
        meets = language in known or (language == "en" and "latin" in known)
        return () if read or meets else tuple(sorted(known))

    def prompt(state: dict[str, Any]) -> Asked | None:
        found: Found = state["found"]
        engine = model.get() if found.enough else None
        if engine is None or found.language not in engine.languages:
            return None
        text = wording(found.language)
        longest = _longest_answer(engine, answer_tokens)
        with foreign_errors_told(engine):
            packed = prompting.pack(
                found.standalone,
                _worth_reading(found, most=_SENTENCES if engine.capable else _SENTENCES_SMALL),
                text=text,
                budget=engine.context_tokens - longest,
                count=engine.prompt_tokens,
                history=_told(found, engine, text),
            )
        return Asked(engine, packed, text, longest)

    def write(state: dict[str, Any]) -> Any:
        asked: Asked | None = state["asked"]
        if asked is None or not asked.prompt.passages:
            return RunnableGenerator(_nothing)
        question: Question = state["found"].question
        chat = QuireChatModel(
            engine=asked.model, max_tokens=asked.longest, temperature=question.temperature
        )
        messages = to_langchain(asked.prompt.messages)
        return RunnableLambda(lambda _: messages) | chat.bind(
            cancel=question.cancel, until_loop=True
        )

    def receipt(found: Found, asked: Asked | None) -> Receipt:
        return receipts.make(
            hits=found.hits,
            evidence=found.evidence,
            embedder=retriever.embedder,
            settings={
                "passages": passages,
                "answer_tokens": answer_tokens,
                "temperature": found.question.temperature,
                "language": found.language,
                **receipts.of_scope(found.question.scope),
                "max_risk": found.question.max_risk,
            },
            model=asked.model if asked else None,
            prompt=asked.prompt if asked else None,
            wording=asked.wording if asked else None,
        )

    def verify(stream: Iterator[dict[str, Any]]) -> Iterator[Piece]:
        yield from _verified(stream, receipt=receipt)

    return (
        RunnableLambda(rewrite)
        | RunnableLambda(retrieve)
        | RunnableLambda(lambda found: {"found": found})
        | RunnablePassthrough.assign(asked=RunnableLambda(prompt))
        | RunnablePassthrough.assign(reply=RunnableLambda(write))
        | RunnableGenerator(verify)
    )


def run(chain: Runnable[Question, Any], question: Question) -> Iterator[Piece]:
    """A draft, where there is something to quote; the answer's text in pieces; the answer.

    Tracing is off whatever the environment says: nothing leaves the machine.
    """
    with tracing_context(enabled=False):
        yield from chain.stream(question)


def answer_without_documents(question: Question) -> Iterator[Piece]:
    """The answer of an empty knowledge base."""
    found = Found(question, question.text, languages.detect(question.text), (), ())
    yield from _verified(iter([{"found": found}]), receipt=lambda *_: None)


def _nothing(stream: Iterator[Any]) -> Iterator[BaseMessage]:
    for _ in stream:
        pass
    yield from ()


def _verified(stream: Iterator[dict[str, Any]], *, receipt: MakeReceipt) -> Iterator[Piece]:
    """The last step: quotes as soon as there are any, sentences of the reply as they are found to
    hold, then the answer."""
    reply = CheckedReply()
    found: Found | None = None
    asked: Asked | None = None
    notes: list[str] = []
    try:
        for piece in stream:
            if "found" in piece:
                found = piece["found"]
                yield from _draft(found)
            if found and piece.get("asked"):
                asked = piece["asked"]
                notes.extend(asked.notes)
                reply.begin(
                    _worth_reading(
                        found, most=_RELEVANT if asked.model.capable else _RELEVANT_SMALL
                    ),
                    asked.prompt.passages,
                    language=found.language,
                    began=found.question.began,
                )
            if "reply" in piece:
                message: BaseMessage = piece["reply"]
                reply.note(
                    usage=getattr(message, "usage_metadata", None),
                    finish=message.response_metadata.get("finish_reason", "stop"),
                )
                yield from reply.hear(message.text)
        yield from reply.finish()
    except ModelError as error:  # everything but the model still works
        notes.append(f"{error.message} {error.hint}".strip())
    if found is None:
        raise AssertionError("the chain ended before anything was retrieved")
    if reply.sentences:
        status: Status = "answered"
        written = tuple(reply.sentences)
    else:
        status, written = _quoted(found)
        if written:
            yield joined(written, found.language)
    text = joined(written, found.language) if written else _nothing_found(found)
    if not written:
        yield text
    yield Answer(
        id=new_id(),
        conversation=found.question.conversation,
        question=found.question.text,
        standalone_question=found.standalone,
        status=status,
        text=text,
        sentences=written,
        passages=found.passages,
        model=asked.model.name if asked and status == "answered" else None,
        usage=reply.usage,
        timings=Timings(found.retrieve_ms, reply.first_token_ms, _since(found.question)),
        notes=(*notes, *(found.survey.notes if found.survey else ())),
        confidence=found.judgement.confidence if found.judgement else None,
        scan=found.survey.scan if found.survey else None,
        sent_to=sent_to(asked.model) if asked and asked.prompt.passages else None,
        receipt=receipt(found, asked),
    )


def _draft(found: Found) -> Iterator[Draft]:
    _, quoted = _quoted(found)
    if quoted:
        yield Draft(found.standalone, joined(quoted, found.language), quoted)


def _quoted(found: Found) -> tuple[Status, tuple[Sentence, ...]]:
    """The extractive answer: the best sentences of the passages, word for word; or the outcome of
    a survey, with quotes."""
    if found.survey:
        return ("extractive" if found.survey.sentences else "not_found"), found.survey.sentences
    if not found.enough:
        return "not_found", ()
    return "extractive", tuple(
        Sentence(" ".join(proof.text.split()), "supported", (proof.citation(),))
        for proof in evidence.best(found.evidence)
    )


def _worth_reading(found: Found, *, most: int) -> list[Evidence]:
    """The best sentences, as far as they come near the best one: what lies far behind it is off the
    point, or was put there to command the model."""
    least = _NEAR * max((proof.score for proof in found.evidence), default=0.0)
    return [proof for proof in evidence.distinct(found.evidence, most=most) if proof.score >= least]


def _longest_answer(model: ChatModel, answer_tokens: int) -> int:
    """Tokens kept free for the answer: never so many that a short context holds nothing else."""
    return min(answer_tokens, model.context_tokens // 4)


def _told(found: Found, model: ChatModel, text: Wording) -> str:
    """What of the conversation stands in the prompt: something where the question leans on it and
    the model is capable."""
    leans = found.standalone != found.question.text
    if not (leans and model.capable and len(text.parts) > 2):
        return ""
    budget = min(_HISTORY, model.context_tokens // 8)
    turns = history.told(found.question.before, budget=budget, count=model.count_tokens)
    return text.parts[2].replace("{turns}", turns) + "\n\n" if turns else ""


def _nothing_found(found: Found) -> str:
    if found.survey:
        return found.survey.nothing
    if found.judgement is None:
        return refusals.empty(found.language)
    if found.unread:
        return refusals.unreadable(found.language, documents=found.unread)
    risk = found.question.max_risk
    if risk is not None and not found.judgement.promised:
        least = found.judgement.least_risk
        return refusals.unpromised(found.language, asked=risk, least=least)
    return refusals.not_found(found.language)


def _since(question: Question) -> float:
    """Milliseconds since a question arrived."""
    return (time.monotonic() - question.began) * 1000
