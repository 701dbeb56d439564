"""Whether a sentence claims what a quote says: what must not differ between the two.

`agrees` vetoes: a quantity, a name or a negation that the quote lacks makes a sentence false.
`aligned` is stricter: a word that stands in the place of another one, a condition that is left out,
"about 5" for "at least 5" may be a paraphrase or may be an error, so such a sentence is never fully
supported.
"""

import re
from difflib import SequenceMatcher

from quire.text import analysis, languages
from quire.verification import (
    clauses,
    denials,
    opposites,
    qualifiers,
    quantities,
    quantity_fit,
    synonyms,
    word_order,
)
from quire.verification.coverage import content, is_number, known, says, without_quantities
from quire.verification.tokens import MARKS

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]+")
_NAME_FIRST = re.compile(r"(?:^|(?<=[.!?]\s))[A-ZÀ-Þ][\w’'-]+(?=\s+[A-ZÀ-Þ])")
"""A sentence's first word is capitalised anyway: it is a name where another one follows."""


def agrees(text: str, quote: str) -> bool:
    """Whether quantities, names and negation of the sentence stand in the quote."""
    if not quantity_fit.all_fit(quantities.quantities(text), quantities.quantities(quote)):
        return False
    if not denials.alike(text, quote) or opposites.opposed(text, _clauses_about(text, quote)):
        return False
    if qualifiers.compare(text, quote, about=content(text)) == "contrary":
        return False
    words = set(analysis.terms(quote))
    no_names = analysis.STOP_WORDS | MARKS
    first = [name for name in _NAME_FIRST.findall(text) if name.lower() not in no_names]
    months = {name for name in _NAME.findall(text) if is_number(analysis.stem(name.lower()))}
    return all(
        set(analysis.terms(name)) <= words
        for name in [*first, *_NAME.findall(text)]
        if name not in months
    )


def aligned(text: str, quote: str, *, own: str) -> bool:
    """Whether nothing is said more strictly or with less reserve than in the quote, and no word
    stands in the place of another. `own` is the quote without the sentence before, which
    only tells what "it" is."""
    there = quantities.quantities(quote)
    if any(quantity_fit.fits(number, there) != "exact" for number in quantities.quantities(text)):
        return False
    if not quantities.labels(text) <= quantities.labels(quote):
        return False
    if qualifiers.compare(text, quote, about=content(text)):
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


def _clauses_about(text: str, quote: str) -> str:
    """The clauses of a quote that share a word with a sentence: what the others deny is not denied
    of it."""
    wanted = content(text)
    near = [clause for clause in clauses.texts(quote) if wanted & known(clause)]
    return " ".join(near) or quote


def _in_place_zh(text: str, quote: str) -> bool:
    """Whether what the sentence says in other characters are words that say the same.

    Two characters or more that the quote lacks, where the quote has others in their place, are
    another word.
    """
    ours, theirs = (without_quantities(one) for one in (text, quote))
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
    return "".join(character for character in text if says(character))
