"""The examples in docstrings are run."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"app": "quire", "ingest": "quire.ingest", "indexes": "quire.indexes"}


def examples() -> dict[str, int]:
    """How many each module shows, by the names under which they are imported."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if shown := re.findall(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.MULTILINE):
                names = path.relative_to(ROOT / folder).with_suffix("").parts
                found[".".join([package, *names]).removesuffix(".__init__")] = len(shown)
    return found


@pytest.mark.parametrize(("name", "shown"), examples().items())
def test_what_a_docstring_shows_is_so(name: str, shown: int) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert (found.attempted, found.failed) == (shown, 0)
