"""Conversations as Markdown, with what proves each sentence.

What documents and chats say is data here too: nothing of it becomes a link, an image or a heading
for whoever opens the file.
"""

import base64
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quire.conversations import layout

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Conversation, Turn

SEEN = "Seen by the model, not checked"
"""What is said before that which a model sees on a page."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_LINE_START = re.compile(r"^(\d*)([-+=.)])")


def markdown(conversation: "Conversation", turns: "Sequence[Turn]") -> str:
    """A conversation with its questions, answers, quotes and feedback."""
    return told(conversation.title, turns, [()] * len(turns))


def told(title: str, turns: "Sequence[Turn]", pictures: Sequence[Sequence[bytes | None]]) -> str:
    """Turns under a title. `pictures` are PNG images of the places that each of them cites, in
    their order, None where there is none: their data stand at the end, out of the reader's way."""
    lines = [f"# {inert(title)}", ""]
    data: list[str] = []
    for turn, its in zip(turns, pictures, strict=True):
        shown = []
        for picture in its:
            shown.append(f"picture-{len(data) + 1}" if picture else "")
            if picture:
                coded = base64.b64encode(picture).decode("ascii")
                data.append(f"[picture-{len(data) + 1}]: data:image/png;base64,{coded}")
        lines += _turn(turn, shown)
    return "\n".join([*lines, *data]).rstrip() + "\n"


def _turn(turn: "Turn", pictures: Sequence[str] = ()) -> Iterator[str]:
    yield f"## {inert(turn.question)}"
    yield ""
    if not turn.readable:
        yield inert(turn.answer["text"])
        yield ""
        return
    if turn.standalone != turn.question:
        yield f"*Understood as: {inert(turn.standalone)}*"
        yield ""
    yield from _answer(turn.answer)
    yield ""
    citations = turn.answer["citations"]
    for citation, picture in itertools.zip_longest(citations, pictures[: len(citations)]):
        where = inert(citation["document"])
        if citation["page"] is not None:
            where += f", page {citation['page']}"
        if citation.get("ocr"):
            where += ", read by OCR"
        yield f"- \\[{citation['label']}\\] {where}: “{inert(citation['quote'])}”"
        if picture:
            yield f"\n    ![{where}][{picture}]\n"
    if turn.answer["citations"]:
        yield ""
    for seen in turn.answer.get("seen", ()):  # earlier versions showed no pages
        where = f"{inert(seen['document'])}, page {seen['page']}"
        yield f"*{SEEN}, on {where}:* {inert(seen['text'])}"
        yield ""
    if turn.answer["model"]:
        yield f"*Written by {inert(turn.answer['model'])}, {turn.asked_at[:10]}*"
        yield ""
    if turn.feedback:
        comment = f": {inert(turn.feedback.comment)}" if turn.feedback.comment else ""
        yield f"*Feedback: {turn.feedback.verdict}{comment}*"
        yield ""


def _answer(answer: Mapping[str, Any]) -> Iterator[str]:
    """The answer in its form, each statement with its mark."""
    if not answer["sentences"]:
        yield inert(answer["text"])
        return
    if counted := layout.found_line(answer):
        yield f"*{counted}*"
        yield ""
    marks = [_escaped(layout.mark(sentence)) for sentence in answer["sentences"]]
    before = ""
    for block in layout.of(answer):
        if before and not before == block.kind == "item":
            yield ""
        yield from _block(block, marks)
        before = block.kind


def _block(block: layout.Block, marks: Sequence[str]) -> Iterator[str]:
    if block.kind == "rule":
        yield "---"
    elif block.kind == "code":
        yield "```"
        for line in block.lines:
            yield "".join(filter(str.isprintable, "".join(run.text for run in line[0])))
        yield "```"
        yield from (told for line in block.lines if (told := layout.ended(line[0], marks).strip()))
    elif block.kind == "table":
        rows = [[_cell(cell, marks).strip() for cell in line] for line in block.lines]
        columns = max(map(len, rows))
        rows[:0] = [] if block.header else [[""] * columns]
        rows[1:1] = [["---"] * columns]
        yield from (f"| {' | '.join(row)} |" for row in rows)
    else:
        first = rest = "> " if block.kind == "quote" else ""
        if block.kind == "heading":
            first = "#" * min(6, block.level + 2) + " "
        elif block.kind == "item":
            numbered = re.fullmatch(r"\d+[.)]", block.marker)
            first = "    " * block.level + (f"{block.marker} " if numbered else "- ")
            rest = " " * len(first)
            if any(map(str.isalnum, block.marker)) and not numbered:
                first += f"{block.marker} "
        for number, line in enumerate(block.lines):
            end = "" if number + 1 == len(block.lines) else "  "  # keeps the line's end
            said = _LINE_START.sub(r"\1\\\2", _cell(line[0], marks).strip())
            yield (rest if number else first) + said + end


def _cell(cell: layout.Cell, marks: Sequence[str]) -> str:
    return layout.joined(cell, marks, told=_run)


def _run(run: layout.Run) -> str:
    text = _escaped(run.text)
    style = "**" * run.strong + "*" * run.emphasis
    said = text.strip()
    if not style or not said:
        return text
    around = text.split(said, 1)
    return f"{around[0]}{style}{said}{style}{around[1]}"


def inert(text: str) -> str:
    """A text on one line, with nothing in it that Markdown or a terminal would obey."""
    return _LINE_START.sub(r"\1\\\2", _escaped(" ".join(text.split())))


def _escaped(text: str) -> str:
    """A text without line ends and controls, whose marks mean nothing to Markdown."""
    flat = "".join(c for c in re.sub(r"\s", " ", text) if c.isprintable())
    return _SPECIAL.sub(r"\\\1", flat)
