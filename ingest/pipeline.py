"""discover -> parse in a child process -> chunk -> embed -> commit.

Parsing runs ahead in worker processes while this process embeds. Chunks of several documents are
embedded together, so that short files fill the batches; each document is then committed in one
transaction of its own. Whatever ends the run, every committed document stays and the next run takes
up the rest.

Pages that are pictures of text are read by others (`quire.ingest.scans`), since OCR takes seconds
for each: their document is in the catalog without them by then, if it has other text, and once they
are read a version with them takes its place.

No file is read in this process, and the writer lock is held for each commit alone: whoever removes
or tags a document never waits for a file. How much of all that is parsed is here at a time does not
grow with the number of files: one document, and beside it what small ones have of text together.
"""

import contextlib
import functools
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quire.errors import KnowledgeBaseLocked, Skipped, Unreadable
from quire.indexes import documents, embeddings, filing, scans
from quire.indexes import tags as tagging
from quire.indexes.catalog import Catalog
from quire.indexes.documents import Location, displayed
from quire.indexes.embeddings import EmbeddedChunk
from quire.ingest import chunking
from quire.ingest.arrivals import Arrivals
from quire.ingest.discover import FoundFile, SkippedPath, discover
from quire.ingest.kept_vectors import KeptVectors, kept_vectors
from quire.ingest.limits import Limits
from quire.ingest.loaders.content import Source
from quire.ingest.memory import give_back_memory
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import SCAN, IngestReport, Progress, Tally, UnreadFile
from quire.ingest.scans import ReadPages
from quire.models.protocols import Embedder
from quire.records import Blocks, ParsedDocument, content_of
from quire.text import languages

if TYPE_CHECKING:
    import apsw

_AHEAD = 4  # files parsed ahead of embedding, or one a worker: keeps them busy
_LATEST = 2**63 - 1  # nanoseconds: SQLite's largest number, in the year 2262
_AHEAD_CHARACTERS = 1_000_000  # of documents that are here before their turn, together
_GROUP = 256  # chunks embedded together: a few seconds of work, and full batches of each length
_GROUP_CHARACTERS = 1_000_000  # … or fewer, of documents that have so much text
_BATCH = 2_048  # of a document with more chunks, those embedded together …
_BATCH_CHARACTERS = 2_000_000  # … or fewer, of so many characters

_NO_OCR = Skipped(SCAN)
_WAITS = Skipped(SCAN, hint="OCR goes on reading it when it is added again.")
HearProgress = Callable[[Progress], None]
Writing = Callable[[], contextlib.AbstractContextManager[None]]
_Outcome = ParsedDocument | Unreadable | str  # str: the id of a document with the same bytes


class _Stopped(Exception):
    """Ends the work between two batches."""


class _Known(Exception):
    """Ends the reading of a file whose content is in the catalog."""

    def __init__(self, document_id: str) -> None:
        super().__init__()
        self.document_id = document_id


