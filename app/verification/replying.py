"""The statements of a reply that shows all that it says: each with the best verdict that there is.

What no quote supports by its words is not therefore unsupported. A statement is

- supported: a quote says it by the rules, or all signs together speak for it (`weighing`);
- computed: its numbers stand in the sources, or follow from numbers that do (`arithmetic`);
- contradicted: a number of it stands nowhere, and the place that says the rest has another one; a
  formula is wrong; or it denies what its place says, or the other way round;
- unsupported: a number of it stands nowhere, or nothing in the sources is near it;
- partly: all else. It may be there in other words: the nearest places are cited.

The trees were fitted with the entailment model that comes along. Of another one they hear nothing:
its word is taken by itself, from its own bounds on and under the rules' veto, and the trees weigh
what it leaves.

The labels that the model put to a statement tell where to look first, and are not believed.
"""

import dataclasses
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quire.errors import ModelUnusable
from quire.models.protocols import Entailment
from quire.records import Citation, Passage, Sentence, SentenceKind, Support
from quire.text import languages
from quire.verification import (
    agreement,
    arithmetic,
    coverage,
    denials,
    framing,
    judging,
    opposites,
    premises,
    quantity_fit,
    quotes,
    rows,
    weighing,
)
from quire.verification.bearing import Bearing, Places, is_vague
from quire.verification.entailment import Embed, Reading
from quire.verification.premises import Source
from quire.verification.quantities import Quantity
from quire.verification.quantities import quantities as numbers
from quire.verification.quotes import Quote
from quire.verification.weighing import Heard

