"""Whether what a sentence says stands in the same parts as in a quote: who did it, to whom, which
number belongs to what.

A sentence may leave words of its quote out, and may move what carries its own mark: "On 5 March"
to the front, "by Ann" where a passive makes it the subject. All else that has changed places may
have changed its part, as in "The dog bit the man". Order is compared by the longest common
subsequence of the words.
"""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from quire.text import analysis
from quire.verification import clauses, identity, quantity_fit
from quire.verification.script import is_chinese
from quire.verification.tokens import (
    AGENTS_ZH,
    Token,
    canonical,
    characters,
    clause_words,
    of_a_kind,
    words_of,
)

_CONTRARY = (
    {"from", "to"},
    {"by", "to"},
    {"by", "for"},
    {"by", "from"},
    {"for", "against"},
    {"with", "without"},
    {"with", "against"},
    {"before", "after"},
    {"above", "below"},
    {"over", "under"},
    {"on", "off"},
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\b(?:\s\w+ly)?\s(?P<verb>[a-z]+)"
    r"|\b(?P<alone>[a-z]+)\sby\b",
    re.IGNORECASE,
)
_IRREGULAR = frozenset(
    "beaten begun bitten borne bought bound broken brought built cast caught chosen cut done "
    "drawn driven dug eaten fed flown forbidden found given grown held hidden hit hung kept "
    "known laid led left lent lost made met overthrown paid proven put read ridden risen run "
    "seen sent set sewn shaken shot shown shut slain sold sought spent split spoken spread "
    "stolen struck sung sunk swept sworn swum taken taught thrown told torn understood "
    "undertaken won worn wound woven written".split()
)
_BY = re.compile(r"\bby\s+(?:the\s|an?\s)?(?P<agent>[^\W\d][\w’'-]*)(?<!ing)", re.IGNORECASE)
MOST = 800
"""Words or Chinese characters that say something. A sentence has fewer, and what it has in common
with a quote takes time and memory that grow with the product of their numbers: a third of a second
for as many. A longer one is never found to keep the order."""

_MOST_NAMES = 50  # that something is said to be "of"; each is looked for in the quote
_REACH = 120  # characters before a passive verb, in which its subject stands
_OF_NAMED = re.compile(r"\bof\s(?:the\s)?([A-ZÀ-Þ][\w-]+)")


def is_named(text: str, quote: str) -> bool:
    """Whether a sentence says who or what something is, which a quote may say in any order: "the
    mayor, Fatima Noor, …". Not so of what belongs to what.

    >>> is_named("Fatima Noor is the mayor.", "The mayor, Fatima Noor, opened the fair.")
    True
    """
    if not (identity.claims(text) and identity.is_said(text, quote)):
        return False
    if is_chinese(text):
        owners = re.findall(r"是(.+?)的", analysis.fold(text))
        return all(f"{owner}的" in analysis.fold(quote) for owner in owners)
    ours, theirs = words_of(text), {token.term: token.mark for token in words_of(quote)}
    return all(token.mark == theirs.get(token.term, token.mark) for token in ours)


def replaces(text: str, quote: str, *, known: frozenset[str]) -> bool:
    """Whether something in an English sentence, which is not `known` otherwise, stands where the
    quote has something else.

    >>> quote = "The annual meeting chose the chairman."
    >>> replaces("The general meeting chose the chairman.", quote, known=frozenset())
    True
    >>> replaces("The meeting chose the chairman.", quote, known=frozenset())
    False
    """
    tokens = words_of(text)
    ours, theirs = [token.term for token in tokens], [token.term for token in words_of(quote)]
    if max(len(ours), len(theirs)) > MOST:
        return True
    pairs = [(-1, -1), *_common(ours, theirs), (len(ours), len(theirs))]
    new = {token.term for token in tokens if not token.is_quantity}
    new -= {*theirs, *known}
    gone = set(theirs) - set(ours)
    return any(
        new & set(ours[i1 + 1 : i2]) and gone & set(theirs[j1 + 1 : j2])
        for (i1, j1), (i2, j2) in itertools.pairwise(pairs)
    )


