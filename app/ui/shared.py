"""What all tabs of the process share: knowledge bases, their chats, and the files on their way."""

import atexit
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import streamlit as st

from quire.background.downloading import Downloads, Measuring
from quire.background.ingesting import Ingests
from quire.background.reindexing import Reindexing
from quire.config import Settings, load_settings
from quire.conversations.store import Conversations
from quire.errors import ModelError
from quire.indexes.folder.names import CATALOG
from quire.ingest.parsing.pool import ParserPool
from quire.knowledge_base import KnowledgeBase
from quire.records import Document
from quire.ui.jobs.suggesting import Suggestions
from quire.ui.jobs.summarizing import Summaries
from quire.ui.printed import Prints
from quire.ui.settings import bases
from quire.ui.state import state

_log = logging.getLogger(__name__)
_TICK_NS = 100_000_000  # two writes this near to each other may leave a file the same time

_LAST = 2.0  # seconds that threads are given at the end; the process is killed after three
_AT_WORK = tuple(
    f"quire-{job}"
    for job in ("intake", "answer", "summary", "suggest", "check", "models", "reindex", "download")
)


_MODELS = frozenset(
    {"model", "embedder", "entailment", "context_tokens"}
    | {name for name in Settings.model_fields if name.startswith("remote_")}
)
"""Settings that an open knowledge base follows; with others it is opened anew."""


