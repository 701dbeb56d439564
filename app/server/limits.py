"""How much a request may hold. What is over it is refused with 413 or 422, and a sentence."""

import re
from typing import Any

from quire.ingest.limits import Limits

BODY_BYTES = 1_000_000
"""Of a request in JSON: a conversation of some 200 pages."""
UPLOAD_BYTES = Limits().file_bytes + 1_000_000
"""Of an upload: the largest file that is read, and the form around it."""
BODY_SECONDS = 30.0
"""For a request in JSON to arrive: nobody holds a connection open with half of one."""
DEPTH = 32
"""Of lists and objects in each other."""
MESSAGES = 512
"""Of one conversation, or inputs of one request for embeddings."""
PARTS = 64
"""Of one message, or files of one upload."""
QUESTION_CHARACTERS = 100_000
"""Of one message."""
CHECKED_CHARACTERS = 500_000
"""Of a text that is checked."""
COMMENT_CHARACTERS = 2_000
"""Of a remark on an answer."""
ANSWER_TOKENS = 8192
"""That may be asked for, as of the setting `answer_tokens`."""
HITS = 200
"""Of one search."""
MARKS = 100
"""On one page image."""
IMAGE_WIDTH = 2_000
"""Points across a page image."""
UPLOADS = 2
"""At once: each is in memory while it is put on the disk."""
WAITING_FILES = 1_000
"""That are not read yet."""
WAITING_ANSWERS = 8
"""Questions in line behind the one that is answered."""

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def depth(text: str) -> int:
    """How deep the lists and objects of a text in JSON stand in each other.

    >>> depth('{"a": [1, "[[[["]}')
    2
    """
    deepest = now = 0
    for sign in re.findall(r"[\[\]{}]", _STRINGS.sub("", text)):
        now += 1 if sign in "[{" else -1
        deepest = max(deepest, now)
    return deepest


def is_text(value: Any) -> bool:
    """Whether all strings of a JSON value can be written as UTF-8: half of a surrogate pair, which
    JSON can spell, cannot."""
    match value:
        case str():
            return not any("\ud800" <= sign <= "\udfff" for sign in value)
        case list():
            return all(map(is_text, value))
        case dict():
            return all(is_text(key) and is_text(inner) for key, inner in value.items())
    return True
