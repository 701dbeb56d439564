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
from quire.verification import bounds, clocks, numerals, units


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


MONTHS = (
    "january february march april may june july august september october november december".split()
)
_SHORT_MONTHS = [*(month[:3] for month in MONTHS), "sept"]
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_SHORT_DAYS = ("mon", "tues", "tue", "wed", "thurs", "thur", "thu", "fri", "sat", "sun")
_DAYS_ZH = "一二三四五六日"
_COUNTED_ZH = (
    "个名位人年月日天周岁次斤座条只件家间所项种类米公千克吨元厘毫平分小世度倍层级届号楼根张块支把辆艘架台部本册页章节"
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
_FRACTIONS = "|".join(word for word in (*numerals.PARTS, *numerals.RARE_PARTS) if word[-2:] != "es")
_LENGTHS = "hour|minute|week|fortnight|day|month|quarter|year|decade|century"
MONTH = "|".join([*MONTHS, *_SHORT_MONTHS])
_PERIOD = "|".join(
    sorted((w for ws in units.PERIODS.values() for w in ws.split() if w.isascii()), key=len)[::-1]
)
_EVERY_ZH = "小时|个小时|天|日|晚|周|星期|个星期|月|个月|季度|个季度|季|年"
_DIGIT_ZH = "[一二两三四五六七八九]"
_NUMERAL_ZH = "(?:[零〇一二两三四五六七八九十百万亿]|千(?![瓦克米伏赫卡帕焦牛]))"
_OUTLINE = re.compile(
    rf"[\s#*>|-]*(?:(?:\d{{1,2}}(?:\.\d{{1,2}})+\.?\s+"
    rf"|\d{{1,3}}[.)、]\s*)(?=[\"“A-ZÀ-Þ{languages.CJK}])"
    r"|[(（]\d{1,2}[)）]\s*)"
)
_ANY = rf"""
    (?P<label>\b(?:{_LABELS})\s?(?:[a-z]-?)?\d+(?:[.-]\d+)*\b
       |\b(?:article|section|clause|chapter|room|number|figure|table|page|item|step|schedule|channel|part
          |paragraph|annex|appendix|volume)\s(?:{_WORDS})\b
       |第(?:\d+|{_NUMERAL_ZH}+)[条章节款项号页期批届版回集卷段]
       |\b[a-z]+[-/]?\d[\w./-]*\b|\b\d+[a-z]+\d[\w-]*\b|(?<![\d.])\d+(?:\.\d+){{2,}}(?!\d))
  | (?P<iso>(?<!\d)(?P<y1>\d{{4}})[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?!\d))
  | (?P<chinese>(?:(?P<y2>\d{{4}}|[零〇一二三四五六七八九]{{4}})年)?
       (?P<m2>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月
       (?:(?P<d2>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[日号])?)
  | (?P<british>\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m3>{MONTH})\b\.?
       (?:,?\s(?P<y3>\d{{4}})\b)?)
  | (?P<american>\b(?P<m4>{MONTH})\b\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)
       (?:,?\s(?P<y4>\d{{4}})\b)?)
  | (?P<monthly>\b(?P<m5>{MONTH})\b\.?,?\s(?:of\s)?(?P<y5>\d{{4}})\b)
  | (?P<month>\b(?P<m6>{"|".join(MONTHS)})\b)
  | (?P<decade>\b(?:\d{{3}}0)s\b|\d{{2,4}}年代|[二三四五六七八九]十年代)
  | (?P<weekday>\b(?:{"|".join(_DAYS)})s?\b|\b(?P<short_day>{"|".join(_SHORT_DAYS)})\b
       |(?:星期|礼拜|(?<!每)周)[{_DAYS_ZH}天](?![次回个年月季]))
  | {clocks.PATTERN}
  | (?P<ratio>(?<!\d)\d+(?:\.\d+)?(?:[:：]|\s[:：]\s|\s?比\s?)\d+(?:\.\d+)?(?!\d))
  | (?P<share>(?P<per>[百千万])分之
       (?P<of>\d+(?:\.\d+)?|{_NUMERAL_ZH}+(?:点[零〇一二三四五六七八九]+)?))
  | (?P<part_zh>(?P<lower>\d+|{_NUMERAL_ZH}+)分之(?P<upper>\d+|{_NUMERAL_ZH}+))
  | (?P<part>\b(?:(?P<pieces>an?|{_WORDS})[\s-])?(?:{_PARTS})s?\b(?=\s(?:of|an?|the)\b)|\bhalf\b
       |\b(?:an?|one)[\s-](?:{_FRACTIONS})\b(?=\s(?:of|an?|the|less|lower|smaller|cheaper)\b)
       |(?<=\bby\s)an?\s(?:third|quarter|fifth|tenth)\b|(?<=\bof\s)an?\s(?:third|fifth|tenth)\b
       |\b(?:{_WORDS})[\s-](?:{_FRACTIONS})s\b|一半|半数(?!以上))
  | (?P<half_zh>(?<![上下前后大小多一折过个年天月两第])半个?(?=[^\W\d]))
  | (?P<and_part>\b(?:an?|one)\s(?P<a1>{_LENGTHS})\sand\sa\s(?P<a2>half|quarter)\b)
  | (?P<article>(?:(?<=\bwithin\s)|(?<=\bfor\s)|(?<=\bafter\s)|(?<=\bthan\s)|(?<=\bleast\s)
        |(?<=\bmost\s)|(?<=\btakes\s)|(?<=\babout\s)|(?<=\bto\s)|(?<=\bexactly\s)
        |(?<=\blasts\s)|(?<=\bunder\s)|(?<=\bnearly\s)|(?<=\bover\s))an?\s(?=(?:{_LENGTHS})\b)
       |\ba\s(?=fortnight\b))
  | (?P<every>\b(?:every|each|per)\s(?P<e1>{_PERIOD})\b
       |(?<=\s)an?\s(?P<e2>{_PERIOD})\b
       |\b(?P<e3>hourly|daily|nightly|weekly|monthly|quarterly|yearly|annually|annual)\b
       |每(?P<e4>{_EVERY_ZH}))
  | (?P<digits>(?P<sign>(?<![a-z0-9)\]])[-−](?=\d)|零下|minus\s)?
       (?P<number>(?<![\d.])\d{{1,3}}(?:[,\s]\d{{3}})+(?:\.\d+)?(?![\d,]*\d)|\d+,\d{{1,2}}(?!\d)|\d+(?:\.\d+)?))
       (?P<scale>\s?(?:hundred|thousand|million|billion|trillion)\b|[十百千万亿]+)?
       (?P<ordinal_end>(?:st|nd|rd|th)\b)?(?P<and_half>\sand\sa\shalf\b)?
  | (?P<words>\b(?P<word>(?:{_WORDS})(?:(?:[\s-]|\sand\s)(?:{_WORDS}))*)\b
       (?P<and_half2>\sand\sa\shalf\b)?)
  | (?P<ordinal>(?<!\bper\s)(?<!\bat\s)\b(?!first,|second\s(?:later|ago|or|before|after)\b)
       (?:{_ORDINALS})\b)
  | (?P<numeral>第?{_NUMERAL_ZH}+(?:点[零〇一二三四五六七八九]+)?)
    """
# Where none can begin, which is nearly everywhere, none is tried.
_BEGINS = rf"[\d{''.join({each for each in _ANY if not each.isascii()})}]|-\d|\b[a-z]|minus\s"
_FOUND = re.compile(rf"(?={_BEGINS})(?:{_ANY})", re.VERBOSE)
_DATES = {"iso": "1", "chinese": "2", "british": "3", "american": "4", "monthly": "5", "month": "6"}
_KINDS = tuple(
    "label iso chinese british american monthly month decade weekday clock ratio share "
    "part_zh part half_zh and_part article every digits words ordinal numeral".split()
)
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|since|of|from|by|until|till|before|after|between|and|to|during|year|circa|c\."
    r"|late|early"
    r"|mid|around|about|the|,|\()|[于在自从至到，（(、]|-|–)\s?$"
)
_AND_HALF = re.compile(r"(个|年|天|周|小时|米|斤|公斤|吨|公里|里)半(?![天年数价路夜])")
_TENTHS = re.compile(
    rf"(?:(?<=元)({_DIGIT_ZH}|\d)角"
    rf"|(?<=[块米])({_DIGIT_ZH}|\d)(?![\d十百千万亿个位名米块元点分倍成]))"
)
_SMALLER = {"hour": ("minute", 60), "year": ("month", 12)}
_AND = re.compile(r"\s?(?:and\s|零|又)?")
_MORE_TENTHS = re.compile(f"(?:半|{_DIGIT_ZH})(?![成个名位天年月次折])")
_OF_A_UNIT = re.compile(r"-|\s(?:of\s)?an?\s")
_SCALED = re.compile(rf"\sa\s({'|'.join(numerals.SCALES)})\b")
_HALVES_OF_NONE = frozenset(
    {"person", "time", "°", "fold", "quarter"}
)  # 半人, 半次, 半度 are words
_YEAR_REACH = 16  # characters: more than the longest of these
_COUNTED_AFTER = re.compile(r"\s[a-z]{3,}s\b")
_JOINED = re.compile(r"\s?(?:-|–|—|~|至|到|或|、|,|/|×|\bx\b|\bto\b|\bor\b|\band\b|和)\s?")
_NUMBER_OF_LABEL = re.compile(rf"第({_NUMERAL_ZH}+)|(?<=\s)(?:{_WORDS})$")
_BESIDE_DAY = re.compile(r"\.?\s*(?:$|[-–—,;:/&·|)]|\d|to\b|and\b|until\b)")
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
    found = list(_joined(folded, found))
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
    done = 0
    for match in _FOUND.finditer(text, outline.end() if outline else 0):
        kind = next(name for name in _KINDS if match[name])
        at, end = match.span()
        if at < done:
            continue  # the five of 八块五 has been read
        value, unit = "", ""
        if kind == "label":
            continue
        if kind == "month" and not _is_month(match, original):
            continue
        if kind in _DATES:
            value, unit = _date(match, _DATES[kind]), "date"
        elif kind == "decade":
            value = re.sub(r"\D", "", match[0]) or f"{numerals.chinese(match[0][:-2]):.0f}"
            unit = "decade"
        elif kind == "weekday":
            if match["short_day"] and not _is_day(text, match, original):
                continue
            value, unit = _weekday(match[0]), "weekday"
        elif kind == "clock":
            value, unit = clocks.read(match), "clock"
            if not value:
                continue
        elif kind == "ratio":
            value = ":".join(re.findall(r"\d+(?:\.\d+)?", match[0]))
        elif kind == "share":
            of = numerals.chinese(match["of"]) / (100 if match["per"] == "万" else 1)
            value, unit = _exactly(of, match["of"])
            unit = unit or ("‰" if match["per"] == "千" else "%")
        elif kind == "part_zh":
            lower = numerals.chinese(match["lower"]) or 1
            value, unit = _exactly(numerals.chinese(match["upper"]) / lower, match[0])
            unit = unit or "part"
        elif kind == "part":
            value, (unit, end) = _part(match[0]), _unit_of_part(text, end)
            if scaled := _SCALED.match(text, match.end()):
                value = _plain(float(value) * numerals.SCALES[scaled[1]])
                unit, end = units.after(text, scaled.end())
        elif kind == "half_zh":
            value = "0.5"
            unit, end = units.after(text, match.start() + 1)
            if text.startswith("半个月", match.start()):
                unit, end = "month", match.start() + 3
            if not unit or unit in _HALVES_OF_NONE:
                continue
        elif kind == "and_part":
            value = "1.5" if match["a2"] == "half" else "1.25"
            unit = units.after(text, match.start("a1"))[0]
        elif kind == "article":
            value, (unit, end) = "1", units.after(text, end)
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
        done = end


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
            more = _MORE_TENTHS.match(text, end + 1)
            value = 10 * value + (numerals.chinese(more[0].replace("半", "五")) if more else 0)
            said, code = _exactly(value, match[0])
            return said, code or "%", more.end() if more else end + 1
    if half := _AND_HALF.match(text, end):
        value += 0.5
        unit, unit_end = _unit_of_half(text, half)
    elif tenths := unit in {"yuan", "m"} and _TENTHS.match(text, unit_end):
        value += (numerals.chinese(tenths[1] or tenths[2])) / 10  # 八块五, 一米二
        unit_end = tenths.end()
    said, code = _exactly(value, match[0])
    if code:
        return said, code, end
    if ordinal:
        return said, unit if unit == "century" else "th", end
    if not unit and (currency := units.before(text, match.start())):
        return said, currency, end
    return said, unit, unit_end


