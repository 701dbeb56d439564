"""For which time a question asks: now, a day, a version, or before the last change; and whether it
asks for the changes themselves."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from quire.answering.versions import editions
from quire.text import analysis
from quire.verification.quantities import MONTHS, quantities

When = Literal["now", "day", "version", "before", "first"]

_FIRST = re.compile(
    r"\b(?:originally|at first|initially|in the first version"
    r"|original(?=\W+(?:\w+\W+){0,2}(?:agreement|contract|version|wording|text|terms|decision"
    r"|clause|figure|fee|price|charge|amount|term)\b))\b|最初|起初|原合同|原协议|原版|第一版",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:previous(?:ly)?|former(?:ly)?|used to be|(?:earlier|prior|old(?:er)?) version"
    r"|until then|superseded)\b"
    r"|\bbefore\W*$|\bbefore (?:that|then|now|this|the (?:change|amendment|update|revision"
    r"|new version)|(?:amendment|version|addendum)\b)"
    r"|原来|原先|原定|旧版|上一版|前一版|修[改订]前|变更前|调整前|改之?前"
    r"|(?<![天日月年时点周期])(?:之前|以前|此前|先前)(?=[的是为]|规定|多少|[？?。]*$|，)",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\b(?:version|v|ver\.|edition|issue)\s?\d|版本\s?V?\d|V\d|第\d+版", re.IGNORECASE
)
_TIME = re.compile(
    r"\b(?:in|during|of|for|at the end of|until|as of|on|since|back in)\s+(?:the year )?"
    r"(?:(?:\d{1,2} )?[A-Z][a-z]+(?: \d{1,2},)? )?(?:19|20)\d\d\b"
    r"|\b(?:current|original)(?=\s+(?!of\b|for\b|in\b|is\b)\w)"
    r"|\b(?:currently|now|nowadays|today|at present|presently|latest|previous|previously"
    r"|former|formerly|originally|initially|before(?=\W*$))\b"
    r"|\b(?:under|in|by|of|with)\s+(?:the )?(?:version|edition|issue|v\.?)\s?\d[\d.]*"
    r"|(?:在|于)?(?:19|20)\d\d\s?年(?:\s?\d+\s?月)?(?:\s?\d+\s?[日号])?(?:度|时|的)?"
    r"|目前|现在|现行|当前|如今|最新|原来|原先|之前(?=[的是为])|以前|最初|(?:按照?)?(?:版本\s?)?V\d[\d.]*(?:中|的)?",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?!(?:^|(?<=[^\d][.?!]\s))May\b)"  # that opens a question as a verb
    rf"\b(?P<name>{'|'.join(map(str.capitalize, MONTHS))})\b(?!,? \d{{4}})"
    r"|(?<![\d年])(?P<zh>1[0-2]|[1-9])\s?月(?!\d|[份底]?\d)"
)
_VERSIONED = re.compile(
    r"\b(?:versions?|v|ver\.|editions?|issues?|amendments?|addendum)\b(?:\s*(?:no\.?\s*)?[\d.]+)?"
    r"|\b\d+\.\d+\b|(?:19|20)\d\d年?|版本|[新旧]版|V\d[\d.]*|补充协议[一二三四五\d（）()]*"
    r"|\b(?:compared|comparison|different|differences?|changes?|changed)\b|相比|相较|对比|比较|[改变]了",
    re.IGNORECASE,
)
_AROUND_YEAR = re.compile(
    r"\b(?:in|during|of|for|at the end of|until|by|as of|on|since|before|after|early|late|mid"
    r"|back in|throughout)\W+(?:\w+\W+){0,3}$",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    r"\bwhat(?:'s| is| has| have| was| were| are)?(?: the)?(?: been)?"
    r" (?:changed?|new|different|amended|revised|updated|changes|differences?)\b"
    r"(?! (?:to |from )?(?:the )?(?:oil|filter|battery|bulb|belt|blade|password|money)s?\b)"
    r"|\b(?:which|what) (?:\w+ ){1,3}(?:(?:has|have|had|was|were) (?:been )?)?"
    r"(?:changed|amended|revised|replaced|altered)\b"
    r"|\b(?:changes|differences?) (?:between|from|since|in|to|made|of)\b.*"
    r"\b(?:version|edition|issue|amendment|addendum|v\d|polic|agreement|contract|list|handbook|20\d\d)"
    r"|\bhow (?:does|do|did|has|have) .{3,80}\b(?:differ|changed?\W*$)"
    r"|\bwhat (?:does|do|did|has|have) .{3,80}\b(?:change|changed|amend|amended|replace|replaced)\b"
    r"|(?:什么|哪些|哪里|何)\S{0,6}(?:变化|变更|改动|修改|不同|区别|调整|变了|改了)"
    r"|(?:改变|变|修改|变更|调整|改动|修订|改)了\S{0,20}?(?:什么|哪些|哪里)|有(?:什么|何|哪些)(?:变化|变更|改动|不同|区别)"
    r"|(?:变化|区别|不同)(?:是什么|有哪些|在哪)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Era:
    """For which time something is asked. `day` is the last day of it where `when` is "day", and
    `month` is one that is named without its year, 0 where none is."""

    when: When
    day: date
    version: tuple[int, ...] = ()
    month: int = 0


def era(question: str, *, today: date) -> Era:
    """For which time a question asks.

    >>> day = date(2026, 1, 1)
    >>> [era(asked, today=day).when for asked in (
    ...     "What is the fee?", "What was the fee in 2023?", "What was it previously?",
    ...     "What must I do before I travel?", "原来的餐标是多少？", "出发之前要做什么？")]
    ['now', 'day', 'before', 'now', 'before', 'now']
    """
    named = editions.versions(question)
    if named and _VERSION.search(question):
        return Era("version", today, named[0])
    if _FIRST.search(question):
        return Era("first", today)
    if _BEFORE.search(question):
        return Era("before", today)
    day = _day(question)
    return Era("day", day) if day and day < today else Era("now", today, month=_month(question))


def asks_for_changes(question: str) -> bool:
    """Whether a question asks what has changed.

    >>> asks_for_changes("What changed in version 3.1?"), asks_for_changes("新版有哪些变化？")
    (True, True)
    >>> asks_for_changes("How do I change the oil?"), asks_for_changes("多久更换一次机油？")
    (False, False)
    """
    return _CHANGES.search(question) is not None


def timeless(question: str) -> str:
    """A question without the words that say for which time it asks; itself where nothing else is
    left.

    >>> timeless("What was the meal allowance in 2023?"), timeless("现行的餐费补贴是多少？")
    ('What was the meal allowance ?', '的餐费补贴是多少？')
    """
    bare = _TIME.sub("", question)
    says = [t for t in analysis.question_terms(bare) if t not in analysis.stop_terms()]
    return bare if any(len(term) > 1 for term in says) else question


def without_changes(question: str) -> str:
    """A question without the words that ask for changes, and without versions and years.

    >>> without_changes("What changed between version 2.0 and 3.1 about meals?").split()
    ['between', 'and', 'about', 'meals?']
    """
    return _VERSIONED.sub(" ", _CHANGES.sub(" ", question))


def _day(question: str) -> date | None:
    """The last day of the day, month or year that is asked for."""
    for found in quantities(question):
        match = re.fullmatch(r"(\d{4})(?:-(\d\d?))?(?:-(\d\d?))?", found.value)
        if found.unit != "date" or not match:
            continue
        year, month, day = int(match[1]), int(match[2] or 12), int(match[3] or 0)
        if not 1900 <= year <= 2200:
            continue
        chinese = not question[: found.start].isascii() or "年" in question
        if match[2] or chinese or _AROUND_YEAR.search(question[: found.start]):
            try:
                return date(year, month, day) if day else _end_of(year, month)
            except ValueError:
                continue
    return None


def _month(question: str) -> int:
    """A month that a question names without its year; 0 where it names none.

    >>> _month("Who spoke at the May meeting?"), _month("May guests speak?"), _month("3月的会议")
    (5, 0, 3)
    """
    found = _MONTH.search(question)
    if not found:
        return 0
    return int(found["zh"]) if found["zh"] else MONTHS.index(found["name"].lower()) + 1


def _end_of(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
