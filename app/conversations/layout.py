"""A kept answer in its form, with its statements told apart, for whoever draws or prints it.

    Answer.to_dict() -> Block: lines of cells of runs, each with the statement that it belongs to

Answers are taken as chats keep them. Earlier versions kept sentences without their places in the
text; these are joined anew.
"""

import itertools
import operator
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quire.text import markdown
from quire.text.markdown import BlockKind

_WIDEST = 100  # columns of a table in text; a wider one is told row by row
_TOLD = 300  # characters of a quote that stands within an answer

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style. `statement` is the place of the one that it belongs to among the answer's
    sentences, None between them; `ends` are those that end with it."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    statement: int | None = None
    ends: tuple[int, ...] = ()


Cell = tuple[Run, ...]


@dataclass(slots=True)
class Block:
    """As in `quire.text.markdown`, with runs in the place of pieces."""

    kind: BlockKind
    lines: list[tuple[Cell, ...]] = field(default_factory=list)
    level: int = 0
    marker: str = ""
    header: bool = False


def of(answer: Kept) -> list[Block]:
    """The blocks of an answer. One of quotes has each of them as a quote, word for word."""
    sentences = answer["sentences"]
    if answer["status"] == "extractive":
        runs = [Run(each["text"], statement=at, ends=(at,)) for at, each in enumerate(sentences)]
        return [Block("quote", [((run,),)]) for run in runs]
    return laid_out(*placed(answer))


def placed(answer: Kept) -> tuple[str, list[tuple[int, int]]]:
    """The text of an answer, and where in it each of its sentences stands."""
    text, sentences = answer["text"], answer["sentences"]
    places = [(each.get("start", 0), each.get("end", 0)) for each in sentences]
    if all(
        text[start:end] == each["text"]
        for (start, end), each in zip(places, sentences, strict=True)
    ):
        return text, places
    text, places = "", []
    for at, each in enumerate(sentences):
        text += space_before(sentences, at)
        places.append((len(text), len(text) + len(each["text"])))
        text += each["text"]
    return text, places


def space_before(sentences: Sequence[Kept], at: int) -> str:
    """What stands between a sentence and the one before: nothing after a Chinese one."""
    if at == 0:
        return ""
    before = sentences[at - 1]["text"]
    if sentences[at].get("kind") == "version":
        return "\n"
    return "" if before and ord(before[-1]) >= 0x2E80 else " "


def laid_out(text: str, places: Sequence[tuple[int, int]]) -> list[Block]:
    """The blocks of a text in Markdown whose statements stand at `places`, in order. Each of them
    ends with one run."""
    blocks = markdown.blocks(text) or [markdown.Block("paragraph", [(markdown.Cell(0, 0, ()),)])]
    cells = [cell for block in blocks for line in block.lines for cell in line]
    ending: dict[int, list[int]] = {}
    if not cells:  # rules alone
        cells = [markdown.Cell(0, 0, ())]
        blocks.append(markdown.Block("paragraph", [(cells[0],)]))
    at = 0
    for number, (_, end) in enumerate(places):
        while at + 1 < len(cells) and cells[at + 1].start < end:
            at += 1
        ending.setdefault(at, []).append(number)
    drawn = iter(
        tuple(_runs(text, cell, places, ending.get(at, ()))) for at, cell in enumerate(cells)
    )
    return [
        Block(
            block.kind,
            [tuple(next(drawn) for _ in line) for line in block.lines],
            block.level,
            block.marker,
            block.header,
        )
        for block in blocks
    ]


def _runs(
    text: str, cell: markdown.Cell, places: Sequence[tuple[int, int]], ending: Sequence[int]
) -> Iterator[Run]:
    """The pieces of a cell, cut where a statement begins or ends."""
    within = _overlapping(places, cell.start, cell.end)
    waiting = list(ending)
    for piece in cell.pieces:
        cuts = {piece.start, piece.end}
        for number in within:
            cuts |= {cut for cut in places[number] if piece.start < cut < piece.end}
        bounds = sorted(cuts)
        for start, end in itertools.pairwise(bounds):
            # before what follows it, the mark of a statement that ended in markup
            if over := tuple(number for number in waiting if places[number][1] <= start):
                yield Run("", ends=over)
                waiting = [number for number in waiting if number not in over]
            owner = next((n for n in within if places[n][0] <= start < places[n][1]), None)
            ends = tuple(number for number in waiting if places[number][1] == end)
            waiting = [number for number in waiting if number not in ends]
            yield Run(text[start:end], piece.strong, piece.emphasis, piece.code, owner, ends)
    if waiting:
        yield Run("", ends=tuple(waiting))


def _overlapping(places: Sequence[tuple[int, int]], start: int, end: int) -> list[int]:
    return [n for n, (begins, ends) in enumerate(places) if begins < end and start < ends]


def found(answer: Kept) -> tuple[int, int] | None:
    """(how many, of how many) statements of a written answer were found in the sources; None of
    one that has none to be found."""
    if answer["status"] != "answered":
        return None
    verdicts = [each["support"] for each in answer["sentences"] if each["support"] is not None]
    held = sum(verdict in ("supported", "computed") for verdict in verdicts)
    return (held, len(verdicts)) if verdicts else None


