"""Whether a sentence claims what a quote says: what must not differ between the two.

`agrees` vetoes: a quantity, a name or a negation that the quote lacks makes a sentence false.
`aligned` is stricter: a word that stands in the place of another one, a condition that is left out,
"about 5" for "at least 5" may be a paraphrase or may be an error, so such a sentence is never fully
supported.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from quire.text import analysis, languages, sentences
from quire.verification import opposites, qualifiers, quantities, quantity_fit, synonyms, word_order
from quire.verification.quantities import Quantity
from quire.verification.tokens import MARKS

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]+")
_NAME_FIRST = re.compile(r"(?:^|(?<=[.!?]\s))[A-ZÀ-Þ][\w’'-]+(?=\s+[A-ZÀ-Þ])")
"""A sentence's first word is capitalised anyway: it is a name where another one follows."""
_LETTERED = re.compile(r"\b([A-Za-z]{2,})\s([A-Z]|[IVXLC]{2,})\b(?!\.)")
"""A word with what tells it from its like: Plan B, Louis XIV."""
_CLAUSE = re.compile(
    r"[,;:，；：。]|\s(?:and|but|while|whereas|because|although|if|unless)\s|但|而且|并且"
)
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
_DENIED = 4  # terms after a negation that tell what it denies
_AFTER_NOT_ZH = re.compile("[能会应可法再得要必曾将被由在于按该想愿敢须需予以了过]")


@lru_cache(maxsize=4096)  # of the same few sentences, time and again
def content(text: str) -> frozenset[str]:
    """The terms that say something. Negations and quantities are compared apart, in whatever form
    they are written."""
    if languages.detect(text) != "zh":
        for start, end in opposites.negations(text):
            text = text[:start] + " " * (end - start) + text[end:]
        text = _without(analysis.fold(text), quantities.quantities(text))
    return frozenset(term for term in analysis.question_terms(text) if not _NUMBERED.search(term))


def opening(text: str) -> frozenset[str]:
    """The first few terms that say something: the subject, most likely."""
    wanted = content(text)
    said = [term for term in analysis.terms(text) if term in wanted]
    return frozenset(said[:_OPENING])


@lru_cache(maxsize=4096)
def known(text: str) -> frozenset[str]:
    """The terms of a quote, and those that say the same."""
    found = set(analysis.terms(text))
    if languages.detect(text) == "zh":
        folded = analysis.fold(text)
        for word, same in synonyms.groups("zh").items():
            if word in folded:
                for other in same:
                    found.update(analysis.terms(folded.replace(word, other)))
    else:
        same_as = synonyms.groups("en")
        found |= {other for term in found for other in same_as.get(term, ())}
    return frozenset(found)


def share(
    text: str, numbers: Sequence[Quantity], *, terms: frozenset[str], there: Sequence[Quantity]
) -> float:
    """The share of what a sentence says that a quote holds: of its terms and quantities; in Chinese
    of its characters, each with one beside it, so that the order makes no difference."""
    held = sum(quantity_fit.fits(number, there) != "none" for number in numbers)
    if languages.detect(text) == "zh":
        found = list(_covered(text, terms, numbers))
        return (sum(found) + 2 * held) / max(1, len(found) + 2 * len(numbers))
    wanted = content(text)
    return (len(wanted & terms) + held) / max(1, len(wanted) + len(numbers))


def _covered(text: str, terms: frozenset[str], numbers: Sequence[Quantity]) -> Iterator[bool]:
    """For each character that says something whether it stands in the quote beside the same one; a
    character alone between others that say nothing needs only stand there."""
    folded = _without(analysis.fold(text), numbers)
    characters = {character for term in terms for character in term}
    says = [_says(character) for character in folded]
    for at, character in enumerate(folded):
        if says[at] and _HAN_TERM.match(character):
            alone = not any(says[max(0, at - 1) : at]) and not any(says[at + 1 : at + 2])
            yield (
                folded[at - 1 : at + 1] in terms
                or folded[at : at + 2] in terms
                or (alone and character in characters)
            )
    for term in content(text):
        if not _HAN_TERM.match(term):
            yield term in terms


def _without(folded: str, numbers: Sequence[Quantity]) -> str:
    """A folded text with blanks where its quantities stand."""
    for one in numbers:
        folded = folded[: one.start] + " " * (one.end - one.start) + folded[one.end :]
    return folded


def _says(character: str) -> bool:
    """Whether a character of a Chinese text claims something by itself."""
    return character.isalnum() and character not in _LIGHT_ZH and not _NUMBERED.search(character)


