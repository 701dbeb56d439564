"""How sure a mean, or the difference of two runs, is: by resampling what was asked.

A metric is a mean over questions, each with a weight (citation precision weighs a question by its
citations; elsewhere weights are 1, or 0 where a metric does not apply). Questions of one
conversation lean on each other, so they are resampled together: `total` and `weight` below hold a
row for each conversation, or each question by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sums = npt.NDArray[np.float64]
_AT_ONCE = 5_000_000  # cells of a matrix that are held in memory at a time


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two runs over the same questions.

    `low` and `high` are the ends of the 95% bootstrap interval of the difference. `p` is the
    two-sided p-value of a paired permutation test: how often runs that do not differ would show a
    difference as large as this one.
    """

    before: float
    now: float
    low: float
    high: float
    p: float

    @property
    def change(self) -> float:
        return self.now - self.before


def mean(total: Sums, weight: Sums) -> float:
    return float(total.sum() / weight.sum())


def interval(total: Sums, weight: Sums, *, rounds: int = 1_000) -> tuple[float, float]:
    """The 95% bootstrap interval of a weighted mean: `total` holds the rows' sums of value times
    weight, `weight` those of the weights."""
    means = _bootstrap(total, weight, rounds=rounds)
    return _ends(means)


def difference(
    before: tuple[Sums, Sums], now: tuple[Sums, Sums], *, rounds: int = 10_000
) -> Difference:
    """Compare (total, weight) of two runs, row by row of the same questions.

    Objective of the test: were the runs the same, each row's two results could be swapped. So swap
    them at random, and count how often the difference of the means is at least the one seen.
    """
    (total_a, weight_a), (total_b, weight_b) = before, now
    seen = mean(total_b, weight_b) - mean(total_a, weight_a)
    at_least = 0
    generator = np.random.default_rng(0)
    for size in _batches(rounds, len(total_a)):
        swap = generator.integers(0, 2, (size, len(total_a))).astype(np.float64)
        totals, weights = swap @ (total_b - total_a), swap @ (weight_b - weight_a)
        first = _ratio(total_a.sum() + totals, weight_a.sum() + weights)
        second = _ratio(total_b.sum() - totals, weight_b.sum() - weights)
        at_least += int(np.sum(np.abs(second - first) >= abs(seen) - 1e-12))
    # The same rows are drawn for both runs: the generators begin alike.
    low, high = _ends(
        _bootstrap(total_b, weight_b, rounds=rounds) - _bootstrap(total_a, weight_a, rounds=rounds)
    )
    return Difference(
        before=mean(total_a, weight_a),
        now=mean(total_b, weight_b),
        low=low,
        high=high,
        p=(at_least + 1) / (rounds + 1),
    )


def _bootstrap(total: Sums, weight: Sums, *, rounds: int) -> Sums:
    """The weighted means of `rounds` samples of rows, drawn with replacement."""
    generator = np.random.default_rng(0)
    parts = []
    for size in _batches(rounds, len(total)):
        chosen = generator.integers(0, len(total), (size, len(total)))
        parts.append(_ratio(total[chosen].sum(axis=1), weight[chosen].sum(axis=1)))
    return np.concatenate(parts)


def _batches(rounds: int, rows: int) -> Iterator[int]:
    size = max(1, _AT_ONCE // rows)
    for start in range(0, rounds, size):
        yield min(size, rounds - start)


def _ratio(total: Sums, weight: Sums) -> Sums:
    """NaN where a sample has no weight."""
    out = np.full_like(total, np.nan)
    return np.divide(total, weight, out=out, where=weight > 0)


def _ends(means: Sums) -> tuple[float, float]:
    low, high = np.nanquantile(means, [0.025, 0.975])
    return float(low), float(high)
