"""The chat model as a judge of what the check of its reply is unsure of.

    statements called "partly", with their quotes -> yes or no to small questions -> verdicts

A statement is taken apart, and each part is a question of its own, beside one on the whole: a model
says yes to a long statement more easily than to what it consists of. Only what is unsure is asked,
so that no veto of a rule is ever overruled, and only a model of which a trial on this machine has
shown that it tells true statements from false ones (`judge_trial`). All are asked in one call whose
reply has a form, once the reply is written; where reading for that takes too long nothing is asked.
"""

import dataclasses
import functools
import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quire.answering.prompting import Wording, filled, put
from quire.answering.reading_plan import reads_at_once
from quire.errors import QuireError
from quire.models.engine.watching import foreign_errors_told
from quire.models.forms import JsonSchema
from quire.models.protocols import ChatModel, Message
from quire.records import Sentence
from quire.verification import clauses, framing

MOST = 6  # statements of one call
_PARTS = 4  # of a statement that has more, the whole is asked alone
_LONGEST = 2_000  # characters of a statement, and of its quotes
_PER_ANSWER, _AROUND = 4, 16  # tokens of the reply


@dataclass(frozen=True, slots=True)
class Unsure:
    """A statement and the quotes that may say it."""

    says: str
    quotes: tuple[str, ...]


def judged(
    sentences: Sequence[Sentence],
    *,
    model: ChatModel,
    text: Wording,
    patience: float,
    cancel: threading.Event | None = None,
) -> tuple[Sentence, ...]:
    """The sentences of a reply: of the first `MOST` that are partly supported those are supported
    to whose questions the model says yes. What it cannot tell stays as it is."""
    doubts = dict(unsure(sentences))
    chosen = list(doubts)[:MOST]
    messages = _prompt([doubts[at] for at in chosen], text)
    if not chosen or not reads_at_once(model, messages, patience=patience):
        return tuple(sentences)
    try:
        holds = ask([doubts[at] for at in chosen], model=model, text=text, cancel=cancel)
    except QuireError:  # the verdicts that there are still hold
        return tuple(sentences)
    told = {at for at, yes in zip(chosen, holds, strict=True) if yes}
    return tuple(
        dataclasses.replace(sentence, support="supported") if at in told else sentence
        for at, sentence in enumerate(sentences)
    )


def ask(
    doubts: Sequence[Unsure],
    *,
    model: ChatModel,
    text: Wording,
    cancel: threading.Event | None = None,
) -> list[bool]:
    """Of each statement whether the model says yes to all of its questions. Raises ModelError, and
    ReplyUnusable for a reply without its form."""
    counts = [len(_parts(each.says)) + 1 for each in doubts]
    with foreign_errors_told(model):
        reply = "".join(
            model.stream(
                _prompt(doubts, text),
                max_tokens=_AROUND + _PER_ANSWER * sum(counts),
                cancel=cancel,
                form=_form(sum(counts)),
            )
        )
    if cancel is not None and cancel.is_set():  # the reply of a caller who left has no form
        return [False] * len(doubts)
    answers = iter(json.loads(reply)["answers"])
    return [set(itertools.islice(answers, count)) == {"yes"} for count in counts]


def unsure(sentences: Sequence[Sentence]) -> list[tuple[int, Unsure]]:
    """The statements that a judge may decide, by their places. An item is asked under the head of
    its list."""
    found: list[tuple[int, Unsure]] = []
    head = ""
    for at, sentence in enumerate(sentences):
        says = framing.claim_of(framing.without_labels(sentence.text))
        if sentence.kind == "head":
            head = says.rstrip(":：")
        says = f"{head}: {says}" if head and sentence.kind in {"item", "row"} else says
        quotes = tuple(dict.fromkeys(cited.quote for cited in sentence.citations))
        fits = max(len(says), sum(map(len, quotes))) <= _LONGEST
        # What OCR may have read wrongly is no question of what the quotes say.
        if sentence.support == "partly" and quotes and fits and not sentence.unsure:
            found.append((at, Unsure(says, quotes)))
    return found


def _parts(says: str) -> list[str]:
    parts = clauses.texts(says, statements=True)
    return parts if 1 < len(parts) <= _PARTS else [says]


def _prompt(doubts: Sequence[Unsure], text: Wording) -> tuple[Message, ...]:
    one, part, whole = text.parts[2:5]
    told: list[str] = []
    number = itertools.count(1)
    for at, each in enumerate(doubts, start=1):
        questions = [put(part, number=str(next(number)), part=said) for said in _parts(each.says)]
        questions.append(put(whole, number=str(next(number))))
        told.append(
            put(
                one,
                number=str(at),
                quotes="\n".join(f"- {' '.join(quote.split())}" for quote in each.quotes),
                statement=each.says,
                questions="\n".join(questions),
            )
        )
    return filled(text, statements="\n\n".join(told))


@functools.cache
def _form(answers: int) -> JsonSchema:
    said: dict[str, Any] = {"type": "string", "enum": ["yes", "no"]}
    every = {"type": "array", "items": said, "minItems": answers, "maxItems": answers}
    return JsonSchema(
        {
            "type": "object",
            "properties": {"answers": every},
            "required": ["answers"],
            "additionalProperties": False,
        }
    )
