"""From settings to models: names become live objects here, and nowhere else."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from quire.config import Settings
from quire.errors import ModelError, ModelNotFound
from quire.models import starter
from quire.models.protocols import ChatModel, Embedder

_log = logging.getLogger(__name__)


def embedder_name(settings: Settings) -> str:
    """The name that a knowledge base made with these settings records."""
    if settings.embedder == "starter":
        return starter.EMBEDDER.name
    return Path(settings.embedder).expanduser().name


def embedder(settings: Settings) -> Embedder:
    """The embedding model. Raises ModelNotFound; loading itself waits for the first use."""
    from quire.models.embedding import SentenceEmbedder  # noqa: PLC0415  NumPy and more

    if settings.embedder == "starter":
        folder = starter.EMBEDDER.path
        if folder is None:
            raise ModelNotFound(
                "The starter embedding model is not installed.",
                hint=f"Install it with: {starter.EMBEDDER.install}",
            )
    else:
        folder = Path(settings.embedder).expanduser()
    return SentenceEmbedder(folder, name=embedder_name(settings), threads=settings.threads)


def chat_model(settings: Settings) -> ChatModel | None:
    """The chat model, loaded; None where the settings say 'none'.

    Raises ModelNotFound and ModelUnusable.
    """
    if settings.model == "none":
        return None
    from quire.models.llama import LlamaEngine  # noqa: PLC0415  loads llama.cpp

    if settings.model == "starter":
        path = starter.CHAT.path
        if path is None:
            raise ModelNotFound(
                "The starter chat model is not installed; answers are quotes from the documents.",
                hint=f"Install it with: {starter.CHAT.install}",
            )
        name, languages = starter.CHAT.name, frozenset({"en"})
    else:
        path = Path(settings.model).expanduser()
        name, languages = path.stem, frozenset({"en", "zh"})
    return LlamaEngine(
        path,
        name=name,
        languages=languages,
        context_tokens=settings.context_tokens,
        threads=settings.threads or None,
        verdicts=settings.cache / "self-tests.json",
    )


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
                    _log.warning("%s", error.message)
                    self.problem = error
            return self._model

    def close(self) -> None:
        """Free the model, once it is loaded where that is under way."""
        with self._lock:
            self._closed = True
            if self._model is not None and not self._given:
                self._model.close()
