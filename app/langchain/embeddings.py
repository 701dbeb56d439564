"""The embedding model of a knowledge base as LangChain knows one."""

from langchain_core.embeddings import Embeddings

from quire.errors import UsageError
from quire.models.protocols import Embedder


class QuireEmbeddings(Embeddings):
    """An `Embedder` of Quire, such as `kb.embedder`, as LangChain's `Embeddings`. Passages and
    questions are embedded as the model wants each; vectors have unit length."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of what is searched. Raises UsageError for a text that is longer than the model
        reads: of one that is cut, nobody would know."""
        lengths = self.embedder.count_tokens(texts)
        longest = max(lengths, default=0)
        if longest > self.embedder.max_tokens:
            raise UsageError(
                f"Text {lengths.index(longest) + 1} has {longest:,} tokens, and the model "
                f"{self.embedder.name} reads {self.embedder.max_tokens:,}.",
                hint="Cut it into shorter ones, or add it to a QuireVectorStore, which does so.",
            )
        if not texts:
            return []
        return [[*map(float, row)] for row in self.embedder.embed_passages(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of what is asked."""
        return [*map(float, self.embedder.embed_question(text))]
