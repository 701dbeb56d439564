"""Whether what a sentence says stands in the same parts as in a quote: who did it, to whom, which
number belongs to what.

A sentence may leave words of its quote out, and may move what carries its own mark: "On 5 March"
to the front, "by Ann" where a passive makes it the subject. All else that has changed places may
have changed its part, as in "The dog bit the man". And of "Adults pay 20 and children pay 10" no
sentence may mix the halves. Order is compared by the longest common subsequence of the words.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

from quire.text import analysis, identity, languages, quantities, synonyms, units

MARKS = frozenset(
    "in at on off near of from to by for with into between under over against since until "
    "till during because after before through within without as than about across along among "
    "behind below above beside toward towards upon via per while when where if unless "
    "although every each last next this".split()
)
_ARTICLES = frozenset("the a an that these those its his her their our your my".split())
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
_MARKS_ZH = frozenset("在于自由被把将向对从给与为到至比让使")
_AGENTS_ZH = frozenset("由被")
_EMPTY_ZH = frozenset(
    "的了着过是有和及或等也都就则并且而但以其之所这那该此前后来时约大会将应须得可"
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\b(?:\s\w+ly)?\s(?P<verb>[a-z]+)"
    r"|\b(?P<alone>[a-z]+)\sby\b",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(
    r"\w{2,}ed$|^(?:built|made|paid|sold|held|given|taken|written|won|led|found|bought|sent"
    r"|brought|kept|left"
    r"|lost|put|set|shut|cut|hit|told|taught|caught|sought|spent|bitten|beaten|broken|chosen"
    r"|drawn|driven|eaten"
    r"|hidden|seen|shown|stolen|thrown|borne|begun|done|known|met|read|run|struck|worn|lent"
    r"|drawn|grown|spoken"
    r"|spread|split|sunk|sworn|torn|woven|won|wound|hung|fed|dug|bound|brought|cast|flown"
    r"|forbidden|laid|paid"
    r"|proven|ridden|risen|sewn|shaken|shot|sung|slain|swept|swum|taken|understood|overthrown"
    r"|undertaken)$"
)
_BY = re.compile(r"\bby\s+(?:the\s|an?\s)?(?P<agent>[^\W\d][\w’'-]*)(?<!ing)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-’'./][^\W_]+)*")
_WHEN_ZH = re.compile(
    "[今去明前当同次翌后]年|[春夏秋冬][天季]|上午|下午|晚上|早上|每[天年月周日]|目前|此后|后来"
    "|随后|最初|当时|近年|昨天|今天|明天"
)
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
_OF_NAMED = re.compile(r"\bof\s(?:the\s)?([A-ZÀ-Þ][\w-]+)")
_AS_FAR = 4  # words further on in its clause may stand what is like a word of another clause
_SEGMENT = re.compile(
    r"(?:[,:](?!\d)|[;，；：。])\s*(?:and\s|but\s|while\s|whereas\s)?|\s(?:and|but|while"
    r"|whereas)\s|而(?!且)|但|并且"
)


class _Token(NamedTuple):
    """A word of content or a quantity, with the preposition or the like that stands before it."""

    term: str
    mark: str
    is_quantity: bool = False


def kept(text: str, quote: str) -> bool:
    """Whether everything in a sentence has the part that it has in a quote.

    >>> kept("The man chased the dog.", "The dog chased the man.")
    False
    >>> kept("The man was chased in May by the dog.", "In May the dog chased the man.")
    True
    >>> kept("Children pay 20.", "Adults pay 20 and children pay 10.")
    False
    """
    chinese = languages.detect(text) == "zh"
    in_order = _in_order_zh if chinese else _in_order_en
    if not (in_order(text, quote) or _is_named(text, quote, chinese=chinese)):
        return False
    return not _mixes(text, quote, chinese=chinese)


def _is_named(text: str, quote: str, *, chinese: bool) -> bool:
    """Whether a sentence says who or what something is, which a quote may say in any order: "the
    mayor, Fatima Noor, …". Not so of what belongs to what."""
    if not (identity.claims(text) and identity.is_said(text, quote)):
        return False
    if chinese:
        owners = re.findall(r"是(.+?)的", analysis.fold(text))
        return all(f"{owner}的" in analysis.fold(quote) for owner in owners)
    ours, theirs = _tokens(text), {token.term: token.mark for token in _tokens(quote)}
    return all(token.mark == theirs.get(token.term, token.mark) for token in ours)


def replaces(text: str, quote: str, *, known: frozenset[str]) -> bool:
    """Whether something in an English sentence, which is not `known` otherwise, stands where the
    quote has something else."""
    tokens = _tokens(text)
    ours, theirs = [token.term for token in tokens], [token.term for token in _tokens(quote)]
    pairs = [(-1, -1), *_common(ours, theirs), (len(ours), len(theirs))]
    new = {token.term for token in tokens if not token.is_quantity}
    new -= {*theirs, *known}
    gone = set(theirs) - set(ours)
    return any(
        new & set(ours[i1 + 1 : i2]) and gone & set(theirs[j1 + 1 : j2])
        for (i1, j1), (i2, j2) in itertools.pairwise(pairs)
    )