def _unit_of_part(text: str, end: int) -> tuple[str, int]:
    """The unit that "half an hour" and "half-hour" have, and where it ends; else "part"."""
    found = _OF_A_UNIT.match(text, end)
    unit, unit_end = units.after(text, found.end()) if found else ("", end)
    return (unit, unit_end) if unit else ("part", end)


def _unit_of_half(text: str, half: re.Match[str]) -> tuple[str, int]:
    """The unit of what is so many and a half, 一个半小时 or 一年半, and where it ends."""
    if half[1] != "个":
        return units.after(text, half.start())[0], half.end()
    if text.startswith("月", half.end()):
        return "month", half.end() + 1
    return units.after(text, half.end())


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


def _is_day(text: str, match: re.Match[str], original: str) -> bool:
    """Whether Sat or Sun is a day of the week: written so, and beside a mark as in a roster."""
    start, end = match.span("short_day")
    return original[start : start + 1].isupper() and _BESIDE_DAY.match(text, end) is not None


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
    return next(day for day in _DAYS if day.startswith(text[:3]))


def _part(text: str) -> str:
    if text[0] in "一半":
        return "0.5"
    words = re.split(r"[\s-]+", text)
    parts = numerals.PARTS | numerals.RARE_PARTS
    lower = parts.get(words[-1]) or parts[words[-1].removesuffix("s")]
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
        elif after and not one.unit and _is_day_before(text, one, after):
            day = f"{after.value[:-2]}{int(one.value):02}"
            given.append(dataclasses.replace(one, value=day, unit="date"))
        else:
            given.append(one)
    yield from reversed(given)


