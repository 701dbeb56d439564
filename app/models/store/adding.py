"""Takes a model that is on the disk already into the models folder, and out of it again."""

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import DownloadFailed, DownloadStopped, ModelNotFound, ModelUnusable, UsageError
from quire.models import catalog
from quire.models.catalog import Kind, KnownModel
from quire.models.engine import gguf
from quire.models.store import (
    claims,
    classifier_folder,
    downloads,
    folders,
    installed,
    placing,
    provenance,
    sentence_folder,
    starter,
)
from quire.models.store.downloads import DownloadProgress, HearProgress
from quire.models.store.installed import InstalledModel
from quire.models.store.provenance import KeptFile, Record

_PATIENCE = 1.0  # seconds until it says who else is at the model


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
    cancel: threading.Event | None = None,
) -> Added:
    """Take in a GGUF file, or the folder of an embedding or entailment model, after checking it.

    `name` is what it is called from then on, by default as its file. With `link` it stays where it
    is. A name of the catalog is given only to the very model that the catalog means by it, as far
    as its hash is known. Setting
    `cancel` ends it, with nothing left. Raises ModelNotFound, ModelUnusable for what cannot work,
    UsageError for a name that is taken, ModelBusy, and DownloadStopped.
    """
    cancel = cancel or threading.Event()
    source = Path(os.path.abspath(source.expanduser()))  # noqa: PTH100  links stay links
    kind: Kind = "chat"
    if source.is_dir():
        kind = folders.kind_of(source) or "embedding"
        of = classifier_folder if kind == "entailment" else sentence_folder
        about = of.read_folder(source)
        size, parameters = about.size, about.parameters
    else:
        facts = gguf.read_facts(source)
        size, parameters = facts.size, facts.parameters
    usual = source.stem if kind == "chat" else source.name
    chosen = installed.checked_name(name or re.sub(r"[^\w.+-]+", "-", usual).strip("-."))
    chosen = chosen.removesuffix(".gguf") if kind == "chat" else chosen
    known = _known(chosen, source, kind, cancel, progress)
    place = f"{chosen}.gguf" if kind == "chat" else chosen
    if known is not None:
        chosen, place = known.model.name, known.model.file or place
    else:
        installed.refuse_name_of_another(chosen, kind=kind, place=place)
    target = folder / place
    placing.make_folder(folder)
    claims.sweep(folder)
    with claims.claimed(target, "added", wait=_PATIENCE, cancel=cancel):
        if target.exists() or target.is_symlink():
            raise UsageError(
                f"There is a model called {target.name} in {folder}.",
                hint=f"Give it another name with --name, or: quire models remove {target.name}",
            )
        if installed.has(chosen, folder=folder):
            raise UsageError(
                f"There is another model called {chosen}.", hint="Choose a name with --name."
            )
        provenance.forget(target)
        if link:
            _link(source, target)
        else:
            placing.require_space(folder, size)
            _copy(source, target, size, cancel, progress)
        if known is not None:
            provenance.write(target, Record(provenance.ADDED, "", (known.weights,)))
        here = installed.at(target)
    return Added(here.name if here else chosen, kind, target, size, parameters, link)


@dataclass(frozen=True, slots=True)
class _Recognized:
    """A model of the catalog, and its weights as they were found."""

    model: KnownModel
    weights: KeptFile


def _known(
    name: str, source: Path, kind: Kind, cancel: threading.Event, progress: HearProgress
) -> _Recognized | None:
    """The model that the catalog knows by this name, if the file has the hash that it knows, or it
    knows none. Raises UsageError for another model that is to have the name of one."""
    known = catalog.find(name)
    if known is None or known.kind != kind:
        return None
    weights = source if kind == "chat" else source / known.weights
    size = placing.size_of(weights)

    def hear(done: int) -> None:
        progress(DownloadProgress("checking", source.name, done, size))

    sha256 = placing.sha256(weights, cancel, hear)
    path = known.weights or known.file or f"{known.name}.gguf"
    if not known.sha256 and sha256:  # nobody has told it: the name is taken at its word
        return _Recognized(known, KeptFile(path, size, sha256, "nothing"))
    if sha256 == known.sha256:
        return _Recognized(known, KeptFile(path, size, sha256, "promised"))
    if known.name.casefold() != name.casefold():  # only the file is called so
        return None
    raise UsageError(
        f"{source} is not the {known.name} that Quire knows: its SHA-256 is {sha256[:12]}… instead "
        f"of {known.sha256[:12]}….",
        hint="Give it a name of its own with --name.",
    )


