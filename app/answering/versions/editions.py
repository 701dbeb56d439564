"""What a document says of itself: which edition it is, from when on it holds, what it replaces.

It is read in the name of its file, in its title and in its first lines. Documents are versions of
each other where name or title are the same but for the edition ("prices 2024", "prices 2025"), or
where they give themselves the same number and the same title; not where a name, a model or a site
is another. An amendment names the contract that it changes, by its number or its title.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cmp_to_key, lru_cache
from typing import Literal

from quire.records import Document
from quire.text import analysis
from quire.verification.quantities import MONTH, quantities

Ground = Literal["words", "dates", "files"]
"""By what one document is newer than another: what it says, the dates it bears, its file's."""

_HEAD = 1_500  # characters of a document in which it says what it is
_NUMBER = r"v?(?P<number>\d+(?:\.\d+)*)"
_VERSION = re.compile(
    rf"(?:\b(?:version|ver\.?|rev(?:ision)?\.?|edition|release)(?:\s+no\.?)?|版本号?|版次)"
    rf"[\s:：*|]*{_NUMBER}|\bissue\s?(?P<issue>\d+)(?!\s*[A-Z])|\bv\s?(?P<short>\d+(?:\.\d+)*)\b|第(?P<nth>\d+)版"
    r"|\b(?P<ordinal>\d+)(?:st|nd|rd|th)\s+edition",
    re.IGNORECASE,
)
_REPLACES = re.compile(
    r"\b(?:replac\w+|supersed\w+|in place of|instead of)\b[^.\n。；;]{0,60}"
    r"|(?:替代|代替|取代|替换|废止)[^。\n；;]{0,40}",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"(?:\b(?:valid|effective|in force|applicable|appl(?:y|ies)|tak(?:es?|ing) effect|with effect"
    r"|prices)\b(?:\s+date)?[\s:*]*(?:as\s+)?(?:from|as of|of|on|since)?"
    r"|(?:生效|施行|实施)日期)[\s:：*]*自?\s*$",
    re.IGNORECASE,
)
_SINCE_AFTER = re.compile(r"[ \t]*起?[ \t]*(?:开始)?(?:施行|生效|实施|执行)")
_FROM_THEN = re.compile(r"[ \t]*起")
_AMENDS = re.compile(
    r"\b(?:amendment|addendum|supplement(?:al|ary)? agreement|deed of variation|variation agreement"
    r"|rider|endorsement)\b|补充协议|变更协议|修正案|修改协议|修订协议|批单",
    re.IGNORECASE,
)
_NTH = re.compile(
    r"(?:amendment|addendum|supplement\w*(?:\s+agreement)?|variation|rider|endorsement)[\s_-]*"
    r"(?:no\.?|number)?[\s_-]*(?P<n>\d+)"
    r"|(?:补充协议|修正案|变更协议|批单)[\s（(]*(?P<han>[一二三四五六七八九十\d]+)",
    re.IGNORECASE,
)
_RECORD = re.compile(
    r"\b(?:minutes|meetings?|protocol|sessions?|weekly|monthly|quarterly)\b"
    r"|纪要|会议|例会|周报|月报|季报|日报",
    re.IGNORECASE,
)
_CHANGES = re.compile(rf"(?:{_AMENDS.pattern})\s+to\b", re.IGNORECASE)
_CODE = re.compile(
    r"(?:\b(?:no|number|reference|ref|id)\b|编号|合同号|保单号|文号"
    r"|\b(?:policy|contract|agreement|lease)\b(?=[.:*\s]*[\w/-]*\d))[.:：*\s]*"
    r"(?P<code>[A-Za-z0-9]+(?:[-/_][A-Za-z0-9]+)+)",
    re.IGNORECASE,
)
_EDITION = re.compile(
    rf"{_VERSION.pattern.replace('?P<', '?P<_')}"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{MONTH})\b|\b(?:{MONTH})\s+\d{{1,2}}\b"
    r"|(?:19|20)\d\d(?:[-/.]\d\d?){0,2}|\b\d{8}\b|\d+月(?:\d+日)?|[年度]"
    rf"|\b(?:{MONTH}|q[1-4]|h[12])\b"
    r"|\b\d+(?:st|nd|rd|th)\b|第[一二三四五六七八九十\d]+次"
    r"|\b(?:final|draft|old|new|current|previous|copy|updated?|revised|amended|latest|valid|from)\b"
    r"|[新旧]版?|最新|现行|修订[版本稿]?|终稿|草案|副本|作废|\bv\b",
    re.IGNORECASE,
)
_WORD_TITLE, _HAN_TITLE = 2, 3  # terms that a title needs for a contract to be told by it
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九十")}