def marked_alike(text: str, quote: str) -> bool:
    """Whether no word of an English sentence follows a preposition that is contrary to the quote's.

    >>> marked_alike("He sailed from Bergen.", "He sailed to Bergen.")
    False
    """
    if is_chinese(text):
        return True
    marks = {token.term: token.mark for token in words_of(quote)}
    return not any({one.mark, marks.get(one.term, "")} in _CONTRARY for one in words_of(text))


def counted_in_turn(text: str, quote: str) -> bool:
    """Whether no two quantities of a kind have changed places.

    >>> counted_in_turn("It opens from Friday to Monday.", "It opens from Monday to Friday.")
    False
    """
    chinese = is_chinese(text)
    return not _exchanged(*(clause_words(one, chinese=chinese) for one in (text, quote)))


def acted_alike(text: str, quote: str) -> bool:
    """Whether, where one of the two says in the passive what the other does not, who acts is the
    same.

    >>> quote = "The dog chased the man."
    >>> acted_alike("The man was chased by the dog.", quote)
    True
    >>> acted_alike("The dog was chased by the man.", quote)
    False
    """
    return _voice(text, quote) != "exchanged"


def in_place(text: str, quote: str) -> bool:
    """Whether nothing has changed places that does not carry its mark with it. Of a passive and its
    like `acted_alike` tells that.

    >>> in_place("The man chased the dog.", "The dog chased the man.")
    False
    >>> in_place("The dog chased the man in May.", "In May the dog chased the man.")
    True
    """
    if _voice(text, quote) != "same":
        return True
    chinese = is_chinese(text)
    told = characters if chinese else words_of
    theirs = told(quote)
    parts = [told(part) for part in clauses.texts(text)]
    if max(len(theirs), sum(map(len, parts))) > MOST:
        return False
    return not any(_moved(part, theirs) for part in parts) or (
        not chinese and _is_swapped(text, quote)
    )


def _exchanged(ours: Sequence[Token], theirs: Sequence[Token]) -> bool:
    """Whether two quantities of a kind have changed places: "from Monday to Friday"."""
    numbers = [token for token in ours if token.is_quantity]
    if len(numbers) > quantity_fit.MOST:
        return True
    often = Counter(token.term for token in theirs)
    place = {token.term: at for at, token in enumerate(theirs)}
    marks = {token.term: token.mark for token in theirs}
    return any(
        of_a_kind(one.term, other.term)
        and often[one.term] == often[other.term] == 1
        and place[one.term] > place[other.term]
        and not (
            one.mark
            and other.mark
            and one.mark == marks[one.term]
            and other.mark == marks[other.term]
        )
        for one, other in itertools.combinations(numbers, 2)
        if one.term != other.term
    )


def owned_alike(text: str, quote: str) -> bool:
    """Whether what an English sentence says to be "of" somebody named is his in the quote too.

    >>> owned_alike("The mayor of Bath spoke.", "The mayor of Ely spoke in Bath.")
    False
    """
    if is_chinese(text):
        return True
    names = {name for name in _OF_NAMED.findall(text) if name in quote}
    return len(names) <= _MOST_NAMES and all(
        re.search(
            rf"\bof\s+(?:the\s+)?(?:\w+\s+)?{re.escape(name)}|{re.escape(name)}(?:\s\w+)?['’]",
            quote,
        )
        for name in names
    )


def _voice(text: str, quote: str) -> Literal["same", "turned", "exchanged"]:
    """Whether one of the two is the other's passive, said of the same parts or of exchanged."""
    if is_chinese(text):
        return _voice_zh(characters(text), characters(quote))
    ours, theirs = _passives(text), _passives(quote)
    for passives, others, passive, plain in (
        (ours, theirs, text, quote),
        (theirs, ours, quote, text),
    ):
        order: dict[str, int] = {}
        for at, token in enumerate(words_of(plain)):
            order.setdefault(token.term, at)
        for verb, subject in passives.items():
            if verb not in others and verb in order:
                return _turned(passive, verb=verb, subject=subject, order=order)
    return "same"


