"""Whether a sentence claims what a quote says: what must not differ between the two.

`agrees` vetoes: a quantity, a name or a negation that the quote lacks makes a sentence false.
`aligned` is stricter and looks at the order: a word that stands in the place of another one, or two
names that have changed places, may be a paraphrase or may be an error, so such a sentence is never
fully supported.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from quire.text import analysis, contrast, languages, quantities, synonyms
from quire.text.quantities import Quantity

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]+")
_NAME_FIRST = re.compile(r"(?:^|(?<=[.!?]\s))[A-ZÀ-Þ][\w’'-]+(?=\s+[A-ZÀ-Þ])")
"""A sentence's first word is capitalised anyway: it is a name where another one follows."""
_FIRST = re.compile(r"^\W*([A-ZÀ-Þ][\w’'-]+)")
_NAMED = re.compile(
    r"(?:\b(?P<preposition>in|at|on|near|of|from|to|by|for|with|into|between|under|over|against)\s+"
    r"(?:the\s+)?)?(?P<name>\b[A-ZÀ-Þ][\w’'-]+(?:\s+[A-ZÀ-Þ][\w’'-]+)*)",
)
_PASSIVE = re.compile(r"\bby\b|[被由]")
_CLAUSE = re.compile(
    r"[,;:，；：]|\s(?:and|but|while|whereas|because|although|if|unless)\s|但|而且|并且"
)
_NUMBERED = re.compile(
    r"\d|^(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenti|thirti"
    r"|forti|fifti|sixti|seventi|eighti|nineti|\w+ty-\w+|hundr|thousand|million|billion|dozen|half"
    r"|januari|februari|march|april|may|june|juli|august|septemb|octob|novemb|decemb)$"
    r"|[零〇一二两三四五六七八九十百千万亿年月日]"
)
_HAN_TERM = re.compile(f"[{languages.CJK}]")
_OPENING = 4  # terms; what "it" stands for comes first, and no other words of its sentence
_LIGHT_ZH = frozenset(
    "的了着过是在有和与及或等也都就则并且而但被把将由于对从向到以为其之所这那该此，、"
)


def content(text: str) -> frozenset[str]:
    """The terms that say something. Negations and quantities are compared apart, in whatever form
    they are written."""
    if languages.detect(text) != "zh":
        for start, end in contrast.negations(text):
            text = text[:start] + " " * (end - start) + text[end:]
    return frozenset(term for term in analysis.question_terms(text) if not _NUMBERED.search(term))


def opening(text: str) -> frozenset[str]:
    """The first few terms that say something: the subject, most likely."""
    wanted = content(text)
    said = [term for term in analysis.terms(text) if term in wanted]
    return frozenset(said[:_OPENING])


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
    text: str, numbers: Sequence[Quantity], *, terms: frozenset[str], there: list[Quantity]
) -> float:
    """The share of what a sentence says that a quote holds: of its terms and quantities; in Chinese
    of its characters, each with one beside it, so that the order makes no difference."""
    held = sum(quantities.fits(number, there) for number in numbers)
    if languages.detect(text) == "zh":
        found = list(_covered(text, terms))
        return (sum(found) + 2 * held) / max(1, len(found) + 2 * len(numbers))
    wanted = content(text)
    return (len(wanted & terms) + held) / max(1, len(wanted) + len(numbers))


def _covered(text: str, terms: frozenset[str]) -> Iterator[bool]:
    """For each character that says something whether it stands in the quote beside the same one."""
    folded = analysis.fold(text)
    for at, character in enumerate(folded):
        if not character.isalnum() or character in _LIGHT_ZH or _NUMBERED.search(character):
            continue
        if _HAN_TERM.match(character):
            yield folded[at - 1 : at + 1] in terms or folded[at : at + 2] in terms
    for term in content(text):
        if not _HAN_TERM.match(term):
            yield term in terms


def agrees(text: str, quote: str) -> bool:
    """Whether quantities, names and negation of the sentence stand in the quote."""
    if not quantities.all_fit(quantities.quantities(text), quantities.quantities(quote)):
        return False
    if not _denies_alike(text, quote) or contrast.opposed(text, _clauses_about(text, quote)):
        return False
    words = set(analysis.terms(quote))
    first = [name for name in _NAME_FIRST.findall(text) if name.lower() not in analysis.STOP_WORDS]
    months = {name for name in _NAME.findall(text) if _NUMBERED.search(analysis.stem(name.lower()))}
    return all(
        set(analysis.terms(name)) <= words
        for name in [*first, *_NAME.findall(text)]
        if name not in months
    )


