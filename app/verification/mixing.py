"""Whether a sentence mixes what a quote says of one thing with what it says of another.

Of "Adults pay 20 and children pay 10" a sentence may tell either half, and not "Children pay 20".
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache

from quire.verification import clauses
from quire.verification.script import is_chinese
from quire.verification.tokens import (
    MARKS,
    MARKS_ZH,
    Token,
    clause_words,
    of_a_kind,
    words_of,
)

_MOST_CLAUSES = 60  # no sentence has more, and each is held against each of the quote's
_MOST_WORDS = 800
_AS_FAR = 4  # words further on in its clause may stand what is like a word of another clause
_VERBAL = (
    r"\b(?:is|are|was|were|be|can|may|must|will|has|have|had|does|did|do|shall|should|would"
    r"|could)\b"
)
_NO_VERB = "|".join(sorted(MARKS))
_GOES_ON = re.compile(
    rf"\s*(?:{_VERBAL}|(?:then|also|not|therefore|which|who|that)\b|(?!(?:{_NO_VERB})\b)\w+\s+"
    r"(?:(?:the|an?|in|at|on|of|from|to|by|for|with|into|its|his|her|their|as|about|over|under"
    r"|until|since)\b|[\d€$£]))",
    re.IGNORECASE,
)
"""How a clause begins that has its subject from the one before: with a verb."""


def mixes(text: str, quote: str) -> bool:
    """Whether a clause of the sentence takes from two clauses of the quote that say the like of two
    things, what belongs to one for the other.

    >>> quote = "Adults pay 20 and children pay 10."
    >>> mixes("Children pay 10.", quote), mixes("Children pay 20.", quote)
    (False, True)
    """
    chinese = is_chinese(text)
    parts, ours = clauses.texts(quote), clauses.texts(text)
    segments = [clause_words(part, chinese=chinese) for part in parts]
    if max(len(parts), len(ours)) > _MOST_CLAUSES or sum(map(len, segments)) > _MOST_WORDS:
        return True
    terms = [{token.term for token in segment} for segment in segments]
    every = set().union(*terms)

    @cache
    def counterparts(at: int, to: int) -> list[tuple[set[str], set[str]]]:
        shared = _shared(parts[at], parts[to], chinese=chinese)
        return list(_counterparts(segments[at], segments[to], shared=shared))

    for part in ours:
        clause = {token.term for token in clause_words(part, chinese=chinese)}
        held = [len(clause & segment) for segment in terms]
        most = max(held, default=0)
        nearest = {at for at, count in enumerate(held) if count == most > 0}
        if any(clause & every <= terms[at] for at in nearest):
            continue
        if not chinese and any(_borrows_subject(clause, at, parts, segments) for at in nearest):
            return True
        if any(
            clause & one and clause & other
            for at, to in itertools.combinations(range(len(parts)), 2)
            if {at, to} & nearest
            for one, other in counterparts(at, to)
        ):
            return True
    return False


def _borrows_subject(
    clause: set[str], at: int, parts: Sequence[str], segments: Sequence[Sequence[Token]]
) -> bool:
    """Whether a clause says what the clause `at` of a quote says, of the subject of another one."""
    if not segments[at] or segments[at][0].term in clause or _GOES_ON.match(parts[at]):
        return False
    subjects = {
        segment[0].term
        for to, segment in enumerate(segments)
        if to != at and segment[:1] and not segment[0].is_quantity and not segment[0].mark
    }
    return bool(clause & subjects - {token.term for token in segments[at]})


def _shared(one: str, other: str, *, chinese: bool) -> int | None:
    """How many words at the beginning of a clause are meant for a later one too, at least, since
    that goes on with a verb or a mark: the subject, up to the first auxiliary. None where the later
    one has a subject of its own."""
    if chinese:
        return 0 if other.lstrip()[:1] in MARKS_ZH else None
    if not _GOES_ON.match(other):
        return None
    verb = re.search(_VERBAL, one, re.IGNORECASE)
    return len(words_of(one[: verb.start()])) if verb else 1


def _counterparts(
    one: Sequence[Token], other: Sequence[Token], *, shared: int | None
) -> Iterator[tuple[set[str], set[str]]]:
    """What only the first and what only the second of two clauses has, where they have a word, a
    preposition or a kind of quantity in common, in about the same place. Where the second has no
    beginning of its own, as `shared` says (see `_shared`), that of the first is meant for both."""
    for pivot, mate in _pivots(one, other):
        lead = 0 if shared is None and mate > 1 else max(shared or 0, pivot - mate)
        ours, theirs = ({token.term for token in tokens} for tokens in (one[lead:], other))
        both = {token.term for token in one} & theirs
        if ours - both and theirs - both:
            yield ours - both, theirs - both


def _pivots(one: Sequence[Token], other: Sequence[Token]) -> Iterator[tuple[int, int]]:
    for at, token in enumerate(one):
        for to, mate in enumerate(other[: at + _AS_FAR + 1]):
            if (
                (token.term == mate.term and at > 0)
                or (token.is_quantity and mate.is_quantity and of_a_kind(token.term, mate.term))
                or (token.mark and token.mark == mate.mark)
            ):
                yield at, to
                break
