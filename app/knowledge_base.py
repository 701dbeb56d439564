"""The knowledge base: the one place where settings become live objects."""

import contextlib
import dataclasses
import functools
import logging
import math
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from quire.answering import receipts
from quire.answering.receipts import Replay
from quire.answering.session import CONVERSATIONS, Asking
from quire.config import Settings, load_settings
from quire.conversations.store import Conversations, Verdict
from quire.errors import (
    DocumentNotFound,
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseNotFound,
    ModelError,
    UsageError,
)
from quire.header import MadeWith
from quire.indexes import documents, tags
from quire.indexes.catalog import Catalog, is_there
from quire.indexes.folder import files, originals, trash, waiting
from quire.indexes.folder.lock import NAME, writer_lock
from quire.indexes.scope import Scope, is_within
from quire.ingest.report import IngestReport, Progress
from quire.messages.translations import translated
from quire.models import opening
from quire.models.protocols import ChatModel, Embedder, Reranker
from quire.records import Answer, Document, Draft, Hit, PageText
from quire.search.explanation import Explanation, Step, ranking_steps, scope_step, text_step
from quire.search.retriever import Mode, Retriever, checked_question

if TYPE_CHECKING:
    from quire.answering.summaries import Summary
    from quire.indexes.index import Index
    from quire.ingest.reindexing import ReindexProgress, ReindexReport

CATALOG = "catalog.sqlite3"
_log = logging.getLogger(__name__)


