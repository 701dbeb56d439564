"""The words of a question as a reader sees them, and which of them a text has and lacks.

The index compares stems, and pairs of Chinese characters. What is told of them is put together
again: neighbours that are both there, or both not, are one phrase, as the question spells them.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from quire.text import analysis
from quire.text.languages import UNSPACED

_WORD = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+(?:[-/._+#&'’@:][^\W_{UNSPACED}]+)*")
_OF_UNSPACED = re.compile(f"[{UNSPACED}]")
_BETWEEN = re.compile(r"[\s-]*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a character of a script without spaces, at [start, end) of the question.

    It is there where all of its `terms` are, and a character where any is: then they are the pairs
    of characters that it belongs to. A `lone` letter or number says little without the word before.
    """

    start: int
    end: int
    terms: tuple[str, ...]
    character: bool = False
    lone: bool = False

    def is_in(self, present: Collection[str]) -> bool:
        held = (term in present for term in self.terms)
        return any(held) if self.character else all(held)


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """The words of a question that say something, in order."""

    question: str
    words: tuple[Word, ...]

    @property
    def terms(self) -> list[str]:
        """All their index terms, each once."""
        return list(dict.fromkeys(term for word in self.words for term in word.terms))

    def all(self) -> tuple[str, ...]:
        """All of them, neighbours together."""
        return self.those(lambda _: True)

    def has_and_lacks(self, present: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those that a text with these terms has, and those that it lacks.

        >>> words = read("What is the rated power of model D?")
        >>> words.has_and_lacks(analysis.terms("Model B has a rated power of 7.5 kW."))
        (('rated power', 'model'), ('model D',))
        >>> read("丁型的额定功率是多少？").has_and_lacks(analysis.terms("乙型：额定功率7.5千瓦"))
        (('额定功率',), ('丁型',))
        """
        return (
            self.those(lambda word: word.is_in(present)),
            self.those(lambda word: not word.is_in(present)),
        )

    def those(self, fits: Callable[[Word], bool]) -> tuple[str, ...]:
        """The words that fit, neighbours together, each once."""
        runs: list[list[int]] = []
        for at, word in enumerate(self.words):
            if not fits(word):
                continue
            if runs and runs[-1][-1] == at - 1 and self._touch(at):
                runs[-1].append(at)
            elif word.lone and at and self._touch(at):
                runs.append([at - 1, at])
            else:
                runs.append([at])
        spans = ((self.words[run[0]].start, self.words[run[-1]].end) for run in runs)
        return tuple(dict.fromkeys(" ".join(self.question[a:b].split()) for a, b in spans))

    def _touch(self, at: int) -> bool:
        """Whether a word follows the one before with nothing said between."""
        before, word = self.words[at - 1], self.words[at]
        between = self.question[before.end : word.start]
        return (
            not between if word.character or before.character else bool(_BETWEEN.fullmatch(between))
        )


def read(question: str) -> QuestionWords:
    """The words of a question."""
    asked = set(analysis.question_terms(question))
    return QuestionWords(question, tuple(_words(question, asked)))


def _words(question: str, asked: Collection[str]) -> Iterator[Word]:
    silent = analysis.stop_terms()
    for match in _WORD.finditer(question):
        text, start = match[0], match.start()
        if _OF_UNSPACED.match(text):
            yield from _characters(text, start, asked)
            continue
        terms = analysis.terms(text)
        letter = len(text) == 1 and text.isupper() and text != "I" and (text != "A" or start > 0)
        if terms and (letter or any(t in asked and t not in silent for t in terms)):
            yield Word(start, match.end(), tuple(terms[:1]), lone=letter or text.isdigit())


def _characters(run: str, start: int, asked: Collection[str]) -> Iterator[Word]:
    folded: Sequence[str] = [analysis.fold(character) for character in run]
    pairs = [f"{one}{other}" for one, other in itertools.pairwise(folded)]
    for at in range(len(run)):
        held = tuple(pair for pair in pairs[max(0, at - 1) : at + 1] if pair in asked)
        if held:
            yield Word(start + at, start + at + 1, held, character=True)
