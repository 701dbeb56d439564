"""Numbers of cells in one unit, so that they can be compared."""

from collections.abc import Sequence

from quire.text import analysis
from quire.text.cells import Number
from quire.verification import units

_BASE = {
    "second": (1 / 60, "minute"),
    "minute": (1.0, "minute"),
    "hour": (60.0, "minute"),
    "day": (1440.0, "minute"),
    "week": (10080.0, "minute"),
    "month": (43800.0, "minute"),
    "year": (525600.0, "minute"),
    "g": (0.001, "kg"),
    "kg": (1.0, "kg"),
    "t": (1000.0, "kg"),
    "mm": (0.001, "m"),
    "cm": (0.01, "m"),
    "m": (1.0, "m"),
    "km": (1000.0, "m"),
    "w": (1.0, "w"),
    "kw": (1000.0, "w"),
    "mw": (1_000_000.0, "w"),
}
"""Units of one kind, which can be compared."""


def unit(written: str) -> str:
    """A unit in one spelling; as it is written where it is not known.

    >>> unit("kilograms"), unit("€"), unit("seats")
    ('kg', 'euro', 'seats')
    """
    folded = analysis.fold(written).strip()
    known, end = units.after(folded, 0)
    return known if known and end == len(folded) else folded


def alike(numbers: Sequence[Number]) -> list[float] | None:
    """The values in one unit; None where their units cannot be compared."""
    if len({one.kind for one in numbers}) != 1:
        return None
    said = [unit(one.unit) for one in numbers]
    if len(set(said)) == 1:
        return [one.value for one in numbers]
    if not all(one in _BASE for one in said) or len({_BASE[one][1] for one in said}) > 1:
        return None
    return [one.value * _BASE[name][0] for one, name in zip(numbers, said, strict=True)]
