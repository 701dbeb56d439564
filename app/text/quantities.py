"""The numbers, dates and units in a text, in one form however they are written.

1,200 and 1200, twelve hundred and 一千二百 are the same, and so are 31 March 2029 and
2029年3月31日. What is compared is exact: "about 5" holds a 5, and 5 km is not 5 miles.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from quire.text import analysis


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, with its unit where one follows (or a currency stands before it); or a date, which
    has the unit "date" and a value such as "2029-03-31", "2029-03" or "-03-31".

    `start` is where it stands in the folded text.
    """

    value: str
    unit: str
    start: int


_UNITS = {
    "%": "% percent per cent percentage percentage points",
    "km": "km kilometre kilometres kilometer kilometers 公里 千米",
    "m": "m metre metres meter meters 米",
    "cm": "cm centimetre centimetres centimeter centimeters 厘米",
    "mm": "mm millimetre millimetres millimeter millimeters 毫米",
    "mile": "mile miles mi 英里",
    "foot": "foot feet ft 英尺",
    "inch": "inch inches 英寸",
    "kg": "kg kilogram kilograms kilo kilos 千克 公斤",
    "g": "g gram grams 克",
    "t": "t tonne tonnes ton tons 吨",
    "pound": "pound pounds lb lbs 磅 英镑",
    "l": "l litre litres liter liters 升",
    "ml": "ml millilitre millilitres milliliter milliliters 毫升",
    "hectare": "hectare hectares ha 公顷",
    "m2": "m2 m² 平方米",
    "km2": "km2 km² 平方公里 平方千米",
    "second": "second seconds 秒 秒钟",
    "minute": "minute minutes min mins 分钟",
    "hour": "hour hours h hr hrs 小时 个小时 学时",
    "day": "day days 天",
    "week": "week weeks 周 星期 个星期",
    "month": "month months 个月",
    "year": "year years yr yrs 年",
    "century": "century centuries 世纪 个世纪",
    "yuan": "yuan cny rmb 元 块 人民币",
    "dollar": "dollar dollars usd $ us$ 美元",
    "euro": "euro euros eur € 欧元",
    "gbp": "gbp £",
    "yen": "yen jpy 日元",
    "crown": "crown crowns 克朗",
    "°c": "°c ℃ celsius 摄氏度",
    "°": "degree degrees ° 度",
    "v": "v volt volts 伏 伏特",
    "w": "w watt watts 瓦 瓦特",
    "kw": "kw kilowatt kilowatts 千瓦",
    "ohm": "ohm ohms ω 欧姆",
    "person": "person persons people 人 名 位",
    "time": "times 次",
}
_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_SHORT_MONTHS = [*(month[:3] for month in _MONTHS), "sept"]
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "dozen": 12,
}
_ORDINALS = {
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twelfth": 12,
}
_DIGITS_ZH = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_SCALES_ZH = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_COUNTED_ZH = (
    "个名位人年月日天周岁次座条只件家间所项种类米公千克吨元厘毫平分小世度倍层级届号楼根张块支把辆艘架台部本册页章节"
    "句字首篇门科组队场局轮杯票环步步里英升伏瓦欧美日点时刻秒星期成%％万亿"
)
_WORDS = "|".join(sorted([*_SMALL, *_SCALES], key=len, reverse=True))
_MONTH = "|".join([*_MONTHS, *_SHORT_MONTHS])
_NUMERAL_ZH = "[零〇一二两三四五六七八九十百千万亿]"
_FOUND = re.compile(
    rf"""
    (?P<iso>(?<!\d)(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?!\d))
  | (?P<chinese>(?:(?P<y2>\d{{4}}|[零〇一二三四五六七八九]{{4}})年)?
       (?P<m2>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月
       (?:(?P<d2>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[日号])?)
  | (?P<british>\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m3>{_MONTH})\b\.?
       (?:,?\s(?P<y3>\d{{4}})\b)?)
  | (?P<american>\b(?P<m4>{_MONTH})\b\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b
       (?:,?\s(?P<y4>\d{{4}})\b)?)
  | (?P<monthly>\b(?P<m5>{_MONTH})\b\.?,?\s(?:of\s)?(?P<y5>\d{{4}})\b)
  | (?P<clock>\b\d{{1,2}}[:：]\d\d(?:\s?[ap]\.?m\b)?)
  | (?P<share>百分之(?P<of>[\d.]+|{_NUMERAL_ZH}+))
  | (?P<digits>(?<![\d.])\d+(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)
       (?P<scale>\s?(?:hundred|thousand|million|billion)\b|[十百千万亿]+)?
  | (?P<words>\b(?:{_WORDS})(?:(?:[\s-]|\sand\s)(?:{_WORDS}))*\b)
  | (?P<ordinal>\b(?:{"|".join(_ORDINALS)})\b)
  | (?P<numeral>{_NUMERAL_ZH}+(?:点[零〇一二三四五六七八九]+)?)
    """,
    re.VERBOSE,
)


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text, in order.

    >>> [(q.value, q.unit) for q in quantities("It cost 1,200 yuan on 31 March 2029.")]
    [('1200', 'yuan'), ('2029-03-31', 'date')]
    >>> [(q.value, q.unit) for q in quantities("一千二百元，百分之五，2029年3月。twelve hundred")]
    [('1200', 'yuan'), ('5', '%'), ('2029-03', 'date'), ('1200', '')]
    """
    return list(_quantities(analysis.fold(text)))


def fits(wanted: Quantity, there: list[Quantity]) -> bool:
    """Whether a quantity stands among others: the same number, with the same unit where both have
    one; or a date that says no more than one of them."""
    if wanted.unit == "date":
        return any(other.unit == "date" and _within(wanted, other) for other in there)
    for other in there:
        if other.unit == "date":
            year = other.value.split("-")[0]
            if wanted.value == year and wanted.unit in {"", "year"}:
                return True
        elif wanted.value == other.value and _alike(wanted.unit, other.unit):
            return True
    return False


def all_fit(wanted: list[Quantity], there: list[Quantity]) -> bool:
    """Whether each quantity fits, and none is said more often than it stands there: in "nine
    rulers and nine governors" for "nine rulers and four governors" each nine alone would fit."""
    said = Counter(one.value for one in wanted if one.unit != "date")
    held = Counter(one.value for one in there) + Counter(
        one.value.split("-")[0] for one in there if one.unit == "date"
    )
    return all(fits(one, there) for one in wanted) and all(
        count <= max(1, held[value]) for value, count in said.items()
    )


