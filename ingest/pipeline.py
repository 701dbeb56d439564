"""discover -> parse in a child process -> chunk -> embed -> commit.

Parsing runs ahead in worker processes while this process embeds. Chunks of several documents are
embedded together, so that short files fill the batches; each document is then committed in one
transaction of its own. Whatever ends the run, every committed document stays and the next run takes
up the rest.
"""

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quire.errors import KnowledgeBaseLocked, Skipped, Unreadable
from quire.indexes import documents, embeddings
from quire.indexes import tags as tagging
from quire.indexes.catalog import Catalog
from quire.indexes.documents import Location, displayed
from quire.indexes.embeddings import EmbeddedChunk
from quire.ingest import chunking
from quire.ingest.discover import FoundFile, SkippedPath, discover
from quire.ingest.limits import Limits
from quire.ingest.loaders.content import Source
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import IngestReport, Progress, Tally
from quire.models.protocols import Embedder
from quire.records import Chunk, ParsedDocument
from quire.text import languages

if TYPE_CHECKING:
    import apsw

_LOOK = 0.2  # seconds between two looks, during a long parse, whether to stop
_AHEAD = 4  # files parsed ahead of embedding, or one a worker: keeps them busy, bounds the memory
_LATEST = 2**63 - 1  # nanoseconds: SQLite's largest number, in the year 2262
_GROUP = 256  # chunks embedded together: a few seconds of work, and full batches of each length

HearProgress = Callable[[Progress], None]
Writing = Callable[[], contextlib.AbstractContextManager[None]]
_Outcome = ParsedDocument | Unreadable | str  # str: the id of a document with the same bytes


class _Stopped(Exception):
    """Ends the work between two batches."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A parsed and chunked document that waits for its vectors; `texts` are what is embedded."""

    file: FoundFile
    document: ParsedDocument
    chunks: list[Chunk]
    texts: list[str]

    @property
    def pages(self) -> int:
        return sum(page.number is not None for page in self.document.pages)


