"""Search over one knowledge base: questions are read here, and searched for in a `Snapshot`."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from quire.indexes import documents
from quire.indexes.catalog import Catalog
from quire.indexes.scope import Scope, select
from quire.models.protocols import Embedder, Reranker, embed_questions
from quire.models.reading import can_read, crosses
from quire.records import Document, Hit
from quire.search import question_parts
from quire.search.query import Leg, Mode, Query, checked_question
from quire.search.recent import RecentVectors
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
        self.recent = RecentVectors(embedder)
        """Embeds the sentences of what was found."""
        self.index = index
        """What is searched."""
        self._catalog = catalog
        self._reading = reading
        self._crosses = crosses(crossing)
        self._reranker = reranker

    def reads(self, language: str) -> bool:
        """Whether the embedder can read a language."""
        return can_read(self._reading, language)

    def reads_text(self, text: str) -> bool:
        """Whether the embedder can read the language of a text."""
        return self.reads(languages.detect(text))

    def query(self, question: str, *, mode: Mode = "hybrid") -> Query:
        """A question made ready to be searched for, and embedded.

        A leg that cannot read its language takes no part: an English embedder ranks Chinese almost
        at random and would drown the leg that works. Raises UsageError for an empty question.
        """
        query = self._read(question, mode=mode)
        if "dense" not in query.legs:
            return query
        return dataclasses.replace(query, vector=self.embedder.embed_question(query.subject))

    def statements(self, texts: Sequence[str]) -> list[Query]:
        """Statements made ready to be searched for, and embedded together. Raises UsageError for an
        empty one."""
        queries = [self._read(text, mode="hybrid", asks=False) for text in texts]
        dense = [at for at, query in enumerate(queries) if "dense" in query.legs]
        vectors = embed_questions(self.embedder, [queries[at].subject for at in dense])
        for at, vector in zip(dense, vectors, strict=True):
            queries[at] = dataclasses.replace(queries[at], vector=vector)
        return queries

    def _read(self, question: str, *, mode: Mode, asks: bool = True) -> Query:
        """A question that is not embedded yet. What does not ask has no part that says where to
        look."""
        text = checked_question(question)
        said = question_parts.parse(text) if asks else None
        subject = said.subject if said else text
        language = languages.detect(text)
        legs: tuple[Leg, ...]
        if mode != "hybrid":
            legs = (mode,)
        else:
            legs = ("dense", "lexical") if self.reads(language) else ("lexical",)
        return Query(
            text=text,
            subject=subject,
            source=said.source if said else "",
            language=language,
            tongue=languages.identify(subject),
            mode=mode,
            legs=legs,
            vector=None,
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