@dataclass(frozen=True, slots=True)
class Edition:
    """What a document says of itself, as far as it does.

    `version` is its number by parts; `replaces` are versions that it says to take the place of.
    `amends` says that it changes another document, and `nth` which of several such it is. `codes`
    are the numbers by which it names itself or the contract that it belongs to, `name` and `title`
    the words of these without what tells editions apart. `called` is its name and title as they
    are, and `head` its first lines.
    """

    document: Document
    version: tuple[int, ...] = ()
    replaces: frozenset[tuple[int, ...]] = frozenset()
    amends: bool = False
    nth: int = 0
    codes: frozenset[str] = frozenset()
    name: frozenset[str] = frozenset()
    title: frozenset[str] = frozenset()
    called: str = field(default="", repr=False)
    head: str = field(default="", repr=False)

    @property
    def since(self) -> date | None:
        """The day from which it holds, as it says."""
        return _days(self.called, self.head)[0]

    @property
    def dated(self) -> date | None:
        """The day that it bears."""
        return _days(self.called, self.head)[1]

    @property
    def begins(self) -> date | None:
        """From when on it holds, as far as it says so or bears a date."""
        return self.since or self.dated

    @property
    def records(self) -> bool:
        """Whether it tells what was said or done on its day, as minutes do: the next one takes the
        place of what it says only where both come to the same item."""
        return _RECORD.search(self.called) is not None


def read(document: Document, opening: str) -> Edition:
    """What a document says of itself, whose text begins with `opening`."""
    head = opening[:_HEAD]
    name = _stem(document.name)
    replaced = [match[0] for match in _REPLACES.finditer(head)]
    own = _REPLACES.sub(" ", head)
    called = f"{name}\n{document.title}"
    amends = _AMENDS.search(f"{called}\n{head[:300]}") is not None
    nth = _NTH.search(f"{called}\n{head[:300]}") if amends else None
    return Edition(
        document,
        version=next(_versions(f"{called}\n{own}"), ()),
        replaces=frozenset(version for text in replaced for version in _versions(text)),
        amends=amends,
        nth=_counted(nth) if nth else 0,
        codes=frozenset(_plain(match["code"]) for match in _CODE.finditer(head)),
        name=_words(name),
        title=_words(document.title),
        called=called,
        head=head,
    )


def is_amendment(heading: str) -> bool:
    """Whether a heading is that of an amendment.

    >>> is_amendment("Amendment No. 1 to Agreement No. PG-2217"), is_amendment("补充协议（一）")
    (True, True)
    """
    return _AMENDS.search(heading) is not None


def amendment_in(path: Sequence[str]) -> str:
    """Of the headings above a place, the outermost first, that of the amendment that it belongs to;
    empty where it belongs to none. Below an outermost heading, a clause may be called "Amendment"
    that changes nothing; so there one has to count itself, or to name what it changes.

    >>> amendment_in(["Northfield Mutual", "Endorsement no. 1 to policy HN-4", "Cover"])
    'Endorsement no. 1 to policy HN-4'
    >>> amendment_in(["Lease of the hall", "12. Amendment"])
    ''
    """
    for depth, heading in enumerate(path):
        if is_amendment(heading) and (
            not depth or _NTH.search(heading) or _CHANGES.search(heading)
        ):
            return heading
    return ""


def are_versions(one: Edition, other: Edition) -> bool:
    """Whether two documents are versions of each other."""
    if one.document.id == other.document.id or one.amends != other.amends or one.amends:
        return False
    if one.document.language != other.document.language:
        return False
    if one.codes and other.codes and not one.codes & other.codes:
        return False
    if one.codes & other.codes and one.title == other.title:
        return True
    if are_siblings(one, other):
        return False
    titled = len(one.title) > 1 and one.title == other.title
    return titled or (bool(one.name) and one.name == other.name)


def are_called_alike(one: Edition, document: Document) -> bool:
    """Whether a document has the same name or title as another but for the edition: all versions
    of one have."""
    return one.name == _words(_stem(document.name)) or one.title == _words(document.title)


def are_siblings(one: Edition, other: Edition) -> bool:
    """Whether two documents are called alike, and each has a word or a number that the other lacks:
    the manuals of two models, the rules of two houses."""
    pairs = ((one.name, other.name), (one.title, other.title))
    return any(mine & theirs and mine - theirs and theirs - mine for mine, theirs in pairs)


def is_amended_by(one: Edition, other: Edition) -> bool:
    """Whether another document changes this one, as it says by number or title."""
    if not other.amends or one.document.id == other.document.id:
        return False
    mine = {*one.codes, *map(_plain, _named_codes(one.document.name))}
    theirs = {*other.codes, *map(_plain, _named_codes(other.document.name))}
    if mine and theirs:
        return any(a == b or b.startswith(f"{a}-") for a in mine for b in theirs)
    if one.amends:
        return False
    if one.name and one.name < other.name:
        return True
    needed = _HAN_TITLE if any(not term.isascii() for term in one.title) else _WORD_TITLE
    return len(one.title) >= needed and one.title <= _words(other.head)


def belong_together(one: Edition, other: Edition) -> bool:
    """Whether one of two documents amends the other, or both the same."""
    return is_amended_by(one, other) or is_amended_by(other, one)


