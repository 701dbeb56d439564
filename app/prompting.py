"""The pure function that packs evidence into a prompt within a token budget.

The texts stand in `prompts/`, one file per language, where a user can read and change them. The
fixed part comes first, so that a model's cache of it is reused from question to question.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from quire.evidence import Evidence
from quire.records import Message, Passage, Prompt

_SEPARATOR = "\n---\n"


@cache
def template(language: str) -> tuple[str, str]:
    """The system text and the user text for a language, with {evidence} and {question}."""
    name = "answer.zh.txt" if language == "zh" else "answer.en.txt"
    system, user = files("quire").joinpath("prompts", name).read_text("utf-8").split(_SEPARATOR)
    return system.strip(), user.strip()


def fingerprint(language: str) -> str:
    """Identifies the wording that an answer was made with: the first 12 digits of its SHA-256."""
    return hashlib.sha256(_SEPARATOR.join(template(language)).encode()).hexdigest()[:12]


def pack(
    question: str,
    evidence: Sequence[Evidence],
    *,
    language: str,
    budget: int,
    count: Callable[[Sequence[Message]], int],
) -> Prompt:
    """As much of the evidence, best first, as fits into `budget` tokens.

    Sentences of one passage stand together, in reading order, behind the passage's label. `count`
    says how many tokens messages take. A passage all of whose sentences were left out is in
    `left_out`.
    """
    chosen: list[Evidence] = []
    messages, tokens = _messages(question, chosen, language, count)
    for sentence in evidence:
        candidate = [*chosen, sentence]
        attempt, size = _messages(question, candidate, language, count)
        if size > budget:
            break
        chosen, messages, tokens = candidate, attempt, size
    passages = {sentence.passage.label: sentence.passage for sentence in evidence}
    fitted = {sentence.passage.label for sentence in chosen}
    return Prompt(
        messages=messages,
        passages=_of(passages, lambda label: label in fitted),
        left_out=_of(passages, lambda label: label not in fitted),
        tokens=tokens,
    )


def _of(passages: dict[int, Passage], wanted: Callable[[int], bool]) -> tuple[Passage, ...]:
    return tuple(passages[label] for label in sorted(passages) if wanted(label))


def _messages(
    question: str,
    evidence: Sequence[Evidence],
    language: str,
    count: Callable[[Sequence[Message]], int],
) -> tuple[tuple[Message, ...], int]:
    system, user = template(language)
    lines = []
    for label in sorted({sentence.passage.label for sentence in evidence}):
        inside = sorted((e for e in evidence if e.passage.label == label), key=lambda e: e.start)
        lines.append(f"[{label}] " + " ".join(sentence.text for sentence in inside))
    content = user.replace("{question}", question).replace("{evidence}", "\n".join(lines))
    messages = (Message("system", system), Message("user", content))
    return messages, count(messages)
