"""Markdown: blocks found line by line in the source's own text, which is left as it is.

Not a renderer: it needs to know where blocks begin and end, and one pass over the lines tells that
in linear time, however deeply a hostile file nests its quotes and brackets.
"""

import re
from collections.abc import Iterator

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


# What a line begins with if it is more than running text; one look saves eight searches.
_MARKED = re.compile(r"\s*(?:[#`~\-*+=_<|]|\d{1,9}[.)])|    |\t")


def read(source: Source) -> Content:
    """One page without a number; the title is the front matter's or the first heading's."""
    text, cut = decode(source.data, limit=source.limits.characters)
    text = clean(text)
    lines = _Lines(text)
    body = _after_front_matter(lines.texts)
    blocks = tuple(_blocks(lines, body))
    if not blocks:
        raise Skipped("no text in the file", hint="There is nothing in it to search.")
    title = _title(text, lines.texts[:body], blocks) or source.stem
    warning = f"Text past the limit of {source.limits.characters:,} characters is left out."
    return Content((PageText(None, text),), blocks, title, (warning,) if cut else ())


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a clean text in Markdown, or in none: then it is paragraphs."""
    return tuple(_blocks(_Lines(text), 0)) if text.strip() else ()


class _Lines:
    """The lines of a text and where each begins."""

    def __init__(self, text: str) -> None:
        self.texts = text.split("\n")
        self.starts = []
        at = 0
        for line in self.texts:
            self.starts.append(at)
            at += len(line) + 1

    def __len__(self) -> int:
        return len(self.texts)

    def block(self, kind: BlockKind, first: int, end: int) -> Block:
        """Lines [first, end) as a block, without white space around; neither line is blank."""
        top, bottom = self.texts[first], self.texts[end - 1]
        start = self.starts[first] + len(top) - len(top.lstrip())
        return Block(kind, start, self.starts[end - 1] + len(bottom.rstrip()))


def _after_front_matter(lines: list[str]) -> int:
    """The number of the first line after a block of metadata between two `---` lines."""
    if lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:200], 1):
        if line.rstrip() in {"---", "..."}:
            return number + 1
    return 0


def _blocks(lines: _Lines, at: int) -> Iterator[Block]:
    texts = lines.texts
    while at < len(texts):
        text = texts[at]
        if not text.strip():
            at += 1
            continue
        if _MARKED.match(text):
            block, end = _marked_block(lines, at)
            if end > at:
                if block is not None:
                    yield block
                at = end
                continue
        elif "|" in text and at + 1 < len(texts) and _is_table_rule(texts[at + 1]):
            end = _table_end(texts, at)
            yield lines.block("table", at, end)
            at = end
            continue
        kind, end = _running_text(texts, at)
        if kind == "heading":
            block = lines.block(kind, at, end - 1)
            level = 1 if "=" in texts[end - 1] else 2
            yield Block(kind, block.start, block.end, level)
        else:
            yield lines.block(kind, at, end)
        at = end


def _marked_block(lines: _Lines, at: int) -> tuple[Block | None, int]:
    """The block that a line's first signs announce, and its end; the end is `at` if none is."""
    texts = lines.texts
    text = texts[at]
    if _is_rule(text):
        return None, at + 1
    if match := _ATX.match(text):
        return _heading(lines, at, match), at + 1
    if match := _FENCE.match(text):
        end = _fence_end(texts, at, match[1])
        return lines.block("code", at, end), end
    if text.lstrip().startswith("<!--"):
        return None, _comment_end(texts, at)
    if "|" in text and at + 1 < len(texts) and _is_table_rule(texts[at + 1]):
        end = _table_end(texts, at)
        return lines.block("table", at, end), end
    if text.startswith(("    ", "\t")) and not _LIST.match(text):
        end = at + 1
        while end < len(texts) and texts[end].startswith(("    ", "\t")) and texts[end].strip():
            end += 1
        # Indentation is part of code.
        return Block("code", lines.starts[at], lines.block("code", at, end).end), end
    return None, at


def _heading(lines: _Lines, at: int, match: re.Match[str]) -> Block | None:
    inside = _without_closing_marks(lines.texts[at][match.end() :])
    start = lines.starts[at] + match.end() + len(inside) - len(inside.lstrip())
    length = len(inside.strip())
    return Block("heading", start, start + length, len(match[1])) if length else None


def _running_text(texts: list[str], at: int) -> tuple[BlockKind, int]:
    """A paragraph, list item or underlined heading that begins at line `at`, and its end."""
    kind: BlockKind = "list" if _LIST.match(texts[at]) else "paragraph"
    end = at + 1
    while end < len(texts):
        text = texts[end]
        if not text or text.isspace():
            break
        if _MARKED.match(text):
            if kind == "paragraph" and _SETEXT.match(text):
                return "heading", end + 1
            if _ATX.match(text) or _FENCE.match(text) or _LIST.match(text) or _is_rule(text):
                break
        end += 1
    return kind, end


def _table_end(texts: list[str], at: int) -> int:
    end = at + 2
    while end < len(texts) and "|" in texts[end]:
        end += 1
    return end


def _fence_end(texts: list[str], at: int, fence: str) -> int:
    """The line after the closing fence; a fence that is never closed takes all the rest."""
    for number in range(at + 1, len(texts)):
        text = texts[number].strip()
        if len(text) >= len(fence) and text == fence[0] * len(text):
            return number + 1
    end = len(texts)
    while not texts[end - 1].strip():
        end -= 1
    return end


def _comment_end(texts: list[str], at: int) -> int:
    """The first line after a comment, which no reader of the rendered page sees."""
    for number in range(at, len(texts)):
        if "-->" in texts[number]:
            return number + 1
    return len(texts)


def _is_rule(line: str) -> bool:
    return len(line) < 1000 and _RULE.match(line) is not None


def _is_table_rule(line: str) -> bool:
    # The pattern is quadratic in runs of spaces, and no real table has so many columns.
    return len(line) < 5000 and _TABLE_RULE.match(line) is not None


def _without_closing_marks(heading: str) -> str:
    """`Terms ##` as `Terms`: the marks after a heading count only if a space is before them."""
    bare = heading.rstrip().rstrip("#")
    return bare if not bare.strip() or bare[-1] in " \t" else heading


def _title(text: str, front_matter: list[str], blocks: tuple[Block, ...]) -> str:
    if match := _TITLE_FIELD.search("\n".join(front_matter)):
        return clean_line(match[1].strip().strip("\"'"))[:300]
    for block in blocks:
        if block.kind == "heading" and block.level == 1:
            return clean_line(text[block.start : block.end])[:300]
    return ""
