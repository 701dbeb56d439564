"""Search over one knowledge base: questions are read here, and searched for in a `Snapshot`."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quire.indexes import documents
from quire.indexes.catalog import Catalog
from quire.indexes.scope import Scope, select
from quire.models.protocols import Embedder, Reranker
from quire.models.reading import can_read, crosses
from quire.records import Document, Hit
from quire.search import question_parts
from quire.search.query import Leg, Mode, Query, checked_question
from quire.search.snapshot import Snapshot
from quire.text import languages

if TYPE_CHECKING:  # loads FAISS
    from quire.indexes.index import Index


class Retriever:
    """Search over one knowledge base. Safe to use from several threads."""

    def __init__(
        self,
        catalog: Catalog,
        index: "Index",
        *,
        embedder: Embedder,
        reading: dict[str, float],
        crossing: float = 0.0,
        reranker: Reranker | None = None,
    ) -> None:
        self.embedder = embedder
        """The model that embeds questions."""
        self.index = index
        """What is searched."""
        self._catalog = catalog
        self._reading = reading
        self._crosses = crosses(crossing)
        self._reranker = reranker

    def reads(self, language: str) -> bool:
        """Whether the embedder can read a language."""
        return can_read(self._reading, language)

    def query(self, question: str, *, mode: Mode = "hybrid") -> Query:
        """A question made ready to be searched for, and embedded.

        A leg that cannot read its language takes no part: an English embedder ranks Chinese almost
        at random and would drown the leg that works. Raises UsageError for an empty question.
        """
        text = checked_question(question)
        said = question_parts.parse(text)
        language = languages.detect(text)
        legs: tuple[Leg, ...]
        if mode != "hybrid":
            legs = (mode,)
        else:
            legs = ("dense", "lexical") if self.reads(language) else ("lexical",)
        return Query(
            text=text,
            subject=said.subject,
            source=said.source,
            language=language,
            tongue=languages.identify(said.subject),
            mode=mode,
            legs=legs,
            vector=self.embedder.embed_question(said.subject) if "dense" in legs else None,
        )

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One state of the catalog, until the block ends: what is searched, read and counted there
        agrees, whatever is added or removed meanwhile."""
        with self._catalog.reading() as connection:
            yield Snapshot(connection, self.index, reranker=self._reranker, crosses=self._crosses)

    def documents(self, scope: Scope | None = None) -> list[Document]:
        """All documents, or those in a scope. Raises DocumentNotFound when there are none in it."""
        with self._catalog.reading() as connection:
            found = documents.all_documents(connection)
            if not scope:
                return found
            within = set(select(connection, scope).documents)
        return [document for document in found if document.id in within]

    def search(
        self, question: str, *, k: int, mode: Mode = "hybrid", scope: Scope | None = None
    ) -> list[Hit]:
        """The `k` best chunks for a question; see `Snapshot.search`."""
        query = self.query(question, mode=mode)
        with self.snapshot() as snapshot:
            return snapshot.search(query, k=k, scope=scope)
