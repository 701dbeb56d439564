"""Tables in plain text, whose cells only stand under each other: found by where columns are.

A column is a stretch of the page that has blanks on both sides in all rows. So a row that lacks a
cell keeps the others under their headers, and a wide gap in running text, which nothing above or
below repeats, makes no table. Positions are those of a typewriter: a Chinese character is two wide.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

Span = tuple[int, int]
Cells = tuple[Span, ...]

# Two blanks after a sentence are a habit of typists and no gap.
_GAP = re.compile(
    r"(?<=\S)(?:[ \u3000]{3,}|(?<![.!?])(?<![.!?][\"')])[ \u3000]{2}"
    r"|[ \u3000]*\t[ \t\u3000]*)(?=\S)"
)
_WIDEST = 400  # positions of a line, and
_MOST = 40  # cells of a row, past which it is none
_HEADS = 3  # rows at the top that may stand across columns
_SECTION = 40  # positions of a line between rows that names those below it
_CROSSED = 10  # one row in so many may run across a gap
_WAITING = 2  # such lines, and lines whose one gap is a single blank, that follow each other
_EXPLAINED = 0.6  # of the gaps in the rows must lie between columns
_FILLED = 3  # cells of a row that stands by itself after a blank line
_BLANKS = 3  # lines from a row to the next one of its table, at most


@dataclass(frozen=True, slots=True)
class _Run:
    """Text without a gap: positions [left, right) of the page, characters [start, end)."""

    left: int
    right: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a table begin and end; the first `heads` rows stand across some."""

    spans: tuple[Span, ...]
    heads: int = 0

    def of(self, run: _Run) -> list[int]:
        """The columns that a run of text lies in: one, several, or the nearest one."""
        found = [
            at
            for at, (left, right) in enumerate(self.spans)
            if left < run.right and run.left < right
        ]
        return found or [min(range(len(self.spans)), key=lambda at: self._apart(run, at))]

    def _apart(self, run: _Run, at: int) -> int:
        left, right = self.spans[at]
        return max(left - run.right, run.left - right)

    def fit(self, row: Sequence[_Run]) -> bool:
        """Whether each run of a row lies in a column of its own."""
        at = [self.of(run) for run in row]
        single = [columns[0] for columns in at if len(columns) == 1]
        return len(single) == len(row) == len(set(single))


def is_row(text: str, start: int, end: int) -> bool:
    """Whether a line, by itself, has gaps as a row has.

    >>> is_row("Rigger   58.00", 0, 14), is_row("It rains.  It pours.", 0, 20)
    (True, False)
    """
    return _GAP.search(text, start, min(end, start + _WIDEST)) is not None


def find(
    text: str, found: Sequence[Span | None], *, rules: Collection[int] = ()
) -> Mapping[int, Cells]:
    """The cells, empty ones too, of those lines of a text that are rows of aligned tables, by their
    places in `found`; None there is a line that can be no row, and `rules` are the places of those
    that are only drawn. Linear in the text.
    """
    rows = [_runs(text, *span) if span and at not in rules else [] for at, span in enumerate(found)]
    void = [
        (span is not None and span[0] == span[1]) or at in rules for at, span in enumerate(found)
    ]
    cells: dict[int, Cells] = {}
    for lines in _tables(rows, void, rules):
        members = [rows[at] for at in lines]
        if any("\t" in text[row[0].start : row[-1].end] for row in members):
            cells.update(zip(lines, _tabbed(text, members), strict=True))
        elif columns := _columns(members):
            for place, at in enumerate(lines):
                cells[at] = _cells(text, rows[at], columns, heads=place < columns.heads)
        elif _agree(text, members):
            for at in lines:
                cells[at] = tuple((run.start, run.end) for run in rows[at])
    return cells


@dataclass(slots=True)
class _Block:
    """Places of lines with gaps that follow each other. `lead` is a short line before them."""

    lines: list[int]
    lead: int | None = None

    @property
    def first(self) -> int:
        return self.lines[0] if self.lead is None else self.lead


