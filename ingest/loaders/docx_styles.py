"""What the styles of a DOCX say of its paragraphs: headings and their level, items of lists."""

from collections.abc import Iterator
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9  # of a list
_MAX_STYLES = 20  # steps from a style to the one it is based on; more are a loop


class Styles:
    """What the style of a paragraph says, or the paragraph itself."""

    def __init__(self, root: Any) -> None:
        """`root` is the element that defines the styles, or None if there is none."""
        self._levels: dict[str, int] = {}
        self._lists: dict[str, tuple[str, int]] = {}
        self._depths: dict[str, int] = {}
        self._indented: set[str] = set()
        found = root.iterfind(_W + "style") if root is not None else ()
        by_id = {style.get(_W + "styleId"): style for style in found}
        for name, style in by_id.items():
            for ancestor in _based_on(style, by_id):
                level = _heading_level_of(ancestor)
                if level is not None:
                    self._levels.setdefault(name, level)
                mark = ancestor.find(f"{_W}pPr/{_W}numPr")
                if mark is not None and name not in self._lists:
                    self._lists[name] = _list_place(mark)
                if (depth := _depth_of(ancestor)) is not None:
                    self._depths.setdefault(name, depth)
                if _is_indented(ancestor.find(_W + "pPr")):
                    self._indented.add(name)

    def heading_level(self, paragraph: Any) -> int:
        """1 to 6 for a heading, 0 for all else."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return 0
        level = _outline_level(properties)
        if level is None:
            level = self._levels.get(_style_of(properties), 0)
        return level

    def list_place(self, paragraph: Any) -> tuple[str, int] | None:
        """The list that a paragraph is an item of and its level there, from 0."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return None
        mark = properties.find(_W + "numPr")
        by_style = self._lists.get(_style_of(properties))
        if mark is None:
            return by_style
        list_id, level = _list_place(mark)
        if not list_id and by_style:
            return by_style[0], level
        return (list_id, level) if list_id != "0" else None

    def list_depth(self, paragraph: Any) -> int:
        """How many items an item of a list stands under: its level, or what its style is named
        after ("List Bullet 2")."""
        place = self.list_place(paragraph)
        named = self._depths.get(_style_of(paragraph.find(_W + "pPr")), 0)
        return min(max(place[1] if place else 0, named), _LEVELS)

    def is_indented(self, paragraph: Any) -> bool:
        """Whether a paragraph stands further in than the text, as one that goes on with an item."""
        properties = paragraph.find(_W + "pPr")
        if properties is None:
            return False
        return _is_indented(properties) or _style_of(properties) in self._indented


def _depth_of(style: Any) -> int | None:
    """The depth that the name of a built-in style for lists gives, None where it is another."""
    name = style.find(_W + "name")
    words = (name.get(_W + "val") or "").lower().split() if name is not None else []
    if len(words) == 3 and words[0] == "list" and words[2].isdigit():
        return max(int(words[2]) - 1, 0)
    return None


def _is_indented(properties: Any) -> bool:
    mark = properties.find(_W + "ind") if properties is not None else None
    if mark is None:
        return False
    left = mark.get(_W + "left") or mark.get(_W + "start") or "0"
    return left.isdigit() and int(left) > 0


def _list_place(mark: Any) -> tuple[str, int]:
    """The list and level that a `w:numPr` names."""
    list_id, level = mark.find(_W + "numId"), mark.find(_W + "ilvl")
    value = level.get(_W + "val", "0") if level is not None else "0"
    return (
        list_id.get(_W + "val", "") if list_id is not None else "",
        int(value) if value.isdigit() else 0,
    )


def _based_on(style: Any, by_id: dict[str, Any]) -> Iterator[Any]:
    for _ in range(_MAX_STYLES):
        yield style
        base = style.find(_W + "basedOn")
        if base is None or base.get(_W + "val") not in by_id:
            return
        style = by_id[base.get(_W + "val")]


def _heading_level_of(style: Any) -> int | None:
    properties = style.find(_W + "pPr")
    if properties is not None and (level := _outline_level(properties)) is not None:
        return level
    # Built-in styles keep their English name in every language of the word processor.
    name = style.find(_W + "name")
    words = (name.get(_W + "val") or "").lower().split() if name is not None else []
    if words == ["title"]:
        return 1
    if len(words) == 2 and words[0] == "heading" and words[1].isdigit():
        return max(1, min(int(words[1]), 6))
    return None


def _outline_level(properties: Any) -> int | None:
    mark = properties.find(_W + "outlineLvl")
    value = mark.get(_W + "val", "") if mark is not None else ""
    if not value.isdigit():
        return None
    return 0 if int(value) > 8 else min(int(value) + 1, 6)


def _style_of(properties: Any) -> str:
    style = properties.find(_W + "pStyle")
    return style.get(_W + "val", "") if style is not None else ""
