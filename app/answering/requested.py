"""The answer to a request: what Quire says of itself and its collection, or does with a document.

    Asked, Request -> text, Answer

No chat model reads for it, but for a summary. What documents say is quoted as in any answer; what
Quire knows of them, their number and their dates, has no quote.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quire.answering import evidence
from quire.answering.question import Asked
from quire.answering.quoting import joined
from quire.conversations.store import new_id
from quire.indexes import documents as rows
from quire.indexes.scope import select
from quire.records import (
    Answer,
    Chunk,
    Citation,
    Document,
    Hit,
    PageText,
    Passage,
    Sentence,
    Status,
    Timings,
    Usage,
)
from quire.requests import comparing, telling
from quire.requests.comparing import Place
from quire.requests.detect import Request
from quire.search.passages import join_neighbours
from quire.search.retriever import Retriever
from quire.search.snapshot import Snapshot

if TYPE_CHECKING:
    from quire.answering.summaries import Summary

Summarize = Callable[[Document, Sequence[Chunk], tuple[PageText, ...], int], "Summary"]

_SUMMARY = 7  # sentences of a summary for which no number was asked
_SEARCHED = 60  # chunks among which documents on a subject are looked for
_QUOTED = 5  # documents on a subject that are quoted
_BEARS = 0.5  # share of a subject's information that a passage which bears on it has
_PAIRS, _ONLY = 8, 3  # shown of a comparison: pairs, and statements of one document alone


@dataclass(frozen=True, slots=True)
class _Told:
    """What a request comes to."""

    text: str = ""
    status: Status = "answered"
    sentences: tuple[Sentence, ...] = ()
    passages: tuple[Passage, ...] = ()
    listed: tuple[Document, ...] = ()
    notes: tuple[str, ...] = ()
    model: str | None = None
    sent_to: str | None = None


def answer(
    asked: Asked, request: Request, *, retriever: Retriever | None, summarize: Summarize
) -> Iterator[str | Answer]:
    """The text, and then the answer. `retriever` is None while nothing was ever added.

    Raises DocumentNotFound when no document is in the scope of what is asked.
    """
    if retriever is None:
        told = _of_documents(request, [], all_=0)
    else:
        with retriever.snapshot() as snapshot:
            told = _told(asked, request, retriever, snapshot, summarize)
    text = joined(told.sentences, request.language) if told.sentences else told.text
    yield text
    yield Answer(
        id=new_id(),
        conversation=asked.conversation,
        question=asked.text,
        standalone_question=asked.text,
        status=told.status,
        text=text,
        sentences=told.sentences,
        passages=told.passages,
        model=told.model,
        usage=Usage(),
        timings=Timings(asked.elapsed_ms, None, asked.elapsed_ms),
        notes=told.notes,
        sent_to=told.sent_to,
        request=request.kind,
        listed=told.listed,
    )


def _told(
    asked: Asked,
    request: Request,
    retriever: Retriever,
    snapshot: Snapshot,
    summarize: Summarize,
) -> _Told:
    every = rows.all_documents(snapshot.connection)
    within = every
    if asked.scope:
        chosen = set(select(snapshot.connection, asked.scope).documents)
        within = [document for document in every if document.id in chosen]
    if request.kind == "about":
        return _about(asked, request, retriever, snapshot, len(within))
    named = [named.one for named in request.named]
    if request.kind == "summary" and (request.everything or None not in named):
        return _summary(request, within, snapshot, summarize)
    if request.kind == "compare" and _two(request):
        return _comparison(request, retriever, snapshot)
    return _of_documents(request, within, all_=len(every))


def _of_documents(request: Request, documents: Sequence[Document], *, all_: int) -> _Told:
    """What is known of the documents without looking into them."""
    language = request.language
    if request.suffixes:
        documents = [d for d in documents if d.name.lower().endswith(request.suffixes)]
    match request.kind:
        case "greeting" | "thanks" | "bye" | "who":
            return _Told(telling.quire(request, documents=all_))
        case "cannot":
            return _Told(telling.cannot(request), "not_found")
        case "count":
            return _Told(telling.count(request, documents, all_=all_))
        case "list":
            listed = tuple(documents[: telling.LISTED])
            return _Told(telling.listing(request, documents, all_=all_), listed=listed)
        case "first" if documents:
            ordered = telling.ordered(documents, request.order)
            return _Told(telling.first(request, ordered), listed=tuple(ordered[:_ONLY]))
        case "first":
            return _Told(telling.count(request, documents, all_=all_))
        case "about":
            told = telling.nothing_about(request.topic, documents=all_, language=language)
            return _Told(told, "not_found")
        case _:
            return _named(request, documents)


def _named(request: Request, documents: Sequence[Document]) -> _Told:
    """What is said of a name: that there is no such document, that there are several, or what is
    known of it."""
    for named in request.named:
        if not named.documents:
            return _Told(telling.missing([named.text], request.language), "not_found")
        if named.one is None:
            told = telling.several(named.text, named.documents, request.language)
            return _Told(told, "not_found", listed=named.documents[: telling.LISTED])
    if request.everything or not request.named or request.named[0].one is None:
        return _Told(telling.one_at_a_time(documents, request.language), "not_found")
    one = request.named[0].one
    return _Told(telling.facts(one, request.language), listed=(one,))


def _about(
    asked: Asked, request: Request, retriever: Retriever, snapshot: Snapshot, documents: int
) -> _Told:
    """The documents that bear on a subject, the nearest first, each with its best statement."""
    query = retriever.query(request.topic)
    hits = snapshot.search(query, k=_SEARCHED, scope=asked.scope)
    searched = snapshot.passages(hits)
    found = evidence.find(
        query,
        searched,
        information=snapshot.information(query),
        embedder=retriever.embedder,
    )
    says = [proof for proof in found if not proof.leads and proof.around >= _BEARS]
    says.sort(key=lambda proof: (proof.own < _BEARS, -proof.score))
    best = {proof.passage.document.id: proof for proof in reversed(says)}
    nearest = sorted(best.values(), key=lambda proof: -proof.score)
    if not nearest:
        told = telling.nothing_about(request.topic, documents=documents, language=request.language)
        return _Told(told, "not_found", passages=tuple(searched[: asked.passages]))
    shown = nearest[:_QUOTED]
    if len(shown) < len(says) and len(shown) < _ONLY:  # room for more of the few documents
        more = evidence.distinct(says, most=_ONLY + 1)
        shown += [proof for proof in more if proof not in shown][: _ONLY + 1 - len(shown)]
    head = telling.about(
        request.topic,
        shown=len({proof.passage.document.id for proof in shown}),
        found=len(nearest),
        language=request.language,
    )
    lead = Sentence(head, "supported", tuple(p.citation() for p in shown[:_ONLY]), kind="head")
    quotes = [_beside((proof.passage, proof.statement), request.language) for proof in shown]
    sentences, passages = _read_again([lead, *quotes], snapshot)
    return _Told(
        status="extractive",
        sentences=sentences,
        passages=passages,
        listed=tuple(proof.passage.document for proof in nearest[: telling.LISTED]),
    )


def _summary(
    request: Request, within: Sequence[Document], snapshot: Snapshot, summarize: Summarize
) -> _Told:
    """A document in a few sentences; where all are named, only if there is but one."""
    if request.everything and len(within) != 1:
        told = telling.one_at_a_time(within, request.language)
        return _Told(told, "not_found", listed=tuple(within[: telling.LISTED]))
    document = within[0] if request.everything else request.named[0].documents[0]
    chunks, pages = _content(document, snapshot)
    made = summarize(document, chunks, pages, request.sentences or _SUMMARY)
    if not made.sentences:
        return _Told(telling.facts(document, request.language), notes=made.notes)
    sentences, passages = _read_again(made.sentences, snapshot)
    return _Told(
        status="extractive" if made.method == "extractive" else "answered",
        sentences=sentences,
        passages=passages,
        listed=(document,),
        notes=made.notes,
        model=made.model,
        sent_to=made.sent_to,
    )


def _read_again(
    sentences: Sequence[Sentence], snapshot: Snapshot
) -> tuple[tuple[Sentence, ...], tuple[Passage, ...]]:
    """Sentences that cite the passages right around their quotes, and these passages."""
    cited = dict.fromkeys(citation for sentence in sentences for citation in sentence.citations)
    of = {citation.document.id: citation.document for citation in cited}
    chunks = {id_: rows.chunks_of(snapshot.connection, id_) for id_ in of}
    around = dict.fromkeys(
        chunk
        for citation in cited
        for chunk in chunks[citation.document.id]
        if citation.start < chunk.span.end and chunk.span.start < citation.end
    )
    hits = [Hit(rank, of[chunk.document_id], chunk, 1.0, {}) for rank, chunk in enumerate(around)]
    passages = snapshot.passages(hits)

    def placed(citation: Citation) -> Citation:
        label = next(
            passage.label
            for passage in passages
            if passage.document.id == citation.document.id
            and passage.span.start <= citation.start < passage.span.end
        )
        return dataclasses.replace(citation, label=label)

    placed_again = (
        dataclasses.replace(each, citations=tuple(map(placed, each.citations)))
        for each in sentences
    )
    return tuple(placed_again), tuple(passages)


def _comparison(request: Request, retriever: Retriever, snapshot: Snapshot) -> _Told:
    """What two documents say differently, in all or on a subject."""
    first, second = _two(request)
    sides = [_joined(document, *_content(document, snapshot)) for document in (first, second)]
    if request.topic:
        shown = [_bearing(request, side, retriever, snapshot) for side in sides]
        pairs, only, left, cut = [], shown, 0, False
        head = telling.on_subject(request.topic, first, second, request.language)
    else:
        made = comparing.compare(*sides)
        pairs = list(made.differing[:_PAIRS])
        only = [list(places[:_ONLY]) for places in made.only]
        left = len(made.differing) - len(pairs)
        left += sum(map(len, made.only)) - sum(map(len, only))
        cut = made.cut
        head = telling.compared(
            first,
            second,
            differing=len(made.differing),
            same=made.same,
            only=(len(made.only[0]), len(made.only[1])),
            language=request.language,
        )
    places = [place for pair in pairs for place in pair] + [p for side in only for p in side]
    if not places:
        return _Told(head, listed=(first, second))
    beside = [_beside(place, request.language) for place in places]
    firsts = tuple(citation for sentence in beside[:2] for citation in sentence.citations)
    lead = Sentence(head, "supported", firsts, kind="head")
    sentences, passages = _read_again([lead, *beside], snapshot)
    return _Told(
        status="extractive",
        sentences=sentences,
        passages=passages,
        listed=(first, second),
        notes=telling.comparison_notes(left=left, cut=cut, language=request.language),
    )


def _two(request: Request) -> tuple[Document, ...]:
    """The two documents of a comparison; none where they are not two."""
    found = {d.id: d for named in request.named for d in named.documents}
    enough = len(request.named) == 1 or all(named.one for named in request.named)
    return tuple(found.values()) if enough and len(found) == 2 else ()


def _bearing(
    request: Request, side: Sequence[Passage], retriever: Retriever, snapshot: Snapshot
) -> list[Place]:
    """The statements of a document that bear on a subject."""
    query = retriever.query(request.topic)
    found = evidence.find(
        query, side, information=snapshot.information(query), embedder=retriever.embedder
    )
    says = [proof for proof in found if proof.own >= _BEARS]
    return [(each.passage, each.statement) for each in evidence.distinct(says, most=_ONLY)]


def _beside(place: Place, language: str) -> Sentence:
    """A statement under the name of its document."""
    passage, statement = place
    colon = "：" if language == "zh" else ": "
    cited = passage.cite(statement.start, statement.text)
    name = passage.document.name
    return Sentence(f"{name}{colon}{statement.told}", "supported", (cited,), kind="item")


def _content(document: Document, snapshot: Snapshot) -> tuple[list[Chunk], tuple[PageText, ...]]:
    return (
        rows.chunks_of(snapshot.connection, document.id),
        rows.pages(snapshot.connection, document.id),
    )


def _joined(
    document: Document, chunks: Sequence[Chunk], pages: tuple[PageText, ...]
) -> list[Passage]:
    hits = [Hit(rank, document, chunk, 1.0, {}) for rank, chunk in enumerate(chunks, start=1)]
    return join_neighbours(hits, {document.id: pages})
