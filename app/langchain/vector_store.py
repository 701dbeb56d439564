"""A knowledge base as a LangChain vector store.

What is added is a document of the knowledge base like any other: committed in one transaction,
searched beside the files, listed, shown, exported, removed and overwritten with them.
"""

import glob
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from quire.errors import DocumentNotFound, UsageError
from quire.indexes.scope import Scope
from quire.ingest.loaders.formats import GIVEN
from quire.ingest.loaders.given import GivenText
from quire.knowledge_base import KnowledgeBase
from quire.langchain import found
from quire.langchain.embeddings import QuireEmbeddings
from quire.records import Document as Source
from quire.records import Hit, Pages
from quire.search.query import Mode

Filter = Scope | Mapping[str, Any] | Callable[[dict[str, Any]], bool]
"""A scope; values that the metadata has; or what says of the metadata whether it fits."""

_DEEPEST = 1_000  # hits looked through, where long texts have many of the best


class QuireVectorStore(VectorStore):
    """The documents of a knowledge base, searched by meaning and by words together.

    A text that was added comes back as it was added: all of it, with its own metadata and id. A
    chunk of a file comes with its place in the metadata; see `found.place`. Of files that say the
    same one is found, of texts that were added each.
    """

    def __init__(self, kb: KnowledgeBase, *, mode: Mode = "hybrid") -> None:
        self.kb = kb
        self.mode = mode
        self._given: dict[str, GivenText] = {}  # by document, for filters

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model of the knowledge base."""
        return QuireEmbeddings(self.kb.embedder)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        kb: KnowledgeBase | None = None,
        **kwargs: Any,
    ) -> Self:
        """The store of `kb`, which is to be given, with these texts added. A knowledge base has an
        embedding model of its own, with which all of it is embedded. Raises UsageError for another
        one, and without a knowledge base."""
        if kb is None:
            raise UsageError(
                "Say which knowledge base to add the texts to.", hint="kb=KnowledgeBase.open(path)"
            )
        if embedding is not None and not isinstance(embedding, QuireEmbeddings):
            raise UsageError(
                "A knowledge base embeds with the model that it was made with, and not with "
                f"{type(embedding).__name__}.",
                hint="Open it with KnowledgeBase.open(path, embedder=…), and leave embedding out.",
            )
        store = cls(kb, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts and return their ids, new ones where none are given. A text whose id is there
        takes its place.

        Raises UsageError, once all others are added, for those that were not taken in.
        """
        if kwargs:
            raise TypeError(f"Not supported: {', '.join(sorted(kwargs))}")
        said = list(texts)
        for given, what in ((metadatas, "metadatas"), (ids, "ids")):
            if given is not None and len(given) != len(said):
                raise ValueError(f"There are {len(said)} texts, and {len(given)} {what}.")
        named = [id_ or str(uuid.uuid4()) for id_ in ids or [None] * len(said)]
        added = [
            GivenText(id_, text, metadata)
            for id_, text, metadata in zip(named, said, metadatas or [{}] * len(said), strict=True)
        ]
        report = self.kb.add_texts(added)
        if refused := (*report.failed, *report.skipped):
            raise UsageError(
                f"Of {len(said)} texts {len(refused)} were not taken in: "
                + "; ".join(f"{each.path} ({each.reason})" for each in refused[:5])
            )
        return named

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Remove texts that were added, and documents, by their ids; those that are not there need
        not be. `KnowledgeBase.compact` then overwrites them.

        Raises UsageError without ids, and for the id of a place in a file.
        """
        if kwargs:
            raise TypeError(f"Not supported: {', '.join(sorted(kwargs))}")
        if ids is None:
            raise UsageError("Say which texts to delete, by their ids.")
        given = self.kb.given_texts(ids)
        gone = {source.id for source, _ in given}
        sources = {source.id for source in self.kb.documents()}
        for id_ in {*ids} - {text.id for _, text in given}:
            place = found.place_of(id_)
            if place and place[0] in sources:
                raise UsageError(
                    f"{id_} is a place in a file, which cannot be deleted alone.",
                    hint=f"Delete the document: {place[0]}",
                )
            gone |= {id_} & sources
        if gone:
            self.kb.remove(sorted(gone))
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The texts of these ids, in their order, and the places that a search has found."""
        given: dict[str, Document] = {}
        for _, text in self.kb.given_texts(ids):
            given.setdefault(text.id, _as_given(text))
        sources = {source.id: source for source in self.kb.documents()}
        places = {
            id_: document
            for id_ in ids
            if id_ not in given and (document := self._at(id_, sources))
        }
        return [each for id_ in ids if (each := given.get(id_) or places.get(id_))]

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filter | None = None,  # noqa: A002  the name LangChain uses
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` best texts for a question, the best first; see `similarity_search_with_score`."""
        return [
            document
            for document, _ in self.similarity_search_with_score(query, k, filter=filter, **kwargs)
        ]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filter | None = None,  # noqa: A002  the name LangChain uses
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The `k` best texts with their scores, the best first; a higher score is better, and
        scores of different questions are not to be compared.

        The filter is applied inside the search: `k` are found where as many fit.
        """
        if kwargs:
            raise TypeError(f"Not supported: {', '.join(sorted(kwargs))}")
        return [(document, hit.score) for document, hit in self._found(query, k, filter)]

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The cosine to the question, which alone is from 0 to 1; 0 where only words led there."""
        least = kwargs.pop("score_threshold", None)
        there = self._found(query, k, kwargs.pop("filter", None))
        if kwargs:
            raise TypeError(f"Not supported: {', '.join(sorted(kwargs))}")
        scored = [(document, _cosine(hit)) for document, hit in there]
        return [each for each in scored if least is None or each[1] >= least]

    def _found(self, query: str, k: int, kept: Filter | None) -> list[tuple[Document, Hit]]:
        """The best texts with their hits; of each text that was added only the best hit, and
        behind it the others that say the same."""
        scope = self._scope(kept)
        if scope is _NOTHING:
            return []
        most = k
        while True:
            try:
                hits = self.kb.search(query, k=most, mode=self.mode, scope=scope)
            except DocumentNotFound:  # nothing is in the scope
                return []
            best: dict[str, tuple[Document, Hit]] = {}
            for hit in hits:
                if text := self.kb.given_text(hit.document):
                    best.setdefault(text.id, (_as_given(text), hit))
                else:
                    (place,) = found.documents([hit], self.kb, boxes=False)
                    best.setdefault(str(place.id), (place, hit))
                for same in hit.duplicates:
                    if text := self.kb.given_text(same.document):
                        best.setdefault(text.id, (_as_given(text), hit))
            if len(best) >= k or len(hits) < most or most >= _DEEPEST:
                return list(best.values())[:k]
            most *= 4

    def _scope(self, kept: Filter | None) -> Scope | None:
        """The documents whose metadata fit, as a scope."""
        if kept is None or isinstance(kept, Scope):
            return kept
        fits = kept if callable(kept) else _having(kept)
        sources = self.kb.documents()
        # A text that was given never changes: what was read of it once holds.
        self._given = {
            source.id: text
            for source in sources
            if source.media_type == GIVEN
            and (text := self._given.get(source.id) or self.kb.given_text(source))
        }
        chosen = [source for source in sources if fits(self._metadata(source))]
        # A path may hold what is a pattern in a scope.
        return Scope(file=[glob.escape(source.uri) for source in chosen]) if chosen else _NOTHING

    def _metadata(self, source: Source) -> dict[str, Any]:
        text = self._given.get(source.id)
        return dict(text.metadata) if text else found.about(source)

    def _at(self, place_id: str, sources: Mapping[str, Source]) -> Document | None:
        """What stands at a place of one of the `sources`, if it is there."""
        place = found.place_of(place_id)
        if place is None or place[0] not in sources:
            return None
        document_id, start, end = place
        pages = Pages.of(self.kb.pages(sources[document_id]))
        text = pages.text[start:end]
        if not text:
            return None
        metadata = found.place(sources[document_id], pages.span(start, end))
        return Document(page_content=text, metadata=metadata, id=place_id)


_NOTHING = Scope(file="")


def _as_given(text: GivenText) -> Document:
    return Document(page_content=text.text, metadata=dict(text.metadata), id=text.id)


def _having(values: Mapping[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Whether metadata has all of these values; of a list, on either side, one will do."""

    def fits(metadata: dict[str, Any]) -> bool:
        return all(_is(metadata.get(name), value) for name, value in values.items())

    return fits


def _is(has: Any, wanted: Any) -> bool:
    if isinstance(wanted, list | tuple | set):
        return any(_is(has, each) for each in wanted)
    return has == wanted or (isinstance(has, list) and wanted in has)


def _cosine(hit: Hit) -> float:
    return min(1.0, max(0.0, hit.scores.get("dense", 0.0)))