def agrees(text: str, quote: str) -> bool:
    """Whether quantities, names and negation of the sentence stand in the quote."""
    if not quantity_fit.all_fit(quantities.quantities(text), quantities.quantities(quote)):
        return False
    if not _denies_alike(text, quote) or opposites.opposed(text, _clauses_about(text, quote)):
        return False
    if qualifiers.compare(text, quote, about=content(text)) == "contrary":
        return False
    words = set(analysis.terms(quote))
    no_names = analysis.STOP_WORDS | MARKS
    first = [name for name in _NAME_FIRST.findall(text) if name.lower() not in no_names]
    months = {name for name in _NAME.findall(text) if _NUMBERED.search(analysis.stem(name.lower()))}
    return all(
        set(analysis.terms(name)) <= words
        for name in [*first, *_NAME.findall(text)]
        if name not in months
    )


def aligned(text: str, quote: str, *, own: str) -> bool:
    """Whether nothing is said more often, more strictly or with less reserve than in the quote, and
    no word stands in the place of another. `own` is the quote without the sentence before, which
    only tells what "it" is."""
    there = quantities.quantities(quote)
    if any(quantity_fit.fits(number, there) != "exact" for number in quantities.quantities(text)):
        return False
    if not _labels(text) <= _labels(quote):
        return False
    if qualifiers.compare(text, quote, about=content(text)) or _repeats(text, quote):
        return False
    if languages.detect(text) == "zh":
        return _in_place_zh(text, quote) and word_order.kept(text, own)
    held = known(quote)
    missing = content(text) - held - synonyms.light() - MARKS
    return (
        not missing
        and not word_order.replaces(text, own, known=held)
        and word_order.kept(text, own)
    )


def _labels(text: str) -> set[str]:
    """What tells a thing from its like: "article5", "np-200", "plan B"."""
    return {
        f"{analysis.stem(word.lower())} {letter}"
        for word, letter in _LETTERED.findall(text)
        if word.lower() not in analysis.STOP_WORDS
    } | quantities.labels(text)


def _repeats(text: str, quote: str) -> bool:
    """Whether a sentence says something more often than the quote: "the society represents the
    society" for "the society represents him"."""
    wanted = content(text)
    said = Counter(term for term in analysis.terms(text) if term in wanted)
    held = Counter(analysis.terms(quote))
    same_as = synonyms.groups("zh" if languages.detect(text) == "zh" else "en")
    return any(
        count > max(1, sum(held[other] for other in {term, *same_as.get(term, ())}))
        for term, count in said.items()
    )


def _clauses_about(text: str, quote: str) -> str:
    """The clauses of a quote that share a word with a sentence: what the others deny is not denied
    of it."""
    wanted = content(text)
    near = [clause for clause in _CLAUSE.split(quote) if wanted & known(clause)]
    return " ".join(near) or quote


def _denies_alike(text: str, quote: str) -> bool:
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
    clauses = [frozenset(_units(part)) for text in around for part in _CLAUSE.split(text)]
    return not any(
        shared <= clause and (said & clause) - here - analysis.stop_terms() for clause in clauses
    )


def _denials(text: str) -> list[_Denial]:
    found = []
    chinese = languages.detect(text) == "zh"
    ends = [match.start() for match in _CLAUSE.finditer(text)]
    for start, end in opposites.negations(text):
        clause_start = max((at for at in ends if at < start), default=0)
        clause_end = min((at for at in ends if at >= end), default=len(text))
        if chinese:
            before = [f"{c}<" for c in _HAN_TERM.findall(text[max(0, start - 1) : start])]
            after = [f">{text[end : end + 2]}"]
            rest = analysis.fold(text[end:clause_end])
            if text[start] in "没未":
                rest = rest.removeprefix("有")
            while rest and (_AFTER_NOT_ZH.match(rest) or not _HAN_TERM.match(rest)):
                rest = rest[1:]
            denied = [rest[at : at + 2] for at in range(len(rest) - 1)]
            denied = [pair for pair in denied if len(_HAN_TERM.findall(pair)) == 2]
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


def _in_place_zh(text: str, quote: str) -> bool:
    """Whether what the sentence says in other characters are words that say the same.

    Two characters or more that the quote lacks, where the quote has others in their place, are
    another word.
    """
    ours, theirs = (
        _without(analysis.fold(one), quantities.quantities(one)) for one in (text, quote)
    )
    for word, same in synonyms.groups("zh").items():
        if word in ours and word not in theirs:
            for other in same:
                if other in theirs:
                    ours = ours.replace(word, other)
                    break
    ours, theirs = _bare(ours), _bare(theirs)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        new = [c for c in ours[i1:i2] if c not in theirs]
        if kind == "replace" and new and j2 > j1:
            return False
        if kind == "insert":
            continue
        if kind == "delete" and len(new) > 1:
            return False
    return True


def _bare(text: str) -> str:
    """Folded Chinese text without punctuation, numbers and the characters of grammar."""
    return "".join(character for character in text if _says(character))
