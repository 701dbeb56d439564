"""How much a model is given to read, and in what form its answer is taken.

What a model can use goes with its size: a small one loses the thread of more than a few sentences,
a large one answers better the more of the documents it sees. What it may be given goes with the
machine: the time to the first word is that of reading the prompt. So the plan is that of the
model's class, cut to what it reads here in the time that a reader is willing to wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from quire.models.protocols import Ability, ChatModel, Message

Unit = Literal["sentences", "passages"]
Strictness = Literal["marked", "strict"]

_SMALL = 600_000_000
_MIDDLE = 2_500_000_000
_LARGE = 6_500_000_000
_SURE = 0.75
"""Of the tokens for sources, how many of the embedder's are sure to fit: chat models cut text
finer, what a server's does is estimated on the safe side, and each source has a line about it."""
_SHORT = 1_500  # tokens of a context, in which whole passages have no room
_ASIDE = 0.2  # of the patience for the first word of an answer: what any other call may take
_LEAST = 130  # tokens of sources: some four sentences, with which any model can do something


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """What a model reads: at most `tokens` of sources, by the `unit`, from at most so many
    `passages`; the best `sentences` alone where that is the unit. Its answer has at most
    `answer_tokens`. A `capable` model says itself whether the sources answer the question. Where it
    `marks`, every statement is shown with what was found of it, and else only those that hold."""

    unit: Unit
    tokens: int
    passages: int
    answer_tokens: int
    capable: bool
    sentences: int = 0
    marks: bool = False

    @property
    def section_tokens(self) -> int:
        """How many tokens of the embedder are looked for: what is looked for should fit, since what
        does not is left out whole; 0 where single sentences are read."""
        return round(_SURE * self.tokens) if self.unit == "passages" else 0

    def fitted(self, *, context: int, longest: int | None) -> "ReadingPlan":
        """The plan for a context of so many tokens, with `longest` for the answer where that is
        set: never so many that a short context holds nothing else. What a capable model is told
        alone would fill a very short one, which is read as a small model reads."""
        answer = min(longest or self.answer_tokens, context // 4)
        if context < _SHORT:
            small = _by_size(Ability(0))
            return replace(small, tokens=context - answer, answer_tokens=answer)
        return replace(self, tokens=min(self.tokens, context - answer), answer_tokens=answer)


def plan(
    ability: Ability,
    *,
    patience: float,
    passages: int | None = None,
    strictness: Strictness | None = None,
) -> ReadingPlan:
    """The plan for a model of which so much is known; before it is loaded that is its size.

    `patience` are the seconds to wait for the first word, and `passages` and `strictness` are the
    user's own, where set.

    >>> plan(Ability(135_000_000), patience=15).sentences
    4
    >>> plan(Ability(4_000_000_000, tokens_per_second=40), patience=15).tokens
    600
    >>> plan(Ability(None, accelerated=True), patience=15).passages
    12
    """
    chosen = _by_size(ability)
    tokens = chosen.tokens
    if ability.tokens_per_second is not None:
        tokens = max(_LEAST, min(tokens, round(patience * ability.tokens_per_second)))
    marks = strictness == "marked" if strictness else chosen.capable
    return replace(chosen, tokens=tokens, passages=passages or chosen.passages, marks=marks)


def reads_at_once(model: ChatModel, messages: Sequence[Message], *, patience: float) -> bool:
    """Whether a model reads a prompt in a small part of the patience for an answer: one on a GPU or
    a server does, one whose speed is not known may not."""
    ability = model.ability
    if ability.accelerated or ability.tokens_per_second is None:
        return ability.accelerated
    return model.prompt_tokens(messages) <= _ASIDE * patience * ability.tokens_per_second


def _by_size(ability: Ability) -> ReadingPlan:
    size = ability.parameters
    if size is None or size >= _LARGE or (ability.accelerated and size >= _MIDDLE):
        return ReadingPlan("passages", 5_000, 12, 1_024, capable=True)
    if size >= _MIDDLE:
        return ReadingPlan("passages", 1_500, 8, 768, capable=True)
    if size >= _SMALL:
        return ReadingPlan("sentences", 500, 6, 384, capable=ability.capable, sentences=16)
    return ReadingPlan("sentences", 500, 6, 256, capable=False, sentences=4)
