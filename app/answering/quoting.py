"""The answer without a model: the best sentences, word for word; or that there is none, and why."""

import dataclasses
from collections.abc import Sequence

from quire.answering import parts, refusals, showing
from quire.answering.found import Found
from quire.answering.showing import Shown
from quire.answering.versions import telling
from quire.records import Sentence, Status


def quoted(found: Found) -> tuple[Status, Shown]:
    """The best sentences of the passages, or the list or table that they are of; or the outcome of
    a survey, with quotes. None where the evidence is too weak."""
    if found.survey:
        return ("extractive" if found.survey.sentences else "not_found"), Shown(
            found.survey.sentences
        )
    if found.changes:
        told = found.changes
        return "extractive", Shown(told.sentences, told.left_out, told.of)
    if found.tabled:
        return "extractive", _with_parts(found, found.tabled.shown)
    if found.several:
        return "extractive", Shown(found.several.sentences)
    if not found.enough:
        return "not_found", Shown(())
    return "extractive", _with_parts(found, showing.show(found.standalone, found.evidence))


def _with_parts(found: Found, shown: Shown) -> Shown:
    """With what answers the parts of the question that are not told yet; a table that accounts
    for all of it leaves none."""
    if found.tabled and found.tabled.certain:
        return shown
    added = parts.untold(found.standalone, shown.sentences, found.evidence)
    return dataclasses.replace(shown, sentences=(*shown.sentences, *added))


def other_versions(
    found: Found, sentences: Sequence[Sentence]
) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    """What other versions of the documents say of the same as an answer, and notes about that."""
    return telling.tell(found.chains, sentences, language=found.language)


def refusal(found: Found) -> str:
    """What is said where there is nothing to quote, in the question's language."""
    if found.survey:
        return found.survey.nothing
    if found.judgement is None:
        return refusals.empty(found.language)
    if found.unread:
        return refusals.unreadable(found.language, documents=found.unread)
    risk = found.asked.max_risk
    if risk is not None and not found.judgement.promised:
        least = found.judgement.least_risk
        return refusals.unpromised(found.language, asked=risk, least=least)
    if found.refusal is None:
        raise AssertionError("what was searched for and not found was not told")
    return refusals.not_found(found.refusal, language=found.language)


def joined(written: Sequence[Sentence], language: str) -> str:
    """The text of an answer: items and rows a line each."""
    return placed(written, language)[0]


def placed(written: Sequence[Sentence], language: str) -> tuple[str, tuple[Sentence, ...]]:
    """The text of an answer, and its sentences with their places in it."""
    text = ""
    there: list[Sentence] = []
    before = "sentence"
    for sentence in written:
        apart = sentence.kind in {"item", "row", "version"} or before != "sentence"
        if there and apart:
            text += "\n"
        elif there:
            text += spaced("", language, first=False)
        there.append(_at(sentence, len(text)))
        text += sentence.text
        before = sentence.kind
    return text, tuple(there)


def appended(text: str, added: Sequence[Sentence]) -> tuple[str, tuple[Sentence, ...]]:
    """A text with sentences in a paragraph of their own, and these with their places in it."""
    there: list[Sentence] = []
    for number, sentence in enumerate(added):
        text += "\n" if number else "\n\n"
        there.append(_at(sentence, len(text)))
        text += sentence.text
    return text, tuple(there)


def _at(sentence: Sentence, start: int) -> Sentence:
    return dataclasses.replace(sentence, start=start, end=start + len(sentence.text))


def spaced(text: str, language: str, *, first: bool) -> str:
    """A sentence as it follows the one before in an answer."""
    return text if first or language == "zh" else f" {text}"