def _tables(
    rows: Sequence[Sequence[_Run]], void: Sequence[bool], rules: Collection[int]
) -> Iterator[list[int]]:
    """The places of the rows of each table: lines with gaps that follow each other, with what names
    some of them between, and after blank lines more of the same columns."""
    table: list[int] = []
    for block in _blocks(rows, rules):
        near = table and all(void[table[-1] + 1 : block.first])
        if near and block.first - table[-1] <= _BLANKS and _goes_on(rows, table, block.lines):
            table += block.lines if block.lead is None else [block.lead, *block.lines]
            continue
        if len(table) > 1:
            yield table
        table = block.lines
    if len(table) > 1:
        yield table


def _goes_on(rows: Sequence[Sequence[_Run]], table: Sequence[int], block: Sequence[int]) -> bool:
    """Whether lines after blank ones have the columns of the table before them; or the line before,
    a header, those of the table after it."""
    alone = len(table) == 1
    gapped = [rows[at] for at in block if len(rows[at]) > 1]
    if len(gapped) == 1 and (alone or len(gapped[0]) < _FILLED):
        return False
    columns = _columns(gapped if alone else [rows[at] for at in table])
    tried = [rows[table[0]]] if alone else gapped
    return columns is not None and all(map(columns.fit, tried))


def _blocks(rows: Sequence[Sequence[_Run]], rules: Collection[int]) -> Iterator[_Block]:
    block: _Block | None = None
    waiting: list[int] = []  # short lines that may name the rows after them, or lack a gap
    for at, row in enumerate(rows):
        if len(row) > 1:
            if block is None:
                block = _Block([at], waiting[-1] if waiting else None)
            else:
                block.lines += [*waiting, at]
            waiting = []
            continue
        if at in rules and not waiting:
            continue
        short = len(row) == 1 and row[0].right - row[0].left <= _SECTION
        if block and not (short and len(waiting) < _WAITING):
            yield block
            block, waiting = None, []
        waiting = [*waiting, at] if short and block else [at] if short else []
    if block:
        yield block


def _columns(rows: Sequence[Sequence[_Run]]) -> _Columns | None:
    """The columns of a table: as many as there are when up to three rows at the top, in which one
    cell may stand above several columns, are not looked at."""
    best: _Columns | None = None
    for heads in range(_HEADS + 1):
        gapped = [row for row in rows[heads:] if len(row) > 1]
        if len(gapped) < 2:
            break
        spans = _between(gapped)
        if len(spans) > 1 and (best is None or len(spans) > len(best.spans)):
            best = _Columns(spans, heads)
    if best is None or len(best.spans) > _MOST:
        return None
    gaps = parted = 0
    for row in rows[best.heads :]:
        for before, after in pairwise(row):
            gaps += 1
            parted += best.of(before)[-1] != best.of(after)[0]
    return best if parted >= _EXPLAINED * gaps else None


def _agree(text: str, rows: Sequence[Sequence[_Run]]) -> bool:
    """Whether rows that were written in another type have the same cells: as many, and most of
    them end with a value."""
    values = sum(text[row[-1].start].isdigit() for row in rows)
    return len(set(map(len, rows))) == 1 and 2 * values >= len(rows)


def _between(rows: Sequence[Sequence[_Run]]) -> tuple[Span, ...]:
    """The stretches between the positions that are blank in (nearly) all rows, where at least half
    of those that reach across have a real gap."""
    steps = [0] * (_WIDEST + 2)
    for row in rows:
        for run in row:
            steps[run.left] += 1
            steps[run.right] -= 1
    inked = list(accumulate(steps))
    least = min(row[0].left for row in rows)
    most = max(row[-1].right for row in rows)
    allowed = len(rows) // _CROSSED
    free: list[Span] = []
    for at in range(least, most):
        if inked[at] > allowed:
            continue
        if free and free[-1][1] == at:
            free[-1] = free[-1][0], at + 1
        else:
            free.append((at, at + 1))
    parts = [gap for gap in free if gap[0] > least and _parts(rows, gap)]
    edges = [least, *(edge for gap in parts for edge in gap), most]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _parts(rows: Sequence[Sequence[_Run]], gap: Span) -> bool:
    """Whether a stretch without ink parts columns. A row that begins after it counts too, where
    another has a gap there."""
    across = wide = begins = 0
    for row in rows:
        begins += row[0].left == gap[1]
        if row[0].left < gap[0] and row[-1].right > gap[1]:
            across += 1
            wide += any(
                before.right < gap[1] and gap[0] < after.left for before, after in pairwise(row)
            )
    return wide > 0 and wide + begins > 1 and 2 * wide >= across


