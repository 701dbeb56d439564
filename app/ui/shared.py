"""What all tabs of the process share: knowledge bases, their chats, and the files on their way."""

import atexit
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import streamlit as st

from quire.background.ingesting import Ingests
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
    f"quire-{job}" for job in ("intake", "answer", "summary", "suggest", "check", "models")
)


@dataclass(slots=True)
class Shared:
    """One open knowledge base. `parsers` and `prints` draw pages for the source view. `ready` is
    set once its models are loaded, or failed to."""

    base: KnowledgeBase
    ingests: Ingests
    summaries: Summaries
    suggestions: Suggestions
    parsers: ParserPool = field(default_factory=ParserPool)
    prints: Prints = field(init=False)
    ready: threading.Event = field(default_factory=threading.Event)
    _known: tuple[tuple[int, ...], list[Document]] | None = None

    def __post_init__(self) -> None:
        self.prints = Prints(self.parsers)

    @property
    def conversations(self) -> Conversations:
        """The chats. Raises KnowledgeBaseError where they cannot be opened, each time anew: the
        disk may have space again."""
        return self.base.conversations

    @property
    def model_state(self) -> Literal["loading", "none", "problem", "ready"]:
        """The chat model's state, told without waiting for it."""
        if self.base.settings.model == "none":
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

    def load_models(self) -> None:
        """Load what answering needs, so that the first question need not wait for it."""
        try:
            self.base.embedder.embed_question("warm up")
            _ = self.base.model
        except ModelError as error:  # said again, to the reader, when something is asked or added
            _log.warning("%s", error.message)
        except RuntimeError as error:  # nothing can be imported once the process is on its way out
            _log.warning("The models were not loaded: %s", error)
        finally:
            self.ready.set()

    def end_soon(self) -> None:
        """Let what is at work in threads come to its end before the process does: a thread that is
        cut off inside a C++ library takes the whole process down with it, with a core dump."""
        self.ingests.interrupt()
        self.summaries.stop()
        self.suggestions.stop()
        self.prints.close()
        deadline = time.monotonic() + _LAST
        for thread in threading.enumerate():
            if thread.name in _AT_WORK:
                thread.join(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        atexit.unregister(self.end_soon)
        self.summaries.stop()
        self.suggestions.stop()
        self.ingests.close()
        self.prints.close()
        self.parsers.close()
        self.base.close()


def shared() -> Shared:
    """The knowledge base that this tab has chosen, else the one that the settings name; each is
    opened once in this process."""
    settings = load_settings(language="en")  # each tab has its own: see catalogue.said
    mine = state()
    folder = bases.folder(settings.kb, mine.base)
    if folder == settings.kb:
        mine.base = None
    found: Shared = _opened(str(folder), settings.model_dump_json(), settings)
    return found


def first() -> Shared:
    """The knowledge base that the settings name, whichever tab asks, or none."""
    settings = load_settings(language="en")
    found: Shared = _opened(str(settings.kb), settings.model_dump_json(), settings)
    return found


def forget(folder: Path) -> None:
    """Close a knowledge base that is to be deleted."""
    settings = load_settings(language="en")
    key = settings.model_dump_json()
    opened: Shared = _opened(str(folder), key, settings)
    opened.close()
    _opened.clear(str(folder), key, settings)


@st.cache_resource(show_spinner=False, on_release=Shared.close)
def _opened(folder: str, key: str, _settings: Settings) -> Shared:
    if Path(folder) == _settings.kb:
        base = KnowledgeBase.open(Path(folder), settings=_settings)
    else:  # with the models of the first one: there is memory for one set
        first: Shared = _opened(str(_settings.kb), key, _settings)
        first.ready.wait()
        base = KnowledgeBase.open(
            Path(folder), settings=_settings, embedder=first.base.embedder, model=first.base.model
        )
    opened = Shared(base, Ingests(base), Summaries(base), Suggestions(base))
    opened.ingests.resume()
    atexit.register(opened.end_soon)
    threading.Thread(target=opened.load_models, name="quire-models", daemon=True).start()
    return opened
