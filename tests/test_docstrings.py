"""The examples in docstrings are run."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"app": "quire", "ingest": "quire.ingest", "indexes": "quire.indexes"}


def modules() -> list[str]:
    """Those that show an example, by the names under which they are imported."""
    found = []
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>> " in path.read_text(encoding="utf-8"):
                names = path.relative_to(ROOT / folder).with_suffix("").parts
                found.append(".".join([package, *names]).removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules())
def test_what_a_docstring_shows_is_so(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert (found.attempted > 0, found.failed) == (True, 0)
