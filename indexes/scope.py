"""Which documents a search is confined to.

A scope is applied inside both indexes, before anything is ranked: a search for eight chunks finds
eight, even where the scope keeps one chunk in a thousand.
"""

import json
import math
import os
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from quire.errors import DocumentNotFound, UsageError
from quire.indexes import documents, filing, lexical, tags
from quire.indexes.noticing import notice

if TYPE_CHECKING:
    import apsw

Dates = Literal["modified", "added"]


_NOWHERE = Path(documents.UNKNOWN_PATH)


@dataclass(frozen=True, slots=True, init=False)
class Scope:
    """Conditions on documents. Of one kind, any may hold; those of different kinds must all.

    `files` are names, paths, or patterns of them such as `*.pdf`, without regard to case.
    `folders` are paths, or the last parts of paths: "contracts/2024" is any folder of that name; of
    a document that was moved in the library, the folder it is in there.
    `since` and `until` are days in local time, both included, on which the file was last `dates`:
    "modified", or "added" to the knowledge base. `languages` are codes such as "en" and "zh".

    >>> Scope(folder="contracts", since="2024-01-01")
    Scope(in the folder contracts, modified since 2024-01-01)

    Raises UsageError for a date that is none, and for dates that exclude each other.
    """

    files: tuple[str, ...]
    folders: tuple[str, ...]
    since: date | None
    until: date | None
    dates: Dates
    languages: tuple[str, ...]
    tags: tuple[str, ...]

    def __init__(
        self,
        *,
        file: str | Path | Iterable[str | Path] = (),
        folder: str | Path | Iterable[str | Path] = (),
        since: date | str | None = None,
        until: date | str | None = None,
        dates: Dates = "modified",
        language: str | Iterable[str] = (),
        tag: str | Iterable[str] = (),
    ) -> None:
        values = {
            "files": _several(file),
            "folders": _several(folder),
            "since": _day(since),
            "until": _day(until),
            "dates": dates,
            "languages": tuple(code.partition("-")[0].lower() for code in _several(language)),
            "tags": tuple(map(tags.spelled, _several(tag))),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if self.since and self.until and self.since > self.until:
            raise UsageError(
                f"No day is both since {self.since} and until {self.until}.",
                hint="Exchange the two dates.",
            )

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return bool(
            self.files or self.folders or self.since or self.until or self.languages or self.tags
        )

    def __str__(self) -> str:
        return ", ".join(phrase for phrase, _ in self.conditions())

    def __repr__(self) -> str:
        return f"Scope({self})"

    def to_dict(self) -> dict[str, Any]:
        """The scope as JSON keeps it; `from_dict` makes it again.

        >>> Scope.from_dict(Scope(file="lease.pdf", since="2024-01-01").to_dict())
        Scope(named lease.pdf, modified since 2024-01-01)
        """
        return {
            "files": list(self.files),
            "folders": list(self.folders),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "dates": self.dates,
            "languages": list(self.languages),
            "tags": list(self.tags),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """The scope that `to_dict` has kept."""
        return cls(
            file=kept["files"],
            folder=kept["folders"],
            since=kept["since"],
            until=kept["until"],
            dates=kept["dates"],
            language=kept["languages"],
            tag=kept["tags"],
        )

    def conditions(self) -> list[tuple[str, Callable[["Located"], bool]]]:
        """Each condition in words, with what decides whether a place fits it."""
        found: list[tuple[str, Callable[[Located], bool]]] = []
        if self.files:
            found.append((f"named {_either(self.files)}", _named(self.files)))
        if self.folders:
            found.append((f"in the folder {_either(self.folders)}", _below(self.folders)))
        if self.since or self.until:
            days = [f"since {self.since}"] * bool(self.since)
            days += [f"until {self.until}"] * bool(self.until)
            found.append((f"{self.dates} {' and '.join(days)}", self._dated()))
        if self.languages:
            found.append((f"in the language {_either(self.languages)}", self._is_written_in))
        if self.tags:
            found.append((f"tagged {_either(self.tags)}", self._is_tagged))
        return found

    def _dated(self) -> "Callable[[Located], bool]":
        first = _midnight(self.since) if self.since else -math.inf
        after = _midnight(self.until + timedelta(days=1)) if self.until else math.inf
        if self.dates == "modified":
            return lambda place: first <= place.modified < after
        return lambda place: first <= place.added < after

    def _is_written_in(self, place: "Located") -> bool:
        return place.language in self.languages

    def _is_tagged(self, place: "Located") -> bool:
        return not place.tags.isdisjoint(self.tags)


@dataclass(frozen=True, slots=True)
class Located:
    """A file of a document, as far as conditions look at it; times in seconds since 1970. `folder`
    is where it lies, or where the document was moved in the library."""

    document_id: str
    path: Path
    folder: Path
    language: str
    modified: float
    added: float
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents that a scope keeps and the ids of their chunks, both in ascending order."""

    documents: tuple[str, ...]
    chunks: npt.NDArray[np.int64]


def select(connection: "apsw.Connection", scope: Scope) -> Selection:
    """What fits all conditions of a scope.

    A document with several places fits when one of them does. Raises DocumentNotFound, naming the
    condition that nothing fits.
    """
    places = _places(connection)
    fitting = _fitting(places, scope)
    if not fitting:
        alone = (phrase for phrase, fits in scope.conditions() if not any(map(fits, places)))
        raise DocumentNotFound(
            f"No document is {next(alone, scope)}.", hint="See what there is with: quire list"
        )
    chosen = tuple(sorted({place.document_id for place in fitting}))
    rows = connection.execute(f"{lexical.CHUNKS_OF} ORDER BY id", (json.dumps(chosen),))
    chunks = np.fromiter((row[0] for row in rows), np.int64)
    if len(chunks) != lexical.chunk_count(connection, documents=chosen):
        notice(connection, "Chunks are missing: what is found may lack something.")
    return Selection(chosen, chunks)


def is_within(connection: "apsw.Connection", document_id: str, scope: Scope) -> bool:
    """Whether a document fits all conditions of a scope."""
    return any(place.document_id == document_id for place in _fitting(_places(connection), scope))


def _fitting(places: Iterable[Located], scope: Scope) -> list[Located]:
    conditions = [fits for _, fits in scope.conditions()]
    return [place for place in places if all(fits(place) for fits in conditions)]


def _places(connection: "apsw.Connection") -> list[Located]:
    everything = documents.ids(connection)
    tagged, filed = tags.of(connection, everything), filing.of(connection, everything)
    known = {
        document_id: (language, datetime.fromisoformat(added_at).timestamp())
        for document_id, (language, added_at) in documents.languages_and_dates(connection).items()
    }
    found = [
        Located(
            place.document_id,
            place.path,
            Path(filed.get(place.document_id, place.path.parent)),
            *(language, place.modified_ns / 1e9, added),
            tags=frozenset(tagged.get(place.document_id, ())),
        )
        for place in documents.locations(connection).values()
        if place.document_id in known
        for language, added in [known[place.document_id]]
    ]
    # What lies nobody knows where, because its path is damaged, fits by what else it is.
    for document_id in known.keys() - {place.document_id for place in found}:
        language, added = known[document_id]
        tagged_so = frozenset(tagged.get(document_id, ()))
        folder = Path(filed.get(document_id, _NOWHERE))
        found.append(Located(document_id, _NOWHERE, folder, language, math.nan, added, tagged_so))
    return found


def _named(files: Iterable[str]) -> Callable[[Located], bool]:
    """Whether a place's name or path is one of these, or fits one as a pattern."""
    wanted = {_folded(name) for file in files for name in (file, _absolute(file))}
    patterns = [name for name in wanted if set(name) & set("*?[")]

    def fits(place: Located) -> bool:
        names = (_folded(place.path.name), _folded(documents.displayed(place.path)))
        return not wanted.isdisjoint(names) or any(
            fnmatchcase(name, pattern) for name in names for pattern in patterns
        )

    return fits


def _below(folders: Iterable[str]) -> Callable[[Located], bool]:
    """Whether a place lies below one of these paths, or below a folder whose path ends so."""
    paths = [Path(_absolute(folder)) for folder in folders]
    ends = [[_folded(part) for part in Path(folder).parts] for folder in folders]
    ends = [parts for parts in ends if parts and not {"..", os.sep} & set(parts)]

    def fits(place: Located) -> bool:
        above = [_folded(part) for part in place.folder.parts]
        return any(place.folder.is_relative_to(path) for path in paths) or any(
            above[at : at + len(parts)] == parts for parts in ends for at in range(len(above))
        )

    return fits


def _several(value: str | Path | Iterable[str | Path]) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str | Path) else tuple(map(str, value))


def _day(value: date | str | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(
            f"{value!r} is not a date.", hint="Write it as year, month and day: 2024-12-31"
        ) from error


def _midnight(day: date) -> float:
    """When a day begins here, in seconds since 1970."""
    return datetime.combine(day, time()).astimezone().timestamp()


def _absolute(path: str) -> str:
    # Unlike Path.expanduser, this one leaves the home of an unknown user as it is.
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111  links stay links


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _either(values: tuple[str, ...]) -> str:
    return " or ".join(map(documents.printable, values))
