"""Metrics as the field defines them, on plain numbers and texts."""

import itertools
import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from quire.text.languages import CJK, UNSPACED

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_HAN = re.compile(f"[{CJK}]")
_PUNCTUATION = set(string.punctuation)
_ARTICLE_ALONE = re.compile(r"(?<![\w.'’-])(?:a|an|the)(?![\w.'’-])")
# A number with the marks inside it, a character of a script without spaces, or a run of letters.
_PIECE = re.compile(rf"\d+(?:[.,:]\d+)*|[{UNSPACED}]|[^\W\d_{UNSPACED}]+")


def recall_at(rank: int | None, k: int) -> float:
    """1 when a relevant item stands among the first `k`. `rank`, that of the first relevant one,
    counts from 1; None: there is none."""
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
    """1 when the answer holds one of the accepted ones, blanks and punctuation aside, in whole
    words and whole numbers.

    >>> contained("It cost 5.2 million.", ["5.2 million"]), contained("in 1925", ["25"])
    (1.0, 0.0)
    >>> contained("Wegener's theory", ["Wegener"]), contained("I don't know", ["no"])
    (1.0, 0.0)
    """
    said = _pieces(answer)
    text = "".join(said)
    edges = set(itertools.accumulate(map(len, said), initial=0))
    return float(any(_holds(text, edges, "".join(_pieces(one))) for one in accepted))


def _pieces(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    pieces = _PIECE.findall(_ARTICLE_ALONE.sub(" ", folded))
    return [re.sub(r"[.,:]", "", piece) for piece in pieces]


def _holds(text: str, edges: set[int], wanted: str) -> bool:
    """Whether `wanted` stands in the text from one edge to another."""
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        if at in edges and at + len(wanted) in edges:
            return True
        at = text.find(wanted, at + 1)
    return False


def exact(answer: str, accepted: Sequence[str]) -> float:
    """1 when the answer is one of the accepted ones, folded as SQuAD's evaluation does."""
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
