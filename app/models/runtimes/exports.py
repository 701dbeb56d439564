"""Exports on the disk: found, or made once in a child process.

An export lies in the cache, in a folder named after the model's files, this processor, and the
versions of what made it: with another of them it is another export. It is made beside and renamed,
by one process at a time; what a kill leaves is swept away by whoever comes next. An export whose
files are not what its manifest says is made again.

Nothing here is needed: where there is no export, torch embeds, and `note` says why.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

from quire.models import machine
from quire.models.runtimes.manifest import Manifest

_EXPORTER = 1  # raised when exports must be made anew
_MADE_BY = ("onnxruntime", "torch", "sentence-transformers", "transformers")
_SECONDS = 1800.0  # of a child that hangs; a large model on two cores takes some minutes
_WAIT = 600.0  # for another process that exports the same
TRIES = 3  # of which none came to its end: the machine cannot do it
_ROOM = 4  # times the weights: the graph as traced, put together, and in int8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """A whole export, or with an empty `manifest.runtime` none: `note` then says why."""

    folder: Path
    manifest: Manifest
    note: str = ""


def find_or_make(model: Path, cache: Path, *, fingerprint: str, threads: int = 0) -> Export:
    """The export of the model in a folder whose weights have that fingerprint."""
    folder = _folder_of(model, cache, fingerprint)
    if (found := _found(folder)) is not None:
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(f"{folder}.lock", timeout=_WAIT):
            found = _found(folder)  # another process may have made it meanwhile
            return found or _make(model, folder, threads=threads)
    except Timeout:
        return _none(folder, "another process has been exporting it for ten minutes")
    except OSError as error:
        return _none(folder, f"{folder.parent} cannot be written to: {error.strerror or error}")


def _make(model: Path, folder: Path, *, threads: int) -> Export:
    """Make it; the caller holds the lock."""
    _sweep(folder)
    size = sum(path.stat().st_size for path in model.rglob("*.safetensors"))
    free = shutil.disk_usage(folder.parent).free
    if free < _ROOM * size:
        return _none(
            folder,
            f"the disk of {folder.parent} has {free / 1e6:.0f} MB free, and it "
            f"needs {_ROOM * size / 1e6:.0f}",
        )
    _log.warning("The embedding model is exported for this processor, once: some half a minute.")
    part, tries = folder.with_name(f"{folder.name}.part"), folder.with_name(f"{folder.name}.tries")
    failed = len(tries.read_bytes()) if tries.exists() else 0
    if failed >= TRIES:
        return _none(folder, f"{failed} tries ended before their time; delete {tries} to try again")
    part.mkdir(mode=0o700)
    with tries.open("ab") as file:
        file.write(b".")
    try:
        done = _run(model, part, threads=threads)
        if done:
            return _none(folder, done)
        _settle(part, folder)
        tries.unlink()
    finally:
        shutil.rmtree(part, ignore_errors=True)
    found = _found(folder)
    return found or _none(folder, f"it was damaged as soon as it lay in {folder}")


def _run(model: Path, part: Path, *, threads: int) -> str:
    """Have a child process export; returns why it did not, or nothing."""
    command = [sys.executable, "-m", "quire.models.runtimes.exporting"]
    try:
        done = subprocess.run(
            [*command, str(model), str(part), str(threads)],
            stdin=subprocess.DEVNULL,
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},  # see engine/openmp.py
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the export took more than {_SECONDS / 60:.0f} minutes"
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        return f"the export failed: {said}"
    return ""


def _settle(part: Path, folder: Path) -> None:
    """Rename it into place once it is on the disk, and drop those of other versions."""
    for path in part.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)  # a damaged one
    part.rename(folder)
    kind = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{kind}-*"):
        if other.is_dir() and other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Delete what a kill has left; the caller holds the lock."""
    for path in folder.parent.glob(f"{folder.name}.part"):
        shutil.rmtree(path, ignore_errors=True)


def _found(folder: Path) -> Export | None:
    manifest = Manifest.read(folder)
    if manifest is None:
        return None
    return _none(folder, manifest.refused) if manifest.refused else Export(folder, manifest)


def _none(folder: Path, why: str) -> Export:
    return Export(folder, Manifest(), f"It is not exported to ONNX: {why}")


def _folder_of(model: Path, cache: Path, fingerprint: str) -> Path:
    cpu, features = machine.processor()
    return cache / "-".join(
        (fingerprint[:16], _short(cpu, *sorted(features)), _short(*_versions(), *_files(model)))
    )


def _short(*told: str) -> str:
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _versions() -> Iterator[str]:
    yield str(_EXPORTER)
    for name in _MADE_BY:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield metadata.version(name)


def _files(model: Path) -> Iterator[str]:
    """The hashes of what else decides what a model makes of a text: configuration and tokens."""
    for path in sorted(model.rglob("*")):
        if path.suffix in {".json", ".txt", ".model"} and path.is_file():
            with path.open("rb") as file:
                yield f"{path.relative_to(model)} {hashlib.file_digest(file, 'sha256').hexdigest()}"
