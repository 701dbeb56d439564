"""Which documents the library shows, in which order, and the folders that they are in. Nothing here
draws: ten thousand documents pass through it for each press."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from quire.records import Document

ORDERS = ("name", "kind", "language", "extent", "added")
"""By what the list can be sorted: its columns."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader looks for. Of one kind, any may fit; those of different kinds must all.

    `text` stands in the name, the tags, or in the contents. `folder` takes in those below it; "" is
    that of documents in no folder, None all. `since` and `until` are days on which a document was
    added. `remarks` says whether something of it was not read.
    """

    text: str = ""
    folder: str | None = None
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    remarks: bool | None = None

    @property
    def filters(self) -> int:
        """How many conditions there are beside the text and the folder."""
        given = (self.kinds, self.languages, self.tags, self.since or self.until)
        return sum(map(bool, given)) + (self.remarks is not None)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the library that is shown. `documents` counts those below it too; `name` has what
    leads to it from the one above, which may be several parts."""

    path: str
    name: str
    documents: int
    depth: int
    has_folders: bool
    is_open: bool


def kind(document: Document) -> str:
    """The format of a document, as people call it: the ending of its name.

    >>> kind_of("lease.PDF", "application/pdf"), kind_of("README", "text/plain")
    ('PDF', 'PLAIN')
    """
    return kind_of(document.name, document.media_type)


def kind_of(name: str, media_type: str) -> str:
    ending = PurePath(name).suffix[1:]
    return (ending or media_type.rpartition("/")[2]).upper()[:8]


def added(document: Document) -> date:
    """The day on which a document was added, here."""
    return datetime.fromisoformat(document.added_at).astimezone().date()


def matching(
    documents: Iterable[Document], wanted: Wanted, *, holding: AbstractSet[str] = frozenset()
) -> list[Document]:
    """The documents that fit, in the order in which they came. `holding` are the ids of those in
    whose contents the text stands."""
    words = wanted.text.casefold().split()
    found = []
    for document in documents:
        if wanted.folder is not None and not _is_below(document.folder, wanted.folder):
            continue
        if wanted.kinds and kind(document) not in wanted.kinds:
            continue
        if wanted.languages and document.language not in wanted.languages:
            continue
        if wanted.tags and not set(wanted.tags).intersection(document.tags):
            continue
        if wanted.remarks is not None and bool(document.warnings) != wanted.remarks:
            continue
        if (wanted.since or wanted.until) and not _within(added(document), wanted):
            continue
        if words and document.id not in holding:
            said_of = " ".join((document.name, *document.tags)).casefold()
            if not all(word in said_of for word in words):
                continue
        found.append(document)
    return found


def ordered(documents: Sequence[Document], by: str, *, descending: bool) -> list[Document]:
    """Documents, which come by name, sorted by one of ORDERS; those alike stay by name."""
    keys: dict[str, Callable[[Document], Any]] = {
        "name": lambda document: document.name.casefold(),
        "kind": kind,
        "language": lambda document: document.language,
        "extent": lambda document: (document.pages or 0, document.chunks),
        "added": lambda document: document.added_at,
    }
    return sorted(documents, key=keys[by], reverse=descending)


def folders(documents: Iterable[Document], opened: Collection[str]) -> list[Folder]:
    """The folders that documents are in, as a tree of which those `opened` show what is in them.
    A folder with nothing but one folder in it is one with that."""
    counted = Counter(document.folder for document in documents if document.folder)
    root = _Node("", "")
    for path, number in counted.items():
        node = root
        for step in _steps(path):
            node.total += number
            node = node.below.setdefault(step, _Node(step, _joined(node.path, step)))
        node.total += number
        node.own += number
    return list(_shown(root, opened, depth=0))


@dataclass(slots=True)
class _Node:
    name: str
    path: str
    total: int = 0
    own: int = 0
    below: "dict[str, _Node]" = field(default_factory=dict)


def _shown(node: _Node, opened: Collection[str], *, depth: int) -> Iterator[Folder]:
    for below in sorted(node.below.values(), key=lambda each: each.name.casefold()):
        name, end = below.name, below
        while not end.own and len(end.below) == 1:
            (end,) = end.below.values()
            name = _joined(name, end.name)
        is_open = end.path in opened
        yield Folder(end.path, name, end.total, depth, bool(end.below), is_open)
        if is_open:
            yield from _shown(end, opened, depth=depth + 1)


def _steps(path: str) -> list[str]:
    """The parts of a folder; the first of a path begins with its slash."""
    first, *rest = path.removeprefix("/").split("/")
    return ["/" * path.startswith("/") + first, *rest]


def _joined(above: str, name: str) -> str:
    return f"{above}/{name}" if above else name


def _is_below(folder: str, above: str) -> bool:
    if not above:
        return not folder
    return folder == above or folder.startswith(f"{above}/")


def _within(day: date, wanted: Wanted) -> bool:
    return (wanted.since is None or wanted.since <= day) and (
        wanted.until is None or day <= wanted.until
    )
