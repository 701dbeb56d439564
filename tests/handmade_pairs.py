"""Sentences written by hand to hold against a source, true ones and false ones.

The files beside this one have a source after each "#", then a sentence a line: whether it is true
by that source, in which way it was made, and the sentence. Many of the true ones need more than
words to be seen as such (a pronoun, a comparison): no verifier of words supports them all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "handmade"
_LINE = re.compile(r"(true|false) (\w+): (.+)")


@dataclass(frozen=True)
class Judged:
    """A sentence, its source, and whether the source makes it true. `kind` is how it was made."""

    kind: str
    text: str
    source: str
    true: bool


def judged(language: str) -> Iterator[Judged]:
    source = ""
    for line in (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            source = line.removeprefix("# ")
        elif match := _LINE.fullmatch(line):
            yield Judged(match[2], match[3], source, match[1] == "true")