_LONGEST = 2_000  # characters of a statement; a longer one is no sentence
_SAYS_THE_REST = 0.6  # of a claim's words: what a place says that has another number
_RATHER = 0.5
"""How much more of what is said around a number a place without it says. With a low score beside
it, so of 1.5% of true statements and 16% of false ones on replies that chose neither."""
_SAID = 4  # statements before it whose numbers it may go on with
_DENIES = 0.75  # and one that says the opposite
_BLANK = re.compile(
    rf"(?<=[{languages.CJK}，。、；：]) +(?=[\d−-])|(?<=[\d%]) +(?=[{languages.CJK}])"
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a statement of a reply `says`, shown as `text`. `under` is what it is said under, such
    as the head of its list, `before` the statement before it where it may lean on that, and
    `labels` are those of the passages that it names."""

    text: str
    says: str
    kind: SentenceKind
    under: tuple[str, ...] = ()
    before: str = ""
    labels: tuple[int, ...] = ()


class ReplyCheck:
    """Holds the statements of one reply, in their order, against the passages that its model has
    read. `model` tells what follows from what, and `embed` gives unit vectors, where there are
    such; `question` is what the reply answers, whose numbers may be computed with."""

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        model: Entailment | None = None,
        embed: Embed | None = None,
        question: str = "",
    ) -> None:
        fitted = model is not None and model.name == weighing.READER
        self._passages = passages
        self._model = model if fitted else None
        self._other = Reading(model, passages, embed=embed) if model and not fitted else None
        self._embed = embed
        self._question = question
        self._places: Places | None = None
        self._quotes: dict[tuple[int, int, str], list[Quote]] = {}
        self._vectors: dict[int, npt.NDArray[np.float32]] = {}
        self._said: list[str] = []
        self._computed: list[arithmetic.Computation] = []

    def verdict(self, claim: Claim) -> Sentence:
        """The statement with the verdict on it."""
        says = framing.claim_of(_closed(claim.says))
        sentence = Sentence(claim.text, "unsupported", kind=claim.kind)
        if len(says) <= _LONGEST and any(map(coverage.says, says)):
            sentence = self._verdict(sentence, says, claim)
        self._said.append(says)
        return sentence

    def _verdict(self, sentence: Sentence, says: str, claim: Claim) -> Sentence:
        places = self._prepared()
        cosines = self._cosines(led(says, claim), claim.labels)
        bearing = places.bearing(says, labels=claim.labels, cosines=cosines)
        if bearing is None:
            return sentence
        near = [quote for source in bearing.chosen for quote in self._quotes_at(source)]
        exact = judging.judge_among(says, near, checks=agreement.CHECKS)
        if exact.support == "supported":
            return dataclasses.replace(sentence, support="supported", citations=exact.citations)
        derived = self._derived(says, bearing, near)
        if derived and not derived.holds:
            right = next(step.right for step in derived.steps if not step.holds)
            return cited(sentence, "contradicted", derived.citations, formula=right)
        explained = derived.explained if derived else frozenset()
        open_ = [number for number in bearing.missing if number not in explained]
        if derived and bearing.missing and not open_ and self._has_the_rest(says, derived):
            return cited(sentence, "computed", derived.citations, formula=derived.formula)
        if self._other is not None:
            heard = self._other.settle(Sentence(led(says, claim), "unsupported"))
            if heard.support and heard.support != "unsupported":
                told = dataclasses.replace(sentence, probability=heard.probability)
                return cited(told, heard.support, heard.citations)
        return self._undecided(sentence, says, claim, bearing, open_=open_)

    def _undecided(
        self,
        sentence: Sentence,
        says: str,
        claim: Claim,
        bearing: Bearing,
        *,
        open_: Sequence[Quantity],
    ) -> Sentence:
        """The verdict where neither a quote nor arithmetic has one; `open_` are the numbers that
        stand nowhere."""
        for source in bearing.chosen:
            for quote in self._quotes_at(source):
                if quote.row and rows.turns(says, quote.row):
                    return cited(sentence, "contradicted", quote.citations())
        if not open_:
            return self._weighed(sentence, says, claim, bearing)
        if self._says_the_rest(says, bearing.first):
            return self._numbered_otherwise(sentence, bearing.first, open_)
        return sentence

    def _prepared(self) -> Places:
        if self._places is None:
            self._places = Places(self._passages)
            for quote in quotes.of_passages(self._passages):
                place = quote.passage.label, quote.start, quote.cited
                self._quotes.setdefault(place, []).append(quote)
        return self._places

    def _quotes_at(self, source: Source) -> list[Quote]:
        one = source.statement
        return self._quotes.get((source.passage.label, one.start, one.text), [])

    def _cosines(self, claim: str, labels: Sequence[int]) -> dict[int, float]:
        """How like a claim the places are that may carry it."""
        if self._embed is None:
            return {}
        places = self._prepared()
        near = places.near(claim, labels=labels)
        new = [at for at in near if at not in self._vectors]
        *vectors, own = self._embed([*(places.sources[at].text for at in new), claim])
        self._vectors |= dict(zip(new, vectors, strict=True))
        return {at: float(self._vectors[at] @ own) for at in near}

    def _derived(
        self, says: str, bearing: Bearing, near: Sequence[Quote]
    ) -> arithmetic.Derived | None:
        """What of a statement was computed: tried where a number stands nowhere, or it has a
        formula."""
        if not bearing.missing and "=" not in says and "≈" not in says:
            return None
        rest = [quote for found in self._quotes.values() for quote in found if quote not in near]
        given: list[Quote | tuple[str, Citation | None]] = [*near, *rest]
        if self._question:
            given.append((self._question, None))
        derived = arithmetic.derive(says, given, said=self._said, earlier=self._computed)
        if derived:
            self._computed += derived.steps
        return derived

    def _has_the_rest(self, says: str, derived: arithmetic.Derived) -> bool:
        """Whether what was computed was computed of this: each other number of the statement stands
        where the operands do, or was said or asked before. In "for 410 km: 420 × 0.38 = 159.60"
        the formula alone is right. What is said in words, "for a year", "the two", is left out."""
        texts = [one.quote for one in derived.citations]
        texts += [*self._said[-_SAID:], self._question]
        there = [numbers(_closed(text)) for text in texts]
        return all(
            any(quantity_fit.fits(one, each) != "none" for each in there)
            for one in numbers(says)
            if one not in derived.explained and not is_vague(one) and _has_digits(one)
        )

    @staticmethod
    def _says_the_rest(says: str, source: Source) -> bool:
        words = coverage.content(says)
        held = len(words & coverage.known(source.text))
        return bool(words) and held >= _SAYS_THE_REST * len(words)

    @staticmethod
    def _numbered_otherwise(
        sentence: Sentence, source: Source, wrong: Sequence[Quantity]
    ) -> Sentence:
        """The verdict on a statement whose number is not that of the place that says the rest: it
        is contradicted where that has a number of the kind."""
        units = {number.unit for number in wrong}
        if any(one.unit in units for one in numbers(source.text)):
            return cited(sentence, "contradicted", source.citations())
        return sentence

    def _signs(self, says: str, claim: Claim, bearing: Bearing) -> "_Signs":
        """What is weighed of a statement."""
        written = premises.write(bearing.chosen)
        together = quotes.of_text(bearing.first.passage, written)
        first = quotes.of_text(bearing.first.passage, bearing.first.text)
        tables = [q for source in bearing.chosen for q in self._quotes_at(source) if q.row]
        heard = self._heard(written, bearing.first.text, led(says, claim))
        values = weighing.features(
            says,
            bearing,
            kind=claim.kind,
            chinese=languages.detect(says) == "zh",
            together=together,
            first=first,
            rows=[
                (
                    not rows.keeps_columns(says, q.row),
                    rows.is_of_another(says, q.row) or rows.names_others(says, q.row),
                )
                for q in tables
                if q.row
            ],
            heard=heard,
        )
        return _Signs(values, heard, first)

    def _weighed(self, sentence: Sentence, says: str, claim: Claim, bearing: Bearing) -> Sentence:
        signs = self._signs(says, claim, bearing)
        score = weighing.score(signs.values)
        bounds = weighing.trees().bounds
        probability = float(1 / (1 + np.exp(-score)))
        quoted = tuple(c for source in bearing.cited for c in source.citations())
        sentence = dataclasses.replace(sentence, probability=probability)
        if score >= bounds["supported"]:
            return cited(sentence, "supported", quoted)
        first = signs.first
        share = coverage.share(says, terms=first.terms, there=first.quantities)
        denied = score < bounds["doubted"] and share >= _DENIES
        if denied and _denies(says, bearing.first.text, signs.heard):
            return cited(sentence, "contradicted", bearing.first.citations())
        if score < bounds["doubted"] and bearing.rather >= _RATHER and bearing.rival:
            return self._numbered_otherwise(sentence, bearing.rival, numbers(says))
        if score < bounds["unsupported"]:
            return sentence
        return cited(sentence, "partly", quoted)

    def _heard(self, together: str, first: str, claim: str) -> Heard:
        sources = [together] if together == first else [together, first]
        found = self._read([(source, claim) for source in sources])
        return Heard(found[0], found[-1])

    def _read(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """What the model says of (source, statement) pairs, shape (len(pairs), 3); of each the same
        where there is none, or it can be used no more."""
        if self._model is not None:
            try:
                return self._model.probabilities(pairs)
            except ModelUnusable as error:
                _log.info("%s %s", error.message, error.hint)  # answers tell it in a note
                self._model = None
        return np.full((len(pairs), 3), 1 / 3, np.float32)


@dataclass(frozen=True, slots=True)
class _Signs:
    """What is weighed of a statement: `values`, what the model says of it, and the `first` place as
    a quote, of which some of it was told."""

    values: list[float]
    heard: Heard
    first: Quote


def _denies(says: str, source: str, heard: Heard) -> bool:
    """Whether just one of a statement and its source has a negation, and the model sees it so,
    too: "exempt from" says the same as "does not apply to"."""
    one, other = (any(True for _ in opposites.negations(text)) for text in (says, source))
    supported, contradicted = heard.first[0], heard.first[1]
    return one != other and not denials.alike(says, source) and bool(contradicted > supported)


def _has_digits(one: Quantity) -> bool:
    return re.search(r"\d", one.text[one.start : one.end]) is not None


def led(says: str, claim: Claim) -> str:
    """What a claim says, under what leads to it."""
    lead = claim.under[-1].rstrip(":：") if claim.under else ""
    return f"{lead}: {says}" if lead else says


def _closed(text: str) -> str:
    """Chinese without the blanks that many models write around numbers: 2025 年 3 月."""
    return _BLANK.sub("", text)


def cited(
    sentence: Sentence,
    support: Support,
    citations: Sequence[Citation],
    *,
    formula: str | None = None,
) -> Sentence:
    """The sentence with a verdict and what it rests on."""
    unique = tuple(dict.fromkeys(citations))
    return dataclasses.replace(sentence, support=support, citations=unique, formula=formula)
