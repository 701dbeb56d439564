"""The numbers of a DOCX's lists and headings, which stand in no text: "3.2", "(b)", "第三条".

People ask for "section 3.2", so the number that the word processor draws is part of the text.
"""

import re
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%([1-9])")
_BULLET = "•"
_CHINESE = "零一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_LEVELS = 9
_MAX_NUMBER = 9999  # beyond it, letters and Roman numerals grow without end


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
            return _format(count, _value(definition, "numFmt"))

        return _PLACE.sub(shown, _value(levels[level], "lvlText")).strip()


def _format(number: int, form: str) -> str:
    """`number` as the word processor draws it; forms of rare scripts as digits."""
    if not 0 < number <= _MAX_NUMBER or form in {"decimal", ""}:
        return str(number)
    if form in {"upperRoman", "lowerRoman"}:
        text = _roman(number)
        return text if form == "upperRoman" else text.lower()
    if form in {"upperLetter", "lowerLetter"}:
        text = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return text if form == "upperLetter" else text.lower()
    if form == "decimalZero":
        return f"{number:02}"
    if form in {"decimalEnclosedCircle", "decimalEnclosedCircleChinese"} and number <= 20:
        return chr(ord("①") + number - 1)
    if form.startswith(("chineseCounting", "taiwaneseCounting", "japaneseCounting")):
        return _chinese(number)
    return "" if form == "none" else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def _chinese(number: int) -> str:
    """`23` as 二十三, `105` as 一百零五."""
    text, gap = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            text += ("零" if gap and text else "") + _CHINESE[digit] + unit
        gap = not digit
    return text.removeprefix("一") if 10 <= number < 20 else text


def _value(parent: Any, name: str) -> str:
    """The value of a child element, empty if there is none."""
    child = parent.find(_W + name)
    return "" if child is None else child.get(_W + "val", "")


def _int(value: str | None, *, default: int = 0) -> int:
    return int(value) if value and value.isdigit() else default
