"""Which class of a model says that a source supports a statement, and which that it contradicts it:
by their names, in whatever order a model has them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quire.errors import ModelUnusable

_UNNAMED = re.compile(r"(?:label_)?\d+")  # what the libraries call a class that nobody has named
_SUPPORTED = ("entail", "support", "consistent", "grounded", "faithful")
_CONTRADICTED = ("contradict", "refut")
_NOT_TOLD = ("neutral", "not", "unsupport", "unground", "unfaith", "inconsistent", "hallucin")
_LISTED = 6  # classes that a message names


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a model's classes; None where it knows no contradiction. All others say that
    the source does not tell."""

    supported: int
    contradicted: int | None = None


def columns(labels: Sequence[str], *, known: Sequence[str] = (), of: Path) -> Columns:
    """Those of the classes that a model at `of` calls so. `known` are their names where the model
    itself has none. Raises ModelUnusable where one is not known, or none says supported."""
    names = [label.casefold().strip() for label in labels]
    if known and all(map(_UNNAMED.fullmatch, names)):
        if len(known) != len(names):
            raise ModelUnusable(
                f"The model at {of} has {len(names)} classes, and the one of this name "
                f"{len(known)}.",
                hint=f"Get it again, or give this one another name: quire models add {of} --name "
                "NAME",
            )
        names = [*known]
    supported = [at for at, name in enumerate(names) if name.startswith(_SUPPORTED)]
    contradicted = [at for at, name in enumerate(names) if name.startswith(_CONTRADICTED)]
    others = [at for at, name in enumerate(names) if name.startswith(_NOT_TOLD)]
    strange = len(names) - len(supported) - len(contradicted) - len(others)
    if strange or len(supported) != 1 or len(contradicted) > 1:
        listed = ", ".join(labels[:_LISTED]) + (", …" if len(labels) > _LISTED else "")
        raise ModelUnusable(
            f"The model at {of} has the classes {listed}, which do not say what supports a "
            "statement.",
            hint="Choose a model of natural language inference. Or, where you know what they "
            "mean, name them in id2label of its config.json: entailment, neutral, contradiction, "
            "or supported and unsupported.",
        )
    return Columns(supported[0], contradicted[0] if contradicted else None)
