"""The last step to an answer: each sentence of the reply is checked as it is completed.

    Found, Reading, the reply in pieces -> Draft, text, Answer

What a small model writes is only shown when the passages support it; of a capable one every
statement is shown, with what was found of it. Where there is no model, where it does not write the
question's language, or where nothing that a small one wrote holds, the answer is the best quoted
sentences (`extractive`); where the evidence is weak, or a capable model finds no answer, it is
`not_found`.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from quire.answering import absences, receipts, refusals
from quire.answering.found import Found
from quire.answering.looking_again import LooksAgain
from quire.answering.marked_replies import MarkedReply
from quire.answering.quoting import appended, joined, other_versions, placed, quoted, refusal
from quire.answering.replies import CheckedReply
from quire.answering.versions import superseding
from quire.answering.writing import Reading
from quire.conversations.store import new_id
from quire.errors import ModelError
from quire.models.protocols import ChatModel, Entailment, problem_of, sent_to
from quire.records import Answer, Draft, Passage, Sentence, Status, Timings, Usage
from quire.search.retriever import Retriever
from quire.text import analysis, languages
from quire.verification import Embed, ReplyCheck
from quire.verification import Reading as Reader

Piece = str | Draft | Answer
Judged = Callable[[ChatModel, Found, Sequence[Sentence]], Sequence[Sentence]]
"""The sentences of a reply, with what their model says of those that the check is unsure of."""


def check(
    stream: Iterator[dict[str, Any]],
    *,
    entailment: Entailment | None = None,
    retriever: Retriever | None = None,
    judged: Judged = lambda _model, _found, sentences: sentences,
) -> Iterator[Piece]:
    """A draft, where there is something to quote; sentences of the reply as they are found to hold;
    then the answer.

    `stream` gives, one after the other, what was `found`, the `reading` (or None), and the messages
    of the `reply`, where a model was asked. `entailment` is asked of what is said in other words,
    by `retriever` is searched for what a capable model says is missing, and `judged` has the
    model's own word on what is unsure, once its reply is written.
    """
    found: Found | None = None
    reading: Reading | None = None
    reply: CheckedReply | MarkedReply | None = None
    looks: LooksAgain | None = None
    notes: list[str] = []
    try:
        for piece in stream:
            if "found" in piece:
                found = piece["found"]
                yield from _draft(found)
            if found and piece.get("reading"):
                reading = piece["reading"]
                notes.extend(reading.notes)
                if retriever:
                    looks = LooksAgain(retriever, there=found.passages, scope=found.asked.scope)
                reply = _heard(found, reading, entailment, looks)
            if found and reply and "reply" in piece:
                message = piece["reply"]
                reply.note(
                    usage=getattr(message, "usage_metadata", None),
                    finish=message.response_metadata.get("finish_reason", "stop"),
                )
                yield from reply.hear(message.text)
                if isinstance(reply, MarkedReply) and reply.draft:
                    said = tuple(reply.sentences)
                    yield Draft(found.standalone, reply.draft, said, follows=True)
        if reply:
            yield from reply.finish()
        if found and reading and isinstance(reply, MarkedReply):
            notes.extend(_judge(reply, judged(reading.model, found, reply.sentences), found))
    except ModelError as error:  # everything but the model still works
        notes.append(error.told)
    if reply and (problem := problem_of(entailment)):  # the rules have checked alone
        notes.append(problem.told)
    if found is None:
        raise AssertionError("the chain ended before anything was found")
    if looks and looks.found:
        found = dataclasses.replace(found, passages=(*found.passages, *looks.found))
    yield from _ended(found, reading, reply, notes)


def _heard(
    found: Found, reading: Reading, entailment: Entailment | None, looks: LooksAgain | None
) -> CheckedReply | MarkedReply:
    """What hears the reply and checks it."""
    passages = reading.prompt.passages
    if reading.plan.marks:
        checks = ReplyCheck(
            passages, model=entailment, embed=_embed(found), question=found.standalone
        )
        began = found.asked.began
        if looks is None:
            return MarkedReply(checks, passages=passages, began=began)
        return MarkedReply(checks, passages=passages, began=began, look=looks)
    return CheckedReply(
        reading.relevant,
        passages,
        language=found.language,
        began=found.asked.began,
        reading=_reading(entailment, found, passages),
    )


def _judge(reply: MarkedReply, sentences: Sequence[Sentence], found: Found) -> Iterator[str]:
    """Put other verdicts in the place of a reply's, with a note of how many there are."""
    changed = sum(a.support != b.support for a, b in zip(reply.sentences, sentences, strict=True))
    reply.sentences = [*sentences]
    if changed:
        yield refusals.judged(found.language, statements=changed)


def _reading(
    entailment: Entailment | None, found: Found, passages: Sequence[Passage]
) -> Reader | None:
    """What holds statements against the passages by a model; with the embedder, where it has read
    them."""
    if entailment is None:
        return None
    return Reader(entailment, passages, embed=_embed(found))


def _embed(found: Found) -> Embed | None:
    embeds = any(proof.cosine is not None for proof in found.evidence)
    return found.embedder.embed_passages if embeds and found.embedder else None


