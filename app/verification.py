"""Is a sentence of an answer supported by the passages? With the quote that proves it.

A sentence is laid against every stretch of one or two sentences of the passages, and the stretch
that holds most of its words is the candidate. Words alone do not decide: a number, a negation or a
name that the quote lacks makes a sentence false however alike it looks, and each of them vetoes.

- supported: nearly all content words stand in the quote, and no veto;
- partly: more than half of them do, and no veto;
- unsupported: all else. Such a sentence carries no label.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.records import Citation, Passage, Sentence, Support
from quire.text import analysis, languages, sentences

_SUPPORTED = 0.8
_PARTLY = 0.5

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nothing|nobody|without|cannot|\w+n['’]t|unless|except"
    r"|fail(?:s|ed)?|refus\w+|prohibit\w*|forbid\w*|forbidden)\b|[不没無无未非否勿莫别]|禁止|除外",
    re.IGNORECASE,
)
_NEGATION_WORD = re.compile(r"\b(?:not|cannot|never|\w+n['’]t)\b", re.IGNORECASE)
_CHINESE_NUMBER = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")
_NAME_FIRST = re.compile(r"(?:^|(?<=[.!?]\s))[A-Z][\w’'-]+(?=\s+[A-Z])")
"""A sentence's first word is capitalised anyway: it is a name where another one follows."""
_POINTS_BACK = re.compile(
    r"\b(?:it|its|he|his|him|she|her|they|their|them|this|these|that|those|such)\b"
    "|[它他她其该此]|这",
    re.IGNORECASE,
)
_MARK = re.compile(r"\s*[\[［【(（]\s*\d+(?:\s*[,，、-]\s*\d+)*\s*[\]］】)）]")
"""A label that the model wrote by itself, such as [1] or (2, 3)."""


@dataclass(frozen=True, slots=True)
class _Quote:
    passage: Passage
    start: int  # in the document's text
    text: str
    terms: frozenset[str]


def verify(text: str, passages: Sequence[Passage]) -> Sentence:
    """The verdict on one sentence, with the citation that supports it.

    Labels that the model wrote are taken out of the text and not believed.
    """
    text = without_labels(text)
    wanted = _content(text)
    best, share = None, 0.0
    for quote in _quotes(passages):
        held = len(wanted & quote.terms) / len(wanted) if wanted else 0.0
        # Of two that hold as much, the shorter one proves more.
        if held > share or (held == share and best and len(quote.text) < len(best.text)):
            best, share = quote, held
    support = _verdict(text, best.text, share) if best else "unsupported"
    if best is None or support == "unsupported":
        return Sentence(text, "unsupported")
    citation = Citation(
        label=best.passage.label,
        document=best.passage.document,
        page=best.passage.page_at(best.start),
        start=best.start,
        end=best.start + len(best.text),
        quote=best.text,
    )
    return Sentence(text, support, (citation,))


def without_labels(text: str) -> str:
    return _MARK.sub("", text).strip()


def _verdict(text: str, quote: str, share: float) -> Support:
    if share < _PARTLY or not _agrees(text, quote):
        return "unsupported"
    return "supported" if share >= _SUPPORTED else "partly"


def _agrees(text: str, quote: str) -> bool:
    """Whether numbers, names and negation of the sentence stand in the quote."""
    if not set(_numbers(text)) <= set(_numbers(quote)):
        return False
    if bool(_NEGATION.search(text)) != bool(_NEGATION.search(quote)):
        return False
    known = set(analysis.terms(quote))
    first = [name for name in _NAME_FIRST.findall(text) if name.lower() not in analysis.STOP_WORDS]
    return all(set(analysis.terms(name)) <= known for name in [*first, *_NAME.findall(text)])


def _numbers(text: str) -> Iterator[str]:
    folded = analysis.fold(text)
    for number in _NUMBER.findall(folded):
        yield number.replace(",", "")
    if languages.detect(text) == "zh":
        yield from _CHINESE_NUMBER.findall(folded)


def _content(text: str) -> frozenset[str]:
    """The terms that say something; whether they are negated is looked at apart."""
    return frozenset(analysis.question_terms(_NEGATION_WORD.sub(" ", text)))


def _quotes(passages: Sequence[Passage]) -> Iterator[_Quote]:
    """The sentences of the passages; and with the one before it, a sentence that points back.

    Two sentences are one quote only where the second says "it": else the words of one and the
    number of the other would prove what neither says. Headings and questions prove nothing.
    """
    for passage in passages:
        for offset, part in passage.parts():
            before: tuple[int, int] | None = None
            for start, end in sentences.split(part):
                if sentences.leads(part[start:end]):
                    before = None
                    continue
                yield _quote(passage, offset, part, start, end)
                if before and _POINTS_BACK.search(part[start:end]):
                    yield _quote(passage, offset, part, before[0], end)
                before = (start, end)


def _quote(passage: Passage, offset: int, part: str, start: int, end: int) -> _Quote:
    text = part[start:end]
    return _Quote(passage, offset + start, text, frozenset(analysis.terms(text)))
