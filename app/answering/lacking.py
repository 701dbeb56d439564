"""What a question asks for that stands in nothing which would be shown.

A person sees at once that a price for room 9 is none for room 10, that no amount says how much, and
that an answer in litres tells no decibels. Shares of words hardly do: all others are there.
"""

import re
from collections.abc import Iterator

from quire.answering import expectations
from quire.text import analysis, languages
from quire.text.lines import han_number

_ADDED = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")  # what a follow-up leans on, and does not name
_YEAR = re.compile(r"(?<![\d.,])(?:1[5-9]|20)\d\d(?![\d]|[.,]\d)")
_NUMBERED = re.compile(
    r"\b(?P<noun>[a-z]+)\.?\s+(?:no\.\s*|number\s+|#)?(?P<number>\d+(?:\.\d+)*)(?=\W*$|\s*[?!,;:)]"
    r"|\.(?!\d)|['’]s|\s+(?P<next>[a-z]+))",
    re.IGNORECASE,
)
_BEFORE_AMOUNTS = frozenset(
    "over under than least most around between until since up only within before after".split()
)
_NUMBERED_ZH = re.compile(
    r"(?:第(?!三[方者])|版本|附件|协议|[Vv])\s*(?P<after>\d+(?:\.\d+)*|[一二三四五六七八九十]{1,3})"
    r"|(?P<before>\d+|[一二三四五六七八九十]{1,3}(?=号))\s*(?:号|房|室|克|楼|栋)"
)
_CODE = re.compile(r"(?<![A-Za-z0-9-])(?P<letters>[A-Za-z]{1,4}-?)\d[\dA-Za-z-]*(?![A-Za-z0-9-])")
_PROPER = re.compile(
    r"(?<=\s)(?!(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Lady|Lord)\b)(?=(?P<name>[A-ZÀ-Þ][\w’'-]+) "
    r"(?P<noun>[A-ZÀ-Þ][\w’'-]+)\b)"
)  # no first word, whose capital says nothing
_HAN_NUMBER = re.compile("[一二三四五六七八九十]{1,3}")
_KINDS = frozenset({"money", "phone", "email", "number"})
_WHEN = re.compile(
    r"\bwhat time\b|\b(?:by|on|from) (?:what|which) (?:date|day)\b|几点|哪[一]?[天日]", re.I
)
_PRICE = re.compile(
    r"^\W*(?:(?:hourly|daily|weekly|monthly) )?(?:price|cost|fee|rate|charge|rent)\b"
    r"(?!.* (?:is|was|are|were|do|does|did)\b)"
    r"|\b(?:what|which) (?:hourly|daily|weekly|monthly) (?:rate|fee|rent|wage)\b",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:code|password|pin) (?:for|of|to)\b|\b(?:telephone|phone) number\b|\b(?:what|which) "
    r"number (?:do|can|must|should)\b|密码(?:是|多少)|(?:电话|手机号|分机)(?:号码?)?(?:是|多少)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\w-])(?!(?:19|20)\d\d\b)\+?\d[\d /()-]*\d\d\b")
_NAME = re.compile(
    r"\bname of (?:the|our|your) (?:[\w-]+ ){0,2}?(?:[\w-]*(?:er|or|ist|ian|man|woman)|registrar"
    r"|head|chief|president|secretary)\b|\b[a-z]+(?:er|or|ar|ist|ian|man|woman)['’]s name\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? |\b[A-Z]\. ?|\b[A-Z][a-zà-þ]+ )"
    r"(?P<name>[A-Z][a-zà-þ'’-]+)\b"
)
_UNITS_EN = {
    "decibels?": r"\bdb|decibel",
    "kilograms?|kg": r"kg\b|kilo",
    "litres?|liters?": r"lit(?:re|er)|\bl\b|\d ?l\b",
    "metres?|meters?": r"met(?:re|er)|\bk?m\b|\d ?k?m\b",
    "kilomet(?:re|er)s?|km": r"km\b|kilomet|mile",
    "miles?": "mile|km",
    "(?:kilo)?watts?|kw": r"watt|\dk?w\b|\bk?w\b",
    "volts?": r"volt|\bv\b|\dv\b",
    "tonnes?|tons?": r"tonne|\bt\b|\btons?\b",
    "degrees|celsius|fahrenheit": "degree|°|celsius",
    "percent|per cent": "%|per ?cent",
    "hectares?|acres?": r"hectare|acre|\bha\b|m²",
}
_ASKED_EN = tuple(
    (re.compile(rf"\b(?:in|per|how many|number of) (?:{unit})\b", re.I), re.compile(told, re.I))
    for unit, told in _UNITS_EN.items()
)
_ASKED_ZH = re.compile(
    "(?:多少|几)个?(?P<unit>分贝|公斤|千克|斤|罐|份|亩|吨|毫?升|公里|千米|[毫厘]?米|平方米|平米|千?瓦|伏|页|台|辆"
    "|套|箱|盒|小时|分钟|人|万?元|度)"
)
_UNITS_ZH = {
    "公斤": "公斤|千克|kg",
    "千克": "公斤|千克|kg",
    "斤": "斤|克|kg",
    "毫升": "升|ml",
    "升": "升|l",
    "公里": "公里|千米|km",
    "千米": "公里|千米|km",
    "米": "米|m|㎡",
    "毫米": "毫米|mm|米",
    "厘米": "米|[cm]m",
    "平方米": "平方米|平米|㎡|m²",
    "平米": "平方米|平米|㎡|m²",
    "千瓦": "千瓦|kw",
    "瓦": "瓦|w",
    "伏": "伏|v",
    "小时": "时|h|分|点",
    "分钟": "分|时|点",
    "人": "人|名|位",
    "元": "元|价|费|¥|￥",
    "万元": "元|价|费|¥|￥",
    "度": "度|℃|°|电",
}


