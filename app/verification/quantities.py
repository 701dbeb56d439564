"""The numbers, dates and times in a text, in one form however they are written.

1,200 and 1200, twelve hundred and 一千二百 are the same, and so are 31 March 2029 and
2029年3月31日. What is compared is exact: "about 5" holds a 5, and 5 km is not 5 miles, nor is
"at least 5" a 5. Numbers that only name something (Article 5, NP-200, the 3.1 before a paragraph)
are no quantities. Numbers, dates and times stand in one file, long as it is: one pattern finds
them, each in what the others leave over.
"""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from quire.text import analysis, languages
from quire.verification import bounds, numerals, units


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its `unit`, where one follows (or a currency stands before it).

    A date has the unit "date" and a value such as "2029-03-31", "2029-03" or "-03-31"; a time of
    day has "clock" and "09:30"; what comes round has "every" and "month"; a number that is only
    compared as it is written, such as 0123, has "code". [start, end) is where it stands in `text`,
    which is folded. `bound` is what limits it: ">=" for "at least 5"; see `bounds`.
    """

    value: str
    unit: str
    start: int
    end: int
    text: str = dataclasses.field(repr=False)
    bound: str = ""

    @property
    def near(self) -> frozenset[str]:
        """The words that stand close by, as terms."""
        return _neighbours(self.text, self.start, self.end)

    @property
    def counted(self) -> str:
        """The word of content right after a number that has no unit; else empty."""
        return "" if self.unit else _thing(self.text, self.end)


_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_SHORT_MONTHS = [*(month[:3] for month in _MONTHS), "sept"]
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_DAYS_ZH = "一二三四五六日"
_COUNTED_ZH = (
    "个名位人年月日天周岁次座条只件家间所项种类米公千克吨元厘毫平分小世度倍层级届号楼根张块支把辆艘架台部本册页章节"
    "句字首篇门科组队场局轮杯票环步步里英升伏瓦欧美日点时刻秒星期成%％万亿兆亩加港盎工片滴颗粒瓶包盒箱袋桶幅栋扇盏副对双套份笔列匹头尾棵株朵盘碗勺壶封顶枚匙任期排堂课集季代户"
)
_NOT_COUNTED_ZH = frozenset("些般起样直定切旦致同律向再番")
_LABELS = (
    "articles?|sections?|clauses?|chapters?|rooms?|nos?\\.|number|figures?|fig\\.|tables?|pages?"
    "|items?|steps?|phase|appendix|annex|version|type|class|grade|level|model|form|line|gate"
    "|platform|track|route|highway|flight|port|part|volume|building|unit|lot|plan|paragraph|rule"
    "|question|note|schedule|exhibit|passage|document|apartment|apt\\.|suite|bus|tram|train"
    "|channel"
)
_WORDS = "|".join(sorted([*numerals.SMALL, *numerals.SCALES], key=len, reverse=True))
_ORDINALS = "|".join(sorted(numerals.ORDINALS, key=len, reverse=True))
_PARTS = "|".join(sorted(numerals.PARTS, key=len, reverse=True))
_MONTH = "|".join([*_MONTHS, *_SHORT_MONTHS])
_PERIOD = "|".join(
    sorted((w for ws in units.PERIODS.values() for w in ws.split() if w.isascii()), key=len)[::-1]
)
_EVERY_ZH = "小时|个小时|天|日|晚|周|星期|个星期|月|个月|季度|个季度|季|年"
_NUMERAL_ZH = "[零〇一二两三四五六七八九十百千万亿]"
_OUTLINE = re.compile(
    rf"[\s#*>|-]*(?:(?:\d{{1,2}}(?:\.\d{{1,2}})+\.?\s+"
    rf"|\d{{1,3}}[.)、]\s*)(?=[\"“A-ZÀ-Þ{languages.CJK}])"
    r"|[(（]\d{1,2}[)）]\s*)"
)
_FOUND = re.compile(
    rf"""
    (?P<label>\b(?:{_LABELS})\s?(?:[a-z]-?)?\d+(?:[.-]\d+)*\b
       |\b(?:article|section|clause|chapter|room|number|figure|table|page|item|step|schedule|channel|part
          |paragraph|annex|appendix|volume)\s(?:{_WORDS})\b
       |第(?:\d+|{_NUMERAL_ZH}+)[条章节款项号页期批届版回集卷段]
       |\b[a-z]+[-/]?\d[\w./-]*\b|\b\d+[a-z]+\d[\w-]*\b|(?<![\d.])\d+(?:\.\d+){{2,}}(?!\d))
  | (?P<iso>(?<!\d)(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?!\d))
  | (?P<chinese>(?:(?P<y2>\d{{4}}|[零〇一二三四五六七八九]{{4}})年)?
       (?P<m2>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月
       (?:(?P<d2>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[日号])?)
  | (?P<british>\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m3>{_MONTH})\b\.?
       (?:,?\s(?P<y3>\d{{4}})\b)?)
  | (?P<american>\b(?P<m4>{_MONTH})\b\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)
       (?:,?\s(?P<y4>\d{{4}})\b)?)
  | (?P<monthly>\b(?P<m5>{_MONTH})\b\.?,?\s(?:of\s)?(?P<y5>\d{{4}})\b)
  | (?P<month>\b(?P<m6>{"|".join(_MONTHS)})\b)
  | (?P<decade>\b(?:\d{{3}}0)s\b|\d{{2,4}}年代)
  | (?P<weekday>\b(?:{"|".join(_DAYS)})s?\b|(?:星期|礼拜|(?<!每)周)[{_DAYS_ZH}天](?![次回个年月季]))
  | (?P<clock>(?P<half>上午|下午|早上|晚上|中午|凌晨|傍晚)?
       (?:(?P<h1>\d{{1,2}}|{_NUMERAL_ZH}{{1,3}})[点时](?!间|候|期|代|刻)
          (?:(?P<t1>\d{{1,2}}|{_NUMERAL_ZH}{{1,3}})分|(?P<t3>半))?(?!\d|{_NUMERAL_ZH})
        |(?<![\d:.])(?P<h2>\d{{1,2}})[:：](?P<t2>\d\d)(?!\d)(?:\s?(?P<m7>[ap])\.?m\b\.?)?
        |\b(?P<h3>\d{{1,2}})\s?(?P<m8>[ap])\.?m\b\.?
        |\b(?P<h4>\d{{1,2}}|{_WORDS})\so['’]clock\b))
  | (?P<ratio>(?<!\d)\d+(?:\.\d+)?(?:[:：]|\s[:：]\s|\s?比\s?)\d+(?:\.\d+)?(?!\d))
  | (?P<share>(?P<per>百|千)分之
       (?P<of>\d+(?:\.\d+)?|{_NUMERAL_ZH}+(?:点[零〇一二三四五六七八九]+)?))
  | (?P<part_zh>(?P<lower>\d+|{_NUMERAL_ZH}+)分之(?P<upper>\d+|{_NUMERAL_ZH}+))
  | (?P<part>\b(?:(?P<pieces>an?|{_WORDS})[\s-])?(?:{_PARTS})s?\b(?=\s(?:of|a|an|the)\b)|\bhalf\b)
  | (?P<every>\b(?:every|each|per)\s(?P<e1>{_PERIOD})\b
       |(?<=\s)an?\s(?P<e2>{_PERIOD})\b
       |\b(?P<e3>hourly|daily|nightly|weekly|monthly|quarterly|yearly|annually|annual)\b
       |每(?P<e4>{_EVERY_ZH}))
  | (?P<digits>(?P<sign>(?<![a-z0-9)\]])[-−](?=\d)|零下|minus\s)?
       (?P<number>(?<![\d.])\d{{1,3}}(?:[,\s]\d{{3}})+(?:\.\d+)?(?![\d,]*\d)|\d+,\d{{1,2}}(?!\d)|\d+(?:\.\d+)?))
       (?P<scale>\s?(?:hundred|thousand|million|billion|trillion)\b|[十百千万亿]+)?
       (?P<ordinal_end>(?:st|nd|rd|th)\b)?(?P<and_half>(?:个|年)半|\sand\sa\shalf\b)?
  | (?P<words>\b(?P<word>(?:{_WORDS})(?:(?:[\s-]|\sand\s)(?:{_WORDS}))*)\b
       (?P<and_half2>\sand\sa\shalf\b)?)
  | (?P<ordinal>(?<!\bper\s)(?<!\bat\s)\b(?!first,|second\s(?:later|ago|or|before|after)\b)
       (?:{_ORDINALS})\b)
  | (?P<numeral>第?{_NUMERAL_ZH}+(?:点[零〇一二三四五六七八九]+)?)
    """,
    re.VERBOSE,
)
_DATES = {"iso": "1", "chinese": "2", "british": "3", "american": "4", "monthly": "5", "month": "6"}
_KINDS = tuple(
    "label iso chinese british american monthly month decade weekday clock ratio share "
    "part_zh part every digits words ordinal numeral".split()
)
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|since|of|from|by|until|till|before|after|between|and|to|during|year|circa|c\."
    r"|late|early"
    r"|mid|around|about|the|,|\()|[于在自从至到，（(、]|-|–)\s?$"
)
_YEAR_REACH = 16  # characters: more than the longest of these
_COUNTED_AFTER = re.compile(r"\s[a-z]{3,}s\b")
_JOINED = re.compile(r"\s?(?:-|–|—|~|至|到|或|、|,|/|×|\bx\b|\bto\b|\bor\b|\band\b|和)\s?")
_NUMBER_OF_LABEL = re.compile(rf"第({_NUMERAL_ZH}+)|(?<=\s)(?:{_WORDS})$")
_NEXT_WORD = re.compile(rf"[\s-]?([a-zà-ÿ]+(?![\w])|[{languages.CJK}]{{1,2}})")
_NEAR = 3  # words
_EXACT = 1e15  # numbers below are told apart as floats


@lru_cache(maxsize=4096)  # the sentences of an answer's passages, each compared many times
def quantities(text: str) -> tuple[Quantity, ...]:
    """All quantities of a text, in order.

    >>> [(q.value, q.unit) for q in quantities("It cost 1,200 yuan on 31 March 2029.")]
    [('1200', 'yuan'), ('2029-03-31', 'date')]
    >>> [(q.value, q.unit) for q in quantities("一千二百元，百分之五，2029年3月。twelve hundred")]
    [('1200', 'yuan'), ('5', '%'), ('2029-03', 'date'), ('1200', '')]
    >>> [(q.value, q.unit) for q in quantities("3.1 The NP-200 runs twice a day from -5 °C.")]
    [('day', 'every'), ('-5', '°c')]
    """
    folded = analysis.fold(text)
    found = list(_quantities(folded, original=text if len(text) == len(folded) else ""))
    limits = bounds.limits(folded, [(one.start, one.end) for one in found])
    found = [
        dataclasses.replace(one, bound=limit) for one, limit in zip(found, limits, strict=True)
    ]
    return tuple(_with_shared_units(folded, found))


def labels(text: str) -> frozenset[str]:
    """What numbers only name, folded and without blanks: "article5", "np-200", "第5条".

    >>> sorted(labels("Article 5 of the NP-200 manual")), labels("第五条 五天")
    (['article5', 'np-200'], frozenset({'第5条'}))
    """
    found = (match["label"] for match in _FOUND.finditer(analysis.fold(text)))
    digits = (_NUMBER_OF_LABEL.sub(_as_digits, label) for label in found if label)
    return frozenset(re.sub(r"\s", "", label) for label in digits)


def _as_digits(found: re.Match[str]) -> str:
    """第5 for 第五, 5 for five."""
    if not found[0].startswith("第"):
        return f"{numerals.english(found[0]):.0f}"
    number = numerals.chinese(found[1])
    return f"第{number:.0f}" if number < _EXACT else found[0]


def _quantities(text: str, *, original: str) -> Iterator[Quantity]:
    outline = _OUTLINE.match(original or text)
    for match in _FOUND.finditer(text, outline.end() if outline else 0):
        kind = next(name for name in _KINDS if match[name])
        at, end = match.span()
        value, unit = "", ""
        if kind == "label":
            continue
        if kind == "month" and not _is_month(match, original):
            continue
        if kind in _DATES:
            value, unit = _date(match, _DATES[kind]), "date"
        elif kind == "decade":
            value, unit = re.sub(r"\D", "", match[0]), "decade"
        elif kind == "weekday":
            value, unit = _weekday(match[0]), "weekday"
        elif kind == "clock":
            value, unit = _time(match), "clock"
            if not value:
                continue
        elif kind == "ratio":
            value = ":".join(re.findall(r"\d+(?:\.\d+)?", match[0]))
        elif kind == "share":
            value, unit = _exactly(numerals.chinese(match["of"]), match["of"])
            unit = unit or ("%" if match["per"] == "百" else "‰")
        elif kind == "part_zh":
            lower = numerals.chinese(match["lower"]) or 1
            value, unit = _exactly(numerals.chinese(match["upper"]) / lower, match[0])
            unit = unit or "part"
        elif kind == "part":
            value, unit = _part(match[0]), "part"
        elif kind == "every":
            word = match["e1"] or match["e2"] or match["e3"] or match["e4"]
            if match["e2"] and not _is_rate(text, at):
                continue
            value, unit = units.period(word), "every"
        else:
            numbered = _number(text, match, kind)
            if numbered is None:
                continue
            value, unit, end = numbered
        yield Quantity(value, unit, at, end, text)


def _number(text: str, match: re.Match[str], kind: str) -> tuple[str, str, int] | None:
    """The value, unit and end of a plain number; None where it counts nothing."""
    end = match.end()
    unit, unit_end = units.after(text, end)
    ordinal = kind == "ordinal" or bool(match["ordinal_end"])
    if kind == "digits":
        number = match["number"]
        if re.fullmatch(r"\d+,\d{1,2}", number):
            number = number.replace(",", ".")  # 12,50 as the continent writes it
        value = float(re.sub(r"[,\s]", "", number)) * numerals.scale(match["scale"] or "")
        if match["and_half"]:
            value += 0.5
            unit = "month" if match["and_half"] == "个半" else unit
            unit = "year" if match["and_half"] == "年半" else unit
        if match["sign"]:
            value = -value
        if number[0] == "0" and len(number) > 1 and number.isdecimal():
            return number, "code", end  # 0123 is a name, not a number
        if _is_year(text, match, unit):
            before_christ = text.endswith("前", 0, match.start())
            return (f"bc{number}" if before_christ else number), "date", unit_end
    elif kind == "words":
        value = numerals.english(match["word"]) + (0.5 if match["and_half2"] else 0)
        # "one of them" and "no one" count nothing.
        if match["word"] == "one" and not unit:
            return None
    elif kind == "ordinal":
        value = numerals.ORDINALS[match[0]]
    else:
        if not _counts(text, match):
            return None
        ordinal = match[0].startswith("第")
        value = numerals.chinese(match[0].removeprefix("第"))
        if text.startswith("成", end) and not text.startswith(("成为", "成了", "成立"), end):
            said, code = _exactly(value * 10, match[0])
            return said, code or "%", end + 1
        if text.startswith(("个半", "年半"), end):
            value += 0.5
            unit = "month" if text[end] == "个" else unit
    said, code = _exactly(value, match[0])
    if code:
        return said, code, end
    if ordinal:
        return said, unit if unit == "century" else "th", end
    if not unit and (currency := units.before(text, match.start())):
        return said, currency, end
    return said, unit, unit_end


def _is_year(text: str, match: re.Match[str], unit: str) -> bool:
    number = match["number"]
    start = match.start()
    if match["scale"] or match["sign"] or not number.isdecimal():
        return False
    if unit == "year" and text.startswith("年", match.end()):
        return len(number) == 4 or text.endswith("前", 0, start)
    if text.endswith(("of ", "about "), 0, start) and _COUNTED_AFTER.match(text, match.end()):
        return False  # of 2000 households
    years = len(number) == 4 and "1000" <= number <= "2199"
    before = text[max(0, start - _YEAR_REACH) : start]
    begins = start == 0 or (start == 1 and before.isspace())
    return years and not unit and (begins or _YEAR_BEFORE.search(before) is not None)


def _is_month(match: re.Match[str], original: str) -> bool:
    """Whether a word names a month: "may" and "march" only where they are written so."""
    if match[0] not in {"may", "march"}:
        return True
    at = match.start()
    return at > 0 and original[at : at + 1].isupper() and original[at - 2 : at] != ". "


def _is_rate(text: str, at: int) -> bool:
    """Whether "a month" follows an amount or a count."""
    before = text[max(0, at - 24) : at].split()
    return any(
        re.search(r"\d", word) or word in numerals.SMALL or word in {"once", "twice", "times"}
        for word in before[-2:]
    )


def _weekday(text: str) -> str:
    if text[-1] in _DAYS_ZH + "天":
        return _DAYS["一二三四五六".find(text[-1])]
    return text.removesuffix("s")


def _time(match: re.Match[str]) -> str:
    """A time as hours and minutes, with a "?" where it does not say which half of the day; empty
    where it is none, such as in 九点意见."""
    said = match["h1"] or match["h2"] or match["h3"] or match["h4"]
    in_words = said.isascii() and said.isalpha()
    hour = int(numerals.english(said) if in_words else numerals.chinese(said))
    minute_text = match["t1"] or match["t2"]
    minute = int(numerals.chinese(minute_text)) if minute_text else 30 if match["t3"] else 0
    if hour > 24:
        return ""
    half = match["half"] or match["m7"] or match["m8"]
    if (
        half in {"p", "下午", "晚上", "傍晚", "中午"}
        and hour < 12
        and not (half == "中午" and hour > 9)
    ):
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    vague = not half and hour <= 12 and not (match["h2"] and len(match["h2"]) == 2)
    return f"{hour:02}:{minute:02}{'?' if vague else ''}"


def _part(text: str) -> str:
    words = re.split(r"[\s-]+", text)
    lower = numerals.PARTS.get(words[-1]) or numerals.PARTS[words[-1].removesuffix("s")]
    upper = numerals.english(words[0]) if len(words) > 1 and words[0] not in {"a", "an"} else 1
    return _plain(upper / lower)


def _date(match: re.Match[str], which: str) -> str:
    groups = match.groupdict()
    year = numerals.digits(groups.get(f"y{which}") or "")
    month, day = groups.get(f"m{which}") or "", groups.get(f"d{which}") or ""
    parts = [year, f"{_month(month):02}" if month else "", ""]
    if day:
        parts[2] = f"{int(numerals.chinese(day)):02}"
    return "-".join(parts).rstrip("-") if day or month else year


def _month(text: str) -> int:
    if text[:3] in _SHORT_MONTHS:
        return _SHORT_MONTHS.index(text[:3]) + 1
    return int(numerals.chinese(text))


def _exactly(value: float, written: str) -> tuple[str, str]:
    """A number and no unit; or, where it is too big to be exact, what is written, and "code"."""
    if abs(value) < _EXACT:
        return _plain(value), ""
    return re.sub(r"[,\s]", "", written), "code"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.6f}".rstrip("0")


def _counts(text: str, match: re.Match[str]) -> bool:
    """Whether a Chinese numeral counts something: 三年 does, 一般 does not."""
    numeral, after = match["numeral"], text[match.end() : match.end() + 1]
    if after in _NOT_COUNTED_ZH:
        return False
    return numeral.startswith("第") or len(numeral) > 1 or (after != "" and after in _COUNTED_ZH)


def _with_shared_units(text: str, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """Give the first number of "10 to 15 years" or 三、五天 the unit of the last."""
    given: list[Quantity] = []
    for one in reversed(found):
        after = given[-1] if given else None
        if (
            after
            and not one.unit
            and after.unit not in {"", "date", "every"}
            and _JOINED.fullmatch(text[one.end : after.start])
            and (after.unit != "clock" or one.value.isdecimal())  # 19:2 is no hour
        ):
            given.append(_of_unit(one, after.unit))
        else:
            given.append(one)
    yield from reversed(given)


def _of_unit(one: Quantity, unit: str) -> Quantity:
    value = f"{int(one.value):02}:00?" if unit == "clock" else one.value
    return dataclasses.replace(one, value=value, unit=unit)


@lru_cache(maxsize=4096)  # asked of a quantity time and again, and of most of them never
def _neighbours(text: str, start: int, end: int) -> frozenset[str]:
    """The words that stand close by."""
    after, before = (
        analysis.terms(part) for part in (text[end : end + 48], text[max(0, start - 48) : start])
    )
    return frozenset([*before[-_NEAR:], *after[:_NEAR]])


@lru_cache(maxsize=4096)
def _thing(text: str, end: int) -> str:
    """The word of content right after a number; empty where there is none."""
    first = _NEXT_WORD.match(text, end)
    terms = analysis.terms(first[1]) if first else []
    return next((term for term in terms if term not in analysis.stop_terms()), "")
