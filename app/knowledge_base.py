"""The knowledge base: the one place where settings become live objects.

A door: each method says what it promises, which makes the file long, and hands on to the rooms
behind it. docs/walks.md follows a question and a file through them.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from quire.answering.question import Question
from quire.answering.receipts import Replay
from quire.answering.session import Session
from quire.checked import CheckedText
from quire.collection import Collection
from quire.config import Settings, load_settings
from quire.conversations.forgetting import Remains
from quire.conversations.schema import Turn, Verdict
from quire.conversations.store import Conversations
from quire.errors import KnowledgeBaseError, ModelError, UsageError
from quire.header import Header
from quire.indexes.catalog import Catalog, is_there
from quire.indexes.folder.names import CONVERSATIONS
from quire.indexes.folder.trash import Removed
from quire.indexes.holdings import Holdings
from quire.indexes.scope import Scope
from quire.ingest import texts
from quire.ingest.report import IngestReport, Progress, ReadAgain
from quire.models import opening
from quire.models.protocols import ChatModel, Embedder, Entailment, Reranker, problem_of
from quire.records import Answer, Document, Hit, PageText, RecognizedPage, Span
from quire.search.explanation import Explanation, explain, explain_missing
from quire.search.query import Mode, checked_question
from quire.search.retriever import Retriever

if TYPE_CHECKING:
    from quire.answering.judge_trial import Trial
    from quire.answering.summaries import Summary
    from quire.ingest.loaders.content import PageBoxes
    from quire.ingest.loaders.given import GivenText
    from quire.ingest.reindexing import ReindexProgress, ReindexReport
    from quire.reports.forms import Form


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
        entailment: Entailment | None,
        as_made: bool = False,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._catalog = catalog
        self._header = Header(catalog, folder, settings=settings, given=embedder, as_made=as_made)
        self._collection = Collection(
            folder, catalog=catalog, header=self._header, settings=settings
        )
        self._session = Session(
            folder,
            settings=settings,
            model=model,
            entailment=self._reads_together,
            search=self._search,
            there=self._collection.there,
            picture=self._collection.page_shown,
            noticed=self._collection.noticed,
        )
        self._lock = threading.RLock()  # around what is made at the first use
        self._reranker = reranker
        self._entailment = entailment
        self._retriever: Retriever | None = None

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
        entailment: Entailment | None = None,
        as_made: bool = False,
    ) -> Self:
        """Open the knowledge base in a folder, by default the one that the settings name.

        `embedder`, `model`, `reranker` and `entailment` replace those that the settings name, for
        instance to share them between several knowledge bases. Nothing heavy is loaded before it is
        needed.

        Where neither an argument nor the settings name an embedding model, it is the one that the
        knowledge base was made with, and with `as_made` whatever the settings say, and whichever
        version has read the documents.

        Raises KnowledgeBaseNotFound (with `create=False`), KnowledgeBaseMismatch when it was made
        with another embedding model or a newer version, and KnowledgeBaseDamaged.
        """
        settings = settings or load_settings()
        folder = Path(os.path.abspath(Path(path or settings.kb).expanduser()))  # noqa: PTH100
        base = cls(
            folder,
            catalog=Catalog.of(folder, create=create),
            settings=settings,
            embedder=embedder,
            model=model,
            reranker=reranker,
            entailment=entailment,
            as_made=as_made,
        )
        try:
            base._header.check()
        except BaseException:
            base.close()
            raise
        return base

    def close(self) -> None:
        """Free models and files. Work that was committed stays."""
        with self._lock:
            self._session.close()
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

    @property
    def warnings(self) -> tuple[KnowledgeBaseError, ...]:
        """What is wrong with the knowledge base and does not keep it from being used: errors that
        were not raised, each with what to do. The last changes are lost, or something was found
        damaged since it was opened, and passed over."""
        return (*self._collection.warnings(), *self._session.chats.warnings())

    # -- documents -------------------------------------------------------------------------------

    def add(
        self,
        paths: str | Path | Iterable[str | Path],
        *,
        sync: bool = False,
        verify_content: bool = False,
        dry_run: bool = False,
        jobs: int | None = None,
        password: str | None = None,
        ocr: bool | Literal["later"] | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> IngestReport:
        """Take in files and folders; one bad file is a row in the report and stops nothing.

        Adding the same again changes nothing; a changed file replaces its old version. `sync`
        forgets files under `paths` that are gone from the disk, `verify_content` reads every file
        instead of trusting its size and time, `dry_run` only counts. `jobs` is the number of
        parser processes, by the cores of the machine unless given; `password` opens encrypted
        files and is kept nowhere. With `ocr`, which the settings decide unless it is given, pages
        that are pictures of text are read when all else is in; a document that they stand in is
        found by its other pages until then, and has another id from then on. If it is "later", the
        report only says which pages these are, and the same call without it reads them. Setting
        `cancel` ends the work soon and keeps what is committed, and pages that were read.

        Raises Unreadable for a path that does not exist and KnowledgeBaseLocked when another
        process writes.
        """
        return self._collection.add(
            [paths] if isinstance(paths, str | Path) else paths,
            sync=sync,
            verify_content=verify_content,
            dry_run=dry_run,
            jobs=jobs,
            password=password,
            ocr=ocr,
            progress=progress,
            cancel=cancel,
        )

    def add_upload(self, name: str, content: bytes, **options: Any) -> IngestReport:
        """Take in a file that came without a path, such as an upload in the browser.

        A copy is kept in the knowledge base's folder, unless there is nothing to index in it.
        `name` is shown and never used as a path; `options` are those of `add`.
        """
        return self._collection.add_upload(name, content, **options)

    def add_texts(
        self,
        texts: "Iterable[GivenText]",
        *,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> IngestReport:
        """Take in texts that a program has, each with an id of its own. One whose id is there
        takes the place of what was there, in one transaction; of one id the last counts."""
        return self._collection.add_texts(texts, progress=progress, cancel=cancel)

    def given_texts(self, ids: Iterable[str] | None = None) -> "list[tuple[Document, GivenText]]":
        """The texts that `add_texts` took in, of these ids or all, each with its document, the last
        added first."""
        return self._collection.given_texts(ids)

    def given_text(self, document: Document) -> "GivenText | None":
        """The text that a document was given as; None for one that came as a file."""
        return self._collection.given_text(document)

    def boxes(
        self, spans: "Iterable[tuple[Document, Span]]"
    ) -> "list[tuple[tuple[int, PageBoxes], ...]]":
        """Where spans of documents stand on their pages, as (page, boxes) for each page that they
        touch; nothing where there is no page to be had."""
        return self._collection.boxes(spans)

    def documents(self) -> list[Document]:
        """All documents, by name."""
        return self._collection.documents()

    def holdings(self) -> Holdings:
        """How much there is: documents, pages, languages, what of it was not read."""
        return self._collection.holdings()

    def document(self, reference: str) -> Document:
        """The document of this name, path or beginning of an id.

        Raises DocumentNotFound, naming the candidates when several fit.
        """
        return self._collection.document(reference)

    def has_document(self, reference: str) -> bool:
        """Whether there is a document, or several, of this name, path or beginning of an id."""
        return self._collection.has_document(reference)

    def holding(self, text: str) -> set[str]:
        """The ids of the documents of which a passage holds every word of a text, by the index of
        words alone: no model is asked."""
        return self._collection.holding(text)

    def pages(self, document: Document) -> tuple[PageText, ...]:
        """The text of a document, page by page."""
        return self._collection.pages(document)

    def recognized(self, document: Document, page: int) -> RecognizedPage | None:
        """The words of a page, from 1, that OCR read, with their places and how sure it was of
        them; None for a page that it did not read."""
        return self._collection.recognized(document, page)

    def page_image(
        self,
        reference: str,
        page: int,
        *,
        marks: Iterable[tuple[int, int]] = (),
        width: int = 1000,
    ) -> bytes:
        """A page of a PDF or of a picture as PNG, `width` points across, with `marks`: characters
        [start, end) of the document's text, such as those of a citation. Raises DocumentNotFound,
        PageNotFound where there is no such page to be drawn, and Unreadable."""
        return self._collection.page_image(
            self.document(reference), page, marks=[*marks], width=width
        )

    def headings(self, document: Document, offset: int) -> tuple[str, ...]:
        """The headings above a character of a document's text, the outermost first."""
        return self._collection.headings(document, offset)

    def sections(self, document: Document) -> list[tuple[str, ...]]:
        """The sections of a document in order, each by the headings above it, the outermost first;
        an empty one is what stands under none."""
        return self._collection.sections(document)

    def original(self, document: Document) -> Path | None:
        """A file that still holds the document's bytes as they were ingested, or None."""
        return self._collection.original(document)

    def remove(self, references: str | Iterable[str]) -> list[Document]:
        """Remove documents by name, path or id; the files themselves stay, and copies of uploads
        until `compact`. Nothing is removed when one of them is not found."""
        return self._collection.remove(references)

    def removed(self) -> list[Removed]:
        """The documents that `restore` may bring back, the last removed first."""
        return self._collection.removed()

    def restore(
        self, document_id: str, *, progress: Callable[[Progress], None] = lambda _: None
    ) -> Document:
        """Take a removed document in again, with its tags; one that is there is given as it is.

        Raises DocumentNotFound when it was not removed, when `compact` has emptied the trash, or
        when its file has changed or is gone.
        """
        return self._collection.restore(document_id, progress=progress)

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
        return self._collection.tag(references, add=add, remove=remove)

    def move(self, references: str | Iterable[str], folder: str) -> list[Document]:
        """Put documents into a folder of the library, such as "Contracts/2024", or with "" back
        into that of their files; returns them as they are then. The files themselves stay.

        Scopes go by the folder that a document was put into. It stays with a file whose content
        changes. Nothing is moved when one of the documents is not found.
        """
        return self._collection.move(references, folder)

    def compact(self) -> None:
        """Give space back and overwrite what was deleted, so that no byte of it is left: not in the
        catalog, in copies of uploads, or in stored chats, where its quotes, its name and its path
        are overwritten. A document whose restoring was broken off is spared."""
        self._collection.compact(forget=self._forget_in_chats)

    def _forget_in_chats(
        self, documents: AbstractSet[str], files: AbstractSet[str], removed: AbstractSet[str]
    ) -> None:
        if is_there(self.folder / CONVERSATIONS):
            self.conversations.empty_bin()
            self.conversations.forget(Remains(documents, files, removed))

    def verify(self) -> list[tuple[str, str]]:
        """What disagrees between the catalog, the lexical rows and the vectors, and what is lost or
        damaged, also of the chats, as (what, where); empty when all is well. Reads everything."""
        return self._collection.verify() + self._session.chats.problems()

    def repair(self) -> None:
        """Put right what `verify` finds: indexes are made anew from the catalog's texts, chunks
        from its pages, vectors by embedding, and a document that is lost or has damaged pages is
        read again from its file, if that is still as it was."""
        self._collection.repair()

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
        return self._collection.reindex(embedder, progress=progress, cancel=cancel)

    def read_again(
        self,
        *,
        progress: Callable[[Progress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> ReadAgain:
        """Have all documents read again that another version of Quire has read: see
        `is_of_other_version`. Each one answers as it was until it is replaced, and those whose
        files are gone stay. Setting `cancel` ends it soon; the next call goes on."""
        return self._collection.read_again(progress=progress, cancel=cancel)

    @property
    def is_of_other_version(self) -> bool:
        """Whether another version of Quire has cut or analysed the documents, which only `as_made`
        opens. They answer as they did with that."""
        return self._header.is_of_other_version

    # -- questions -------------------------------------------------------------------------------

    def search(
        self, text: str, *, k: int = 8, mode: Mode = "hybrid", scope: Scope | None = None
    ) -> list[Hit]:
        """The `k` best chunks for a question, the best first; of all documents, or of those in a
        `scope`. Raises DocumentNotFound when there are none in it."""
        if k < 1:
            raise UsageError(f"{k} hits were asked for.", hint="Ask for at least one.")
        checked_question(text)
        retriever = self._search()
        return retriever.search(text, k=k, mode=mode, scope=scope) if retriever else []

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

        Raises DocumentNotFound when several documents are called so, and PageNotFound.
        """
        document = self.document(reference) if self.has_document(reference) else None
        retriever = self._search() if document else None
        if document is None or retriever is None:
            return explain_missing(text, reference=reference, page=page, where=str(self.folder))
        return explain(
            retriever,
            text,
            document,
            reference=reference,
            page=page,
            k=k,
            mode=mode,
            scope=scope,
        )

    def ask(self, question: str | Question, **options: Any) -> Answer:
        """An answer whose every sentence is checked against the documents.

        `options` are the fields of a `Question`, such as `conversation`. Raises DocumentNotFound
        when there is no document in its scope, and UsageError for what cannot be asked.
        """
        return _answer(self.stream(question, **options))

    def stream(self, question: str | Question, **options: Any) -> Iterator[str | Answer]:
        """The answer's text in pieces, as sentences are found to hold, and then the `Answer`.

        Setting the question's `cancel`, or closing the iterator, stops the model. A stopped answer
        holds what was written so far when cancelled, and is lost when closed.
        """
        asked = Question(question) if isinstance(question, str) else question
        yield from self._session.stream(dataclasses.replace(asked, **options))

    def regenerate(self, answer_id: str) -> Answer:
        """Answer the last question of a conversation anew, in place of the answer there is.

        It is looked for where it was looked for then, and the model may word it otherwise. Raises
        ConversationNotFound, and UsageError for an answer that others follow.
        """
        return _answer(self._session.stream(self._session.again(answer_id)))

    def feedback(self, answer_id: str, verdict: Verdict | None, *, comment: str = "") -> None:
        """Keep what a reader thinks of a stored answer, "up" or "down"; the last one counts, and
        None takes it back."""
        self.conversations.give_feedback(answer_id, verdict, comment=comment)

    def replay(self, answer_id: str) -> Replay:
        """Ask a stored question again, as it was asked then, and compare; nothing is stored.

        Raises ConversationNotFound when there is no such answer.
        """
        return self._session.replay(answer_id, documents=self.documents())

    def export_answer(self, answer_id: str) -> str:
        """A stored answer as one HTML file: with its quotes, the places on the pages as pictures,
        the SHA-256 of all of them and of the documents, and a script that compares them with the
        files on another machine. Raises ConversationNotFound when there is no such answer."""
        from quire.reports import proof  # noqa: PLC0415  only for exports

        _, turn = self.conversations.turn(answer_id)
        return proof.page(
            turn,
            documents=self.documents(),
            pictures=self._collection.pictures(turn.answer["citations"]),
        )

    def export(self, reference: str, *, form: "Form", answer: bool = False) -> bytes:
        """A stored chat, or with `answer` one answer, by its id, as a file in a `form`:
        "markdown", "docx" or "pdf". It holds the questions, the answers with their marks, each
        quote, and pictures of the places on the pages. Raises ConversationNotFound."""
        from quire.reports import forms  # noqa: PLC0415  only for exports

        stored = self.conversations
        if answer:
            turns = [stored.turn(reference)[1]]
            title = turns[0].question
        else:
            chat = stored.find(reference)
            title, turns = chat.title, stored.turns(chat.id)
        cited = [turn.answer["citations"] if turn.readable else [] for turn in turns]
        drawn = iter(self._collection.pictures([each for its in cited for each in its]))
        pictures = [[next(drawn) for _ in its] for its in cited]
        return forms.WRITERS[form](title, turns, pictures)

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
        document = self.document(reference)
        return self._session.summarize(
            document,
            self._collection.chunks(document),
            self.pages(document),
            most=sentences,
            progress=progress,
            cancel=cancel,
        )

    def suggest(
        self,
        *,
        after: str | None = None,
        first: Iterable[str] = (),
        language: str | None = None,
        most: int = 3,
        cancel: threading.Event | None = None,
    ) -> list[str]:
        """At most so many questions that the documents answer, each tried, by quotes alone.

        They are made of the headings and tables of the documents that came last, those in a
        `language` ("en", "zh") before others; of `first`, those come before that are answered.
        `after` is the id of an answer: then they are about what stands next to what it cites.
        Setting `cancel` ends the work soon, with what was found.

        Raises ConversationNotFound when there is no such answer.
        """
        return self._session.suggest(
            after=after,
            first=tuple(first),
            language=language,
            most=most,
            cancel=cancel or threading.Event(),
        )

    def check(self, text: str, *, name: str = "", **options: Any) -> CheckedText:
        """Any text, such as another model's answer, held against the documents statement by
        statement: supported, computed, partly, contradicted or unsupported, with the quotes that
        tell. It may be plain or in Markdown; `name` is what it is called in reports.

        `options` are those of `check_file`, without `password`. Raises DocumentNotFound when no
        document is in the scope, and ModelNotFound.
        """
        return self._session.check(texts.of_text(text), name=name, **options)

    def check_file(
        self,
        path: str | Path,
        *,
        scope: Scope | None = None,
        password: str | None = None,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
        cancel: threading.Event | None = None,
    ) -> CheckedText:
        """A file, in any format that can be taken in, checked as `check` does a text; it is not
        taken in, and nothing of it is kept.

        Each statement is searched for in all documents, or in those of a `scope`, and never in the
        file itself. `progress` hears how many statements of how many are done; setting `cancel`
        ends the check soon, with those. Raises Unreadable, and what `check` raises.
        """
        path = Path(path).expanduser()
        document = texts.of_file(path, password=password)
        return self._session.check(
            document, name=path.name, scope=scope, progress=progress, cancel=cancel
        )

    @property
    def conversations(self) -> Conversations:
        """The stored chats of this knowledge base."""
        return self._session.chats.stored

    def unkept(self, conversation: str) -> list[Turn]:
        """The answers of a conversation that could not be kept, because the disk is full or the
        chats are damaged. They are known to this object alone, and kept as soon as they can be."""
        return self._session.chats.unkept(conversation)

    # -- models ----------------------------------------------------------------------------------

    @property
    def made_with(self) -> str | None:
        """The name of the embedding model that its vectors are of; None while nothing was ever
        added."""
        name: str | None = self._header.recorded().get("embedder")
        return name

    def follow(self, settings: Settings, *, model: ChatModel | None = None) -> None:
        """Go on with the models that these settings name, without being opened anew.

        The chat model, or `model` in its place, is used from the next question on, and is loaded
        anew where the settings are the same; the one before is freed when the answers that it is at
        are done. So is the entailment model, where another one is named. The embedding model is
        taken where nothing was ever added: else `reindex` changes it. The folder stays, whatever
        they say.
        """
        with self._lock:
            before, self.settings = self.settings, settings
            if settings.entailment != before.entailment:
                self._entailment = None  # the other one is opened when it is asked
        self._collection.follow(settings)
        other = settings.model_copy(update={"embedder": before.embedder})
        if model is not None or settings.embedder == before.embedder or other != before:
            self._session.follow(settings, model=model)

    @property
    def embedder(self) -> Embedder:
        """The embedding model. Raises ModelNotFound."""
        return self._header.embedder()

    @property
    def model(self) -> ChatModel | None:
        """The chat model, loaded at the first use; None where the settings name none, or where it
        cannot be used: then `model_problem` says why, and answers are quotes."""
        return self._session.models.now.get()

    @property
    def model_problem(self) -> ModelError | None:
        """Why there is no chat model, or None."""
        return self._session.models.now.problem

    def try_judge(
        self,
        *,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
        cancel: threading.Event | None = None,
    ) -> "Trial | None":
        """Try the chat model on statements whose truth is known, which takes it a minute or some.

        Where it tells true ones from false ones, it is asked from then on, on this machine, about
        those statements of its replies that the check is unsure of. None where `cancel` ended it.
        Raises UsageError where there is no chat model, and ModelError.
        """
        from quire.answering import judge_trial  # noqa: PLC0415  seldom used

        if problem := self.model_problem:
            raise problem
        return judge_trial.run(self.model, settings=self.settings, progress=progress, cancel=cancel)

    def _reads_together(self) -> Entailment | None:
        """The model that reads statements beside their sources, or None."""
        with self._lock:
            if self._entailment is None:
                found = opening.entailment_or_why_not(self.settings)
                if problem_of(found) is not None:
                    return found  # looked for again by the next question: it may be got meanwhile
                self._entailment = found
            return self._entailment

    def _search(self) -> Retriever | None:
        """What searches, another one after another process has embedded the documents anew; None
        while nothing was ever added."""
        recorded = self._header.recorded()
        with self._lock:
            index = self._collection.index(recorded)
            if index is None:
                return None
            if self._retriever is None or self._retriever.index is not index:
                self._retriever = Retriever(
                    self._catalog,
                    index,
                    embedder=self._header.embedder_in_use(),
                    reading=recorded["reading"],
                    crossing=recorded.get("crossing", 0.0),
                    reranker=self._reranker or opening.reranker(self.settings),
                )
            return self._retriever


def _answer(stream: Iterator[str | Answer]) -> Answer:
    for piece in stream:
        if isinstance(piece, Answer):
            return piece
    raise AssertionError("a stream ends in an answer")
