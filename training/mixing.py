"""From examples to what a model is trained on: (source, statement, class), with generated ones.

Writers put true statements into words far from their source's and made false ones by changing a
detail of a true one. A model that is shown these alone learns that what has the source's words is
false: it called "Dogs may be brought on Mondays" contradicted by itself. So near copies are
generated, true and false, and the `balanced` mix takes as many of each class from each sixth of the
share of a statement's words that its source holds.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from examples import Example
from quire.text import languages
from quire.verification import coverage, premises, quantities
from quire.verification.premises import Source

CLASSES = ("supported", "contradicted", "not told")
Mix = Literal["plain", "balanced"]
_SUPPORTED, _CONTRADICTED, _NOT_TOLD = range(3)
_SIXTHS = 6
_OF_EACH = (700, 1_500)  # rows of a class in a sixth: where one has fewer, and at most
_NEAR = 6  # places that are nearest to a statement and do not decide it
_SENTENCE_END = re.compile(r"(?<=[.;。；])\s*")
_DENIALS = (
    (r"\b(is|are|was|were|must|may|can|does|do|has|have|will|should)\b(?! not)", r"\1 not"),
    ("可以", "不可以"),
    ("不得", "可以"),
    ("须", "无须"),
    ("是", "不是"),
    ("有", "没有"),
    ("为", "不为"),
)
_EXCHANGED = (
    (r"\bmay\b", "must"),
    (r"\bmust\b", "may"),
    (r"\bat least\b", "at most"),
    (r"\bat most\b", "at least"),
    (r"\bbefore\b", "after"),
    (r"\bafter\b", "before"),
    (r"\bmore than\b", "less than"),
    ("至少", "至多"),
    ("不超过", "不少于"),
    ("以上", "以下"),
    ("以内", "以外"),
    ("之前", "之后"),
    ("免费", "收费"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a model sees, and what it is to say: one of CLASSES, or of a question (`asks`) whether
    the source answers it, 1 or 0."""

    source: str
    statement: str
    label: int
    asks: bool = False


def rows(examples: Sequence[Example], questions: Sequence[Example], *, mix: Mix) -> list[Row]:
    """The rows of a mix, in another order than the examples."""
    draw = random.Random(11)
    told = [row for each in examples for row in (*_of(each, draw), *_copies(each, draw))]
    asked = [row for each in questions for row in _questions(each, draw)]
    draw.shuffle(told)
    found = [*(_balanced(told) if mix == "balanced" else told), *asked]
    draw.shuffle(found)
    return found


def _of(example: Example, draw: random.Random) -> Iterator[Row]:
    """The places that decide it, alone and among others; and those others alone."""
    label = CLASSES.index(example.label)
    gold, others = _apart(example)
    if not gold:
        return
    yield Row(premises.write(gold), example.text, label)
    for most in (2, 4, 6):
        beside = draw.sample(others, min(len(others), max(0, most - len(gold))))
        yield Row(_written([*gold, *beside]), example.text, label)
    if label != _NOT_TOLD and others:
        yield Row(_written(others[: draw.choice((2, 4, 6))]), example.text, _NOT_TOLD)


def _questions(example: Example, draw: random.Random) -> Iterator[Row]:
    answered = int(example.label == "answered")
    gold, others = _apart(example)
    yield Row(_written([*gold, *others[:4]]), example.text, answered, asks=True)
    if answered and others:
        beside = draw.sample(others, min(len(others), 4))
        yield Row(_written(beside), example.text, 0, asks=True)


def _copies(example: Example, draw: random.Random) -> Iterator[Row]:
    """What the source says in its own words, nearly so, and with a detail changed; and the same of
    a true statement in the source's place."""
    gold, others = _apart(example)
    if not gold:
        return
    beside = draw.sample(others, min(len(others), draw.choice((0, 1, 2, 3))))
    source = _written([*gold, *beside])
    said = draw.choice(_SENTENCE_END.split(draw.choice(gold).statement.told.strip()))
    true = [(source, said)] if len(said) > 8 else []
    if example.label == "supported":
        lines = [each.statement.told for each in beside]
        true.append(("\n".join([example.text, *lines]), example.text))
    for there, text in true:
        yield Row(there, _reworded(text, draw), _SUPPORTED)
        if (false := _falsified(text, draw)) is not None:
            yield Row(there, false, _CONTRADICTED)
    if true and others:
        yield Row(_written(others[:3]), _reworded(said or example.text, draw), _NOT_TOLD)


def _apart(example: Example) -> tuple[list[Source], list[Source]]:
    """The places that decide, and the nearest of the others."""
    places = {source.place for source in example.gold}
    rest = [source for source in example.sources if source.place not in places]
    return [*example.gold[:_NEAR]], premises.choose(example.text, rest, most=_NEAR)


def _written(chosen: Iterable[Source]) -> str:
    return premises.write(sorted(chosen, key=lambda source: source.place))


def _reworded(text: str, draw: random.Random) -> str:
    """As true as before, and nearly the same."""
    chinese = languages.detect(text) == "zh"
    for change in draw.sample(range(4), draw.choice((0, 1, 2))):
        if change == 0:
            text = re.sub(r"\s*[（(][^（）()]{1,40}[）)]", "", text) or text
        elif change == 1:
            text = f"是的，{text}" if chinese else f"Yes, {text}"
        elif change == 2:
            text = text.rstrip("。.;；")
        else:
            text = re.sub(r"\d[\d.,]*", lambda match: f"**{match[0]}**", text, count=1)
    return text


def _falsified(text: str, draw: random.Random) -> str | None:
    """With another number, a denial, or an opposite bound or duty; None where it has none."""
    numbers = list(re.finditer(r"\d+", text))
    if numbers and draw.random() < 0.45:
        match = draw.choice(numbers)
        value = int(match[0][:9])
        other = max(1, value + draw.choice((-5, -3, -2, -1, 1, 2, 3, 5, 10, 20)))
        if other != value:
            return f"{text[: match.start()]}{other}{text[match.end() :]}"
    pairs = _DENIALS if draw.random() < 0.5 else _EXCHANGED
    for pattern, put in draw.sample(pairs, len(pairs)):
        if (changed := re.sub(pattern, put, text, count=1)) != text:
            return changed
    return None


def _balanced(told: Sequence[Row]) -> Iterator[Row]:
    """As many of each class from each sixth of the share of words, by language."""
    by_share: dict[tuple[bool, int], list[list[Row]]] = defaultdict(lambda: [[], [], []])
    for row in told:
        share = coverage.share(
            row.statement,
            terms=coverage.known(row.source),
            there=quantities.quantities(row.source),
        )
        sixth = min(_SIXTHS - 1, int(share * (_SIXTHS - 1) + 1e-3))
        by_share[languages.detect(row.statement) == "zh", sixth][row.label].append(row)
    least, most = _OF_EACH
    for classes in by_share.values():
        sizes = [len(each) for each in classes]
        wanted = min(most, max(min(sizes), min(least, max(sizes))))
        for each in classes:
            yield from each[:wanted]
