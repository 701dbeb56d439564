"""What every command prints: one JSON document, or text for people; errors as sentences."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from quire.conversations import layout, transcripts
from quire.errors import QuireError, UsageError
from quire.records import Answer, Citation, Document, Hit, Near, Refusal, Step

_CLOSEST = 3  # passages shown where none of them answers


def print_json(value: Any) -> None:
    """The one JSON document of a command, on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_text(*lines: str, to: TextIO | None = None) -> None:
    stream = to or sys.stdout
    for line in lines:
        stream.write(line + "\n")
    stream.flush()


def print_error(error: QuireError, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": error.to_dict()})
    else:
        print_text(f"quire: {error.message}", to=sys.stderr)
        if error.hint:
            print_text(f"       {error.hint}", to=sys.stderr)


def print_step(step: Step) -> None:
    """What a model that looks things up has done, on standard error."""
    told = f"{step.told} (not run)" if step.refused else step.told
    if step.tool == "try":
        told = "trying whether the model can call tools: {at} of {of}".format(**step.arguments)
    print_text(f"… {told}", to=sys.stderr)


def write_file(path: Path, content: bytes) -> None:
    """Write a file that a command was asked for. Raises UsageError where that cannot be."""
    try:
        path.expanduser().write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def answer_lines(answer: Answer, *, written: bool = False) -> Iterator[str]:
    """An answer with its proof, as the command line shows it; without its text where that is
    `written` already."""
    if answer.standalone_question != answer.question:
        yield f"(understood as: {answer.standalone_question})"
    if answer.sentences and not written:
        yield from _marked_lines(answer.to_dict())
    elif not written:
        yield answer.text
    if answer.citations:
        yield ""
    for citation in answer.citations:
        yield from citation_lines(citation)
    if answer.status == "not_found" and answer.refusal:
        yield f"Looked at {_extent(answer.refusal)}."
    if answer.status == "not_found" and answer.passages:
        yield ""
        yield "The closest passages, which do not answer it as far as can be told:"
        nearest = answer.refusal.nearest if answer.refusal else ()
        words = {near.label: near for near in nearest}
        for passage in answer.passages[:_CLOSEST]:
            yield f"[{passage.label}] {place(passage.document, passage.span.page_first)}"
            if passage.label in words:
                yield f"    {_found(words[passage.label])}"
            yield f"    {shown(passage.text, most=200)}"
    for seen in answer.seen:
        yield ""
        yield f"{transcripts.SEEN}, on {place(seen.document, seen.page)}:"
        yield f"    {shown(seen.text, most=len(seen.text))}"
    if answer.sent_to:
        yield f"Note: the question and its passages left this machine, for {answer.sent_to}."
    for note in answer.notes:
        yield f"Note: {note}"


def _marked_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """How much of an answer was found, and its text with the marks of its statements."""
    if counted := layout.found_line(answer):
        yield counted
        yield ""
    yield from map(printable, layout.text_lines(answer))


def _extent(searched: Refusal) -> str:
    """How much was looked at, and on how much of it nothing can be found."""
    said = f"{searched.documents:,} documents, {searched.passages:,} passages"
    if searched.pages:
        said += f", {searched.pages:,} pages ({searched.pages_without_text:,} without text)"
    return said


def _found(near: Near) -> str:
    """Which words of the question a passage has, and which it lacks."""
    parts = [f"found: {', '.join(near.has)}"] * bool(near.has)
    parts += [f"not found: {', '.join(near.lacks)}"] * bool(near.lacks)
    return shown("; ".join(parts))


def citation_lines(citation: Citation) -> Iterator[str]:
    how = ", read by OCR" if citation.ocr else ""
    if citation.unsure:
        how += f", which is not sure of {shown(', '.join(citation.unsure))}"
    yield f"[{citation.label}] {place(citation.document, citation.page)}{how}"
    yield f"    “{shown(citation.quote)}”"


def hit_lines(hit: Hit) -> Iterator[str]:
    found = ", ".join(f"{leg} {rank}" for leg, rank in hit.ranks.items())
    yield f"{hit.rank}. {place(hit.document, hit.chunk.span.page_first)}  ({found})"
    yield f"   {shown(hit.chunk.text, most=300)}"


def place(document: Document, page: int | None) -> str:
    return document.name if page is None else f"{document.name}, page {page}"


def shown(text: str, *, most: int = 600) -> str:
    """A document's text on one line, without characters that a terminal would obey."""
    flat = " ".join(text.split())
    safe = printable(flat)
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def printable(text: str) -> str:
    """A text in which a terminal obeys nothing but the ends of lines."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