def aligned(text: str, quote: str) -> bool:
    """Whether no word stands in the place of another, and nothing has changed places."""
    if languages.detect(text) == "zh":
        return _in_place_zh(text, quote)
    return _in_place_en(text, quote) and not _exchanged(text, quote)


def _clauses_about(text: str, quote: str) -> str:
    """The clauses of a quote that share a word with a sentence: what the others deny is not denied
    of it."""
    wanted = content(text)
    near = [clause for clause in _CLAUSE.split(quote) if wanted & known(clause)]
    return " ".join(near) or quote


def _denies_alike(text: str, quote: str) -> bool:
    """Whether each negation of the sentence is one of the quote, and each of the quote that bears
    on a word of the sentence is one of the sentence. Negations are told by the words beside them.
    """
    ours, theirs = _denials(text), _denials(quote)
    free = [*theirs]
    for denial in ours:
        same = next((other for other in free if denial.beside & other.beside), None)
        if same is None:
            return False
        free.remove(same)
    said = _units(text)
    return not any(denial.denied <= said and denial.denied for denial in free)


@dataclass(frozen=True)
class _Denial:
    """A negation, told by the words `beside` it, the nearest two on each side; `denied` is the
    first after it."""

    beside: frozenset[str]
    denied: frozenset[str]


def _denials(text: str) -> list[_Denial]:
    found = []
    chinese = languages.detect(text) == "zh"
    for start, end in contrast.negations(text):
        if chinese:
            before = [f"{c}<" for c in _HAN_TERM.findall(text[max(0, start - 1) : start])]
            after = [f">{text[end : end + 2]}"]
            denied = frozenset({text[end : end + 2]})
        else:
            before = [t for t in analysis.terms(text[:start]) if t in content(text[:start])][-2:]
            after = [t for t in analysis.terms(text[end:]) if t in content(text[end:])][:2]
            denied = frozenset(after[:1])
        found.append(_Denial(frozenset([*before, *after]), denied))
    return found


def _units(text: str) -> set[str]:
    """What of a text can be denied: its terms, and the pairs of its characters."""
    return set(analysis.terms(text)) | {text[at : at + 2] for at in range(len(text))}


def _in_place_en(text: str, quote: str) -> bool:
    """Whether each word of the sentence stands in the quote or hardly claims anything, but for one
    where the quote has no other that it could have replaced."""
    there = known(quote)
    missing = {term for term in content(text) if term not in there} - synonyms.light()
    first = _FIRST.match(text)
    if first and missing & set(analysis.terms(first[1])):
        return False  # perhaps a name, which stands first
    if not missing:
        return True
    return len(missing) == 1 and not content(quote) - known(text) - synonyms.light()


def _exchanged(text: str, quote: str) -> bool:
    """Whether two names have changed places: "A pays B" for "B pays A".

    A name keeps its part where the same preposition stands before it; a passive gives it another
    one rightly. Of names without a preposition the order counts.
    """
    if bool(_PASSIVE.search(text)) != bool(_PASSIVE.search(quote)):
        return False
    ours, theirs = _parts(text), _parts(quote)
    both = ours.keys() & theirs.keys()
    bare = [name for name in ours if name in both and not ours[name] and not theirs[name]]
    return any(ours[name] != theirs[name] for name in both) or bare != [
        name for name in theirs if name in bare
    ]


def _parts(text: str) -> dict[str, str]:
    """The names that a text has once, in order, each with the preposition before it, if any."""
    found: dict[str, str] = {}
    again = set()
    for match in _NAMED.finditer(text):
        name = match["name"]
        if name in found:
            again.add(name)
        elif name.lower() not in analysis.STOP_WORDS:
            found[name] = (match["preposition"] or "").lower()
    return {
        name: part
        for name, part in found.items()
        if name not in again and not quantities.quantities(f"1 {name} 2000")[0].unit
    }


def _in_place_zh(text: str, quote: str) -> bool:
    """Whether what the sentence says in other characters are words that say the same.

    Two characters or more that the quote lacks, where the quote has others in their place, are
    another word.
    """
    ours, theirs = analysis.fold(text), analysis.fold(quote)
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
    """Folded Chinese text without quantities, punctuation and the characters of grammar."""
    return "".join(
        c for c in text if c.isalnum() and c not in _LIGHT_ZH and not _NUMBERED.search(c)
    )
