"""What kind of thing a question asks for, and whether a text holds one.

"Who" wants a name and "how many" a number. A sentence that shares all of a question's words and
has no number in it does not say how many.
"""

import re
from typing import Literal

from quire.text import analysis, languages

Kind = Literal["money", "phone", "email", "number", "date", "person", "place", "reason", "other"]

_ASKED_EN: tuple[tuple[Kind, str], ...] = (
    (
        "phone",
        r"\b(?:phone|telephone|mobile|fax|extension) (?:number|no\b)|\bwhich number (?:do|can)",
    ),
    ("email", r"\be-?mail address\b"),
    (
        "money",
        r"\bhow much (?:is|are|was|were|money|for)\b"
        r"|\bhow much (?:does|do|did|will|would) .*\b(?:cost|pay|charge|earn)\b"
        r"|\bwhat (?:does|do|did|will|would) .*\b(?:cost|charge)\b"
        r"|\b(?:what|which) (?:is|are|was|were) the .*\b(?:price|cost|fee|charge|rent|deposit"
        r"|salary|wage|fine)\b",
    ),
    (
        "number",
        r"\bhow (?:many|much|long|old|far|tall|high|large|big|often|deep|wide|fast|heavy)\b"
        r"|\b(?:what|which) (?:percent\w*|number|amount|proportion|fraction|ratio|age|size)\b"
        r"|\bwhat (?:is|was|are|were) the (?:\w+ )?(?:number|population|percent\w*|amount"
        r"|average|total|cost|price|fee|rent|limit)\b",
    ),
    (
        "date",
        # "What happens when it rains?" does not ask for a time.
        r"^(?:(?!\b(?:what|how|why|which|who|where|can|may|must|do|does|is|are|should)\b).)*?\bwhen\b"
        r"|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|time|era)\b",
    ),
    (
        "person",
        r"\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ )?(?:person|man|woman|president|king|queen"
        r"|author|actor|scientist|emperor|leader|architect|artist|composer|director|writer)\b",
    ),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:country|city|state|place|town|river|continent"
        r"|region|location|area|province|county|nation|island|street|sea|ocean|countries"
        r"|cities)\b",
    ),
    ("reason", r"\bwhy\b|\bwhat (?:caused|causes|is the reason|was the reason)\b"),
)
_ASKED_ZH: tuple[tuple[Kind, str], ...] = (
    ("phone", "(?:电话|手机|分机|传真|联系方式)号?码?(?:是|多少|给|[？?]|$)|打哪个(?:电话|号码)"),
    ("email", "邮箱(?:地址)?(?:是|多少|[？?]|$)"),
    (
        "money",
        "多少钱|几块钱|什么价|(?:价格|单价|售价|费用|租金|押金|工资|罚款|补贴|报酬|年费|运费|服务费)"
        "(?:各|分别)?(?:是|为)?多少|(?:收|赔|罚|扣|交|付|报|补)多少",
    ),
    (
        "date",
        "何时|什么时候|什么时间|哪[一]?[年天月日]|几[年月日号]|[哪几]个?世纪|哪个年代|日期|多会儿",
    ),
    ("number", "多少|几[^乎何内]|多[大长久高远深宽重快]|第几|百分之几|人口|面积|比例"),
    ("person", "谁|何人|哪一?[位名]|什么人|哪个人"),
    (
        "place",
        "哪里|哪儿|何地|何处|什么地方|哪[一]?个?(?:国家|城市|地区|省|县|州|区|岛|洲|市)|位于",
    ),
    ("reason", "为什么|为何|何以|什么原因|原因是|因何"),
)
_KINDS_EN = tuple((kind, re.compile(asked, re.IGNORECASE)) for kind, asked in _ASKED_EN)
_KINDS_ZH = tuple((kind, re.compile(asked)) for kind, asked in _ASKED_ZH)
_NUMBER_EN = re.compile(
    r"\d[\d,.]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty"
    r"|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half"
    r"|dozens?|once|twice|third|quarter|several|few|many|daily|weekly|monthly|yearly|annually)\b",
    re.IGNORECASE,
)
_DATE_EN = re.compile(
    r"\b(?:1\d{3}|20\d{2})s?\b|\b\d{1,2}:\d\d\b|\b(?:January|February|March|April|June|July|August"
    r"|September|October|November|December)\b|\bMay (?:\d|of)|\d May\b|\bcentur\w+"
    r"|\b(?:in|by|until|from|since|before|after|during|late|early|mid) May\b"
    r"|\b\d+ (?:BCE?|AD|years?|days?|months?|weeks?|hours?|minutes?)\b"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|\b(?:spring|summer|autumn|winter|decades?|era|period|dawn|dusk|noon"
    r"|midnight|morning|evening|night|after|before|until|during)\b"
    r"|\b(?:at|by|from) (?:\w+ ){0,2}(?:o'clock|[ap]\.?m\b)|\bat (?:six|seven|eight|nine|ten|one"
    r"|two|three|four|five|eleven|twelve)\b",
    re.IGNORECASE,
)
_CALENDAR_EN = re.compile(
    r"\b(?:1\d{3}|20\d\d)s?\b|\b\d{1,2}:\d\d\b|\b(?:January|February|March|April|June|July|August"
    r"|September|October|November|December)\b|\d May\b|\bcentur\w+|\b\d+ (?:BCE?|AD)\b"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|\b\d ?[ap]\.?m\b",
    re.IGNORECASE,
)
_CALENDAR_ZH = re.compile(
    r"\d+\s*[年月日号时点]|[零〇一二三四五六七八九十]{2,}年|世纪|年代|\d{1,2}[:：]\d\d"
    "|[一二三四五六七八九十]+[月日号]"
)
_REASON_EN = re.compile(
    r"\b(?:because|due|since|therefore|thus|so|result\w*|caus\w*|reasons?|leads?|led|to|for|allow\w*"
    r"|prevent\w*|owing|as)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[£€$¥￥]|\d[\d,.]*\s?(?:EUR|GBP|USD|CNY|RMB|pounds?|euros?|dollars?|yuan|crowns?|francs?|pence"
    r"|cents?)\b|\d[.,]\d\d(?!\d)|\b(?:EUR|GBP|USD|CNY|RMB|free|charge|gratis)\b|元|免费|人民币|块钱",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"\+?\d[\d ()/-]{4,}\d|\b(?:ext(?:ension)?|bleep|dial)\.?\s?\d|分机"
    r"|(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{3,}"
)
_EMAIL = re.compile(r"\S@\S")
_CAPITAL = re.compile(r"\b[A-ZÀ-Þ][\w’'-]*")
_NUMBER_ZH = re.compile(r"\d|[零〇一二两三四五六七八九十百千万亿半]")
_DATE_ZH = re.compile(
    r"[\d零〇一二三四五六七八九十]+\s*[年月日号时点天周]|世纪|年代|时期|期间|[早晚]上|上午|下午|中午|凌晨|[春夏秋冬][季天]|朝"
    r"|\d{1,2}[:：]\d\d|[之以]?[前后]|时"
)
_REASON_ZH = re.compile("因|由于|所以|为了|原因|故|以致|导致|使|造成|以便|以免|避免|防止|会|可能")


_SIGNED: dict[Kind, re.Pattern[str]] = {"money": _MONEY, "phone": _PHONE, "email": _EMAIL}
"""Kinds that have the same form in every language."""


def kind(question: str) -> Kind:
    """What a question asks for, by its question words.

    >>> kind("When does the lease end?"), kind("停泊了几艘？"), kind("What happens when it rains?")
    ('date', 'number', 'other')
    """
    kinds = _KINDS_ZH if languages.detect(question) == "zh" else _KINDS_EN
    return next((kind for kind, pattern in kinds if pattern.search(question)), "other")


def holds(wanted: Kind, text: str, *, question: str) -> bool:
    """Whether a text holds a thing of a kind that the question does not name itself.

    >>> holds("number", "The dome has 8 sides.", question="How many sides do the domes have?")
    True
    >>> holds("person", "The dome is cold.", question="Who owns the dome?")
    False

    Where a kind has no tell-tale form, such as a name in Chinese, every text may hold one.
    """
    if wanted in _SIGNED:
        return _SIGNED[wanted].search(text) is not None
    if languages.detect(question) == "zh":
        patterns = {"number": _NUMBER_ZH, "date": _DATE_ZH, "reason": _REASON_ZH}
        return wanted not in patterns or patterns[wanted].search(text) is not None
    if wanted == "reason":
        return _REASON_EN.search(text) is not None
    found = {"number": _NUMBER_EN, "date": _DATE_EN, "person": _CAPITAL, "place": _CAPITAL}
    if wanted not in found:
        return True
    known = set(analysis.terms(question)) | analysis.STOP_WORDS
    return any(
        # "May" is a word of grammar too.
        match[0].endswith("May") or not set(analysis.terms(match[0])) <= known
        for match in found[wanted].finditer(text)
    )


def tells(wanted: Kind, text: str, *, question: str) -> bool:
    """Whether a text says when or how many outright: a day, a year or an hour, where `holds` is
    content with "before" and "30 days", and a number. Of other kinds there is no telling.

    >>> tells("date", "It ends on 31 March 2029.", question="When does it end?")
    True
    >>> tells("date", "Either may end it with 30 days' notice.", question="When does it end?")
    False
    """
    if wanted == "number" or wanted in _SIGNED:
        return holds(wanted, text, question=question)
    if wanted != "date":
        return False
    calendar = _CALENDAR_ZH if languages.detect(question) == "zh" else _CALENDAR_EN
    return any(match[0] not in question for match in calendar.finditer(text))
