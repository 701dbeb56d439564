"""Sentences written by hand to hold against a source, true ones and false ones.

The files beside this one have a source after each "#", then a sentence a line: whether it is true
by that source, in which way it was made, and the sentence. Many of the true ones need more than
words to be seen as such (a pronoun, a comparison): no verifier of words supports them all.

The sentences fall into two halves, turn by turn: the first half are the 1st, 3rd, 5th, … of a file,
the second half the 2nd, 4th, 6th, … The rules were made with the first half in view, and of the
second it was only counted how many are called what, until a last look at both. Hence the second
half is the harder one, and the one to judge by; but the two share their sources, so neither tells
of texts that no rule has seen.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent / "handmade"
HALVES: tuple[Literal["first", "second"], ...] = ("first", "second")
_LINE = re.compile(r"(true|false) (\w+): (.+)")


@dataclass(frozen=True)
class Judged:
    """A sentence, its source, and whether the source makes it true. `kind` is how it was made."""

    kind: str
    text: str
    source: str
    true: bool


def judged(language: str, *, half: Literal["first", "second"] | None = None) -> Iterator[Judged]:
    """The sentences of a language, or of one half of them."""
    if half is None:
        yield from _judged(language)
    else:
        yield from itertools.islice(_judged(language), HALVES.index(half), None, 2)


def _judged(language: str) -> Iterator[Judged]:
    source = ""
    for line in (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            source = line.removeprefix("# ")
        elif match := _LINE.fullmatch(line):
            yield Judged(match[2], match[3], source, match[1] == "true")
