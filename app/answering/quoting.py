"""The answer without a model: the best sentences, word for word; or that there is none, and why."""

from collections.abc import Sequence

from quire.answering import evidence, refusals
from quire.answering.finding import Found
from quire.records import Sentence, Status


def quoted(found: Found) -> tuple[Status, tuple[Sentence, ...]]:
    """The best sentences of the passages; or the outcome of a survey, with quotes. None where the
    evidence is too weak."""
    if found.survey:
        return ("extractive" if found.survey.sentences else "not_found"), found.survey.sentences
    if not found.enough:
        return "not_found", ()
    return "extractive", tuple(
        Sentence(" ".join(proof.text.split()), "supported", (proof.citation(),))
        for proof in evidence.best(found.evidence)
    )


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
    return refusals.not_found(found.language)


def joined(written: Sequence[Sentence], language: str) -> str:
    """The text of an answer."""
    return "".join(
        spaced(sentence.text, language, first=at == 0) for at, sentence in enumerate(written)
    )


def spaced(text: str, language: str, *, first: bool) -> str:
    """A sentence as it follows the one before in an answer."""
    return text if first or language == "zh" else f" {text}"