def _turned(
    passive: str, *, verb: str, subject: str, order: Mapping[str, int]
) -> Literal["turned", "exchanged"]:
    """Whether who acts in a passive acts in the other text too, of whose words `order` has the
    places: then he stands before the verb, and what it is done to after it."""
    at = order[verb]
    agent = _BY.search(passive)
    terms = [canonical(term) for term in analysis.terms(agent["agent"])[:1]] if agent else []
    if terms and terms[0] in order:
        return "turned" if order[terms[0]] < at else "exchanged"
    return "exchanged" if subject in order and order[subject] < at else "turned"


def _passives(text: str) -> dict[str, str]:
    """The verbs that stand in the passive, each with the last word of its subject."""
    found = {}
    for match in _PASSIVE.finditer(text):
        verb = (match["verb"] or match["alone"]).lower()
        if verb in _IRREGULAR or re.search(r"\w{2,}ed$", verb):
            reach = text[max(0, match.start() - _REACH) : match.start()]
            before = [token.term for token in words_of(reach)]
            found[canonical(analysis.terms(verb)[0])] = before[-1] if before else ""
    return found


def _is_swapped(text: str, quote: str) -> bool:
    """Whether the two sides of an "is" have changed places, which says the same: not where one
    thing is compared with another."""
    sides = [re.split(r"\b(?:is|are|was|were)\b", one, maxsplit=1) for one in (text, quote)]
    if any(len(side) != 2 or re.search(r"\bthan\b|\bas\b", side[1]) for side in sides):
        return False
    (left, right), (other_left, other_right) = (
        [{token.term for token in words_of(side)} for side in pair] for pair in sides
    )
    return left <= other_right and right <= other_left


def _moved(ours: Sequence[Token], theirs: Sequence[Token]) -> bool:
    """Whether something stands elsewhere that does not carry its mark with it."""
    ours, theirs = _without_adjuncts(ours, theirs)
    pairs = _common([token.term for token in ours], [token.term for token in theirs])
    kept, kept_there = ({pair[side] for pair in pairs} for side in (0, 1))
    left = {token.term for at, token in enumerate(ours) if at not in kept}
    free = {token.term for at, token in enumerate(theirs) if at not in kept_there}
    return bool(left & free)


def _without_adjuncts(
    ours: Sequence[Token], theirs: Sequence[Token]
) -> tuple[list[Token], list[Token]]:
    """Both without what follows the same mark in both, as far as they run alike: it may stand
    anywhere. Quantities may too, and are told apart by what they belong to."""
    gone, gone_there = (
        {at for at, token in enumerate(tokens) if token.is_quantity} for tokens in (ours, theirs)
    )
    for at, token in enumerate(ours):
        for to, other in enumerate(theirs):
            if not token.mark or token[:2] != other[:2] or to in gone_there:
                continue
            run = 0
            while (
                at + run < len(ours)
                and to + run < len(theirs)
                and ours[at + run].term == theirs[to + run].term
                and (run == 0 or ours[at + run].mark == theirs[to + run].mark)
            ):
                gone.add(at + run)
                gone_there.add(to + run)
                run += 1
            break
    return (
        [token for at, token in enumerate(ours) if at not in gone],
        [token for at, token in enumerate(theirs) if at not in gone_there],
    )


def _common(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """The places of the longest common subsequence in both."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            taken = best[i + 1][j + 1] + 1 if ours[i] == theirs[j] else 0
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    found = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j] and best[i][j] == best[i + 1][j + 1] + 1:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _voice_zh(
    ours: Sequence[Token], theirs: Sequence[Token]
) -> Literal["same", "turned", "exchanged"]:
    """The same of Chinese: who acts, after 由 or 被, stands before the verb where nothing marks
    him."""
    marked, other = (any(one.mark in AGENTS_ZH for one in tokens) for tokens in (ours, theirs))
    if marked == other:
        return "same"
    passive, plain = (ours, theirs) if marked else (theirs, ours)
    order: dict[str, int] = {}
    for place, token in enumerate(plain):
        order.setdefault(token.term, place)
    at = next(at for at, token in enumerate(passive) if token.mark in AGENTS_ZH)
    agent = passive[at].term
    rest = [token.term for token in passive[at + 2 :] if token.term in order]
    if agent not in order or not rest:
        return "exchanged"
    return "turned" if order[agent] <= order[rest[-1]] else "exchanged"
