"""How far the list or table reaches that a stretch of a text begins or ends in."""

import re
from collections.abc import Collection, Iterator

from quire.text import aligned, lines
from quire.text.lines import Line
from quire.text.outline import STEPS, Piece, Span, Table, leads_to_list, outline

_FAR = 400  # lines looked at before and after a stretch: the longest list or short table in one
_TOP = 30  # lines in which a table's caption and header stand
_NEAR = 40  # lines read before and after a stretch of a longer table
_GAP = re.compile(r"\n[ \t]*\n")
_FOOTER = 3  # short lines that may stand between two items: a page's footer and the next's header
_SHORT = 120  # characters of such a line
_STEP_LINES = 40  # of one step that is a heading
_LONGEST = 2_000  # characters that the end of a line may be away
_MARKED = frozenset({"item", "row", "rule"})


def around(text: str, start: int, end: int) -> Span:
    """The stretch with the rest of the list or table that it begins or ends in, and what leads to
    it, as far as a few hundred lines reach."""
    return _back(text, start), _forth(text, start, end)


def pieces(
    text: str, start: int, end: int, *, headings: Collection[str] = ()
) -> tuple[list[Piece], Span, bool]:
    """What the stretch and what is `around` it consist of, and the place of both. Of a table that
    begins far above, only the top and the rows nearby are read; then the last value is True."""
    before, after = around(text, start, end)
    if _lines_back(text, start, _FAR) > before:
        top = outline(text, before, _lines_on(text, before, _TOP), headings=headings)
        near, far = _lines_back(text, start, _NEAR), min(after, _lines_on(text, end, _NEAR))
        rest = outline(text, near, far, headings=headings)
        first, goes_on = top[-1] if top else None, rest[0] if rest else None
        if (
            isinstance(first, Table)
            and isinstance(goes_on, Table)
            and not _GAP.search(text, first.span[0], near)
        ):
            rows = [*goes_on.header, *goes_on.rows]
            columns = max(first.columns, goes_on.columns)
            rest[0] = Table(first.caption, first.header, rows, columns)
            return [*top[:-1], *rest], (before, far), True
    return outline(text, before, after, headings=headings), (before, after), False


def _lines_back(text: str, at: int, count: int) -> int:
    """Where the line begins that comes so many lines before an offset."""
    for _ in range(count):
        at = text.rfind("\n", 0, max(at - 1, 0)) + 1
    return at


def _lines_on(text: str, at: int, count: int) -> int:
    """Where the line ends that comes so many lines after an offset."""
    for _ in range(count):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at


def to_the_end(text: str, end: int) -> int:
    """Where the table ends whose row ends at an offset, however long it is.

    >>> text = "Code | Meaning\\nE1 | hot\\n\\nE2 | cold\\n\\nElse call us."
    >>> text[: to_the_end(text, 14)].rpartition("\\n")[2]
    'E2 | cold'
    """
    while True:
        begin = text.rfind("\n", 0, end) + 1
        if (further := _forth(text, begin, end)) <= end:
            return end
        end = further


def _back(text: str, start: int) -> int:
    line_start = text.rfind("\n", 0, start) + 1
    if not _is_marked(_line(text, start)) or text[line_start:start].strip("# \t"):
        return start
    best = start = line_start
    passed = False  # a short paragraph, which may be a page's footer
    for begin, end in _paragraphs_back(text, start):
        if _is_marked(_line(text, begin)):
            best, passed = begin, False
            continue
        leads = any(map(_is_marked, lines.read(text, begin, end)))
        if leads or not passed:
            best = begin
        if leads or passed or end - begin > _SHORT or leads_to_list(text[begin:end]):
            break
        passed = True
    return best


def _paragraphs_back(text: str, at: int) -> Iterator[Span]:
    """The runs of lines before an offset that no blank line parts, the nearest first."""
    end = at
    for _ in range(_FAR):
        stop = end
        while stop > 0 and text[stop - 1].isspace():
            stop -= 1
        if stop == 0:
            return
        start = stop
        while start > 0:
            break_at = text.rfind("\n", 0, start)
            start = break_at + 1
            if break_at <= 0 or not text[text.rfind("\n", 0, break_at) + 1 : break_at].strip():
                break
            start = break_at
        yield start, stop
        end = start


def _forth(text: str, start: int, end: int) -> int:
    stop = text.find("\n", end, end + _LONGEST)
    if end > 0 and text[end - 1 : end] != "\n" and stop >= 0:
        end = stop
    begin = max(text.rfind("\n", 0, start) + 1, _lines_back(text, end, _FAR))
    last = _open(text, begin, end)
    if last is None:
        return end
    best, passed, blank = end, 0, False
    said = False  # whether what was passed says something, as no footer does
    for line, stop in _lines_from(text, end):
        steps = last.style in STEPS
        if _is_marked(line):
            if passed and not steps and not _goes_on(last, line, said=said):
                break
            best, passed, said = stop, 0, False
            last = line if line.kind != "rule" else last
        elif line.kind == "text" and last.kind != "blank":
            if not passed and (not blank or line.indent > last.indent):
                best = stop  # goes on with the item
                continue
            passed += 1
            said = said or line.end - line.start > _SHORT or leads_to_list(text[line.start : stop])
            if passed > (_STEP_LINES if steps else _FOOTER) or (steps and text[line.start] == "#"):
                break  # the next section
            best = stop if steps else best
        elif line.kind == "text":
            break
        blank = line.kind == "blank"
    return best


def _open(text: str, begin: int, end: int) -> Line | None:
    """The last item or row of a list or table that may go on after a stretch; a blank line where
    the stretch ends with what leads to a list; None where nothing goes on."""
    blank = False
    rest: list[Line] = []
    for line in reversed(lines.read(text, begin, end)):
        if line.kind == "blank":
            blank = blank or bool(rest)
        elif _is_marked(line):
            inside = all(other.indent > line.indent for other in rest) or not blank
            return line if inside or line.style in STEPS else None
        else:
            rest.append(line)
            if len(rest) == 1 and leads_to_list(text[line.start : line.end]):
                return Line("blank", end, end)
    return None


def _goes_on(last: Line, line: Line, *, said: bool) -> bool:
    """Whether a list or table goes on with a line after a remark or a page break."""
    if line.kind != last.kind:
        return False
    if line.kind == "row":
        return len(line.cells) == len(last.cells) and not said
    if line.number is None:
        return last.number is None and not said
    return line.number == (last.number or 0) + 1


def _lines_from(text: str, at: int) -> Iterator[tuple[Line, int]]:
    """Lines, each with the offset of its end, from the middle or the end of one on."""
    for _ in range(_FAR):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        yield _line(text, at, stop), stop
        at = stop + 1
        if at > len(text):
            return


def _line(text: str, at: int, stop: int | None = None) -> Line:
    """A line by itself. One with gaps between its words is taken for a row: whether it is one is
    told by its neighbours."""
    if stop is None:
        stop = text.find("\n", at)
    line = lines.read(text, at, len(text) if stop < 0 else stop)[0]
    if line.kind == "text" and aligned.is_row(text, line.start, line.end):
        return Line("row", line.start, line.end, line.indent)
    return line


def _is_marked(line: Line) -> bool:
    return line.kind in _MARKED
