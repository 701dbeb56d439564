"""Is a sentence of an answer supported by the passages? With the quote that proves it.

A sentence is laid against every stretch of one or two sentences of the passages, and the stretch
that holds most of its words is the candidate. Words alone do not decide: a quantity, a negation or
a name that the quote lacks makes a sentence false however alike it looks, and each of them vetoes
(`quire.verification.agreement`).

- supported: nearly all content words stand in the quote, none in the place of another or in another
  part (`quire.verification.word_order`), no veto; or the quote itself;
- partly: more than half of them do, and no veto; or the sentence is stitched from two quotes, each
  of which supports a part of it: it cites both, and that they belong together is its own claim;
- unsupported: all else. Such a sentence carries no label.
"""

from collections.abc import Sequence

from quire.records import Passage, Sentence
from quire.verification import agreement, judging
from quire.verification.framing import without_labels

__all__ = ["verify", "without_labels"]


def verify(text: str, passages: Sequence[Passage]) -> Sentence:
    """The verdict on one sentence, with the citation that supports it.

    Labels that the model wrote are taken out of the text and not believed.
    """
    return judging.judge(text, passages, checks=agreement.CHECKS)