class Ingest:
    """One run. The caller holds the lock for ingests; `writing` holds the writer lock for a block,
    and waits for it. Each document that is taken in has `tags`, as `quire.indexes.tags` spells
    them, from its first moment on."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        open_embedder: Callable[[], Embedder],
        writing: Writing,
        jobs: int = 1,
        password: str | None = None,
        tags: Iterable[str] = (),
        language: str = "en",
        progress: HearProgress = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._catalog = catalog
        self._open_embedder = open_embedder
        self._hold_writer_lock = writing
        self._jobs = jobs
        self._password = password
        self._tags = tuple(tags)
        self._language = language
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._tally = Tally()
        self._known: dict[Path, Location] = {}
        self._changed: list[FoundFile] = []
        self._settled: set[Path] = set()
        self._bytes_total = 0
        self._bytes_done = self._pages_done = self._chunks_done = 0  # embedded, or refused
        self._began = time.monotonic()

    def run(
        self,
        paths: Sequence[Path],
        *,
        sync: bool = False,
        verify_content: bool = False,
        dry_run: bool = False,
    ) -> IngestReport:
        """Take in all files under `paths`.

        `sync` forgets files under `paths` that are gone from the disk. `verify_content` reads every
        file instead of trusting an unchanged size and time. `dry_run` only tells what would happen.
        Raises Unreadable, before anything is changed, when a path does not exist.
        """
        found = list(discover(paths))
        with self._catalog.reading() as connection:
            self._known = documents.locations(connection)
        for item in found:
            if isinstance(item, SkippedPath):
                self._tally.refuse(item.path, Skipped(item.reason))
            elif not verify_content and self._is_unchanged(item):
                self._tally.unchanged += 1
            else:
                self._changed.append(item)
        self._bytes_total = sum(file.size for file in self._changed)
        try:
            if dry_run:
                for file in self._changed:
                    self._count_taken(file)
            else:
                self._take_in()
            if sync and not self._cancel.is_set():  # last, so that what was moved is known by now
                self._forget_missing(paths, dry_run=dry_run)
        except _Stopped:
            for file in self._changed:
                if file.path not in self._settled:
                    self._tally.refuse(file.path, Skipped("not reached: the ingest was stopped"))
        return self._tally.report(
            seconds=time.monotonic() - self._began,
            cancelled=self._cancel.is_set(),
            language=self._language,
        )

    def _forget_missing(self, paths: Sequence[Path], *, dry_run: bool) -> None:
        roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  links stay links
        for path in self._known:
            if any(path.is_relative_to(root) for root in roots) and _is_gone(path):
                if not dry_run:
                    with self._writing() as connection:
                        documents.remove_location(connection, path)
                self._tally.removed += 1

    def _is_unchanged(self, file: FoundFile) -> bool:
        known = self._known.get(file.path)
        return known is not None and known == _place(file, known.document_id)

    def _count_taken(self, file: FoundFile) -> None:
        if file.path in self._known:
            self._tally.updated += 1
        else:
            self._tally.added += 1

    def _take_in(self) -> None:
        group: list[_Ready] = []
        with contextlib.closing(self._parsed()) as parsed:
            for file, outcome in parsed:
                self._stop_if_asked()
                ready = self._chunked(file, outcome)
                if ready is not None:
                    group.append(ready)
                if sum(len(item.texts) for item in group) >= _GROUP:
                    self._embed_and_commit(group)
                    group.clear()
        self._embed_and_commit(group)

    @cached_property
    def _embedder(self) -> Embedder:
        """Loaded when the first changed file needs it: unchanged ones need no model."""
        return self._open_embedder()

    def _parsed(self) -> Generator[tuple[FoundFile, _Outcome], None, None]:
        """Each changed file, in order, with what became of it; some files are under way."""
        if not self._changed:
            return
        waiting: deque[tuple[FoundFile, Future[_Outcome]]] = deque()
        ahead, most = iter(self._changed), max(_AHEAD, self._jobs)
        with (
            ParserPool(workers=self._jobs) as pool,
            ThreadPoolExecutor(self._jobs, thread_name_prefix="quire-parse") as threads,
        ):
            try:
                while True:
                    while len(waiting) < most and (file := next(ahead, None)) is not None:
                        waiting.append((file, threads.submit(self._parse, pool, file)))
                    if not waiting:
                        return
                    file, future = waiting.popleft()
                    yield file, self._outcome(future)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                pool.close()  # ends a parser at work, so that stopping does not wait for it

    def _outcome(self, future: Future[_Outcome]) -> _Outcome:
        while True:
            with contextlib.suppress(TimeoutError):
                return future.result(timeout=_LOOK)
            self._stop_if_asked()

    def _parse(self, pool: ParserPool, file: FoundFile) -> _Outcome:
        try:
            with file.path.open("rb") as opened:
                content_hash = hashlib.file_digest(opened, "sha256").hexdigest()
            with self._catalog.reading() as connection:
                known = documents.id_of_content(connection, content_hash)
            return known or pool.parse(file.path, password=self._password)
        except Unreadable as error:
            return error
        except OSError as error:
            return Unreadable(f"cannot be read: {error.strerror or error}")

    def _chunked(self, file: FoundFile, outcome: _Outcome) -> _Ready | None:
        """The document ready for embedding, or None when the file is settled already."""
        if isinstance(outcome, str):
            self._settle_known(file, outcome)
        elif isinstance(outcome, Unreadable):
            self._tally.refuse(file.path, outcome)
        else:
            limit = self._embedder.max_tokens
            count = self._embedder.count_tokens
            chunks = chunking.chunk(outcome, count_tokens=count, limit=limit)
            if chunks:
                title = chunking.own_title(outcome.title, file.path)
                texts = [
                    chunking.embedded_text(chunk, title=title, count_tokens=count, limit=limit)
                    for chunk in chunks
                ]
                return _Ready(file, outcome, chunks, texts)
            self._tally.refuse(file.path, Skipped("it has no text"))
        if file.path in self._known and not isinstance(outcome, str):
            self._tally.warn(file.path, ("Its earlier version stays until it can be read again.",))
        self._bytes_done += file.size
        self._settle(file)
        return None

    @contextlib.contextmanager
    def _writing(self) -> Iterator["apsw.Connection"]:
        """A transaction under the writer lock."""
        try:
            with self._hold_writer_lock(), self._catalog.writing() as connection:
                yield connection
        except KnowledgeBaseLocked:
            self._stop_if_asked()
            raise

    def _settle_known(self, file: FoundFile, document_id: str) -> None:
        """Record a place whose content is in the catalog: touched, moved or copied."""
        location = _place(file, document_id)
        before = self._known.get(file.path)
        elsewhere = [
            known.path
            for known in self._known.values()
            if known.document_id == document_id and known.path != file.path
        ]
        gone = [path for path in elsewhere if _is_gone(path)]
        with self._writing() as connection:
            there = documents.is_there(connection, document_id)
            if there:
                documents.put_location(connection, location)
                for path in gone:
                    documents.remove_location(connection, path)
                if gone and _title(gone[0]) != _title(file.path):
                    found = documents.get(connection, [document_id])[document_id]
                    if found.title in map(_title, gone):
                        documents.retitle(connection, document_id, title=_title(file.path))
        if not there:
            self._tally.refuse(
                file.path,
                Skipped("removed while it was being read", hint="Add it again if you want it."),
            )
            return
        for path in gone:
            del self._known[path]
        self._known[file.path] = location
        if before is not None and before.document_id == document_id:
            self._tally.unchanged += 1
        elif len(elsewhere) > len(gone):
            original = next(path for path in elsewhere if path not in gone)
            self._tally.refuse(file.path, Skipped(f"same content as {displayed(original)}"))
        elif before is not None:
            self._tally.updated += 1
        else:
            self._tally.unchanged += 1  # moved here

    def _embed_and_commit(self, group: Sequence[_Ready]) -> None:
        if not group:
            return
        texts = [text for item in group for text in item.texts]
        vectors = self._vectors(texts, of=group)
        self._bytes_done += sum(item.file.size for item in group)
        self._pages_done += sum(item.pages for item in group)
        self._chunks_done += len(texts)
        at = 0
        for item in group:
            embedded = [
                EmbeddedChunk(chunk, chunking.text_hash(text), vectors[chunking.text_hash(text)])
                for chunk, text in zip(item.chunks, texts[at : at + len(item.chunks)], strict=True)
            ]
            at += len(item.chunks)
            self._commit(item, embedded)

    def _vectors(
        self, texts: Sequence[str], *, of: Sequence[_Ready]
    ) -> dict[bytes, npt.NDArray[np.float16]]:
        """The vector of each text by its hash: taken from the catalog where it is known."""
        size = sum(item.file.size for item in of)
        pages = sum(item.pages for item in of)
        by_hash = {chunking.text_hash(text): text for text in texts}
        with self._catalog.reading() as connection:
            vectors = embeddings.of_texts(connection, by_hash)
        missing = [text_hash for text_hash in by_hash if text_hash not in vectors]

        def hear(done: int) -> None:
            self._stop_if_asked()
            part = done / len(missing)
            self._tell(
                of[-1].file,
                bytes_=size * part,
                pages=round(pages * part),
                chunks=round(len(texts) * part),
            )

        if missing:
            computed = self._embedder.embed_passages(
                [by_hash[text_hash] for text_hash in missing], progress=hear
            ).astype(np.float16)
            vectors.update(zip(missing, computed, strict=True))
        return vectors

    def _commit(self, item: _Ready, embedded: Sequence[EmbeddedChunk]) -> None:
        document, file = item.document, item.file
        location = _place(file, document.id)
        language = languages.detect(document.text)
        with self._writing() as connection:
            known = documents.id_of_content(connection, document.content_hash)
            if known is None:
                documents.insert(connection, document, language=language, chunks=embedded)
                documents.put_location(connection, location)
                tagging.add(connection, document.id, self._tags)
        if known is not None:  # the same bytes came twice in this run, or from another process
            self._settle_known(file, known)
        else:
            self._count_taken(file)
            self._known[file.path] = location
            self._tally.chunks += len(embedded)
            self._tally.warn(file.path, document.warnings)
        self._settle(file)

    def _settle(self, file: FoundFile) -> None:
        self._settled.add(file.path)
        self._tell(file)

    def _tell(
        self, file: FoundFile, *, bytes_: float = 0.0, pages: int = 0, chunks: int = 0
    ) -> None:
        """Report progress; the numbers are what is done of a group that is being embedded."""
        done = self._bytes_done + bytes_
        elapsed = time.monotonic() - self._began
        self._progress(
            Progress(
                files_done=len(self._settled),
                files_total=len(self._changed),
                pages=self._pages_done + pages,
                chunks=self._chunks_done + chunks,
                seconds=elapsed,
                current=displayed(file.path),
                remaining=elapsed * (self._bytes_total - done) / done if done else None,
            )
        )

    def _stop_if_asked(self) -> None:
        if self._cancel.is_set():
            raise _Stopped


def _place(file: FoundFile, document_id: str) -> Location:
    within = min(max(file.mtime_ns, -_LATEST), _LATEST)
    return Location(file.path, document_id, file.size, within)


def _title(path: Path) -> str:
    """What loaders take for the title of a file that has none inside."""
    return Source(b"", path, Limits(), None).stem


def _is_gone(path: Path) -> bool:
    """Whether no file is at `path` any more. A disk that does not answer says nothing of it."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
