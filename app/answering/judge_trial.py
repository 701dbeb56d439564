"""Whether a chat model may judge: what it says of statements whose truth is known.

    cases, a chat model -> Trial, kept for that model on this machine

The cases ship: statements over invented documents, true and false ones, each with the quotes that
the check of Quire's own had found for it when it could not tell. So whatever a judge says yes to of
the true ones is a gain over what is there, and of the false ones a loss. `training/judge_cases.py`
draws them; none of their documents has trained or chosen anything.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import Any

from quire.answering import judge, prompting
from quire.answering.judge import Unsure
from quire.answering.prompting import Wording
from quire.config import Settings
from quire.errors import UsageError
from quire.models import remembering
from quire.models.protocols import ChatModel

FILE = "judges.json"  # in the cache
CASES = "judge_cases.jsonl"
_FALSE, _TRUE = 0.05, 0.25  # of a language's false and true cases: the most and the least for a yes


@dataclass(frozen=True, slots=True)
class Tried:
    """Of the cases of a language, how many there are and how many the model said yes to."""

    true: int
    true_found: int
    false: int
    false_found: int

    @property
    def helps(self) -> bool:
        """Whether it finds a quarter of the true ones, and takes one of twenty false ones or
        fewer."""
        return self.true_found >= _TRUE * self.true and self.false_found <= _FALSE * self.false


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model said of the cases, by their language. It judges in those where it helps."""

    model: str
    languages: Mapping[str, Tried]

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "languages": {
                language: {**asdict(tried), "helps": tried.helps}
                for language, tried in self.languages.items()
            },
        }


@dataclass(frozen=True, slots=True)
class _Case:
    language: str
    true: bool
    unsure: Unsure


def run(
    model: ChatModel | None,
    *,
    settings: Settings,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    cancel: Event | None = None,
) -> Trial | None:
    """Try a model on all cases and keep what it said in the cache; None where `cancel` ended that.

    `progress` hears how many cases of how many are done. Raises UsageError where there is no model
    or it has the language of no case, and ModelError.
    """
    if model is None:
        raise UsageError(
            "There is no chat model that could judge.",
            hint="Choose one with: quire models use NAME",
        )
    cases = [case for case in _cases() if case.language in model.languages]
    if not cases:
        raise UsageError(
            f"The model {model.name} writes neither English nor Chinese, so it cannot judge.",
            hint="Choose another one with: quire models use NAME",
        )
    texts = {
        language: prompting.wording("judge", language, folder=settings.prompts)
        for language in {case.language for case in cases}
    }
    said: list[tuple[_Case, bool]] = []
    for language, text in texts.items():
        of = [case for case in cases if case.language == language]
        for first in range(0, len(of), judge.MOST):
            lot = of[first : first + judge.MOST]
            asked = [case.unsure for case in lot]
            found = judge.ask(asked, model=model, text=text, cancel=cancel)
            if cancel is not None and cancel.is_set():
                return None
            said.extend(zip(lot, found, strict=True))
            progress(len(said), len(cases))
    trial = Trial(
        model.name,
        {
            language: _tried([(case.true, yes) for case, yes in said if case.language == language])
            for language in texts
        },
    )
    for language, tried in trial.languages.items():
        remembering.remember(settings.cache / FILE, _key(model, texts[language]), asdict(tried))
    return trial


def helps(model: ChatModel, *, text: Wording, cache: Path) -> bool:
    """Whether a trial has shown that a model helps with a wording of the judge."""
    found = remembering.remembered(cache / FILE).get(_key(model, text), {})
    try:
        return Tried(**found).helps
    except TypeError:  # there was no trial, or it is of another form
        return False


def _tried(said: list[tuple[bool, bool]]) -> Tried:
    true, false = ([yes for is_true, yes in said if is_true == wanted] for wanted in (True, False))
    return Tried(len(true), sum(true), len(false), sum(false))


def _cases() -> list[_Case]:
    """In an order in which true and false ones alternate by chance."""
    lines = files("quire.answering").joinpath(CASES).read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        _Case(row["language"], row["true"], Unsure(row["statement"], tuple(row["quotes"])))
        for row in rows
    ]


def _key(model: ChatModel, text: Wording) -> str:
    return hashlib.sha256("\n".join((model.fingerprint, text.sha256)).encode()).hexdigest()
