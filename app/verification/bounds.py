"""What limits a quantity: "at least 5", "before 1 May", 三天以内, "10 to 15 years".

A bound is ">=", "<=", ">" or "<" of a number; of a date also "before", "after", "by" and "from";
"to" is where something grew to, "first" and "last" are the ends of a range. A number said plainly
has an empty one.
"""

import re
from collections.abc import Sequence

_BEFORE = (
    (">=", r"at least|no (?:less|fewer) than|not (?:less|fewer) than|(?:a )?minimum (?:of|is)"
     r"|min\."
           r"|至少|不少于|不低于|最少|最低|不得少于|不得低于|不小于|不短于"),
    ("<=", r"at most|(?:no|not) (?:more|longer|later|greater|higher|larger) than|up to"
     "|(?:a )?maximum "
           r"(?:of|is)|within|(?:not|never) exceed|max\.|最多|至多|最高|不超过|不多于|不高于"
           r"|不得超过|不得高于"
           r"|不大于|不得大于|不得多于|不长于|不得长于|不迟于|上限为"),
    (">", r"more than|over|above|exceed(?:s|ed|ing)?|(?:greater|longer|older|higher|larger"
     "|heavier) than"
          r"|upwards of|超过|多于|大于|高于|逾|超"),
    ("<", r"(?:less|fewer|shorter|younger|lower|smaller|lighter) than|under|below|少于|低于|小于"
     "|不足|不到|未满"),
    ("before", r"before|prior to|earlier than|早于"),
    ("after", r"after|later than|晚于"),
    ("by", r"by|until|till|截至|截止"),
    ("from", r"from|since|starting|as of|effective|自|从"),
)  # fmt: skip
_AFTER = (
    (">=", r"及?以上|or (?:more|longer|older|above|later)|and (?:above|over)"),
    ("<=", r"及?以下|以内|之内|or (?:less|fewer|earlier|under)|and (?:below|under)"),
    ("before", r"之前|以前|前(?!后)"),
    ("after", r"之后|以后|后"),
    ("from", r"起|开始|onwards?"),
    ("by", r"止|为止"),
)
_GROWS = re.compile(
    r"(?:增长|增加|上升|提高|提升|上涨|下降|减少|降低|下跌|\b(?:rose|risen|rise|rises|grew|grow"
    r"|fell|fall"
    r"|increased?|decreased?|dropped|reduced|raised|climbed)\b)[^,.;，。；]{0,12}$"
)
_UP_TO = re.compile(r"(?:\bto|[到至为])\s?$")
_RANGE = re.compile(r"\s?(?:-|–|—|~|至|到|\bto\b|\band\b|与|和)\s?")
_BETWEEN = re.compile(r"(?:\bbetween|\bfrom|介于|在|从|自)\s?$")
_LEAD = tuple(
    (
        bound,
        re.compile(
            rf"(?:(?<![a-z])|(?=[^a-z]))(?:{words})(?:\s(?:the|an?|about|around|early|late|cny"
            rf"|[$€£]))?[\s$€£]?(?:大?约)?$"
        ),
    )
    for bound, words in _BEFORE
)
_TRAIL = tuple((bound, re.compile(rf"\s?(?:{words})")) for bound, words in _AFTER)
_REACH = 32  # characters before a number in which a bound may stand: more than the longest has
_LETTER = re.compile(r"[^\W\d_]")
_UP = frozenset({">", ">=", "after", "from"})
_DOWN = frozenset({"<", "<=", "before", "by"})


def limits(text: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The bound of each quantity, given where they stand in a folded text.

    >>> limits("at least 5, 3天以内, 10 to 15", [(9, 10), (12, 14), (18, 20), (24, 26)])
    ['>=', '<=', 'first', 'last']
    """
    found = []
    for at, (start, end) in enumerate(spans):
        following = spans[at + 1] if at + 1 < len(spans) else None
        earlier = spans[at - 1] if at else None
        if following and _is_range(text, (start, end), following):
            found.append("first")
        elif earlier and _is_range(text, earlier, (start, end)):
            found.append("last")
        else:
            found.append(_limit(text, start, end))
    return found


def contrary(one: str, other: str) -> bool:
    """Whether two bounds cannot both be meant: "at least" and "at most".

    >>> contrary(">=", "<="), contrary(">=", "after"), contrary(">=", "")
    (True, False, False)
    """
    return (one in _UP and other in _DOWN) or (one in _DOWN and other in _UP)


def _is_range(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    gap = text[one[1] : other[0]]
    if not _RANGE.fullmatch(gap):
        return False
    before = text[max(0, one[0] - _REACH) : one[0]]
    return gap.strip() not in {"and", "和", "与", ""} or _BETWEEN.search(before) is not None


def _limit(text: str, start: int, end: int) -> str:
    before = text[max(0, start - _REACH) : start]
    for bound, words in _TRAIL:
        if words.match(text, end):
            return bound
    if not _LETTER.search(before):
        return ""
    if _GROWS.search(before):
        return "to" if _UP_TO.search(before) else ""
    return next((bound for bound, words in _LEAD if words.search(before)), "")
