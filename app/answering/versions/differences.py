"""Whether two statements are about the same, and whether they say the same of it.

That most of their words are equal tells the first and not the second: "within 30 days" and "within
60 days" share all words but one. So what makes a difference is looked at by itself: numbers, dates,
codes, names, negations and opposites.
"""

import re
from functools import lru_cache

from quire.records import Statement
from quire.text import analysis
from quire.text.languages import CJK
from quire.verification import opposites
from quire.verification.quantities import labels, quantities

_NAME = re.compile(r"(?<=[a-z0-9,;:)] )[A-ZÀ-Þ][\w’'-]*")
_ABOUT, _SHARED = 0.6, 2
"""Share of the words of the shorter of two statements that the other has too, and how many at
least, where both stand in versions of one document."""
_ABOUT_ALONE = 0.6
"""… and of the words of both together, where the documents have nothing to do with each other."""
_COPULA = re.compile(r"\b(?:is|are|was|were|be)\b|[:：为是]")
_CALENDAR = frozenset(
    "januari februari march april may june juli august septemb octob novemb decemb"
    " monday tuesday wednesday thursday friday saturday sunday".split()
)
_HAN = re.compile(f"[{CJK}]")


def differ(one: str, other: str) -> bool:
    """Whether two statements that share their words say different things.

    >>> differ("Paid within 30 days.", "Paid within 60 days."), differ("It is open.", "It's open.")
    (True, False)
    >>> differ("First class is allowed.", "First class is no longer allowed.")
    True
    """
    return adds(one, to=other) or adds(other, to=one)


def adds(one: str, *, to: str) -> bool:
    """Whether a statement has a number, a date, a name or a negation that another lacks.

    >>> adds("Ms Hill is paid 30 a day.", to="Ms Hill is paid 30 a day, and meals.")
    False
    """
    mine, theirs = _said(one), _said(to)
    if not mine.values <= theirs.values or mine.denials != theirs.denials:
        return True
    return not mine.names <= frozenset(analysis.terms(to)) or opposites.opposed(one, to)


def same_subject(one: Statement, other: Statement) -> bool:
    """Whether two statements of versions of one document are about the same.

    Rows are where their first cell is the same and they have a column in common; all else is by the
    words of content.
    """
    if one.cells or other.cells:
        return _row(one) is not None and _row(one) == _row(other) and _columns_meet(one, other)
    return alike(one.text, other.text) >= _ABOUT


def say_the_same_but(one: Statement, other: Statement) -> bool:
    """Whether two statements of unlike documents say the same with another number, date or
    negation: most words are shared, and all names and codes of what is spoken of."""
    if one.cells or other.cells:
        return False
    mine, theirs = content(one.text), content(other.text)
    union = mine | theirs
    if len(mine & theirs) <= _SHARED or len(mine & theirs) < _ABOUT_ALONE * len(union):
        return False
    subjects = [_said(_COPULA.split(text, maxsplit=1)[0]) for text in (one.text, other.text)]
    left, right = subjects
    return (left.names, left.codes) == (right.names, right.codes)


def alike(one: str, other: str) -> float:
    """The share of the words of content of the shorter of two statements that the other one has;
    0 where these are too few to tell.

    >>> alike("The notice period is 3 months.", "The period of notice is 6 weeks in winter.")
    0.6666666666666666
    """
    mine, theirs = content(one), content(other)
    shared = len(mine & theirs)
    return shared / min(len(mine), len(theirs)) if shared >= _SHARED else 0.0


@lru_cache(maxsize=4096)  # each statement is held against many
def content(text: str) -> frozenset[str]:
    """The terms of a text that name what it is about: no function words, numbers or dates."""
    return frozenset(
        term
        for term in analysis.terms(text)
        if term not in analysis.stop_terms()
        and not any(character.isdigit() for character in term)
        and term not in _CALENDAR
        and (len(term) > 1 or not _HAN.match(term))
    )


class _Said:
    """What of a text makes a difference."""

    __slots__ = ("codes", "denials", "names", "values")

    def __init__(self, text: str) -> None:
        self.codes = labels(text)
        self.values = self.codes | {f"{q.value} {q.unit}" for q in quantities(text)}
        self.denials = sum(1 for _ in opposites.negations(text))
        self.names = frozenset(
            term for name in _NAME.findall(text) for term in analysis.terms(name)
        )


@lru_cache(maxsize=4096)
def _said(text: str) -> _Said:
    return _Said(text)


def _row(statement: Statement) -> str | None:
    """What a row is about: its first cell that is filled."""
    return next((analysis.fold(cell) for _, cell in statement.cells if cell), None)


def _columns_meet(one: Statement, other: Statement) -> bool:
    """Whether two rows have a column in common, or columns without names or of other years."""
    mine, theirs = (
        {re.sub(r"\W*\d+\W*", "", analysis.fold(name)) for name, _ in row.cells[1:]}
        for row in (one, other)
    )
    return bool(mine & theirs) or len(one.cells) == len(other.cells)
