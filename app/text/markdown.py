"""The form of a text in Markdown, for whoever draws it: headings, lists, tables, bold.

    text -> Block: its lines, cells and pieces, each with its place in the text

It is the little Markdown that models write. What would load, link or run somewhere else is no form
here: links, images, HTML and formulas stay the text that they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["paragraph", "heading", "item", "quote", "table", "code", "rule"]

FENCE = re.compile(r"\s*(?:```|~~~)")
_HEADING = re.compile(r"\s*(#{1,6})\s+")
_RULE = re.compile(r"\s*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_ITEM = re.compile(r"(\s*)([-*+•·](?=\s)|\d{1,3}[.)](?=\s)|\d{1,3}、|[（(]\d{1,2}[)）])\s*(?=\S)")
QUOTED = re.compile(r"\s*>\s?")
ROW = re.compile(r"\s*\|")
BENEATH = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?\s*)?$")  # a table's header
_BAR = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"(?P<ticks>`+)(?P<code>[^`\n]+)(?P=ticks)(?!`)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<around>\*\*|__|\*|_)"
)
_DEEPEST = 5  # levels of a list that are told apart


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters [start, end) of the text, in one style."""

    start: int
    end: int
    strong: bool = False
    emphasis: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row, or the whole of a line that is none: characters [start, end) with their
    markup, and the pieces without it."""

    start: int
    end: int
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Block:
    """A paragraph, heading, item, quote, table, code, or a rule between others.

    `lines` have one cell each, except those of a table. `level` is 1 to 6 of a heading, and of an
    item how deep it stands, from 0. `marker` is an item's bullet or number. `header` says that the
    first line of a table names its columns.
    """

    kind: BlockKind
    lines: list[tuple[Cell, ...]] = field(default_factory=list)
    level: int = 0
    marker: str = ""
    header: bool = False


def blocks(text: str) -> list[Block]:
    """The blocks of a text, in order. Linear in the text.

    >>> [(block.kind, block.marker) for block in blocks("Steps:\\n1. **Stop** it.\\n2. Wait.")]
    [('paragraph', ''), ('item', '1.'), ('item', '2.')]
    """
    found: list[Block] = []
    indents: list[int] = []
    code = blank = False
    for start, end in _lines(text):
        last = found[-1] if found else None
        line = text[start:end]
        if FENCE.match(line):
            code = not code
            if code:
                found.append(Block("code"))
        elif code:
            found[-1].lines.append(
                (Cell(start, end, tuple(_filled(Piece(start, end, code=True)))),)
            )
        elif not line.strip():
            blank = True
            continue
        elif ROW.match(line):
            if last is None or last.kind != "table" or blank:
                last = Block("table")
                found.append(last)
            if not BENEATH.match(line):
                last.lines.append(tuple(_cells(text, start, end)))
            elif len(last.lines) == 1:
                last.header = True
        elif heading := _HEADING.match(line):
            indents.clear()
            within = (_whole(text, start + heading.end(), end),)
            found.append(Block("heading", [within], level=len(heading[1])))
        elif _RULE.match(line):
            found.append(Block("rule"))
        elif item := _ITEM.match(line):
            indent = len(item[1].expandtabs(4))
            while indents and indents[-1] >= indent:
                indents.pop()
            within = (_whole(text, start + item.end(), end),)
            level = min(len(indents), _DEEPEST)
            found.append(Block("item", [within], level=level, marker=item[2]))
            indents.append(indent)
        elif quoted := QUOTED.match(line):
            if last is None or last.kind != "quote" or blank:
                found.append(Block("quote"))
            found[-1].lines.append((_whole(text, start + quoted.end(), end),))
        else:
            goes_on = last is not None and (
                (last.kind == "paragraph" and not blank)
                or (last.kind == "item" and line[:1].isspace())
            )
            if not goes_on:
                indents.clear()
                found.append(Block("paragraph"))
            found[-1].lines.append((_whole(text, start, end),))
        blank = False
    return [block for block in found if block.lines or block.kind == "rule"]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each line, without blanks at its end."""
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line.rstrip())
        start += len(line) + 1


def _whole(text: str, start: int, end: int) -> Cell:
    start = min(start, end)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return Cell(start, end, tuple(_pieces(text, start, end)))


def _cells(text: str, start: int, end: int) -> Iterator[Cell]:
    begins = text.index("|", start) + 1
    for bar in _BAR.finditer(text, begins, end):
        yield _trimmed(text, begins, bar.start())
        begins = bar.end()
    if begins < end:
        yield _trimmed(text, begins, end)


def _trimmed(text: str, start: int, end: int) -> Cell:
    return _whole(text, start, start + len(text[start:end].rstrip()))


def _pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    """What stands between the markup, in its style."""
    tokens = list(_INLINE.finditer(text, start, end))
    paired = _paired(text, start, end, tokens)
    strong = emphasis = 0
    at = start
    for number, token in enumerate(tokens):
        plain = Piece(at, token.start(), strong=strong > 0, emphasis=emphasis > 0)
        if token["code"]:
            yield from _filled(plain)
            yield Piece(*token.span("code"), strong=strong > 0, emphasis=emphasis > 0, code=True)
        elif token["escaped"]:
            yield from _filled(plain)
            at = token.start("escaped")
            continue
        elif number in paired:
            yield from _filled(plain)
            step = 1 if paired[number] > number else -1
            if len(token["around"]) == 2:
                strong += step
            else:
                emphasis += step
        else:
            continue
        at = token.end()
    yield from _filled(Piece(at, end, strong=strong > 0, emphasis=emphasis > 0))


def _filled(piece: Piece) -> Iterator[Piece]:
    if piece.start < piece.end:
        yield piece


def _paired(text: str, start: int, end: int, tokens: list[re.Match[str]]) -> dict[int, int]:
    """Which of the tokens open and close a stretch of bold or italics, each with its other one.
    Stretches may overlap, as those of ***both*** do."""
    paired: dict[int, int] = {}
    opened: list[int] = []  # each of the four kinds once at most
    for number, token in enumerate(tokens):
        around = token["around"]
        if not around:
            continue
        before = text[token.start() - 1] if token.start() > start else " "
        after = text[token.end()] if token.end() < end else " "
        apart = around == "**"  # also within a word, as in Chinese it must
        others = [tokens[at]["around"] for at in opened]
        if around in others:
            if not before.isspace() and (apart or not _is_word(after)):
                at = others.index(around)
                paired[opened[at]], paired[number] = number, opened[at]
                del opened[at]
        elif not after.isspace() and (apart or not _is_word(before)):
            opened.append(number)
    return paired


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
