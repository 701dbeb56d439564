"""Whether a sentence denies what a quote denies, and nothing else."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.text import analysis, languages, sentences
from quire.verification import clauses, opposites
from quire.verification.coverage import content, known
from quire.verification.script import is_chinese

_HAN = re.compile(f"[{languages.CJK}]")
_DENIED = 4  # terms after a negation that tell what it denies
_REACH = 120  # characters around a negation, in which these stand
_MOST = 32  # negations; no sentence has more, and each is held against each of the quote's
_SKIPPED_ZH = re.compile(
    f"(?:[能会应可法再得要必曾将被由在于按该想愿敢须需予以了过]|[^{languages.CJK}])*"
)


def alike(text: str, quote: str) -> bool:
    """Whether each negation of the sentence is one of the quote, and each of the quote that bears
    on what the sentence says is one of the sentence. Negations are told by the words beside them.

    >>> alike("Dogs are not welcome.", "Cats are welcome, dogs are not welcome.")
    True
    >>> alike("Dogs are welcome.", "Dogs are not welcome."), alike("不得吸烟。", "可以吸烟。")
    (False, False)
    """
    ours, theirs = (list(itertools.islice(_denials(one), _MOST + 1)) for one in (text, quote))
    if max(len(ours), len(theirs)) > _MOST:
        return False
    free = [*theirs]
    for denial in ours:
        same = max(free, key=lambda other: len(denial.beside & other.beside), default=None)
        if same is None or not denial.beside & same.beside:
            return False
        free.remove(same)
    if not free:
        return True
    said = frozenset(_units(text)) | known(text)
    parts = [(*span, frozenset(_units(quote[slice(*span)]))) for span in clauses.split(quote)]
    spans = sentences.split(quote)
    return not any(_bears_on(denial, said, parts, spans) for denial in free)


@dataclass(frozen=True)
class _Denial:
    """A negation, told by the words `beside` it, the nearest two on each side; `denied` are the
    first few after it, within its clause, which begins at `start` and ends at `end`."""

    beside: frozenset[str]
    denied: tuple[str, ...]
    start: int
    end: int


def _bears_on(
    denial: _Denial,
    said: frozenset[str],
    parts: Sequence[tuple[int, int, frozenset[str]]],
    spans: Sequence[tuple[int, int]],
) -> bool:
    """Whether a sentence says half of what is denied, or the first of it, and does not say it of
    something else, in another clause of the same sentence. `parts` are all clauses of the quote,
    with what of them can be denied, and `spans` its sentences."""
    shared = {term for term in denial.denied if term in said}
    if (2 * len(shared) < len(denial.denied) and denial.denied[0] not in shared) or not shared:
        return False
    (here,) = (units for start, _, units in parts if start == denial.start)
    start, end = next(span for span in spans if span[0] <= denial.end and denial.start <= span[1])
    return not any(
        shared <= units and (said & units) - here - analysis.stop_terms()
        for at, _, units in parts
        if start <= at < end and at != denial.start
    )


def _denials(text: str) -> Iterator[_Denial]:
    spans = iter(clauses.split(text))
    clause_start = clause_end = 0
    for start, end in opposites.negations(text):
        while clause_end <= start:
            clause_start, clause_end = next(spans)
        left = text[max(clause_start, start - _REACH) : start]
        right = text[end : min(clause_end, end + _REACH)]
        beside, denied = (_beside_zh if is_chinese(text) else _beside)(left, text[start], right)
        yield _Denial(beside, denied[:_DENIED], clause_start, clause_end)


def _beside(left: str, _: str, right: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The words beside a negation, given what stands before and after it in its clause, and what it
    denies."""
    before = [term for term in analysis.terms(left) if term in content(left)]
    denied = [term for term in analysis.terms(right) if term in content(right)]
    return frozenset([*before[-2:], *denied[:2]]), tuple(denied)


def _beside_zh(left: str, negation: str, right: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The same of Chinese, whose words are the pairs of characters. Where a negation ends its
    clause, it denies what stands before it."""
    before = [f"{character}<" for character in _HAN.findall(left[-1:])]
    rest = analysis.fold(right)
    if negation in "没未":
        rest = rest.removeprefix("有")
    skipped = _SKIPPED_ZH.match(rest)
    rest = rest[skipped.end() :] if skipped else rest
    denied = [rest[at : at + 2] for at in range(len(rest) - 1)]
    denied = [pair for pair in denied if len(_HAN.findall(pair)) == 2]
    left = analysis.fold(left)
    denied = denied or [left[at : at + 2] for at in range(len(left) - 1)][-2:]
    return frozenset([*before, f">{right[:2]}"]), tuple(denied)


def _units(text: str) -> Iterator[str]:
    """What of a text can be denied: its terms, and the pairs of its characters."""
    folded = analysis.fold(text)
    yield from analysis.terms(text)
    yield from (folded[at : at + 2] for at in range(len(folded) - 1))
