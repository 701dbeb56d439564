"""Markdown: blocks found line by line in the source's own text, which is left as it is.

Not a renderer: it needs to know where blocks begin and end, and one pass over the lines tells that
in linear time, however deeply a hostile file nests its quotes and brackets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quire.errors import Skipped
from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import Content, Source
from quire.ingest.loaders.encoding import decode
from quire.records import Block, BlockKind, PageText

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LIST = re.compile(r" {0,8}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_TITLE_FIELD = re.compile(r"^title[ \t]*:[ \t]*(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def blank(self) -> bool:
        return not self.text.strip()


def read(source: Source) -> Content:
    """One page without a number; the title is the front matter's or the first heading's."""
    text, cut = decode(source.data, limit=source.limits.characters)
    text = clean(text)
    lines = list(_lines(text))
    body = _after_front_matter(lines)
    blocks = tuple(_trimmed(text, _blocks(lines[body:])))
    if not blocks:
        raise Skipped("no text in the file", hint="There is nothing in it to search.")
    title = _title(text, lines[:body], blocks) or source.stem
    warning = f"Text past the limit of {source.limits.characters:,} characters is left out."
    return Content((PageText(None, text),), blocks, title, (warning,) if cut else ())


def _lines(text: str) -> Iterator[_Line]:
    at = 0
    for line in text.split("\n"):
        yield _Line(line, at)
        at += len(line) + 1


def _after_front_matter(lines: list[_Line]) -> int:
    """The number of the first line after a block of metadata between two `---` lines."""
    if lines[0].text.rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:200], 1):
        if line.text.rstrip() in {"---", "..."}:
            return number + 1
    return 0


def _blocks(lines: list[_Line]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.blank or _RULE.match(line.text):
            at += 1
        elif line.text.lstrip().startswith("<!--"):
            at = _comment_end(lines, at)
        elif match := _ATX.match(line.text):
            yield Block("heading", line.start + match.end(), line.end, len(match[1]))
            at += 1
        elif match := _FENCE.match(line.text):
            end = _fence_end(lines, at, match[1])
            yield Block("code", line.start, lines[end - 1].end)
            at = end
        elif "|" in line.text and at + 1 < len(lines) and _is_table_rule(lines[at + 1].text):
            end = at + 2
            while end < len(lines) and "|" in lines[end].text:
                end += 1
            yield Block("table", line.start, lines[end - 1].end)
            at = end
        elif line.text.startswith(("    ", "\t")) and not _LIST.match(line.text):
            end = at + 1
            while end < len(lines) and lines[end].text.startswith(("    ", "\t")):
                end += 1
            yield Block("code", line.start, lines[end - 1].end)
            at = end
        else:
            kind, end = _running_text(lines, at)
            level = 0
            if kind == "heading":
                level = 1 if "=" in lines[end - 1].text else 2
                yield Block(kind, line.start, lines[end - 2].end, level)
            else:
                yield Block(kind, line.start, lines[end - 1].end)
            at = end


def _running_text(lines: list[_Line], at: int) -> tuple[BlockKind, int]:
    """A paragraph, list item or underlined heading that begins at line `at`, and its end."""
    kind: BlockKind = "list" if _LIST.match(lines[at].text) else "paragraph"
    end = at + 1
    while end < len(lines):
        text = lines[end].text
        if kind == "paragraph" and _SETEXT.match(text):
            return "heading", end + 1
        if lines[end].blank or _ATX.match(text) or _FENCE.match(text) or _LIST.match(text):
            break
        if _RULE.match(text):
            break
        end += 1
    return kind, end


def _fence_end(lines: list[_Line], at: int, fence: str) -> int:
    for number in range(at + 1, len(lines)):
        text = lines[number].text.strip()
        if len(text) >= len(fence) and set(text) == {fence[0]}:
            return number + 1
    return len(lines)


def _comment_end(lines: list[_Line], at: int) -> int:
    """The first line after a comment, which no reader of the rendered page sees."""
    for number in range(at, len(lines)):
        if "-->" in lines[number].text:
            return number + 1
    return len(lines)


def _is_table_rule(line: str) -> bool:
    # The pattern is quadratic in runs of spaces, and no real table has so many columns.
    return len(line) < 5000 and _TABLE_RULE.match(line) is not None


def _trimmed(text: str, blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks without white space at their ends, nor a heading's closing marks; no empty ones."""
    for block in blocks:
        inside = text[block.start : block.end]
        if block.kind == "heading":
            inside = _without_closing_marks(inside)
        start = block.start + len(inside) - len(inside.lstrip())
        end = start + len(inside.strip())
        if end > start:
            yield Block(block.kind, start, end, block.level)


def _without_closing_marks(heading: str) -> str:
    """`Terms ##` as `Terms`: the marks after a heading count only if a space is before them."""
    bare = heading.rstrip().rstrip("#")
    return bare if not bare.strip() or bare[-1] in " \t" else heading


def _title(text: str, front_matter: list[_Line], blocks: tuple[Block, ...]) -> str:
    fields = "\n".join(line.text for line in front_matter)
    if match := _TITLE_FIELD.search(fields):
        return clean_line(match[1].strip().strip("\"'"))[:300]
    for block in blocks:
        if block.kind == "heading" and block.level == 1:
            return clean_line(text[block.start : block.end])[:300]
    return ""
