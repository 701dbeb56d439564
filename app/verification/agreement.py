"""Whether a sentence claims what a quote says: the checks that it must pass, one by one.

Some veto: a quantity, a name or a negation that the quote lacks makes a sentence false. The others
are stricter: a word that stands in the place of another one, a condition that is left out, "about
5" for "at least 5" may be a paraphrase or may be an error, so a sentence that fails one of them is
supported partly at most.

What each check catches, and what it wrongly stops, `python benchmarks/verification.py --parts`
tells: none is added, changed or kept blind.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher

from quire.text import analysis
from quire.verification import (
    clauses,
    denials,
    identity,
    mixing,
    opposites,
    qualifiers,
    quantities,
    quantity_fit,
    rows,
    synonyms,
    word_order,
)
from quire.verification.coverage import content, is_number, known, opening, says, without_quantities
from quire.verification.quotes import Quote
from quire.verification.script import is_chinese
from quire.verification.tokens import MARKS

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]+")
_NAME_FIRST = re.compile(r"(?:^|(?<=[.!?]\s))[A-ZÀ-Þ][\w’'-]+(?=\s+[A-ZÀ-Þ])")
"""A sentence's first word is capitalised anyway: it is a name where another one follows."""

_CAPITAL = re.compile(r"(?<![\w])[A-Z](?!\w)")

