"""The words of OpenDocument's paragraphs and cells, as they are shown."""

from collections.abc import Callable, Collection
from typing import Any

from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import aside
from quire.ingest.loaders.drawings import alt_text
from quire.ingest.loaders.equations import in_a_line
from quire.ingest.loaders.furniture import PAGE_NUMBER

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
TEXT, TABLE, OFFICE, DRAW, PRESENTATION = (
    f"{{{_URN}{name}:1.0}}" for name in ("text", "table", "office", "drawing", "presentation")
)
_SVG = f"{{{_URN}svg-compatible:1.0}}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_MOST_BLANKS = 100  # that one element may stand for
_UNSEEN = {
    TEXT + "tracked-changes", TEXT + "hidden-text", TEXT + "ruby-text", TEXT + "note-citation",
    OFFICE + "event-listeners", OFFICE + "forms", DRAW + "image", DRAW + "glue-point",
    _SVG + "title", _SVG + "desc", OFFICE + "binary-data",
}  # fmt: skip
_NUMBERS = {TEXT + "page-number", TEXT + "page-count"}


class Words:
    """Reads the words of elements, and keeps what stands beside them until it is taken: footnotes,
    comments, and the objects that are charts."""

    def __init__(self, hidden: Collection[str], equation: Callable[[str], Any]) -> None:
        """`hidden` are the styles of text that is not shown; `equation` gives the root of an object
        that is one, or None."""
        self._hidden = hidden
        self._equation = equation
        self._notes: list[str] = []
        self._remarks: list[str] = []
        self._objects: list[str] = []

    def of(self, element: Any) -> str:
        """The visible text inside an element, in lines. Walks without recursion."""
        parts: list[str] = [] if element.tag.startswith(TABLE) else [element.text or ""]
        stack = [iter(element)]
        tails = [""]
        while stack:
            for child in stack[-1]:
                if self._add(child, parts):
                    tails.append(_tail(child))
                    stack.append(iter(child))
                    break
                parts.append(_tail(child))
            else:
                stack.pop()
                parts.append(tails.pop())
        return "\n".join(filter(None, map(_one_line, "".join(parts).split("\n"))))

    def take_notes(self) -> list[str]:
        """The footnotes and endnotes met since they were taken last."""
        notes, self._notes = self._notes, []
        return notes

    def take_remarks(self) -> list[str]:
        """The comments met since they were taken last."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def take_objects(self) -> list[str]:
        """Where the objects lie that were met since they were taken last."""
        objects, self._objects = self._objects, []
        return objects

    def remark(self, annotation: Any) -> str:
        """A comment with who wrote it."""
        author = clean_line(annotation.findtext(_DC + "creator") or "")
        text = clean_line(" ".join(self.of(part) for part in annotation.iterchildren(TEXT + "p")))
        return aside(text, by=author) if text else ""

    def description(self, shape: Any) -> str:
        """What is said of a picture or another shape, empty where nothing is."""
        said = [alt_text(shape.findtext(_SVG + name) or "") for name in ("title", "desc")]
        text = ": ".join(dict.fromkeys(filter(None, said)))
        return aside(text) if text else ""

    def _add(self, element: Any, parts: list[str]) -> bool:
        """Adds what an element says by itself; true if what is in it is to be read too."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNSEEN:
            return False
        if tag == OFFICE + "annotation":
            if text := self.remark(element):
                self._remarks.append(text)
        elif tag == TEXT + "note":
            body = element.find(TEXT + "note-body")
            if body is not None:
                self._notes.append(self.of(body))
        elif tag == TEXT + "s":
            parts.append(" " * min(count(element.get(TEXT + "c", "")), _MOST_BLANKS))
        elif tag == TEXT + "tab":
            parts.append("\t")
        elif tag == TEXT + "line-break":
            parts.append("\n")
        elif tag in _NUMBERS:
            parts.append(PAGE_NUMBER)
        elif tag == DRAW + "object":
            self._add_object(element, parts)
        elif element.get(TEXT + "style-name") in self._hidden or _is_off(element):
            return False
        else:
            if tag in {TEXT + "p", TEXT + "h", TABLE + "table-row", TEXT + "list-item"}:
                parts.append("\n")
            elif tag == TABLE + "table-cell":
                parts.append(" ")
            elif tag.startswith(DRAW) and (text := self.description(element)):
                parts.append(f" {text} ")
            parts.append(element.text or "")
            return True
        return False

    def _add_object(self, element: Any, parts: list[str]) -> None:
        href = element.get(_HREF, "")
        inner = next(element.iter("{*}math"), None)
        root = inner if inner is not None else self._equation(href)
        if root is not None:
            parts.append(in_a_line(root))
        else:
            self._objects.append(href)


def count(value: str, *, default: int = 1) -> int:
    """A count that an attribute gives."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else default


def _is_off(element: Any) -> bool:
    """Whether an element says of itself that it is not shown."""
    return "true" in {element.get(TEXT + "is-hidden"), element.get(TEXT + "hidden")}


def _tail(element: Any) -> str:
    return element.tail or ""


def _one_line(text: str) -> str:
    return "\t".join(" ".join(part.split()) for part in text.split("\t")).strip()
