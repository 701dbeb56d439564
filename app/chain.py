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
from collections.abc import Iterator, Sequence
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

from quire import evidence, followups, prompting, verification
from quire.conversations import new_id
from quire.errors import ModelError
from quire.evidence import Evidence
from quire.langchain_parts import QuireChatModel, to_langchain
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel
from quire.records import (
    Answer,
    Citation,
    Passage,
    Prompt,
    Sentence,
    Status,
    Timings,
    Usage,
)
from quire.retrieval import Retriever
from quire.text import languages, sentences

_HITS = 8  # chunks searched for an answer; neighbours among them become one passage
_SENTENCES = 8  # of evidence that a model may read: some 250 tokens, a second on two cores
_RELEVANT = 3  # an answer must rest on one of this many best sentences
_ENOUGH = 0.33
"""Evidence whose best sentence scores below this is no answer. On a Chinese development set of 200
questions it refused 83% of the unanswerable ones and 12% of the others."""

_NOT_FOUND = {
    "en": "The documents do not answer this question.",
    "zh": "这些文档没有回答这个问题。",
}
_EMPTY = {
    "en": "There are no documents yet. Add some, then ask again.",
    "zh": "知识库里还没有文档。请先添加文档，再提问。",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `previous` are the conversation's standalone questions, the oldest first."""

    text: str
    conversation: str
    previous: tuple[str, ...] = ()
    cancel: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question, once made standalone. `enough` says whether to answer."""

    question: Question
    standalone: str
    language: str
    passages: tuple[Passage, ...]
    evidence: tuple[Evidence, ...]
    enough: bool
    retrieve_ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model was given to read."""

    model: ChatModel
    prompt: Prompt


def build(
    retriever: Retriever, *, model: LateModel, passages: int, answer_tokens: int
) -> Runnable[Question, Any]:
    """The chain over one knowledge base. `model` is asked for only where it is to write."""

    def rewrite(question: Question) -> Found:
        standalone = followups.standalone(question.text, question.previous)
        return Found(question, standalone, languages.detect(question.text), (), (), False, 0.0)

    def retrieve(found: Found) -> Found:
        hits = retriever.search(found.standalone, k=_HITS)
        joined = tuple(retriever.passages(hits)[:passages])
        proof = tuple(retriever.evidence(found.standalone, joined))
        return dataclasses.replace(
            found,
            passages=joined,
            evidence=proof,
            enough=bool(proof) and proof[0].score >= _ENOUGH,
            retrieve_ms=_since(found.question),
        )

    def prompt(state: dict[str, Any]) -> Asked | None:
        found: Found = state["found"]
        engine = model.get() if found.enough else None
        if engine is None or found.language not in engine.languages:
            return None
        packed = prompting.pack(
            found.standalone,
            evidence.distinct(found.evidence, most=_SENTENCES),
            language=found.language,
            budget=engine.context_tokens - answer_tokens,
            count=engine.prompt_tokens,
        )
        return Asked(engine, packed) if packed.passages else None

    def write(state: dict[str, Any]) -> Any:
        asked: Asked | None = state["asked"]
        if asked is None:
            return RunnableGenerator(_nothing)
        chat = QuireChatModel(engine=asked.model, max_tokens=answer_tokens)
        messages = to_langchain(asked.prompt.messages)
        cancel = state["found"].question.cancel
        return RunnableLambda(lambda _: messages) | chat.bind(cancel=cancel)

    return (
        RunnableLambda(rewrite)
        | RunnableLambda(retrieve)
        | RunnableLambda(lambda found: {"found": found})
        | RunnablePassthrough.assign(asked=RunnableLambda(prompt))
        | RunnablePassthrough.assign(reply=RunnableLambda(write))
        | RunnableGenerator(_verified)
    )


def run(chain: Runnable[Question, Any], question: Question) -> Iterator[str | Answer]:
    """The answer in pieces. Tracing is off whatever the environment says: nothing leaves the
    machine."""
    with tracing_context(enabled=False):
        yield from chain.stream(question)


def answer_without_documents(question: Question) -> Iterator[str | Answer]:
    """The answer of an empty knowledge base."""
    found = Found(question, question.text, languages.detect(question.text), (), (), False, 0.0)
    yield from _verified(iter([{"found": found}]))


def _nothing(stream: Iterator[Any]) -> Iterator[BaseMessage]:
    for _ in stream:
        pass
    yield from ()


def _verified(stream: Iterator[dict[str, Any]]) -> Iterator[str | Answer]:
    """The last step: sentences of the reply as they are found to hold, then the answer.

    A sentence that is only partly supported waits for one that is supported: alone it would be no
    answer.
    """
    draft = _Draft()
    found: Found | None = None
    asked: Asked | None = None
    notes: list[str] = []
    try:
        for piece in stream:
            if "found" in piece:
                found = piece["found"]
            if found and piece.get("asked"):
                asked = piece["asked"]
                draft.begin(found, asked.prompt.passages)
            if "reply" in piece:
                yield from draft.hear(piece["reply"])
        yield from draft.finish()
    except ModelError as error:  # everything but the model still works
        notes.append(f"{error.message} {error.hint}".strip())
    if found is None:
        raise AssertionError("the chain ended before anything was retrieved")
    if draft.sentences:
        status: Status = "answered"
        written = tuple(draft.sentences)
    else:
        status, written = _quoted(found)
        if written:
            yield _joined(written, found.language)
    text = _joined(written, found.language) if written else _nothing_found(found)
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
        usage=draft.usage,
        timings=Timings(found.retrieve_ms, draft.first_token_ms, _since(found.question)),
        notes=tuple(notes),
    )


