"""A text that was held against the documents, statement by statement.

`KnowledgeBase.check` makes it; the command line, the browser and exported reports show it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from quire.records import Citation, Passage, Sentence, Support

PartKind = Literal["statement", "heading", "question", "opinion", "absence", "nothing"]

ORDER: tuple[Support, ...] = ("contradicted", "unsupported", "partly", "computed", "supported")
"""The verdicts, what needs a look first."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a text was held against: so many `documents` with so many `passages` and `pages`.

    `pages_without_text` are those of which nothing can be found, such as scans; `scope` says which
    documents these are where they are not all. `by_meaning` is false where only words were
    compared, because the embedding model does not read the text's language.
    """

    documents: int = 0
    passages: int = 0
    pages: int = 0
    pages_without_text: int = 0
    scope: str | None = None
    by_meaning: bool = True

    def to_dict(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "passages": self.passages,
            "pages": self.pages,
            "pages_without_text": self.pages_without_text,
            "scope": self.scope,
            "by_meaning": self.by_meaning,
        }


@dataclass(frozen=True, slots=True)
class CheckedStatement:
    """A piece of a text, characters [start, end), with the verdict on it.

    `kind` "statement" has a verdict in `sentence`, with the quotes that it rests on. All other
    kinds have none and count neither way: what leads to something else ("heading", "question"), an
    "opinion" of who writes, an "absence" (that something is not told), and "nothing" that could be
    checked. `under` are the headings above it. `page` is the page of the text that it begins on,
    None where that has none. Of a statement that was not found, or only partly, `nowhere` are its
    words that stand in no document searched, and `nearest` the passages that came closest.
    """

    start: int
    end: int
    kind: PartKind
    sentence: Sentence
    under: tuple[str, ...] = ()
    page: int | None = None
    nowhere: tuple[str, ...] = ()
    nearest: tuple[Passage, ...] = ()

    @property
    def text(self) -> str:
        return self.sentence.text

    @property
    def support(self) -> Support | None:
        """The verdict; None where there is nothing to judge."""
        return self.sentence.support

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The quotes that it rests on, or that contradict it."""
        return self.sentence.citations

    def to_dict(self) -> dict[str, Any]:
        probability = self.sentence.probability
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "page": self.page,
            "under": list(self.under),
            "kind": self.kind,
            "support": self.support,
            "probability": None if probability is None else round(probability, 3),
            "formula": self.sentence.formula,
            "citations": [citation.to_dict() for citation in self.citations],
            "nowhere": list(self.nowhere),
            "nearest": [passage.to_dict() for passage in self.nearest],
        }


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A text with the verdicts on its statements, in the order of the text.

    `name` is that of its file, empty where it had none, and `text` what was read of it: all places
    count its characters. `left_out` statements were not looked at, because there were too many or
    the check was stopped. `notes` are sentences about how it was checked.
    """

    name: str
    text: str
    statements: tuple[CheckedStatement, ...]
    searched: Searched
    left_out: int = 0
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> tuple[CheckedStatement, ...]:
        """The statements that have a verdict."""
        return tuple(one for one in self.statements if one.support is not None)

    @property
    def counts(self) -> dict[Support, int]:
        """How many statements have each verdict, what needs a look first."""
        found = Counter(one.support for one in self.statements)
        return {support: found[support] for support in ORDER}

    @property
    def holds(self) -> bool:
        """Whether every statement was looked at, and none was contradicted or not found."""
        counts = self.counts
        return not (self.left_out or counts["contradicted"] or counts["unsupported"])

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "text": self.text,
            "counts": dict(self.counts),
            "statements": [one.to_dict() for one in self.statements],
            "searched": self.searched.to_dict(),
            "left_out": self.left_out,
            "notes": list(self.notes),
        }
