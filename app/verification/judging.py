"""The verdict on a sentence, from the quotes that hold most of it and the checks that they pass."""

from collections.abc import Sequence

from quire.records import Passage, Sentence, Support
from quire.text import analysis
from quire.verification import clauses, coverage, framing, quotes
from quire.verification.agreement import Check
from quire.verification.quotes import Quote

_SUPPORTED = 0.8  # of what a sentence says: the least that a quote which supports it holds
_PARTLY = 0.5
_CLAUSE_TERMS = 2  # of content in a clause that can be supported by itself
_LONGEST = 4_000  # characters; no sentence has more, and what is compared is compared pair by pair
_CANDIDATES = 64  # quotes that are held against a sentence word by word, the fullest first


def judge(text: str, passages: Sequence[Passage], *, checks: Sequence[Check]) -> Sentence:
    """The verdict on one sentence by some `checks`: all of `agreement.CHECKS`, but for measuring
    what one of them does."""
    return judge_among(text, list(quotes.of_passages(passages)), checks=checks)


def judge_among(text: str, among: Sequence[Quote], *, checks: Sequence[Check]) -> Sentence:
    """As `judge`, where what the passages say is known."""
    text = framing.without_labels(text)
    claim = framing.claim_of(text)
    if len(text) > _LONGEST:
        return Sentence(text, "unsupported")
    there = [quote for quote in among if len(quote.text) <= _LONGEST]
    support, quote = _best(claim, there, checks)
    if support != "supported":
        stitched = _stitched(claim, there, checks)
        if len(stitched) > 1:
            return Sentence(text, "partly", tuple(quote.citation() for quote in stitched))
    if quote is None:
        return Sentence(text, "unsupported")
    cited = quote.citations() if support == "supported" else (quote.citation(),)
    return Sentence(text, support, cited)


def _best(
    text: str, there: Sequence[Quote], checks: Sequence[Check]
) -> tuple[Support, Quote | None]:
    """The quote that supports a text best, and how far."""
    folded = analysis.fold(text).rstrip(".。 ")
    if said := next((q for q in there if analysis.fold(q.own).rstrip(".。 ") == folded), None):
        return "supported", said
    ranked = sorted(
        ((coverage.share(text, terms=q.terms, there=q.quantities), q) for q in there),
        # Of two that hold as much, the shorter one proves more.
        key=lambda pair: (-pair[0], len(pair[1].text)),
    )
    partly: Quote | None = None
    for share, quote in ranked[:_CANDIDATES]:
        if share < _PARTLY:
            break
        if all(check.passes(text, quote) for check in checks if check.vetoes):
            if share >= _SUPPORTED and all(
                check.passes(text, quote) for check in checks if not check.vetoes
            ):
                return "supported", quote
            partly = partly or quote
    return ("partly", partly) if partly else ("unsupported", None)


def _stitched(text: str, there: Sequence[Quote], checks: Sequence[Check]) -> list[Quote]:
    """The quotes that support a sentence clause by clause, or none where a clause has no support of
    its own."""
    parts = clauses.texts(text)
    if len(parts) < 2 or any(len(coverage.content(part)) < _CLAUSE_TERMS for part in parts):
        return []
    found: list[Quote] = []
    for part in parts:
        support, quote = _best(part, there, checks)
        if support != "supported" or quote is None:
            return []
        if quote not in found:
            found.append(quote)
    return found