@dataclass(frozen=True, slots=True)
class _Scan:
    """A file with `pages` that OCR has to read; its content's hash begins with `content`. The
    catalog has version `known` of it, if it has other text; `unchanged` is how it was counted,
    where nothing else was new."""

    file: FoundFile
    pages: tuple[int, ...]
    content: str
    known: str | None
    unchanged: bool = False

    def told(self) -> UnreadFile:
        return UnreadFile(self.file.path, self.pages, self.content, self.unchanged)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A parsed and chunked document that waits for its vectors. `title` stands before what is
    embedded, of which `hashes` are those of each chunk, once they are known."""

    file: FoundFile
    document: ParsedDocument
    chunks: chunking.Chunks
    title: str
    scan: _Scan | None = None  # what it was read of
    hashes: list[bytes] = field(default_factory=list)

    @property
    def pages(self) -> int:
        return sum(number is not None for number in self.document.pages.numbers)


@dataclass(frozen=True, slots=True)
class _Embedded:
    """The chunks of a document with their vectors, each made when it is its turn."""

    ready: _Ready
    vectors: KeptVectors

    def __len__(self) -> int:
        return len(self.ready.chunks)

    def __iter__(self) -> Iterator[EmbeddedChunk]:
        for chunk, text_hash in zip(self.ready.chunks, self.ready.hashes, strict=True):
            yield EmbeddedChunk(chunk, text_hash, self.vectors[text_hash])


class Ingest:
    """One run. The caller holds the lock for ingests; `writing` holds the writer lock for a block,
    and waits for it. Each document that is taken in has `tags` and a `folder`, as
    `quire.indexes.tags` and `quire.indexes.filing` spell them, from its first moment on. `no_ocr`
    says of files that are nothing but pictures of text why these are not read; if it is None, the
    report says which pages are to be read, and `read` is what was read of those that an earlier
    report told. What lay at the places that `replaces` gives for a path goes when that is
    taken in. Documents whose ids are in `again` are read although they are known, and are replaced
    by what comes of it."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        open_embedder: Callable[[], Embedder],
        writing: Writing,
        jobs: int = 1,
        no_ocr: Skipped | None = _NO_OCR,
        read: Mapping[Path, ReadPages] | None = None,
        replaces: Mapping[Path, Iterable[Path]] | None = None,
        again: Collection[str] = (),
        password: str | None = None,
        tags: Iterable[str] = (),
        folder: str = "",
        language: str = "en",
        limits: Limits | None = None,
        progress: HearProgress = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> None:
        self._catalog = catalog
        self._open_embedder = open_embedder
        self._hold_writer_lock = writing
        self._jobs = jobs
        self._no_ocr = no_ocr
        self._read = read or {}
        self._replaces = replaces or {}
        self._again = frozenset(again)
        self._password = password
        self._tags = tuple(tags)
        self._folder = folder
        self._language = language
        self._limits = limits or Limits()
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._arrivals = Arrivals[_Outcome](ahead=_AHEAD_CHARACTERS)
        self._tally = Tally()
        self._known: dict[Path, Location] = {}
        self._changed: list[FoundFile] = []
        self._to_parse: deque[FoundFile] = deque()
        self._displaced: set[str] = set()  # documents of which this run has taken a place
        self._settled: set[Path] = set()
        self._unread: dict[str, tuple[int, ...]] = {}  # pages of documents in the catalog
        self._scans: dict[Path, _Scan] = {}
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
            self._unread = scans.pages_to_read(connection)
        for item in found:
            if isinstance(item, SkippedPath):
                self._tally.refuse(item.path, Skipped(item.reason))
            elif not verify_content and not self._again and self._is_unchanged(item):
                self._tally.unchanged += 1
                self._read_later(item, self._known[item.path].document_id)
            else:
                self._changed.append(item)
        self._bytes_total = sum(file.size for file in self._changed)
        try:
            if dry_run:
                for file in self._changed:
                    self._count_taken(file)
            else:
                self._take_in()
                self._put_in_scans()
            if sync and not self._cancel.is_set():  # last, so that what was moved is known by now
                self._forget_missing(paths, dry_run=dry_run)
        except _Stopped:
            for file in self._changed:
                if file.path not in self._settled:
                    self._tally.refuse(file.path, Skipped("not reached: the ingest was stopped"))
        return self._tally.report(
            seconds=time.monotonic() - self._began,
            cancelled=self._cancel.is_set(),
            to_read=[scan.told() for scan in self._scans.values()],
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
        with contextlib.closing(self._under_way()) as under_way:
            for file, future in under_way:
                self._gather(group, file, future)
        self._embed_and_commit(group)

    def _gather(self, group: list[_Ready], file: FoundFile, future: Future[None]) -> None:
        """Put a parsed file to those that are embedded next, and embed them if they are enough."""

        def look() -> None:
            self._stop_if_asked()
            if future.done():
                future.result()  # raises what nobody expected

        ready = self._chunked(file, self._arrivals.take(file.path, look=look))
        if ready is not None:
            group.append(ready)
        chunks = sum(len(item.chunks) for item in group)
        characters = sum(len(item.document.text) for item in group)
        del ready
        if chunks >= _GROUP or characters >= _GROUP_CHARACTERS:
            self._embed_and_commit(group)
        if characters >= _GROUP_CHARACTERS:
            give_back_memory()

    @cached_property
    def _embedder(self) -> Embedder:
        """Loaded when the first changed file needs it: unchanged ones need no model."""
        return self._open_embedder()

    def _under_way(self) -> Generator[tuple[FoundFile, Future[None]], None, None]:
        """Each changed file, in order, whose turn it is. Some more are parsed meanwhile."""
        if not self._changed:
            return
        waiting: deque[tuple[FoundFile, Future[None]]] = deque()
        most = max(_AHEAD, self._jobs)
        self._to_parse.extend(self._changed)
        with (
            ParserPool(self._jobs, limits=self._limits) as pool,
            ThreadPoolExecutor(self._jobs, thread_name_prefix="quire-parse") as threads,
        ):
            try:
                while True:
                    while len(waiting) < most and self._to_parse:
                        file = self._to_parse.popleft()
                        waiting.append((file, threads.submit(self._parse, pool, file)))
                    if not waiting:
                        return
                    self._stop_if_asked()
                    yield waiting.popleft()
            finally:
                self._arrivals.close()
                threads.shutdown(wait=False, cancel_futures=True)
                pool.close()  # ends a parser at work, so that stopping does not wait for it

    def _parse(self, pool: ParserPool, file: FoundFile) -> None:
        """In a thread beside: have a file parsed, unless its content is known."""

        def look(content_hash: str) -> None:
            with self._catalog.reading() as connection:
                known = documents.id_of_content(connection, content_hash)
            if known is not None and known not in self._again:
                raise _Known(known)

        outcome: _Outcome
        try:
            outcome = pool.parse(
                file.path,
                within=file.within,
                password=self._password,
                hear_hash=look,
                bring=functools.partial(self._arrivals.bring, file.path),
            )
        except _Known as found:
            outcome = found.document_id
        except Unreadable as error:
            outcome = error
        except OSError as error:
            outcome = Unreadable(f"cannot be read: {error.strerror or error}")
        self._arrivals.put(file.path, outcome)

    def _chunked(self, file: FoundFile, outcome: _Outcome) -> _Ready | None:
        """The document ready for embedding, or None when the file is settled already."""
        if isinstance(outcome, ParsedDocument) and outcome.unread and not outcome.blocks:
            if self._no_ocr is None:
                self._scans[file.path] = _Scan(file, outcome.unread, outcome.id, None)
                self._bytes_done += file.size
                return None
            outcome = self._no_ocr
        if isinstance(outcome, ParsedDocument):
            ready = self._cut(file, outcome)
            if isinstance(ready, _Ready):
                return ready
            outcome = ready
        if isinstance(outcome, str):
            if self._was_displaced(outcome):
                self._to_parse.appendleft(file)
                return None
            before = self._tally.unchanged
            self._settle_known(file, outcome)
            if self._tally.unchanged > before:
                self._read_later(file, outcome)
        else:
            self._tally.refuse(file.path, outcome)
            if file.path in self._known:
                self._tally.warn(
                    file.path, ("Its earlier version stays until it can be read again.",)
                )
        self._bytes_done += file.size
        self._settle(file)
        return None

    def _was_displaced(self, document_id: str) -> bool:
        """Whether a content that was known is gone since this run gave its place to another, as
        where two files have changed their names with each other."""
        if document_id not in self._displaced:
            return False
        with self._catalog.reading() as connection:
            return not documents.is_there(connection, document_id)

    def _hold(self, location: Location) -> None:
        """Know which content a place holds from now on."""
        before = self._known.get(location.path)
        if before is not None and before.document_id != location.document_id:
            self._displaced.add(before.document_id)
        self._known[location.path] = location

    def _cut(self, file: FoundFile, document: ParsedDocument) -> _Ready | Unreadable:
        embedder, seconds = self._embedder, self._limits.wall_budget(file.size)
        deadline = time.monotonic() + seconds

        def count(texts: Sequence[str]) -> list[int]:
            self._stop_if_asked()
            if time.monotonic() > deadline:
                raise Unreadable(
                    f"limit: took longer than {seconds:.0f} s", hint="Split it, or raise the limit."
                )
            return embedder.count_tokens(texts)

        most = self._limits.chunks
        try:
            chunks = chunking.chunk(
                document, count_tokens=count, limit=embedder.max_tokens, most=most
            )
        except Unreadable as error:
            return error
        if not chunks:
            return Skipped("it has no text")
        # The blocks, of which there may be millions, are of no use any more.
        document = replace(document, blocks=Blocks())
        if chunks.cut:
            cut = f"Text past the limit of {most:,} passages is left out."
            document = replace(document, warnings=(*document.warnings, cut))
        return _Ready(file, document, chunks, chunking.own_title(document.title, file.path))

    def _read_later(self, file: FoundFile, document_id: str) -> None:
        """Note the pages that OCR has not read of an unchanged document."""
        pages = self._unread.pop(document_id, ())
        if pages and self._no_ocr is None:
            self._scans[file.path] = _Scan(
                file, pages, content_of(document_id), document_id, unchanged=True
            )

    def _put_in_scans(self) -> None:
        """Have the documents in the catalog with the pages that OCR has read."""
        if self._scans.keys() & self._read:
            with ParserPool(1, limits=self._limits) as parsers:
                for path, read in self._read.items():
                    if path in self._scans:
                        self._stop_if_asked()
                        self._put_in_scan(self._scans.pop(path), read, parsers)
        for scan in self._scans.values():
            if scan.known is None:
                self._tally.refuse(scan.file.path, _WAITS)
                self._settle(scan.file)

    def _put_in_scan(self, scan: _Scan, read: ReadPages, parsers: ParserPool) -> None:
        file = scan.file
        outcome: _Ready | Unreadable
        try:
            document = parsers.parse(
                file.path,
                within=file.within,
                password=self._password,
                recognized=read.recognized(self._catalog),
            )
            if not document.content_hash.startswith(read.content):
                raise Skipped("changed while it was being read", hint="Add it again.")
            outcome = self._cut(file, read.told_in(document))
        except Unreadable as error:
            outcome = error
        if isinstance(outcome, _Ready):
            self._embed_and_commit([replace(outcome, scan=scan)])
        elif scan.known is None:
            self._tally.refuse(file.path, outcome)
            self._settle(file)

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
        self._hold(location)
        if before is not None and before.document_id == document_id:
            self._tally.unchanged += 1
        elif len(elsewhere) > len(gone):
            original = next(path for path in elsewhere if path not in gone)
            self._tally.refuse(file.path, Skipped(f"same content as {displayed(original)}"))
        elif before is not None:
            self._tally.updated += 1
        else:
            self._tally.unchanged += 1  # moved here

    def _embed_and_commit(self, group: list[_Ready]) -> None:
        """Have the documents of a group in the catalog, and the group empty."""
        if not group:
            return
        with kept_vectors(self._catalog.path.parent) as vectors:
            self._embed(group, vectors)
            self._bytes_done += sum(item.file.size for item in group if item.scan is None)
            self._pages_done += sum(item.pages for item in group)
            self._chunks_done += sum(len(item.chunks) for item in group)
            for item in group:
                self._commit(item, _Embedded(item, vectors))
        group.clear()

    def _embed(self, group: Sequence[_Ready], vectors: KeptVectors) -> None:
        """The vector of each text by its hash: taken from the catalog where it is known."""
        total = sum(len(item.chunks) for item in group)
        size = sum(item.file.size for item in group)
        pages = sum(item.pages for item in group)
        before = 0

        def hear(done: float) -> None:
            self._stop_if_asked()
            share = (before + done) / total
            self._tell(
                group[-1].file,
                bytes_=size * share,
                pages=round(pages * share),
                chunks=round(total * share),
            )

        for batch in self._batches(group):
            self._embed_batch(batch, vectors, hear)
            before += len(batch)

    def _batches(self, group: Sequence[_Ready]) -> Iterator[list[tuple[bytes, str]]]:
        """What is embedded for the chunks of a group, with its hash, in batches."""
        batch: list[tuple[bytes, str]] = []
        characters = 0
        count = chunking.remembering(self._embedder.count_tokens)
        limit = self._embedder.max_tokens
        for item in group:
            for chunk in item.chunks:
                text = chunking.embedded_text(
                    chunk, title=item.title, count_tokens=count, limit=limit
                )
                item.hashes.append(chunking.text_hash(text))
                batch.append((item.hashes[-1], text))
                characters += len(text)
                if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
                    yield batch
                    batch, characters = [], 0
        if batch:
            yield batch

    def _embed_batch(
        self,
        batch: Sequence[tuple[bytes, str]],
        vectors: KeptVectors,
        hear: Callable[[float], None],
    ) -> None:
        """`hear` is told how much of the batch is done, in chunks."""
        texts = {text_hash: text for text_hash, text in batch if text_hash not in vectors}
        with self._catalog.reading() as connection:
            known = embeddings.of_texts(connection, texts)
        for text_hash, vector in known.items():
            vectors[text_hash] = vector
        missing = [text_hash for text_hash in texts if text_hash not in known]
        if missing:
            computed = self._embedder.embed_passages(
                [texts[text_hash] for text_hash in missing],
                progress=lambda done: hear(done / len(missing) * len(batch)),
            ).astype(np.float16)
            for text_hash, vector in zip(missing, computed, strict=True):
                vectors[text_hash] = vector

    def _commit(self, item: _Ready, chunks: _Embedded) -> None:
        document, file = item.document, item.file
        location = _place(file, document.id)
        language = languages.detect(document.text)
        scan = item.scan
        with self._writing() as connection:
            known = documents.id_of_content(connection, document.content_hash)
            removed = scan is not None and scan.known is not None and known is None
            replaced = documents.get(connection, [scan.known] if scan and scan.known else [])
            if scan is not None and known == scan.known:  # the version without these pages
                known = None
            if document.id in self._again:
                removed, known = known is None, None
            if known is None and not removed:
                documents.insert(connection, document, language=language, chunks=chunks)
                documents.put_location(connection, location)
                tagging.add(connection, document.id, self._tags)
                for place in self._replaces.get(file.path, ()):
                    documents.remove_location(connection, place)
                if self._folder:
                    filing.put(connection, document.id, self._folder)
        if removed:
            self._settle(file)
            return
        if known is not None:  # the same bytes came twice in this run, or from another process
            self._settle_known(file, known)
        else:
            self._count_version(item)
            self._hold(location)
            self._tally.chunks += len(chunks) - sum(each.chunks for each in replaced.values())
            if not document.unread or self._no_ocr is not None:
                self._tally.warn(file.path, document.warnings)
            if document.unread and scan is None and self._no_ocr is None:
                self._scans[file.path] = _Scan(file, document.unread, document.id, document.id)
        self._settle(file)

    def _count_version(self, item: _Ready) -> None:
        scan = item.scan
        if scan is None or scan.known is None:
            self._count_taken(item.file)
        elif scan.unchanged:
            self._tally.unchanged -= 1
            self._tally.updated += 1

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
