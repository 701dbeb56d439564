"""The models that Quire knows by name, and what is worth knowing of each before it is downloaded.

`catalog.toml` beside this file holds them. Nothing here looks at the disk or the network.
"""

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from quire.errors import ModelNotFound
from quire.models.protocols import CAPABLE_PARAMETERS

Kind = Literal["chat", "embedding", "entailment"]
"""What a model does: write, turn texts into vectors, or tell whether a source says a statement."""


def called(kind: Kind) -> str:
    """What a model of a kind is called.

    >>> called("chat"), called("embedding")
    ('a chat model', 'an embedding model')
    """
    return f"{'a' if kind == 'chat' else 'an'} {kind} model"


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a hub keeps a model; `revision` is a commit, a reference, or a branch."""

    hub: Literal["huggingface", "modelscope"]
    repo: str
    revision: str

    def origin(self, file: str) -> str:
        """What a file of it, or all of them, is kept as: two of the same are one model."""
        return f"{self.hub}:{self.repo}@{self.revision}/{file}"

    def to_dict(self) -> dict[str, str]:
        return {"hub": self.hub, "repo": self.repo, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model of the catalog.

    `size` counts the bytes of a download, `parameters` weights, and `body` those of them that each
    token passes, without the vocabulary's tables. `file` is the GGUF file of a chat model, and
    `weights` the weights in the folder of a model that torch loads; `sha256` is theirs, or empty. A
    model that comes as a Python package, named by `package`, is in no repository. An entailment
    model whose own classes have no names has `labels` for them, in its order, and one that reads
    source and statement as one text has the `frame` that both are put into.
    """

    name: str
    kind: Kind
    notes: Mapping[str, str]
    size: int
    parameters: int
    body: int
    languages: frozenset[str]
    licence: str
    runtime: int
    kv_bytes: int = 0
    dimension: int = 0
    file: str = ""
    weights: str = ""
    sha256: str = ""
    package: str = ""
    labels: tuple[str, ...] = ()
    frame: str = ""
    repositories: tuple[Repository, ...] = ()

    @property
    def place(self) -> str:
        """What it is called in the models folder."""
        return self.file or self.name

    @property
    def origins(self) -> frozenset[str]:
        """What the places where it is are kept as."""
        return frozenset(each.origin(self.file) for each in self.repositories)

    @property
    def capable(self) -> bool:
        """Whether it writes summaries and follows a conversation; see `Ability.capable`."""
        return self.kind == "chat" and self.parameters >= CAPABLE_PARAMETERS

    def memory(self, *, context_tokens: int) -> int:
        """Bytes that it takes while it runs. Weights that torch loads are counted with 32 bits:
        half of it where the processor computes in bfloat16."""
        held = 4 * self.parameters if self.weights else self.size
        return held + self.kv_bytes * context_tokens + self.runtime


@functools.cache
def known_models() -> tuple[KnownModel, ...]:
    """All of them: chat models, embedding models, entailment models, each the smallest first."""
    table = tomllib.loads(files("quire.models").joinpath("catalog.toml").read_text("utf-8"))
    return tuple(_model(row) for row in table["model"])


def find(name: str) -> KnownModel | None:
    """The model of this name in any spelling, or the one that its file belongs to."""
    wanted = name.casefold()
    for model in known_models():
        spellings = {model.name, model.file, model.file.removesuffix(".gguf")} - {""}
        if wanted in {spelling.casefold() for spelling in spellings}:
            return model
    return None


def named(name: str) -> KnownModel:
    """The model of this name. Raises ModelNotFound, with the names that are near."""
    if (model := find(name)) is not None:
        return model
    raise ModelNotFound(f"No model is known as {name!r}.", hint=nearest_hint(name))


def nearest_hint(name: str) -> str:
    """What to do about a name that is not known."""
    names = {model.name.casefold(): model.name for model in known_models()}
    wanted = name.casefold()
    near = [each for each in names if each.startswith(wanted)]
    near = near or difflib.get_close_matches(wanted, names, n=3, cutoff=0.4)
    if near:
        return f"Did you mean {' or '.join(names[each] for each in near)}?"
    return "See the names with: quire models list"


def _model(row: dict[str, Any]) -> KnownModel:
    repositories = tuple(
        Repository(hub, row[hub]["repo"], row[hub].get("revision", branch))
        for hub, branch in _BRANCHES.items()
        if hub in row
    )
    apart = {*_BRANCHES, "languages", "labels"}
    return KnownModel(
        **{key: value for key, value in row.items() if key not in apart},
        languages=frozenset(row["languages"]),
        labels=tuple(row.get("labels", ())),
        repositories=repositories,
    )


_BRANCHES: dict[Literal["huggingface", "modelscope"], str] = {
    "huggingface": "main",
    "modelscope": "master",
}
