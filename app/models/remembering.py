"""What was found out about this machine, kept in a JSON file of the cache.

It saves time and nothing hangs on it: a file that cannot be read is an empty one, and one that
cannot be written leaves the next process to find out again.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any


def remembered(path: Path) -> dict[str, Any]:
    """All that a file holds; empty where there is none, or it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(path: Path, key: str, value: object) -> None:
    """Keep one thing beside what a file holds; it is written beside and renamed."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**remembered(path), key: value}, indent=1)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
