"""The numbers of a DOCX's lists and headings, which stand in no text: "3.2", "(b)", "第三条".

People ask for "section 3.2", so the number that the word processor draws is part of the text.
"""

import re
from typing import Any

from quire.ingest.loaders.list_numbers import drawn

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%([1-9])")
_BULLET = "•"
_LEVELS = 9


class Numbering:
    """Counts the paragraphs of each list, in the order in which they are asked for."""

    def __init__(self, root: Any) -> None:
        """`root` is the numbering part's element, or None if there is none."""
        self._abstract: dict[str, dict[int, Any]] = {}
        self._lists: dict[str, tuple[str, dict[int, int]]] = {}
        self._counters: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()
        if root is None:
            return
        for abstract in root.iterfind(_W + "abstractNum"):
            levels = {_int(level.get(_W + "ilvl")): level for level in abstract.iter(_W + "lvl")}
            self._abstract[abstract.get(_W + "abstractNumId")] = levels
        for number in root.iterfind(_W + "num"):
            restarts = {
                _int(override.get(_W + "ilvl")): _int(_value(override, "startOverride"))
                for override in number.iterfind(_W + "lvlOverride")
                if override.find(_W + "startOverride") is not None
            }
            self._lists[number.get(_W + "numId")] = (_value(number, "abstractNumId"), restarts)

    def label(self, list_id: str, level: int) -> str:
        """The number or bullet of the next paragraph of a list, empty if it shows none."""
        abstract_id, restarts = self._lists.get(list_id, ("", {}))
        levels = self._abstract.get(abstract_id)
        if levels is None or level not in levels or level >= _LEVELS:
            return _BULLET if list_id != "0" else ""
        counters = self._counters.setdefault(abstract_id, [None] * _LEVELS)
        if list_id not in self._begun:
            self._begun.add(list_id)
            for at in restarts:
                if at < _LEVELS:
                    counters[at] = None
        start = restarts.get(level, _int(_value(levels[level], "start"), default=1))
        before = counters[level]
        counters[level] = start if before is None else before + 1
        counters[level + 1 :] = [None] * (_LEVELS - level - 1)
        if _value(levels[level], "numFmt") == "bullet":
            return _BULLET

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            definition = levels.get(at)
            if definition is None:
                return ""
            count = counters[at]
            if count is None:
                count = counters[at] = _int(_value(definition, "start"), default=1)
            return drawn(count, _value(definition, "numFmt"))

        return _PLACE.sub(shown, _value(levels[level], "lvlText")).strip()


def _value(parent: Any, name: str) -> str:
    """The value of a child element, empty if there is none."""
    child = parent.find(_W + name)
    return "" if child is None else child.get(_W + "val", "")


def _int(value: str | None, *, default: int = 0) -> int:
    return int(value) if value and value.isdigit() else default
