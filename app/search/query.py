"""A question as it is searched for: read once, and passed on to whatever looks for something."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quire.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Mode = Literal["hybrid", "dense", "lexical"]
Leg = Literal["dense", "lexical"]

_LONGEST_QUESTION = 2_000  # characters; what a question says, it says in its first page


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
    """The question without white space around it, cut at a length that no question needs, and
    without what is no text: NUL, and the halves of characters that bytes in another encoding than
    UTF-8 arrive as.

    Raises UsageError when nothing is left.
    """
    text = question[: 2 * _LONGEST_QUESTION].encode("utf-8", "replace").decode()
    text = text.replace("\x00", " ").strip()[:_LONGEST_QUESTION]
    if not text:
        raise UsageError("The question is empty.", hint="Ask something about your documents.")
    return text
