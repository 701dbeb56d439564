"""What an ingest did with every file it found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quire.indexes.documents import displayed


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken in, with the reason as the end of a sentence."""

    path: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Outcomes of an ingest; every file found counts exactly once.

    `removed` counts files that are gone from the disk (with sync). `warnings` say what of the files
    taken in will never be found. `chunks` counts those added, `seconds` is wall time.
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
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is. `remaining` is the expected wall time left in seconds, or None while
    too little is known."""

    files_done: int
    files_total: int
    chunks: int
    current: str
    remaining: float | None


@dataclass(slots=True)
class Tally:
    """The outcomes so far; becomes an IngestReport."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    skipped: dict[Path, str] = field(default_factory=dict)
    failed: dict[Path, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def skip(self, path: Path, reason: str) -> None:
        self.skipped[path] = reason

    def fail(self, path: Path, reason: str) -> None:
        self.failed[path] = reason

    def warn(self, path: Path, warnings: Iterable[str]) -> None:
        self.warnings += [f"{displayed(path)}: {warning}" for warning in warnings]

    def report(self, *, seconds: float, cancelled: bool) -> IngestReport:
        return IngestReport(
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            removed=self.removed,
            skipped=tuple(Refusal(displayed(p), reason) for p, reason in self.skipped.items()),
            failed=tuple(Refusal(displayed(p), reason) for p, reason in self.failed.items()),
            warnings=tuple(self.warnings),
            chunks=self.chunks,
            seconds=seconds,
            cancelled=cancelled,
        )