def _within(wanted: Quantity, other: Quantity) -> bool:
    """Whether each part that a date has is the same in the other: the year, the month, the day."""
    parts = zip(_date_parts(wanted.value), _date_parts(other.value), strict=True)
    return all(not ours or ours == theirs for ours, theirs in parts)


def _date_parts(value: str) -> tuple[str, str, str]:
    year, month, day = [*value.split("-"), "", ""][:3]
    return year, month, day


def _alike(one: str, other: str) -> bool:
    return not one or not other or one == other


def _quantities(text: str) -> Iterator[Quantity]:
    for match in _FOUND.finditer(text):
        kind = next(name for name in _KINDS if match[name])
        at = match.start()
        if kind in _DATES:
            yield Quantity(_date(match, _DATES[kind]), "date", at)
        elif kind == "clock":
            yield Quantity(match[0].replace("：", ":").replace(" ", ""), "clock", at)
        elif kind == "share":
            yield Quantity(_plain(_number_zh(match["of"])), "%", at)
        elif kind == "digits":
            value = float(match["digits"].replace(",", "")) * _scale(match["scale"] or "")
            yield Quantity(_plain(value), _unit(text, match), at)
        elif kind == "words":
            value = _number_en(match["words"])
            # "one of them" and "no one" count nothing.
            if match["words"] != "one" or _unit(text, match):
                yield Quantity(_plain(value), _unit(text, match), at)
        elif kind == "ordinal":
            yield Quantity(_plain(_ORDINALS[match["ordinal"]]), "", at)
        elif _counts(text, match):
            yield Quantity(_plain(_number_zh(match["numeral"])), _unit(text, match), at)


