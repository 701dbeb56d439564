"""A question in the words of the collection.

A word that stands in no document finds nothing, and its lack counts as if its topic were not there.
It may be misspelled, an acronym of what the documents write out, a code in other writing, or a word
for which they have another. Then it is searched for as they say it, and that is told. A word that
stands in them is never changed.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from quire.indexes import documents, lexical
from quire.indexes.lexical import Frequencies
from quire.text import analysis, everyday

Why = Literal["spelling", "acronym", "code", "synonym"]

_WORD = re.compile(r"[A-Za-z0-9À-ɏ]+(?:[-./'’_][A-Za-z0-9À-ɏ]+)*")
_ACRONYM = re.compile(r"[A-Z][A-Z&]{1,5}")
_CODE = re.compile(r"(?=[^\d]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]+(?:[-/._][A-Za-z0-9]+)*")
_SPACED_CODE = re.compile(r"\b([A-Z]{1,3}) (\d{1,5})\b")
_SMALL = r"(?:of|and|the|for|in|to|&)"
_SHORTEST = 5  # letters of a word that may be misspelled: of shorter ones every other is a word
_TRIED = 12  # of the words that are nearest
_TEXTS = 8  # in which it is looked how a word is spelled
_TWO_WRONG = 10  # letters from which two of them may be wrong
_MOST_TEXTS = 20_000  # chunks that are read for what an acronym stands for: a third of a second


@dataclass(frozen=True, slots=True)
class Change:
    """A word of a question, and what is searched for in its place."""

    asked: str
    found: str
    why: Why


def reword(
    question: str, frequencies: Frequencies, *, pieces: Callable[[Sequence[str]], list[int]]
) -> tuple[str, tuple[Change, ...]]:
    """The question with the words that the collection lacks said as it says them, and the changes.

    `pieces` tells into how many tokens an embedding model cuts a word: a word that it knows as one
    is not misspelled.
    """
    changes: list[Change] = []
    for asked in _lacking(question, frequencies):
        change = (
            _code(asked, frequencies)
            or _acronym(asked, frequencies)
            or _synonym(asked, frequencies)
            or _spelling(asked, question, frequencies, pieces)
        )
        if change:
            changes.append(change)
    changes += _spaced_codes(question, frequencies)
    changes += _synonyms_zh(question, frequencies)
    for change in changes:
        question = question.replace(change.asked, change.found, 1)
    return question, tuple(changes)


def _lacking(question: str, frequencies: Frequencies) -> Iterator[str]:
    """The words and codes of a question that stand in no chunk."""
    for match in _WORD.finditer(question):
        terms = analysis.question_terms(match[0])
        if match[0].casefold() in analysis.STOP_WORDS or not terms:
            continue
        if frequencies.of(terms[:1])[terms[0]] == 0:
            yield match[0]


def _code(asked: str, frequencies: Frequencies) -> Change | None:
    if not _CODE.fullmatch(asked):
        return None
    bare = _bare(asked)
    for term in lexical.beginning(frequencies.connection, bare[:1]):
        if _bare(term) == bare:
            return _change(asked, term, "code", frequencies)
    return None


def _spaced_codes(question: str, frequencies: Frequencies) -> Iterator[Change]:
    """Codes whose letters stand apart from their digits, where the collection joins them."""
    for match in _SPACED_CODE.finditer(question):
        letters, digits = match[1].casefold(), match[2]
        for term in (f"{letters}{digits}", f"{letters}-{digits}"):
            if frequencies.of([term])[term]:
                yield Change(match[0], term.upper(), "code")
                break


def _acronym(asked: str, frequencies: Frequencies) -> Change | None:
    """What an acronym stands for: the words with its initials that stand together most often."""
    if not _ACRONYM.fullmatch(asked) or frequencies.chunks > _MOST_TEXTS:
        return None
    letters = asked.replace("&", "")
    small = rf"(?:[\s-]+{_SMALL})?[\s-]+"
    capital = re.compile(
        r"\b" + small.join(rf"{letter}[a-z]+(?:-\w+)?" for letter in letters) + r"\b"
    )
    any_case = re.compile(capital.pattern, re.IGNORECASE)
    pattern = any_case if len(letters) > 3 else capital
    counted = Counter(
        " ".join(match[0].split())
        for text in documents.texts(frequencies.connection)
        for match in pattern.finditer(text)
    )
    if not counted:
        return None
    return Change(asked, counted.most_common(1)[0][0], "acronym")


def _synonym(asked: str, frequencies: Frequencies) -> Change | None:
    for other in everyday.groups("en").get(analysis.stem(asked.casefold()), ()):
        terms = analysis.question_terms(other)
        if terms and all(frequencies.of(terms).values()):
            return Change(asked, other, "synonym")
    return None


def _synonyms_zh(question: str, frequencies: Frequencies) -> Iterator[Change]:
    """A word of several characters goes before those that are a part of it."""
    groups = everyday.groups("zh")
    for word in sorted((word for word in groups if word in question), key=len, reverse=True):
        if word not in question or len(word) < 2 or _stands(word, frequencies):
            continue
        for other in groups[word]:
            if len(other) > 1 and _stands(other, frequencies):
                yield Change(word, other, "synonym")
                question = question.replace(word, " ")
                break


def _stands(word: str, frequencies: Frequencies) -> bool:
    pairs = [word[at : at + 2] for at in range(len(word) - 1)]
    return all(frequencies.of(pairs).values())


def _spelling(
    asked: str,
    question: str,
    frequencies: Frequencies,
    pieces: Callable[[Sequence[str]], list[int]],
) -> Change | None:
    """The word of the collection that is nearest in spelling, where one is near."""
    folded = analysis.fold(asked)
    if not folded.isascii() or not folded.isalpha() or len(folded) < _SHORTEST:
        return None
    named = asked[0].isupper() and not question.lstrip().startswith(asked)
    stem = analysis.stem(folded)
    most = 2 if len(folded) >= _TWO_WRONG and not named else 1
    near = sorted(
        (distance, -frequencies.of([term])[term], term)
        for term in lexical.beginning(frequencies.connection, folded[0])
        if term.isalpha()
        and abs(len(term) - len(stem)) <= most + 1
        # A misspelled word may lose its ending otherwise than the right one.
        and (distance := _distance(stem, term, most + 1)) <= most + 1
    )
    spelled = [
        (_distance(folded, analysis.fold(change.found), most), at, change)
        for at, (_, _, term) in enumerate(near[:_TRIED])
        for change in [_change(asked, term, "spelling", frequencies)]
    ]
    distance, _, change = min(spelled, key=lambda one: one[:2], default=(most + 1, 0, None))
    if change is None or distance > most:
        return None
    ours, theirs = pieces([folded, analysis.fold(change.found)])
    return change if ours > theirs else None


def _change(asked: str, term: str, why: Why, frequencies: Frequencies) -> Change:
    """A change to a word that the collection has for a term, which may be a stem: to that which is
    nearest in spelling to what was asked."""
    words = {
        match[0]
        for text in itertools.islice(lexical.texts_holding(frequencies.connection, term), _TEXTS)
        for match in _WORD.finditer(text)
        if match[0][0].casefold() == term[0] and term in analysis.terms(match[0])[:1]
    }
    folded = analysis.fold(asked)

    def far(word: str) -> tuple[int, str]:
        return _distance(folded, analysis.fold(word), _SHORTEST), word

    found = min(words, key=far, default=term)
    return Change(asked, found.lower() if why == "spelling" and asked.islower() else found, why)


def _bare(code: str) -> str:
    return "".join(character for character in code.casefold() if character.isalnum())


def _distance(one: str, other: str, most: int) -> int:
    """How many letters are added, left out, changed or exchanged with their neighbour, as far as
    that is at most `most` (the optimal string alignment distance)."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        above, before2 = row, before
        row = [i, *[0] * len(other)]
        for j, right in enumerate(other, start=1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                row[j] = min(row[j], before2[j - 2] + 1)
        before = above
        if min(row) > most:
            return most + 1
    return row[-1]