def misnames(question: str, shown: str) -> bool:
    """Whether something is named in a question by its number, or by a year where another stands
    in what would be shown, and that number stands nowhere in it.

    >>> misnames("What is the rent of room 10?", "Room 9 | Rent 329")
    True
    >>> misnames("What did it cost in 2022?", "2023: 412, 2022: 387")
    False

    Or whether a name that stands before a noun is another one there.

    >>> misnames("Who won the Maynard Trophy?", "He won the Heisman Trophy in 1935.")
    True
    """
    question = _ADDED.sub("", question)
    years = {*_YEAR.findall(shown)}
    if years and any(year not in years for year in _YEAR.findall(question)):
        return True
    if any(_is_other_code(code, shown) for code in _CODE.finditer(question)):
        return True
    if any(
        _is_other_name(said["name"], said["noun"], shown) for said in _PROPER.finditer(question)
    ):
        return True
    return any(not _stands(noun, number, shown) for noun, number in _numbers(question))


def is_unkind(question: str, shown: str) -> bool:
    """Whether what would be shown has nothing of the kind or in the unit that a question asks for.

    >>> is_unkind("How loud is it, in decibels?", "Height | 2,065 mm")
    True
    >>> is_unkind("一亩产多少公斤？", "每亩 428 千克")
    False
    """
    kind = "money" if _PRICE.search(question) else expectations.kind(question)
    told_by_kind = kind in _KINDS or _WHEN.search(question)
    if told_by_kind and not expectations.holds(kind, shown, question=question):
        return True
    if _CALLED.search(question) and not _DIGITS.search(shown):
        return True
    if _NAME.search(question) and not any(
        not set(analysis.terms(said["name"])) <= set(analysis.terms(question))
        for said in _NAMED.finditer(shown)
    ):
        return True
    for asked in _ASKED_ZH.finditer(question):
        if not re.search(_UNITS_ZH.get(asked["unit"], asked["unit"]), shown, re.IGNORECASE):
            return True
    return any(asked.search(question) and not told.search(shown) for asked, told in _ASKED_EN)


def _numbers(question: str) -> Iterator[tuple[str, str]]:
    """The numbers by which something is named, and what it is, where that stands before it: "clause
    14.2 of", and not "120 miles"."""
    if languages.detect(question) in {"zh", "ja"}:
        for said in _NUMBERED_ZH.finditer(question):
            yield "", said["after"] or said["before"]
        return
    for said in _NUMBERED.finditer(question):
        names = said["noun"].casefold() not in analysis.STOP_WORDS | _BEFORE_AMOUNTS
        counts = said["next"] and said["next"].casefold() not in analysis.STOP_WORDS
        if names and not counts and not _YEAR.fullmatch(said["number"]):
            yield said["noun"], said["number"]


def _is_other_code(code: re.Match[str], text: str) -> bool:
    """Whether a text has codes like one, such as CS-80A for CS-120B, and not it."""
    like = re.compile(
        rf"(?<![A-Za-z0-9]){re.escape(code['letters'])}[- ]?\d[\dA-Za-z-]*", re.IGNORECASE
    )
    plain = _plain(code[0])
    there = {_plain(other) for other in like.findall(text)}
    return bool(there) and not any(plain in other or other in plain for other in there)


def _is_other_name(name: str, noun: str, text: str) -> bool:
    """Whether a text has a noun after another name, and that name nowhere."""
    terms = analysis.term_set(name)
    if not terms or terms <= analysis.term_set(text):
        return False
    others = re.findall(rf"\b([A-ZÀ-Þ][\w’'-]+) {re.escape(noun)}\b", text)
    return any(analysis.terms(other) for other in others)


def _plain(code: str) -> str:
    return re.sub(r"[\W_]", "", code).casefold()


def _stands(noun: str, number: str, text: str) -> bool:
    """Whether a number stands in a text: after its noun, where others do."""
    like = re.findall(rf"\b{re.escape(noun)}\W{{1,3}}(\d+(?:\.\d+)*)", text, re.I) if noun else []
    if like:
        return number in like
    forms = {number}
    if _HAN_NUMBER.fullmatch(number):
        forms.add(str(han_number(number)))
    found = rf"(?<![\d.,])(?:{'|'.join(map(re.escape, forms))})(?![.,]?\d)"
    if re.search(found, text):
        return True
    said = _HAN_NUMBER.findall(text) if number.isdigit() else ()
    return any(han_number(each) == int(number) for each in said)
