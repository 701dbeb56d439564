"""A checked text in paragraphs, its statements told apart, for whoever writes it down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from quire.checked import ORDER, CheckedStatement, CheckedText
from quire.records import Support

_BLANK = re.compile(r"\n[ \t]*\n\s*")
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_HASHES = re.compile(r"\s*#{1,6}\s+$")


@dataclass(frozen=True, slots=True)
class Run:
    """Text that belongs to one statement, with the verdict on it, or to none. `number` is the one
    under which its sources stand, at its end; None elsewhere."""

    text: str
    support: Support | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Runs between two blank lines."""

    kind: Literal["heading", "text"]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A statement that has a verdict, and the `number` of its note."""

    number: int
    statement: CheckedStatement


def notes(checked: CheckedText) -> list[Noted]:
    """The statements that have a verdict, numbered in the order of the text."""
    return [Noted(number, one) for number, one in enumerate(checked.judged, start=1)]


def overview(noted: list[Noted]) -> list[Noted]:
    """Those that need a look, contradictions first."""
    asking = [one for one in noted if one.statement.support in ("contradicted", "unsupported")]
    return sorted(asking, key=lambda one: ORDER.index(one.statement.support or "supported"))


def paragraphs(checked: CheckedText) -> Iterator[Paragraph]:
    """The text, all of it but blank lines and the marks of headings. Linear in the text."""
    numbers = {one.statement.start: one.number for one in notes(checked)}
    pieces = sorted(checked.statements, key=lambda one: one.start)
    text, at, upcoming = checked.text, 0, 0
    for end in [*(gap.start() for gap in _BLANK.finditer(text)), len(text)]:
        runs: list[Run] = []
        heading = False
        while upcoming < len(pieces) and pieces[upcoming].start < end:
            one = pieces[upcoming]
            upcoming += 1
            start, last = max(one.start, at), min(one.end, end)
            if start >= last:
                continue
            runs.append(Run(text[at:start]))
            support = one.support
            runs.append(Run(text[start:last], support, numbers.get(one.start) if support else None))
            heading = one.kind == "heading"
            at = last
        runs.append(Run(text[at:end]))
        at = end
        told = [run for run in runs if run.text]
        alone = heading and sum(bool(run.text.strip()) for run in told) <= 2
        if alone:
            told = [run for run in told if run.text.strip() and not _HASHES.fullmatch(run.text)]
        if any(run.text.strip() for run in told):
            yield Paragraph("heading" if alone else "text", tuple(told))


def printable(text: str) -> str:
    """A text without what no page may hold; a control is shown as the character for none."""
    return "".join(c if c.isprintable() or c in "\n\t" else _REPLACED for c in text)
