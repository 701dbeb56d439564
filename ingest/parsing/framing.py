"""Messages between Quire and its parser processes: JSON behind its length (4 bytes, big-endian).

A document may be large, and is sent in pieces, so that neither side holds it a second time as one
message. What comes from a process that reads hostile files is believed no further than it goes:
each message, and what all pieces come to, stays within what was said and allowed before.
"""

import dataclasses
import json
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise
from typing import IO, Any

from quire.records import (
    Block,
    Blocks,
    Pages,
    ParsedDocument,
    RecognizedPage,
    RecognizedWord,
)

_LENGTH = struct.Struct(">I")
_LONGEST = 128 * 2**20  # bytes of a message: a page as an image is the longest
_LONGEST_PIECE = 8 * 2**20  # bytes of a message that is part of a document
_TEXT = 200_000  # characters in a piece of text; with escapes they take twelve bytes at most
_BLOCKS = 10_000  # in a piece

Message = dict[str, Any]


def send(pipe: IO[bytes], message: Message) -> None:
    """Writes one message. Raises OSError if nobody reads."""
    # ASCII with escapes carries file names that are not UTF-8, as Python's lone surrogates.
    body = json.dumps(message).encode("ascii")
    pipe.write(_LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes], *, piece: bool = False) -> Message | None:
    """The next message, or None if the pipe ended before a whole one came. Raises ValueError for
    what is none, or is longer than a message, or the `piece` of a document, can be."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > (_LONGEST_PIECE if piece else _LONGEST):
        raise ValueError(f"a message of {length} bytes")
    body = pipe.read(length)
    if len(body) < length:
        return None
    try:
        message = json.loads(body)
    except RecursionError as error:
        raise ValueError("a message that is nested without end") from error
    if not isinstance(message, dict):
        raise ValueError("a message that is no object")  # noqa: TRY004  like all of them
    return message


def pieces(document: ParsedDocument) -> Iterator[Message]:
    """The messages that make up a document: first all but text and blocks, and how much of those
    there is, then these. Blocks go as plain lists: field names cost time."""
    text = document.text
    yield {
        "document": {
            "content_hash": document.content_hash,
            "media_type": document.media_type,
            "title": document.title,
            "warnings": document.warnings,
            "numbers": document.pages.numbers,
            "starts": document.pages.starts,
            "characters": len(text),
            "blocks": len(document.blocks),
            "unread": document.unread,
            "recognized": len(document.recognized),
        }
    }
    for at in range(0, len(text), _TEXT):
        yield {"text": text[at : at + _TEXT]}
    rows = ((block.kind, block.start, block.end, block.level) for block in document.blocks)
    while batch := list(islice(rows, _BLOCKS)):
        yield {"blocks": batch}
    for page in document.recognized:
        words = [dataclasses.astuple(word) for word in page.words]
        yield {"recognized": [page.number, page.width, page.height, words]}


def put_together(head: Message, hear: Callable[[], Message]) -> ParsedDocument:
    """The document that comes in `pieces`, of which `head` is the first; `hear` gives the others.

    Raises ValueError for pieces that do not fit together.
    """
    numbers, starts, warnings = head["numbers"], head["starts"], head["warnings"]
    characters = int(head["characters"])
    _require(len(numbers) == len(starts) and starts[:1] == [0])
    _require(all(a < b for a, b in zip(starts, [*starts[1:], characters + 1], strict=True)))
    _require(all(number is None or isinstance(number, int) for number in numbers))
    text = _text(hear, characters)
    blocks = Blocks()
    while len(blocks) < head["blocks"]:
        _append(blocks, hear()["blocks"], characters)
    _require(len(blocks) == head["blocks"])
    unread = [int(number) for number in head["unread"]]
    _require(len(unread) <= len(numbers) and set(unread) <= set(numbers))
    _require(head["recognized"] <= len(numbers))
    pages = Pages(text, numbers, starts)
    recognized = [_recognized(hear()["recognized"], pages) for _ in range(head["recognized"])]
    return ParsedDocument(
        content_hash=str(head["content_hash"]),
        media_type=str(head["media_type"]),
        title=str(head["title"]),
        pages=pages,
        blocks=blocks,
        warnings=tuple(map(str, warnings)),
        unread=tuple(unread),
        recognized=tuple(recognized),
    )


def _text(hear: Callable[[], Message], characters: int) -> str:
    texts: list[str] = []
    missing = characters
    while missing:
        piece = hear()["text"]
        _require(isinstance(piece, str) and 0 < len(piece) <= missing)
        texts.append(piece)
        missing -= len(piece)
    return "".join(texts)


def _append(blocks: Blocks, rows: Iterable[Any], characters: int) -> None:
    end = blocks.end
    for row in rows:
        block = Block(*row)
        _require(end <= block.start < block.end <= characters)
        blocks.append(block)
        end = block.end
    _require(bool(rows))


def _recognized(row: Iterable[Any], pages: Pages) -> RecognizedPage:
    number, width, height, rows = row
    words = tuple(RecognizedWord(*each) for each in rows)
    position = pages.numbers.index(number)
    length = pages.end(position) - pages.starts[position]
    _require(all(0 <= word.start < word.end <= length for word in words))
    _require(all(a.start <= b.start for a, b in pairwise(words)))
    _require(all(math.isfinite(x) for word in words for x in dataclasses.astuple(word)))
    _require(math.isfinite(width) and math.isfinite(height) and min(width, height) > 0)
    return RecognizedPage(number, width, height, words)


def _require(fits: bool) -> None:
    if not fits:
        raise ValueError("pieces that do not fit together")
