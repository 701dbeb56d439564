"""Quire inside LangChain: its search, its store, its embeddings and its chat models.

    from quire import KnowledgeBase
    from quire.langchain import QuireRetriever

    with KnowledgeBase.open("notes") as kb:
        retriever = QuireRetriever(kb=kb, k=4)
        for document in retriever.invoke("When does the lease end?"):
            print(document.metadata["document"], document.metadata["page"], document.page_content)

docs/langchain.md shows each. What closes the knowledge base closes them all.
"""

from quire.answering.langchain_model import QuireChatModel
from quire.langchain.embeddings import QuireEmbeddings
from quire.langchain.retriever import QuireRetriever
from quire.langchain.vector_store import QuireVectorStore

__all__ = ["QuireChatModel", "QuireEmbeddings", "QuireRetriever", "QuireVectorStore"]
