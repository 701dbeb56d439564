"""What kind of line each line of a text is: a row of a table, an item of a list, or running text.

Loaders put a table's row on a line, its cells parted by " | "; plain text and Markdown bring their
own ways to write rows and items, and those are read too. Everything here is linear in the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quire.text import aligned
from quire.text.languages import CJK

LineKind = Literal["blank", "rule", "row", "item", "text"]

_RULE = re.compile(r"[\s|:+=-]*[-=]{2}[\s|:+=-]*|[|+\s:-]*\|[|+\s:-]*")
_ITEM = re.compile(
    rf"""
    (?P<bullet>[-*+•·●○▪▫–◦‣➢✓☐])[ \t]+(?=\S)
  | (?P<number>\d{{1,3}})(?:[.)][ \t]+(?=\S)|[、．][ \t]*|[.)](?=[{CJK}]))
  | [(（](?:(?P<inside>\d{{1,2}})|(?P<inside_roman>[ivx]{{1,4}})|(?P<inside_letter>[a-z]))[)）]
    [ \t]*
  | (?:(?P<roman>[ivx]{{1,4}})|(?P<letter>[a-z]))[.)][ \t]+(?=\S)
  | (?P<circle>[①-⑳])[ \t]*
  | (?P<han>[一二三四五六七八九十]{{1,3}})、[ \t]*
  | [(（](?P<inner>[一二三四五六七八九十]{{1,3}})[)）][ \t]*
  | (?:\#{{1,6}}[ ])?step[ \t]+(?P<step>\d{{1,2}})\b[ \t]*[:.)–-]?[ \t]*
  | (?:\#{{1,6}}[ ])?第(?P<nth>[一二三四五六七八九十\d]{{1,3}})步[：:、，,]?[ \t]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DOTTED = re.compile(r"\d{1,2}(?:\.(\d{1,2})){1,4}\.?[ \t　]+(?=\S)")
_CLAUSE = re.compile(
    rf"(?P<chapter>\d{{1,2}}(?:\.\d{{1,2}}){{0,3}})\.(?P<number>\d{{1,2}})"
    rf"(?:\.?[ \t　]+(?=\S)|(?=[{CJK}]))"
)
_CHAPTER = re.compile(
    r"(?:\#{1,6} )?(?:Clause |Section |Article )?(?P<number>\d{1,2}(?:\.\d{1,2})*)[.)、．]?(?!\d)"
    r"|(?:\#{1,6} )?第(?P<han>[一二三四五六七八九十]{1,3})[条章节]"
)
_ROMAN = {"i": 1, "v": 5, "x": 10}
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_LONGEST = 5_000  # characters of a line that is looked into; no row of a table has more


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the white space around it: characters [start, end) of the text.

    `indent` counts the blanks before it, a tab as four. Of an item, `number` is the one that it is
    counted with (None for a bullet), `style` tells apart the ways to count, and `inside` is where
    its words begin. `cells` are the offsets (start, end) of a row's cells, empty ones too.
    """

    kind: LineKind
    start: int
    end: int
    indent: int = 0
    number: int | None = None
    style: str = ""
    inside: int = 0
    cells: tuple[tuple[int, int], ...] = ()


def read(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """The lines of characters [start, end) of a text, which begin and end at line breaks or are
    cut there.

    >>> [line.kind for line in read("Fees:\\n- rent | 20\\n1. First\\n\\nRoom   Fee\\nA   3")]
    ['text', 'row', 'item', 'blank', 'row', 'row']
    """
    end = len(text) if end is None else end
    found: list[Line] = []
    at = start
    while at <= end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        found.append(_line(text, at, stop))
        at = stop + 1
    return _with_clauses(text, _with_aligned(text, found))


def cells_of(text: str, line: Line) -> tuple[str, ...]:
    """The texts of a row's cells."""
    return tuple(text[start:end] for start, end in line.cells)


def _line(text: str, start: int, end: int) -> Line:
    raw = text[start : min(end, start + _LONGEST)]
    bare = raw.strip()
    if not bare:
        return Line("blank", start, start)
    indent = sum(4 if blank == "\t" else 1 for blank in raw[: len(raw) - len(raw.lstrip())])
    first = start + len(raw) - len(raw.lstrip())
    last = end if len(raw) == _LONGEST else first + len(bare)
    if not bare[0].isalnum() and _RULE.fullmatch(bare):
        return Line("rule", first, last, indent)
    if " | " in raw or (bare[0] == "|" and bare.count("|") > 1):
        return Line("row", first, last, indent, cells=_piped(text, first, first + len(bare)))
    if item := _ITEM.match(bare):
        style = item.lastgroup or ""
        return Line(
            "item", first, last, indent, _number(item, style), style, inside=first + item.end()
        )
    # subtle: "3.5 percent" may begin a line of running text, but hardly one that is indented
    if indent and (item := _DOTTED.match(bare)):
        style = f"dotted{item[0].count('.', 0, item.end(1))}"
        return Line("item", first, last, indent, int(item[1]), style, inside=first + item.end())
    return Line("text", first, last, indent)


def _with_aligned(text: str, found: Sequence[Line]) -> list[Line]:
    """The lines, with those read as rows whose cells stand under each other."""
    able = [
        line.kind in {"text", "blank", "rule"} or (line.kind == "item" and line.style != "bullet")
        for line in found
    ]
    spans = [(line.start, line.end) if can else None for line, can in zip(found, able, strict=True)]
    rules = {at for at, line in enumerate(found) if line.kind == "rule"}
    rows = aligned.find(text, spans, rules=rules)
    return [
        Line("row", line.start, line.end, line.indent, cells=rows[at]) if at in rows else line
        for at, line in enumerate(found)
    ]


def is_clause_of(text: str, line: Line, chapter: Line) -> bool:
    """Whether a line begins the first clause of a chapter, as "4.1 …" does below "4. Term"."""
    clause = _CLAUSE.match(text, line.start, line.end)
    named = _CHAPTER.match(text, chapter.start, chapter.end)
    if not (clause and named and clause["number"] == "1"):
        return False
    return clause["chapter"] == (named["number"] or str(han_number(named["han"])))


def _with_clauses(text: str, found: Sequence[Line]) -> list[Line]:
    """The lines, with those read as items that begin a numbered clause, "5.2 The tenant …": one of
    a count, since "5.2 metres" may stand at the beginning of a line of running text too."""
    clauses = {
        at: clause
        for at, line in enumerate(found)
        if line.kind == "text" and (clause := _CLAUSE.match(text, line.start, line.end))
    }
    counted = {(clause["chapter"], int(clause["number"])) for clause in clauses.values()}
    read = list(found)
    for at, clause in clauses.items():
        chapter, number = clause["chapter"], int(clause["number"])
        above = next((line for line in reversed(found[:at]) if line.kind != "blank"), None)
        first = above is not None and is_clause_of(text, found[at], above)
        if first or {(chapter, number - 1), (chapter, number + 1)} & counted:
            style = f"dotted{1 + chapter.count('.')}"
            line = found[at]
            read[at] = Line(
                "item", line.start, line.end, line.indent, number, style, inside=clause.end()
            )
    return read


def _piped(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    if text[start] == "|":
        start += 1
    if text[end - 1] == "|" and text[end - 2 : end - 1] != "\\":
        end -= 1
    said = text[start:end]
    if "\\" not in said and said.count("|") == said.count(" | "):  # as loaders write them
        told, at = [], start
        for cell in said.split(" | "):
            told.append(_trimmed(text, at, at + len(cell)))
            at += len(cell) + 3
        return tuple(told)
    cells, at = [], start
    for bar in re.finditer(r"(?<!\\)\|", text[start:end]):
        cells.append(_trimmed(text, at, start + bar.start()))
        at = start + bar.end()
    return (*cells, _trimmed(text, at, end))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    bare = text[start:end].lstrip()
    start = end - len(bare)
    return start, start + len(bare.rstrip())


def _number(item: re.Match[str], style: str) -> int | None:
    said = item[style].casefold()
    if style == "bullet":
        return None
    if style == "circle":
        return ord(said) - ord("①") + 1
    if said.isdigit():
        return int(said)
    if said[0] in "一二三四五六七八九十":
        return han_number(said)
    if style.endswith("letter"):
        return ord(said) - ord("a") + 1
    values = [_ROMAN[sign] for sign in said]
    return sum(
        -value if value < after else value
        for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def han_number(said: str) -> int:
    """The number, below a hundred, that Chinese digits write.

    >>> [han_number(said) for said in ("三", "十", "十二", "二十", "三十五")]
    [3, 10, 12, 20, 35]
    """
    tens, ten, ones = said.partition("十")
    if not ten:
        return _HAN_DIGITS.get(said[-1], 0)
    return 10 * _HAN_DIGITS.get(tens, 1) + _HAN_DIGITS.get(ones, 0)
