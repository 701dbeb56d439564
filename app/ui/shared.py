"""What all tabs of the process share: the knowledge base, its chats, and the files on their way."""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import streamlit as st

from quire.config import Settings, load_settings
from quire.conversations import Conversations
from quire.errors import ModelError
from quire.ingest.isolation import ParserPool
from quire.knowledge_base import KnowledgeBase
from quire.ui.feedback import Feedback
from quire.ui.ingesting import Ingests

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Shared:
    """One open knowledge base. `parsers` draws pages for the source view. `ready` is set once its
    models are loaded, or failed to."""

    base: KnowledgeBase
    conversations: Conversations
    ingests: Ingests
    feedback: Feedback
    parsers: ParserPool = field(default_factory=ParserPool)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def model_state(self) -> Literal["loading", "none", "problem", "ready"]:
        """The chat model's state, told without waiting for it."""
        if self.base.settings.model == "none":
            return "none"
        if not self.ready.is_set():
            return "loading"
        return "problem" if self.base.model_problem else "ready"

    def load_models(self) -> None:
        """Load what answering needs, so that the first question need not wait for it."""
        try:
            self.base.embedder.embed_question("warm up")
            _ = self.base.model
        except ModelError as error:  # said again, to the reader, when something is asked or added
            _log.warning("%s", error.message)
        finally:
            self.ready.set()

    def close(self) -> None:
        self.ingests.stop()
        self.ingests.wait(5)
        self.parsers.close()
        self.base.close()


def shared() -> Shared:
    """The knowledge base that the settings name, opened once in this process."""
    settings = load_settings(language="en")  # each tab has its own: see catalogue.said
    found: Shared = _opened(str(settings.kb), settings.model_dump_json(), settings)
    return found


@st.cache_resource(show_spinner=False, on_release=Shared.close)
def _opened(folder: str, key: str, _settings: Settings) -> Shared:  # noqa: ARG001  key: see caller
    base = KnowledgeBase.open(Path(folder), settings=_settings)
    opened = Shared(base, base.conversations, Ingests(base), Feedback(base.folder))
    threading.Thread(target=opened.load_models, name="quire-models", daemon=True).start()
    return opened
