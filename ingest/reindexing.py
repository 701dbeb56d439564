"""Embeds all stored chunks anew with another model, while the old vectors answer.

Vectors are computed in batches, outside of any transaction and without the writer lock, and each
batch is staged in one short transaction; so documents can be added and removed meanwhile, and a run
that ends at any point is gone on with by the next. When no chunk is left, one transaction replaces
vectors and header together; it waits for an ingest, whose vectors are of the model before.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quire.errors import KnowledgeBaseError, KnowledgeBaseLocked
from quire.indexes import documents, settings, staging
from quire.indexes.catalog import Catalog
from quire.ingest import chunking
from quire.ingest.embedded_texts import own_titles, texts_of, vectors_of
from quire.models.centring import centred, measure_centres, to_json
from quire.models.protocols import Embedder, prompts_of, runtime_of
from quire.models.reading import measure_crossing, measure_reading

if TYPE_CHECKING:
    import apsw

_BATCH = 64  # chunks embedded and staged together: seconds of work, which a kill would lose

Writing = Callable[[], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """How far it is: chunks whose new vector waits, of how many. `remaining` is the expected wall
    time left in seconds, or None while too little is known."""

    done: int
    total: int
    remaining: float | None


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What was done. `embedded` counts the chunks of this run, of `chunks` in all; `in_parts` those
    of them that are longer than the model reads. `reading` is the share of test questions, by
    language, that the model understands; empty when the run was `cancelled`."""

    embedder: str
    chunks: int
    embedded: int
    in_parts: int
    reading: dict[str, float]
    seconds: float
    cancelled: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "embedder": self.embedder,
            "chunks": self.chunks,
            "embedded": self.embedded,
            "in_parts": self.in_parts,
            "reading": {name: round(share, 3) for name, share in self.reading.items()},
            "seconds": round(self.seconds, 3),
            "cancelled": self.cancelled,
        }


class _Stopped(Exception):
    """Ends the work between two batches."""


class Reindexing:
    """One run. `writing` holds the writer lock for a block, and waits for it; `ingesting` does the
    same with the lock for ingests."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        embedder: Embedder,
        writing: Writing,
        ingesting: Writing,
        progress: Callable[[ReindexProgress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._writing = writing
        self._ingesting = ingesting
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._model: dict[str, Any] = {}
        self._began = time.monotonic()
        self._embedded = self._in_parts = 0
        self._staged = self._before = self._total = 0

    def run(self) -> ReindexReport:
        """Embed what is missing, then switch. Setting `cancel` ends it soon and keeps what is done.

        Raises KnowledgeBaseError when another run takes over with another model.
        """
        reading = measure_reading(self._embedder)
        centres = measure_centres(self._embedder, reading)
        kept = {
            "reading": reading,
            "crossing": measure_crossing(self._embedder, reading),
            "centres": to_json(centres),
            "prompts": prompts_of(self._embedder),
        }
        self._embedder = centred(self._embedder, centres)
        self._model = {
            "embedder": self._embedder.name,
            "fingerprint": self._embedder.fingerprint,
            "dimension": self._embedder.dimension,
        }
        try:
            with self._locked(), self._catalog.writing() as connection:
                staging.begin(connection, self._model)
                self._staged, self._total = staging.counts(connection)
                self._before = self._staged
            while not self._switched(kept):
                self._embed_missing()
        except _Stopped:
            reading = {}
        return ReindexReport(
            self._embedder.name,
            self._total,
            self._embedded,
            self._in_parts,
            reading,
            time.monotonic() - self._began,
            cancelled=not reading,
        )

    def _embed_missing(self) -> None:
        last = 0
        while True:
            self._stop_if_asked()
            with self._catalog.reading() as connection:
                wanted = staging.missing(connection, most=_BATCH, after=last)
                chunks = list(documents.chunks(connection, wanted).values())
                titles = own_titles(connection, chunks)
            if not wanted:
                return
            last = wanted[-1]
            found = texts_of(chunks, self._embedder, titles=titles)
            texts = {chunk.id: text for chunk, text in zip(chunks, found, strict=True)}
            by_hash = {chunking.text_hash(text): text for text in texts.values()}
            with self._catalog.reading() as connection:
                vectors = staging.vectors_of_texts(connection, by_hash)
            missing = [text_hash for text_hash in by_hash if text_hash not in vectors]
            if missing:
                computed, in_parts = vectors_of(
                    [by_hash[text_hash] for text_hash in missing],
                    self._embedder,
                    progress=functools.partial(self._hear, most=len(texts)),
                )
                vectors.update(zip(missing, computed, strict=True))
                self._in_parts += in_parts
            rows = [
                (chunk, text_hash, vectors[text_hash])
                for chunk, text in texts.items()
                for text_hash in [chunking.text_hash(text)]
            ]
            with self._locked(), self._catalog.writing() as connection:
                if not self._is_ours(connection):
                    return
                staging.put(connection, rows)
                self._staged, self._total = staging.counts(connection)
            self._embedded += len(rows)
            self._tell(0)

    def _switched(self, kept: Mapping[str, Any]) -> bool:
        """Switch to the new vectors, and to what is `kept` of their model, unless there are chunks
        without one: added meanwhile, or damaged since they were staged."""
        self._stop_if_asked()
        with self._locked(self._ingesting), self._locked(), self._catalog.writing() as connection:
            if not self._is_ours(connection):
                return True
            staging.drop_damaged(connection)
            if staging.missing(connection, most=1):
                return False
            runtimes = [runtime_of(self._embedder)]
            staging.switch(connection, {**self._model, **kept, "runtimes": runtimes})
        return True

    def _is_ours(self, connection: "apsw.Connection") -> bool:
        """Whether this run goes on; not when another with the same model has switched already."""
        if staging.target(connection) == self._model:
            return True
        if {name: settings.one(connection, name) for name in self._model} == self._model:
            return False
        raise KnowledgeBaseError(
            "Another run has begun to embed this knowledge base with another model.",
            hint="Let one of the two finish.",
        )

    @contextlib.contextmanager
    def _locked(self, lock: Writing | None = None) -> Iterator[None]:
        try:
            with (lock or self._writing)():
                yield
        except KnowledgeBaseLocked:
            self._stop_if_asked()
            raise

    def _hear(self, done: int, *, most: int) -> None:
        self._stop_if_asked()
        self._tell(min(done, most))

    def _tell(self, more: int) -> None:
        """Report progress; `more` chunks are done of a batch that is being embedded."""
        elapsed, done = time.monotonic() - self._began, self._staged + more
        fresh, total = done - self._before, self._total
        left = elapsed * max(0, total - done) / fresh if fresh > 0 else None
        self._progress(ReindexProgress(min(done, total), total, left))

    def _stop_if_asked(self) -> None:
        if self._cancel.is_set():
            raise _Stopped
