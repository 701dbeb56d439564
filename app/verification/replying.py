"""The statements of a reply that shows all that it says: each with the best verdict that there is.

What no quote supports is not therefore unsupported. A statement is

- supported: the rules or the entailment model find it in the sources, by itself or with what it is
  said under (the head of its list, the statement before it);
- contradicted: a quote holds what it says, but for a number, a name or a negation;
- unsupported: a number or a name of it stands in no source, or nothing in them is near it;
- partly: all else. It may be there in other words: the nearest places are cited.

The labels that the model put to a statement tell where to look first, and are not believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quire.records import Passage, Sentence, SentenceKind
from quire.verification import agreement, framing, judging, quotes
from quire.verification.entailment import Reading
from quire.verification.quotes import Quote


@dataclass(frozen=True, slots=True)
class Claim:
    """What a statement of a reply says, shown as `text`; `under` is what it is said under, and
    `labels` are those of the passages that it names."""

    text: str
    says: str
    kind: SentenceKind
    under: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    before: str = ""
    labels: tuple[int, ...] = ()


class ReplyCheck:
    """Holds the statements of one reply against the passages that its model has read."""

    def __init__(self, passages: Sequence[Passage], *, reading: Reading | None = None) -> None:
        self._passages = passages
        self._reading = reading
        self._there: list[Quote] | None = None

    def verdict(self, claim: Claim) -> Sentence:
        """The statement with the verdict on it."""
        if self._there is None:
            self._there = list(quotes.of_passages(self._passages))
        says = framing.claim_of(claim.says)
        found = judging.judge_among(says, self._there, checks=agreement.CHECKS)
        return found
