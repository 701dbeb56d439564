"""Kept turns of a chat in pieces, for whoever writes them down: as DOCX and as PDF.

    Turn + pictures of what it cites -> Piece: a question, a block of the answer, a quote, a picture

The words beside them are those of the page, in the language of the question.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from quire.conversations import layout
from quire.messages.texts import text
from quire.reports.marked import printable
from quire.text import languages

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Turn

_PASSAGE = 600  # characters of a passage that came near

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style; a `mark` is the verdict on the statement before it."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    mark: bool = False


Cell = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what is written down, one below the other.

    A "block" is one of the answer, of the `kind` that `quire.text.markdown` tells; its `lines` have
    one cell each, but those of a table. All else is one line of text, a "picture" the PNG of a
    place on its page.
    """

    what: Literal["question", "about", "block", "heading", "source", "quote", "picture"]
    lines: tuple[tuple[Cell, ...], ...] = ()
    kind: str = "paragraph"
    level: int = 0
    marker: str = ""
    header: bool = False
    picture: bytes = b""

    @property
    def said(self) -> str:
        """All of its text."""
        return "\n".join(
            " ".join("".join(span.text for span in cell) for cell in line) for line in self.lines
        )


def pieces(turn: "Turn", pictures: Sequence[bytes | None]) -> Iterator[Piece]:
    """A turn in pieces. `pictures` are PNG images of the places that it cites, None where there is
    none."""
    language = "zh" if languages.detect(turn.question) == "zh" else "en"

    def words(key: str, **values: object) -> str:
        return text(key, language, **values)

    yield _line("question", turn.question)
    answer = turn.answer
    if not turn.readable:
        yield _line("about", words("chat.unreadable"))
        return
    if turn.standalone != turn.question:
        yield _line("about", words("answer.you_asked", question=turn.standalone))
    if (counted := layout.found(answer)) and answer["sentences"]:
        yield _line("about", words("answer.found", found=counted[0], n=counted[1]))
    if answer["sentences"]:
        marks = [layout.mark(each, marks_in(words)) for each in answer["sentences"]]
        yield from (_block(block, marks) for block in layout.of(answer))
    else:
        yield from (_line("block", line) for line in answer["text"].splitlines() if line.strip())
    if answer["citations"]:
        yield _line("heading", words("answer.sources"))
    for cited, picture in zip(answer["citations"], pictures, strict=True):
        where = _where(cited["document"], cited["page"], words)
        if cited.get("ocr"):
            where += f" · {words('answer.ocr')}"
        yield _line("source", f"[{cited['label']}] {where}")
        yield _line("quote", cited["quote"])
        if picture:
            yield Piece("picture", picture=picture)
    for seen in answer.get("seen", ()):
        yield _line("heading", words("answer.seen"))
        yield _line("source", _where(seen["document"], seen["page"], words))
        yield _line("block", seen["text"])
    if answer["status"] == "not_found" and answer["passages"]:
        yield _line("heading", words("answer.closest"))
        passage = answer["passages"][0]
        nearest = (answer.get("refusal") or {}).get("nearest") or [{}]
        quote = nearest[0].get("quote") or passage["text"][:_PASSAGE]
        yield _line("source", _where(passage["document"], passage["page_first"], words))
        yield _line("quote", quote)
    if answer["model"]:
        seconds = f"{answer['timings_ms']['total'] / 1000:.1f}"
        yield _line("about", words("answer.by_model", model=answer["model"], seconds=seconds))
    if turn.asked_at:
        yield _line("about", f"{turn.asked_at[:10]} · {turn.id}")


def _where(name: str, page: int | None, words: Callable[..., str]) -> str:
    if page is None:
        return name
    return name + words("answer.at", where=words("answer.page", page=page))


def marks_in(words: Callable[..., str]) -> layout.Words:
    """What the marks of statements say, by what gives the text of a key in a language."""

    def both(first: str, second: str) -> str:
        return f"{words(first)}: {words(second, quote='{quote}')}"

    return layout.Words(
        unsupported=words("answer.not_found"),
        contradicted=both("answer.contradicted", "answer.contradicted_by"),
        superseded=both("answer.superseded", "answer.superseded_by"),
        right=words("answer.right", formula="{formula}"),
        computed=words("answer.computed_as"),
    )


def _line(what: Any, said: str) -> Piece:
    return Piece(what, (((Span(printable(said)),),),))


def _block(block: layout.Block, marks: Sequence[str]) -> Piece:
    lines = tuple(tuple(_cell(cell, marks) for cell in line) for line in block.lines)
    return Piece("block", lines, block.kind, block.level, block.marker, block.header)


def _cell(cell: layout.Cell, marks: Sequence[str]) -> Cell:
    spans: list[Span] = []
    for run in cell:
        if run.text:
            spans.append(Span(printable(run.text), run.strong, run.emphasis, run.code))
        told = "".join(marks[number] for number in run.ends)
        if told:
            spans.append(Span(printable(told), mark=True))
    return tuple(spans)
