"""Which reading of a later question is meant: the one that the documents answer best.

Rules say what a follow-up may mean, the likeliest first, and cannot know whether "Who got the job?"
goes on with the hall or asks of something else. The documents can: people mostly go on with the
document that answered them last. So a question that is answered well from there, or that says so
little for itself that nothing else is likelier, is taken as the rules have it. Else its other
readings are searched for too, and the document of the last answer alone. Confidence tells among
them: that of a reading which is not the first counts half, and that of an answer from another
document a quarter. A topic that no rule would add is added only where the answer then comes from
the document of the last one.

A change of topic thus stays one: with the old topic added it is answered worse or from elsewhere,
and where another document has a word of the question that the old one lacks, that is what it asks
of.
docs/decisions/follow-ups.md says how the weights were found.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")
_OTHERWISE = 0.5  # of its confidence counts for a reading that is not the first
_ELSEWHERE = 0.25  # … for one that is answered from another document than the question before
_LEAST = 0.2  # confidence of a reading in context, where the question itself is not answered


@dataclass(frozen=True, slots=True)
class Weighed:
    """How confident an answer is, 0 where there is none, and the ids of the documents in which its
    best evidence stands. Of the telling words of the question as it was typed, `said` are in that
    evidence and its headings, `around` in the passage around it."""

    confidence: float
    documents: frozenset[str]
    said: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()


def choose(
    reading: str,
    found: _T,
    readings: Iterable[str],
    in_context: Iterable[str],
    *,
    before: frozenset[str],
    read: Callable[[str], _T],
    read_as_typed: Callable[[str], _T],
    read_there: Callable[[], _T | None],
    weigh: Callable[[_T], Weighed],
) -> _T:
    """What was found for the likeliest reading of a question, where `found` was for the first.

    `readings` are the others by the rules; `in_context` those by which it goes on with what was
    talked of, though no rule says so. `before` are the ids of the documents that the last answer
    cites; where there are none, a reading that is answered is taken as it comes.

    `read` finds what is said to a reading, or to the question alone where that is surer and the
    passage is about what was added. `read_as_typed` finds what is said to a reading and to nothing
    else, and `read_there` what the documents of `before` say to the first, None where they are not
    to be searched alone.
    """
    if not before:
        answered = (other for one in readings if weigh(other := read(one)).confidence)
        return found if weigh(found).confidence else next(answered, found)
    told = weigh(found)
    most = _worth(told, before)
    if most > _OTHERWISE:  # no other can be worth more
        return found
    by_rule = dict.fromkeys((reading, *readings))
    for one in [*by_rule][1:]:
        other = read(one)
        if (worth := _OTHERWISE * _worth(weigh(other), before)) > most:
            found, most = other, worth
    least = 0.0 if told.confidence else _LEAST
    here = bool(told.documents & before)
    there = None if here else read_there()
    others = [read_as_typed(one) for one in dict.fromkeys(in_context) if one not in by_rule]
    for other in others if there is None else [there, *others]:
        its = weigh(other)
        worth = _OTHERWISE * its.confidence
        lacks = () if here else told.said - its.around
        if its.documents & before and its.confidence >= least and worth > most and not lacks:
            found, most = other, worth
    return found


def _worth(told: Weighed, before: frozenset[str]) -> float:
    return told.confidence * (1.0 if told.documents & before else _ELSEWHERE)
