"""Words that stand side by side in the question and near each other in a chunk.

"net income applicable to common equity" is about one figure, and a page of a report holds all of
these words somewhere. BM25 counts words wherever they stand; a chunk in which neighbours of the
question are neighbours again is likelier to be about the same thing. After the sequential
dependence model (Metzler and Croft, A Markov random field model for term dependencies, SIGIR 2005),
with its unordered windows alone (docs/decisions/proximity.md has the numbers).

Chinese is left as it is: its terms are pairs of characters that overlap, and so hold already what
stands beside what.
"""

import bisect
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence

from quire.text import analysis, languages

_WINDOW = 8  # content words apart at most, as in that paper: a phrase, with what is put into it


def pairs(question: str, terms: Sequence[str]) -> list[tuple[str, str]]:
    """Neighbours among some terms of a question, in its order; what lies between them says nothing.

    >>> pairs("What is the net income of the bank?", ["net", "incom", "bank"])
    [('net', 'incom'), ('incom', 'bank')]
    """
    wanted = {term for term in terms if not languages.is_unspaced(term)}
    said = [term for term in analysis.terms(question) if term in wanted]
    return list(dict.fromkeys(itertools.pairwise(said)))


def shares(
    pairs: Sequence[tuple[str, str]], texts: Mapping[int, str], *, information: Mapping[str, float]
) -> dict[int, float]:
    """For each text the share of a question's information, from 0 to 1, whose neighbours stand near
    each other in it. `information` is the weight of each term of the question.

    >>> weights = {"net": 1.0, "incom": 2.0, "bank": 1.0}
    >>> shares([("net", "incom"), ("incom", "bank")], {7: "income (net)"}, information=weights)
    {7: 0.375}
    """
    whole = sum(information.values()) or 1.0
    return {id_: _held(pairs, text, information) / whole for id_, text in texts.items()}


def _held(pairs: Sequence[tuple[str, str]], text: str, information: Mapping[str, float]) -> float:
    empty = analysis.stop_terms()
    content = (term for term in analysis.terms(text) if term not in empty)
    wanted = {term for pair in pairs for term in pair}
    places: dict[str, list[int]] = defaultdict(list)
    for at, term in enumerate(content):
        if term in wanted:
            places[term].append(at)
    return sum(
        (information[one] + information[other]) / 2
        for one, other in pairs
        if _near(places[one], places[other])
    )


def _near(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two words stand near each other somewhere; a word is not near itself."""
    for at in one:
        nearest = bisect.bisect_left(other, at - _WINDOW)
        if any(at != there and there <= at + _WINDOW for there in other[nearest : nearest + 2]):
            return True
    return False
