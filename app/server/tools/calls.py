"""The tools themselves: what the command line has, for an agent. All of them only read."""

import asyncio
import base64
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, ImageContent, TextContent
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from quire.answering.question import Question
from quire.checked import ORDER, CheckedStatement, CheckedText
from quire.errors import PageNotFound
from quire.indexes.scope import Scope
from quire.records import Answer, Citation, Document, Pages, Passage, Sentence
from quire.reports import wording
from quire.server import addresses, limits
from quire.server.answering import Answering, Pieces, asking, checking
from quire.server.marked_text import MarkedText, Marking
from quire.server.served import Base, Served
from quire.server.tools import forms, places

_TICK = 5.0  # seconds between two notices that a tool is still at work
_QUOTES = 3  # shown under a statement in text
_NEAREST = 200  # characters shown of the place that comes closest to it

Kb = Annotated[
    str | None,
    Field(max_length=200, description="The name of a knowledge base; without one, the first."),
]
Files = Annotated[
    list[Annotated[str, Field(max_length=4096)]],
    Field(max_length=100, description="Only in these files: names, or patterns such as *.pdf."),
]
_Text = Annotated[str, Field(min_length=1, max_length=limits.QUESTION_CHARACTERS)]
_Id = Annotated[str, Field(min_length=1, max_length=4200)]


