"""Where words stand in a text, for a reader who looks for them."""

import itertools
import re

from quire.text.languages import CJK

MOST = 1_000
"""Places of the same words that are told; a reader wants the first of them."""

_CHINESE = re.compile(f"[{CJK}]")


def find(text: str, words: str) -> list[tuple[int, int]]:
    """The places (start, end) of some words in a text, at most `MOST`, none within another.

    Letters may be large or small, and between two words any white space may stand, or the bar
    between two cells; between Chinese characters too, which break anywhere at the end of a line.

    >>> find("Rent | 312,000\\nThe rent is", "rent"), find("the\\nmast", "THE MAST")
    ([(0, 4), (19, 23)], [(0, 8)])
    """
    pattern = r"[\s|]+".join(map(_with_breaks, words.split()))
    if not pattern:
        return []
    places: list[tuple[int, int]] = []
    for found in re.finditer(pattern, text, re.IGNORECASE):
        places.append(found.span())
        if len(places) == MOST:
            break
    return places


def _with_breaks(word: str) -> str:
    """The pattern of a word, which may break between two Chinese characters."""
    pattern = re.escape(word[0])
    for before, character in itertools.pairwise(word):
        chinese = _CHINESE.match(before) and _CHINESE.match(character)
        pattern += (r"\s*" if chinese else "") + re.escape(character)
    return pattern
