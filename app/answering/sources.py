"""How a passage is shown to a model that reads whole passages: where it is from, then its text
under what it stands under."""

from collections.abc import Iterator

from quire.records import Passage
from quire.text import statements


def written(passage: Passage) -> str:
    """A passage behind its label, as one source of a prompt.

    A first line tells the file, the page and the headings above; then comes what its beginning
    leans on, as the header of a table that was cut, and the text.
    """
    return "\n".join((_origin(passage), *_leant_on(passage), passage.text.strip()))


def _origin(passage: Passage) -> str:
    page = passage.span.page_first
    where = [passage.document.name]
    if page is not None:
        last = passage.span.page_last
        where.append(f"p. {page}" if last in {None, page} else f"pp. {page}–{last}")
    path = " › ".join(passage.heading_path)
    return f"[{passage.label}] {', '.join(where)}" + (f" › {path}" if path else "")


def _leant_on(passage: Passage) -> Iterator[str]:
    """What the first statement stands under and was left before the passage: its list's head, the
    caption and the header of its table."""
    told = statements.of(passage)
    if told:
        for stretch in told[0].under:
            if stretch.start < passage.span.start:
                yield stretch.text
