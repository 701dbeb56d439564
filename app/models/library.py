"""The models of this machine, as a Python user and the command line see them."""

from dataclasses import dataclass
from typing import Any

from quire.config import Settings, load_settings
from quire.errors import UsageError
from quire.models import catalog, installed
from quire.models.catalog import Kind, KnownModel
from quire.models.installed import InstalledModel


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that is known or there, or both. `in_use` says that the settings name it; `memory`
    is what it takes while it runs, in bytes, or None where that is not known."""

    name: str
    kind: Kind
    known: KnownModel | None
    here: InstalledModel | None
    in_use: bool
    memory: int | None

    @property
    def size(self) -> int:
        """Bytes on the disk, or of the download."""
        if self.here is not None:
            return self.here.size
        return self.known.size if self.known else 0

    def to_dict(self) -> dict[str, Any]:
        known = self.known
        return {
            "name": self.name,
            "kind": self.kind,
            "note": known.notes["en"] if known else "",
            "size": self.size,
            "memory": self.memory,
            "parameters": known.parameters if known else None,
            "languages": sorted(known.languages) if known else None,
            "licence": known.licence if known else None,
            "sha256": (known.sha256 or None) if known else None,
            "package": (known.package or None) if known else None,
            "sources": [each.to_dict() for each in known.repositories] if known else [],
            "installed": self.here is not None,
            "path": str(self.here.path) if self.here else None,
            "in_use": self.in_use,
        }


class Models:
    """The models that are known by name and those on this machine.

        from quire import Models

        for model in Models().all():
            print(model.name, model.here is not None)

    `settings` say where the models folder is and which models are in use.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    def all(self) -> list[ModelEntry]:
        """Chat models before embedding models; those of the catalog first, the smallest first."""
        here = {(each.kind, each.name): each for each in self._installed()}
        known = [(each.kind, each.name) for each in catalog.known_models()]
        return [
            self._entry(kind, name, here.get((kind, name)))
            for kind, name in sorted(dict.fromkeys([*known, *here]), key=lambda each: each[0])
        ]

    def info(self, name: str) -> ModelEntry:
        """All that is known of a model. Raises UsageError for a name that is not known."""
        wanted = installed.canonical_names(name)
        for entry in self.all():
            if entry.name.casefold() in wanted:
                return entry
        raise UsageError(f"No model is known as {name!r}.", hint=catalog.nearest_hint(name))

    def _installed(self) -> list[InstalledModel]:
        return installed.installed_models(self.settings.models)

    def _entry(self, kind: Kind, name: str, here: InstalledModel | None) -> ModelEntry:
        known = catalog.find(name)
        memory = known.memory(context_tokens=self.settings.context_tokens) if known else None
        setting = self.settings.model if kind == "chat" else self.settings.embedder
        used = installed.canonical_name(setting, kind=kind)
        in_use = name == used or (here is not None and here.path.name == used)
        return ModelEntry(name, kind, known, here, in_use, memory)
