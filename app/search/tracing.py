"""What a search did with a page, as it is noted on the way; `explanation` puts it into words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from quire.records import Hit
from quire.text import analysis
from quire.text.languages import UNSPACED

_WORD = re.compile(r"\w+(?:[-/._+#&'’@:]\w+)*")
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of a chunk in a ranking, from 1."""

    chunk: int
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Words:
    """The question's words as it spells them, or pairs of characters: those that a chunk has, those
    that it lacks, and those that it has and that most chunks have too, so that they do not count.
    """

    has: tuple[str, ...]
    lacks: tuple[str, ...]
    common: tuple[str, ...]

    @classmethod
    def of(
        cls, question: str, *, has: Sequence[str], lacks: Sequence[str], common: Sequence[str]
    ) -> Self:
        """From index terms, which are shown as the question spells them."""
        spelled: dict[str, str] = {}
        for match in _WORD.finditer(question):
            for term in analysis.terms(match[0]):
                spelled.setdefault(term, term if _UNSPACED.search(match[0]) else match[0])
        return cls(
            *(
                tuple(dict.fromkeys(spelled.get(term, term) for term in terms))
                for terms in (has, lacks, common)
            )
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What a search did with some chunks of a document.

    Of `chunks` searched, `found` says how many each leg found at all, and `legs` where the best of
    those in question stands; `pool` is how many of each leg are looked at. `fused` is its place
    in the ranking of both, `hit` that after duplicates were put together; `repeated` is the hit
    that it repeats. `unread` says that the embedding model cannot read the question's language.
    """

    chunks: int
    pool: int
    legs: Mapping[str, Standing | None]
    found: Mapping[str, int]
    fused: Standing | None
    hit: Standing | None
    repeated: Hit | None
    words: Words
    unread: bool
