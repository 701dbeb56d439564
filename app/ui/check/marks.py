"""A checked text as the component of answers draws it: what needs a look, and all of it in place.

CheckedText -> blocks of nodes (see answer.js), citations, sources
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quire.checked import CheckedText
from quire.records import Citation, Sentence, with_citations
from quire.reports import marked
from quire.reports.marked import Noted
from quire.ui import answers, statements
from quire.ui.catalogue import plain

_NEAREST = 300  # characters of a passage that comes near
_QUOTES = 4  # of a statement

Kept = Mapping[str, Any]
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Marked:
    """The statements that need a look, contradictions first, and the whole text; both point into
    the same `citations`."""

    asking: list[dict[str, Any]]
    whole: list[dict[str, Any]]
    citations: Sequence[Kept]


def marked_text(checked: CheckedText) -> Marked:
    """A checked text with its marks. The documents that its statements cite are numbered from 1."""
    noted = marked.notes(checked)
    kept = with_citations(_numbered([one.statement.sentence for one in noted]))
    by_number = {one.number: each for one, each in zip(noted, kept["sentences"], strict=True)}
    citations = kept["citations"]
    return Marked(
        asking=[
            _block("item", [*_asking(one, by_number[one.number], citations)])
            for one in marked.overview(noted)
        ],
        whole=[
            _block(
                "heading" if paragraph.kind == "heading" else "paragraph",
                [*_in_place(paragraph, by_number, citations)],
            )
            for paragraph in marked.paragraphs(checked)
        ],
        citations=citations,
    )


def _numbered(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences whose citations bear the numbers of their documents: those that the search gave
    begin anew with each statement."""
    numbers: dict[str, int] = {}

    def numbered(cited: Citation) -> Citation:
        return replace(cited, label=numbers.setdefault(cited.document.id, len(numbers) + 1))

    return [
        replace(one, citations=tuple(map(numbered, one.citations[:_QUOTES]))) for one in sentences
    ]


def _block(kind: str, nodes: list[Node]) -> dict[str, Any]:
    return {
        "kind": kind,
        "level": 0,
        "marker": "-" if kind == "item" else "",
        "header": False,
        "lines": [[nodes]],
    }


def _asking(one: Noted, kept: Kept, citations: Sequence[Kept]) -> Iterator[Node]:
    """A statement that needs a look, with what tells against it, or that nothing tells of it."""
    yield _text(one.statement.text, kept["support"])
    for mark in statements.marks(kept, citations):
        yield mark | {"told": _nothing(one)} if mark.get("flag") == "unsupported" else mark


def _nothing(one: Noted) -> str:
    """What was looked for, and what comes nearest, where nothing was found."""
    told = []
    if one.statement.nowhere:
        words = plain("answer.between").join(one.statement.nowhere)
        told.append(plain("check.nowhere", words=words))
    for passage in one.statement.nearest[:1]:
        where = answers.where(passage.document.name, passage.span.page_first)
        quote = " ".join(passage.text.split())
        quote = quote if len(quote) <= _NEAREST else f"{quote[:_NEAREST].rstrip()} …"
        told.append(plain("check.nearest", where=where, quote=quote))
    return "\n".join(told)


def _in_place(
    paragraph: marked.Paragraph, by_number: Mapping[int, Kept], citations: Sequence[Kept]
) -> Iterator[Node]:
    for run in paragraph.runs:
        if run.text:
            yield _text(run.text, run.support)
        if run.number is not None:
            for mark in statements.marks(by_number[run.number], citations):
                yield {key: value for key, value in mark.items() if key != "right"}


def _text(text: str, support: str | None) -> Node:
    node = {"text": text, "strong": False, "emphasis": False, "code": False}
    return node | {"support": support or ""}
