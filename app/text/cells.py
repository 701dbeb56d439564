"""The cells of tables as they are compared: words and codes, numbers, dates, and units of columns.

In a table a single letter is a name (hall C), a code may be written otherwise than in the question
(F-21, F 21 and F21 are one, BX-1007-A and BX-1007-B are two), a number in parentheses is negative,
and a unit may stand over the column.
"""

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from quire.records import Statement
from quire.text import analysis
from quire.text.languages import CJK
from quire.text.lines import han_number

Words = tuple[str, ...]

_TOKEN = re.compile(rf"[^\W_{CJK}]+(?:[-–/._+#:,'’][^\W_{CJK}]+)*|[{CJK}]|[%‰€£¥$]")
_HAN = re.compile(f"[{CJK}]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MEASURED = re.compile(r"(\d+(?:\.\d+)?)([a-z]{1,4})")
_BEFORE_DIGIT = re.compile(r"(?<=[a-z])[-–_./+#](?=\d)")
_WEEKDAY = re.compile("(?:周|礼拜)(?=[一二三四五六日天](?![次回个遍]))")
_ORDINAL = re.compile(  # below a hundred; 第三方 is no third
    "(?<=第)(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
    "(?![一二三四五六七八九十百千类方])"
)
_POSSESSIVE = re.compile(r"['’]s?$")
_PREFIX = 3  # capitals before a number that are one code with it: F 21, VP 340
_MOST = 4_000  # characters of a cell or a question that are looked at

CURRENCIES = ("EUR", "USD", "GBP", "CNY", "RMB", "CHF", "JPY", "HKD")
_CODES = "|".join(CURRENCIES)
_CURRENCY = rf"(?:US|HK|NT)?\$|[€£¥]|(?:{_CODES}|人民币)\s?"
_NUMBER = re.compile(
    rf"""
    (?P<open>[(（]\s*)?(?P<sign>[-−–]\s*)?(?P<before>{_CURRENCY})?\s*(?P<minus>[-−–]\s*)?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<close>\s*[)）])?\s*
    (?P<after>(?:[^\d]|(?<=m)[23]|[²³]){{0,60}})
    """,
    re.VERBOSE,
)
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?(?:[ T].*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_BRACKET = re.compile(r"[(（\[]([^()（）\[\]]{1,40})[)）\]]\s*$")
_IN = re.compile(r"(?:,|，|\bin|/)\s*([^,，\s\d][^,，]{0,30})$", re.IGNORECASE)
_CODE_OF_CURRENCY = re.compile(rf"\b({_CODES})\b")
_SCALED = r"(?:thousand|million|billion)s?"
_MONEY = rf"(?:(?:US|HK)?\$|[€£¥]|(?:{_CODES})\b)"
_SHORT_SCALES = {
    "000": "thousand",
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
}
_SHORT_SCALE = rf"({_MONEY})?\s?['’]?(000|k|mn|m|bn)s?"
_SHORTENED = re.compile(_SHORT_SCALE, re.IGNORECASE)
_COUNTED = r"[百千万亿]*(?:元|美元|欧元|港元|日元|円|股|吨|人|台|件|户|套|平方米)"
_EACH = f"(?:[a-z{CJK}]{{1,6}}[²³]?)(?:[/／·・.](?:[a-z{CJK}]{{1,6}}[²³]?))?"  # 平方米·月
_OF_ALL = re.compile(
    rf"""
    [(（]\s*(?:in\s)?({_MONEY}\s?['’]?(?:000|k|mn|m|bn)s?|['’]?000s?)\b
    | \bin\ ({_MONEY}\s?['’]?(?:000|k|mn|m|bn)s?)\b
    | \bin\ ((?:{_MONEY}\s?)?{_SCALED}
        (?:\ of\ (?:U\.?S\.?\ dollars|[a-z]+(?:\ dollars)?)|\ {_MONEY})?)
    | \bin\ ({_MONEY}(?:\s{_SCALED})?)
    | [(（]\s*({_MONEY}(?:\s?{_SCALED})?)\s*[)）]
    | [单单單]位[:：]\s*(?:人民币)?\s*({_COUNTED}(?:[/／]{_EACH})?)(?![/／])
    | [(（](?:人民币)?({_COUNTED}(?:[/／]{_EACH})?)[)）,，；;]
    """,
    re.IGNORECASE | re.VERBOSE,
)
_OF_POUNDS = re.compile(r"(thousand|million|billion)s? of pounds(?: sterling)?", re.IGNORECASE)
_OF_AMOUNTS = re.compile(
    r"\b(?:amounts?|figures|numbers|values|sums|stated|expressed|shown|reported|presented|given)\b"
    "|金额|数字|单位",
    re.IGNORECASE,
)
_NO_AMOUNT = re.compile(
    r"[(（][^()（）]*[a-z][^()（）]*[)）]\s*$|%|\bper\b|\b(?:number|shares?|employees|headcount|staff|ratio"
    r"|margin|rate|days|tonnes)\b|人数|每股|股数|比[率例]|天数",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"\bexcept(?: for)? ([^)）]*)|除([^)）]{1,20}?)外", re.IGNORECASE)
_RATE = re.compile(r"%|\bper ?cent|比例|比率|比重|同比|幅度", re.IGNORECASE)
_VAGUE = frozenset(analysis.terms("amounts data figures information noted number"))
_FOOTNOTE = re.compile(r"[a-f\d*†]+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a cell: `kind` is "number", "date" or "clock" (days and minutes, which only can
    be compared), and `unit` what stands beside it, as it is written."""

    value: float
    unit: str = ""
    kind: str = "number"
    decimals: int = 0


def words(text: str) -> Words:
    """The words of a cell or a question, so that one can be found in the other: stems, codes in one
    form, Chinese characters one by one, days of the week and ordinals in one writing.

    >>> words("Halls of F-21, f 21 and BX-1007-A"), words("一类城市 daylight_minutes 7.5kW")
    (('hall', 'of', 'f21', 'f21', 'and', 'bx1007-a'), ('一', '类', '城', '市', 'daylight', \
'minut', '7.5', 'kw'))
    >>> words("周三第二节") == words("星期三第2节"), words("第一百条") == words("第1百条")
    (True, False)
    """
    return _words(text[:_MOST])


def bag(said: Words) -> frozenset[str]:
    """Words, and pairs of Chinese characters that stand beside each other."""
    pairs = (a + b for a, b in itertools.pairwise(said) if is_han(a) and is_han(b))
    return frozenset((*said, *pairs))


def is_han(word: str) -> bool:
    """Whether a word is a Chinese character."""
    return len(word) == 1 and _HAN.match(word) is not None


@lru_cache(maxsize=20_000)
def _words(text: str) -> Words:
    plain = _WEEKDAY.sub("星期", unicodedata.normalize("NFKC", text))
    plain = _ORDINAL.sub(lambda said: str(han_number(said[0])), plain)
    found: list[str] = []
    prefix, prefix_end = "", -1
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if prefix and token[0].isdigit() and plain[prefix_end : match.start()] == " ":
            found.pop()
            token = prefix + token
        capital = token.isupper() and token.isalpha() and len(token) <= _PREFIX
        lone = token.isascii() and token.isalpha() and len(token) == 1 and token.lower() not in "ai"
        prefix, prefix_end = (token, match.end()) if capital or lone else ("", -1)
        found += _token(analysis.fold(token))
    return tuple(found)


def _token(token: str) -> list[str]:
    token = _POSSESSIVE.sub("", token)
    if _THOUSANDS.fullmatch(token):
        return [token.replace(",", "")]
    if not any(character.isdigit() for character in token):
        return [analysis.stem(part) for part in re.split(r"[-–/._+#:,'’]", token) if part]
    if measured := _MEASURED.fullmatch(token):
        return [measured[1], measured[2]]
    return [part for part in _BEFORE_DIGIT.sub("", token).split(",") if part]


def number(cell: str) -> Number | None:
    """The number that a cell holds, and nothing but a number with its unit; None where it holds
    another thing.

    >>> number("(1,907.5)"), number("€0.38 per kilometre").unit, number("1, length 410 mm")
    (Number(value=-1907.5, unit='', kind='number', decimals=1), '€ per kilometre', None)
    >>> number("08:01").value, number("2024-06-21").kind
    (481.0, 'date')
    """
    if cell.isascii() and cell.isdigit():
        return Number(float(cell[:200]))
    said = _narrow(cell[:200]).strip().strip("*")
    if clock := _CLOCK.fullmatch(said):
        return Number(60.0 * int(clock[1]) + int(clock[2]), kind="clock")
    if day := date(said):
        year, month, of_month = day
        return Number(372.0 * year + 31 * (month - 1) + max(of_month, 1) - 1, kind="date")
    found = _NUMBER.fullmatch(said)
    if not found or (found["open"] and not found["close"]):
        return None
    written = found["number"].replace(",", "")
    negative = bool(found["sign"] or found["minus"] or (found["open"] and found["close"]))
    unit = " ".join(filter(None, ((found["before"] or "").strip(), found["after"].strip(" *†"))))
    value = float(written)
    decimals = len(written.partition(".")[2])
    return Number(-value if negative else value, unit, decimals=decimals)


def _narrow(cell: str) -> str:
    """A cell with all in half width, and its squares and cubes as they are."""
    if cell.isascii():
        return cell
    return "".join(c if c in "²³" else unicodedata.normalize("NFKC", c) for c in cell)


def date(cell: str) -> tuple[int, int, int] | None:
    """Year, month and day (0 where it says none) of a cell that is a date in figures.

    >>> date("2024-06-21"), date("21.06.2024"), date("2024年6月"), date("12.5")
    ((2024, 6, 21), (2024, 6, 21), (2024, 6, 0), None)
    """
    if found := _YEAR_FIRST.fullmatch(cell):
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 0)
    elif found := _YEAR_LAST.fullmatch(cell):
        day, month, year = int(found[1]), int(found[2]), int(found[3])
        if month > 12:
            day, month = month, day
    else:
        return None
    return (year, month, day) if 1 <= month <= 12 and day <= 31 else None


def unit_of(column: str) -> str:
    """The unit that a column's name says; empty where it says none.

    >>> unit_of("Weight (kg)"), unit_of("price EUR"), unit_of("Hall"), unit_of("住宿上限（元/晚）")
    ('kg', 'EUR', '', '元/晚')
    >>> unit_of("2023 (in millions, restated)"), unit_of("March 31, 2021"), unit_of("2023 (a)")
    ('millions', '', '')
    >>> unit_of("Salary 2024 (£000)"), unit_of("Revenue, €m"), unit_of("Length, m")
    ('£ thousand', '€ million', 'm')
    >>> unit_of("Amount in EUR thousand"), unit_of("Rent EUR/month")
    ('EUR thousand', 'EUR')
    """
    found = _BRACKET.search(column)
    if found and (unit := unit_in(found[0])):
        return unit
    if found and not _FOOTNOTE.fullmatch(found[1].strip()):
        return found[1].strip()
    found, code = _IN.search(column), _CODE_OF_CURRENCY.search(column)
    if code and (found is None or code.start() < found.start(1)):  # EUR/month
        found = code
    return _spelt_out(found[1].strip()) if found else ""


def unit_at(row: Statement, column: str) -> str:
    """The unit of a row's number in a column: that of its name, or the one over all of them."""
    return unit_of(column) or ("" if _RATE.search(column) else unit_over(row))


def unit_over(row: Statement) -> str:
    """The unit that stands over all numbers of a row: in what its table is called, in the corner of
    its header, or alone in a row above. Empty where there is none, or the row is excepted.

    >>> from quire.records import Stretch
    >>> under = (Stretch(0, 0, "Results (in millions, except per share data)"),)
    >>> [
    ...     unit_over(Statement("row", 0, 0, "", under, cells=(("", label), ("2023", "7"))))
    ...     for label in ("Revenue", "Earnings per share")
    ... ]
    ['millions', '']
    """
    for stretch in reversed(row.under):
        parts = [part.strip() for part in stretch.text.split("|")]
        told = [part for part in parts if part]
        said = parts[0] if len(told) > 1 else " ".join(told)
        if unit := unit_in(said):
            label = row.cells[0][1] if row.cells else ""
            counts = says_unit(said) and _NO_AMOUNT.search(label)
            return "" if counts or _is_excepted(label, said) else unit
    return ""


def says_unit(sentence: str) -> bool:
    """Whether a sentence above a table says in which unit its amounts are.

    >>> says_unit("All amounts in thousands of pounds (£000)."), says_unit("We pay in EUR.")
    (True, False)
    """
    return bool(_OF_AMOUNTS.search(sentence) and unit_in(sentence))


def unit_in(said: str) -> str:
    """The unit that a text says all numbers below it to be in; empty where it says none.

    >>> unit_in("Revenue by division (£000)"), unit_in("Results (in millions)"), unit_in("Fees")
    ('£ thousand', 'millions', '')
    """
    found = _OF_ALL.search(said)
    return _spelt_out(found[found.lastindex or 0].strip()) if found else ""


def _spelt_out(unit: str) -> str:
    """A unit of money with its scale as a word.

    >>> _spelt_out("£'000"), _spelt_out("€m"), _spelt_out("thousands of pounds"), _spelt_out("m")
    ('£ thousand', '€ million', '£ thousand', 'm')
    """
    if found := _OF_POUNDS.fullmatch(unit):
        return f"£ {found[1].lower()}"
    short = _SHORTENED.fullmatch(unit)
    if short is None or not (short[1] or short[2] == "000"):
        return unit
    return f"{short[1] or ''} {_SHORT_SCALES[short[2].lower()]}".strip()


def _is_excepted(label: str, said: str) -> bool:
    """Whether a row is of what a caption excepts from its unit: "except per share data"."""
    found = _EXCEPT.search(said)
    if not found:
        return False
    if found[2]:
        return any(found[2][at : at + 2] in label for at in range(len(found[2]) - 1))
    excepted = set(analysis.terms(found[1])) - analysis.stop_terms() - _VAGUE
    return bool(excepted & set(analysis.terms(label)))


def without_unit(column: str) -> str:
    """A column's name without the unit in brackets after it.

    >>> without_unit("Weight (kg)"), without_unit("Hall")
    ('Weight', 'Hall')
    """
    return _BRACKET.sub("", column).strip() or column
