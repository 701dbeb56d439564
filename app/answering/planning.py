"""What a capable model makes of a question before anything is searched for.

    Asked -> Planned, or None where the rules do

The model says what a follow-up means by itself, and which searches a question for several things
takes, in one short call whose reply has a form. It is asked only where rules see that there is such
a thing to say, and where the call takes a small part of the patience for the whole answer. What it
says is used to search and never to answer; where it is no plan, the rules do.
"""

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quire.answering import followups, history, prompting
from quire.answering.prompting import Wording
from quire.answering.question import Asked
from quire.answering.reading_plan import reads_at_once
from quire.errors import QuireError
from quire.models.engine.watching import foreign_errors_told
from quire.models.forms import JsonSchema
from quire.models.opening import LateModel
from quire.models.protocols import ChatModel
from quire.search import subquestions
from quire.text import languages

_WRITTEN = 200  # tokens of a plan
_TURNS = 400  # tokens of the conversation
_LONGEST = 400  # characters of a question or a search; a longer one is no search
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Planned:
    """What a question means by itself, and the searches for its parts; none where it is one."""

    question: str
    searches: tuple[str, ...] = ()


def plan(
    asked: Asked,
    *,
    model: LateModel,
    wording: Callable[[str, str], Wording],
    patience: float,
) -> Planned | None:
    """The plan of the model that is to answer; None where none is asked or what it says is none.
    `patience` are the seconds to wait for the first word of the answer."""
    language = languages.detect(asked.asks)
    previous = [exchange.question for exchange in asked.before]
    leans = followups.standalone(asked.asks, previous) != asked.asks
    if not asked.by_model or not (leans or subquestions.asks_several(asked.asks)):
        return None
    engine = model.get()
    if engine is None or language not in engine.languages:
        return None
    try:
        with foreign_errors_told(engine):
            reply = _reply(asked, engine, wording("plan", language), leans, patience=patience)
    except QuireError:  # told where the same model is to answer
        return None
    return _read(reply, asked.asks, leans=leans, language=language) if reply else None


def _reply(
    asked: Asked, engine: ChatModel, text: Wording, leans: bool, *, patience: float
) -> str | None:
    """What a model replies; None where reading for that takes too long."""
    turns = history.told(asked.before, budget=_TURNS, count=engine.count_tokens) if leans else ""
    messages = prompting.filled(
        text,
        question=asked.asks,
        history=text.parts[2].replace("{turns}", turns) + "\n\n" if turns else "",
    )
    if not reads_at_once(engine, messages, patience=patience):
        return None
    return "".join(engine.stream(messages, max_tokens=_WRITTEN, cancel=asked.cancel, form=_form()))


@functools.cache
def _form() -> JsonSchema:
    said: dict[str, Any] = {"type": "string"}
    return JsonSchema(
        {
            "type": "object",
            "properties": {
                "question": said,
                "searches": {"type": "array", "items": said, "maxItems": subquestions.MOST},
            },
            "required": ["question", "searches"],
            "additionalProperties": False,
        }
    )


def _read(reply: str, asks: str, *, leans: bool, language: str) -> Planned | None:
    """A reply as a plan: in the question's language, with its numbers, and of a bearable length. A
    question that leans on nothing keeps its words."""
    try:
        told = json.loads(reply)
    except ValueError:  # a caller who left
        return None
    question = " ".join(told["question"].split()) if leans else asks
    searches = [" ".join(each.split()) for each in told["searches"]]
    kept = set(_NUMBER.findall(asks)) <= set(_NUMBER.findall("\n".join((question, *searches))))
    said = [question, *searches]
    fits = all(0 < len(each) <= max(_LONGEST, len(asks)) for each in said)
    if not (kept and fits) or languages.detect(question) != language:
        return None
    parts = [each for each in dict.fromkeys(searches) if each != question]
    return Planned(question, tuple(parts) if len(parts) > 1 else ())
