"""A form of requests: a kind, and the pattern that the whole request must fit."""

import re
from typing import Literal

Kind = Literal[
    "count",
    "list",
    "first",
    "about",
    "summary",
    "compare",
    "facts",
    "cannot",
    "greeting",
    "thanks",
    "bye",
    "who",
]

ASKS_NOTHING = frozenset({"count", "list", "first", "cannot", "greeting", "thanks", "bye", "who"})
"""Kinds that lend no topic to what is asked after them."""

Form = tuple[Kind, re.Pattern[str]]


def compiled(*forms: tuple[Kind, str]) -> tuple[Form, ...]:
    """Forms of (kind, pattern). A pattern may name one group several times, each after the first
    with underscores at its end.
    """
    made: list[Form] = []
    for kind, pattern in forms:
        seen: dict[str, int] = {}

        def numbered(match: re.Match[str], seen: dict[str, int] = seen) -> str:
            name = match[1].rstrip("_")
            seen[name] = seen.get(name, -1) + 1
            return f"(?P<{name}{'_' * seen[name]}>"

        made.append((kind, re.compile(re.sub(r"\(\?P<(\w+)>", numbered, pattern), re.IGNORECASE)))
    return tuple(made)


def group(match: re.Match[str], name: str) -> str:
    """What a named group holds, however often the pattern names it."""
    found = (value for key, value in match.groupdict().items() if key.rstrip("_") == name)
    return next((value for value in found if value), "")
