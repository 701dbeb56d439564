"""The sample documents, where they are at hand."""

from pathlib import Path

import quire


def documents() -> list[Path]:
    """The sample documents of a checkout; empty where Quire is installed from a wheel."""
    folder = Path(quire.__file__).resolve().parent.parent / "examples" / "documents"
    return sorted(folder.iterdir()) if folder.is_dir() else []
