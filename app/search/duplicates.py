"""Hits that repeat a better one, such as the ten copies of a contract.

A hit repeats another when it says the same words in the same order: case, width, punctuation, line
breaks, articles and the variants of Chinese and of an inflected word make no difference, and a few
words more at the beginning or the end, such as a heading, need not be there. All else does make a
difference, above all a number, a name or a "not": one word may turn the meaning round. Nor
is a hit hidden that holds a word of the question which the better one lacks.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from quire.records import Chunk, Document
from quire.text import analysis

_MORE = 5  # words that one of two may have more, at each end together
_SHARE = 0.15  # … and at most this share of its words
_DENIES = frozenset(
    "not no never without withdrawn cancel void obsolet supersed expir replac".split()
)
_DENIES_ZH = frozenset("不未无没非禁废")
_KEPT = 2_048  # chunks whose words are known: the same ones come up again and again
_ARTICLES = frozenset({"a", "an", "the"})


class Distinct:
    """Chunks, the best first, in groups of those that say the same.

    >>> Distinct("Who pays?").groups
    []
    """

    def __init__(self, question: str) -> None:
        self.groups: list[list[int]] = []
        """Ids of chunks, the best of each group first."""
        self._question = frozenset(analysis.question_terms(question))
        self._firsts: list[_Said] = []
        self._plain: dict[str, list[int]] = {}  # groups by the text of a member

    def add(self, chunk: Chunk, document: Document) -> None:
        """Put the next best chunk where it belongs."""
        plain = " ".join(chunk.text.split())
        known = self._plain.setdefault(plain, [])
        said = _said(chunk, document, self._question)
        for at in known or range(len(self.groups)):
            first = self._firsts[at]
            if said.asked <= first.asked and (known or _same(said.words, first.words)):
                self.groups[at].append(chunk.id)
                return
        known.append(len(self.groups))
        self.groups.append([chunk.id])
        self._firsts.append(said)


class _Said(NamedTuple):
    """A chunk's words in order, and those of the question that it holds or stands under."""

    words: list[str]
    asked: frozenset[str]


def _said(chunk: Chunk, document: Document, question: frozenset[str]) -> _Said:
    words = _words(chunk.text)
    around = analysis.term_set(document.title, document.name, *chunk.heading_path)
    return _Said(words, question & {*words, *around})


@lru_cache(maxsize=_KEPT)
def _words(text: str) -> list[str]:
    return [term for term in analysis.terms(text) if term not in _ARTICLES]


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the shorter stands within the longer, with little beside it that tells nothing."""
    short, long = sorted((one, other), key=len)
    more = len(long) - len(short)
    if not short or more > min(_MORE, _SHARE * len(long)):
        return False
    return any(
        long[at : at + len(short)] == short
        and not any(_tells(word) for word in (*long[:at], *long[at + len(short) :]))
        for at in _beginnings(short, long)
    )


def _beginnings(short: Sequence[str], long: Sequence[str]) -> Iterator[int]:
    for at in range(len(long) - len(short) + 1):
        if long[at] == short[0]:
            yield at


def _tells(word: str) -> bool:
    """Whether a word beside a text may turn round what it says: a number or a denial."""
    return word in _DENIES or any(c.isdigit() or c in _DENIES_ZH for c in word)
