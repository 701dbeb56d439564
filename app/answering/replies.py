"""The reply of a model while it is being written and checked, sentence by sentence."""

from collections.abc import Iterator, Sequence

from quire import verification
from quire.answering.evidence import Evidence
from quire.answering.hearing import Hearing
from quire.answering.quoting import spaced
from quire.models.engine.repetition import is_repetition
from quire.records import Citation, Passage, Sentence
from quire.text import sentences
from quire.verification import Reading


class CheckedReply(Hearing):
    """Hear pieces of a reply, get the text of sentences that hold.

    `heard` is the reply so far. `passages` are what the model has read, and an answer must rest on
    one of the `relevant` sentences. `began` is when the question arrived, as `time.monotonic` tells
    it; `reading` is that of an entailment model, where there is one. A sentence that is only partly
    supported waits for one that is supported: alone it would be no answer.
    """

    def __init__(
        self,
        relevant: Sequence[Evidence],
        passages: Sequence[Passage],
        *,
        language: str,
        began: float,
        reading: Reading | None = None,
    ) -> None:
        super().__init__(began=began)
        self.sentences: list[Sentence] = []
        self.heard = ""
        self._relevant = relevant
        self._passages = passages
        self._language = language
        self._reading = reading
        self._buffer = ""
        self._held: list[Sentence] = []

    def hear(self, text: str) -> Iterator[str]:
        """Take a piece of the reply; yields the text of sentences that have become complete."""
        if not text:
            return
        self.begin()
        self._buffer += text
        self.heard += text
        spans = sentences.split(self._buffer)
        if len(spans) > 1:
            for start, end in spans[:-1]:
                yield from self._check(self._buffer[start:end])
            self._buffer = self._buffer[spans[-1][0] :]

    def finish(self) -> Iterator[str]:
        """Check what is left of the reply; not the half of a sentence that was cut short."""
        for start, end in sentences.split(self._buffer):
            text = self._buffer[start:end]
            if not (self.cut_short and self.sentences and text[-1].isalnum()):
                yield from self._check(text)

    def _check(self, text: str) -> Iterator[str]:
        if is_repetition(text):
            return  # each of its words may stand in a quote, and it says nothing
        sentence = verification.verify(text, self._passages, reading=self._reading)
        if sentence.support in {"unsupported", "contradicted"} or sentence in self.sentences:
            return
        if not any(_touches(citation, self._relevant) for citation in sentence.citations):
            return  # true, and no answer to the question
        self._held.append(sentence)
        if sentence.support == "supported" or self.sentences:
            for held in self._held:
                yield spaced(held.text, self._language, first=not self.sentences)
                self.sentences.append(held)
            self._held.clear()


def _touches(citation: Citation, relevant: Sequence[Evidence]) -> bool:
    return any(
        citation.document.id == proof.passage.document.id
        and citation.start < proof.end
        and proof.start < citation.end
        for proof in relevant
    )