class Calls:
    """The tools of what is served, as methods; each docstring is what an agent is told of it."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def search(
        self,
        ctx: Context[Any, Any],
        query: Annotated[_Text, Field(description="What is looked for, in any words.")],
        k: Annotated[int, Field(ge=1, le=50, description="How many places at most.")] = 8,
        files: Files = [],  # noqa: B006  a schema's default, which nothing changes
        kb: Kb = None,
    ) -> forms.SearchResults:
        """Search the documents by meaning and by words, in English and Chinese.

        Gives the best places with their text, document and page. Use fetch with an id to read
        what stands around one, and page_image to see its page.
        """
        link = self._link(ctx, kb)
        hits = link.base.base.search(query, k=k, scope=Scope(file=files) or None)
        return forms.SearchResults(
            results=[
                link.found(
                    hit.document,
                    page=hit.chunk.span.page_first,
                    start=hit.chunk.span.start,
                    end=hit.chunk.span.end,
                    text=hit.chunk.text,
                )
                for hit in hits
            ]
        )

    def fetch(
        self,
        ctx: Context[Any, Any],
        id: Annotated[  # noqa: A002  the name that clients know
            _Id, Field(description="An id that another tool gave, or the name of a document.")
        ],
        kb: Kb = None,
    ) -> forms.Fetched:
        """Read the whole page or pages that a place stands on, or a document from its beginning.

        Long texts come in parts: metadata.next is the id of the part that follows.
        """
        link = self._link(ctx, kb)
        reference, place = places.read(id)
        document = link.base.base.document(reference)
        found = places.around(Pages.of(link.base.base.pages(document)), place)
        metadata = {
            "document": document.name,
            "document_id": document.id,
            "characters": f"{found.start}-{found.end} of {found.length}",
            "language": document.language,
            "modified": document.modified,
        }
        if found.page_first is not None:
            metadata["pages"] = f"{found.page_first}-{found.page_last} of {document.pages}"
        if found.rest:
            metadata["next"] = document.id + found.rest
        return forms.Fetched(
            id=places.id_of(document, found.start, found.end),
            title=_title(document, found.page_first),
            text=found.text,
            url=link.address(document, found.page_first),
            metadata=metadata,
        )

    async def ask(
        self,
        ctx: Context[Any, Any],
        question: Annotated[_Text, Field(description="One question, complete in itself.")],
        files: Files = [],  # noqa: B006
        kb: Kb = None,
    ) -> Annotated[CallToolResult, forms.Asked]:
        """Answer a question from the documents, each statement checked and with its quotes.

        What the documents do not tell is said to be not found; nothing is made up. The answer is
        in the language of the question, and takes from seconds to minutes.
        """
        link = self._link(ctx, kb)
        asked = Question(question, store=False, scope=Scope(file=files) or None)
        answer = await self._waited(ctx, asking(link.base.base, asked))
        assert isinstance(answer, Answer)  # noqa: S101  that is what a question ends in
        text = MarkedText(question, Marking(sources=True), waits=True)
        for _ in text.hear(answer):
            pass
        refused = answer.refusal is not None
        return _result(
            text.text,
            forms.Asked(
                answer=text.text,
                status=answer.status,
                understood_as=answer.standalone_question,
                statements=[link.statement(each) for each in answer.sentences],
                nearest=[link.passage(each) for each in answer.passages if refused],
                notes=list(answer.notes),
            ),
        )

    async def check(
        self,
        ctx: Context[Any, Any],
        text: Annotated[
            str,
            Field(
                min_length=1,
                max_length=limits.CHECKED_CHARACTERS,
                description="A draft, a report or an answer, plain or in Markdown.",
            ),
        ],
        files: Files = [],  # noqa: B006
        kb: Kb = None,
    ) -> Annotated[CallToolResult, forms.Checked]:
        """Hold a text against the documents, statement by statement, before it is relied on.

        Each statement is supported, computed, partly supported, contradicted (with what the
        document says) or not found. It takes some seconds for each.
        """
        link = self._link(ctx, kb)
        scope = Scope(file=files) or None
        checked = await self._waited(ctx, checking(link.base.base, text, scope=scope))
        assert isinstance(checked, CheckedText)  # noqa: S101  that is what a check ends in
        searched = checked.searched
        return _result(
            "\n".join(_report(checked)),
            forms.Checked(
                holds=checked.holds,
                counts={str(support): n for support, n in checked.counts.items()},
                statements=[link.checked(each) for each in checked.judged],
                left_out=checked.left_out,
                searched_documents=searched.documents,
                searched_passages=searched.passages,
                pages_without_text=searched.pages_without_text,
                notes=list(checked.notes),
            ),
        )

    def list_documents(
        self,
        contains: Annotated[
            str, Field(max_length=1000, description="Only those with this in their name or title.")
        ] = "",
        offset: Annotated[
            int, Field(ge=0, le=10_000_000, description="How many to pass over.")
        ] = 0,
        limit: Annotated[int, Field(ge=1, le=500, description="How many at most.")] = 100,
        kb: Kb = None,
    ) -> forms.DocumentList:
        """List the documents by name, with pages, language, date and tags."""
        wanted = contains.casefold()
        documents = [
            each
            for each in self._served.named(kb).base.documents()
            if wanted in each.name.casefold() or wanted in each.title.casefold()
        ]
        return forms.DocumentList(
            documents=[
                forms.Listed(
                    id=each.id,
                    name=each.name,
                    title=each.title,
                    pages=each.pages,
                    language=each.language,
                    modified=each.modified,
                    tags=list(each.tags),
                )
                for each in documents[offset : offset + limit]
            ],
            total=len(documents),
        )

    async def page_image(
        self,
        ctx: Context[Any, Any],
        id: Annotated[  # noqa: A002  as in fetch
            _Id, Field(description="An id that another tool gave, or the name of a document.")
        ],
        page: Annotated[
            int | None,
            Field(ge=1, le=1_000_000, description="The page; without one, that of the place."),
        ] = None,
        width: Annotated[
            int, Field(ge=64, le=limits.IMAGE_WIDTH, description="Points across the picture.")
        ] = 1000,
        kb: Kb = None,
    ) -> Annotated[CallToolResult, forms.PageImage]:
        """Show a page of a PDF or of a picture, with the place that the id names marked on it."""
        link = self._link(ctx, kb)
        async with self._served.drawing:
            return await run_in_threadpool(_drawn, link, id, page=page, width=width)

    def _link(self, ctx: Context[Any, Any], kb: str | None) -> "_Link":
        request = ctx.request_context.request
        root = None if request is None else str(request.base_url)
        return _Link(self._served.named(kb), root)

    async def _waited(self, ctx: Context[Any, Any], pieces: Pieces[Any]) -> Answer | CheckedText:
        """The end of an answer or a check. Meanwhile the client hears that it is at work, and when
        it gives up, so does the model."""
        gone = asyncio.Event()
        working = asyncio.create_task(_whole(self._served, pieces, gone))
        working.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is heard
        seconds = 0.0
        try:
            while not (await asyncio.wait({working}, timeout=_TICK))[0]:
                seconds += _TICK
                await ctx.report_progress(seconds)
        except asyncio.CancelledError:
            gone.set()
            raise
        return working.result()


async def _whole(served: Served, pieces: Pieces[Any], gone: asyncio.Event) -> Answer | CheckedText:
    answering = await Answering.begin(gone.wait, served, pieces)
    return await answering.whole()


class _Link:
    """Turns what a knowledge base gives into what tools give, with addresses."""

    def __init__(self, base: Base, root: str | None) -> None:
        self.base = base
        self._root = root

    def address(self, document: Document, page: int | None) -> str:
        if self._root is None:
            return addresses.on_disk(document, page)
        return addresses.on_server(self._root, self.base.name, document, page)

    def found(
        self, document: Document, *, page: int | None, start: int, end: int, text: str
    ) -> forms.Found:
        return forms.Found(
            id=places.id_of(document, start, end),
            title=_title(document, page),
            url=self.address(document, page),
            text=text,
            document=document.name,
            page=page,
        )

    def passage(self, passage: Passage) -> forms.Found:
        span = passage.span
        return self.found(
            passage.document,
            page=span.page_first,
            start=span.start,
            end=span.end,
            text=passage.text,
        )

    def cited(self, citations: Iterable[Citation]) -> list[forms.Cited]:
        return [
            forms.Cited(
                id=places.id_of(each.document, each.start, each.end),
                quote=each.quote,
                document=each.document.name,
                page=each.page,
                url=self.address(each.document, each.page),
            )
            for each in citations
        ]

    def statement(self, sentence: Sentence) -> forms.Statement:
        return forms.Statement(
            text=sentence.text,
            support=sentence.support,
            formula=sentence.formula,
            citations=self.cited(sentence.citations),
        )

    def checked(self, one: CheckedStatement) -> forms.CheckedStatement:
        return forms.CheckedStatement(
            **self.statement(one.sentence).model_dump(),
            start=one.start,
            end=one.end,
            nowhere=list(one.nowhere),
            nearest=[self.passage(each) for each in one.nearest],
        )


def _drawn(link: _Link, id_: str, *, page: int | None, width: int) -> CallToolResult:
    base = link.base.base
    reference, place = places.read(id_)
    document = base.document(reference)
    number = page or _page_of(Pages.of(base.pages(document)), place)
    if number is None:
        raise PageNotFound(
            f"{document.name} has no pages that can be drawn.", hint="Read it with fetch."
        )
    marks = [] if place is None or place[1] is None else [(place[0], place[1])]
    png = base.page_image(document.id, number, marks=marks, width=width)
    picture = ImageContent(
        type="image", data=base64.b64encode(png).decode("ascii"), mime_type="image/png"
    )
    shown = forms.PageImage(
        document=document.name,
        page=number,
        width=int.from_bytes(png[16:20]),  # where a PNG has them
        height=int.from_bytes(png[20:24]),
        url=link.address(document, number),
    )
    return CallToolResult(content=[picture], structured_content=shown.model_dump())


def _result(text: str, structured: BaseModel) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured.model_dump()
    )


def _title(document: Document, page: int | None) -> str:
    name = document.title or document.name
    return name if page is None else f"{name}, p. {page}"


def _page_of(pages: Pages, place: places.Place | None) -> int | None:
    """The page on which a place begins; without one, the first."""
    start = place[0] if place else 0
    before = [
        number for number, begin in zip(pages.numbers, pages.starts, strict=True) if begin <= start
    ]
    return before[-1] if before else None


def _report(checked: CheckedText) -> Iterator[str]:
    """The verdicts in the language of the text, what needs a look first."""
    words = wording.wording(checked.text)
    yield from wording.summary(checked, words)
    for support in ORDER:
        for one in checked.judged:
            if one.support != support:
                continue
            yield f"- [{words.verdicts[support]}] {one.text}"
            if one.sentence.formula:
                yield f"  {words.computed}: {one.sentence.formula}"
            for citation in one.citations[:_QUOTES]:
                yield f"  {wording.place(citation, words)}: “{citation.quote}”"
            if one.nowhere:
                yield f"  {words.nowhere.format(words=words.between.join(one.nowhere))}"
            for passage in one.nearest[:1]:
                yield f"  {words.nearest}: {passage.document.name}: {passage.text[:_NEAREST]}"
