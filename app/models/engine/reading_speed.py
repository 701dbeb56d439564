"""How fast a model reads a prompt here, kept from one process to the next.

How much it is given to read depends on it, and a command that answers one question would learn it
only when the answer is there. The key has the processor and the file, and the latest measurement
counts, so that a build for another device is known after one answer.
"""

import hashlib
from pathlib import Path

from quire.models import machine, remembering

FILE = "reading-speeds.json"  # in the cache
_ALIKE = 0.1  # what a measurement may differ from the one kept without being written


def recall(path: Path, model: Path) -> float | None:
    """Tokens per second that the model in a file read last; None where that is not known."""
    found = remembering.remembered(path).get(_key(model))
    return float(found) if isinstance(found, int | float) and found > 0 else None


def keep(path: Path, model: Path, tokens_per_second: float) -> None:
    """Keep what was measured last."""
    known = recall(path, model)
    if known is None or abs(tokens_per_second - known) > _ALIKE * known:
        remembering.remember(path, _key(model), round(tokens_per_second, 1))


def _key(model: Path) -> str:
    cpu, _ = machine.processor()
    try:
        size = model.stat().st_size
    except OSError:
        size = 0
    told = "\n".join((cpu, str(machine.usable_cores()), model.name, str(size)))
    return hashlib.sha256(told.encode()).hexdigest()
