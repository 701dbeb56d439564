"""The documents of a knowledge base: taken in, named, tagged, filed, removed, restored, re-indexed.

Long, since whatever changes documents takes the writer lock here, and only here.
"""

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import logging
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quire.config import Settings
from quire.errors import (
    DocumentNotFound,
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseLocked,
    PageNotFound,
    Skipped,
    Unreadable,
    UsageError,
)
from quire.header import Header
from quire.indexes import documents, filing, holdings, losses, scans, tags
from quire.indexes.catalog import Catalog
from quire.indexes.folder import files, originals, trash, waiting
from quire.indexes.folder.lock import writer_lock
from quire.indexes.folder.names import CATALOG, INGEST_LOCK, LOCK, ORIGINALS, VECTORS
from quire.ingest import pictures
from quire.ingest.loaders.content import PageBoxes
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.report import SCAN, IngestReport, Progress, ReadAgain
from quire.messages.translations import translated
from quire.models import opening
from quire.models.protocols import Embedder
from quire.records import Chunk, Document, Pages, PageText, RecognizedPage, Span, content_of
from quire.text import analysis

if TYPE_CHECKING:
    from quire.indexes.index import Index
    from quire.ingest.loaders.given import GivenText
    from quire.ingest.reindexing import ReindexProgress, ReindexReport
    from quire.ingest.scans import ReadPages

_PDF = "application/pdf"
_DRAWN = (_PDF, "image/")  # how the types of documents begin that have page images
_log = logging.getLogger(__name__)

Ocr = bool | Literal["later"]
"""Whether pages that are pictures of text are read; or later, by another call."""


