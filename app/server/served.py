"""What all requests share: the knowledge bases by their names, the desk, jobs and counts."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from fastapi import Request

from quire.background.ingesting import Ingests
from quire.config import Settings
from quire.errors import KnowledgeBaseMismatch, ModelBusy, ModelError, UsageError
from quire.knowledge_base import KnowledgeBase
from quire.server.desk import Desk
from quire.server.errors import Refused
from quire.server.jobs import Jobs
from quire.server.metrics import Metrics

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Base:
    """A knowledge base by the name that clients call it by, which is that of its folder."""

    name: str
    base: KnowledgeBase
    jobs: Jobs
    since: int = field(default_factory=lambda: int(time.time()))


class Served:
    """Everything that is served. `close` ends it. Files on their way into a knowledge base that
    somebody else has open too are in his `ingests`, by its name."""

    def __init__(
        self,
        bases: Iterable[tuple[str, KnowledgeBase]],
        *,
        ingests: Mapping[str, Ingests] = MappingProxyType({}),
    ) -> None:
        self.bases = {
            name: Base(name, base, Jobs(ingests.get(name) or Ingests(base))) for name, base in bases
        }
        self.desk = Desk()
        self.metrics = Metrics()
        self.answerer = ThreadPoolExecutor(1, thread_name_prefix="quire-answer")
        self.under_way: set[threading.Event] = set()
        self.embedding = threading.Lock()
        # Each page is drawn by a process of its own. Who waits holds no thread that others need.
        self.drawing = asyncio.Lock()
        self.uploads = 0
        self.stopping = False

    def named(self, name: str | None) -> Base:
        """The knowledge base of this name; without one the only, or the first, there is."""
        if name is None:
            return next(iter(self.bases.values()))
        if name not in self.bases:
            raise Refused(
                404,
                "model_not_found",
                f"There is no knowledge base called {name[:100]!r}.",
                hint=f"Here are: {', '.join(self.bases)}.",
                param="model",
            )
        return self.bases[name]

    def require_going(self) -> None:
        """Raises ModelBusy where the server is ending."""
        if self.stopping:
            raise ModelBusy("The server is ending.", hint="Ask again when it is back.")

    def stop(self) -> None:
        """End every answer under way soon, and begin no other."""
        self.stopping = True
        for cancel in tuple(self.under_way):
            cancel.set()

    def load_models(self) -> None:
        """Load what answering needs, so that the first question need not wait for it."""
        for each in self.bases.values():
            if not each.base.documents():  # there is nothing to ask
                continue
            try:
                each.base.embedder.embed_question("warm up")
                _ = each.base.model
            except ModelError as error:  # said again, to the client, when something is asked
                _log.warning("%s", error.message)
            except RuntimeError:  # nothing can be loaded once the process is on its way out
                return

    def close(self) -> None:
        """Free models and files; uploads that wait are gone on with by the next start."""
        self.stop()
        for each in self.bases.values():
            each.jobs.close()
        self.answerer.shutdown()
        for each in reversed(self.bases.values()):
            each.base.close()


def opened(folders: Iterable[Path], settings: Settings) -> Served:
    """Open the knowledge bases in these folders, with one set of models: there is memory for one.

    Raises UsageError where two have one name, and what `KnowledgeBase.open` raises.
    """
    bases: list[tuple[str, KnowledgeBase]] = []
    try:
        for folder in dict.fromkeys(path.expanduser().absolute() for path in folders):
            if folder.name in dict(bases):
                raise UsageError(
                    f"Two of the knowledge bases are called {folder.name}.",
                    hint="A client names one by its folder's name: rename one of the folders.",
                )
            first = bases[0][1] if bases else None
            bases.append((folder.name, _open(folder, settings, first=first)))
    except BaseException:
        for _, base in reversed(bases):
            base.close()
        raise
    return Served(bases)


def _open(folder: Path, settings: Settings, *, first: KnowledgeBase | None) -> KnowledgeBase:
    if first is None:
        return KnowledgeBase.open(folder, create=False, settings=settings)
    try:
        return KnowledgeBase.open(
            folder, create=False, settings=settings, embedder=first.embedder, model=first.model
        )
    except KnowledgeBaseMismatch:  # made with another embedding model than the first
        base = KnowledgeBase.open(
            folder, create=False, settings=settings, model=first.model, as_made=True
        )
        if base.is_of_other_version:  # refused as the first one is
            base.close()
            raise
        return base


def served(request: Request) -> Served:
    """What the application of a request serves."""
    found: Served = request.app.state.served
    return found