_DATES = {"iso": "1", "chinese": "2", "british": "3", "american": "4", "monthly": "5"}
_KINDS = (*_DATES, "clock", "share", "digits", "words", "ordinal", "numeral")


def _date(match: re.Match[str], which: str) -> str:
    groups = match.groupdict()
    year = groups.get(f"y{which}") or ""
    if year and not year.isascii():
        year = "".join(str(_DIGITS_ZH[c]) for c in year)
    month, day = groups.get(f"m{which}") or "", groups.get(f"d{which}") or ""
    parts = [year, f"{_month(month):02}" if month else "", f"{_number(day):02}" if day else ""]
    return "-".join(parts).rstrip("-") if day or month else year


def _month(text: str) -> int:
    if text[:3] in _SHORT_MONTHS:
        return _SHORT_MONTHS.index(text[:3]) + 1
    return _number(text)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else int(_number_zh(text))


def _scale(text: str) -> float:
    word = text.strip()
    if word in _SCALES:
        return _SCALES[word]
    product = 1
    for character in word:
        product *= _SCALES_ZH[character]
    return product


def _number_en(text: str) -> float:
    """1,200 for "twelve hundred" and for "one thousand two hundred"."""
    total, part = 0, 0
    for word in re.split(r"[\s-]+", text):
        if word in _SMALL:
            part += _SMALL[word]
        elif word in {"hundred", "dozen"}:
            part = max(part, 1) * _SCALES[word]
        elif word in _SCALES:
            total += max(part, 1) * _SCALES[word]
            part = 0
    return total + part


def _number_zh(text: str) -> float:
    """1,200 for 一千二百 and 二〇二四 for 2024."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    whole, _, decimals = text.partition("点")
    if not any(character in _SCALES_ZH for character in whole):
        value = float("".join(str(_DIGITS_ZH[c]) for c in whole) or 0)
    else:
        value = _scaled_zh(whole)
    return value + (float("0." + "".join(str(_DIGITS_ZH[c]) for c in decimals)) if decimals else 0)


def _scaled_zh(text: str) -> float:
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS_ZH:
            digit = _DIGITS_ZH[character]
        elif character in "万亿":
            total = (total + section + digit or 1) * _SCALES_ZH[character]
            section = digit = 0
        else:
            section += (digit or 1) * _SCALES_ZH[character]
            digit = 0
    return total + section + digit


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")


def _counts(text: str, match: re.Match[str]) -> bool:
    """Whether a Chinese numeral counts something: 三年 does, 一般 does not."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if after in {
        "些",
        "般",
        "起",
        "样",
        "直",
        "定",
        "切",
        "旦",
        "致",
        "同",
        "律",
        "向",
        "再",
        "番",
    }:
        return False
    return before == "第" or len(match[0]) > 1 or (after != "" and after in _COUNTED_ZH)


def _unit(text: str, match: re.Match[str]) -> str:
    after = _after().match(text, match.end())
    if after:
        return _names()[after[1]]
    before = _before().search(text[max(0, match.start() - 8) : match.start()])
    return _names()[before[1]] if before else ""


@cache
def _names() -> dict[str, str]:
    names = {}
    for unit, text in _UNITS.items():
        for name in re.split(r" (?!cent\b|points\b)", text):
            names[analysis.fold(name)] = unit
    return names


@cache
def _after() -> re.Pattern[str]:
    names = sorted(_names(), key=len, reverse=True)
    spaced = "|".join(re.escape(name) for name in names if name.isascii())
    joined = "|".join(re.escape(name) for name in names if not name.isascii())
    return re.compile(rf"[\s-]?((?:{spaced})(?![a-z0-9])|{joined})")


@cache
def _before() -> re.Pattern[str]:
    return re.compile(r"(\$|€|£|\b(?:cny|rmb|usd|eur|gbp|jpy|us\$))\s?$")
