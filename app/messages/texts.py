"""The texts that interfaces show, in each language, from `page.*.toml`."""

import functools
import tomllib
from importlib import resources
from typing import Any


@functools.cache
def tables(language: str) -> dict[str, Any]:
    """The tables of a language. A text with `one` and `other` depends on its value `n`."""
    file = resources.files("quire.messages") / f"page.{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def text(key: str, language: str, **values: object) -> str:
    """The text of a key such as `chat.ask`, with values filled in.

    >>> text("answer.page", "zh", page=3)
    '第 3 页'
    """
    section, name = key.split(".")
    found = tables(language)[section][name]
    if isinstance(found, dict):
        found = found["one"] if values["n"] == 1 and "one" in found else found["other"]
    return str(found).format(**values) if values else str(found)
