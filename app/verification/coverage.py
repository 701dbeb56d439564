"""What a sentence says, and how much of it a quote holds: terms, quantities, Chinese characters."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from quire.text import analysis, languages
from quire.verification import opposites, quantities, quantity_fit, synonyms
from quire.verification.quantities import Quantity
from quire.verification.script import is_chinese

_NUMBERED = re.compile(
    r"\d|^(?:st|nd|rd|th|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\w+teenth|eleventh"
    r"|twelfth|twentieth|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenti|thirti"
    r"|forti|fifti|sixti|seventi|eighti|nineti|\w+ty-\w+|hundr|thousand|million|billion|dozen|half"
    r"|januari|februari|march|april|may|june|juli|august|septemb|octob|novemb|decemb"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)$"
    r"|[零〇一二两三四五六七八九十百千万亿年月日]"
)
_HAN_TERM = re.compile(f"[{languages.CJK}]")
_OPENING = 4  # terms; what "it" stands for comes first, and no other words of its sentence
_LIGHT_ZH = frozenset(
    "的了着过是在有和与及或等也都就则并且而但被把将由于对从向到以为其之所这那该此，、"
)


@lru_cache(maxsize=4096)  # of the same few sentences, time and again
def content(text: str) -> frozenset[str]:
    """The terms that say something. Negations and quantities are compared apart, in whatever form
    they are written.

    >>> sorted(content("The rent of 1,200 yuan is not paid in May."))
    ['paid', 'rent']
    """
    if not is_chinese(text):
        text = without_quantities(_blanked(text, list(opposites.negations(text))))
    return frozenset(term for term in analysis.question_terms(text) if not is_number(term))


def is_number(term: str) -> bool:
    """Whether a term counts or dates something: numerals, months and days of the week, as stems.

    >>> is_number("octob"), is_number("b2"), is_number("octopus")
    (True, True, False)
    """
    return _NUMBERED.search(term) is not None


def opening(text: str) -> frozenset[str]:
    """The first four terms that say something: the subject, most likely.

    >>> sorted(opening("The tenant of the dome pays the landlord a monthly rent."))
    ['dome', 'landlord', 'pay', 'tenant']
    """
    wanted = content(text)
    said = [term for term in analysis.terms(text) if term in wanted]
    return frozenset(said[:_OPENING])


@lru_cache(maxsize=4096)
def known(text: str) -> frozenset[str]:
    """The terms of a quote, and those that say the same (see `synonyms`).

    >>> sorted(known("A film begins.")), "必须" in known("须交")
    (['a', 'begin', 'commenc', 'film', 'movi', 'start'], True)
    """
    found = set(analysis.terms(text))
    if is_chinese(text):
        folded = analysis.fold(text)
        for word, same in synonyms.groups("zh").items():
            for before, after in _around(word, folded):
                for other in same:
                    said = analysis.terms(before + other + after)
                    found.update(said[:-1] if after else said)
    else:
        same_as = synonyms.groups("en")
        found |= {other for term in found for other in same_as.get(term, ())}
    return frozenset(found)


def _around(word: str, text: str) -> set[tuple[str, str]]:
    """The characters before and after a Chinese word, wherever it stands; empty where none do."""
    found = set()
    at = text.find(word)
    while at >= 0:
        sides = text[max(0, at - 1) : at], text[at + len(word) : at + len(word) + 1]
        before, after = (side if languages.is_unspaced(side) else "" for side in sides)
        found.add((before, after))
        at = text.find(word, at + len(word))
    return found


def share(text: str, *, terms: frozenset[str], there: Sequence[Quantity]) -> float:
    """The share of what a sentence says that a quote holds: of its terms and quantities; in Chinese
    of its characters, each with one beside it, so that the order makes no difference. `terms` are
    those of the quote as `known` gives them, and `there` its quantities.

    >>> quote = "The rent of the dome is 6,800 crowns a month."
    >>> there = quantities.quantities(quote)
    >>> share("The rent of the dome is 6800 crowns.", terms=known(quote), there=there)
    1.0
    >>> share("The rent of the mast is 7,200 crowns.", terms=known(quote), there=there)
    0.3333333333333333
    """
    numbers = quantities.quantities(text)
    if len(numbers) > quantity_fit.MOST:
        return 0.0
    held = sum(quantity_fit.fits(number, there) != "none" for number in numbers)
    if is_chinese(text):
        found = [*_covered(text, terms), *(term in terms for term in _latin(text))]
        return (sum(found) + 2 * held) / max(1, len(found) + 2 * len(numbers))
    wanted = content(text)
    return (len(wanted & terms) + held) / max(1, len(wanted) + len(numbers))


def _covered(text: str, terms: frozenset[str]) -> Iterator[bool]:
    """For each character that says something whether it stands in the quote beside the same one; a
    character alone between others that say nothing needs only stand there."""
    characters = frozenset().union(*terms)
    for before, after, alone in _pairs(text):
        yield before in terms or after in terms or alone in characters


@lru_cache(maxsize=64)  # of one sentence for all quotes
def _pairs(text: str) -> tuple[tuple[str, str, str], ...]:
    """Each Chinese character that says something, with the one before and the one after it, and by
    itself where neither of these says anything."""
    folded = without_quantities(text)
    telling = [False, *(says(character) for character in folded), False]
    return tuple(
        (
            folded[at - 1 : at + 1] if at else "",
            folded[at : at + 2],
            "" if telling[at] or telling[at + 2] else character,
        )
        for at, character in enumerate(folded)
        if telling[at + 1] and _HAN_TERM.match(character)
    )


def _latin(text: str) -> list[str]:
    return [term for term in content(text) if not _HAN_TERM.match(term)]


def without_quantities(text: str) -> str:
    """A text, folded, with blanks where its quantities stand.

    >>> without_quantities("The fee is 5 EUR.")
    'the fee is      .'
    """
    found = quantities.quantities(text)
    return _blanked(analysis.fold(text), [(one.start, one.end) for one in found])


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text with blanks in some places, which are in order and may overlap."""
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += (text[at:start], " " * (end - max(at, start)))
        at = max(at, end)
    return "".join([*pieces, text[at:]])


def says(character: str) -> bool:
    """Whether a character of a Chinese text claims something by itself.

    >>> [character for character in "他在三月租了圆顶。" if says(character)]
    ['他', '租', '圆', '顶']
    """
    return character.isalnum() and character not in _LIGHT_ZH and not is_number(character)
