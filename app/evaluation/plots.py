"""Plots for the report: SVG elements that stand by themselves, styled by the page's CSS classes."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_WIDTH = 720
_LEFT = 150  # pixels for the names of the rows
_RIGHT = 20
_ROW = 18


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the (low, high) ends of its interval; `kind` is the CSS class of its mark."""

    value: float
    ends: tuple[float, float]
    kind: str
    title: str


def intervals(rows: Mapping[str, Sequence[Estimate]]) -> str:
    """A dot with a whisker for each estimate, on an axis from 0 to 1; a band for each row."""
    return _whiskers(rows, 0.0, 1.0, ticks=[0, 0.2, 0.4, 0.6, 0.8, 1.0], signed=False)


def differences(rows: Mapping[str, Sequence[Estimate]]) -> str:
    """The same around zero, on an axis as wide as the widest interval."""
    ends = [abs(end) for marks in rows.values() for mark in marks for end in mark.ends]
    reach = _round_up(max([*ends, 0.01]))
    ticks = [-reach, -reach / 2, 0, reach / 2, reach]
    return _whiskers(rows, -reach, reach, ticks=ticks, signed=True)


def _whiskers(
    rows: Mapping[str, Sequence[Estimate]],
    low: float,
    high: float,
    *,
    ticks: Sequence[float],
    signed: bool,
) -> str:
    def x(value: float) -> float:
        inside = min(max(value, low), high)
        return _LEFT + (inside - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    bands: list[str] = []
    parts: list[str] = []
    top = 10.0
    for number, (name, marks) in enumerate(rows.items()):
        height = _ROW * max(1, len(marks)) + 8
        if number % 2 == 0:
            bands.append(f'<rect class="band" x="0" y="{top}" width="{_WIDTH}" height="{height}"/>')
        parts.append(_text(_LEFT - 10, top + height / 2, name, anchor="end"))
        for at, mark in enumerate(marks):
            y = top + 4 + _ROW * (at + 0.5)
            first, last = map(x, mark.ends)
            parts.append(
                f'<g class="{mark.kind}"><title>{html.escape(mark.title)}</title>'
                f'<line x1="{first:.1f}" x2="{last:.1f}" y1="{y}" y2="{y}"/>'
                f'<circle cx="{x(mark.value):.1f}" cy="{y}" r="4.5"/></g>'
            )
        top += height
    grid = [
        f'<line class="{"zero" if signed and tick == 0 else "grid"}" x1="{x(tick):.1f}" '
        f'x2="{x(tick):.1f}" y1="10" y2="{top}"/>'
        for tick in ticks
    ]
    written = [f"{tick:+.3g}" if signed and tick else f"{tick:g}" for tick in ticks]
    labels = [
        _text(x(tick), top + 14, label, anchor="middle")
        for tick, label in zip(ticks, written, strict=True)
    ]
    return _svg(top + 26, [*bands, *grid, *parts, *labels])


def bars(counts: Mapping[str, int]) -> str:
    """A bar for each count, with the count above it."""
    height, bottom = 130.0, 150.0
    most = max([*counts.values(), 1])
    step = (_WIDTH - 40) / max(1, len(counts))
    parts = []
    for at, (name, count) in enumerate(counts.items()):
        tall = count / most * (height - 20)
        x = 20 + step * at
        parts.append(
            f'<rect class="bar" x="{x + step * 0.1:.1f}" y="{bottom - tall:.1f}" '
            f'width="{step * 0.8:.1f}" height="{tall:.1f}"/>'
        )
        parts.append(_text(x + step / 2, bottom - tall - 8, str(count), anchor="middle"))
        parts.append(_text(x + step / 2, bottom + 12, name, anchor="middle"))
    return _svg(bottom + 26, parts)


def histogram(values: Sequence[float], *, marks: Mapping[str, float], unit: str) -> str:
    """How values are spread, in 40 bins up to their 99th percentile; the rest stand in the last
    one. `marks` are drawn as lines, by name."""
    end = max(float(np.quantile(values, 0.99)), *marks.values(), 1e-9)
    counts, edges = np.histogram(np.minimum(values, end), bins=40, range=(0, end))
    height, bottom = 90.0, 130.0
    span = _WIDTH - 40

    def x(value: float) -> float:
        return 20 + value / end * span

    parts = [
        f'<rect class="bar" x="{x(edges[at]):.1f}" y="{bottom - tall:.1f}" '
        f'width="{span / len(counts) - 1:.1f}" height="{tall:.1f}"/>'
        for at, tall in enumerate(counts / max(1, counts.max()) * height)
        if tall
    ]
    for number, (name, value) in enumerate(marks.items()):
        right = x(value) > _WIDTH - 150
        parts.append(
            f'<line class="mark" x1="{x(value):.1f}" x2="{x(value):.1f}" '
            f'y1="{4 + 15 * number}" y2="{bottom}"/>'
        )
        parts.append(
            _text(
                x(value) + (-5 if right else 5),
                10 + 15 * number,
                f"{name} {value:,.0f} {unit}",
                anchor="end" if right else "start",
            )
        )
    parts += [
        _text(x(tick), bottom + 12, f"{tick:,.0f}", anchor="middle") for tick in (0, end / 2, end)
    ]
    return _svg(bottom + 24, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" height="{height:.0f}" '
        f'role="img">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, *, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle">'
        f"{html.escape(text)}</text>"
    )


def _round_up(value: float) -> float:
    """To one of 1, 2, 5, 10 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999))
