"""What is kept of each model in the models folder: where it came from, and its files' hashes.

A record stands in `.records` under the name of the file, or folder, that the model has there.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from quire.models.catalog import KnownModel

Verified = Literal["promised", "hub", "size", "nothing"]

RECORDS = ".records"
ADDED = "added"  # the source of what was on the disk already


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it was found right. `path` is that within the model's folder, or the file's name;
    `verified` says what its content was held against."""

    path: str
    size: int
    sha256: str
    verified: Verified


@dataclass(frozen=True, slots=True)
class Record:
    """`source` is the repository or server, for people, or "added". `origin` names the file or the
    repository with its version: two of the same are one model."""

    source: str
    origin: str
    files: tuple[KeptFile, ...]

    def file(self, path: str) -> KeptFile | None:
        return next((each for each in self.files if each.path == path), None)


def read(target: Path) -> Record | None:
    """The record of what stands at `target`; None when there is none that can be read."""
    try:
        row = json.loads(_path(target).read_text(encoding="utf-8"))
        files = tuple(
            KeptFile(str(each["path"]), int(each["size"]), str(each["sha256"]), each["verified"])
            for each in row["files"]
        )
        return Record(str(row["source"]), str(row["origin"]), files) if files else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(target: Path, record: Record) -> None:
    """Keep it. On a full disk nothing is kept: the model is there, and is right."""
    path = _path(target)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = {**asdict(record), "recorded_at": now}
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        beside.write_text(json.dumps(row, indent=1), encoding="utf-8")
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()


def forget(target: Path) -> None:
    with contextlib.suppress(OSError):
        _path(target).unlink()


def is_known(target: Path, known: KnownModel) -> bool:
    """Whether what stands at `target` is this model of the catalog: its weights were found to have
    the hash that the catalog knows, and are as long as they were then. Where it knows none, they
    came from the version that it names, or were added by that name."""
    weights = target / known.weights if known.weights else target
    record = read(target)
    kept = record.file(known.weights or target.name) if record else None
    if record is None or kept is None:
        return False
    if known.sha256:
        right = kept.sha256 == known.sha256
    else:
        right = record.source == ADDED or record.origin in known.origins
    try:
        return right and kept.size == weights.stat().st_size
    except OSError:
        return False


def _path(target: Path) -> Path:
    return target.parent / RECORDS / f"{target.name}.json"
