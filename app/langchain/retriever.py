"""Quire's search as a LangChain retriever."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from quire.indexes.scope import Scope
from quire.knowledge_base import KnowledgeBase
from quire.langchain import found
from quire.search.query import Mode


class QuireRetriever(BaseRetriever):
    """The best chunks for a question, each with its place in the metadata; see `found.place`.

    `k`, `mode` and `scope` are those of `KnowledgeBase.search`, and may be given with a call
    instead. With `boxes` the metadata also tells where on its page a chunk stands, which opens the
    file: some 50 ms each.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kb: KnowledgeBase
    k: int = 8
    mode: Mode = "hybrid"
    scope: Scope | None = None
    boxes: bool = False

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  one call, nothing to tell
        **options: Any,
    ) -> list[Document]:
        chosen = {"k": self.k, "mode": self.mode, "scope": self.scope, "boxes": self.boxes}
        if unknown := options.keys() - chosen.keys():
            raise TypeError(f"A QuireRetriever knows no {', '.join(sorted(unknown))}.")
        searched = chosen | options
        boxes = searched.pop("boxes")
        return found.documents(self.kb.search(query, **searched), self.kb, boxes=boxes)