def _in_order_en(text: str, quote: str) -> bool:
    ours, theirs = _tokens(text), _tokens(quote)
    marks = {token.term: token.mark for token in theirs}
    if any({token.mark, marks.get(token.term, "")} in _CONTRARY for token in ours):
        return False
    if _exchanged(ours, theirs) or not _owned(text, quote):
        return False
    voice = _voice(text, quote)
    if voice != "same":
        return voice == "turned"
    clauses = (_tokens(part) for part in _SEGMENT.split(text))
    return not any(_moved(clause, theirs) for clause in clauses) or _is_swapped(text, quote)


def _exchanged(ours: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    """Whether two quantities of a kind have changed places: "from Monday to Friday"."""
    numbers = [token for token in ours if token.is_quantity]
    order = [token.term for token in theirs]
    marks = {token.term: token.mark for token in theirs}
    return any(
        _like(one.term, other.term)
        and order.count(one.term) == order.count(other.term) == 1
        and order.index(one.term) > order.index(other.term)
        and not (
            one.mark
            and other.mark
            and one.mark == marks[one.term]
            and other.mark == marks[other.term]
        )
        for one, other in itertools.combinations(numbers, 2)
        if one.term != other.term
    )


def _owned(text: str, quote: str) -> bool:
    """Whether what is said to be "of" somebody named is his in the quote too."""
    return all(
        re.search(
            rf"\bof\s+(?:the\s+)?(?:\w+\s+)?{re.escape(name)}|{re.escape(name)}(?:\s\w+)?['’]",
            quote,
        )
        for name in _OF_NAMED.findall(text)
        if name in quote
    )


def _tokens(text: str) -> list[_Token]:
    """The words of content and the quantities of an English text, in order."""
    folded = analysis.fold(text)
    numbers = quantities.quantities(text)
    found: list[_Token] = []
    mark, last = "", 0
    for match in _WORD.finditer(folded):
        inside = next((one for one in numbers if one.start <= match.start() < one.end), None)
        if inside is not None:
            if match.start() >= last:
                found.append(_Token(f"{inside.value} {inside.unit}", mark, True))
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
                found.append(_Token(_canonical(term), mark))
                mark = ""
    return found


@cache
def _canonical(term: str) -> str:
    return min(synonyms.groups("en").get(term, {term}))


def _voice(text: str, quote: str) -> Literal["same", "turned", "exchanged"]:
    """Whether one of the two is the other's passive, said of the same parts or of exchanged."""
    ours, theirs = _passives(text), _passives(quote)
    for passives, others, passive, plain in (
        (ours, theirs, text, quote),
        (theirs, ours, quote, text),
    ):
        order = [token.term for token in _tokens(plain)]
        for verb, subject in passives.items():
            if verb not in others and verb in order:
                return _turned(passive, verb=verb, subject=subject, order=order)
    return "same"


def _turned(
    passive: str, *, verb: str, subject: str, order: Sequence[str]
) -> Literal["turned", "exchanged"]:
    """Whether who acts in a passive acts in the other text too, whose words are `order`: then he
    stands before the verb, and what it is done to after it."""
    at = order.index(verb)
    agent = _BY.search(passive)
    terms = [_canonical(term) for term in analysis.terms(agent["agent"])[:1]] if agent else []
    if terms and terms[0] in order:
        return "turned" if order.index(terms[0]) < at else "exchanged"
    return "exchanged" if subject in order and order.index(subject) < at else "turned"


def _passives(text: str) -> dict[str, str]:
    """The verbs that stand in the passive, each with the last word of its subject."""
    found = {}
    for match in _PASSIVE.finditer(text):
        verb = (match["verb"] or match["alone"]).lower()
        if _PARTICIPLE.search(verb):
            before = [token.term for token in _tokens(text[: match.start()])]
            found[_canonical(analysis.terms(verb)[0])] = before[-1] if before else ""
    return found


def _is_swapped(text: str, quote: str) -> bool:
    """Whether the two sides of an "is" have changed places, which says the same: not where one
    thing is compared with another."""
    sides = [re.split(r"\b(?:is|are|was|were)\b", one, maxsplit=1) for one in (text, quote)]
    if any(len(side) != 2 or re.search(r"\bthan\b|\bas\b", side[1]) for side in sides):
        return False
    (left, right), (other_left, other_right) = (
        [{token.term for token in _tokens(side)} for side in pair] for pair in sides
    )
    return left <= other_right and right <= other_left


def _moved(ours: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    """Whether something stands elsewhere that does not carry its mark with it."""
    ours, theirs = _without_adjuncts(ours, theirs)
    pairs = _common([token.term for token in ours], [token.term for token in theirs])
    left = {token.term for at, token in enumerate(ours) if at not in {i for i, _ in pairs}}
    free = {token.term for at, token in enumerate(theirs) if at not in {j for _, j in pairs}}
    return bool(left & free)


def _without_adjuncts(
    ours: Sequence[_Token], theirs: Sequence[_Token]
) -> tuple[list[_Token], list[_Token]]:
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


def _in_order_zh(text: str, quote: str) -> bool:
    if _exchanged(_segment(text, chinese=True), _segment(quote, chinese=True)):
        return False
    ours, theirs = _characters(text), _characters(quote)
    voices = [{token.mark for token in tokens} & _AGENTS_ZH for tokens in (ours, theirs)]
    if bool(voices[0]) == bool(voices[1]):
        return not any(_moved(_characters(part), theirs) for part in _SEGMENT.split(text))
    return _same_agent_zh(*((ours, theirs) if voices[0] else (theirs, ours)))


def _characters(text: str) -> list[_Token]:
    """The characters of content of a Chinese text, each with the mark before it."""
    folded = analysis.fold(text)
    inside = [
        range(one.start, one.end) for one in quantities.quantities(text) if one.unit != "every"
    ]
    inside += [range(*match.span()) for match in _WHEN_ZH.finditer(folded)]
    found: list[_Token] = []
    mark = ""
    for at, character in enumerate(folded):
        if not character.isalnum() or any(at in span for span in inside):
            mark = ""
        elif character in _MARKS_ZH:
            mark = character
        elif character not in _EMPTY_ZH:
            found.append(_Token(character, mark))
            mark = ""
    return found


def _same_agent_zh(passive: Sequence[_Token], plain: Sequence[_Token]) -> bool:
    """Whether who acts, after 由 or 被, stands before the verb where nothing marks him."""
    order = [token.term for token in plain]
    at = next(at for at, token in enumerate(passive) if token.mark in _AGENTS_ZH)
    agent = passive[at].term
    rest = [token.term for token in passive[at + 2 :] if token.term in order]
    if agent not in order or not rest:
        return False
    return order.index(agent) <= order.index(rest[-1])


def _mixes(text: str, quote: str, *, chinese: bool) -> bool:
    """Whether a clause of the sentence takes from two clauses of the quote that say the like of two
    things, what belongs to one for the other."""
    parts = [part for part in _SEGMENT.split(quote) if part.strip()]
    segments = [_segment(part, chinese=chinese) for part in parts]
    terms = [{token.term for token in segment} for segment in segments]
    for part in _SEGMENT.split(text):
        clause = {token.term for token in _segment(part, chinese=chinese)}
        held = [len(clause & segment) for segment in terms]
        nearest = {at for at, count in enumerate(held) if count == max(held) > 0}
        if any(clause & set().union(*terms) <= terms[at] for at in nearest):
            continue
        if not chinese and any(_borrows_subject(clause, at, parts, segments) for at in nearest):
            return True
        for at, one in enumerate(segments):
            for to, other in enumerate(segments[at + 1 :], at + 1):
                shared = _shared(parts[at], parts[to], chinese=chinese)
                if {at, to} & nearest and any(
                    clause & ours and clause & theirs
                    for ours, theirs in _counterparts(one, other, shared=shared)
                ):
                    return True
    return False


def _borrows_subject(
    clause: set[str], at: int, parts: Sequence[str], segments: Sequence[Sequence[_Token]]
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
        return 0 if other.lstrip()[:1] in _MARKS_ZH else None
    if not _GOES_ON.match(other):
        return None
    verb = re.search(_VERBAL, one, re.IGNORECASE)
    return len(_tokens(one[: verb.start()])) if verb else 1


def _segment(text: str, *, chinese: bool) -> list[_Token]:
    """The words of a clause; of a Chinese one the pairs of its characters."""
    if not chinese:
        return _tokens(text)
    folded = analysis.fold(text)
    numbers = quantities.quantities(text)
    starts = {one.start for one in numbers}
    found: list[_Token] = []
    for at in range(len(folded)):
        inside = next((one for one in numbers if one.start <= at < one.end), None)
        if inside is not None:
            if at == inside.start:
                found.append(_Token(f"{inside.value} {inside.unit}", "", True))
        elif len(pair := folded[at : at + 2]) == 2 and pair.isalnum() and at + 1 not in starts:
            found.append(_Token(pair, ""))
    return found


def _counterparts(
    one: Sequence[_Token], other: Sequence[_Token], *, shared: int | None
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


def _pivots(one: Sequence[_Token], other: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    for at, token in enumerate(one):
        for to, mate in enumerate(other[: at + _AS_FAR + 1]):
            if (
                (token.term == mate.term and at > 0)
                or (token.is_quantity and mate.is_quantity and _like(token.term, mate.term))
                or (token.mark and token.mark == mate.mark)
            ):
                yield at, to
                break


def _like(term: str, mate: str) -> bool:
    return units.alike(term.split(" ")[1], mate.split(" ")[1])
