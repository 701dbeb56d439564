"""Gets a model from where it is published into the models folder."""

import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import DownloadFailed, ModelNotFound, ModelUnusable, UsageError
from quire.models.catalog import Kind, Repository
from quire.models.engine import gguf
from quire.models.store import (
    claims,
    classifier_folder,
    downloads,
    hubs,
    installed,
    placing,
    provenance,
    sentence_folder,
)
from quire.models.store.downloads import Arrived, Download, DownloadProgress, HearProgress
from quire.models.store.folders import CONFIG, MODULES, kind_of
from quire.models.store.hubs import RemoteFile
from quire.models.store.placing import make_folder
from quire.models.store.provenance import KeptFile, Record, Verified
from quire.models.store.wanting import Wanted
from quire.models.store.web import Interrupted, Web, host


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that was got, or that was `there` already. `source` is the repository or address;
    `verified` says what the weights were held against: a hash that was `promised` beforehand, what
    the `hub` says of them, their `size`, or `nothing`."""

    name: str
    kind: Kind
    path: Path
    size: int
    sha256: str
    source: str
    verified: Verified
    there: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "path": str(self.path),
            "size": self.size,
            "sha256": self.sha256,
            "source": self.source,
            "verified": self.verified,
            "there": self.there,
            "seconds": round(self.seconds, 1),
        }


def pull(
    model: Wanted,
    folder: Path,
    *,
    progress: HearProgress = lambda _: None,
    cancel: threading.Event | None = None,
    pause: float = 1.0,
    patience: float = 30.0,
) -> Pulled:
    """Get a model, or find that it is there. Whatever interrupts it, the next call goes on.

    Setting `cancel` ends it at once and keeps what has arrived. A second process that pulls the
    same file waits for the first. What is there is read again, and refused where it is not the
    model that is wanted. Raises DownloadFailed, ModelUnusable, and DownloadStopped.
    """
    began = time.monotonic()
    cancel = cancel or threading.Event()
    target = model.target(folder)
    make_folder(folder)
    claims.sweep(folder)
    with claims.claimed(
        target,
        "downloaded",
        cancel=cancel,
        waiting=lambda: progress(DownloadProgress("waiting", model.name)),
    ):
        there = target.exists() or target.is_symlink()
        with Web(cancel=cancel, patience=patience) as web:
            if there:
                record = _found(model, target, web, progress)
            else:
                record = _from_the_first_that_answers(
                    model, folder, web, progress=progress, pause=pause
                )
        provenance.write(target, record)
        here = installed.at(target)
    name = _weights(model, record.files)
    weights = next(each for each in record.files if each.path == name)
    return Pulled(
        here.name if here else model.name,
        here.kind if here else model.kind,
        target,
        here.size if here else weights.size,
        weights.sha256,
        record.source,
        weights.verified,
        there=there,
        seconds=time.monotonic() - began,
    )


def _from_the_first_that_answers(
    model: Wanted,
    folder: Path,
    web: Web,
    *,
    progress: HearProgress,
    pause: float,
) -> Record:
    sources: tuple[Repository | None, ...] = model.repositories or (None,)
    get = _get_file if model.kind == "chat" else _get_folder
    for at, source in enumerate(sources):
        try:
            progress(DownloadProgress("asking", model.name))
            arrived = get(model, source, folder, web, progress=progress, pause=pause)
        except Interrupted as error:
            if not error.unreachable or at + 1 == len(sources):
                raise
        else:
            where = f"{source.hub}:{source.repo}" if source else host(model.url)
            return Record(where, model.origin(source), arrived)
    raise AssertionError("there is at least one source")


def _get_file(
    model: Wanted,
    source: Repository | None,
    folder: Path,
    web: Web,
    *,
    progress: HearProgress,
    pause: float,
) -> tuple[KeptFile, ...]:
    file = hubs.one_file(web, source, model.file) if source else RemoteFile(model.file, model.url)
    target = model.target(folder)
    download = Download(web, expected=file.size, progress=progress, pause=pause)
    arrived = download.fetch(file, target, promised=model.sha256, check=_check_gguf)
    return (_kept(arrived, target.name),)


def _check_gguf(part: Path, target: Path) -> None:
    """Raises ModelUnusable for what is no chat model, before it has a name."""
    try:
        gguf.read_facts(part)
    except ModelUnusable as error:
        message = error.message.replace(str(part), target.name)
        raise ModelUnusable(f"{message} It was deleted.", hint=error.hint) from error


def _get_folder(
    model: Wanted,
    source: Repository | None,
    folder: Path,
    web: Web,
    *,
    progress: HearProgress,
    pause: float,
) -> tuple[KeptFile, ...]:
    """All files of an embedding or entailment model, gathered in a folder that gets its name in the
    end."""
    if source is None:
        raise UsageError("An embedding model is several files, and has no address of its own.")
    files = sentence_folder.wanted_files(hubs.all_files(web, source), repo=source.repo)
    sizes = [file.size for file in files]
    expected = None if None in sizes else sum(size or 0 for size in sizes)
    gathered = placing.part_of(model.target(folder))
    make_folder(gathered)
    download = Download(web, expected=expected, progress=progress, pause=pause)
    arrived: list[KeptFile] = []
    told_by_config = MODULES not in {file.path for file in files}
    try:
        for file in sorted(files, key=lambda each: each.size or 0):
            target = gathered / file.path
            make_folder(target.parent)
            promised = model.sha256 if file.path == model.weights else ""
            arrived.append(_kept(download.have(file, target, promised=promised), file.path))
            if file.path == CONFIG and told_by_config:  # before gigabytes of another one
                classifier_folder.require_classifier(gathered)
        _leave_only(gathered, {gathered / each.path for each in arrived})
        of = classifier_folder if kind_of(gathered) == "entailment" else sentence_folder
        of.read_folder(gathered)
    except (ModelNotFound, ModelUnusable) as error:
        discard(model, folder)
        message = error.message.replace(str(gathered), source.repo)
        raise ModelUnusable(f"{message} It was deleted.", hint=error.hint) from error
    placing.place(gathered, model.target(folder))
    return tuple(arrived)


def _leave_only(folder: Path, kept: set[Path]) -> None:
    """Drop what an earlier version of the model had."""
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _kept(arrived: Arrived, path: str) -> KeptFile:
    return KeptFile(path, arrived.size, arrived.sha256, arrived.verified)


def _found(model: Wanted, target: Path, web: Web, progress: HearProgress) -> Record:
    """What stands there already, if it is the model that is wanted: its weights have the hash that
    is promised, or it came from the same place, or has the hash that the hub tells; and no file has
    changed since it came. Raises DownloadFailed for anything else."""

    def now(path: str) -> str:
        place = target if model.kind == "chat" else target / path
        total = placing.size_of(place)
        return placing.sha256(
            place,
            web.cancel,
            lambda done: progress(DownloadProgress("checking", target.name, done, total)),
        )

    record = provenance.read(target)
    files = record.files if record else ()
    weights = _weights(model, files)
    found = {path: now(path) for path in dict.fromkeys([*(each.path for each in files), weights])}
    changed = [each for each in files if found[each.path] != each.sha256]

    def held_against(sha256: str, verified: Verified) -> Record | None:
        if not sha256 or found[weights] != sha256 or any(e.path != weights for e in changed):
            return None
        size = placing.size_of(target if model.kind == "chat" else target / weights)
        right = KeptFile(weights, size, sha256, verified)
        kept = (*(each for each in files if each.path != weights), right)
        return Record(record.source if record else "", record.origin if record else "", kept)

    if (right := held_against(model.sha256, "promised")) is not None:
        return right
    if record and changed:
        raise DownloadFailed(
            f"{target} has changed since it came from {record.source}: the SHA-256 of "
            f"{changed[0].path} was {changed[0].sha256[:12]}…, and now it is another.",
            hint=f"Get it anew: quire models remove {target.name}, then the same command again.",
        )
    if record and not model.sha256 and record.origin in model.origins:
        return record
    if not model.sha256 and (right := held_against(_told(model, weights, web), "hub")) is not None:
        return right
    came = f"; that one is from {record.source}" if record and record.source else ""
    raise DownloadFailed(
        f"There is another {target.name} in {target.parent} than the one that is wanted{came}.",
        hint=f"To keep both, first take that one in by another name: quire models add {target} "
        f"--name NAME. Then, or to replace it: quire models remove {target.name}, and the same "
        "command again.",
    )


def _told(model: Wanted, weights: str, web: Web) -> str:
    """The SHA-256 that the hub tells of the weights, or an empty one."""
    for source in model.repositories:
        if model.kind == "chat":
            return hubs.one_file(web, source, model.file).sha256
        return next((f.sha256 for f in hubs.all_files(web, source) if f.path == weights), "")
    return ""


def _weights(model: Wanted, files: Sequence[KeptFile]) -> str:
    """The file that the model's weights are in: of a folder that of its root, as modules may have
    some of their own."""
    name = model.target(Path()).name if model.kind == "chat" else model.weights
    if not files or name in {each.path for each in files}:
        return name
    return max(files, key=lambda each: each.size).path


def discard(model: Wanted, folder: Path) -> None:
    """Delete what has arrived of a model that is not whole."""
    gathered = placing.part_of(model.target(folder))
    if gathered.is_dir():
        shutil.rmtree(gathered)
    else:
        downloads.discard(model.target(folder))
