"""The second step to an answer: what a model is given to read, and how it is asked to write.

    Found -> Reading -> messages

There is nothing to read where the evidence is not enough, where the answer was computed, where
there is no model, or where it does not write the question's language, a small one also that of the
best source; then the answer is quotes, what was computed, or a refusal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quire.answering import evidence, history, prompting
from quire.answering.evidence import Evidence
from quire.answering.found import Found
from quire.answering.prompting import Prompt, Wording
from quire.answering.reading_plan import ReadingPlan
from quire.models.engine.watching import foreign_errors_told
from quire.models.opening import LateModel
from quire.models.protocols import Ability, ChatModel
from quire.text import languages

if TYPE_CHECKING:
    from quire.answering.langchain_model import Prompted

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
    """What a model is given to read, by its `plan`. Where its statements are not marked, its answer
    must rest on one of the `relevant` sentences."""

    model: ChatModel
    plan: ReadingPlan
    prompt: Prompt
    wording: Wording
    relevant: tuple[Evidence, ...]

    @property
    def notes(self) -> Iterator[str]:
        if not self.prompt.passages:
            yield (
                f"The model {self.model.name} reads {self.model.context_tokens:,} tokens at once, "
                "too few for this question with a source; the answer is quotes."
            )


def task_of(plan: ReadingPlan) -> str:
    """The name of the prompt for a plan."""
    return "passages" if plan.capable else "answer"


def read(
    found: Found,
    *,
    model: LateModel,
    wording: Callable[[str, str], Wording],
    planned: Callable[[Ability], ReadingPlan],
) -> Reading | None:
    """The prompt for a question, or None where no model is to be asked. `model` is loaded only for
    that, `wording` gives the prompt's text for a task and a language, and `planned` how much a
    model reads."""
    quoted = found.several is not None or (found.tabled is not None and found.tabled.computed)
    engine = model.get() if found.worth_asking and not quoted else None
    if engine is None or found.language not in engine.languages:
        return None
    plan = planned(engine.ability).fitted(
        context=engine.context_tokens, longest=found.asked.answer_tokens
    )
    if not plan.capable and _is_foreign(found, engine):
        return None
    text = wording(task_of(plan), found.language)
    with foreign_errors_told(engine):
        told = _told(found, engine, text)
        budget = engine.context_tokens - plan.answer_tokens
        if plan.unit == "passages":
            packed = prompting.pack_passages(
                found.standalone,
                found.passages,
                text=text,
                most=plan.tokens,
                budget=budget,
                model=engine,
                history=told,
            )
        else:
            packed = prompting.pack(
                found.standalone,
                _worth_reading(found, most=plan.sentences),
                text=text,
                budget=budget,
                count=engine.prompt_tokens,
                history=told,
            )
    relevant = _worth_reading(found, most=_RELEVANT if plan.capable else _RELEVANT_SMALL)
    return Reading(engine, plan, packed, text, tuple(relevant))


def write(found: Found, reading: Reading | None) -> "Prompted | None":
    """The model with its prompt, ready to be streamed; None where there is nothing to read."""
    if reading is None or not reading.prompt.passages:
        return None
    from quire.answering.langchain_model import prompted  # noqa: PLC0415  only where one writes

    return prompted(
        reading.model,
        reading.prompt.messages,
        max_tokens=reading.plan.answer_tokens,
        temperature=found.asked.temperature,
        cancel=found.asked.cancel,
    )


def _is_foreign(found: Found, model: ChatModel) -> bool:
    """Whether the best sentence is in a language that a model does not write: a small one repeats
    its characters then, and makes no sense."""
    best = next((proof for proof in found.evidence if not proof.leads), None)
    return best is not None and languages.detect(best.text) not in model.languages


def _worth_reading(found: Found, *, most: int) -> list[Evidence]:
    """The best sentences, as far as they come near the best one: what lies far behind it is off the
    point, or was put there to command the model."""
    least = _NEAR * max((proof.score for proof in found.evidence), default=0.0)
    return [proof for proof in evidence.distinct(found.evidence, most=most) if proof.score >= least]


def _told(found: Found, model: ChatModel, text: Wording) -> str:
    """What of the conversation stands in the prompt: something where the question leans on it and
    the model is capable."""
    leans = found.standalone != found.asked.asks
    if not (leans and model.ability.capable and len(text.parts) > 2):
        return ""
    budget = min(_HISTORY, model.context_tokens // 8)
    turns = history.told(found.asked.before, budget=budget, count=model.count_tokens)
    return text.parts[2].replace("{turns}", turns) + "\n\n" if turns else ""
