"""Times of day, however they are said: 18:00, 6 pm, six in the evening, 晚上六点。"""

import re

from quire.verification import numerals

_WORDS = "|".join(
    sorted((word for word, value in numerals.SMALL.items() if 0 < value < 60), key=len)[::-1]
)
_HOURS = "|".join(word for word, value in numerals.SMALL.items() if 0 < value <= 12)
_NUMERAL_ZH = "[零〇一二两三四五六七八九十]"
_HALF_EN = (
    r"(?:in\sthe\s(?:early\s|late\s)?(?P<part{0}>morning|afternoon|evening)"
    r"|at\s(?P<night{0}>night))\b"
)
_PM = r"(?P<{0}>[ap])\.?m\b\.?"
_AT = "at by to from until till after before than around about between since".split()
_LEAD = "|".join(rf"(?<=\b{word}\s)" for word in _AT)
_MINUTES_ZH = rf"零[一二三四五六七八九]|[一二三四五]?十{_NUMERAL_ZH}?|(?<=点)[0-5]\d"
_PARTS_ZH = "上午|下午|早上|晚上|中午|凌晨|傍晚|清晨|清早|早晨|夜里|夜间|深夜|半夜|午后"
PATTERN = rf"""
    (?P<clock>
      (?P<half>{_PARTS_ZH}|[早晚](?=\d|{_NUMERAL_ZH}))?
       (?:(?P<h1>\d{{1,2}}|{_NUMERAL_ZH}{{1,3}})[点时](?!间|候|期|代|刻|钟头|[点儿也都不没])
          (?:(?P<t1>\d{{1,2}}|{_NUMERAL_ZH}{{1,3}})分(?!之)
            |(?P<t7>{_MINUTES_ZH})(?!\d|[个名位天元月人])
            |(?P<t3>半)(?!天|个|年|小)|(?P<t4>[一三])刻)?
          (?(half)|(?!\d|{_NUMERAL_ZH}))(?![点分]之|些)
        |(?<![\d:.])(?P<h2>\d{{1,2}})[:：](?P<t2>\d\d)(?!\d)
          (?:\s?{_PM.format("m7")}|\s{_HALF_EN.format(2)})?
        |\b(?P<h3>\d{{1,2}})\s?{_PM.format("m8")}
        |\b(?P<h4>\d{{1,2}}|{_WORDS})\so['’]clock\b(?:\s{_HALF_EN.format(4)})?
        |\b(?:(?:(?P<half_past>half)|(?:a\s)?(?P<quarter>quarter)
              |(?P<t5>\d{{1,2}}|{_WORDS})(?:\sminutes?)?)\spast
            |(?P<to>(?:a\s)?quarter|(?P<t6>\d{{1,2}}|{_WORDS})\sminutes?)\sto)
           \s(?P<h5>\d{{1,2}}|{_HOURS}|noon|midnight)\b(?!\s?%|[-.,:]\d|\s(?:percent|per))
           (?:\so['’]clock\b)?(?:\s{_HALF_EN.format(5)}|\s?{_PM.format("m9")})?
        |(?:{_LEAD})(?P<h6>\d{{1,2}}|{_HOURS})\s{_HALF_EN.format(6)}
        |\b(?P<twelve>noon|midday|midnight)\b|(?P<twelve_zh>正午|午夜|零点)(?!之)))
"""
"""Finds them in folded text, as the group "clock", to be read by `read`."""

_LATE = frozenset({"p", "下午", "晚上", "晚", "傍晚", "中午", "午后", "afternoon", "evening"})
_NIGHT = frozenset({"夜里", "夜间", "深夜", "半夜", "晚上", "晚", "night"})
_FIXED = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_FIXED |= {"正午": "12:00", "午夜": "00:00", "零点": "00:00"}
_MIDDAY = 9  # 中午十一点 is before noon, 中午一点 after it
_EVENING = 6  # at night from here on, before it early in the morning
_QUARTER, _HALF = 15, 30  # minutes


def read(match: re.Match[str]) -> str:
    """A time as hours and minutes, with a "?" where it does not say which half of the day; empty
    where there is no such time, such as 25:00.

    >>> found = re.compile(PATTERN, re.VERBOSE)
    >>> [read(found.search(said)) for said in ("half past ten at night", "晚上六点", "noon")]
    ['22:30', '18:00', '12:00']
    >>> [read(found.search(said)) for said in ("a quarter to one", "by six in the evening")]
    ['12:45?', '18:00']
    """
    if fixed := match["twelve"] or match["twelve_zh"]:
        return _FIXED[fixed]
    said = next(match[f"h{at}"] for at in range(1, 7) if match[f"h{at}"])
    hour, minute = 12 if said in _FIXED else _number(said), _minute(match)
    if hour > 24 or minute > 59:
        return ""
    half = _half_of_day(match)
    if match["to"]:
        hour, minute = (hour - 1) % 12 or 12, 60 - minute
        half = half or {"noon": "a", "midnight": "p"}.get(said, "")
    elif said in _FIXED:
        half = half or {"noon": "p", "midnight": "a"}[said]
    late = half in _LATE or (half in _NIGHT and hour >= _EVENING)
    if late and hour < 12 and not (half == "中午" and hour > _MIDDAY):
        hour += 12
    elif hour == 12 and (half in {"a", "凌晨", "morning"} or half in _NIGHT):
        hour = 0
    exact = match["h2"] and len(match["h2"]) == 2
    vague = not half and 0 < hour <= 12 and not exact
    return f"{hour:02}:{minute:02}{'?' if vague else ''}"


def _minute(match: re.Match[str]) -> int:
    if match["half_past"] or match["t3"]:
        return _HALF
    if match["quarter"] or (match["to"] and not match["t6"]):
        return _QUARTER
    if match["t4"]:
        return _QUARTER * _number(match["t4"])
    said = match["t1"] or match["t2"] or match["t5"] or match["t6"] or match["t7"]
    return _number(said) if said else 0


def _half_of_day(match: re.Match[str]) -> str:
    names = ("half", "m7", "m8", "m9", *(f"part{at}" for at in (2, 4, 5, 6)))
    nights = (f"night{at}" for at in (2, 4, 5, 6))
    return next((match[name] for name in (*names, *nights) if match[name]), "")


def _number(said: str) -> int:
    in_words = said.isascii() and said.isalpha()
    return int(numerals.english(said) if in_words else numerals.chinese(said))
