"""What a search found, as LangChain's documents: the text, and the place that proves it."""

from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.documents import Document

from quire.ingest.loaders.content import PageBoxes
from quire.knowledge_base import KnowledgeBase
from quire.records import Document as Source
from quire.records import Hit, Span

_APART = "@"  # between a document's id and a place in it


def documents(hits: Sequence[Hit], kb: KnowledgeBase, *, boxes: bool) -> list[Document]:
    """Each hit as a document: the very characters [start, end) of a file's text, with the place in
    the metadata; see `place`."""
    found = [
        Document(
            page_content=hit.chunk.text,
            metadata=place(hit.document, hit.chunk.span) | _rank(hit),
            id=place_id(hit),
        )
        for hit in hits
    ]
    if boxes:
        there = kb.boxes((hit.document, hit.chunk.span) for hit in hits)
        for document, drawn in zip(found, there, strict=True):
            document.metadata["boxes"] = as_boxes(drawn)
    return found


def place_id(hit: Hit) -> str:
    """An id of a place, the same as long as the file is: `get_by_ids` of the store reads it."""
    span = hit.chunk.span
    return f"{hit.document.id}{_APART}{span.start}-{span.end}"


def place_of(place_id_: str) -> tuple[str, int, int] | None:
    """The document's id and the characters [start, end) that an id of `place_id` names."""
    document_id, _, span = place_id_.rpartition(_APART)
    start, _, end = span.partition("-")
    if document_id and start.isdecimal() and end.isdecimal():
        return document_id, int(start), int(end)
    return None


def place(source: Source, span: Span) -> dict[str, Any]:
    """Where a text stands, as plain values: pages from 1, None for formats without, characters
    [start, end) of the document's text, and the SHA-256 of the file that it was read of."""
    return {
        **about(source),
        "page": span.page_first,
        "page_last": span.page_last,
        "start": span.start,
        "end": span.end,
    }


def about(source: Source) -> dict[str, Any]:
    """What is known of a document; `source` is its path, as LangChain's loaders have it."""
    return {
        "source": source.uri,
        "document": source.name,
        "document_id": source.id,
        "sha256": source.content_hash,
        "title": source.title,
        "media_type": source.media_type,
        "language": source.language,
        "tags": list(source.tags),
        "modified": source.modified,
    }


def as_boxes(drawn: Iterable[tuple[int, PageBoxes]]) -> list[dict[str, Any]]:
    """Rectangles on pages: left, top, right, bottom in points from the page's top left corner."""
    return [
        {"page": page, "width": on.width, "height": on.height, "boxes": [*map(list, on.boxes)]}
        for page, on in drawn
    ]


def _rank(hit: Hit) -> dict[str, Any]:
    return {
        "headings": list(hit.chunk.heading_path),
        "score": round(hit.score, 6),
        "ranks": dict(hit.ranks),
    }
