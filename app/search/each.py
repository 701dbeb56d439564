"""A question about several documents, asked of each by itself.

"Compare the rent of Oak Court 4 and Mill Lane 17" names two, and "What is the deposit of each
lease?" means all that are called so. One search for all of it finds passages that hold a little of
everything; asked of each document, without the others' names, it is a question like any other.
"""

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from quire.records import Document
from quire.search import question_words
from quire.text import analysis
from quire.text.languages import CJK

MOST = 4
"""Documents that one question is asked of."""
_BESIDE = re.compile(
    r"\b(?:and|or|than|with|versus|vs|from|to)\b|[、和与跟同比及或]|还是", re.IGNORECASE
)
_BETWEEN = 4  # words between the names of two documents that are named beside each other
_EACH_EN = re.compile(
    r"\b(?:which|each|every|both|either) (?:one )?of (?:the|these|those|our|your|my) "
    r"(?:two |three |four )?(?P<of>[^\W\d_]+)\b"
    r"|\b(?:each|every|both|either) (?:the )?(?P<each>[^\W\d_]+)\b"
    r"|\bwhich (?P<which>[^\W\d_]+)\b",
    re.IGNORECASE,
)
_EACH_ZH = re.compile(f"(?:哪一?|每一?|各|这?两)[个份家套款台种间张篇本](?P<zh>[{CJK}]{{2,6}})")
_COMPARES_EN = re.compile(
    r"\b(?:compare[ds]?|comparison of|contrast|differences? between|more|less|most|least"
    r"|(?:long|short|high|low|larg|small|great|big|bigg|cheap|old|new|earli|late|fast|slow)(?:er|est)"
    r"|respectively)\b ?",
    re.IGNORECASE,
)
_COMPARES_ZH = re.compile("比较一下|比较|对比|相比|分别|各自|更|最|哪个|有什么(?:区别|不同|差别)")


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of one document."""

    question: str
    document: Document


def parts(question: str, documents: Sequence[Document]) -> tuple[Part, ...]:
    """What a question asks of each of the documents that it means, from two to `MOST`; empty where
    it means no several ones. `documents` are those found for it, the best first."""
    return _named(question, documents) or _alike(question, documents)


def _named(question: str, documents: Sequence[Document]) -> tuple[Part, ...]:
    """For documents whose names stand beside each other: each without the names of the others."""
    words = question_words.read(question).words
    named: list[tuple[int, int, Document]] = []
    for document, terms in zip(documents, _own_terms(documents), strict=True):
        its = [word for word in words if word.is_in(terms)]
        if its and {t for word in its for t in word.terms} & terms:
            named.append((its[0].start, its[-1].end, document))
    named.sort(key=lambda each: each[0])
    beside = all(
        one[1] <= other[0] and _is_beside(question[one[1] : other[0]])
        for one, other in itertools.pairwise(named)
    )
    if not (2 <= len(named) <= MOST and beside):
        return ()
    found = []
    for start, end, document in named:
        text = question[: named[0][0]] + question[start:end] + question[named[-1][1] :]
        found.append(Part(_bare(text), document))
    return tuple(found)


def _alike(question: str, documents: Sequence[Document]) -> tuple[Part, ...]:
    """For documents that are called by one word, each of which is asked."""
    match = _EACH_EN.search(question) or _EACH_ZH.search(question)
    if match is None:
        return ()
    said = match.groupdict()
    end = match.end()
    if chinese := said.get("zh"):  # as much of what follows as the documents are called
        sizes = range(len(chinese), 1, -1)
        each = ((size, _called(_terms(chinese[:size]), documents)) for size in sizes)
        size, alike = next((found for found in each if found[1]), (0, []))
        end = match.start("zh") + size
    else:
        called = next(group for group in match.groups() if group)
        alike = _called(_terms(called), documents)
        if not alike and said["of"]:
            alike = _called(_shared(documents), documents)
    if not 2 <= len(alike) <= MOST:
        return ()
    before, after = question[: match.start()], question[end:]
    return tuple(Part(_bare(f"{before}{each.title} {after}"), each) for each in alike)


def _own_terms(documents: Sequence[Document]) -> list[set[str]]:
    """The terms of each document's title that no other's has."""
    titles = [_title_terms(document) for document in documents]
    return [
        terms.difference(*(other for number, other in enumerate(titles) if number != at))
        for at, terms in enumerate(titles)
    ]


def _shared(documents: Sequence[Document]) -> set[str]:
    """What the titles of all documents share."""
    titles = [_title_terms(document) for document in documents]
    return set.intersection(*titles) if len(titles) > 1 else set()


def _called(terms: Collection[str], documents: Sequence[Document]) -> list[Document]:
    """The documents whose titles have all of some terms, and something of their own beside them."""
    if not terms:
        return []
    called = [document for document in documents if set(terms) <= _title_terms(document)]
    return called if all(_own_terms(called)) else []


def _title_terms(document: Document) -> set[str]:
    return _terms(document.title or PurePath(document.name).stem)


def _terms(text: str) -> set[str]:
    return set(analysis.terms(text)) - analysis.STOP_WORDS


def _is_beside(between: str) -> bool:
    return bool(_BESIDE.search(between)) and len(between.split()) <= _BETWEEN


def _bare(text: str) -> str:
    """A question without what compares: of one thing there is nothing to compare."""
    text = _COMPARES_ZH.sub("", _COMPARES_EN.sub("", text))
    return re.sub(r" +(?=[?.!])", "", " ".join(text.split()))
