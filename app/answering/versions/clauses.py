"""The clauses of a text by their numbers, and what says that one of them is changed.

A clause is a stretch that begins with a number of its own: "5.1 The Trust …", "第五条 …", "D-41 …",
"决议7-2：…". A change names such a number with a word of change beside: "Clause 5.2 is replaced
by", "in clause 5.1 the figure of £86,400 is replaced by", "Decision D-41 is withdrawn",
"原合同第3.1款变更为".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.answering.versions import differences
from quire.records import Statement
from quire.text import analysis, cells
from quire.verification import numerals
from quire.verification.quantities import quantities

_HAN_NUMBER = "[零〇一二两三四五六七八九十百]"
_OWN = re.compile(
    rf"""
    [\s#>*•·“"'「（(-]*
    (?: (?P<dotted>\d{{1,3}}(?:\.\d{{1,3}})+)(?=[\s.:：、）)*]|[^\d\s.%‰,-])
      | (?P<plain>\d{{1,2}})[.)](?=\s)
      | (?P<code>[A-Z]{{1,3}}[.-]?\d{{1,4}}(?:[.-]\d+)*)(?=[\s.:：*、])
      | 第\s?(?P<nth>[\d.]+|{_HAN_NUMBER}+)\s?[条款项]
      | (?:决议|决定|议题)\s?(?P<resolved>\d+(?:-\d+)*)
      | (?P<part>schedule|annex|appendix|exhibit)\s(?P<which>[A-Z]|\d+)\b
      | (?:section|part|chapter|article|clause|rule)\s
        (?P<section>[A-Z]|\d+(?:\.\d+)*)(?=[\s.:：–—-])
      | (?P<part_zh>附件|附表|附录)\s?(?P<which_zh>\d+|{_HAN_NUMBER}+|[A-Z])
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(
    rf"""
    \b(?:clauses?|sections?|articles?|paragraphs?|rules?|items?|decisions?|resolutions?|minutes?
        |exclusions?|conditions?|provisions?|parts?|chapters?|points?)\s
      (?P<clause>[A-Z]{{1,3}}[.-]?\d+(?:[.-]\d+)*|\d+(?:\.\d+)*|(?-i:[A-Z])\b)
  | \b(?:in|of)\s(?P<bare>\d{{1,2}}(?:\.\d{{1,2}})+)(?=,?\sthe\b)
  | \b(?P<lettered>(?-i:[A-Z])\.\d{{1,2}}(?:\.\d{{1,2}})*)\b(?!\s*[:：*])
  | \b(?P<code>[A-Z]{{1,3}}-\d{{1,4}}(?:-\d+)*)\b(?!\s*(?:[:：*]|\.\s))
  | 第\s?(?P<nth>\d+(?:\.\d+)*|{_HAN_NUMBER}+)\s?[条款项]
  | (?:决议|决定)\s?(?P<resolved>\d+(?:-\d+)*)
  | \b(?P<part>schedule|annex|appendix|exhibit)\s(?P<which>[A-Z]|\d+)\b
  | (?P<part_zh>附件|附表|附录)\s?(?P<which_zh>\d+|{_HAN_NUMBER}+|[A-Z])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:replac(?:ed?|es|ing)|amend(?:ed|s)?|delet(?:ed|es)|supersed(?:ed|es)|withdrawn|withdraws"
    r"|revoked?s?|lapses?|cancel(?:s|led)|reversed|rescinded|put back|postponed|brought forward"
    r"|(?:is|are) (?:raised|lowered|reduced|increased|changed|extended|corrected|added)|reads?"
    r"|changes|to be read|takes? effect|no longer appl(?:y|ies)|held over)\b"
    r"|变更|修改|改[为成]|替换|替代|调整|暂缓|作废|废止|取消|删[除去]|撤销|停止执行|修订|增加到|减少到"
    r"|[由从].{1,24}[为至到]",
    re.IGNORECASE,
)
_ALREADY = re.compile(
    r",?\s*\bas (?:already )?(?:amended|replaced|changed|corrected|set out)\b"
    r"(?: (?:by|in) [^,;:]{1,80})?"
    r"|[（(]已?[由经][^（）()]*(?:[（(][^（）()]*[）)][^（）()]*)*(?:替换|修改|变更|调整)[^（）()]*[）)]",
    re.IGNORECASE,
)
_REACH, _BEFORE = 160, 24  # characters after and before a number in which the word of change stands
_PART = re.compile(
    r"\b(?:figures?|words?|dates?|numbers?|amounts?|lines?|percentages?|rates?|sums?)\b.{0,80}?"
    r"\b(?:replaced|reads?|deleted|changed|amended|raised|reduced|omitted)\b"
    r"|\bis (?:raised|reduced|increased|lowered|changed|extended|put back) from\b"
    r"|[由从]\s*[“「\"]?(?P<from>[^，。；“”]{1,24}?)[”」\"]?\s*(?:变更|修改|改|调整|增加|减少|提高|降低)"
    r"|[“「\"](?P<quoted>[^“”「」\"]{1,40})[”」\"]\s*(?:改|变更|替换|修改)"
    r"|(?:中?关于|有关|涉及)(?P<topic>[^，。；的]{1,12})的",
    re.IGNORECASE,
)
_QUOTED = re.compile('[“"「]([^“”"「」]{1,80})[”"」]')
_SENTENCE = re.compile(r"(?<=[a-z\d\"”][.;])\s+(?=[A-Z\"“])|(?<=[。；])")
_MOVED = re.compile(
    r"\b(?:put back|brought forward|postponed|moved|raised|lowered|reduced|increased|changed"
    r"|extended)\s+from\s+(?P<old>.{1,40}?)\s+to\b|[由从](?P<old_zh>[^，。；]{1,24}?)"
    r"(?:推迟|提前|延期|调整|改|变更|提高|降低|增加|减少)[为至到]",
    re.IGNORECASE,
)
_ITEM_NAMED = re.compile(
    rf"(?<=[\d.])\s?\(([a-z]|[ivx]{{2,4}}|\d{{1,2}})\)|[（(]({_HAN_NUMBER}+|\d{{1,2}})[）)]\s?[项目]",
    re.IGNORECASE,
)
_ITEM = re.compile(rf"[（(]([a-z]|[ivx]{{2,4}}|\d{{1,2}}|{_HAN_NUMBER}+)[）)]", re.IGNORECASE)
_LISTED = re.compile(rf"[\s#]*[（(]?{_HAN_NUMBER}+[)）]?[、.．\s]")
_ABOUT = 0.6  # share of words by which a change that names no clause is known to be of one
_LINE = re.compile(r"\n+")


@dataclass(frozen=True, slots=True)
class Clause:
    """Characters [start, end) of a document's text: a stretch that begins with a number, or stands
    between blank lines.

    `number` is its own, empty where it has none, `quoted` says that the number is quoted, as where
    an amendment gives the new text of a clause, and `changes` are those that it changes.
    """

    start: int
    end: int
    text: str
    number: str = ""
    quoted: bool = False
    changes: frozenset[str] = frozenset()


def read(text: str, *, offset: int = 0) -> list[Clause]:
    """The clauses of a text, in order; `offset` is added to all places.

    >>> [(c.number, sorted(c.changes)) for c in read("B.4 Clause 5.1 is amended.\\n5.2 It ends.")]
    [('b.4', ['5.1']), ('5.2', [])]
    """
    return [_clause(text, start, end, offset) for start, end in _stretches(text)]


def number(heading: str) -> str:
    """The number that a heading begins with, in the form in which clauses are compared.

    >>> number("第四条 故障响应"), number("4. Staff"), number("Schedule A – Sites"), number("Fees")
    ('4', '4', 'schedule a', '')
    """
    match = _OWN.match(heading)
    return _plain(match) if match else ""


def without_number(heading: str) -> str:
    """A heading, folded, without the number that it begins with.

    >>> without_number("3. Roof of Building C"), without_number("三、屋顶")
    ('roof of building c', '屋顶')
    """
    match = _OWN.match(heading) or _LISTED.match(heading)
    return analysis.fold(heading[match.end() if match else 0 :]).strip(" \t#.:：、)）")


def changed_by(statement: Statement, clause: Clause) -> frozenset[str]:
    """The numbers that a statement of a clause names with a word of change beside; none where it
    is left to the rest of the clause to say what is changed."""
    inside = statement.start > clause.start
    return frozenset(_changes(statement.text, inside=inside))


def touches(text: str, old: Statement) -> bool:
    """Whether what changes a clause changes something that a statement of that clause says: all of
    it, or figures, words or a topic that stand there; of a row, where it is named."""
    said = [part for part in _SENTENCE.split(_ALREADY.sub(" ", text)) if _CHANGED.search(part)]
    return any(_touches(part, old) for part in said)


def touching(statement: Statement, clause: Clause) -> str:
    """What of a clause says what it changes: a statement of it that does, or the whole."""
    return statement.text if changed_by(statement, clause) else clause.text


def moves(text: str, old: str) -> bool:
    """Whether a text says that a value that stands in `old` is another now.

    >>> moves("The start is put back from 3 March to 17 March.", "We begin on Monday 3 March 2025.")
    True
    """
    held = {q.value for q in quantities(old)}
    return any(
        value.lstrip("-") and any(other.endswith(value) for other in held)
        for match in _MOVED.finditer(text)
        for value in (q.value for q in quantities(match["old"] or match["old_zh"]))
    )


def _touches(text: str, old: Statement) -> bool:
    item, named = _ITEM.match(old.text.lstrip()), _items(text)
    if item and named and item[1].casefold() not in named:
        return False
    parts = [*_PART.finditer(text)]
    if not parts:
        return any(_changes(text, inside=True)) or differences.alike(text, old.text) >= _ABOUT
    there = _joined(old.text)
    topics = [part["topic"] for part in parts if part["topic"]]
    if topics:
        return any(_joined(topic) in there for topic in topics)
    row = cells.without_unit(next((cell for _, cell in old.cells if cell), ""))
    if _joined(row) not in _joined(text):
        return False
    words = {word for part in parts for word in (part["from"], part["quoted"]) if word}
    values: set[str] = set()
    for match in _CHANGED.finditer(text):
        before = text[max(0, match.start() - _REACH) : match.start()]
        words |= set(_QUOTED.findall(before))
        values |= {q.value for q in quantities(_NAMED.sub(" ", before))}
    held = {q.value for q in quantities(old.text)}
    return (
        bool(values & held)
        or moves(text, old.text)
        or any(re.search(rf"(?<![\d.,]){re.escape(_joined(word))}(?!\d)", there) for word in words)
    )


def touches_item(text: str, old: Statement) -> bool:
    """Whether what changes a clause changes only one of the items that a statement of it tells in
    running text, so that the rest of the statement holds.

    >>> old = Statement("sentence", 0, 0, "3.1 Not covered are (a) frost, (b) vermin.")
    >>> touches_item("Clause 3.1(b) is deleted.", old), touches_item("3.1 is deleted.", old)
    (True, False)
    """
    named = _items(text)
    inside = {one.casefold() for one in _ITEM.findall(old.text)}
    return bool(named) and len(inside) > 1 and named < inside


def _items(text: str) -> set[str]:
    """The items of a clause that a change names: "(a)" of "Exclusion C.1(a)"."""
    return {one.casefold() for groups in _ITEM_NAMED.findall(text) for one in groups if one}


def _joined(text: str) -> str:
    return "".join(analysis.fold(text).split())


def numbers_of(clause: Clause, headings: Sequence[str]) -> list[str]:
    """The numbers by which a clause can be named: its own, and those of the headings above it,
    innermost first."""
    above = [number(heading) for heading in reversed(headings)]
    return list(dict.fromkeys(filter(None, [clause.number, *above])))


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    start = at = 0
    for line in (*_LINE.finditer(text), None):
        stop, following = line.span() if line else (len(text), len(text))
        if at > start and _OWN.match(text, at, stop) and text[start:at].strip():
            yield start, at
            start = at
        if line is None or len(line[0]) > 1:
            if text[start:stop].strip():
                yield start, stop
            start = following
        at = following


def _clause(text: str, start: int, end: int, offset: int) -> Clause:
    said = text[start:end]
    own = _OWN.match(said)
    quoted = own is not None and any(mark in own[0] for mark in '“"「')
    return Clause(
        start + offset,
        end + offset,
        said,
        _plain(own) if own else "",
        quoted,
        frozenset(_changes(said)),
    )


def _changes(text: str, *, inside: bool = False) -> Iterator[str]:
    """The numbers that a text names with a word of change beside. One that it begins with is its
    own, unless it stands `inside` a clause."""
    said = _ALREADY.sub(lambda match: " " * len(match[0]), text)
    own = None if inside else _OWN.match(said)
    for match in _NAMED.finditer(said, own.end() if own else 0):
        after = re.split(r"(?<=[a-z])\.\s|[。；]", said[match.end() : match.end() + _REACH])[0]
        before = said[max(0, match.start() - _BEFORE) : match.start()].split("\n")[-1]
        if _CHANGED.search(after) or _CHANGED.search(re.split("[.。；;:：]", before)[-1]):
            yield _plain(match)


def _plain(match: re.Match[str]) -> str:
    """A number as it is compared: folded, Chinese numerals as digits, parts named."""
    found = {name: value for name, value in match.groupdict().items() if value}
    if "part" in found:
        return f"{found['part']} {found['which']}".casefold()
    if "part_zh" in found:
        return f"附件{_digits(found['which_zh'])}".casefold()
    return _digits(next(iter(found.values()))).casefold().strip(".")


def _digits(said: str) -> str:
    return said if said[0].isascii() else f"{numerals.chinese(said):.0f}"