def newer(one: Edition, other: Edition) -> tuple[int, Ground] | None:
    """Which of two documents is newer: 1 the first, -1 the second, and by what; None where it
    cannot be told."""
    if one.amends != other.amends:
        return (1 if one.amends else -1), "words"
    if other.version and other.version in one.replaces:
        return 1, "words"
    if one.version and one.version in other.replaces:
        return -1, "words"
    for mine, theirs, ground in (
        (one.nth, other.nth, "words"),
        (one.version, other.version, "words"),
        (one.since, other.since, "words"),
        (one.begins, other.begins, "dates"),
    ):
        if mine and theirs and mine != theirs:
            return (1 if mine > theirs else -1), ground  # type: ignore[operator,return-value]
    apart = _modified(one.document) - _modified(other.document)
    if abs(apart) < timedelta(days=1):
        return None
    return (1 if apart > timedelta() else -1), "files"


def by_age(every: Iterable[Edition]) -> list[Edition]:
    """Editions, the oldest first, as far as it can be told."""

    def compare(one: Edition, other: Edition) -> int:
        order = newer(one, other)
        return order[0] if order else 0

    return sorted(every, key=cmp_to_key(compare))


def counted(text: str) -> frozenset[int]:
    """Which of several amendments a text names.

    >>> counted("What did Amendment No. 2 change?"), counted("补充协议二改了什么？")
    (frozenset({2}), frozenset({2}))
    """
    return frozenset(map(_counted, _NTH.finditer(text)))


def dates(text: str) -> Iterator[tuple[int, int, date]]:
    """(start, end, day) of the dates of a text that have a year; the first day of a month or year.

    >>> [str(day) for _, _, day in dates("from 2024 年 5 月 1 日, 1 May 2025, 2023-06")]
    ['2024-05-01', '2025-05-01', '2023-06-01']
    """
    joined = re.sub(
        r"(?<=\d)([ \t]+)(?=[年月日])|(?<=[年月])([ \t]+)(?=\d)", lambda m: "\0" * len(m[0]), text
    )
    plain = joined.replace("\0", "")
    if len(plain) != len(text):
        places = [at for at, character in enumerate(joined) if character != "\0"] + [len(text)]
    else:
        places = list(range(len(text) + 1))
    found = [
        (q.start, q.end, q.value)
        for q in quantities(plain)
        if q.unit == "date" and q.end <= len(plain)
    ]
    found += [
        (*match.span(), match[0])
        for match in re.finditer(r"(?<![\d-])(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?![\d-])", plain)
    ]
    last = 0
    for start, end, value in sorted(found, key=lambda one: (one[0], -one[1])):
        if start < last:
            continue
        last = end
        match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", value)
        if match:
            try:
                day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
            except ValueError:
                continue
            yield places[start], places[end], day


def begins(text: str) -> date | None:
    """The day from which on a text says that it holds.

    >>> str(begins("is replaced by £93,600 with effect from 1 May 2023."))
    '2023-05-01'
    >>> str(begins("自 2025 年 1 月 1 日起，服务费为每年人民币 570,000 元"))
    '2025-01-01'
    """
    return next(
        (
            day
            for start, end, day in dates(text)
            if _is_since(text, start, end) or _FROM_THEN.match(text[end : end + 4])
        ),
        None,
    )


@lru_cache(maxsize=512)  # few of the documents that are looked at are compared
def _days(called: str, head: str) -> tuple[date | None, date | None]:
    """From when on a document holds, and the day that it bears, by its name and first lines."""
    spans = [*dates(head)]
    since = next((day for start, end, day in spans if _is_since(head, start, end)), None)
    dated = [day for _, _, day in dates(called)] or [day for _, _, day in spans if day != since]
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", called)
    if not dated and years:
        dated = [date(int(years[-1]), 1, 1)]
    return since, dated[0] if dated else None


def _is_since(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 60) : start]
    return bool(_SINCE.search(before) or _SINCE_AFTER.match(text[end : end + 8]))


def _versions(text: str) -> Iterator[tuple[int, ...]]:
    for match in _VERSION.finditer(text):
        number = next(filter(None, match.groups()))
        parts = [int(part[:9]) for part in number.split(".")]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        yield tuple(parts)


def versions(text: str) -> list[tuple[int, ...]]:
    """The versions that a text names.

    >>> versions("What changed between version 2.0 and 3.1 of V4?")
    [(2,), (4,)]
    """
    return list(_versions(text))


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name).replace("_", " ")


@lru_cache(maxsize=4096)  # names and titles are met again with every question
def _words(text: str) -> frozenset[str]:
    """The terms of a name or title, without what tells editions apart."""
    spaced = re.sub(r"[-_/.]+", " ", _EDITION.sub(" ", text))
    return frozenset(t for t in analysis.terms(spaced) if t not in analysis.stop_terms())


def _named_codes(name: str) -> list[str]:
    """The numbers such as HY-2023-041 in the name of a file."""
    return re.findall(r"[A-Z]+(?:-[A-Z]+)*-\d+(?:-\d+)*", name)


def _plain(code: str) -> str:
    return re.sub(r"[/_]", "-", code).upper()


def _counted(match: re.Match[str]) -> int:
    said = match["n"] or match["han"]
    return int(said[:4]) if said.isdigit() else _HAN_DIGITS.get(said[-1:], 0)


def _modified(document: Document) -> datetime:
    return datetime.fromisoformat(document.modified)
