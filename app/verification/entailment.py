"""A statement in other words than its source's: what an entailment model says of it.

The rules (`quire.verification.agreement`) compare words, and what they find supported needs no
model. Of all else the model reads the few places of the passages that bear on it, together with the
statement. One that is supported cites the fewest places that carry it by themselves; one that is
contradicted, the place that does. There a rule must say so too: the model alone calls too many true
ones contradicted.

The rules keep their veto where they can tell. A quantity that stands in none of the places always
has it; a negation too many or too few, where half of the statement's words are the source's; and
where nearly all are, so do most others (which ones was tried on the handwritten sentences). In
other words than the source's each stops more true statements than it catches false ones
(docs/decisions/entailment.md).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.protocols import Entailment
from quire.records import Citation, Passage, Sentence, Support
from quire.text import languages
from quire.verification import coverage, framing, premises, quantities, quantity_fit, quotes
from quire.verification.agreement import CHECKS
from quire.verification.premises import Source
from quire.verification.quotes import Quote

_LONGEST = 2_000  # characters of a statement; a longer one is no sentence
_LEAST, _HALF, _MOST = 0.1, 0.5, 0.8  # of a statement's words, that the places hold
_NEGATION = tuple(check for check in CHECKS if check.name == "negation")
_SAME_WORDS = {"subject", "new words", "replaced words", "qualifiers", "voice"}
_CHECKS = tuple(check for check in CHECKS if check.name not in _SAME_WORDS)
_CARRY = 3  # places at most that carry a statement together
_SUPPORTED, _CONTRADICTED = 0, 1  # of the classes
_log = logging.getLogger(__name__)

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Heard:
    """The places that bear on a claim, and the probabilities of its classes beside all of them
    `together` and each `alone`, shape (3,). Where it is `vetoed` it is not supported, whatever the
    model says."""

    chosen: tuple[Source, ...]
    together: npt.NDArray[np.float32]
    alone: tuple[npt.NDArray[np.float32], ...]
    vetoed: bool = False

    @property
    def supported(self) -> float:
        """That the claim is supported: by all of them, or by one, whatever stands beside it."""
        if self.vetoed:
            return 0.0
        return float(max(row[_SUPPORTED] for row in (self.together, *self.alone)))

    @property
    def contradicted(self) -> float:
        return float(self.together[_CONTRADICTED])

    @property
    def against(self) -> Source:
        """The place that speaks most against the claim."""
        return self.chosen[int(np.argmax([row[_CONTRADICTED] for row in self.alone]))]


class Reading:
    """Statements held against some passages by a model. `embed` gives unit vectors of texts, where
    an embedder reads their language. A model that cannot be loaded leaves the rules' word."""

    def __init__(
        self, model: Entailment, passages: Sequence[Passage], *, embed: Embed | None = None
    ) -> None:
        self._model = model
        self._passages = passages
        self._embed = embed
        self._sources: list[Source] | None = None
        self._vectors: npt.NDArray[np.float32] | None = None

    def settle(self, sentence: Sentence) -> Sentence:
        """The sentence with the model's verdict in place of the rules', where it has one."""
        claim = framing.claim_of(sentence.text)
        if not claim.strip() or len(claim) > _LONGEST:
            return sentence
        try:
            return self._settled(sentence, claim)
        except ModelUnusable as error:
            _log.info("%s %s", error.message, error.hint)  # answers tell it in a note
            return sentence

    def hear(self, claim: str) -> "Heard | None":
        """What the model says of a claim; None where the passages say nothing near it. Raises
        ModelUnusable."""
        chosen = self._chosen(claim)
        if not chosen:
            return None
        text = premises.write(chosen)
        quote = quotes.of_text(chosen[0].passage, text)
        share = coverage.share(claim, terms=quote.terms, there=quote.quantities)
        if share < _LEAST and not _apart(claim, text):
            return None  # "I do not know" is told by nothing
        together, *alone = self._model.probabilities(
            [(text, claim), *((source.text, claim) for source in chosen)]
        )
        return Heard(tuple(chosen), together, tuple(alone), vetoed=_vetoed(claim, quote, share))

    def _settled(self, sentence: Sentence, claim: str) -> Sentence:
        heard = self.hear(claim)
        if heard is None:
            return sentence
        bounds = self._model.bounds(claim)
        supported, contradicted = heard.supported, heard.contradicted
        if supported >= bounds.supported and supported > contradicted:
            cited = self._carrying(claim, heard, least=bounds.supported)
            return _with(sentence, "supported", cited, probability=supported)
        against = heard.vetoed and sentence.support == "unsupported"
        if against and contradicted >= bounds.contradicted:
            return _with(sentence, "contradicted", [heard.against], probability=contradicted)
        return replace(sentence, probability=supported)

    def _chosen(self, claim: str) -> list[Source]:
        if self._sources is None:
            self._sources = premises.sources(self._passages)
        if self._embed is None or not self._sources:
            return premises.choose(claim, self._sources)
        if self._vectors is None:
            self._vectors = self._embed([source.text for source in self._sources])
        cosines: list[float] = (self._vectors @ self._embed([claim])[0]).tolist()
        return premises.choose(claim, self._sources, cosines=cosines)

    def _carrying(self, claim: str, heard: "Heard", *, least: float) -> list[Source]:
        """The fewest places that carry a claim: one, or the best one with another, or the best
        few."""
        chosen, alone = heard.chosen, heard.alone
        order = sorted(range(len(chosen)), key=lambda at: -alone[at][_SUPPORTED])
        first, rest = order[0], order[1:]
        if alone[first][_SUPPORTED] >= least or not rest:
            return [chosen[first]]
        pairs = [_in_order([chosen[first], chosen[at]]) for at in rest]
        found = self._model.probabilities([(premises.write(pair), claim) for pair in pairs])
        best = int(np.argmax(found[:, _SUPPORTED]))
        if found[best][_SUPPORTED] >= least:
            return pairs[best]
        return _in_order([chosen[at] for at in order[:_CARRY]])


def _apart(claim: str, text: str) -> bool:
    """Whether a claim and a text cannot share a word, being in two languages."""
    return languages.are_apart(languages.detect(claim), languages.detect(text))


def _vetoed(claim: str, quote: Quote, share: float) -> bool:
    """Whether a rule that can tell says that a claim is not what a quote says, which holds that
    share of its words."""
    if any(
        quantity_fit.fits(one, quote.quantities) == "none" for one in quantities.quantities(claim)
    ):
        return True
    asked = _CHECKS if share >= _MOST else _NEGATION if share >= _HALF else ()
    return any(not check.passes(claim, quote) for check in asked)


def _in_order(chosen: Sequence[Source]) -> list[Source]:
    return sorted(chosen, key=lambda source: source.place)


def _with(
    sentence: Sentence, support: Support, chosen: Sequence[Source], *, probability: float
) -> Sentence:
    cited: tuple[Citation, ...] = tuple(c for source in chosen for c in source.citations())
    return replace(sentence, support=support, citations=cited, probability=probability)