def _cells(text: str, row: Sequence[_Run], columns: _Columns, *, heads: bool) -> Cells:
    """A cell for each column. What stands across several of a header is the cell of the first."""
    places: dict[int, Span] = {}
    if heads:
        taken = _spread(row, columns)
        for at, run in taken.items():
            places[at] = run.start, run.end
    else:
        for run in row:
            for at, (start, end) in _cut(text, run, columns):
                places[at] = places[at][0] if at in places else start, end
    cells: list[Span] = []
    end = row[0].start
    for at in range(len(columns.spans)):
        cells.append(places.get(at, (end, end)))
        end = cells[-1][1]
    return tuple(cells)


def _spread(row: Sequence[_Run], columns: _Columns) -> dict[int, _Run]:
    """The first column that each cell of a header stands above: those that it covers, and those to
    which it is the nearest."""
    found: dict[int, _Run] = {}
    for at, (left, right) in enumerate(columns.spans):
        over = [run for run in row if run.left < right and left < run.right]
        if not over and at == 0:
            continue
        middle = left + right
        run = over[0] if over else min(row, key=lambda r: abs(r.left + r.right - middle))
        if run not in found.values():
            found[at] = run
    if len(found) < len(row):  # two above one column: each where it begins
        return {columns.of(run)[0]: run for run in reversed(row)}
    return found


def _cut(text: str, run: _Run, columns: _Columns) -> Iterator[tuple[int, Span]]:
    """A run of text by columns: cut where one blank, or a colon, stands between two of them."""
    at = columns.of(run)
    start, first, position = run.start, at[0], run.left
    for offset in range(run.start, run.end):
        if first < at[-1] and columns.spans[first][1] <= position <= columns.spans[first + 1][0]:
            colon = position == columns.spans[first + 1][0] and text[offset - 1] in ":："
            if text[offset] == " " or colon:
                yield first, (start, offset)
                start, first = offset + (not colon), first + 1
        position += _width(text[offset])
    yield first, (start, run.end)


def _tabbed(text: str, rows: Sequence[Sequence[_Run]]) -> list[Cells]:
    """Cells that tabs part: each tab, where all rows have as many; else each run of tabs."""
    spans = [(row[0].start, row[-1].end) for row in rows]
    counts = {text.count("\t", *span) for span in spans}
    if len(counts) > 1:
        return [tuple((run.start, run.end) for run in row) for row in rows]
    found = []
    for start, end in spans:
        cells, at = [], start
        for cell in text[start:end].split("\t"):
            left = at + len(cell) - len(cell.lstrip())
            cells.append((left, max(left, at + len(cell.rstrip()))))
            at += len(cell) + 1
        found.append(tuple(cells))
    return found


def _runs(text: str, start: int, end: int) -> list[_Run]:
    """What stands between the gaps of a line, by its position on the page. None of a line that is
    too long for a row of a table."""
    line = text[start:end]
    if len(line) > _WIDEST or not line:
        return []
    left = text.rfind("\n", 0, start) + 1
    before = text[max(left, start - _WIDEST) : start]
    if before.strip():
        before = ""  # the line is cut
    gaps = list(_gaps(line))
    if len(gaps) >= _MOST:
        return []
    if (before + line).isascii() and "\t" not in before:
        positions: Sequence[int] = range(len(before), len(before) + len(line) + 1)
    else:
        positions = list(accumulate((_width(c) for c in before + line), initial=0))[len(before) :]
    if positions[-1] > _WIDEST:
        return []
    edges = [0, *(edge for gap in gaps for edge in gap), len(line)]
    return [
        _Run(positions[first], positions[last], start + first, start + last)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def _gaps(line: str) -> Iterator[Span]:
    for gap in _GAP.finditer(line):
        yield gap.span()


def _width(character: str) -> int:
    if character < "\u1100":
        return 4 if character == "\t" else 1
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
