"""Texts that a program gives, such as LangChain's documents: the file that one is kept as.

A file like any other, so that what is given is read, kept, restored and deleted as a file is. It
holds the text beside the id that the program knows it by and whatever the program keeps with it,
which is not searched.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quire.errors import Unreadable, UsageError
from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.formats import GIVEN_START
from quire.ingest.loaders.text import add_text

_SPELLED = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 120  # characters


@dataclass(frozen=True, slots=True)
class GivenText:
    """A text, the id that a program knows it by, and what it keeps with it: anything that JSON can
    say. A `title` or else a `source` in the metadata is what the document is called.

    Raises UsageError for what cannot be kept.
    """

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id or not self.text.strip():
            raise UsageError("A text that is given needs an id, and words.")
        self.to_bytes()

    @property
    def name(self) -> str:
        """The name of its file: the id, as far as a name can be."""
        return file_name(self.id)

    def to_bytes(self) -> bytes:
        """The content of its file; equal texts with equal ids have the same."""
        kept = {"id": self.id, "metadata": dict(self.metadata), "text": self.text}
        try:
            written = json.dumps(kept, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(
                f"The metadata of the text {self.id!r} cannot be kept: {error}.",
                hint="Keep texts, numbers, lists and dictionaries in it.",
            ) from error
        return GIVEN_START + written[1:].encode("utf-8", "replace")

    @classmethod
    def from_bytes(cls, content: bytes) -> "GivenText":
        """The text that `to_bytes` has written. Raises Unreadable for anything else."""
        try:
            kept = json.loads(content)
            found = kept["id"], kept["text"], kept["metadata"]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise Unreadable("is no text that was given to Quire") from error
        id_, text, metadata = found
        if not (isinstance(id_, str) and isinstance(text, str) and isinstance(metadata, dict)):
            raise Unreadable("is no text that was given to Quire")
        try:
            return cls(id_, text, metadata)
        except UsageError as error:
            raise Unreadable(error.message) from error


def file_name(given_id: str) -> str:
    """A name for the file of the text of an id, on every system.

    >>> file_name("notes/3"), file_name("条例"), len(file_name("x" * 900))
    ('notes%2F3', '%E6%9D%A1%E4%BE%8B', 64)
    """
    spelled = _SPELLED.sub(lambda found: _escaped(found[0]), given_id)
    if len(spelled) > _LONGEST_NAME:
        return hashlib.sha256(given_id.encode("utf-8", "replace")).hexdigest()
    return spelled


def read(source: Source) -> Content:
    """The text alone, read as plain text is."""
    given = GivenText.from_bytes(source.data)
    builder = ContentBuilder(source.limits)
    text = clean(given.text)
    if len(text) > source.limits.characters:
        text = text[: source.limits.characters]
        builder.warn_of_cut()
    add_text(text, builder)
    called = next(filter(None, map(given.metadata.get, ("title", "source"))), "")
    return builder.finish(clean_line(str(called)) or source.path.name)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
