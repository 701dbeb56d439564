"""Every place where a phrase stands, in the text of any chunk.

A phrase is its words in order. Between two words may stand white space, a line's end, a hyphen and
the like, and no end of a clause. Case, width, accents, the possessive and the variants of Chinese
make no difference; unless the phrase is exact, neither does inflection. Where words are written
without spaces, each character counts as a word.

The lexical index names the chunks that have all of the words, so that only they are read; what it
does not name cannot hold the phrase.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from quire.text import analysis
from quire.text.languages import UNSPACED

# subtle: a letter with a mark of its own is one letter, whether or not it is written as one sign.
_UNIT = re.compile(
    rf"""
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?)
  | (?P<unspaced>[{UNSPACED}])
  | (?P<word>(?:[^\W\d_{UNSPACED}][\u0300-\u036f]*)+(?:['’]s\b)?)
    """,
    re.VERBOSE,
)
_CLAUSE_ENDS = re.compile(r"[.!?;:,。！？；：，、…]")
_POSSESSIVE = re.compile(r"['’]s$")

Unit = tuple[str, int, int]
"""A word as it is compared, and where it begins and ends."""


def words(phrase: str, *, exact: bool) -> list[str]:
    """The words of a phrase as they are compared.

    >>> words("the Lessor’s 1,500 leases", exact=False), words("數據庫", exact=True)
    (['the', 'lessor', '1500', 'leas'], ['数', '据', '库'])
    """
    return [word for word, _, _ in _units(phrase, exact=exact)]


def terms(phrase: str) -> list[str]:
    """Index terms that every chunk has which mentions the phrase."""
    return words(phrase, exact=False)


def find(phrase: Sequence[str], text: str, *, exact: bool) -> Iterator[tuple[int, int]]:
    """Where in a text a phrase stands, given by its `words`: offsets (start, end).

    >>> text = "Notice periods differ. The notice\\nperiod is long."
    >>> [text[start:end] for start, end in find(["notic", "period"], text, exact=False)]
    ['Notice periods', 'notice\\nperiod']
    """
    units = list(_units(text, exact=exact))
    size = len(phrase)
    at = 0
    while size and at + size <= len(units):
        part = units[at : at + size]
        if [word for word, _, _ in part] == list(phrase) and all(
            _joins(text[left[2] : right[1]]) for left, right in itertools.pairwise(part)
        ):
            yield part[0][1], part[-1][2]
            at += size
        else:
            at += 1


def _units(text: str, *, exact: bool) -> Iterator[Unit]:
    for match in _UNIT.finditer(text):
        yield _compared(match[0], match.lastgroup or "", exact), match.start(), match.end()


@lru_cache(maxsize=100_000)
def _compared(token: str, kind: str, exact: bool) -> str:
    folded = analysis.fold(token)
    if kind == "number":
        return folded.replace(",", "")
    if kind == "unspaced":
        return folded
    word = _POSSESSIVE.sub("", folded)
    if not exact:
        return analysis.stem(word)
    marked = unicodedata.normalize("NFD", word)
    return "".join(character for character in marked if not unicodedata.combining(character))


def _joins(gap: str) -> bool:
    """Whether what stands between two words leaves them together, as in "GB/T" and "x.com"."""
    return gap in {".", ":"} or not _CLAUSE_ENDS.search(gap)
