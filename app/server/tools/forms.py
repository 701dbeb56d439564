"""What tools give, as their output schemas say it."""

from pydantic import BaseModel


class Found(BaseModel):
    """A place that fits a search. `id` is what `fetch` and `page_image` take; `page` is None where
    the document has no pages."""

    id: str
    title: str
    url: str
    text: str
    document: str
    page: int | None


class SearchResults(BaseModel):
    """The best places first."""

    results: list[Found]


class Fetched(BaseModel):
    """The text around a place. `metadata` names the document, the pages, the characters and, as
    `next`, the id to read on with where there is more."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


class Cited(BaseModel):
    """A quote: word for word what stands in the document at this place."""

    id: str
    quote: str
    document: str
    page: int | None
    url: str


class Statement(BaseModel):
    """A statement and the verdict on it: supported, computed, partly, contradicted or unsupported;
    None where there is nothing to judge. `formula` is how a computed number follows."""

    text: str
    support: str | None
    formula: str | None
    citations: list[Cited]


class Asked(BaseModel):
    """An answer. `status` is answered, extractive (quotes alone) or not_found; what is not found
    comes with the `nearest` places. `answer` marks, in words, what was not found in the documents
    and what they contradict."""

    answer: str
    status: str
    understood_as: str
    statements: list[Statement]
    nearest: list[Found]
    notes: list[str]


class CheckedStatement(Statement):
    """As in an answer, at characters [start, end) of the text. `nowhere` are its words that stand
    in no document, `nearest` the places that come closest."""

    start: int
    end: int
    nowhere: list[str]
    nearest: list[Found]


class Checked(BaseModel):
    """A text that was held against the documents. It `holds` where all of it was looked at and
    nothing was contradicted or not found."""

    holds: bool
    counts: dict[str, int]
    statements: list[CheckedStatement]
    left_out: int
    searched_documents: int
    searched_passages: int
    pages_without_text: int
    notes: list[str]


class Listed(BaseModel):
    """A document. `id` is what `fetch` and `page_image` take."""

    id: str
    name: str
    title: str
    pages: int | None
    language: str
    modified: str
    tags: list[str]


class DocumentList(BaseModel):
    """Documents by name; `total` is how many there are that fit."""

    documents: list[Listed]
    total: int


class PageImage(BaseModel):
    """Which page the picture is of, and how large it is in points."""

    document: str
    page: int
    width: int
    height: int
    url: str
