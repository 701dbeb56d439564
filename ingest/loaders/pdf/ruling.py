"""The grids that ruling lines make on a page: plain geometry."""

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in PDF points, as the page's content has them: y grows upwards."""

_NEAR = 3.0  # points by which two lines that meet may miss each other
_MOST = 600  # rules of a page in one direction; a drawing has more
_COVER = 0.6  # of a cell's side that a rule runs along


@dataclass(frozen=True, slots=True)
class _Rule:
    """A straight line: at `at` across its direction, from `start` to `end` along it."""

    at: float
    start: float
    end: float

    def covers(self, start: float, end: float) -> bool:
        shared = min(self.end, end) - max(self.start, start)
        return shared > _COVER * (end - start)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The cells of a ruled table. `xs` and `ys` are the edges of its columns and rows in points
    from the page's top left corner. `walls` are the (row, edge) where an upright rule parts two
    cells, `floors` the (column, edge) where a level one does; without, the cells are one."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    walls: frozenset[tuple[int, int]]
    floors: frozenset[tuple[int, int]]

    @property
    def columns(self) -> int:
        return len(self.xs) - 1

    @property
    def rows(self) -> int:
        return len(self.ys) - 1

    def holds(self, x: float, y: float) -> bool:
        return self.xs[0] < x < self.xs[-1] and self.ys[0] < y < self.ys[-1]

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the cell around a point; of cells that are one, the first."""
        column = min(max(bisect.bisect_right(self.xs, x) - 1, 0), self.columns - 1)
        row = min(max(bisect.bisect_right(self.ys, y) - 1, 0), self.rows - 1)
        while column > 0 and (row, column) not in self.walls:
            column -= 1
        while row > 0 and (column, row) not in self.floors:
            row -= 1
        return row, column

    def parts(self, left: float, right: float, y: float) -> bool:
        """Whether an upright rule stands between two places on one line."""
        if not self.ys[0] < y < self.ys[-1]:
            return False
        row = bisect.bisect_right(self.ys, y) - 1
        first = bisect.bisect_left(self.xs, left)
        last = bisect.bisect_right(self.xs, right)
        return any((row, edge) in self.walls for edge in range(first, last))


def grids(rules: Sequence[Box]) -> list[Grid]:
    """The grids that rules make: boxes of left, top, right, bottom, each longer than it is thick.

    A grid has two columns and two rows at least. Its outer lines may be missing.
    """
    level = _joined(
        _Rule((top + bottom) / 2, left, right)
        for left, top, right, bottom in rules
        if right - left >= bottom - top
    )
    upright = _joined(
        _Rule((left + right) / 2, top, bottom)
        for left, top, right, bottom in rules
        if right - left < bottom - top
    )
    if not level or not upright or max(len(level), len(upright)) > _MOST:
        return []
    found = (_grid(*group) for group in _connected(level, upright))
    return [grid for grid in found if grid is not None]


def _joined(rules: Iterable[_Rule]) -> list[_Rule]:
    """Rules with those put together that lie in one line and touch."""
    joined: list[_Rule] = []
    lines: list[list[_Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if lines and rule.at - lines[-1][0].at < _NEAR:
            lines[-1].append(rule)
        else:
            lines.append([rule])
    for line in lines:
        line.sort(key=lambda rule: rule.start)
        start, end = line[0].start, line[0].end
        for rule in line[1:]:
            if rule.start > end + _NEAR:
                joined.append(_Rule(line[0].at, start, end))
                start = rule.start
            end = max(end, rule.end) if rule.start <= end + _NEAR else rule.end
        joined.append(_Rule(line[0].at, start, end))
    return [rule for rule in joined if rule.end - rule.start > _NEAR]


def _connected(
    level: Sequence[_Rule], upright: Sequence[_Rule]
) -> list[tuple[list[_Rule], list[_Rule]]]:
    """Rules that meet, directly or by way of others."""
    group = list(range(len(level) + len(upright)))

    def of(at: int) -> int:
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    for one, rule in enumerate(level):
        for other, wall in enumerate(upright, len(level)):
            across = rule.start - _NEAR <= wall.at <= rule.end + _NEAR
            if across and wall.start - _NEAR <= rule.at <= wall.end + _NEAR:
                group[of(one)] = of(other)
    found: dict[int, tuple[list[_Rule], list[_Rule]]] = {}
    for at, rule in enumerate([*level, *upright]):
        sides = found.setdefault(of(at), ([], []))
        sides[at >= len(level)].append(rule)
    return list(found.values())


def _grid(level: Sequence[_Rule], upright: Sequence[_Rule]) -> Grid | None:
    if len(level) < 2 or not upright:
        return None
    xs = _edges([w.at for w in upright], min(r.start for r in level), max(r.end for r in level))
    ys = _edges([r.at for r in level], min(w.start for w in upright), max(w.end for w in upright))
    if len(xs) < 3 or len(ys) < 3:
        return None
    walls = {
        (row, edge)
        for row, (top, bottom) in enumerate(itertools.pairwise(ys))
        for edge, x in enumerate(xs)
        if any(abs(wall.at - x) < _NEAR and wall.covers(top, bottom) for wall in upright)
    }
    floors = {
        (column, edge)
        for column, (left, right) in enumerate(itertools.pairwise(xs))
        for edge, y in enumerate(ys)
        if any(abs(rule.at - y) < _NEAR and rule.covers(left, right) for rule in level)
    }
    if not any(0 < edge < len(xs) - 1 for _, edge in walls):
        return None
    return Grid(tuple(xs), tuple(ys), frozenset(walls), frozenset(floors))


def _edges(places: Iterable[float], first: float, last: float) -> list[float]:
    """The distinct ones of some places, and the ends where they do not reach these."""
    edges: list[float] = []
    for place in sorted((*places, first, last)):
        if not edges or place - edges[-1] >= _NEAR:
            edges.append(place)
    return edges
