"""The second step to an answer: what a model is given to read, and how it is asked to write.

    Found -> Reading -> messages

There is nothing to read where the evidence is not enough, where the answer was computed, where
there is no model, or where it does not write the question's language; then the answer is quotes,
what was computed, or a refusal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quire.answering import evidence, history, prompting
from quire.answering.evidence import Evidence
from quire.answering.finding import Found
from quire.answering.prompting import Prompt, Wording
from quire.models.engine.watching import foreign_errors_told
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel

if TYPE_CHECKING:
    from quire.answering.langchain_model import Prompted

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model is given to read. Its answer may have `longest` tokens, and must rest on one of
    the `relevant` sentences."""

    model: ChatModel
    prompt: Prompt
    wording: Wording
    longest: int
    relevant: tuple[Evidence, ...]

    @property
    def notes(self) -> Iterator[str]:
        if not self.prompt.passages:
            yield (
                f"The model {self.model.name} reads {self.model.context_tokens:,} tokens at once, "
                "too few for this question with a source; the answer is quotes."
            )


def read(found: Found, *, model: LateModel, wording: Callable[[str], Wording]) -> Reading | None:
    """The prompt for a question, or None where no model is to be asked. `model` is loaded only for
    that, and `wording` gives the prompt's text for a language."""
    computed = found.tabled is not None and found.tabled.computed
    engine = model.get() if found.enough and not computed else None
    if engine is None or found.language not in engine.languages:
        return None
    text = wording(found.language)
    longest = _longest_answer(engine, found.asked.answer_tokens)
    with foreign_errors_told(engine):
        packed = prompting.pack(
            found.standalone,
            _worth_reading(found, most=_SENTENCES if engine.capable else _SENTENCES_SMALL),
            text=text,
            budget=engine.context_tokens - longest,
            count=engine.prompt_tokens,
            history=_told(found, engine, text),
        )
    relevant = _worth_reading(found, most=_RELEVANT if engine.capable else _RELEVANT_SMALL)
    return Reading(engine, packed, text, longest, tuple(relevant))


def write(found: Found, reading: Reading | None) -> "Prompted | None":
    """The model with its prompt, ready to be streamed; None where there is nothing to read."""
    if reading is None or not reading.prompt.passages:
        return None
    from quire.answering.langchain_model import prompted  # noqa: PLC0415  only where one writes

    return prompted(
        reading.model,
        reading.prompt.messages,
        max_tokens=reading.longest,
        temperature=found.asked.temperature,
        cancel=found.asked.cancel,
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
    leans = found.standalone != found.asked.asks
    if not (leans and model.capable and len(text.parts) > 2):
        return ""
    budget = min(_HISTORY, model.context_tokens // 8)
    turns = history.told(found.asked.before, budget=budget, count=model.count_tokens)
    return text.parts[2].replace("{turns}", turns) + "\n\n" if turns else ""