@dataclass(slots=True)
class Shared:
    """One open knowledge base. `parsers` and `prints` draw pages for the source view. `ready` is
    set once its models are loaded, or failed to; `embedder_problem` says why the embedding model
    was not. `settings` name the models that it goes by."""

    base: KnowledgeBase
    ingests: Ingests
    summaries: Summaries
    suggestions: Suggestions
    reindexing: Reindexing
    settings: Settings = field(init=False)
    embedder_problem: ModelError | None = None
    parsers: ParserPool = field(default_factory=ParserPool)
    prints: Prints = field(init=False)
    ready: threading.Event = field(default_factory=threading.Event)
    _known: tuple[tuple[int, ...], list[Document]] | None = None
    turn: int = 0  # counts the changes of models
    models_of: "tuple[Shared, int] | None" = None  # whose models it uses, since which turn
    _loader: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.settings = self.base.settings
        self.prints = Prints(self.parsers)

    @property
    def conversations(self) -> Conversations:
        """The chats. Raises KnowledgeBaseError where they cannot be opened, each time anew: the
        disk may have space again."""
        return self.base.conversations

    @property
    def model_state(self) -> Literal["loading", "none", "problem", "ready"]:
        """The chat model's state, told without waiting for it."""
        if self.settings.model == "none":
            return "none"
        if not self.ready.is_set():
            return "loading"
        return "problem" if self.base.model_problem else "ready"

    def documents(self) -> list[Document]:
        """All documents, by name; read anew only after something was written, by whichever
        process: every click draws from them."""
        now = self._written()
        if self._known is not None and self._known[0] == now:
            return self._known[1]
        documents = self.base.documents()
        settled = time.time_ns() - max(now, default=0) > _TICK_NS
        self._known = (now, documents) if settled else None
        return documents

    def _written(self) -> tuple[int, ...]:
        """When the catalog was last written, in nanoseconds, and how long its parts are."""
        found: list[int] = []
        for name in (CATALOG, f"{CATALOG}-wal"):
            try:
                about = (self.base.folder / name).stat()
            except OSError:
                found += [0, 0]
            else:
                found += [about.st_mtime_ns, about.st_size]
        return tuple(found)

    def follow(
        self, settings: Settings, *, first: "Shared | None" = None, again: bool = False
    ) -> None:
        """Go on with the models that the settings name now, if those are others: the settings page
        may have written them, in any tab, or a command. `first` has the models that this one uses
        too. With `again` they are loaded anew, as after the key to a server was changed."""
        with self._lock:
            models_of = None if first is None else (first, first.turn)
            if not again and settings == self.settings and models_of == self.models_of:
                return
            self.settings, self.models_of = settings, models_of
            self.turn += 1
            self.ready.clear()
            if first is None:
                self.base.follow(settings)
        self.begin_loading()

    def begin_loading(self) -> None:
        """Load what answering needs, in a thread."""
        self._loader = threading.Thread(
            target=self._load_models, args=(self.turn,), name="quire-models", daemon=True
        )
        self._loader.start()

    def _load_models(self, mine: int) -> None:
        """Load what answering needs, so that the first question need not wait for it."""
        with self._loading:
            if mine != self.turn:
                return  # others were named meanwhile, which are loaded next
            self.embedder_problem = None
            try:
                if mine and self.models_of is not None:
                    first, _ = self.models_of
                    first.ready.wait()
                    self.base.follow(self.settings, model=first.base.model)
                try:
                    self.base.embedder.embed_question("warm up")
                except ModelError as error:  # said when something is asked or added, and above it
                    _log.warning("%s", error.message)
                    self.embedder_problem = error
                _ = self.base.model
            except ModelError as error:
                _log.warning("%s", error.message)
            except RuntimeError as error:  # nothing can be imported once the process is ending
                _log.warning("The models were not loaded: %s", error)
            finally:
                if mine == self.turn:
                    self.ready.set()

    def end_soon(self) -> None:
        """Let what is at work in threads come to its end before the process does: a thread that is
        cut off inside a C++ library takes the whole process down with it, with a core dump."""
        self.ingests.interrupt()
        self.summaries.stop()
        self.suggestions.stop()
        self.prints.close()
        self.reindexing.stop()
        deadline = time.monotonic() + _LAST
        for thread in threading.enumerate():
            if thread.name in _AT_WORK:
                thread.join(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        atexit.unregister(self.end_soon)
        self.summaries.stop()
        self.suggestions.stop()
        self.reindexing.stop()
        self.reindexing.wait(5)
        self.ingests.close()
        self.prints.close()
        self.parsers.close()
        if self._loader is not None:
            self._loader.join(_LAST)
        self.base.close()


def shared() -> Shared:
    """The knowledge base that this tab has chosen, else the one that the settings name; each is
    opened once in this process."""
    settings = load_settings(language="en")  # each tab has its own: see catalogue.said
    mine = state()
    folder = bases.folder(settings.kb, mine.base)
    if folder == settings.kb:
        mine.base = None
    return _following(folder, settings)


def first() -> Shared:
    """The knowledge base that the settings name, whichever tab asks, or none."""
    settings = load_settings(language="en")
    return _following(settings.kb, settings)


def forget(folder: Path) -> None:
    """Close a knowledge base that is to be deleted."""
    settings = load_settings(language="en")
    opened: Shared = _opened(str(folder), _key(settings), settings)
    opened.close()
    _opened.clear(str(folder), _key(settings), settings)


def _following(folder: Path, settings: Settings) -> Shared:
    """The open knowledge base, gone on with by these settings; others than the first one use its
    models, since there is memory for one set."""
    key = _key(settings)
    first = None if folder == settings.kb else _following(settings.kb, settings)
    found: Shared = _opened(str(folder), key, settings)
    found.follow(settings, first=first)
    return found


def _key(settings: Settings) -> str:
    return settings.model_dump_json(exclude=set(_MODELS))


@st.cache_resource(show_spinner=False, on_release=Shared.close)
def _opened(folder: str, key: str, _settings: Settings) -> Shared:
    if Path(folder) == _settings.kb:
        base = KnowledgeBase.open(Path(folder), settings=_settings, as_made=True)
        opened = _around(base)
    else:
        first: Shared = _opened(str(_settings.kb), key, _settings)
        models_of = (first, first.turn)
        first.ready.wait()
        base = KnowledgeBase.open(
            Path(folder),
            settings=_settings,
            embedder=None if first.embedder_problem else first.base.embedder,
            model=first.base.model,
            as_made=True,
        )
        opened = _around(base)
        opened.models_of = models_of
    opened.ingests.resume()
    atexit.register(opened.end_soon)
    opened.begin_loading()
    return opened


def _around(base: KnowledgeBase) -> Shared:
    return Shared(base, Ingests(base), Summaries(base), Suggestions(base), Reindexing(base))


@st.cache_resource(show_spinner=False, on_release=Downloads.stop)
def downloads() -> Downloads:
    """The downloads of models in this process."""
    found = Downloads()
    atexit.register(found.stop)
    return found


@st.cache_resource(show_spinner=False)
def measuring() -> Measuring:
    """The measuring of this machine, once for all tabs."""
    return Measuring()
