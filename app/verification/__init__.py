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

What is said in other words is asked of an entailment model, where there is one
(`quire.verification.entailment`), which also tells what a source contradicts.
"""

from collections.abc import Sequence

from quire.records import Passage, Sentence
from quire.verification import agreement, judging
from quire.verification.entailment import Embed, Reading
from quire.verification.framing import without_labels
from quire.verification.replying import Claim, ReplyCheck
from quire.verification.texts import TextCheck

__all__ = ["Claim", "Embed", "Reading", "ReplyCheck", "TextCheck", "verify", "without_labels"]


def verify(text: str, passages: Sequence[Passage], *, reading: Reading | None = None) -> Sentence:
    """The verdict on one sentence, with the citations that support it. `reading` asks an entailment
    model about what the rules do not find supported; it must be of the same passages.

    Labels that the model wrote are taken out of the text and not believed.
    """
    sentence = judging.judge(text, passages, checks=agreement.CHECKS)
    if reading is None or sentence.support == "supported":
        return sentence
    return reading.settle(sentence)
