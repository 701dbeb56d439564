"""A question as it is searched for: read once, and passed on to whatever looks for something."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quire.errors import UsageError
from quire.search import question_parts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Mode = Literal["hybrid", "dense", "lexical"]
Leg = Literal["dense", "lexical"]

_LONGEST_QUESTION = 2_000  # characters that are searched for
_LONGEST_KEPT = 20_000  # characters that a chat keeps of what was asked
_MOST_READ = 2_000_000  # characters; what comes after them is not looked at


@dataclass(frozen=True, slots=True)
class Query:
    """A question, what of it is searched for, and how.

    `subject` is what it asks, and `source` where it says to look (`question_parts`). `language` is
    what `languages.detect` says of it, and `tongue` what `languages.identify` says of the subject.
    `vector` embeds the subject, shape (dimension,); None where the embedding model cannot read it
    or is not asked. `mode` "hybrid" is both legs, or the one that can read it.
    """

    text: str
    subject: str
    source: str
    language: str
    tongue: str
    mode: Mode
    legs: tuple[Leg, ...]
    vector: "npt.NDArray[np.float32] | None"


def checked_question(question: str) -> str:
    """The question without white space around it, and without what is no text: NUL, and the halves
    of characters that bytes in another encoding than UTF-8 arrive as. One that is longer than any
    question needs is reduced to what it asks.

    Raises UsageError when nothing is left.
    """
    text = _cleaned(question)
    return question_parts.asked(text)[:_LONGEST_QUESTION] if len(text) > _LONGEST_QUESTION else text


def kept_question(question: str) -> str:
    """The question as a chat keeps it: whole, unless it is longer than any mail. Raises UsageError
    when there is none."""
    text = _cleaned(question)
    return text if len(text) <= _LONGEST_KEPT else checked_question(text)


def _cleaned(question: str) -> str:
    text = question[:_MOST_READ].encode("utf-8", "replace").decode()
    text = text.replace("\x00", " ").strip()
    if not text:
        raise UsageError("The question is empty.", hint="Ask something about your documents.")
    return text