def remove(model: InstalledModel, folder: Path) -> int:
    """Delete a model from the models folder; returns how many bytes that freed. A link is deleted,
    and what it leads to stays. Raises ModelBusy while another process is at it."""
    if model.name == starter.ENTAILMENT.name and model.packaged:
        raise UsageError(
            f"{model.name} is a part of Quire.",
            hint="To check statements by rules alone: QUIRE_ENTAILMENT=none",
        )
    if model.packaged and not model.path.is_relative_to(folder):
        package = model.known.package.replace("_", "-") if model.known else ""
        raise UsageError(
            f"{model.name} came as a Python package.", hint=f"To remove it: pip uninstall {package}"
        )
    size = 0 if model.path.is_symlink() else model.size
    claims.sweep(folder)
    with claims.claimed(model.path, "removed", wait=_PATIENCE):
        # Renamed first: a folder that is half deleted is no model.
        gone = claims.gone_of(model.path)
        try:
            claims.delete(gone)
            model.path.rename(gone)
            provenance.forget(model.path)
            claims.delete(gone)
        except OSError as error:
            raise ModelUnusable(
                f"{model.path} cannot be deleted: {error.strerror or error}.",
                hint="Check the permissions of its folder, and whether it is in use.",
            ) from error
    return size


def remove_part(name: str, folder: Path) -> int:
    """Delete what has arrived of a model that is not whole; returns how many bytes. Raises
    ModelNotFound when there is nothing of it."""
    wanted = {each.casefold() for each in (name, f"{name}.gguf")}
    if known := catalog.find(name):
        wanted |= {each.casefold() for each in (known.name, known.file) if each}
    for part in folder.glob(".*.part"):
        target = part.with_name(part.name[1:].removesuffix(".part"))
        if target.name.casefold() in wanted:
            with claims.claimed(target, "removed", wait=_PATIENCE):
                files = [part] if part.is_file() else [p for p in part.rglob("*") if p.is_file()]
                size = sum(path.stat().st_size for path in files)
                claims.delete(part)
                downloads.discard(target)
            return size
    raise ModelNotFound(
        f"There is no model {name} in {folder}.", hint="See what there is with: quire models list"
    )


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source, target_is_directory=source.is_dir())
    except OSError as error:
        raise DownloadFailed(
            f"No link can be made in {target.parent}: {error.strerror or error}.",
            hint="Leave --link out, or name another folder with QUIRE_MODELS.",
        ) from error


def _copy(
    source: Path, target: Path, size: int, cancel: threading.Event, progress: HearProgress
) -> None:
    copy, done = claims.copy_of(target), 0

    def copy_file(path: Path, beside: Path) -> None:
        nonlocal done
        with beside.open("xb") as writing:
            for block in placing.blocks(path, cancel):
                writing.write(block)
                done += len(block)
                progress(DownloadProgress("copying", source.name, done, size))
            writing.flush()
            os.fsync(writing.fileno())

    try:
        claims.delete(copy)
        if source.is_dir():
            copy.mkdir(mode=0o700)
            for path in sorted(source.rglob("*")):
                beside = copy / path.relative_to(source)
                if path.is_file():
                    beside.parent.mkdir(parents=True, exist_ok=True)
                    copy_file(path, beside)
        else:
            copy_file(source, copy)
        placing.place(copy, target)
    except OSError as error:
        claims.delete(copy)
        raise placing.no_room(copy, error) from error
    except DownloadStopped:
        claims.delete(copy)
        raise DownloadStopped(
            f"Taking in {source.name} was stopped, and what was copied is deleted.",
            hint="Run the same command again.",
        ) from None
    except BaseException:
        claims.delete(copy)
        raise