class KnowledgeBase:
    """Documents that can be searched and asked. Made by `KnowledgeBase.open`; close it, or use it
    as a context manager. Safe to use from several threads, and beside other processes."""

    def __init__(
        self,
        folder: Path,
        *,
        catalog: Catalog,
        settings: Settings,
        embedder: Embedder | None,
        model: ChatModel | None,
        reranker: Reranker | None,
        as_made: bool = False,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._catalog = catalog
        self._made_with = MadeWith(
            catalog, folder, settings=settings, given=embedder, as_made=as_made
        )
        self._lock = threading.RLock()  # around what is made at the first use
        self._reranker = reranker
        self._index_made: Index | None = None
        self._retriever: Retriever | None = None
        self._asking = Asking(
            folder,
            settings=settings,
            model=model,
            search=lambda: self._search() if self._made_with.recorded() else None,
            there=self._there,
        )

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        create: bool = True,
        settings: Settings | None = None,
        embedder: Embedder | None = None,
        model: ChatModel | None = None,
        reranker: Reranker | None = None,
        as_made: bool = False,
    ) -> Self:
        """Open the knowledge base in a folder, by default the one that the settings name.

        `embedder`, `model` and `reranker` replace those that the settings name, for instance to
        share them between several knowledge bases. Nothing heavy is loaded before it is needed.

        Where neither an argument nor the settings name an embedding model, it is the one that the
        knowledge base was made with, and with `as_made` whatever the settings say.

        Raises KnowledgeBaseNotFound (with `create=False`), KnowledgeBaseMismatch when it was made
        with another embedding model or a newer version, and KnowledgeBaseDamaged.
        """
        settings = settings or load_settings()
        folder = Path(os.path.abspath(Path(path or settings.kb).expanduser()))  # noqa: PTH100
        if folder.exists() and not folder.is_dir():
            raise KnowledgeBaseNotFound(
                f"{folder} is a file, and a knowledge base is a folder.",
                hint="Name a folder, or a path that does not exist yet.",
            )
        if create and not is_there(folder / CATALOG):
            if any((folder / "vectors").glob("*.faiss")):
                raise KnowledgeBaseDamaged(
                    f"The knowledge base at {folder} has lost its catalog.",
                    hint=f"Restore {CATALOG} from a backup, or move the folder away and ingest "
                    "your files again.",
                )
            files.make_private_folder(folder)
        catalog = Catalog(folder / CATALOG, create=create)
        base = cls(
            folder,
            catalog=catalog,
            settings=settings,
            embedder=embedder,
            model=model,
            reranker=reranker,
            as_made=as_made,
        )
        try:
            base._made_with.check()
        except BaseException:
            base.close()
            raise
        return base

    def close(self) -> None:
        """Free models and files. Work that was committed stays."""
        with self._lock:
            self._asking.close()
            self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- documents -------------------------------------------------------------------------------

    def add(
        self,
        paths: str | Path | Iterable[str | Path],
        *,
        sync: bool = False,
        verify_content: bool = False,
        dry_run: bool = False,
        jobs: int = 1,
        password: str | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> IngestReport:
        """Take in files and folders; one bad file is a row in the report and stops nothing.

        Adding the same again changes nothing; a changed file replaces its old version. `sync`
        forgets files under `paths` that are gone from the disk, `verify_content` reads every file
        instead of trusting its size and time, `dry_run` only counts. `jobs` is the number of
        parser processes, `password` opens encrypted files and is kept nowhere. Setting `cancel`
        ends the work soon and keeps what is committed.

        Raises Unreadable for a path that does not exist and KnowledgeBaseLocked when another
        process writes.
        """
        given = [paths] if isinstance(paths, str | Path) else list(paths)
        wanted = [Path(path).expanduser() for path in given]
        with self._writing(cancel):
            return self._take_in(
                wanted,
                jobs=jobs,
                password=password,
                progress=progress,
                cancel=cancel,
                sync=sync,
                verify_content=verify_content,
                dry_run=dry_run,
            )

    def add_upload(self, name: str, content: bytes, **options: Any) -> IngestReport:
        """Take in a file that came without a path, such as an upload in the browser.

        A copy is kept in the knowledge base's folder, unless there is nothing to index in it.
        `name` is shown and never used as a path; `options` are those of `add`.
        """
        with self._writing(options.get("cancel")):
            path = originals.keep(self.folder, name, content)
            try:
                return self._take_in([path], **options)
            finally:
                with self._catalog.reading() as connection:
                    taken = path in documents.locations(connection)
                if not taken:
                    originals.drop(path)

    def documents(self) -> list[Document]:
        """All documents, by name."""
        with self._catalog.reading() as connection:
            found = documents.all_documents(connection)
        if self.settings.language == "en":
            return found
        return [
            dataclasses.replace(
                document,
                warnings=tuple(translated(w, self.settings.language) for w in document.warnings),
            )
            for document in found
        ]

    def document(self, reference: str) -> Document:
        """The document of this name, path or beginning of an id.

        Raises DocumentNotFound, naming the candidates when several fit.
        """
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
            f"There is no document {reference!r} in {self.folder}.",
            hint="See what there is with: quire list",
        )

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

    def pages(self, document: Document) -> tuple[PageText, ...]:
        """The text of a document, page by page."""
        with self._catalog.reading() as connection:
            return documents.pages(connection, document.id)

    def headings(self, document: Document, offset: int) -> tuple[str, ...]:
        """The headings above a character of a document's text, the outermost first."""
        with self._catalog.reading() as connection:
            chunk = documents.chunk_at(connection, document.id, offset)
        return chunk.heading_path if chunk else ()

    def original(self, document: Document) -> Path | None:
        """A file that still holds the document's bytes as they were ingested, or None."""
        with self._catalog.reading() as connection:
            places = documents.locations(connection).values()
        paths = [place.path for place in places if place.document_id == document.id]
        paths += originals.copies(self.folder, document.content_hash)
        return next((path for path in paths if originals.holds(path, document.content_hash)), None)

    def remove(self, references: str | Iterable[str]) -> list[Document]:
        """Remove documents by name, path or id; the files themselves stay, and copies of uploads
        until `compact`. Nothing is removed when one of them is not found."""
        names = [references] if isinstance(references, str) else list(references)
        with self._writing():
            chosen = {d.id: d for d in (self.document(name) for name in names)}
            with self._catalog.reading() as connection:
                places = documents.locations(connection).values()
            with self._catalog.writing() as connection:
                for document in chosen.values():
                    # Noted before the commit: what is gone from the catalog is in the trash.
                    paths = (place.path for place in places if place.document_id == document.id)
                    trash.note(self.folder, document, paths)
                    documents.delete(connection, document.id)
            for document in chosen.values():
                trash.take(self.folder, document.content_hash)
                waiting.forget(self.folder, document.content_hash)
            self._save_snapshot()
        return list(chosen.values())

    def removed(self) -> list[trash.Removed]:
        """The documents that `restore` may bring back, the last removed first."""
        with self._catalog.reading() as connection:
            there = set(documents.ids(connection))
        return [each for each in trash.all_removed(self.folder) if each.document_id not in there]

    def restore(
        self, document_id: str, *, progress: Callable[[Progress], None] = lambda _: None
    ) -> Document:
        """Take a removed document in again, with its tags.

        Raises DocumentNotFound when it was not removed, when `compact` has emptied the trash, or
        when its file has changed or is gone.
        """
        with self._writing():
            for removed in self.removed():
                if removed.document_id != document_id:
                    continue
                if not (paths := trash.give_back(self.folder, removed)):
                    raise DocumentNotFound(
                        f"{removed.name} cannot be brought back: its file has changed or is gone.",
                        hint="Add the file again from where it is now.",
                    )
                self._take_in(paths, progress=progress)
                with self._catalog.writing() as connection:
                    if document_id in documents.ids(connection):
                        tags.add(connection, document_id, removed.tags)
                trash.forget(self.folder, removed.content_hash)
                return self.document(document_id)
        raise DocumentNotFound(
            f"There is no removed document {document_id!r}.",
            hint="After compacting, a removed document is gone for good: add its file again.",
        )

    def tag(
        self,
        references: str | Iterable[str],
        *,
        add: str | Iterable[str] = (),
        remove: str | Iterable[str] = (),
    ) -> list[Document]:
        """Give documents tags and take others away; returns the documents as they are then.

        Tags are kept in lower case. They stay with a file whose content changes, and go with its
        document. Nothing is changed when one of the documents is not found.
        """
        names = [references] if isinstance(references, str) else list(references)
        added, removed = (
            [tags.spelled(tag) for tag in ([given] if isinstance(given, str) else given)]
            for given in (add, remove)
        )
        with self._writing():
            chosen = {self.document(name).id for name in names}
            with self._catalog.writing() as connection:
                for document_id in chosen:
                    tags.add(connection, document_id, added)
                    tags.remove(connection, document_id, removed)
        return [document for document in self.documents() if document.id in chosen]

    def compact(self) -> None:
        """Give space back and overwrite what was deleted, so that no byte of it is left: not in the
        catalog, in copies of uploads, or in the quotes of stored chats."""
        with self._writing():
            kept = {document.id: document.content_hash for document in self.documents()}
            self._catalog.vacuum()
            files.remove_unfinished(self.folder)
            originals.discard_all_but(self.folder, kept.values())
            trash.empty(self.folder)
            if is_there(self.folder / CONVERSATIONS):
                self.conversations.forget_all_but(kept)
            if self._made_with.recorded():
                self._index().save_snapshot(renew=True)

    def verify(self) -> list[tuple[str, str]]:
        """What disagrees between the catalog, the lexical rows and the vectors, as (what, where);
        empty when all is well. Reads everything."""
        return self._index().problems() if self._made_with.recorded() else []

    def repair(self) -> None:
        """Put right what `verify` finds: indexes are made anew from the catalog's texts, chunks
        from its pages, vectors by embedding, and a document with damaged pages is read again from
        its file, if that is still as it was."""
        from quire.ingest.repair import mend  # noqa: PLC0415  NumPy and more

        with self._writing():
            if not self._made_with.recorded():
                return
            for document_id in mend(self._catalog, open_embedder=self._made_with.embedder_in_use):
                with self._catalog.reading() as connection:
                    places = documents.locations(connection).values()
                    kept = tags.of(connection, [document_id]).get(document_id, ())
                paths = [place.path for place in places if place.document_id == document_id]
                if any(originals.holds(path, document_id) for path in paths):
                    with self._catalog.writing() as connection:
                        documents.delete(connection, document_id)
                    self._take_in(paths)
                    with self._catalog.writing() as connection:
                        if document_id in documents.ids(connection):
                            tags.add(connection, document_id, kept)
            self._index().rebuild()

    def reindex(
        self,
        embedder: str | Embedder,
        *,
        progress: Callable[["ReindexProgress"], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> "ReindexReport":
        """Embed all chunks anew with another model, named as the setting `embedder` is.

        Meanwhile the old vectors answer, and documents can be added and removed. When all is done,
        one transaction switches over; a run that ended before is gone on with by the next. Setting
        `cancel` ends it soon. Chunks that are longer than the model reads are embedded in parts.

        Raises ModelNotFound, and UsageError when nothing was ever added.
        """
        from quire.ingest.reindexing import Reindexing  # noqa: PLC0415  NumPy and more

        if not self._made_with.recorded():
            raise UsageError(
                f"There is nothing in {self.folder} to embed.", hint="Add documents: quire ingest"
            )
        if isinstance(embedder, str):
            settings = self.settings.model_copy(update={"embedder": embedder})
            embedder = opening.embedder(settings)
        lock = functools.partial(writer_lock, self.folder / NAME, wait=math.inf, cancel=cancel)
        report = Reindexing(
            self._catalog, embedder=embedder, writing=lock, progress=progress, cancel=cancel
        ).run()
        if not report.cancelled:
            self._made_with.switch(embedder)
            with self._writing():
                self._save_snapshot()
        return report

    # -- questions -------------------------------------------------------------------------------

    def search(
        self, text: str, *, k: int = 8, mode: Mode = "hybrid", scope: Scope | None = None
    ) -> list[Hit]:
        """The `k` best chunks for a question, the best first; of all documents, or of those in a
        `scope`. Raises DocumentNotFound when there are none in it."""
        if k < 1:
            raise UsageError(f"{k} hits were asked for.", hint="Ask for at least one.")
        checked_question(text)
        if not self._made_with.recorded():
            return []
        return self._search().search(text, k=k, mode=mode, scope=scope)

    def explain(
        self,
        text: str,
        reference: str,
        *,
        page: int | None = None,
        k: int = 8,
        mode: Mode = "hybrid",
        scope: Scope | None = None,
    ) -> Explanation:
        """Why `search`, with the same arguments, finds a page of a document, or at which stage it
        is lost; without `page`, any part of the document.

        Raises DocumentNotFound when several documents are called so, and UsageError for a page that
        the document cannot have.
        """
        question = checked_question(text)
        if not self.has_document(reference):
            step = Step("document", False, f"There is no document {reference!r} in {self.folder}.")
            return Explanation(question, documents.printable(reference), None, page, None, (step,))
        document = self.document(reference)
        if page is not None and not 1 <= page <= (document.pages or 0):
            pages = f"{document.pages} pages" if document.pages else "no pages"
            raise UsageError(
                f"{document.name} has {pages}, so there is no page {page}.",
                hint="Name one of them, or the document alone.",
            )
        with self._catalog.reading() as connection:
            cut = documents.chunks_of(connection, document.id)
            kept = scope is None or not scope or is_within(connection, document.id, scope)
        chunks = {chunk.id for chunk in cut if page is None or chunk.span.is_on(page)}
        steps = [
            Step("document", True, f"The document {document.name} is there."),
            text_step(document, page, chunks=len(chunks)),
        ]
        if chunks and scope:
            steps.append(scope_step(scope, kept=kept))
        rank = None
        if chunks and kept:
            trace = self._search().trace(question, chunks, k=k, mode=mode, scope=scope)
            steps += ranking_steps(trace, k=k)
            rank = trace.hit.rank if trace.hit and steps[-1].passed else None
        return Explanation(question, reference, document, page, rank, tuple(steps))

    def ask(
        self,
        text: str,
        *,
        conversation: str | None = None,
        store: bool = True,
        scope: Scope | None = None,
        max_risk: float | None = None,
    ) -> Answer:
        """An answer whose every sentence is checked against the documents.

        `conversation` continues an earlier one by its id; otherwise a new one begins. With `store`
        false the turn is not kept. `scope` says in which documents to look; DocumentNotFound is
        raised when there are none in it. `max_risk` is the share of wrong ones that is borne among
        the answers shown, instead of the setting; docs/trust.md says what it promises.
        """
        for piece in self.stream(
            text, conversation=conversation, store=store, scope=scope, max_risk=max_risk
        ):
            if isinstance(piece, Answer):
                return piece
        raise AssertionError("a stream ends in an answer")

    def stream(
        self,
        text: str,
        *,
        conversation: str | None = None,
        store: bool = True,
        scope: Scope | None = None,
        max_risk: float | None = None,
        cancel: threading.Event | None = None,
        replacing: str | None = None,
        on_draft: Callable[[Draft], None] = lambda _: None,
    ) -> Iterator[str | Answer]:
        """The answer's text in pieces, as sentences are found to hold, and then the `Answer`.

        Setting `cancel`, or closing the iterator, stops the model. A stopped answer holds what was
        written so far when cancelled, and is lost when closed. `replacing` is the id of the
        conversation's last answer, whose place the new one takes, worded otherwise where the
        question is the same. `on_draft` is given quotes to
        show while a model still reads, before there is any text.
        """
        yield from self._asking.stream(
            text,
            conversation=conversation,
            store=store,
            scope=scope,
            max_risk=max_risk,
            cancel=cancel,
            replacing=replacing,
            on_draft=on_draft,
        )

    def regenerate(self, answer_id: str) -> Answer:
        """Answer the last question of a conversation anew, in place of the answer there is.

        It is looked for where it was looked for then, and the model may word it otherwise. Raises
        UsageError for an answer that others follow.
        """
        conversation, turn = self.conversations.turn(answer_id)
        for piece in self.stream(
            turn.question,
            conversation=conversation,
            scope=receipts.scope_of(turn.receipt),
            replacing=turn.id,
        ):
            if isinstance(piece, Answer):
                return piece
        raise AssertionError("a stream ends in an answer")

    def feedback(self, answer_id: str, verdict: Verdict | None, *, comment: str = "") -> None:
        """Keep what a reader thinks of a stored answer, "up" or "down"; the last one counts, and
        None takes it back."""
        self.conversations.give_feedback(answer_id, verdict, comment=comment)

    def replay(self, answer_id: str) -> Replay:
        """Ask a stored question again, as it was asked then, and compare; nothing is stored.

        Raises UsageError when there is no such answer.
        """
        return self._asking.replay(answer_id, documents=self.documents())

    def summarize(
        self,
        reference: str,
        *,
        sentences: int = 7,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        cancel: threading.Event | None = None,
    ) -> "Summary":
        """A document in at most so many sentences, each with its page.

        A capable chat model writes them, and what the document does not support is dropped; without
        one they are the document's own most central sentences. `progress` hears how many sections
        of how many are done; setting `cancel` ends with those. Raises DocumentNotFound.
        """
        from quire.answering.summaries import summarize  # noqa: PLC0415  NumPy and more

        document = self.document(reference)
        with self._catalog.reading() as connection:
            chunks = documents.chunks_of(connection, document.id)
            pages = documents.pages(connection, document.id)
        model = self.model
        fit = model is not None and model.capable and document.language in model.languages
        summary = summarize(
            document,
            chunks,
            pages,
            most=sentences,
            embedder=self.embedder if self._search().reads(document.language) else None,
            model=model if fit else None,
            wording=self._asking.wording("summary", document.language),
            progress=progress,
            cancel=cancel or threading.Event(),
        )
        if problem := self.model_problem:
            note = f"{problem.message} {problem.hint}".strip()
            summary = dataclasses.replace(summary, notes=(note, *summary.notes))
        return summary

    @property
    def conversations(self) -> Conversations:
        """The stored chats of this knowledge base."""
        return self._asking.conversations

    # -- models ----------------------------------------------------------------------------------

    @property
    def embedder(self) -> Embedder:
        """The embedding model. Raises ModelNotFound."""
        return self._made_with.embedder()

    @property
    def model(self) -> ChatModel | None:
        """The chat model, loaded at the first use; None where the settings name none, or where it
        cannot be used: then `model_problem` says why, and answers are quotes."""
        return self._asking.model.get()

    @property
    def model_problem(self) -> ModelError | None:
        """Why there is no chat model, or None."""
        return self._asking.model.problem

    # -- inside ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self, cancel: threading.Event | None = None) -> Iterator[None]:
        wait = self.settings.lock_wait
        with writer_lock(self.folder / NAME, wait=wait, cancel=cancel):
            yield

    def _take_in(
        self,
        paths: list[Path],
        *,
        jobs: int = 1,
        password: str | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
        **options: bool,
    ) -> IngestReport:
        """Ingest; the caller holds the writer lock. `options` are those of `Ingest.run`."""
        from quire.ingest.pipeline import Ingest  # noqa: PLC0415  most commands ingest nothing

        run = Ingest(
            self._catalog,
            open_embedder=self._made_with.embedder_in_use,
            jobs=jobs,
            password=password,
            language=self.settings.language,
            progress=progress,
            cancel=cancel,
        )
        report = run.run(paths, **options)
        if not options.get("dry_run"):
            self._save_snapshot()
        return report

    def _there(self, document_ids: Iterable[str]) -> Collection[str]:
        with self._catalog.reading() as connection:
            return documents.get(connection, document_ids).keys()

    def _index(self) -> "Index":
        from quire.indexes.index import Index  # noqa: PLC0415  loads FAISS

        with self._lock:
            made_with = self._made_with.recorded()
            fingerprint = made_with["fingerprint"]
            if self._index_made is None or self._index_made.fingerprint != fingerprint:
                self._retriever = None
                self._index_made = Index(
                    self._catalog,
                    self.folder / "vectors",
                    dimension=made_with["dimension"],
                    fingerprint=fingerprint,
                )
            return self._index_made

    def _save_snapshot(self) -> None:
        """Spare the next start some time. What was done before is committed, and stays done."""
        try:
            if self._made_with.recorded():
                self._index().save_snapshot()
        except KnowledgeBaseError as error:
            _log.warning("%s", error.message)

    def _search(self) -> Retriever:
        with self._lock:
            index = self._index()  # another one after another process has brought it over
            if self._retriever is None:
                self._retriever = Retriever(
                    self._catalog,
                    index,
                    embedder=self._made_with.embedder_in_use(),
                    reading=self._made_with.recorded()["reading"],
                    reranker=self._reranker or opening.reranker(self.settings),
                )
            return self._retriever
