"""Whether a quote says that one thing is another, as a sentence claims.

"The landlord is the tenant" shares all of its words with "The landlord waives the fee if the tenant
asks". What is claimed is the "is", so the quote must have the two beside each other: joined by a
word like "is" or "named", or set apart by no more than a comma.
"""

import re

from quire.text import analysis, sentences

_IS = re.compile(r"(?<!\s)\s+(?:is|was|are|were)(?=\s+(?:(?:the|a|an)\s+\S|[A-ZÀ-Þ]))")
"""What joins the two sides of a claim; the second begins with an article or a capital."""
_EDGES = re.compile(r"^\W+|(?<!\W)\W+$")
_CLAIM_ZH = re.compile(
    r"^\W*(?P<one>[^，,；：是]{1,12})是(?!否|不是)(?P<other>[^，,；：是]{1,14}?)[。.！!]?\s*$"
)
_WORDS = 5  # of content at most on each side: longer ones claim more than who is who
_JOINS = re.compile(
    r"\b(?:is|was|are|were|be|been|being|means?|named|called|known|as|of|became|becomes?|remains?)\b"
    r"|[,:(—–=\-]|^\W*(?:(?:the|a|an)\W*)?$",
    re.IGNORECASE,
)
_BETWEEN = 4  # words of content that may stand between the two
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_JOINS_ZH = re.compile("[是为為即叫系係：:，,（(]|^$")
_BETWEEN_ZH = 8  # characters


def claims(text: str) -> bool:
    """Whether a sentence says no more than who or what something is.

    >>> claims("The tenant is the Society."), claims("The tenant is late."), claims("甲是乙。")
    (True, False, True)
    """
    return bool(_CLAIM_ZH.match(text) or _sides(text))


def is_said(text: str, quote: str) -> bool:
    """Whether what a sentence says of who or what something is stands so in the quote. Sentences
    that claim something else are not judged here, and pass.

    >>> quote = "The landlord waives the fee if the tenant asks."
    >>> is_said("The landlord is the tenant.", quote), is_said("The landlord pays.", quote)
    (False, True)
    >>> is_said("The tenant is the Society.", "The tenant, the Society, pays.")
    True
    """
    if claim := _CLAIM_ZH.match(text):
        return _joined_zh(claim["one"], claim["other"], quote)
    sides = _sides(text)
    if not sides:
        return True
    one, other = (_content(side) for side in sides)
    if not (0 < len(one) <= _WORDS and 0 < len(other) <= _WORDS):
        return True
    return any(
        _joined(one, other, quote[start:end]) for start, end in sentences.split(quote)
    ) or not (_holds_one(one, quote) and _holds_one(other, quote))


def _sides(text: str) -> tuple[str, str] | None:
    """Who or what is said to be something, and what; None where a sentence says more than that."""
    claim = _EDGES.sub("", text)
    joined = None if re.search("[,;:]", claim) else _IS.search(claim)
    return (claim[: joined.start()], claim[joined.end() :].lstrip()) if joined else None


def _content(text: str) -> list[str]:
    empty = analysis.stop_terms()
    return [term for term in analysis.terms(text) if term not in empty]


def _holds_one(words: list[str], quote: str) -> bool:
    """Whether a quote has any of the words itself; else it says them in other words."""
    return bool(set(words) & set(analysis.terms(quote)))


def _joined(one: list[str], other: list[str], sentence: str) -> bool:
    """Whether a word of each stands close to one of the other, joined."""
    empty = analysis.stop_terms()
    words = [
        (match.start(), match.end(), set(analysis.terms(match[0])))
        for match in _WORD.finditer(sentence)
    ]
    ours, theirs = set(one), set(other)
    for low, (_, start, terms) in enumerate(words):
        wanted = (theirs if terms & ours else set()) | (ours if terms & theirs else set())
        between = 0
        high = low + 1
        while wanted and high < len(words) and between <= _BETWEEN:
            end, _, following = words[high]
            if following & wanted and _JOINS.search(sentence[start:end]):
                return True
            between += not following <= empty
            high += 1
    return False


def _joined_zh(one: str, other: str, quote: str) -> bool:
    """The same of characters: the end of the first, then a joining word, then the second."""
    folded, left, right = (analysis.fold(text) for text in (quote, one, other))
    tail, head = left[-2:], right[:2]
    if tail not in folded or head not in folded:
        return True  # said in other characters, which are compared elsewhere
    for early, late in ((tail, head), (right[-2:], left[:2])):
        for match in re.finditer(re.escape(early), folded):
            after = folded[match.end() : match.end() + _BETWEEN_ZH + len(late)]
            at = after.find(late)
            if at >= 0 and _JOINS_ZH.search(after[:at]):
                return True
    return False
