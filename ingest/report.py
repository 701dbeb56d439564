"""What an ingest did with every file it found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quire.errors import Skipped, Unreadable
from quire.indexes.documents import displayed
from quire.messages.translations import translated

SCAN = "no text: the pages are images (a scan)"
"""Why a file is skipped whose pages only OCR can read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken in, with the reason, and a hint at what to do or nothing."""

    path: str
    reason: str
    hint: str = ""

    def to_dict(self) -> dict[str, str]:
        return {"path": self.path, "reason": self.reason, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file with `pages` that are pictures of text, which OCR has still to read; its content's
    hash begins with `content`. It is `known` where it was counted as unchanged."""

    path: Path
    pages: tuple[int, ...]
    content: str
    known: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {"path": displayed(self.path), "pages": list(self.pages)}


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What became of documents that another version had read. `read` counts those that were read
    again; those `left`, by name, stay as they were: their files are gone or cannot be read any
    more, or OCR has read them. They answer as before."""

    read: int
    left: tuple[str, ...]
    seconds: float
    cancelled: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "left": [*self.left],
            "seconds": round(self.seconds, 3),
            "cancelled": self.cancelled,
        }


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Outcomes of an ingest; every file found counts exactly once.

    `removed` counts files that are gone from the disk (with sync). `warnings` say what of the files
    taken in will never be found. `chunks` counts those added, `seconds` is wall time. `to_read` are
    files with pages that OCR has still to read: those with other text are found by that until then,
    and the others count as skipped.
    """

    added: int
    updated: int
    unchanged: int
    removed: int
    skipped: tuple[Refusal, ...]
    failed: tuple[Refusal, ...]
    warnings: tuple[str, ...]
    chunks: int
    seconds: float
    cancelled: bool = False
    to_read: tuple[UnreadFile, ...] = ()

    def followed_by(self, other: "IngestReport") -> "IngestReport":
        """The report of both: `other` is that on the files whose pages OCR has read since."""
        read = {displayed(file.path) for file in self.to_read}
        again = min(other.updated, sum(file.known for file in self.to_read))
        return IngestReport(
            added=self.added + other.added,
            updated=self.updated + again,
            unchanged=self.unchanged - again,
            removed=self.removed,
            skipped=(*(each for each in self.skipped if each.path not in read), *other.skipped),
            failed=(*self.failed, *other.failed),
            warnings=(*self.warnings, *other.warnings),
            chunks=self.chunks + other.chunks,
            seconds=self.seconds + other.seconds,
            cancelled=other.cancelled,
            to_read=other.to_read,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "skipped": [refusal.to_dict() for refusal in self.skipped],
            "failed": [refusal.to_dict() for refusal in self.failed],
            "warnings": list(self.warnings),
            "chunks": self.chunks,
            "seconds": round(self.seconds, 3),
            "cancelled": self.cancelled,
            "to_read": [file.to_dict() for file in self.to_read],
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is after so many `seconds`. `pages` (of formats that have them) and
    `chunks` count what is embedded; `remaining` is the expected wall time left in seconds, or None
    while too little is known. While OCR reads `current`, `read` of its `to_read` pages are done."""

    files_done: int
    files_total: int
    pages: int
    chunks: int
    seconds: float
    current: str
    remaining: float | None
    read: int = 0
    to_read: int = 0

    @property
    def rate(self) -> float:
        """Chunks in a second."""
        return self.chunks / self.seconds if self.seconds > 0 else 0.0


@dataclass(slots=True)
class Tally:
    """The outcomes so far; becomes an IngestReport."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    skipped: dict[Path, Unreadable] = field(default_factory=dict)
    failed: dict[Path, Unreadable] = field(default_factory=dict)
    warnings: list[tuple[Path, str]] = field(default_factory=list)

    def refuse(self, path: Path, error: Unreadable) -> None:
        """Note a file that is not taken in: skipped where nothing is wrong with it."""
        (self.skipped if isinstance(error, Skipped) else self.failed)[path] = error

    def warn(self, path: Path, warnings: Iterable[str]) -> None:
        self.warnings += [(path, warning) for warning in warnings]

    def report(
        self, *, seconds: float, cancelled: bool, to_read: Iterable[UnreadFile], language: str
    ) -> IngestReport:
        """The report, with reasons and warnings in a language."""
        return IngestReport(
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            removed=self.removed,
            skipped=_refusals(self.skipped, language),
            failed=_refusals(self.failed, language),
            warnings=tuple(
                f"{displayed(path)}: {translated(warning, language)}"
                for path, warning in self.warnings
            ),
            chunks=self.chunks,
            seconds=seconds,
            cancelled=cancelled,
            to_read=tuple(to_read),
        )


def _refusals(errors: Mapping[Path, Unreadable], language: str) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(
            displayed(path), translated(error.message, language), translated(error.hint, language)
        )
        for path, error in errors.items()
    )
