"""Takes a model that is on the disk already into the models folder, and out of it again."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import ModelNotFound, UsageError
from quire.models import catalog, downloads, gguf, installed, pulling
from quire.models.catalog import Kind
from quire.models.downloads import DownloadProgress, HearProgress
from quire.models.installed import InstalledModel
from quire.models.sentence_folder import read_folder

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Added:
    """A model that was taken in: copied, or `linked` where it lies."""

    name: str
    kind: Kind
    path: Path
    size: int
    parameters: int
    linked: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "path": str(self.path),
            "size": self.size,
            "parameters": self.parameters,
            "linked": self.linked,
        }


def add(
    source: Path,
    folder: Path,
    *,
    name: str = "",
    link: bool = False,
    progress: HearProgress = lambda _: None,
) -> Added:
    """Take in a GGUF file, or the folder of a sentence-transformers model, after checking it.

    `name` is what it is called from then on, by default as its file. With `link` it stays where it
    is. Raises ModelNotFound, ModelUnusable for what cannot work, and UsageError for a name that is
    taken.
    """
    source = Path(os.path.abspath(source.expanduser()))  # noqa: PTH100  links stay links
    kind: Kind = "embedding" if source.is_dir() else "chat"
    if kind == "chat":
        facts = gguf.read_facts(source)
        size, parameters = facts.size, facts.parameters
    else:
        about = read_folder(source)
        size, parameters = about.size, about.parameters
    usual = source.stem if kind == "chat" else source.name
    chosen = installed.checked_name(name or re.sub(r"[^\w.+-]+", "-", usual).strip("-."))
    known = catalog.find(chosen)
    file = known.file if known and known.file else f"{chosen}.gguf"
    target = folder / (file if kind == "chat" else known.name if known else chosen)
    if target.exists() or target.is_symlink():
        raise UsageError(
            f"There is a model called {target.name} in {folder}.",
            hint=f"Give it another name with --name, or: quire models remove {chosen}",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if link:
        target.symlink_to(source, target_is_directory=kind == "embedding")
    else:
        downloads.require_space(folder, size)
        _copy(source, target, size, progress)
    return Added(known.name if known else chosen, kind, target, size, parameters, link)


def remove(model: InstalledModel, folder: Path) -> int:
    """Delete a model from the models folder; returns how many bytes that freed. A link is deleted,
    and what it leads to stays."""
    if model.packaged and not model.path.is_relative_to(folder):
        package = model.known.package.replace("_", "-") if model.known else ""
        raise UsageError(
            f"{model.name} came as a Python package.", hint=f"To remove it: pip uninstall {package}"
        )
    size = 0 if model.path.is_symlink() else model.size
    # Renamed first: a folder that is half deleted is no model.
    gone = model.path.with_name(f".{model.path.name}.gone")
    with contextlib.suppress(FileNotFoundError):
        _delete(gone)
    model.path.rename(gone)
    _delete(gone)
    pulling.forget(folder, model.name)
    return size


def remove_part(name: str, folder: Path) -> int:
    """Delete what has arrived of a model that is not whole; returns how many bytes. Raises
    ModelNotFound when there is nothing of it."""
    wanted = {each.casefold() for each in (name, f"{name}.gguf")}
    if known := catalog.find(name):
        wanted |= {each.casefold() for each in (known.name, known.file) if each}
    for part in folder.glob(".*.part"):
        if part.name[1:].removesuffix(".part").casefold() in wanted:
            files = [part] if part.is_file() else [p for p in part.rglob("*") if p.is_file()]
            size = sum(path.stat().st_size for path in files)
            _delete(part)
            with contextlib.suppress(FileNotFoundError):
                part.with_name(part.name + ".json").unlink()
            return size
    raise ModelNotFound(
        f"There is no model {name} in {folder}.", hint="See what there is with: quire models list"
    )


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _copy(source: Path, target: Path, size: int, progress: HearProgress) -> None:
    part, done = downloads.part_of(target), 0
    _forget(part)

    def hear(count: int) -> None:
        nonlocal done
        done += count
        progress(DownloadProgress("checking", source.name, done, size))

    try:
        if source.is_dir():
            part.mkdir(mode=0o700)
            for path in sorted(source.rglob("*")):
                beside = part / path.relative_to(source)
                if path.is_file():
                    beside.parent.mkdir(parents=True, exist_ok=True)
                    _copy_file(path, beside, hear)
        else:
            _copy_file(source, part, hear)
        downloads.place(part, target)
    except OSError as error:
        _forget(part)
        raise downloads.no_room(part, error) from error
    except BaseException:
        _forget(part)
        raise


def _forget(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        downloads.discard_part(part)


def _copy_file(source: Path, target: Path, hear: Callable[[int], None]) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        while block := reading.read(_BLOCK):
            writing.write(block)
            hear(len(block))
        writing.flush()
        os.fsync(writing.fileno())
