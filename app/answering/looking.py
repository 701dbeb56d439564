"""The pages that were found, shown to a chat model that takes pictures.

    an answer with its passages -> the pages of the best ones as pictures -> what the model sees

A chart, a drawing, a stamp or a handwritten note answers questions that no text does. What a model
says of a picture cannot be held against a text, so that it is no part of the answer: it is told
apart, as unchecked, with its page, and changes no verdict. Words on a picture are data like those
of a document.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence

from quire.answering.prompting import Wording, filled
from quire.answering.question import Asked
from quire.errors import QuireError
from quire.models.engine.watching import WatchedReply, foreign_errors_told
from quire.models.protocols import ChatModel, ReadsPictures, sent_to
from quire.records import Answer, Document, Seen, Step, Usage
from quire.text import languages

MOST = 2  # pages in one call
_TRIED = 4  # pages, of which some may not be drawn
_REPLY_TOKENS = 300
_LONGEST = 1_000  # characters kept of what is seen on a page
_NOTHING = "NOTHING"  # what the model says of a picture that does not answer
_LABEL = re.compile(r"^\s*[\[【]\s*(\d)\s*[\]】]\s*[:：]?\s*")
_NOT_SHOWN = "No page was shown to a model."
_NO_PAGE = "No page that was found can be drawn; those of PDF files and pictures can."
_NO_MODEL = "There is no chat model to look at it."
_NO_PICTURES = (
    "The chat model takes no pictures; one on a server can, such as llama-server with --mmproj "
    "(docs/remote.md)."
)

Place = tuple[Document, int]
Picture = Callable[[Document, int], bytes]
"""Draws a page of a document as a JPEG. Raises QuireError for one that cannot be drawn."""


def looked(
    answer: Answer,
    asked: Asked,
    *,
    model: ChatModel | None,
    picture: Picture,
    wording: Callable[[str, str], Wording],
) -> Answer:
    """The answer with what the model sees on the pages of its best passages, or with a note that
    says why it sees nothing."""
    if asked.cancel.is_set():
        return answer
    if model is None:
        return _noted(answer, f"{_NOT_SHOWN} {_NO_MODEL}")
    if not isinstance(model, ReadsPictures):
        return _noted(answer, f"{_NOT_SHOWN} {_NO_PICTURES}")
    if model.pictures_problem:
        return _noted(answer, f"{_NOT_SHOWN} {model.pictures_problem}")
    try:
        places, pictures = _drawn(answer, picture)
        if not places:
            return _noted(answer, _NO_PAGE)
        for document, page in places:
            asked.on_step(Step("look", {"document": document.name, "page": page}, ""))
        question = answer.standalone_question
        messages = filled(wording("look", languages.detect(question)), question=question)
        with foreign_errors_told(model):
            reply = model.look(
                messages, pictures=pictures, max_tokens=_REPLY_TOKENS, cancel=asked.cancel
            )
        answer = _sent(answer, model, places)
        answer = _told(answer, WatchedReply(reply, model=model, until_loop=True), places)
    except QuireError as error:
        reason = error.told
        answer = _noted(answer, f"The pages could not be shown to the model: {reason}")
    return dataclasses.replace(
        answer, timings=dataclasses.replace(answer.timings, total=asked.elapsed_ms)
    )


def _told(answer: Answer, reply: WatchedReply, places: Sequence[Place]) -> Answer:
    """The answer with what a reply says of each picture. Raises ModelError."""
    said = "".join(reply)
    if reply.finish == "cancelled":
        return answer
    spent, more = answer.usage, reply.usage
    usage = Usage(
        spent.prompt_tokens + more.prompt_tokens,
        spent.completion_tokens + more.completion_tokens,
    )
    answer = dataclasses.replace(answer, usage=usage)
    if reply.finish == "repetition":
        said = ""
    told = _by_picture(said, len(places))
    seen = {at: text for at, text in told.items() if text.strip(" .。").upper() != _NOTHING}
    if seen:
        return dataclasses.replace(
            answer, seen=tuple(Seen(*places[at], seen[at]) for at in sorted(seen))
        )
    if _NOTHING in said.upper():
        return _noted(answer, f"The model sees nothing that answers on {_named(places)}.")
    return _noted(answer, f"The model said nothing that can be used of {_named(places)}.")


def _drawn(answer: Answer, picture: Picture) -> tuple[list[Place], list[bytes]]:
    """The pages of the best passages that can be drawn, at most `MOST`. Raises the error of the
    last one where none can."""
    places: list[Place] = []
    pictures: list[bytes] = []
    problem: QuireError | None = None
    for document, page in list(dict.fromkeys(_pages(answer)))[:_TRIED]:
        try:
            pictures.append(picture(document, page))
            places.append((document, page))
        except QuireError as error:
            problem = error
        if len(places) == MOST:
            break
    if problem and not places:
        raise problem
    return places, pictures


def _pages(answer: Answer) -> Iterator[Place]:
    """The pages of the passages, the best first: of each those that the answer cites, else where it
    begins."""
    for passage in answer.passages:
        cited = [each.page for each in answer.citations if each.label == passage.label]
        for page in cited or [passage.span.page_first]:
            if page is not None:
                yield passage.document, page


def _by_picture(reply: str, count: int) -> dict[int, str]:
    """What a reply says of each picture, by its place from 0: the lines behind its number. Of
    several pictures, what stands before any number is of none."""
    said: dict[int, list[str]] = {}
    at = 0 if count == 1 else None
    for line in reply.splitlines():
        number = _LABEL.match(line)
        if number and 1 <= int(number[1]) <= count:
            at, line = int(number[1]) - 1, line[number.end() :]  # noqa: PLW2901  without its number
        if at is not None:
            said.setdefault(at, []).append(line)
    texts = {at: _flat(" ".join(lines)) for at, lines in said.items()}
    return {at: text for at, text in texts.items() if text}


def _flat(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…"


def _sent(answer: Answer, model: ChatModel, places: Sequence[Place]) -> Answer:
    """The answer with where pictures go, told also if nothing comes of it."""
    host = sent_to(model)
    if host is None:
        return answer
    return dataclasses.replace(
        _noted(answer, f"Pictures of {_named(places)} were sent to {host}."), sent_to=host
    )


def _named(places: Sequence[Place]) -> str:
    return "; ".join(f"{document.name}, page {page}" for document, page in places)


def _noted(answer: Answer, note: str) -> Answer:
    return dataclasses.replace(answer, notes=(*answer.notes, note))
