"""The reply of a capable model: every statement stays, with the verdict on it.

the reply in pieces -> statements as they are checked, with the text between them
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

from quire.answering import absences
from quire.answering.hearing import Hearing
from quire.answering.reply_statements import ReplyStatements, Said
from quire.models.engine.repetition import is_repetition
from quire.records import Citation, Passage, Sentence
from quire.verification import Claim, ReplyCheck
from quire.verification.quantities import quantities

_REPEATS = 2  # times that a statement may be said before the rest of a reply is left out
_MOST = 400  # statements of a reply
_OPENING = 16  # characters of a reply that tell whether it is the form for no answer


class MarkedReply(Hearing):
    """Hear pieces of a reply, get the text of statements as they are checked; see `CheckedReply`,
    which leaves out what does not hold.

    `sentences` have their places in `text`, which grows with them. `refuses` says that the reply
    has the form for no answer, and `missing` is what it says where it only tells that. `look` gives
    the place that may tell what a statement says is missing.
    """

    def __init__(
        self,
        check: ReplyCheck,
        *,
        passages: Sequence[Passage],
        began: float,
        look: Callable[[str], Citation | None] = lambda _: None,
    ) -> None:
        super().__init__(began=began)
        self._look = look
        self.sentences: list[Sentence] = []
        self.text = ""
        self._parser = ReplyStatements()
        self._check = check
        self._labels = frozenset(passage.label for passage in passages)
        self._said: list[Said] = []
        self._opening = ""
        self._opened = False
        self.refuses = False
        self._stopped = False

    @property
    def draft(self) -> str:
        """What was heard and is not checked yet."""
        return self._parser.unfinished

    @property
    def missing(self) -> str:
        """What the model says of what is missing, where the reply is nothing else; else empty."""
        if self._said and (self.refuses or absences.finds_nothing(self._said)):
            return self.text
        return ""

    def hear(self, text: str) -> Iterator[str]:
        """Take a piece of the reply; yields the text of statements that were checked."""
        if not text:
            return
        self.begin()
        text = self._opened_with(text)
        if text and not self._stopped:
            for said in self._parser.hear(text):
                yield from self._take(said)

    def finish(self) -> Iterator[str]:
        """Check what is left of the reply."""
        rest = self._opening
        self._opening, self._opened = "", True
        if not self._stopped:
            for said in (*self._parser.hear(rest), *self._parser.finish()):
                yield from self._take(said)
        if self._parser.rest and not self._stopped:
            self.text += self._parser.rest
            yield self._parser.rest

    def _opened_with(self, text: str) -> str:
        """The reply without what it begins with where it finds no answer."""
        if self._opened:
            return text
        self._opening += text
        if len(self._opening) < _OPENING and "\n" not in self._opening:
            return ""
        whole = self._opening
        self._opening, self._opened = "", True
        if marked := absences.NOT_FOUND.match(whole):
            self.refuses = True
            return whole[marked.end() :]
        return whole

    def _take(self, said: Said) -> Iterator[str]:
        if (
            is_repetition(said.text)
            or self._said.count(said) >= _REPEATS
            or len(self._said) >= _MOST
        ):
            self._stopped = self.cut_short = True
            return
        said = dataclasses.replace(said, kind="absence") if self.refuses else absences.told(said)
        sentence = self._judged(said)
        self._said.append(said)
        before = said.before if self._said[1:] else said.before.lstrip()
        start = len(self.text) + len(before)
        self.sentences.append(
            dataclasses.replace(sentence, start=start, end=start + len(said.text))
        )
        self.text += before + said.text
        yield before + said.text

    def _judged(self, said: Said) -> Sentence:
        if said.kind == "absence":
            place = None if self.refuses else self._look(said.claim)
            return Sentence(said.text, None, (place,) if place else (), kind="absence")
        last = self._said[-1].claim if self._said and not said.first else ""
        sentence = self._check.verdict(
            Claim(
                said.text,
                said.claim,
                said.kind,
                under=said.under,
                before=last,
                labels=tuple(label for label in said.labels if label in self._labels),
            )
        )
        if said.kind == "head" and sentence.support in {"partly", "unsupported"}:
            return _unless_it_counts(sentence, said.claim)
        return sentence


def _unless_it_counts(head: Sentence, claim: str) -> Sentence:
    """A lead-in for which nothing speaks: "The steps are:" states what its items do, and only a
    number of its own can be wrong."""
    if quantities(claim):
        return head
    return dataclasses.replace(head, support=None, citations=(), probability=None)
