"""From settings to models: names become live objects here, and nowhere else."""

import functools
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quire.config import Settings
from quire.errors import ModelError, ModelUnusable
from quire.models.engine import gguf, reading_speed, selftest
from quire.models.protocols import Ability, ChatModel, Embedder, Entailment, Reranker
from quire.models.remote import access
from quire.models.remote.access import Server
from quire.models.store import installed, starter
from quire.models.store.installed import InstalledModel

if TYPE_CHECKING:
    from quire.models.engine.llama import LlamaEngine


_Model = TypeVar("_Model")

_in_use: "weakref.WeakValueDictionary[tuple[object, ...], Any]" = weakref.WeakValueDictionary()
_in_use_lock = threading.Lock()


def embedder_name(settings: Settings) -> str:
    """The name that a knowledge base made with these settings records."""
    return installed.canonical_name(settings.embedder, kind="embedding")


def embedder(settings: Settings) -> Embedder:
    """The embedding model, one for all that are open in this process as long as its weights do not
    change. Raises ModelNotFound; loading itself waits for the first use."""
    from quire.models.embedding import SentenceEmbedder  # noqa: PLC0415  NumPy and more

    found = installed.located(settings.embedder, kind="embedding", folder=settings.models)
    name, threads, cache = found.name, settings.threads, settings.cache / "embedders"
    weights = [path.stat() for path in sorted(found.path.rglob("*.safetensors"))]
    written = [(one.st_mtime_ns, one.st_size) for one in weights]
    return _shared(
        ("embedding", found.path, name, threads, cache, *written),
        lambda: SentenceEmbedder(found.path, name=name, threads=threads, cache=cache),
    )


def reranker(settings: Settings) -> Reranker | None:
    """The reranker; None where the settings say 'none'. Raises ModelNotFound; loading itself waits
    for the first use."""
    if settings.reranker == "none":
        return None
    from quire.models.reranking import CrossEncoderReranker  # noqa: PLC0415  NumPy and more

    return CrossEncoderReranker(Path(settings.reranker).expanduser(), threads=settings.threads)


def entailment(settings: Settings) -> Entailment | None:
    """The model that tells whether a source says a statement in other words; None where the
    settings say 'none', or where the bilingual starter embedder, whose vocabulary the starter has,
    is not there. What is open in one process shares it. Raises ModelNotFound; loading itself waits
    for the first use."""
    name, vocabulary = settings.entailment, starter.BILINGUAL.path
    if name == "none" or (name == "starter" and vocabulary is None):
        return None
    found = installed.located(name, kind="entailment", folder=settings.models)
    own = vocabulary if found.packaged else None
    return _shared(
        ("entailment", own or found.path, found.name, settings.threads),
        lambda: _entailment(found, own, threads=settings.threads),
    )


def _shared(key: tuple[object, ...], make: Callable[[], _Model]) -> _Model:
    """The model of this key that is in use in this process, or one that is made."""
    with _in_use_lock:
        model: _Model | None = _in_use.get(key)
        if model is None:
            model = _in_use[key] = make()
        return model


def _entailment(found: InstalledModel, vocabulary: Path | None, *, threads: int) -> Entailment:
    if vocabulary is not None:
        from quire.models.entailment.small import SmallEntailment  # noqa: PLC0415  NumPy

        return SmallEntailment(vocabulary, threads=threads)
    from quire.models.entailment.cross_encoder import CrossEncoderEntailment  # noqa: PLC0415

    return CrossEncoderEntailment(
        found.path,
        name=found.name,
        threads=threads,
        labels=found.known.labels if found.known else (),
        frame=found.known.frame if found.known else "",
    )


def entailment_or_why_not(settings: Settings) -> Entailment | None:
    """The same; where it is not on this machine, one that tells so and leaves the rules' word."""
    try:
        return entailment(settings)
    except ModelError as error:
        from quire.models.entailment.missing import MissingEntailment  # noqa: PLC0415  NumPy

        return MissingEntailment(error)


