"""The text of a document, set as people know it: headings, lists and tables, with marks.

    characters [start, end) of a text, marks -> HTML

Nothing of the text is left out but what only drew its form (the bars between cells, the hashes
before a heading, rules), and a mark stands at exactly the characters that it is given for. Whatever
the text holds is shown and does not act (see `inert`).
"""

import bisect
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quire.text import lines, nesting, outline
from quire.text.lines import Line
from quire.text.markdown import FENCE
from quire.ui.inert import html

_HASHES = re.compile(r"#{1,6}[ \t]+")
_NUMBER = re.compile(r"[-+−]?\d[\d.,\u202f\xa0 ]*%?")  # a cell that is one
_FIRST_ROWS = 12  # of a table, among which its header is looked for
_DEEPEST = 6  # levels of lists that are told apart
_SUBTITLE = 3  # the level of a heading in the panel, whose own title is of the second


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Characters [start, end) of the text, marked as what was `cited`, or else as one of the places
    that were searched for; `now` is the one of those that is looked at."""

    start: int
    end: int
    cited: bool = True
    now: bool = False

    @property
    def kind(self) -> str:
        """The class of its element."""
        return "" if self.cited else "found now" if self.now else "found"


def draw(
    text: str,
    start: int,
    end: int,
    *,
    marks: Sequence[Mark] = (),
    headings: Mapping[str, int] | None = None,
    code: bool = False,
) -> str:
    """Characters [start, end) of a text, which begin at the beginning of a line, as HTML.

    `headings` are those that the document has, each on one line without white space around it, with
    their levels from 1; `code` says that the whole of it is source code. A table that is entered in
    its middle has its header above.
    """
    drawing = _Drawing(text, marks, headings or {})
    if code:
        drawing.code(start, end)
    else:
        drawing.read(lines.read(text, start, end), _header_before(text, start))
    return "".join(drawing.parts)


class _Drawing:
    """Puts lines together; `parts` is the HTML so far."""

    def __init__(self, text: str, marks: Sequence[Mark], headings: Mapping[str, int]) -> None:
        self.parts: list[str] = []
        self._text = text
        self._headings = headings
        wanted = [mark for mark in marks if mark.start < mark.end]
        self._cited = [mark for mark in wanted if mark.cited]
        # what is marked between each two places where a mark begins or ends
        self._cuts = sorted({at for mark in wanted for at in (mark.start, mark.end)})
        self._over: list[list[Mark]] = [[] for _ in self._cuts]
        for mark in wanted:
            first, last = (bisect.bisect_left(self._cuts, at) for at in (mark.start, mark.end))
            for over in self._over[first:last]:
                over.append(mark)

    def read(self, found: Sequence[Line], header: Sequence[Line]) -> None:
        """Draws lines; `header` are the first rows of a table that they begin in the middle of."""
        at, blank = 0, True
        while at < len(found):
            line = found[at]
            last = at + 1
            if line.kind == "blank":
                at, blank = last, True
                continue
            if FENCE.match(self._text, line.start, line.end):
                while last < len(found) and not self._closes(found[last]):
                    last += 1
                body = found[at + 1 : last]
                if body:
                    self.code(_line_start(self._text, body[0]), body[-1].end)
                last += 1
            elif level := self._level(line, blank=blank):
                self._heading(line, level)
            elif line.kind == "row":
                while last < len(found) and found[last].kind in {"row", "rule"}:
                    last += 1
                rows = [row for row in found[at:last] if row.kind == "row"]
                self._table(rows, () if self.parts else header)
            elif line.kind == "rule":
                self.parts.append("<hr>")
            elif line.kind == "item":
                last = self._list(found, at)
            else:
                while last < len(found) and self._goes_on(found[last]):
                    last += 1
                begins = _line_start(self._text, line)
                self.parts.append(f"<p>{self._inline(begins, found[last - 1].end)}</p>")
            at, blank = last, False

    def code(self, start: int, end: int) -> None:
        """Draws characters [start, end) as they stand, in letters of one width."""
        self.parts.append(f'<pre class="quire-code">{self._inline(start, end)}</pre>')

    def _closes(self, line: Line) -> bool:
        return FENCE.match(self._text, line.start, line.end) is not None

    def _goes_on(self, line: Line) -> bool:
        return line.kind == "text" and not self._closes(line) and not self._level(line, blank=False)

    def _level(self, line: Line, *, blank: bool) -> int:
        """The level of the heading that a line is; 0 where it is none. Without hashes it stands
        alone, after a blank line."""
        if line.kind not in {"text", "item"} or not self._headings:
            return 0
        said = self._text[line.start : line.end]
        hashes = _HASHES.match(said)
        if not (hashes or blank):
            return 0
        return self._headings.get(" ".join(said[hashes.end() if hashes else 0 :].split()), 0)

    def _heading(self, line: Line, level: int) -> None:
        hashes = _HASHES.match(self._text, line.start, line.end)
        said = self._inline(hashes.end() if hashes else line.start, line.end)
        name = f"h{min(level + _SUBTITLE - 1, 6)}"
        self.parts.append(f"<{name}>{said}</{name}>")

    def _list(self, found: Sequence[Line], at: int) -> int:
        """Draws the items from the one at `at` on, with the lines that go on with each; the place
        of the first line after them."""
        items: list[outline.Item] = []
        depths: list[int] = []
        bodies: list[list[tuple[int, int]]] = []
        apart = False
        while at < len(found):
            line = found[at]
            if line.kind == "blank":
                apart = True
            elif line.kind == "item" and not self._level(line, blank=apart):
                above = nesting.above(self._text, items, line, apart=apart) if items else None
                depths.append(0 if above is None else depths[above] + 1)
                items.append(outline.Item(line, line.end, above))
                bodies.append([(line.inside, line.end)])
                apart = False
            elif line.kind == "text" and not apart and self._goes_on(line):
                bodies[-1].append((line.start, line.end))
            else:
                break
            at += 1
        entries = [
            f'<li style="margin-inline-start:{1.5 * min(depth, _DEEPEST):g}rem">'
            f'<span class="quire-marker">{self._inline(item.line.start, item.line.inside)}</span>'
            f"<div>{'<br>'.join(self._inline(*part) for part in body)}</div></li>"
            for item, depth, body in zip(items, depths, bodies, strict=True)
        ]
        self.parts.append(f'<ul class="quire-list">{"".join(entries)}</ul>')
        return at

    def _table(self, rows: Sequence[Line], above: Sequence[Line]) -> None:
        """Draws a table; the rows of the header `above` come first where it is cut."""
        names = above or _header(self._text, rows)
        cut = "<tr><td>…</td></tr>" if above else ""
        body = rows if above else rows[len(names) :]
        columns = max(len(row.cells) for row in (*names, *body))
        head = "".join(self._row(_cells(self._text, row, columns), tag="th") for row in names)
        drawn = "".join(self._row(_cells(self._text, row, columns), tag="td") for row in body)
        self.parts.append(f'<div class="quire-table"><table>{head}{cut}{drawn}</table></div>')

    def _row(self, row: Sequence[tuple[int, int]], *, tag: str) -> str:
        drawn = []
        for start, end in row:
            cited = any(mark.start < end and mark.end > start for mark in self._cited)
            kinds = ["cited"] * cited
            if tag == "td" and _NUMBER.fullmatch(self._text, start, end):
                kinds.append("number")
            kind = f' class="{" ".join(kinds)}"' if kinds else ""
            drawn.append(f"<{tag}{kind}>{self._inline(start, end)}</{tag}>")
        return f"<tr>{''.join(drawn)}</tr>"

    def _inline(self, start: int, end: int) -> str:
        """Characters [start, end) with the marks in them."""
        first, last = bisect.bisect_right(self._cuts, start), bisect.bisect_left(self._cuts, end)
        bounds = [start, *self._cuts[first:last], end]
        drawn = []
        for at, (low, high) in enumerate(itertools.pairwise(bounds), first - 1):
            said = html(self._text[low:high])
            over = self._over[at] if said and at >= 0 else ()
            for kind in (mark.kind for mark in over if not mark.cited):
                said = f'<mark class="{kind}">{said}</mark>'
            cited = any(mark.cited for mark in over)
            drawn.append(f"<mark>{said}</mark>" if cited else said)
        return "".join(drawn)


def _cells(text: str, row: Line, columns: int) -> list[tuple[int, int]]:
    """The places of a row's cells, as many as there are columns. One that lacks some lacks them at
    its end, unless it begins with a bar: then its first cell is empty."""
    cells = [*row.cells]
    lacking = columns - len(cells)
    if text[row.start] == "|" and lacking > (1 if text[row.end - 1] == "|" else 0):
        cells.insert(0, (row.start, row.start))
    return cells + [(row.end, row.end)] * (columns - len(cells))


def _line_start(text: str, line: Line) -> int:
    """Where a line begins, with the blanks before its words."""
    return text.rfind("\n", 0, line.start) + 1


def _header(text: str, rows: Sequence[Line]) -> Sequence[Line]:
    """The rows that name the columns of a table, from its top."""
    first = rows[:_FIRST_ROWS]
    for piece in outline.outline(text, first[0].start, first[-1].end):
        return piece.header if isinstance(piece, outline.Table) else ()
    return ()


def _header_before(text: str, start: int) -> Sequence[Line]:
    """The header of the table in whose middle a text is cut, if it is cut there."""
    begins = text.rfind("\n\n", 0, start) + 2
    if begins in {1, start} or not text[:start].endswith("\n"):
        return ()
    end = begins
    for _ in range(_FIRST_ROWS):
        if end >= start:
            break
        end = text.find("\n", end, start) + 1 or start
    rows = lines.read(text, begins, end - 1)
    return _header(text, rows) if rows and rows[0].kind == "row" else ()
