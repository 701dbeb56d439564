"""How likely a claim is that its places carry: decision trees over what agrees and what does not.

No single sign tells: words are other ones in a fluent model's reply, the same ones in a false copy;
an entailment model of this size is unsure; each rule stops true claims too. Boosted trees (Friedman
2001) weigh them together. `weights.json` holds them with the least score of a verdict;
`benchmarks/replies.py --fit` makes it, and tells on what.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from quire.records import SentenceKind
from quire.verification import agreement, coverage
from quire.verification.bearing import Bearing
from quire.verification.quotes import Quote

READER = "quire-entailment-small"
"""The entailment model whose probabilities these trees were fitted with. Another one's mean other
things: 0.9 of it may be true as often as 0.6 of this one."""
_EDGE = 1e-4  # of a probability, before its logarithm is taken
_MANY = 3
_CHECKS = tuple(check.name for check in agreement.CHECKS)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an entailment model says of a claim: probabilities of its classes, shape (3,), beside
    all places `together` and beside the `first`."""

    together: npt.NDArray[np.float32]
    first: npt.NDArray[np.float32]


def features(
    claim: str,
    bearing: Bearing,
    *,
    kind: SentenceKind,
    chinese: bool,
    together: Quote,
    first: Quote,
    rows: Sequence[tuple[bool, bool]],
    heard: Heard,
) -> list[float]:
    """What is weighed, in the order of the trees. `together` is what the places say as one quote;
    `rows` tell of each place that is a row whether the claim mixes its columns, and whether it is
    of another row."""
    mixed, other = [row[0] for row in rows], [row[1] for row in rows]
    return [
        coverage.share(claim, terms=together.terms, there=together.quantities),
        coverage.share(claim, terms=first.terms, there=first.quantities),
        bearing.cosine,
        *(odds(heard.together[at]) for at in (0, 1)),
        *(odds(heard.first[at]) for at in (0, 1)),
        float(min(bearing.apart, _MANY)),
        float(bearing.beyond_first > 0),
        float(len(bearing.chosen)),
        bearing.named,
        float(bearing.quantities > 0),
        float(kind == "row"),
        float(kind == "item"),
        float(chinese),
        bearing.around,
        bearing.rather,
        float(bool(rows)),
        float(min(mixed, default=False)),
        float(max(mixed, default=False)),
        float(min(other, default=False)),
        float(max(other, default=False)),
        *(float(not check.passes(claim, together)) for check in agreement.CHECKS),
        *(float(not check.passes(claim, first)) for check in agreement.CHECKS),
    ]


def score(values: Sequence[float]) -> float:
    """The sum of what each tree says: above 0 rather true, of as many true as false ones."""
    return trees().score(values)


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees as lists of nodes: (feature, threshold, left, right), or (-1, value, 0, 0)."""

    start: float
    rate: float
    nodes: tuple[tuple[tuple[int, float, int, int], ...], ...]
    bounds: Mapping[str, float]

    def score(self, values: Sequence[float]) -> float:
        total = self.start
        for tree in self.nodes:
            at = 0
            while tree[at][0] >= 0:
                feature, threshold, left, right = tree[at]
                at = left if values[feature] <= threshold else right
            total += self.rate * tree[at][1]
        return total


@functools.cache
def trees() -> Trees:
    """Those that ship."""
    path = files("quire.verification").joinpath("weights.json")
    return trees_of(json.loads(path.read_text("utf-8")))


def trees_of(kept: Mapping[str, Any]) -> Trees:
    """Trees as a file keeps them."""
    return Trees(
        kept["start"],
        kept["rate"],
        tuple(tuple((n[0], n[1], n[2], n[3]) for n in tree) for tree in kept["trees"]),
        kept["bounds"],
    )


def odds(probability: float) -> float:
    """The logarithm of the odds of a probability."""
    p = min(max(float(probability), _EDGE), 1 - _EDGE)
    return float(np.log(p / (1 - p)))