Test = Callable[[str, Quote], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: `passes` tells whether a sentence, the first argument, fulfils it beside a
    quote. A sentence that fails a check that `vetoes` is not supported by the quote at all."""

    name: str
    passes: Test
    vetoes: bool = False


def _borrows_its_subject_alone(text: str, quote: Quote) -> bool:
    """Whether what a sentence takes from the first sentence of a quote, which only tells what "it"
    is in the second, stands at its beginning; and whether it says anything of the second."""
    if quote.own == quote.text:
        return True
    numbers = quantities.quantities(text) and quantities.quantities(quote.own)
    if not (numbers or quote.after & content(text)):
        return False
    return quote.before & content(text) <= opening(text)


def _holds_the_quantities(text: str, quote: Quote) -> bool:
    """Whether each quantity stands in the quote, as often, be it bounded or not."""
    return quantity_fit.all_fit(quantities.quantities(text), quote.quantities)


def _denies_alike(text: str, quote: Quote) -> bool:
    """Whether a sentence denies what its quote does, and nothing else (see `denials`)."""
    return denials.alike(text, quote.text)


def _opposes_nothing(text: str, quote: Quote) -> bool:
    """Whether no word is the opposite of one that the quote has in its place (see `opposites`)."""
    return not opposites.opposed(text, _clauses_about(text, quote.text))


def _qualifies_not_contrarily(text: str, quote: Quote) -> bool:
    """Whether no modal verb or exception excludes one of the quote: "must" for "may"."""
    return qualifiers.compare(text, quote.text, about=content(text)) != "contrary"


def _holds_the_names(text: str, quote: Quote) -> bool:
    """Whether each name of an English sentence stands in the quote."""
    words = set(analysis.terms(f"{quote.under} {quote.text}"))
    no_names = analysis.STOP_WORDS | MARKS
    first = [name for name in _NAME_FIRST.findall(text) if name.lower() not in no_names]
    within = _NAME.findall(text)
    months = {name for name in within if is_number(analysis.stem(name.lower()))}
    return all(
        set(analysis.terms(name)) <= words for name in [*first, *within] if name not in months
    )


def _bounds_the_quantities_alike(text: str, quote: Quote) -> bool:
    """Whether no quantity is bounded otherwise than in the quote, "at least 5" for 5."""
    return all(
        quantity_fit.fits(number, quote.quantities) != "loose"
        for number in quantities.quantities(text)
    )


def _holds_the_labels(text: str, quote: Quote) -> bool:
    """Whether each number that only names something stands in the quote: Article 5, the NP-200."""
    return quantities.labels(text) <= quantities.labels(f"{quote.text} {quote.under}")


def _is_as_reserved(text: str, quote: Quote) -> bool:
    """Whether no condition, exception or reserve stands in one of the two only."""
    return qualifiers.compare(text, quote.text, about=content(text)) != "loose"


def _adds_no_word(text: str, quote: Quote) -> bool:
    """Whether an English sentence has no word that the quote lacks, synonyms aside. Of Chinese
    texts, which have no spaces, `_puts_no_word_for_another` tells that."""
    if is_chinese(text):
        return quote.row is None or not _new_characters(text, quote)
    return content(text) <= quote.terms | synonyms.light() | MARKS


def _new_characters(text: str, quote: Quote) -> bool:
    """Whether a Chinese sentence says more than a character that a table's row lacks."""
    there = frozenset(analysis.fold(f"{quote.under} {quote.text}"))
    said = (c for c in without_quantities(text) if says(c) and not c.isascii())
    return sum(c not in there for c in said) > 1


def _puts_no_word_for_another(text: str, quote: Quote) -> bool:
    """Whether no word of a sentence stands where the quote has another one."""
    if quote.row:
        return True  # its words stand in no order
    if is_chinese(text):
        return _in_place_zh(text, quote.text)
    return not word_order.replaces(text, quote.own, known=known(quote.text))


def _says_who_is_who_alike(text: str, quote: Quote) -> bool:
    """Whether a sentence says no more of who or what something is than its quote (`identity`)."""
    return quote.row is not None or identity.is_said(text, quote.text)


def _mixes_nothing(text: str, quote: Quote) -> bool:
    """Whether a sentence keeps apart what its quote says of two things (see `mixing`)."""
    if quote.row:
        return not rows.names_others(text, quote.row)
    return not mixing.mixes(text, quote.own)


def _names_the_same_letters(text: str, quote: Quote) -> bool:
    """Whether each single capital that names something stands in the quote: hall C."""
    wanted = rows.letters(text)
    return not wanted or wanted <= set(_CAPITAL.findall(f"{quote.under} {quote.text}"))


def _keeps_to_the_row(text: str, quote: Quote) -> bool:
    """Whether a sentence says of a table's row and columns what stands there (see `rows`)."""
    one = quote.row
    return one is None or (rows.keeps_columns(text, one) and not rows.is_of_another(text, one))


def _or_named(kept: Callable[[str, str], bool]) -> Test:
    """Who or what something is may be told in any order, all else not: see `word_order`."""

    def passes(text: str, quote: Quote) -> bool:
        return (
            quote.row is not None or kept(text, quote.own) or word_order.is_named(text, quote.own)
        )

    return passes


CHECKS = (
    Check("subject", _borrows_its_subject_alone, vetoes=True),
    Check("quantities", _holds_the_quantities, vetoes=True),
    Check("negation", _denies_alike, vetoes=True),
    Check("opposites", _opposes_nothing, vetoes=True),
    Check("modals", _qualifies_not_contrarily, vetoes=True),
    Check("names", _holds_the_names, vetoes=True),
    Check("letters", _names_the_same_letters, vetoes=True),
    Check("rows", _keeps_to_the_row, vetoes=True),
    Check("bounds", _bounds_the_quantities_alike),
    Check("labels", _holds_the_labels),
    Check("qualifiers", _is_as_reserved),
    Check("new words", _adds_no_word),
    Check("replaced words", _puts_no_word_for_another),
    Check("prepositions", _or_named(word_order.marked_alike)),
    Check("ranges", _or_named(word_order.counted_in_turn)),
    Check("owners", _or_named(word_order.owned_alike)),
    Check("voice", _or_named(word_order.acted_alike)),
    Check("order", _or_named(word_order.in_place)),
    Check("mixing", _mixes_nothing),
    Check("identity", _says_who_is_who_alike),
)
"""All checks, those that veto first: `judging.judge` stops at the first that is not passed."""


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
    if max(len(ours), len(theirs)) > word_order.MOST:
        return False
    there = frozenset(theirs)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        new = [c for c in ours[i1:i2] if c not in there]
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
