"""The searches that a question takes: one, or several where it asks for several things.

"Compare Harvard and Chicago: when were they founded, and how many students do they have?" is about
two things and asks two things of each. One search for all of it finds passages that hold a little
of everything, and no good one of any. So the parts are searched for by themselves, beside the whole
question. Rules by words; a model that plans may say it better.
"""

import re
from collections.abc import Iterator

from quire.text import analysis
from quire.text.languages import CJK

MOST = 4
"""Searches for one question."""
_COMPARES = re.compile(
    r"\b(?:compar\w*|contrast\w*|differ\w*|versus|vs\.?|distinguish\w*|in common|both"
    r"|respectively|which (?:of|had|has|is|was|one)|(?:more|less|larger|smaller|higher|lower|longer"
    r"|shorter|older|newer|bigger|cheaper|better|greater|earlier|later|faster)\b.*\bor\b)\b"
    "|比较|对比|相比|区别|不同|差异|差别|异同|各是|各有|分别|哪个更|谁更|更[大小高低多少长短早晚快慢贵便]",
    re.IGNORECASE,
)
_ASKS = (
    r"(?:how|what|when|where|who|whom|whose|which|why|were|was|is|are|do|does|did|has|have|had|can"
    r"|could|may|must|should|will|would)"
)
_ASKS_ZH = "(?:什么|多少|几|哪|谁|何|吗|怎么|如何|是否)"
_CLAUSES = re.compile(
    rf"[?？;；]\s*|[,，]?\s*\b(?:and|as well as|or|but)\s+(?:also\s+)?(?={_ASKS}\b)"
    rf"|[,，]\s*(?={_ASKS}\b)|[,，]\s*(?=[^,，]{{0,15}}{_ASKS_ZH})|以及(?=[^,，]*{_ASKS_ZH})",
    re.IGNORECASE,
)
_ASKING = re.compile(rf"\b{_ASKS}\b|{_ASKS_ZH}", re.IGNORECASE)
_PAIR = re.compile(
    r"(?<![\w'’])(?P<one>[^,;:?]{2,60}?)\s*,?\s+(?:and|or|with|versus|vs\.?|than|from)\s+"
    r"(?P<other>[^,;:?]{2,60})(?![\w'’])",
    re.IGNORECASE,
)
_PAIR_ZH = re.compile(
    "(?P<one>[^，,。？?：:、]{2,24}?)(?:和|与|跟|同|比|及|以及|、|还是)"
    "(?P<other>[^，,。？?：:、]{2,24})"
)
_NAMED = r"(?:[A-Z][\w&'’.-]*|\d[\w-]*)"
_NAME = re.compile(
    r"\b(?:[A-Z][\w&'’.-]*|[A-Z]?\w*\d[\w-]*)"
    rf"(?:\s+(?:of|the|for|de|and|&)?\s*{_NAMED})*"
)
_HAN = re.compile(f"[{CJK}]")
_NUMBERS = re.compile(r"\W*(?:\w*\s)?[A-Z]{0,2}\d[\d.,]*\W*")
_LITTLE = 2  # words of content that a search needs


def split(question: str) -> tuple[str, ...]:
    """The parts of a question that are worth a search of their own, at most `MOST`; empty where it
    asks for one thing.

    >>> split("Which is older, the mill in Dorn or the mill in Ast?")
    ('Which is older, the mill in Dorn?', 'Which is older, the mill in Ast?')
    >>> split("When was the bridge built?")
    ()
    """
    found: list[str] = []
    clauses = list(_clauses(question))
    for clause in clauses or [question]:
        sides = _sides(clause) if _COMPARES.search(question) else ()
        found += sides or ([clause] if clauses else [])
    told = [part for part in dict.fromkeys(found) if part != question and _says_enough(part)]
    return tuple(told[:MOST]) if len(told) > 1 else ()


def asks(part: str) -> bool:
    """Whether a part of a question has a question word, and is no mere circumstance.

    >>> asks("how many people worked there"), asks("by the old contract")
    (True, False)
    """
    return _ASKING.search(part) is not None


def asks_several(question: str) -> bool:
    """Whether a question compares, or has several parts: whether it may take several searches."""
    return bool(_COMPARES.search(question)) or len(list(_clauses(question))) > 1


def _clauses(question: str) -> Iterator[str]:
    """The clauses that each ask something; a later one has the names of the first with it where it
    has none itself."""
    parts = [part.strip() for part in _CLAUSES.split(question) if part and part.strip()]
    if len(parts) < 2:
        return
    names = " ".join(_names(parts[0]))
    for number, part in enumerate(parts):
        yield f"{names} {part}" if number and names and not _names(part) else part


def _names(text: str) -> list[str]:
    """What a text names: capitalised words within it, and codes; in Chinese what stands first."""
    if _HAN.search(text):
        head = re.split("的|在|是|有|从|于", text, maxsplit=1)[0]
        return [head] if 2 <= len(head) <= 16 else []
    first = re.match(rf"\W*{_ASKS}\b", text, re.IGNORECASE)
    return _NAME.findall(text, first.end() if first else 0)


def _sides(clause: str) -> tuple[str, ...]:
    """A comparing clause once for each of the two things, without the other."""
    pattern = _PAIR_ZH if _HAN.search(clause) else _PAIR
    best = None
    for pair in pattern.finditer(clause):
        best = pair
        if _NAME.search(pair["one"]) and _NAME.search(pair["other"]):
            break
    if best is None:
        return ()
    if _NUMBERS.fullmatch(best["one"]) or _NUMBERS.fullmatch(best["other"]):
        return ()  # from one year to another
    before, after = clause[: best.start()], clause[best.end() :]
    return (
        f"{before}{best['one']}{after}".strip(),
        f"{before.rstrip()} {best['other']}{after}".strip(),
    )


def _says_enough(part: str) -> bool:
    return len(analysis.question_terms(part)) >= _LITTLE
