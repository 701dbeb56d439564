"""Whether a sentence denies what a quote denies, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quire.text import analysis, languages, sentences
from quire.verification import clauses, opposites
from quire.verification.coverage import content, known
from quire.verification.script import is_chinese

_HAN = re.compile(f"[{languages.CJK}]")
_DENIED = 4  # terms after a negation that tell what it denies
_AFTER_NOT_ZH = re.compile("[能会应可法再得要必曾将被由在于按该想愿敢须需予以了过]")


def alike(text: str, quote: str) -> bool:
    """Whether each negation of the sentence is one of the quote, and each of the quote that bears
    on what the sentence says is one of the sentence. Negations are told by the words beside them.
    """
    ours, theirs = _denials(text), _denials(quote)
    free = [*theirs]
    for denial in ours:
        same = max(free, key=lambda other: len(denial.beside & other.beside), default=None)
        if same is None or not denial.beside & same.beside:
            return False
        free.remove(same)
    said = frozenset(_units(text)) | (known(text) if theirs else frozenset())
    return not any(_bears_on(denial, said, quote) for denial in free)


@dataclass(frozen=True)
class _Denial:
    """A negation, told by the words `beside` it, the nearest two on each side; `denied` are the
    first few after it, within its clause, which begins at `start` and ends at `end`."""

    beside: frozenset[str]
    denied: tuple[str, ...]
    start: int
    end: int


def _bears_on(denial: _Denial, said: frozenset[str], quote: str) -> bool:
    """Whether a sentence says half of what is denied, or the first of it, and does not say it of
    something else, in another clause of the same sentence."""
    shared = {term for term in denial.denied if term in said}
    if (2 * len(shared) < len(denial.denied) and denial.denied[0] not in shared) or not shared:
        return False
    here = frozenset(_units(quote[denial.start : denial.end]))
    start, end = next(
        span for span in sentences.split(quote) if span[0] <= denial.end and denial.start <= span[1]
    )
    around = (quote[start : denial.start], quote[denial.end : max(end, denial.end)])
    elsewhere = [frozenset(_units(part)) for text in around for part in clauses.texts(text)]
    return not any(
        shared <= clause and (said & clause) - here - analysis.stop_terms() for clause in elsewhere
    )


def _denials(text: str) -> list[_Denial]:
    found = []
    chinese = is_chinese(text)
    spans = clauses.split(text)
    for start, end in opposites.negations(text):
        clause_start, clause_end = next(span for span in spans if start < span[1])
        if chinese:
            before = [f"{c}<" for c in _HAN.findall(text[max(0, start - 1) : start])]
            after = [f">{text[end : end + 2]}"]
            rest = analysis.fold(text[end:clause_end])
            if text[start] in "没未":
                rest = rest.removeprefix("有")
            while rest and (_AFTER_NOT_ZH.match(rest) or not _HAN.match(rest)):
                rest = rest[1:]
            denied = [rest[at : at + 2] for at in range(len(rest) - 1)]
            denied = [pair for pair in denied if len(_HAN.findall(pair)) == 2]
            left = analysis.fold(text[clause_start:start])
            denied = denied or [left[at : at + 2] for at in range(len(left) - 1)][-2:]
        else:
            left = text[clause_start:start]
            before = [t for t in analysis.terms(left) if t in content(left)][-2:]
            inside = content(text[end:clause_end])
            denied = [t for t in analysis.terms(text[end:clause_end]) if t in inside]
            after = denied[:2]
        found.append(
            _Denial(frozenset([*before, *after]), tuple(denied[:_DENIED]), clause_start, clause_end)
        )
    return found


def _units(text: str) -> Iterator[str]:
    """What of a text can be denied: its terms, and the pairs of its characters."""
    folded = analysis.fold(text)
    yield from analysis.terms(text)
    yield from (folded[at : at + 2] for at in range(len(folded) - 1))
