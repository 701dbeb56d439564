"""The forms in which a chat or an answer is written down, each with what writes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from quire.conversations import transcripts
from quire.reports import chat_pdf, chat_word

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Turn

Form = Literal["markdown", "docx", "pdf"]

Pictures = Sequence[Sequence[bytes | None]]

ENDINGS: Mapping[str, Form] = {".md": "markdown", ".docx": "docx", ".pdf": "pdf"}
"""How the names of their files end."""


def _markdown(title: str, turns: "Sequence[Turn]", pictures: Pictures) -> bytes:
    return transcripts.told(title, turns, pictures).encode()


WRITERS: "Mapping[Form, Callable[[str, Sequence[Turn], Pictures], bytes]]" = {
    "markdown": _markdown,
    "docx": chat_word.file,
    "pdf": chat_pdf.file,
}
"""Each takes a title, turns, and of each turn the pictures of what it cites."""