def chat_model(settings: Settings) -> ChatModel | None:
    """The chat model, loaded; None where the settings say 'none'.

    Raises ModelNotFound and ModelUnusable.
    """
    if settings.model == "none":
        return None
    if settings.model == "remote":
        return _remote_model(settings)
    return llama_model(settings)


def llama_model(settings: Settings) -> "LlamaEngine":
    """The chat model in this process, loaded. Raises ModelNotFound and ModelUnusable."""
    require_llama()
    from quire.models.engine.llama import LlamaEngine  # noqa: PLC0415  loads llama.cpp

    found = installed.located(settings.model, kind="chat", folder=settings.models)
    return LlamaEngine(
        found.path,
        name=found.name,
        languages=found.languages,
        context_tokens=settings.local_context_tokens,
        threads=settings.threads or None,
        verdicts=settings.cache / selftest.VERDICTS,
        speeds=settings.cache / reading_speed.FILE,
    )


def require_llama() -> None:
    """Load llama.cpp. Raises ModelUnusable where a library is missing that it was built with."""
    try:
        import quire.models.engine.runtime  # noqa: F401, PLC0415
    except (OSError, RuntimeError) as error:
        raise ModelUnusable(
            f"llama.cpp cannot be loaded: {error}.",
            hint="A build for a GPU needs that GPU's driver: install it, or a build without it: "
            "pip install --force-reinstall --no-deps --no-cache-dir "
            '"llama-cpp-python>=0.3.36,<0.4"',
        ) from error


def _remote_model(settings: Settings) -> ChatModel:
    from quire.models.remote.model import RemoteModel  # noqa: PLC0415  httpx takes a tenth of a second

    return RemoteModel(
        access.server(settings.remote_url, proxy=settings.remote_proxy),
        model=settings.remote_model,
        key=access.key(settings.remote_key_file),
        context_tokens=settings.context_tokens,
        timeout=settings.remote_timeout,
        proxy=settings.remote_proxy,
        options=settings.remote_options,
        thinks=settings.remote_thinks,
        pictures=settings.remote_pictures,
    )


def server(settings: Settings) -> Server | None:
    """The server that the settings' chat model is on, told without asking it anything; None where
    the model runs in this process, or the address cannot be one."""
    if settings.model != "remote":
        return None
    try:
        return access.server(settings.remote_url, proxy=settings.remote_proxy)
    except ModelError:
        return None


class LateModel:
    """The chat model that the settings name, loaded at the first use, or one that is `given` and
    then not closed here. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        given: ChatModel | None = None,
        when_loaded: Callable[[ChatModel], None] = lambda _: None,
    ) -> None:
        self.problem: ModelError | None = None
        """Why there is no chat model, or None."""
        self._settings = settings
        self._when_loaded = when_loaded
        self._given = given is not None
        self._model = given
        self._lock = threading.Lock()
        self._closed = False

    @functools.cached_property
    def expected(self) -> Ability:
        """What can be expected of it, told without loading it: its size, and how fast it read
        last. Of one that cannot be found, the least."""
        if self._given and self._model is not None:
            return self._model.ability
        if self._settings.model == "remote":
            return Ability(None, accelerated=True)
        try:
            found = installed.located(
                self._settings.model, kind="chat", folder=self._settings.models
            )
            known = found.known
            return Ability(
                known.parameters if known else gguf.read_facts(found.path).parameters,
                tokens_per_second=reading_speed.recall(
                    self._settings.cache / reading_speed.FILE, found.path
                ),
            )
        except ModelError:
            return Ability(0)

    @property
    def wanted(self) -> bool:
        """Whether there is to be one, told without loading it."""
        return self._given or (self._settings.model != "none" and self.problem is None)

    def get(self) -> ChatModel | None:
        """The model; None where the settings name none, or where `problem` says why not."""
        with self._lock:
            if self._model is None and self.wanted and not self._closed:
                try:
                    self._model = chat_model(self._settings)
                    if self._model is not None:
                        self._when_loaded(self._model)
                except ModelError as error:
                    self.problem = error
            return self._model

    def close(self) -> None:
        """Free the model, once it is loaded where that is under way."""
        with self._lock:
            self._closed = True
            if self._model is not None and not self._given:
                self._model.close()
