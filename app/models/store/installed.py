"""The models on this machine: those in the models folder, and those that came as packages.

A chat model is a GGUF file in the folder, an embedding model a folder in it with `modules.json`, an
entailment model a folder with the `config.json` of a classifier; all may be links. What begins with
a dot is Quire's own: parts of downloads, locks, records.

A name says nothing about content. A file is the catalog's model where its hash was found to be the
one that the catalog knows; another file of that name is listed as what it is, by its file's name.
Of a few the catalog knows no hash: those are what was pulled from the version that it names, or
added by that name.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from quire.errors import ModelNotFound, UsageError
from quire.models import catalog
from quire.models.catalog import Kind, KnownModel
from quire.models.store import folders, provenance, starter
from quire.models.store.starter import StarterModel

_NAME = re.compile(r"\w[\w.+-]{0,119}")
_RESERVED = {"starter", "none", "remote"}  # as settings, these mean something else
SETTINGS: dict[Kind, str] = {"chat": "model", "embedding": "embedder", "entailment": "entailment"}
"""The setting that names a model of each kind."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is there. `known` is what the catalog says of it, or None."""

    name: str
    kind: Kind
    path: Path
    known: KnownModel | None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        if self.path.is_file():
            return self.path.stat().st_size
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    @property
    def languages(self) -> frozenset[str]:
        """Those that it writes, as far as it is known; else both."""
        return self.known.languages if self.known else frozenset({"en", "zh"})

    @property
    def packaged(self) -> bool:
        return self.known is not None and bool(self.known.package)


def installed_models(folder: Path) -> list[InstalledModel]:
    """Everything that is there: starter models first, then what the models folder holds."""
    found = [
        InstalledModel(each.name, kind, path, catalog.find(each.name))
        for each, kind in _STARTERS
        if (path := each.path) is not None and (kind != "entailment" or starter.BILINGUAL.path)
    ]
    if folder.is_dir():
        found += filter(None, map(at, sorted(folder.iterdir())))
    return found


def find(name: str, *, kind: Kind, folder: Path) -> InstalledModel | None:
    """The installed model of this name, in any spelling, or of the file of this name. A name of the
    catalog finds only the model that it stands for."""
    wanted, known = name.casefold(), catalog.find(name)
    for model in installed_models(folder):
        spellings = {model.name, model.path.name, *([] if known else [model.path.stem])}
        if model.kind == kind and (
            wanted in {spelling.casefold() for spelling in spellings}
            or (known is not None and model.known is known)
        ):
            return model
    return None


def has(name: str, *, folder: Path) -> bool:
    """Whether a model of any kind is called so."""
    return any(each.name.casefold() == name.casefold() for each in installed_models(folder))


def located(setting: str, *, kind: Kind, folder: Path) -> InstalledModel:
    """The model that a setting names: 'starter', a name, or a path.

    A bare name is looked for in the models folder before it is taken for a path. Raises
    ModelNotFound for a model that is not on this machine; whether a path holds one is not tested.
    """
    path = Path(setting).expanduser()
    if setting == "starter":
        return _starter(kind)
    if path.name == setting:
        if (model := find(setting, kind=kind, folder=folder)) is not None:
            return model
        known = catalog.find(setting)
        if known is not None and not path.exists():
            raise _not_here(known, kind, folder)
        if not path.exists():
            raise ModelNotFound(
                f"There is no {kind} model called {setting} in {folder}.",
                hint=catalog.nearest_hint(setting),
            )
    for model in installed_models(folder):
        if model.kind == kind and model.path.absolute() == path.absolute():
            name = model.name if kind == "chat" else path.name
            return InstalledModel(name, kind, path, model.known)
    return InstalledModel(path.stem if kind == "chat" else path.name, kind, path, None)


def canonical_name(setting: str, *, kind: Kind) -> str:
    """The name that a knowledge base keeps of a model. Only of "starter" it depends on what is
    there."""
    if setting == "starter":
        return _starter_of(kind).name
    known = catalog.find(setting)
    return known.name if known and known.kind == kind else Path(setting).expanduser().name


def canonical_names(name: str) -> set[str]:
    """What a model may be listed as that a user calls `name`, with case folded."""
    known = catalog.find(name)
    names = {name, name.removesuffix(".gguf"), *([known.name] if known else [])}
    return {each.casefold() for each in names}


def checked_name(name: str) -> str:
    """A name that may stand in the models folder. Raises UsageError for any other."""
    if not _NAME.fullmatch(name) or name.casefold() in _RESERVED:
        raise UsageError(
            f"A model cannot be called {name!r}.",
            hint="Use letters, digits, dots and hyphens, such as my-model-4b.",
        )
    return name


def refuse_name_of_another(name: str, *, kind: Kind, place: str) -> None:
    """Raises UsageError for a name by which the catalog knows another model: one of the other kind,
    or one that is not called `place` in the models folder."""
    known = catalog.find(name)
    if known is None or (
        known.kind == kind and (known.place == place or known.name.casefold() != name.casefold())
    ):
        return
    raise UsageError(
        f"Quire knows another model by the name {known.name}, {catalog.called(known.kind)}.",
        hint="Take yours in from the disk under a name of its own: quire models add PATH --name "
        "NAME",
    )


def at(path: Path) -> InstalledModel | None:
    """The model at a place in the models folder."""
    if path.name.startswith("."):
        return None
    known = catalog.find(path.name)
    if path.suffix == ".gguf" and path.is_file():
        known = known or catalog.find(path.stem)
        if known and known.kind == "chat" and provenance.is_known(path, known):
            return InstalledModel(known.name, "chat", path, known)
        return InstalledModel(path.name if known else path.stem, "chat", path, None)
    if (kind := folders.kind_of(path)) is not None:
        name = known.name if known and known.kind == kind else path.name
        right = known is not None and known.kind == kind and provenance.is_known(path, known)
        return InstalledModel(name, kind, path, known if right else None)
    return None


_STARTERS: tuple[tuple[StarterModel, Kind], ...] = (
    (starter.CHAT, "chat"),
    (starter.BILINGUAL, "embedding"),
    (starter.ENGLISH, "embedding"),
    (starter.ENTAILMENT, "entailment"),
)


def _starter_of(kind: Kind) -> StarterModel:
    if kind == "entailment":
        return starter.ENTAILMENT
    return starter.CHAT if kind == "chat" else starter.embedder()


def _starter(kind: Kind) -> InstalledModel:
    each = _starter_of(kind)
    if (path := each.path) is not None:
        return InstalledModel(each.name, kind, path, catalog.find(each.name))
    lack = "; answers are quotes from the documents" if kind == "chat" else ""
    raise ModelNotFound(
        f"The starter {kind} model is not installed{lack}.",
        hint=f"Install it with: {each.install}",
    )


def _not_here(known: KnownModel, kind: Kind, folder: Path) -> ModelNotFound:
    if known.kind != kind:
        return ModelNotFound(
            f"{known.name} is the wrong kind of model: no {kind} model.",
            hint=f"It can be set as {SETTINGS[known.kind]!r}: quire models use {known.name}",
        )
    if (folder / known.place).exists():
        return ModelNotFound(
            f"{folder / known.place} was not found to be {known.name} yet.",
            hint=f"Have its hash compared with: quire models pull {known.name}",
        )
    return ModelNotFound(
        f"{known.name} is not on this machine.",
        hint=f"Get it with: quire models pull {known.name}",
    )
