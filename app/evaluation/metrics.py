"""Metrics as the field defines them, on plain numbers and texts."""

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_HAN = re.compile(r"[\u3400-\u9fff]")
_PUNCTUATION = set(string.punctuation)


def recall_at(rank: int | None, k: int) -> float:
    """1 when the one relevant item stands among the first `k`. `rank` counts from 1."""
    return float(rank is not None and rank <= k)


def reciprocal_rank(rank: int | None, *, k: int = 10) -> float:
    """1 / rank of the first relevant item, 0 past `k`."""
    return 1 / rank if rank is not None and rank <= k else 0.0


def ndcg(rank: int | None, *, k: int = 10) -> float:
    """Normalised discounted cumulative gain with one relevant item: 1 / log2(rank + 1)."""
    return 1 / math.log2(rank + 1) if rank is not None and rank <= k else 0.0


def normalised(text: str) -> str:
    """As SQuAD's evaluation compares: folded, without punctuation, articles and extra blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(
        character
        for character in folded
        if character not in _PUNCTUATION and not unicodedata.category(character).startswith("P")
    )
    return " ".join(_ARTICLES.sub(" ", plain).split())


def tokens(text: str) -> list[str]:
    """Words, and for Chinese characters."""
    return normalised(_HAN.sub(lambda match: f" {match[0]} ", text)).split()


def contained(answer: str, accepted: Sequence[str]) -> float:
    """1 when the answer holds one of the accepted ones, blanks aside."""
    said = normalised(answer).replace(" ", "")
    return float(any(normalised(one).replace(" ", "") in said for one in accepted))


def exact(answer: str, accepted: Sequence[str]) -> float:
    return float(any(normalised(answer) == normalised(one) for one in accepted))


def f1(answer: str, accepted: Sequence[str]) -> float:
    """The best token F1 against the accepted answers; characters for Chinese."""
    return max((_f1(tokens(answer), tokens(one)) for one in accepted), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def length(text: str) -> int:
    """Words, counting each Chinese character as one."""
    return len(tokens(text))


def interval(values: Sequence[float], *, rounds: int = 1000) -> tuple[float, float]:
    """The 95% bootstrap interval of a mean, from resampling the questions `rounds` times."""
    if not values:
        return 0.0, 0.0
    chosen = np.random.default_rng(0).integers(0, len(values), (rounds, len(values)))
    low, high = np.quantile(np.asarray(values, float)[chosen].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
