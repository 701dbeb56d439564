"""What of stored chats goes when a document is gone for good: its quotes, and its name and path.

The chat stays readable: DELETED stands in their place. Quotes of documents that are still there are
proofs, and stay word for word.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

DELETED = "(source deleted)"

Kept = dict[str, Any]
"""An answer or a receipt as a chat keeps it."""


@dataclass(frozen=True)
class Remains:
    """The ids of the `documents` that are there, the names and paths (`files`) by which they are
    known, and those by which `removed` ones were."""

    documents: AbstractSet[str]
    files: AbstractSet[str]
    removed: AbstractSet[str] = frozenset()

    def and_removed(self, names: Iterable[str]) -> "Remains":
        """The same, with further names and paths of documents that are not there."""
        return Remains(self.documents, self.files, {*self.removed, *names})

    def is_name(self, text: str) -> bool:
        """Whether a text is a name or path of something that was removed, and of nothing else."""
        return text.casefold() in self._removed

    def named(self, text: str) -> str:
        """A text in which people write what they like, without the names of what was removed.

        A name without an ending may be any word, and is left.

        >>> remains = Remains(documents=set(), files={"hall.txt"}, removed={"gate.txt", "hall.txt"})
        >>> remains.named("Does Gate.txt say more than hall.txt, or than mygate.txt?")
        'Does (source deleted) say more than hall.txt, or than mygate.txt?'
        """
        return self._names.sub(DELETED, text) if self._names else text

    @cached_property
    def _removed(self) -> AbstractSet[str]:
        there = {name.casefold() for name in self.files}
        return {name.casefold() for name in self.removed if name} - there

    @cached_property
    def _names(self) -> re.Pattern[str] | None:
        names = [name for name in self._removed if PurePath(name).suffix or "/" in name]
        if not names:
            return None
        longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        return re.compile(f"(?<![a-z0-9_])(?:{longest_first})(?![a-z0-9_])", re.IGNORECASE)


def names_of_gone(answer: Kept, receipt: Kept | None, documents: AbstractSet[str]) -> Iterator[str]:
    """The names and paths, in an answer and its receipt, of what is not among these documents."""
    for source in _sources(answer, receipt):
        if source["document_id"] not in documents:
            yield source["document"]
            yield source.get("path", "")


def forget(answer: Kept, receipt: Kept | None, remains: Remains) -> None:
    """Put DELETED in place of all that an answer and its receipt tell of documents that are not
    there: their quotes, the sentences that rest on them, and all names and paths of removed
    ones."""
    gone = [
        each for each in _sources(answer, receipt) if each["document_id"] not in remains.documents
    ]
    words = {name for each in gone if remains.is_name(name := each["document"])}
    labels = {each["label"] for each in gone if "label" in each}
    for row in answer.get("listed", ()):
        if row in gone and remains.is_name(row["document"]) and not answer["sentences"]:
            answer["text"] = answer["text"].replace(row["document"], DELETED)
    for source in gone:
        for quoted in {"text", "quote"} & source.keys():
            source[quoted] = DELETED
        for name in {"document", "path"} & source.keys():
            if remains.is_name(source[name]):
                source[name] = DELETED
    for sentence in answer["sentences"]:
        before = sentence["text"]
        if labels.intersection(sentence["labels"]):
            sentence["text"] = sentence["quote"] = DELETED
        elif remains.named(sentence["quote"]) == sentence["quote"]:
            sentence["text"] = remains.named(before)
        if sentence["text"] != before:
            answer["text"] = answer["text"].replace(before, sentence["text"])
    if not answer["sentences"]:
        answer["text"] = remains.named(answer["text"])
    for key in ("question", "standalone_question"):
        answer[key] = remains.named(answer[key])
    answer["notes"] = [_said(note, remains, words) for note in answer["notes"]]
    if answer.get("scan"):
        answer["scan"]["phrase"] = remains.named(answer["scan"]["phrase"])
    if (refusal := answer.get("refusal")) and refusal["scope"]:
        refusal["scope"] = _said(refusal["scope"], remains, words)
    settings = (receipt or {}).get("settings", {})
    if settings.get("scope"):
        settings["scope"] = _said(settings["scope"], remains, words)
    for step in (receipt or {}).get("steps", ()):
        # a model that has read what is gone may have searched for it in its words
        step["arguments"] = {
            name: (DELETED if gone else _said(str(value), remains, words))
            for name, value in step["arguments"].items()
        }
    for kind in {"files", "folders"} & (confined := settings.get("confined_to") or {}).keys():
        confined[kind] = [_said(name, remains, words) for name in confined[kind]]


def _said(text: str, remains: Remains, words: AbstractSet[str]) -> str:
    """What Quire says of an answer, without the names of what was removed: here those without an
    ending, which are `words`, are names too."""
    known = remains.named(text)
    return " ".join(DELETED if word in words else word for word in known.split(" "))


def _sources(answer: Kept, receipt: Kept | None) -> Iterator[Kept]:
    """All rows that name a document."""
    yield from answer["passages"]
    yield from answer["citations"]
    yield from (answer.get("scan") or {}).get("found", ())
    yield from answer.get("listed", ())
    yield from answer.get("seen", ())
    yield from (receipt or {}).get("hits", ())
