"""How a line is written that may be a title, judged by itself: whether it is one is told by what
stands around it (see `quire.text.outline`)."""

import re

from quire.text.languages import CJK

_WORDS, _HAN = 12, 24  # of a title, at most
_LONGEST = 200  # characters
_NUMBER = "[一二三四五六七八九十百\\d]{1,4}"
_MARK = re.compile(
    rf"""
    (?P<chapter>第{_NUMBER}[编篇章]|(?:chapter|part)\s+(?:\d+|[IVX]+)\b)[.:、]?\s*
  | (?P<section>第{_NUMBER}节|section\s+\d+\b)[.:、]?\s*
  | (?P<annex>(?:appendix|annex|schedule|exhibit)\s+(?:\d+|[A-Z]\b)|附[件录]{_NUMBER}?)[.:、]?\s*
  | (?P<han>[一二三四五六七八九十]{{1,3}})、\s*
  | [（(](?P<inner>[一二三四五六七八九十]{{1,3}})[）)]\s*
  | (?P<roman>[IVX]{{1,5}})[.)]\s+
  | (?P<letter>[A-Z](?:\.\d{{1,2}})*)[.)]?\s+(?<=[.)\d]\s)
  | (?P<number>\d{{1,2}}(?:\.\d{{1,2}}){{1,4}}(?=\s)|\d{{1,2}}(?:\.\d{{1,2}}){{0,4}}(?=[.)、．]))
    (?:[.)]?\s+|[.)、．](?!\d)\s*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BRACKETS = re.compile("[【〔［].+[】〕］]")
_ENDS = re.compile(r"[.。！!？?；;，,、:：…]$")
# A value, a price, an address, a row: what is read for itself.
_VALUE = re.compile(r"[£$€¥￥]\s?\d|[|@：:=]|\d\s*(?:%|元)|\d[.,]\d|[a-z].*[.。!?].+\s", re.DOTALL)
_ADDRESS = re.compile(r",.*\d|\d.*,")
_ASIDE = re.compile(r"[(（][^()（）]*[)）]")
_SAYS = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|must|shall|will|can|cannot|may|should|do|does|did|not"
    r"|am|i|we|you|he|she|they|please)\b|n't\b|'ll\b|[是须应请不会能]",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")


def style(line: str) -> str:
    """The way in which a line is written that may be a title; empty where it is none.

    Numbered ones are called after their numbers, with a digit for their depth; else it is in
    "capitals", in "brackets", or "plain": a few words without a stop, a verb or a value.

    >>> [style(line) for line in ("5. Insurance", "4.1 Start", "AMENDMENT NO. 1", "Room rates")]
    ['number1', 'number2', 'capitals', 'plain']
    >>> [style(line) for line in ("Total due: EUR 1,427.80", "It rains.", "12 High Street, York")]
    ['', '', '']
    """
    said = line.strip()
    if not said or len(said) > _LONGEST or said[0].islower():
        return ""
    if _BRACKETS.fullmatch(said):
        return "brackets"
    mark = _MARK.match(said)
    if mark and mark.lastgroup == "letter" and not mark["letter"][0].isupper():
        mark = None
    bare = said[mark.end() :] if mark else said
    if mark and not bare:
        return mark.lastgroup or "" if mark.lastgroup in {"chapter", "section", "annex"} else ""
    if not _is_short(bare) or _ENDS.search(bare) or _VALUE.search(bare):
        return ""
    if mark and bare[0].islower():
        return ""
    if mark:
        depth = mark[mark.lastgroup or 0].count(".") + 1
        return (
            f"{mark.lastgroup}{depth}"
            if mark.lastgroup in {"number", "letter"}
            else (mark.lastgroup or "")
        )
    letters = "".join(_LETTER.findall(bare))
    if len(letters) > 2 and letters.isupper():
        return "" if _ADDRESS.search(bare) else "capitals"
    words = _ASIDE.sub("", bare).strip()
    if not words or not (words[0].isupper() or re.match(f"[{CJK}]", words)):
        return ""
    return "" if re.search(r"[\d,，]", words) or _SAYS.search(words) else "plain"


def _is_short(line: str) -> bool:
    return len(line.split()) <= _WORDS and len(re.findall(f"[{CJK}]", line)) <= _HAN
