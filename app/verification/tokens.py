"""The words of a sentence that say something, each with the preposition or the like before it.

What carries its own mark may stand anywhere: "on 5 March", "by Ann", 在北京. What carries none is
told by its place.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from quire.text import analysis
from quire.verification import quantities, synonyms, units
from quire.verification.quantities import Quantity

MARKS = frozenset(
    "in at on off near of from to by for with into between under over against since until "
    "till during because after before through within without as than about across along among "
    "behind below above beside toward towards upon via per while when where if unless "
    "although every each last next this".split()
)
_ARTICLES = frozenset("the a an that these those its his her their our your my".split())
MARKS_ZH = frozenset("在于自由被把将向对从给与为到至比让使")
AGENTS_ZH = frozenset("由被")
_EMPTY_ZH = frozenset(
    "的了着过是有和及或等也都就则并且而但以其之所这那该此前后来时约大会将应须得可"
)
_WORD = re.compile(r"[^\W_]+(?:[-’'./][^\W_]+)*")
_WHEN_ZH = re.compile(
    "[今去明前当同次翌后]年|[春夏秋冬][天季]|上午|下午|晚上|早上|每[天年月周日]|目前|此后|后来"
    "|随后|最初|当时|近年|昨天|今天|明天"
)


class Token(NamedTuple):
    """A word of content or a quantity, with the preposition or the like that stands before it."""

    term: str
    mark: str
    is_quantity: bool = False


def words_of(text: str) -> list[Token]:
    """The words of content and the quantities of an English text, in order.

    >>> [(token.term, token.mark) for token in words_of("On 5 May Bob paid Ann in the hall.")]
    [('-05-05 date', 'on'), ('bob', ''), ('paid', ''), ('ann', ''), ('hall', 'in')]
    """
    folded = analysis.fold(text)
    numbers = quantities.quantities(text)
    found: list[Token] = []
    mark, last = "", 0
    words = list(_WORD.finditer(folded))
    inside_of = _inside(numbers, [match.start() for match in words])
    for match, inside in zip(words, inside_of, strict=True):
        if inside is not None:
            if match.start() >= last:
                found.append(Token(f"{inside.value} {inside.unit}", mark, True))
                mark, last = "", inside.end
            continue
        word = match[0]
        if word in MARKS:
            mark = word
        elif word not in _ARTICLES:
            for term in analysis.terms(word)[:1]:
                if term in analysis.stop_terms():
                    mark = ""
                    continue
                found.append(Token(canonical(term), mark))
                mark = ""
    return found


@cache
def canonical(term: str) -> str:
    """One stem for all that say the same.

    >>> canonical("start") == canonical("commenc"), canonical("dome")
    (True, 'dome')
    """
    return min(synonyms.groups("en").get(term, {term}))


def characters(text: str) -> list[Token]:
    """The characters of content of a Chinese text, each with the mark before it.

    >>> [(token.term, token.mark) for token in characters("猫由狗追了三次")]
    [('猫', ''), ('狗', '由'), ('追', '')]
    """
    folded = analysis.fold(text)
    numbers = [one for one in quantities.quantities(text) if one.unit != "every"]
    inside = {at for one in numbers for at in range(one.start, one.end)}
    inside |= {at for match in _WHEN_ZH.finditer(folded) for at in range(*match.span())}
    found: list[Token] = []
    mark = ""
    for at, character in enumerate(folded):
        if not character.isalnum() or at in inside:
            mark = ""
        elif character in MARKS_ZH:
            mark = character
        elif character not in _EMPTY_ZH:
            found.append(Token(character, mark))
            mark = ""
    return found


def clause_words(text: str, *, chinese: bool) -> list[Token]:
    """The words and quantities of a clause; of a Chinese one the pairs of its characters.

    >>> [token.term for token in clause_words("成人付20元", chinese=True)]
    ['成人', '人付', '20 yuan']
    """
    if not chinese:
        return words_of(text)
    folded = analysis.fold(text)
    numbers = quantities.quantities(text)
    starts = {one.start for one in numbers}
    found: list[Token] = []
    for at, inside in enumerate(_inside(numbers, range(len(folded)))):
        if inside is not None:
            if at == inside.start:
                found.append(Token(f"{inside.value} {inside.unit}", "", True))
        elif len(pair := folded[at : at + 2]) == 2 and pair.isalnum() and at + 1 not in starts:
            found.append(Token(pair, ""))
    return found


def _inside(numbers: Sequence[Quantity], places: Sequence[int]) -> Iterator[Quantity | None]:
    """For each of some places, which rise, the first quantity that it is in."""
    at = 0
    for place in places:
        while at < len(numbers) and numbers[at].end <= place:
            at += 1
        held = at < len(numbers) and numbers[at].start <= place
        yield numbers[at] if held else None


def of_a_kind(term: str, mate: str) -> bool:
    """Whether two quantities, as `Token.term` has them, may be of the same unit.

    >>> of_a_kind("20 yuan", "10 yuan"), of_a_kind("20 yuan", "20 euro")
    (True, False)
    """
    return units.alike(term.split(" ")[1], mate.split(" ")[1])
