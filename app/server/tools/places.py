"""The ids by which tools name a place in a document, and the text around one.

d60bc07ea6457a6c            a document
d60bc07ea6457a6c:120-480    characters [120, 480) of its text
"""

import re
from dataclasses import dataclass

from quire.records import Document, Pages

_PLACE = re.compile(r"(?P<document>.+):(?P<start>\d{1,12})-(?P<end>\d{0,12})", re.DOTALL)
Place = tuple[int, int | None]
"""Where it begins, and where it ends or None."""
_AROUND = 3_000  # characters before and after a place in a document without pages
MOST = 40_000
"""Characters of a document that are read at once."""


def id_of(document: Document, start: int, end: int) -> str:
    """The id of a place."""
    return f"{document.id}:{start}-{end}"


def read(id_: str) -> tuple[str, Place | None]:
    """The document that an id names, and the place in it, if it names one.

    >>> read("d60bc07ea6457a6c:120-480"), read("lease.pdf")
    (('d60bc07ea6457a6c', (120, 480)), ('lease.pdf', None))
    """
    found = _PLACE.fullmatch(id_)
    if found is None:
        return id_, None
    return found["document"], (int(found["start"]), int(found["end"]) if found["end"] else None)


@dataclass(frozen=True, slots=True)
class Around:
    """Characters [start, end) of a document's text, with the pages that they stand on. `length` is
    that of all of it."""

    text: str
    start: int
    end: int
    page_first: int | None
    page_last: int | None
    length: int

    @property
    def rest(self) -> str:
        """What follows an id, to read on; empty at the end."""
        return f":{self.end}-" if self.end < self.length else ""


def around(pages: Pages, place: Place | None) -> Around:
    """The whole pages that a place stands on, or where there are none, what stands around it up to
    the ends of paragraphs. Without an end it is the text from there on, without a place all of it.
    At most `MOST` characters."""
    length = len(pages.text)
    start, end = place or (0, None)
    start = min(start, length)
    if end is None:
        first, last = start, length
    elif any(number is not None for number in pages.numbers):
        first, last = _whole_pages(pages, start, min(max(start + 1, end), length))
    else:
        first = max(0, pages.text.rfind("\n\n", 0, max(0, start - _AROUND)))
        last = pages.text.find("\n\n", min(length, end + _AROUND))
        last = length if last < 0 else last
    last = min(last, first + MOST)
    numbers = [
        pages.numbers[at]
        for at in range(len(pages))
        if pages.starts[at] < max(last, first + 1) and pages.end(at) >= first
    ] or [None]
    return Around(pages.text[first:last], first, last, numbers[0], numbers[-1], length)


def _whole_pages(pages: Pages, start: int, end: int) -> tuple[int, int]:
    """Where the page of `start` begins, and that of `end` ends."""
    on = [at for at, begin in enumerate(pages.starts) if begin < end]
    first = max((at for at in on if pages.starts[at] <= start), default=0)
    return pages.starts[first], pages.end(on[-1] if on else 0)