def says(sentence: Kept) -> str:
    """What the source says that contradicts a statement, on one line."""
    quote = " ".join(sentence["quote"].split())
    if quote.startswith("|"):  # a row
        quote = " · ".join(filter(None, map(str.strip, quote.split("|"))))
    return quote if len(quote) <= _TOLD else quote[: _TOLD - 1].rstrip() + "…"


# -- in text -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """What the marks say in text."""

    unsupported: str = "not found in the sources"
    contradicted: str = "contradicted: the source says “{quote}”"
    superseded: str = "no longer so: the newer version says “{quote}”"
    right: str = "right: {formula}"
    computed: str = "computed"


ENGLISH = Words()


def found_line(answer: Kept) -> str:
    """How many statements were found in the sources; empty where there is nothing to count."""
    counted = found(answer)
    if counted is None:
        return ""
    held, of = counted
    return f"{held} of {of} {'statement' if of == 1 else 'statements'} found in the sources"


def mark(sentence: Kept, words: Words = ENGLISH) -> str:
    """The mark of a statement in text, as it follows the statement.

    >>> mark({"support": "partly", "labels": [1, 3], "quote": "", "formula": None})
    ' [1?][3?]'
    """
    support, formula = sentence["support"], sentence.get("formula")
    doubt = "?" if support in {"partly", None} else ""
    labels = "".join(f"[{label}{doubt}]" for label in sentence["labels"])
    told = []
    if support == "computed":
        told.append(f"{words.computed}: {formula}" if formula else words.computed)
    elif support == "unsupported":
        told.append(words.unsupported)
    elif support == "superseded":
        told.append(words.superseded.format(quote=says(sentence)))
    elif support == "contradicted":
        told.append(words.contradicted.format(quote=says(sentence)))
        if formula:
            told.append(words.right.format(formula=formula))
    parts = [labels] * bool(labels) + [f"({'; '.join(told)})"] * bool(told)
    return "".join(f" {part}" for part in parts)


def text_lines(answer: Kept, words: Words = ENGLISH) -> Iterator[str]:
    """An answer as plain text with its marks: lists by depth, tables in columns."""
    marks = [mark(sentence, words) for sentence in answer["sentences"]]
    before: Block | None = None
    for block in of(answer):
        if before is not None and (
            block.kind != "item" or before.kind not in ("item", "paragraph")
        ):
            yield ""
        yield from _block_lines(block, marks)
        before = block


def _block_lines(block: Block, marks: Sequence[str]) -> Iterator[str]:
    if block.kind == "rule":
        yield "----"
    elif block.kind == "table":
        yield from _table_lines(block, marks)
    else:
        first, rest = "", ""
        if block.kind == "item":
            marker = "-" if not any(map(str.isalnum, block.marker)) else block.marker
            first = "   " * block.level + marker + " "
            rest = " " * len(first)
        elif block.kind == "code":
            first = rest = "    "
        for number, line in enumerate(block.lines):
            yield (rest if number else first) + joined(
                line[0], marks, told=operator.attrgetter("text")
            )


def joined(cell: Cell, marks: Sequence[str], *, told: Callable[[Run], str]) -> str:
    """A cell as text, each run as `told`, with the marks of the statements that end in it."""
    text = marked = ""
    for run in cell:
        said = told(run)
        apart = marked and said and not said[0].isspace()
        if said:
            marked = ""
        own = "".join(marks[number] for number in run.ends)
        marked += own
        text += " " * bool(apart) + said + own
    return text


def ended(cell: Cell, marks: Sequence[str]) -> str:
    """The marks of the statements that end in a cell."""
    return "".join(marks[number] for run in cell for number in run.ends)


def _said(cell: Cell) -> str:
    return "".join(run.text for run in cell)


def _table_lines(block: Block, marks: Sequence[str]) -> Iterator[str]:
    """Rows in columns, each with its marks behind it; of a table that is too wide, row by row with
    the names of the columns."""
    rows = [[_said(cell) for cell in line] for line in block.lines]
    behind = ["".join(ended(cell, marks) for cell in line) for line in block.lines]
    widths = [max(map(_width, column)) for column in zip(*_even(rows), strict=True)]
    if sum(widths) + 3 * len(widths) <= _WIDEST:
        for number, (row, its_marks) in enumerate(zip(_even(rows), behind, strict=True)):
            padded = (
                cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
            )
            yield " | ".join(padded).rstrip() + its_marks
            if block.header and not number:
                yield "-+-".join("-" * width for width in widths)
        return
    names = rows[0] if block.header else []
    for row, its_marks in list(zip(rows, behind, strict=True))[block.header :]:
        told = [
            f"{names[at]}: {cell}" if at < len(names) and names[at] else cell
            for at, cell in enumerate(row)
            if cell
        ]
        yield "- " + "; ".join(told) + its_marks


def _even(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    columns = max(map(len, rows))
    return [[*row, *[""] * (columns - len(row))] for row in rows]


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: two for each Chinese character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