class Collection:
    """The documents of one knowledge base, and the indexes over them. `KnowledgeBase` says what
    each method promises. Safe to use from several threads."""

    def __init__(
        self, folder: Path, *, catalog: Catalog, header: Header, settings: Settings
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._header = header
        self._settings = settings
        self._lock = threading.Lock()  # around the index, made at the first use
        self._index: Index | None = None

    def add(
        self,
        paths: Iterable[str | Path],
        *,
        cancel: threading.Event | None = None,
        **options: Any,
    ) -> IngestReport:
        """Take in files and folders."""
        wanted = [Path(path).expanduser() for path in paths]

        def take_in(read: "Mapping[Path, ReadPages]") -> IngestReport:
            with self._ingesting(cancel):
                return self._take_in([*read] or wanted, read=read, cancel=cancel, **options)

        return self._with_scans(take_in, cancel=cancel, **options)

    def add_upload(self, name: str, content: bytes, **options: Any) -> IngestReport:
        """Take in a file that came without a path."""
        cancel = options.get("cancel")
        path: Path | None = None

        def take_in(read: "Mapping[Path, ReadPages]") -> IngestReport:
            nonlocal path
            with self._ingesting(cancel):
                with self.writing(cancel):  # a document that is removed takes its copies with it
                    path = originals.keep(self._folder, name, content)
                return self._take_in([path], read=read, **options)

        try:
            return self._with_scans(take_in, **options)
        finally:
            if path is not None:
                self._drop_unused([path])

    def add_texts(
        self,
        texts: "Iterable[GivenText]",
        *,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> IngestReport:
        """Take in texts that a program gives; one that has the id of another takes its place in one
        transaction."""
        wanted = {text.id: text for text in texts}
        with self._ingesting(cancel):
            earlier: dict[str, list[Path]] = {}
            for document, text in self.given_texts(wanted):
                copies = originals.copies(self._folder, document.content_hash)
                earlier.setdefault(text.id, []).extend(copies)
            with self.writing(cancel):
                kept = {
                    originals.keep(self._folder, text.name, text.to_bytes()): text.id
                    for text in wanted.values()
                }
            replaces = {
                path: [place for place in earlier.get(id_, ()) if place != path]
                for path, id_ in kept.items()
            }
            try:
                return self._take_in(
                    [*kept], ocr=False, replaces=replaces, progress=progress, cancel=cancel
                )
            finally:
                self._drop_unused({*kept, *itertools.chain.from_iterable(replaces.values())})

    def _drop_unused(self, copies: Iterable[Path]) -> None:
        """Delete the copies of what came without a path that hold no document."""
        with self._catalog.reading() as connection:
            there = documents.locations(connection)
        for path in copies:
            if path not in there:
                originals.drop(path)

    def given_texts(self, ids: Iterable[str] | None = None) -> "list[tuple[Document, GivenText]]":
        """Texts that were given, of these ids or all of them, with their documents, the last added
        first."""
        from quire.ingest.loaders import formats, given  # noqa: PLC0415  most bases have none

        wanted = None if ids is None else set(ids)
        names = {originals.safe_name(given.file_name(id_)) for id_ in wanted or ()}
        found = [
            (document, text)
            for document in self.documents()
            if document.media_type == formats.GIVEN and (wanted is None or document.name in names)
            for text in [self.given_text(document)]
            if text is not None and (wanted is None or text.id in wanted)
        ]
        return sorted(found, key=lambda each: each[0].added_at, reverse=True)

    def given_text(self, document: Document) -> "GivenText | None":
        """A text as it was given; None for any other document, and where its copy is gone."""
        from quire.ingest.loaders import formats, given  # noqa: PLC0415

        if document.media_type != formats.GIVEN:
            return None
        for path in originals.copies(self._folder, document.content_hash):
            with contextlib.suppress(OSError, Unreadable):
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() == document.content_hash:
                    return given.GivenText.from_bytes(content)
        return None

    def boxes(
        self, spans: Iterable[tuple[Document, Span]]
    ) -> list[tuple[tuple[int, PageBoxes], ...]]:
        """Where spans of documents stand on their pages, as (page, boxes); nothing for what has no
        pages to be drawn, and where the file has changed or is gone."""
        file_of = functools.cache(self._pdf)
        with ParserPool() as pool:
            return [
                tuple(self._boxes(document, span, file_of(document), pool))
                for document, span in spans
            ]

    def _boxes(
        self, document: Document, span: Span, path: Path | None, pool: ParserPool
    ) -> Iterator[tuple[int, PageBoxes]]:
        pages = Pages.of(self.pages(document))
        for position, number in enumerate(pages.numbers):
            begins = pages.starts[position]
            start, end = max(span.start, begins), min(span.end, pages.end(position))
            if number is None or start >= end:
                continue
            at, to = start - begins, end - begins
            if read := self.recognized(document, number):
                yield number, PageBoxes(read.width, read.height, tuple(read.boxes(at, to)))
            elif path is not None:
                says = pages.text[start:end]
                with contextlib.suppress(Unreadable):  # encrypted, or pypdf alone could read it
                    yield number, pool.boxes(path, page=number, start=at, end=to, says=says)

    def _with_scans(
        self,
        take_in: "Callable[[Mapping[Path, ReadPages]], IngestReport]",
        *,
        ocr: Ocr | None = None,
        jobs: int | None = None,
        password: str | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
        dry_run: bool = False,
        **_: Any,
    ) -> IngestReport:
        """Take in files; then have OCR read what only it can, which may take hours and holds no
        lock, and take in those files once more with that."""
        report = take_in({})
        if not report.to_read or ocr == "later" or report.cancelled or dry_run:
            return report
        from quire.ingest import scans as reading  # noqa: PLC0415
        from quire.models import machine  # noqa: PLC0415  NumPy and more

        cancel = cancel or threading.Event()
        room = machine.describe().memory_available // reading.MEMORY
        read = reading.read_ahead(
            report.to_read,
            self._catalog,
            writing=functools.partial(self._waiting_to_write, cancel),
            workers=max(1, min(jobs or machine.usable_cores() // 2, room)),
            password=password,
            progress=progress,
            cancel=cancel,
        )
        if cancel.is_set():
            return dataclasses.replace(report, cancelled=True)
        return report.followed_by(take_in(read))

    def documents(self) -> list[Document]:
        """All documents, by name."""
        with self._catalog.reading() as connection:
            found = documents.all_documents(connection)
        if self._settings.language == "en":
            return found
        return [
            dataclasses.replace(
                document,
                warnings=tuple(translated(w, self._settings.language) for w in document.warnings),
            )
            for document in found
        ]

    def holdings(self) -> holdings.Holdings:
        """How much there is."""
        with self._catalog.reading() as connection:
            return holdings.count(connection)

    def document(self, reference: str) -> Document:
        """The document of this name, path or beginning of an id."""
        found = self._named(reference)
        if len(found) == 1:
            return found[0]
        if found:
            candidates = ", ".join(f"{d.id} ({d.uri})" for d in found)
            raise DocumentNotFound(
                f"{reference!r} names {len(found)} documents: {candidates}.",
                hint="Name one by its id.",
            )
        raise DocumentNotFound(
            f"There is no document {reference!r} in {self._folder}.",
            hint="See what there is with: quire list",
        )

    def _chosen(self, references: Iterable[str]) -> list[Document]:
        """The document of each reference, once. Whole ids, of which there may be thousands, are
        looked up in one list."""
        everything = {document.id: document for document in self.documents()}
        found = (everything.get(name) or self.document(name) for name in references)
        return list({document.id: document for document in found}.values())

    def has_document(self, reference: str) -> bool:
        """Whether there is a document, or several, of this name, path or beginning of an id."""
        return bool(self._named(reference))

    def _named(self, reference: str) -> list[Document]:
        everything = self.documents()
        try:
            path = documents.displayed(Path(os.path.abspath(Path(reference).expanduser())))  # noqa: PTH100
        except (RuntimeError, UnicodeEncodeError):  # of an unknown user's home; no path at all
            path = reference
        with self._catalog.reading() as connection:
            at_path = {
                place.document_id
                for place in documents.locations(connection).values()
                if documents.displayed(place.path) in (reference, path)
            }
        exact = [d for d in everything if reference in (d.id, d.name) or d.id in at_path]
        return exact or [d for d in everything if len(reference) > 3 and d.id.startswith(reference)]

    def holding(self, text: str) -> set[str]:
        """The ids of the documents of which a passage holds every word of a text."""
        with self._catalog.reading() as connection:
            return documents.holding(connection, analysis.question_terms(text))

    def chunks(self, document: Document) -> list[Chunk]:
        """The chunks of a document, in order."""
        with self._catalog.reading() as connection:
            return documents.chunks_of(connection, document.id)

    def pages(self, document: Document) -> tuple[PageText, ...]:
        """The text of a document, page by page."""
        with self._catalog.reading() as connection:
            return documents.pages(connection, document.id)

    def recognized(self, document: Document, page: int) -> RecognizedPage | None:
        """What OCR read of a page."""
        with self._catalog.reading() as connection:
            return scans.words(connection, document.id, page)

    def headings(self, document: Document, offset: int) -> tuple[str, ...]:
        """The headings above a character of a document's text, the outermost first."""
        with self._catalog.reading() as connection:
            chunk = documents.chunk_at(connection, document.id, offset)
        return chunk.heading_path if chunk else ()

    def sections(self, document: Document) -> list[tuple[str, ...]]:
        """The paths of headings in a document, each once, in order."""
        with self._catalog.reading() as connection:
            return documents.sections(connection, document.id)

    def original(self, document: Document) -> Path | None:
        """A file that still holds the document's bytes as they were ingested, or None."""
        with self._catalog.reading() as connection:
            paths = documents.paths_of(connection, document.id)
        paths += originals.copies(self._folder, document.content_hash)
        return next((path for path in paths if originals.holds(path, document.content_hash)), None)

    def _pdf(self, document: Document) -> Path | None:
        """As `original`, of a PDF alone. All of the file is hashed for it."""
        return self.original(document) if document.media_type == _PDF else None

    def pictures(self, citations: Sequence[Mapping[str, Any]]) -> list[bytes | None]:
        """The places of kept citations, cut out of their pages as PNG; None where there is no page
        to be had: the document is gone, its file has changed, or its format has none."""
        with self._catalog.reading() as connection:
            there = documents.get(connection, {cited["document_id"] for cited in citations})
        paths = {id_: self._pdf(document) for id_, document in there.items()}
        with ParserPool() as pool:
            return [
                self._picture(cited, there.get(id_), paths.get(id_), pool)
                for cited in citations
                for id_ in [cited["document_id"]]
            ]

    def _picture(
        self,
        cited: Mapping[str, Any],
        document: Document | None,
        path: Path | None,
        pool: ParserPool,
    ) -> bytes | None:
        if document is None or path is None:
            return None
        pages = Pages.of(self.pages(document))
        position = pages.numbers.index(cited["page"])
        begins = pages.starts[position]
        end = min(cited["end"], pages.end(position))
        try:
            return pictures.of_quote(
                pool,
                path,
                page=cited["page"],
                start=cited["start"] - begins,
                end=end - begins,
                says=pages.text[cited["start"] : end],
            )
        except Unreadable:  # encrypted, or pdfium cannot draw what pypdf could read
            return None

    def page_image(
        self, document: Document, page: int, *, marks: Sequence[tuple[int, int]], width: int
    ) -> bytes:
        """A page as PNG, `width` points across, with characters [start, end) of the document's text
        marked where they stand on it. Raises PageNotFound, and Unreadable for what cannot be
        drawn."""
        return self._drawn(document, page, pictures.as_png, marks=marks, width=width)

    def page_shown(self, document: Document, page: int) -> bytes:
        """A page as a JPEG for a model to look at, of bounded size. Raises what `page_image`
        does."""
        width = pictures.ACROSS_FOR_MODEL
        return self._drawn(document, page, pictures.for_model, marks=(), width=width)

    def _drawn(
        self,
        document: Document,
        page: int,
        in_form: Callable[..., bytes],
        *,
        marks: Sequence[tuple[int, int]],
        width: int,
    ) -> bytes:
        pages = Pages.of(self.pages(document))
        if page not in pages.numbers or not document.media_type.startswith(_DRAWN):
            raise PageNotFound(
                f"{document.name} has no page {page} that can be drawn.",
                hint="Pages of PDF files and of pictures can be.",
            )
        path = self.original(document)
        if path is None:
            raise PageNotFound(
                f"The file of {document.name} is gone or has changed, so its pages cannot be "
                "drawn.",
                hint="Put it back where it was, or add it again.",
            )
        position = pages.numbers.index(page)
        begins, ends = pages.starts[position], pages.end(position)
        try:
            drawn = pictures.of_page(
                path,
                page=pages[position],
                marks=[(max(a, begins) - begins, min(b, ends) - begins) for a, b in marks],
                is_pdf=document.media_type == _PDF,
                read=self.recognized(document, page),
                across=width,
            )
        except Unreadable as error:  # encrypted, or pdfium cannot draw what pypdf could read
            raise Unreadable(
                f"Page {page} of {document.name} cannot be drawn: {error.message}.",
                hint="Its text can be read all the same.",
            ) from error
        return in_form(drawn)

    def remove(self, references: str | Iterable[str]) -> list[Document]:
        """Remove documents by name, path or id."""
        names = [references] if isinstance(references, str) else list(references)
        with self.writing():
            chosen = self._chosen(names)
            self._remove(chosen)
            self._save_snapshot()
        return chosen

    def _remove(self, chosen: Sequence[Document]) -> None:
        """Put documents into the trash; the caller holds the writer lock."""
        with self._catalog.reading() as connection:
            places = documents.locations(connection).values()
        with self._catalog.writing() as connection:
            filed = filing.of(connection, [document.id for document in chosen])
            for document in chosen:
                # Noted before the commit: what is gone from the catalog is in the trash.
                paths = (place.path for place in places if place.document_id == document.id)
                trash.note(self._folder, document, paths, filed=filed.get(document.id, ""))
                # Before as well, or what waits would come in after all if this process ended.
                waiting.forget(self._folder, document.content_hash)
                documents.delete(connection, document.id)
        for document in chosen:
            trash.take(self._folder, document.content_hash)

    def removed(self) -> list[trash.Removed]:
        """The documents that `restore` may bring back, the last removed first."""
        with self._catalog.reading() as connection:
            there = set(documents.ids(connection))
        return [each for each in trash.all_removed(self._folder) if each.document_id not in there]

    def restore(
        self, document_id: str, *, progress: Callable[[Progress], None] = lambda _: None
    ) -> Document:
        """Take a removed document in again, with its tags; one that is there is given as it is.

        Whenever the process ends, the document is removed as before or it is back with its tags;
        then the same call goes on.
        """
        with self._ingesting():
            kept = {each.document_id: each for each in trash.all_removed(self._folder)}
            removed, there = kept.get(document_id), document_id in self.there([document_id])
            if removed is None and not there:
                raise DocumentNotFound(
                    f"There is no removed document {document_id!r}.",
                    hint="After compacting, a removed document is gone for good: add its file "
                    "again.",
                )
            if removed is not None and (removed.restoring or not there):
                self._bring_back(removed, progress)
            return self.document(document_id)

    def _bring_back(self, removed: trash.Removed, progress: Callable[[Progress], None]) -> None:
        """Take a document in that is in the trash, or leave it there and raise DocumentNotFound.
        The caller holds the lock for ingests."""
        reason = "its file has changed or is gone"
        own = [path for path in removed.places if originals.holds(path, removed.content_hash)]
        try:
            with self.writing():
                paths = trash.begin_restoring(self._folder, removed, own=own)
            if paths:
                report = self._take_in_as(
                    removed.document_id,
                    paths,
                    tags=removed.tags,
                    folder=removed.filed,
                    progress=progress,
                )
                refusals = (*report.failed, *report.skipped)
                reason = next((refusal.reason for refusal in refusals), reason)
        finally:
            with self.writing():
                if back := bool(self.there([removed.document_id])):
                    trash.forget(self._folder, removed.content_hash)
                else:
                    trash.put_back(self._folder, removed)
        if not back:
            raise DocumentNotFound(
                f"{removed.name} cannot be brought back: {reason}.",
                hint="Add the file again from where it is now.",
            )

    def tag(
        self,
        references: str | Iterable[str],
        *,
        add: str | Iterable[str] = (),
        remove: str | Iterable[str] = (),
    ) -> list[Document]:
        """Give documents tags and take others away."""
        names = [references] if isinstance(references, str) else list(references)
        added, removed = (
            [tags.spelled(tag) for tag in ([given] if isinstance(given, str) else given)]
            for given in (add, remove)
        )
        with self.writing():
            chosen = {document.id for document in self._chosen(names)}
            with self._catalog.writing() as connection:
                for document_id in chosen:
                    tags.add(connection, document_id, added)
                    tags.remove(connection, document_id, removed)
        return [document for document in self.documents() if document.id in chosen]

    def move(self, references: str | Iterable[str], folder: str) -> list[Document]:
        """Put documents into a folder of the library."""
        names = [references] if isinstance(references, str) else list(references)
        wanted = filing.spelled(folder)
        with self.writing():
            chosen = {document.id for document in self._chosen(names)}
            with self._catalog.writing() as connection:
                for document_id in chosen:
                    filing.put(connection, document_id, wanted)
        return [document for document in self.documents() if document.id in chosen]

    def compact(
        self, *, forget: Callable[[AbstractSet[str], AbstractSet[str], AbstractSet[str]], None]
    ) -> None:
        """Overwrite what was deleted, in the catalog and in copies of uploads.

        `forget` does so elsewhere, while it is still known what was removed: it is given the ids of
        all documents that there are, the names and paths of their files, and those of what goes.
        """
        with self._ingesting():
            self._give_back_only_copies()
            with self.writing():
                there = {
                    id_: document.content_hash
                    for document in self.documents()
                    for id_ in (document.id, content_of(document.id))
                }
                with self._catalog.reading() as connection:
                    files_there = [*documents.locations(connection)]
                gone = [
                    each
                    for each in trash.all_removed(self._folder)
                    if each.document_id not in there
                ]
                spared = [each for each in gone if each.restoring]
                going = [each for each in gone if not each.restoring]
                with self._catalog.writing() as connection:
                    scans.forget_recognitions(connection)
                self._catalog.vacuum()
                forget(
                    {*there, *(each.document_id for each in spared)},
                    {*_known_as(files_there), *_names(spared)},
                    _names(going),
                )
                files.remove_unfinished(self._folder)
                sparing = {each.content_hash for each in spared}
                trash.empty(self._folder, sparing=sparing)
                lost = {content_of(e.document_id) for e in self._catalog.losses().of("added")}
                originals.discard_all_but(
                    self._folder, {*sparing, *there.values()}, beginning_with=lost
                )
                if index := self.index():
                    index.save_snapshot(renew=True)

    def _take_in_as(self, document_id: str, paths: list[Path], **options: Any) -> IngestReport:
        """Take in again what was a document of this id: with the pages that OCR had read, which is
        known of each picture, or without. The caller holds the lock for ingests."""
        options["ocr"] = content_of(document_id) != document_id

        def take_in(read: "Mapping[Path, ReadPages]") -> IngestReport:
            return self._take_in([*read] or paths, read=read, **options)

        return self._with_scans(take_in, **options)

    def _give_back_only_copies(self) -> None:
        """Take out of the trash what a document that is there has nowhere else: bringing it back
        was broken off. The caller holds the lock for ingests."""
        there = {document.id: document for document in self.documents()}
        for each in trash.all_removed(self._folder):
            document = there.get(each.document_id)
            if document is not None and self.original(document) is None:
                with self.writing():
                    if self.there([document.id]):  # it was not removed meanwhile
                        trash.give_back(self._folder, each.content_hash)

    def warnings(self) -> list[KnowledgeBaseError]:
        """What is wrong with the catalog and does not keep it from being used: what it has lost,
        and what was found damaged."""
        return [*self._lost(), *self.noticed()]

    def noticed(self) -> list[KnowledgeBaseDamaged]:
        """What those who read have found damaged and passed over."""
        return self._catalog.noticed()

    def _lost(self) -> list[KnowledgeBaseDamaged]:
        try:
            return losses.told(self._catalog.losses(), self._catalog.path)
        except KnowledgeBaseDamaged as error:
            return [error]

    def verify(self) -> list[tuple[str, str]]:
        """What disagrees between the catalog, the lexical rows and the vectors, and what is
        lost."""
        found = [(lost.message, CATALOG) for lost in self._lost()]
        try:
            if index := self.index():
                return found + index.problems()
            return found + [(f"SQLite: {text}", CATALOG) for text in self._catalog.damage()]
        except KnowledgeBaseDamaged as error:
            return [*found, (error.message, CATALOG)]

    def repair(self) -> None:
        """Put right what `verify` finds."""
        from quire.ingest.repair import mend  # noqa: PLC0415  NumPy and more

        with self._ingesting():
            self._bring_up_to_date()
            index = self.index()
            if index is None:
                return
            with self.writing():
                lost = mend(self._catalog, open_embedder=self._header.embedder_for_writing)
            for document_id in lost:
                self._read_again(document_id)
            with self.writing():
                index.rebuild()

    def _read_again(self, document_id: str) -> None:
        """Take a damaged document in again from a file that still holds it, if there is one. It is
        in the trash meanwhile, from where it comes back if this process ends."""
        with self._catalog.reading() as connection:
            places = documents.locations(connection).values()
            kept = tags.of(connection, [document_id]).get(document_id, ())
            filed = filing.of(connection, [document_id]).get(document_id, "")
        own = (self._folder / ORIGINALS).glob(f"{content_of(document_id)}*/[!.]*")
        paths = [place.path for place in places if place.document_id == document_id]
        held = {path: originals.hash_of(path) or "" for path in (*paths, *own)}
        begins = content_of(document_id)
        sound = [path for path, content_hash in held.items() if content_hash.startswith(begins)]
        if not sound:
            return
        with self.writing():
            with self._catalog.reading() as connection:
                if not documents.is_there(connection, document_id):  # removed meanwhile
                    return
            damaged = trash.begin_reading_again(
                self._folder,
                document_id,
                content_hash=held[sound[0]],
                places=sound,
                tags=kept,
                filed=filed,
            )
            with self._catalog.writing() as connection:
                documents.delete(connection, document_id)
        self._bring_back_if_possible(damaged)

    def _bring_back_if_possible(self, removed: trash.Removed) -> None:
        """Take a document in that is in the trash; it stays there where that cannot be."""
        try:
            self._bring_back(removed, lambda _: None)
        except DocumentNotFound as error:
            _log.warning("%s", error.message)

    def _bring_up_to_date(self) -> None:
        """Take in again what the catalog has lost, from where it lay, and what was being brought
        back; and remove again what was removed. What cannot be found any more was told, and is
        forgotten. The caller holds the lock for ingests."""
        for removed in self.removed():
            if removed.restoring:
                self._bring_back_if_possible(removed)
        lost = self._catalog.losses()
        for entry in lost.of("added"):
            own = (self._folder / ORIGINALS).glob(f"{content_of(entry.document_id)}*/[!.]*")
            for path in (*sorted(own), Path(entry.place)):
                if originals.holds(path, content_of(entry.document_id)):
                    self._take_in_as(entry.document_id, [path])
                    break
        # Of two versions of one content, the one that is there goes when the other one comes.
        added = {content_of(entry.document_id) for entry in lost.of("added")}
        back = {entry.document_id for entry in lost.of("removed")}
        if back := {document_id for document_id in back if content_of(document_id) not in added}:
            with self.writing():
                self._remove([document for document in self.documents() if document.id in back])
        if lost.commits:
            with self.writing():
                self._catalog.accept_losses()

    def reindex(
        self,
        embedder: str | Embedder,
        *,
        progress: Callable[["ReindexProgress"], None],
        cancel: threading.Event | None,
    ) -> "ReindexReport":
        """Embed all chunks anew with another model."""
        from quire.ingest.reindexing import Reindexing  # noqa: PLC0415  NumPy and more

        if not self._header.recorded():
            raise UsageError(
                f"There is nothing in {self._folder} to embed.", hint="Add documents: quire ingest"
            )
        if isinstance(embedder, str):
            settings = self._settings.model_copy(update={"embedder": embedder})
            embedder = opening.embedder(settings)
        report = Reindexing(
            self._catalog,
            embedder=embedder,
            writing=functools.partial(self._waiting_to_write, cancel),
            ingesting=functools.partial(self._waiting_to_ingest, cancel),
            progress=progress,
            cancel=cancel,
        ).run()
        if not report.cancelled:
            self._header.switch(embedder)
            with self.writing():
                self._save_snapshot()
        return report

    def read_again(
        self,
        *,
        progress: Callable[[Progress], None],
        cancel: threading.Event | None,
    ) -> ReadAgain:
        """Have all documents read, cut and analysed by this version."""
        if not self._header.recorded():  # nothing was ever added: there is no header to write into
            return ReadAgain(0, (), 0.0)
        with self._ingesting(cancel):
            with self.writing(cancel):
                since = self._header.begin_reading_again()
            # What OCR has read is kept with the pages, and its document stays as it is.
            wanted = {
                document.id: path
                for document in self.documents()
                if document.added_at < since
                and content_of(document.id) == document.id
                and not (cancel and cancel.is_set())  # each file is hashed to find it
                and (path := self.original(document)) is not None
            }
            report = self._take_in(
                [*wanted.values()], again=wanted, progress=progress, cancel=cancel
            )
            left = {each.id: each.name for each in self.documents() if each.added_at < since}
            if not report.cancelled:
                with self.writing(cancel):
                    if left and (index := self.index()) is not None:
                        index.rebuild()  # what could not be read again is analysed anew too
                    self._header.end_reading_again()
        read = len(wanted.keys() - left.keys())
        return ReadAgain(read, (*left.values(),), report.seconds, cancelled=report.cancelled)

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._settings = settings
        self._header.follow(settings)

    def there(self, document_ids: Iterable[str]) -> set[str]:
        """Those of some documents' ids that are still there."""
        with self._catalog.reading() as connection:
            return set(documents.get(connection, document_ids))

    def index(self, recorded: Mapping[str, Any] | None = None) -> "Index | None":
        """The indexes, others after another process has embedded the documents anew; None while
        nothing was ever added. `recorded` is what the header says, where that was read."""
        from quire.indexes.index import Index  # noqa: PLC0415  loads FAISS

        if recorded is None:
            recorded = self._header.recorded()
        if not recorded:
            return None
        with self._lock:
            fingerprint = recorded["fingerprint"]
            if self._index is None or self._index.fingerprint != fingerprint:
                self._index = Index(
                    self._catalog,
                    self._folder / VECTORS,
                    dimension=recorded["dimension"],
                    fingerprint=fingerprint,
                )
            return self._index

    @contextlib.contextmanager
    def writing(self, cancel: threading.Event | None = None) -> Iterator[None]:
        """The writer lock of the knowledge base, while the block lasts."""
        wait = self._settings.lock_wait
        with writer_lock(self._folder / LOCK, wait=wait, cancel=cancel):
            yield

    @contextlib.contextmanager
    def _ingesting(self, cancel: threading.Event | None = None) -> Iterator[None]:
        """The lock for ingests, while the block lasts. Nobody was writing when it began, and who
        writes meanwhile soon gives way."""
        wait = self._settings.lock_wait
        with writer_lock(self._folder / INGEST_LOCK, wait=wait, cancel=cancel):
            with self.writing(cancel):
                pass
            yield

    def _waiting_to_write(
        self, cancel: threading.Event | None
    ) -> contextlib.AbstractContextManager[None]:
        """The writer lock, however long others hold it."""
        return writer_lock(self._folder / LOCK, wait=math.inf, cancel=cancel)

    def _waiting_to_ingest(
        self, cancel: threading.Event | None
    ) -> contextlib.AbstractContextManager[None]:
        """The lock for ingests, however long others hold it."""
        return writer_lock(self._folder / INGEST_LOCK, wait=math.inf, cancel=cancel)

    def _take_in(
        self,
        paths: list[Path],
        *,
        jobs: int | None = None,
        password: str | None = None,
        tags: Iterable[str] = (),
        folder: str = "",
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
        ocr: Ocr | None = None,
        read: "Mapping[Path, ReadPages] | None" = None,
        replaces: Mapping[Path, Iterable[Path]] | None = None,
        again: Iterable[str] = (),
        **options: bool,
    ) -> IngestReport:
        """Ingest; the caller holds the lock for it, and not the writer's. `options` are those of
        `Ingest.run`."""
        from quire.ingest.parsing import processes  # noqa: PLC0415
        from quire.ingest.pipeline import Ingest  # noqa: PLC0415  most commands ingest nothing
        from quire.models import embedding_card, machine  # noqa: PLC0415  NumPy and more

        if jobs is None:
            gpu = embedding_card.torch_is_for_gpus()
            jobs = processes.by_cores(machine.usable_cores(), gpu=gpu)
        writing = functools.partial(self._waiting_to_write, cancel)
        run = Ingest(
            self._catalog,
            open_embedder=functools.partial(self._header.embedder_for_writing, writing),
            writing=writing,
            jobs=jobs,
            no_ocr=_why_no_ocr(wanted=self._settings.ocr if ocr is None else bool(ocr)),
            read=read,
            replaces=replaces,
            again=frozenset(again),
            password=password,
            tags=tags,
            folder=folder,
            language=self._settings.language,
            progress=progress,
            cancel=cancel,
        )
        report = run.run(paths, **options)
        if not options.get("dry_run"):
            with contextlib.suppress(KnowledgeBaseLocked), self.writing(cancel):
                self._save_snapshot()
        return report

    def _save_snapshot(self) -> None:
        """Spare the next start some time. What was done before is committed, and stays done."""
        try:
            if index := self.index():
                index.save_snapshot()
        except KnowledgeBaseError as error:
            _log.warning("%s", error.message)


def _why_no_ocr(*, wanted: bool) -> Skipped | None:
    """Why pages that are pictures of text are not read, or None."""
    from quire.ingest.scans import is_there  # noqa: PLC0415

    if not wanted:
        return Skipped(SCAN, hint="OCR is off: leave out --no-ocr, or set `ocr` to true.")
    if not is_there():
        return Skipped(SCAN, hint="OCR can read it. Install it with: pip install 'quire[ocr]'")
    return None


def _names(removed: Iterable[trash.Removed]) -> set[str]:
    """The names and paths by which removed documents were known."""
    found: set[str] = set()
    for each in removed:
        found |= {each.name, *_known_as(each.places)}
    return found


def _known_as(paths: Iterable[Path]) -> Iterator[str]:
    """The paths of files and their last parts, as they are shown."""
    for path in paths:
        yield documents.displayed(path)
        yield documents.displayed(Path(path.name))
