"""What the styles of an OpenDocument file say: what is hidden, and how lists and headings count."""

from collections.abc import Sequence
from typing import Any

from quire.ingest.loaders.cleaning import BULLET
from quire.ingest.loaders.list_numbers import drawn

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_STYLE, _TEXT, _TABLE, _PRESENTATION = (
    f"{{{_URN}{name}:1.0}}" for name in ("style", "text", "table", "presentation")
)
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman",
          "I": "upperRoman", "一, 二, 三, ...": "chineseCounting"}  # fmt: skip
_LEVELS = 10


class Styles:
    """The styles of a file, by name, and the numbers of its lists so far."""

    def __init__(self, parts: Sequence[Any]) -> None:
        """`parts` are the roots of the parts that define styles."""
        self.hidden: set[str] = set()
        self._hidden_sheets: set[str] = set()
        self._hidden_slides: set[str] = set()
        self._levels: dict[tuple[str, int], Any] = {}
        self._counts: dict[tuple[str, int], int] = {}
        for part in parts:
            for style in part.iter(_STYLE + "style"):
                self._read(style)
            for name in ("list-style", "outline-style"):
                for style in part.iter(_TEXT + name):
                    own = style.get(_STYLE + "name", "") if name == "list-style" else name
                    for level in style:
                        if isinstance(level.tag, str):
                            at = _number(level.get(_TEXT + "level", "1")) - 1
                            self._levels[own, at] = level

    def _read(self, style: Any) -> None:
        name = style.get(_STYLE + "name", "")
        for properties in style:
            if properties.get(_TEXT + "display") == "none":
                self.hidden.add(name)
            if properties.get(_TABLE + "display") == "false":
                self._hidden_sheets.add(name)
            if properties.get(_PRESENTATION + "visibility") == "hidden":
                self._hidden_slides.add(name)

    def is_hidden_sheet(self, style: str) -> bool:
        """Whether a sheet of this style is hidden."""
        return style in self._hidden_sheets

    def is_hidden_slide(self, style: str) -> bool:
        """Whether a slide of this style is hidden."""
        return style in self._hidden_slides

    def start_list(self, style: str, depth: int, *, goes_on: bool) -> None:
        """Begins a list, which counts from its start unless it goes on with the one before it."""
        if not goes_on:
            self._forget(style, depth)

    def label(self, style: str, depth: int, start: str) -> str:
        """The number or bullet of the next item; `start` is the number that it has by itself."""
        level = self._levels.get((style, depth))
        if level is None or not level.tag.endswith("-number"):
            return BULLET
        if start.isdigit():
            self._counts[style, depth] = _number(start) - 1
        return self._numbered(style, depth) or BULLET

    def heading_number(self, level: int) -> str:
        """The number of the next heading of a level, empty where headings have none."""
        return self._numbered("outline-style", level - 1)

    def _numbered(self, style: str, depth: int) -> str:
        level = self._levels.get((style, depth))
        if level is None:
            return ""
        first = _number(level.get(_TEXT + "start-value", "1"))
        self._counts[style, depth] = self._counts.get((style, depth), first - 1) + 1
        self._forget(style, depth + 1)
        if not level.get(_STYLE + "num-format"):
            return ""
        shown = min(_number(level.get(_TEXT + "display-levels", "1")), depth + 1)
        numbers = []
        for at in range(depth - shown + 1, depth + 1):
            of_level = self._levels.get((style, at))
            if of_level is not None and (form := of_level.get(_STYLE + "num-format")):
                numbers.append(drawn(self._counts.get((style, at), 1), _FORMS.get(form, "decimal")))
        before, behind = (level.get(f"{_STYLE}num-{place}", "") for place in ("prefix", "suffix"))
        return f"{before}{'.'.join(numbers)}{behind}".strip()

    def _forget(self, style: str, depth: int) -> None:
        for at in range(depth, _LEVELS):
            self._counts.pop((style, at), None)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 1
