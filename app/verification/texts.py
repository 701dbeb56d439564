"""The statements of a text that need not be about the documents: each with the best verdict.

A reply was written from the passages that it is held against. Any other text may say what no
document tells, and may deny what one tells, so three things are weighed here and not one: that a
statement is supported, contradicted, or not told. The rules come first, as in replies: a quote that
says it, and arithmetic. All else is weighed by boosted trees over the signs of `weighing` and
those below. `text_weights.json` holds them and the least probability of each verdict;
`benchmarks/checking.py --fit` makes it, and tells on what. What reaches no bound is called partly
supported: the places that are nearest are cited, and somebody must look.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.models.protocols import Entailment
from quire.records import Passage, Sentence, Support
from quire.verification import coverage, quantity_fit, weighing
from quire.verification.bearing import Bearing, is_vague, numbers_at
from quire.verification.entailment import Embed
from quire.verification.premises import Source
from quire.verification.quantities import Quantity
from quire.verification.quantities import quantities as numbers
from quire.verification.replying import Claim, ReplyCheck, cited, led
from quire.verification.weighing import Trees

CLASSES: tuple[Support, ...] = ("supported", "contradicted", "unsupported")
"""What the probabilities are of, in their order; an entailment model has the same."""
_MANY = 3
_SAYS_THE_REST, _RATHER = 0.5, 0.2
"""Of a statement's words: what a place says that has another number, and how much less of them
those places say that have the statement's."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Trees for each of the `CLASSES`, and the least probability with which each is said."""

    trees: tuple[Trees, ...]
    bounds: Mapping[str, float]

    def probabilities(self, values: Sequence[float]) -> npt.NDArray[np.float64]:
        """Of the classes, adding up to 1; shape (3,)."""
        scores = np.array([trees.score(values) for trees in self.trees])
        powers = np.exp(scores - scores.max())
        return np.asarray(powers / powers.sum(), np.float64)


@functools.cache
def weights() -> Weights:
    """Those that ship."""
    path = files("quire.verification").joinpath("text_weights.json")
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Weights(tuple(map(weighing.trees_of, kept["classes"])), kept["bounds"])


class TextCheck(ReplyCheck):
    """Holds one statement of a text against the passages that were found for it. `strange` is the
    share of what its words tell that stands nowhere in the documents, from 0 to 1."""

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        strange: float,
        model: Entailment | None = None,
        embed: Embed | None = None,
    ) -> None:
        super().__init__(passages, model=model, embed=embed)
        self._strange = strange

    def _undecided(
        self,
        sentence: Sentence,
        says: str,
        claim: Claim,
        bearing: Bearing,
        *,
        open_: Sequence[Quantity],
    ) -> Sentence:
        signs, full = self._signs(says, claim, bearing), led(says, claim)
        alone = self._read([(source.text, full) for source in bearing.chosen])
        values = [*signs.values, *self._more_signs(says, bearing, open_, alone)]
        likely = dict(zip(CLASSES, weights().probabilities(values).tolist(), strict=True))
        verdict = _verdict(likely)
        if verdict in {"partly", "supported"} and (other := _says_otherwise(says, bearing.chosen)):
            return cited(sentence, "contradicted", other.citations())
        said = "supported" if verdict == "partly" else verdict
        sentence = replace(sentence, probability=likely[said])
        if verdict == "unsupported":
            return sentence
        if verdict == "contradicted":
            against = bearing.chosen[int(np.argmax(alone[:, 1]))]
            return cited(sentence, verdict, against.citations())
        quoted = [quote for source in bearing.cited for quote in source.citations()]
        return cited(sentence, verdict, quoted)

    def _more_signs(
        self,
        says: str,
        bearing: Bearing,
        open_: Sequence[Quantity],
        alone: npt.NDArray[np.float32],
    ) -> list[float]:
        units = {number.unit for number in open_}
        return [
            float(min(len(open_), _MANY)),
            float(self._says_the_rest(says, bearing.first)),
            float(any(one.unit in units for one in numbers(bearing.first.text))),
            weighing.odds(alone[:, 0].max()),
            weighing.odds(alone[:, 1].max()),
            weighing.odds(alone[:, 2].min()),
            self._strange,
        ]


def _says_otherwise(says: str, chosen: Sequence[Source]) -> Source | None:
    """The place that says most of a statement, where it has another number of the kind and none of
    the others says nearly as much with the statement's; else None."""
    words = coverage.content(says)
    wanted = numbers(says)[: quantity_fit.MOST]
    if not words or not wanted:
        return None
    shares = [len(words & coverage.known(source.text)) / len(words) for source in chosen]
    there = [numbers_at(source) for source in chosen]
    holds = [[quantity_fit.fits(one, each) != "none" for one in wanted] for each in there]
    best = int(np.argmax(shares))
    if shares[best] < _SAYS_THE_REST:
        return None
    for at, number in enumerate(wanted):
        bare = not number.unit and any(holds[best])  # "of the three, it is the heaviest with 41 kg"
        if is_vague(number) or bare or all(one.unit != number.unit for one in there[best]):
            continue
        with_it = max((shares[n] for n, held in enumerate(holds) if held[at]), default=0.0)
        if with_it < shares[best] - _RATHER:
            return chosen[best]
    return None


def _verdict(likely: Mapping[str, float]) -> Support:
    """The likeliest class that reaches its bound."""
    bounds = weights().bounds
    fitting = [one for one in CLASSES if likely[one] >= bounds[one]]
    return max(fitting, key=likely.__getitem__, default="partly")
