"""Conversations as Markdown, with what proves each sentence.

What documents and chats say is data here too: nothing of it becomes a link, an image or a heading
for whoever opens the file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Conversation, Turn

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_LINE_START = re.compile(r"^(\d*)([-+=.)])")


def markdown(conversation: "Conversation", turns: "Sequence[Turn]") -> str:
    """A conversation with its questions, answers, quotes and feedback."""
    lines = [f"# {inert(conversation.title)}", ""]
    for turn in turns:
        lines += _turn(turn)
    return "\n".join(lines).rstrip() + "\n"


def _turn(turn: "Turn") -> Iterator[str]:
    yield f"## {inert(turn.question)}"
    yield ""
    if not turn.readable:
        yield inert(turn.answer["text"])
        yield ""
        return
    if turn.standalone != turn.question:
        yield f"*Understood as: {inert(turn.standalone)}*"
        yield ""
    yield _answer(turn.answer)
    yield ""
    for citation in turn.answer["citations"]:
        where = inert(citation["document"])
        if citation["page"] is not None:
            where += f", page {citation['page']}"
        yield f"- \\[{citation['label']}\\] {where}: “{inert(citation['quote'])}”"
    if turn.answer["citations"]:
        yield ""
    if turn.answer["model"]:
        yield f"*Written by {inert(turn.answer['model'])}, {turn.asked_at[:10]}*"
        yield ""
    if turn.feedback:
        comment = f": {inert(turn.feedback.comment)}" if turn.feedback.comment else ""
        yield f"*Feedback: {turn.feedback.verdict}{comment}*"
        yield ""


def _answer(answer: Mapping[str, Any]) -> str:
    """The answer's sentences, each with its labels."""
    if not answer["sentences"]:
        return inert(answer["text"])
    return " ".join(
        inert(sentence["text"]) + "".join(f" \\[{label}\\]" for label in sentence["labels"])
        for sentence in answer["sentences"]
    )


def inert(text: str) -> str:
    """A text on one line, with nothing in it that Markdown or a terminal would obey."""
    flat = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", flat))
