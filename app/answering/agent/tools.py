"""What an agent may call: six tools, all of which only read.

What they give is quotes of the documents, each behind the number under which it can be cited, in
the form that sources have in every prompt: it is data, whatever it says.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from langchain_core.tools import BaseTool, StructuredTool

from quire.answering import evidence, tabulating
from quire.answering.agent import calculator
from quire.answering.agent.notebook import Notebook
from quire.errors import DocumentNotFound, UsageError
from quire.indexes import documents
from quire.indexes.scope import Scope
from quire.models.protocols import Entailment
from quire.records import Document, Hit, Passage, Sentence
from quire.search.passages import context
from quire.search.retriever import Retriever
from quire.search.snapshot import Snapshot
from quire.verification import Claim, ReplyCheck

NAMES = ("search", "read_page", "list_documents", "table_query", "calculate", "check")
_SEARCHED, _HITS, _PASSAGES = 24, 8, 5
_LISTED = 60  # documents named at once
_NOTHING = "Nothing was found. Try other words, or say that the documents do not tell."


class Desk:
    """The tools over one knowledge base, confined to a scope; what they show is noted in
    `notebook`."""

    def __init__(
        self,
        retriever: Retriever,
        *,
        notebook: Notebook,
        scope: Scope | None,
        entailment: Entailment | None,
    ) -> None:
        self._retriever = retriever
        self._notebook = notebook
        self._scope = scope
        self._entailment = entailment

    def tools(self) -> list[BaseTool]:
        """All six, as LangChain knows tools."""
        return [
            StructuredTool.from_function(_told(getattr(self, name)), name=name) for name in NAMES
        ]

    def search(
        self, text: Annotated[str, "What to look for, in a few words or as a question."]
    ) -> str:
        """Find passages of the documents by meaning and by words."""
        with self._retriever.snapshot() as snapshot:
            passages = self._found(text, snapshot)
        return self._notebook.quoted(passages) or _NOTHING

    def read_page(
        self,
        document: Annotated[str, "The name of the document."],
        page: Annotated[int, "The number of the page, from 1; 1 for a document without pages."] = 1,
    ) -> str:
        """Read one page of a document, or the beginning of one without pages."""
        found = self._document(document)
        with self._retriever.snapshot() as snapshot:
            chunks = documents.chunks_of(snapshot.connection, found.id)
            if found.pages is not None:
                if not 1 <= page <= found.pages:
                    raise UsageError(f"{found.name} has pages 1 to {found.pages}.")
                chunks = [chunk for chunk in chunks if chunk.span.is_on(page)]
            hits = [Hit(at, found, chunk, 0.0, {}) for at, chunk in enumerate(chunks[:30], start=1)]
            passages = snapshot.passages(hits)
        return self._notebook.quoted(passages) or "There is no text on this page."

    def list_documents(
        self, containing: Annotated[str, "A part of the name; empty for all documents."] = ""
    ) -> str:
        """List the documents there are: name, pages and language."""
        found = self._retriever.documents(self._scope)
        wanted = containing.casefold()
        named = [each for each in found if wanted in f"{each.name} {each.title}".casefold()]
        lines = [f"{len(named)} documents:", *map(_listed, named[:_LISTED])]
        if len(named) > _LISTED:
            lines.append(f"… and {len(named) - _LISTED} more; name a part of the one you want.")
        return self._notebook.told("\n".join(lines))

    def table_query(
        self,
        question: Annotated[str, "A question to a table: a cell, a count, a sum, the highest."],
    ) -> str:
        """Ask the tables of the documents for a row, a count, a sum, an average or an extreme; all
        rows are counted."""
        query = self._retriever.query(question)
        with self._retriever.snapshot() as snapshot:
            passages = self._found(question, snapshot)
            found = evidence.find(
                query,
                passages,
                information=snapshot.information(query),
                embedder=self._retriever.embedder,
            )
            tabled = tabulating.answer(query.subject, query.language, passages, found, snapshot)
        if tabled is None or not tabled.shown.sentences:
            return "No table answers this by itself. Search for it, or read the page."
        lines = [
            sentence.text + "".join(f"[{number}]" for number in self._numbers(sentence, passages))
            for sentence in tabled.shown.sentences
        ]
        return self._notebook.told("\n".join(lines))

    def calculate(
        self, expression: Annotated[str, "Numbers, + - * / ^ % and brackets: (12 + 8) * 1.5"]
    ) -> str:
        """Work out a sum exactly."""
        return f"{expression.strip()} = {calculator.calculate(expression)}"

    def check(
        self, statement: Annotated[str, "One sentence that the documents may or may not say."]
    ) -> str:
        """Tell whether the documents support a statement, contradict it, or do not tell."""
        with self._retriever.snapshot() as snapshot:
            passages = self._found(statement, snapshot)
        if not passages:
            return _NOTHING
        verdict = ReplyCheck(passages, model=self._entailment, question=statement).verdict(
            Claim(statement, statement, "sentence")
        )
        there = {passage.label: passage for passage in passages}
        quotes = [
            f"[{self._notebook.numbered(there[cited.label]).label}] {cited.quote}"
            for cited in verdict.citations
        ]
        return self._notebook.told("\n".join([f"It is {verdict.support}.", *quotes]))

    def _numbers(self, sentence: Sentence, passages: Sequence[Passage]) -> list[int]:
        """The numbers of the passages that a sentence rests on."""
        there = {passage.label: passage for passage in passages}
        return [
            self._notebook.numbered(there[label]).label
            for label in sentence.labels
            if label in there
        ]

    def _found(self, text: str, snapshot: Snapshot) -> list[Passage]:
        query = self._retriever.query(text)
        near = snapshot.search(query, k=_SEARCHED, scope=self._scope)
        return snapshot.passages(context(near, most=_HITS, passages=_PASSAGES))

    def _document(self, name: str) -> Document:
        """The document of this name, or the only one whose name holds it."""
        found = self._retriever.documents(self._scope)
        wanted = name.casefold().strip()
        exact = [each for each in found if wanted in (each.name.casefold(), each.id)]
        near = exact or [each for each in found if wanted and wanted in each.name.casefold()]
        if len(near) == 1:
            return near[0]
        known = ", ".join(each.name for each in (near or found)[:20])
        raise DocumentNotFound(f"There is no document {name!r}. There are: {known}")


def _told(function: Callable[..., str]) -> Callable[..., str]:
    """A tool whose errors are what it gives: the model can do better then."""

    @functools.wraps(function)
    def run(**arguments: Any) -> str:
        try:
            return function(**arguments)
        except (DocumentNotFound, UsageError) as error:
            return error.told

    return run


def _listed(document: Document) -> str:
    pages = f", {document.pages} pages" if document.pages else ""
    return f"- {document.name}{pages}, {document.language}"