def _is_day_before(text: str, one: Quantity, date: Quantity) -> bool:
    """Whether a number is the first day of "9 and 10 October"."""
    return (
        date.unit == "date"
        and date.value.count("-") == 2
        and text[date.start].isdecimal()
        and not text[date.start : date.end][:4].isdecimal()
        and one.value.isdecimal()
        and 0 < int(one.value) < int(date.value[-2:])
        and _JOINED.fullmatch(text[one.end : date.start]) is not None
    )


def _joined(text: str, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """One length for "an hour and ten minutes" and 1小时10分, in the smaller of the two units."""
    held: Quantity | None = None
    for one in found:
        smaller, times = _SMALLER.get(held.unit if held else "", ("", 0))
        if held and smaller and _AND.fullmatch(text[held.end : one.start]):
            minutes = smaller == "minute" and not one.unit and text.startswith("分", one.end)
            if (one.unit == smaller or minutes) and _is_less(one.value, times):
                value = _plain(times * float(held.value) + float(one.value))
                end = one.end + minutes
                held = dataclasses.replace(held, value=value, unit=smaller, end=end)
                continue
        if held:
            yield held
        held = one
    if held:
        yield held


def _is_less(value: str, than: int) -> bool:
    return value.isdecimal() and int(value) < than


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
