"""A sentence with those of its paragraph that it leans on or that lean on it.

A reason, or the way in which something is so, is seldom told in one.
"""

import re
from collections.abc import Sequence

from quire.answering.evidence import Evidence
from quire.records import Passage, Statement
from quire.text import analysis, statements
from quire.text.languages import CJK

_ROOM = 520  # characters in all, a Chinese one counting double: some 120 tokens
_LEANS = re.compile(
    r"(?:this|that|these|those|it|they|he|she|such|so|thus|hence|therefore|because|since|then|also"
    r"|as a result|consequently|otherwise|in turn|however|but|instead|which|under|the rule"
    r"|the system|the former|the latter)\b"
    "|这|该|此|其|因此|因为|由于|所以|因而|从而|否则|而|但|然而|于是|同时|另|并|故|也",
    re.IGNORECASE,
)
_HAN = re.compile(f"[{CJK}]")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_SHARED = 2  # terms that a neighbour has in common with the sentence and the question, at least


def explained(question: str, best: Evidence) -> list[Statement]:
    """The best sentence with its neighbours that bear on it, in reading order. The one that follows
    is taken in any case: a reason may have no word in common with what it explains."""
    near = _paragraph(best.passage, best.statement)
    place = near.index(best.statement)
    about = _terms(question) | _terms(best.text)
    first = last = place
    room = _ROOM - length(best.text)
    while last + 1 < len(near):
        following = near[last + 1]
        if not (_bears(following, about, best) or (last == place and _says(following, best))):
            break
        room -= length(following.text)
        if room < 0:
            break
        last += 1
    while first > 0 and _bears(near[first - 1], about, best, before=near[first]):
        room -= length(near[first - 1].text)
        if room < 0:
            break
        first -= 1
    return near[first : last + 1]


def length(text: str) -> int:
    """Characters, a Chinese one counting double."""
    return len(text) + len(_HAN.findall(text))


def _bears(
    other: Statement, about: set[str], best: Evidence, *, before: Statement | None = None
) -> bool:
    """Whether a neighbour leans on what is said, is leant on (by the one it stands before), or is
    about the same."""
    if not _says(other, best):
        return False
    leaning = before if before else other
    if _LEANS.match(leaning.text):
        return True
    return len(_terms(other.text) & about) >= _SHARED


def _says(other: Statement, best: Evidence) -> bool:
    return not other.leads and other.kind == best.statement.kind


def _paragraph(passage: Passage, statement: Statement) -> list[Statement]:
    """The statements of a passage that no blank line parts from one of them."""
    every: Sequence[Statement] = statements.of(passage)
    place = every.index(statement)
    first = last = place
    while first > 0 and _adjoin(passage, every[first - 1], every[first]):
        first -= 1
    while last + 1 < len(every) and _adjoin(passage, every[last], every[last + 1]):
        last += 1
    return list(every[first : last + 1])


def _adjoin(passage: Passage, one: Statement, other: Statement) -> bool:
    start = passage.span.start
    between = passage.text[max(0, one.end - start) : max(0, other.start - start)]
    return len(between) < _ROOM and _BLANK_LINE.search(between) is None


def _terms(text: str) -> set[str]:
    return set(analysis.terms(text)) - analysis.STOP_WORDS
