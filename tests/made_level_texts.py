"""Two texts side by side whose sentences begin level: columns that agree by chance, and tables of
texts, whose cells are of any length."""

import random
from collections.abc import Iterator
from typing import Literal

from reportlab.pdfgen.canvas import Canvas

import made_columns
from made_columns import HAN, LATIN

_TOP, _LEFT, _WIDTH = 780, 45, 505


def draw(
    canvas: Canvas, kind: Literal["columns", "table"], *, han: bool, seed: int
) -> list[tuple[str, str]]:
    """Draws a page, line by line, and gives the texts that begin beside each other. Tables are also
    drawn cell by cell, have columns of other widths, and may set their rows apart."""
    chance = random.Random(f"{kind} {han} {seed}")
    font, size = HAN if han else LATIN, chance.choice([8.5, 9, 10])
    leading = round(size * chance.choice([1.15, 1.25, 1.4]), 1)
    gap = chance.choice([1.8, 2.2, 3]) * size
    stock = made_columns.sentences(chance, han=han)
    justified, is_table = chance.random() < 0.5, kind == "table"
    share = chance.choice([0.3, 0.35, 0.4, 0.5, 0.5, 0.5]) if is_table else 0.5
    space = chance.choice([0, 0, 0.3, 0.6]) * leading if is_table else 0
    by_cell = is_table and chance.random() < 0.5
    left = share * (_WIDTH - gap)
    places = (_LEFT, left), (_LEFT + left + gap, _WIDTH - gap - left)
    told = []
    y = float(_TOP)
    for _ in range(chance.randrange(4, 12)):
        count = None if is_table else chance.randrange(1, 5)
        row = [
            _text(stock, chance, count, width=width, font=font, size=size) for _, width in places
        ]
        lines = [
            (at, x, width, line)
            for (x, width), (_, found) in zip(places, row, strict=True)
            for at, line in enumerate(found)
        ]
        for at, x, width, line in lines if by_cell else sorted(lines, key=lambda each: each[:2]):
            line.draw(
                canvas, x, y - at * leading, width=width, font=font, size=size, justified=justified
            )
        y -= max(len(found) for _, found in row) * leading + space
        told.append((row[0][0], row[1][0]))
    return told


def _text(
    stock: Iterator[str], chance: random.Random, count: int | None, *,
    width: float, font: str, size: float,
) -> tuple[str, list[made_columns._Line]]:  # fmt: skip
    """Sentences in so many lines, or in four at most, and the lines."""
    han = font == HAN
    while True:
        told = [next(stock) for _ in range(chance.randrange(1, 1 + (count or 2)))]
        lines = made_columns._set(told, width=width, font=font, size=size, han=han)
        if len(lines) == count or (count is None and len(lines) <= 4):
            return ("" if han else " ").join(told), lines
