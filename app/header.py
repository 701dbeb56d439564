"""What a knowledge base was made with, and the embedding model that goes with it."""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quire.config import Settings
from quire.errors import KnowledgeBaseDamaged, KnowledgeBaseMismatch
from quire.indexes.catalog import Catalog
from quire.ingest import chunking
from quire.models import centring, opening
from quire.models.protocols import Embedder, prompts_of, runtime_of
from quire.models.reading import measure_crossing, measure_reading
from quire.text import analysis

_NEEDED = {"embedder", "fingerprint", "dimension", "reading", "chunker", "analysis"}


def _versions() -> dict[str, int]:
    """What this version of Quire cuts and analyses texts by."""
    return {"chunker": chunking.VERSION, "analysis": analysis.VERSION}


class Header:
    """The model and the versions that a knowledge base's vectors, chunks and lexical rows are of.

    The embedding model is `given`, else the one that the settings name, else ("starter" names
    none), and with `as_made` in any case, the one that the knowledge base was made with; then it
    may be of another version too. Safe to use from several threads.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        *,
        settings: Settings,
        given: Embedder | None,
        as_made: bool,
    ) -> None:
        self._catalog = catalog
        self._folder = folder
        self._settings = settings
        self._given = given
        self._any_version = as_made
        chosen = given is not None or settings.embedder != "starter"
        self._as_made = as_made or not chosen
        self._embedder = given
        self._lock = threading.RLock()  # around the embedder, which another process may change

    def recorded(self) -> dict[str, Any]:
        """What the catalog says; empty while nothing was ever added."""
        return self._catalog.settings()

    def check(self) -> None:
        """Raises KnowledgeBaseMismatch where the knowledge base was made with another embedding
        model than is wanted, or by another version, and KnowledgeBaseDamaged."""
        recorded = self.recorded()
        if not recorded:
            return
        if missing := _NEEDED - recorded.keys():
            raise KnowledgeBaseDamaged(
                f"The catalog in {self._folder} no longer says with which {min(missing)} it was "
                "made.",
                hint="Restore it from a backup, or move the folder away and ingest your files "
                "again.",
            )
        if not self._as_made:
            name = self._given.name if self._given else opening.embedder_name(self._settings)
            if name != recorded["embedder"]:
                raise self._other_model(recorded["embedder"], name)
        if self._any_version:
            return
        for part, version in _versions().items():
            if recorded[part] != version:
                raise self._other_version(f"{part} {recorded[part]}", version)

    @property
    def is_of_other_version(self) -> bool:
        """Whether another version has cut the documents into chunks, or analysed them."""
        recorded = self.recorded()
        return any(recorded.get(part, now) != now for part, now in _versions().items())

    def begin_reading_again(self) -> str:
        """Since when documents are read by this version, ISO 8601 in UTC: since now, or since a run
        began before that was broken off. The caller holds the writer lock."""
        begun = self.recorded().get("reading_again") or {}
        if begun.get("versions") != _versions():
            since = datetime.now(UTC).isoformat(timespec="milliseconds")
            begun = {"versions": _versions(), "since": since}
            self._catalog.put_settings(reading_again=begun)
        return str(begun["since"])

    def end_reading_again(self) -> None:
        """Note that the documents are of this version now. The caller holds the writer lock."""
        self._catalog.put_settings(**_versions(), reading_again=None)

    def embedder(self) -> Embedder:
        """The embedding model. Raises ModelNotFound."""
        with self._lock:
            if self._embedder is None:
                settings = self._settings
                name = self.recorded().get("embedder") if self._as_made else None
                if name and name != opening.embedder_name(settings):  # else it may be a path
                    settings = settings.model_copy(update={"embedder": name})
                self._embedder = opening.embedder(settings)
            return self._embedder

    def embedder_in_use(
        self,
        writing: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Embedder:
        """The embedder, after making sure that the knowledge base's vectors are of its making, or
        after recording it where nothing was ever added; then `writing` takes the writer lock,
        unless the caller holds it.

        Raises ModelNotFound and KnowledgeBaseMismatch.
        """
        recorded = self.recorded()
        self._follow(recorded)
        embedder = self.embedder()
        if not recorded:
            reading = measure_reading(embedder)
            centres = centring.measure_centres(embedder, reading)
            crossing = measure_crossing(embedder, reading)
            embedder = centring.centred(embedder, centres)
            settings = {
                "embedder": embedder.name,
                "fingerprint": embedder.fingerprint,
                "dimension": embedder.dimension,
                "reading": reading,
                "crossing": crossing,
                "prompts": prompts_of(embedder),
                "centres": centring.to_json(centres),
                **_versions(),
                "runtimes": [runtime_of(embedder)],
                "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            with writing():
                self._catalog.put_settings(**settings)
            return embedder
        embedder = centring.centred(embedder, centring.from_json(recorded.get("centres", {})))
        prompts = recorded.get("prompts")  # bases of before have none
        if recorded["fingerprint"] != embedder.fingerprint:
            raise self._made_otherwise(embedder, "weights")
        if prompts is not None and tuple(prompts) != prompts_of(embedder):
            raise self._made_otherwise(embedder, "prompts")
        return embedder

    def embedder_for_writing(
        self,
        writing: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Embedder:
        """The embedder in use, noted as one whose vectors are there; `writing` takes the writer
        lock, unless the caller holds it. Raises what `embedder_in_use` does."""
        embedder = self.embedder_in_use(writing)
        runtimes, runtime = self.recorded().get("runtimes", ["torch"]), runtime_of(embedder)
        if runtime not in runtimes:
            with writing():
                self._catalog.put_settings(runtimes=[*runtimes, runtime])
        return embedder

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on, as far as nothing was ever added."""
        with self._lock:
            self._settings = settings
            if self._given is None and not self.recorded():
                self._embedder = None

    def switch(self, embedder: Embedder) -> None:
        """From now on the vectors are of this model."""
        with self._lock:
            self._embedder = embedder
            if not self._as_made:
                self._given = embedder

    def _follow(self, recorded: dict[str, Any]) -> None:
        """Take the embedding model that another process has brought the knowledge base over to,
        unless a certain one was asked for."""
        with self._lock:
            name = recorded.get("embedder")
            if self._embedder is None or name is None:
                return
            if name == self._embedder.name and (
                not self._as_made
                or centring.weights_of(recorded["fingerprint"]) == self._embedder.fingerprint
            ):
                return
            if not self._as_made:
                raise KnowledgeBaseMismatch(
                    f"The knowledge base at {self._folder} was brought over to the embedding model "
                    f"{name}, and was opened with {self._embedder.name}.",
                    hint=f"Choose it (quire models use {name}), and open the knowledge base again.",
                )
            self._embedder = None

    def _made_otherwise(self, embedder: Embedder, what: str) -> KnowledgeBaseMismatch:
        return KnowledgeBaseMismatch(
            f"The knowledge base at {self._folder} was made with other {what} of "
            f"{embedder.name} than those that are there now.",
            hint=f"Embed it anew: quire reindex --embedder {embedder.name}",
        )

    def _other_version(self, recorded: str, now: int) -> KnowledgeBaseMismatch:
        return KnowledgeBaseMismatch(
            f"The knowledge base at {self._folder} was made with {recorded}, but this version has "
            f"{now}.",
            hint="Have the files read again: quire reindex --read",
        )

    def _other_model(self, recorded: str, name: str) -> KnowledgeBaseMismatch:
        return KnowledgeBaseMismatch(
            f"The knowledge base at {self._folder} was made with the embedding model {recorded}, "
            f"but {name} is set.",
            hint=f"Bring it over: quire reindex --embedder {name}. Or go back to its own model: "
            f"quire models use {recorded}, or QUIRE_EMBEDDER={recorded}",
        )