def _draft(found: Found) -> Iterator[Draft]:
    _, shown = quoted(found)
    if shown.sentences:
        text = joined(shown.sentences, found.language)
        yield Draft(found.standalone, text, shown.sentences)


def _ended(
    found: Found,
    reading: Reading | None,
    reply: CheckedReply | MarkedReply | None,
    notes: list[str],
) -> Iterator[Piece]:
    """What of the text was not given yet, and the answer."""
    status: Status = "answered"
    sentences = tuple(reply.sentences) if reply else ()
    wrote = bool(sentences)
    if isinstance(reply, MarkedReply) and (wrote or reply.refuses):
        wrote, text = True, reply.text
        if refused := _refused(found, reply):
            status, sentences, text = "not_found", (), refused
        elif reply.cut_short:
            notes.append(refusals.cut_short(found.language))
        sentences = superseding.marked(sentences, found.chains)
        older, told = other_versions(found, sentences)
        notes.extend(told)
        whole: tuple[Sentence, ...] = sentences
        if older:
            text, added = appended(text, older)
            whole = (*sentences, *added)
            yield text[len(reply.text) :]
        elif not reply.text:
            yield text
    elif not wrote and (missing := _missing(reading, reply)):
        status, text, whole, wrote = "not_found", missing, (), True
        yield text
    else:
        if not wrote:
            status, shown = quoted(found)
            sentences = shown.sentences
            if shown.left_out:
                notes.append(
                    refusals.left_out(found.language, shown=shown.of - shown.left_out, of=shown.of)
                )
            notes.extend(found.several.notes if found.several else ())
            notes.extend(_in_another_language(found.language, sentences))
            notes.extend(_doubt(found, sentences))
        older, told = other_versions(found, sentences)
        notes.extend(told)
        text, whole = placed((*sentences, *older), found.language)
        text = text or refusal(found)
        if not wrote:
            yield text
        elif older:
            yield text[whole[len(sentences) - 1].end :]
    notes[:0] = (
        refusals.changed(found.language, asked=change.asked, found=change.found)
        for change in found.reworded
    )
    asked, survey, model = found.asked, found.survey, reading.model if reading else None
    yield Answer(
        id=new_id(),
        conversation=asked.conversation,
        question=asked.text,
        standalone_question=found.standalone,
        status=status,
        text=text,
        sentences=whole,
        passages=found.passages,
        model=model.name if model and wrote else None,
        usage=reply.usage if reply else Usage(),
        timings=Timings(
            found.retrieve_ms, reply.first_token_ms if reply else None, asked.elapsed_ms
        ),
        notes=(*notes, *(survey.notes if survey else ())),
        confidence=found.judgement.confidence if found.judgement else None,
        scan=survey.scan if survey else None,
        sent_to=sent_to(model) if reading and reading.prompt.passages else None,
        refusal=found.refusal if status == "not_found" else None,
        receipt=receipts.of(found, reading),
        cut_short=bool(reply and wrote and reply.cut_short),
    )


def _refused(found: Found, reply: MarkedReply) -> str:
    """What is said where a reply is no answer: because it says so itself, or because nothing in it
    was found in the sources; else empty."""
    if reply.missing:
        return reply.missing
    if reply.refuses:
        return refusals.unanswered(found.language)
    stated = [sentence for sentence in reply.sentences if sentence.support is not None]
    if stated and all(sentence.support == "unsupported" for sentence in stated):
        return refusals.unfounded(found.language, statements=len(stated))
    return ""


def _missing(reading: Reading | None, reply: CheckedReply | MarkedReply | None) -> str:
    """What a capable model says of what is missing, where only what holds is shown; else empty."""
    if reading is None or not reading.plan.capable or not isinstance(reply, CheckedReply):
        return ""
    return absences.missing(reply.heard)


def _doubt(found: Found, sentences: Sequence[Sentence]) -> Iterator[str]:
    """A note where what is quoted may well be no answer, with the words of the question that stand
    neither in it nor above it."""
    by_itself = found.survey or found.changes or found.several
    if by_itself or (found.tabled and found.tabled.certain):
        return
    if not (sentences and found.judgement and found.judgement.doubtful):
        return
    passages = {passage.label: passage for passage in found.passages}
    read: list[str] = []
    for citation in (each for sentence in sentences for each in sentence.citations):
        read += [citation.document.title, citation.document.name, citation.quote]
        if citation.label in passages:
            read += passages[citation.label].headings_at(citation.start)
    _, lacks = found.words.has_and_lacks(analysis.term_set(*read))
    yield refusals.doubtful(found.language, lacks=lacks)


def _in_another_language(language: str, sentences: Sequence[Sentence]) -> Iterator[str]:
    """A note where what is quoted shares no script with the question."""
    said = "\n".join(sentence.quote for sentence in sentences)
    quoted = languages.detect(said)
    if any(map(str.isalpha, said)) and languages.are_apart(language, quoted):
        yield refusals.quoted_in(language, quoted=quoted)