class _Draft:
    """The reply of a model while it is being written and checked."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.usage = Usage()
        self.first_token_ms: float | None = None
        self._buffer = ""
        self._held: list[Sentence] = []
        self._found: Found | None = None
        self._passages: tuple[Passage, ...] = ()
        self._relevant: list[Evidence] = []

    def begin(self, found: Found, passages: tuple[Passage, ...]) -> None:
        """`passages` are those that the model has read."""
        self._found, self._passages = found, passages
        self._relevant = evidence.distinct(found.evidence, most=_RELEVANT)

    def hear(self, message: BaseMessage) -> Iterator[str]:
        """Take a piece of the reply; yields the text of sentences that have become complete."""
        if self._found is None:
            return
        used = getattr(message, "usage_metadata", None)
        if used:
            self.usage = Usage(used["input_tokens"], used["output_tokens"])
        if not message.text:
            return
        if self.first_token_ms is None:
            self.first_token_ms = _since(self._found.question)
        self._buffer += message.text
        spans = sentences.split(self._buffer)
        if len(spans) > 1:
            for start, end in spans[:-1]:
                yield from self._check(self._buffer[start:end])
            self._buffer = self._buffer[spans[-1][0] :]

    def finish(self) -> Iterator[str]:
        """Check what is left of the reply."""
        for start, end in sentences.split(self._buffer):
            yield from self._check(self._buffer[start:end])

    def _check(self, text: str) -> Iterator[str]:
        if self._found is None:
            return
        sentence = verification.verify(text, self._passages)
        if sentence.support == "unsupported" or sentence in self.sentences:
            return
        if not any(_touches(citation, self._relevant) for citation in sentence.citations):
            return  # true, and no answer to the question
        self._held.append(sentence)
        if sentence.support == "supported" or self.sentences:
            for held in self._held:
                yield _spaced(held.text, self._found.language, first=not self.sentences)
                self.sentences.append(held)
            self._held.clear()


def _touches(citation: Citation, relevant: Sequence[Evidence]) -> bool:
    return any(
        citation.document.id == proof.passage.document.id
        and citation.start < proof.end
        and proof.start < citation.end
        for proof in relevant
    )


def _quoted(found: Found) -> tuple[Status, tuple[Sentence, ...]]:
    """The extractive answer: the best sentences of the passages, word for word."""
    if not found.enough:
        return "not_found", ()
    return "extractive", tuple(
        Sentence(" ".join(proof.text.split()), "supported", (proof.citation(),))
        for proof in evidence.best(found.evidence)
    )


def _nothing_found(found: Found) -> str:
    texts = _NOT_FOUND if found.passages else _EMPTY
    return texts.get(found.language, texts["en"])


def _joined(written: Sequence[Sentence], language: str) -> str:
    return "".join(
        _spaced(sentence.text, language, first=at == 0) for at, sentence in enumerate(written)
    )


def _spaced(text: str, language: str, *, first: bool) -> str:
    return text if first or language == "zh" else f" {text}"


def _since(question: Question) -> float:
    """Milliseconds since a question arrived."""
    return (time.monotonic() - question.began) * 1000
