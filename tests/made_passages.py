"""Passages and queries made by hand, for tests of what is done with them."""

import itertools

from quire.models.protocols import Embedder
from quire.records import Document, Passage, Span
from quire.search.information import Information
from quire.search.query import Query
from quire.text import analysis, languages

_labels = itertools.count(1)


def passage(
    text: str, *, page: int | None = None, label: int | None = None, start: int = 100
) -> Passage:
    """A passage of a document of its own that begins at offset `start`."""
    number = label or next(_labels)
    document = Document(
        id=f"{number:016x}",
        content_hash=f"{number:064x}",
        uri=f"/documents/{number}.txt",
        name=f"{number}.txt",
        title=f"Document {number}",
        media_type="text/plain",
        language="en",
        pages=None if page is None else page,
        chunks=1,
        added_at="2026-01-01T00:00:00+00:00",
        modified="2026-01-01T00:00:00+00:00",
    )
    end = start + len(text)
    return Passage(
        label=number,
        text=text,
        document=document,
        span=Span(page, page, start, end),
        score=1.0,
        stretches=((start, end),),
        page_starts=((0, page),),
    )


def query(text: str, *, embedder: Embedder | None = None) -> tuple[Query, Information]:
    """A question ready to be searched for, each of whose words stands in one of 50 chunks."""
    asked = Query(
        text=text,
        subject=text,
        source="",
        language=languages.detect(text),
        tongue=languages.identify(text),
        mode="hybrid",
        legs=("dense", "lexical") if embedder else ("lexical",),
        vector=embedder.embed_question(text) if embedder else None,
    )
    counts = dict.fromkeys(analysis.question_terms(text), 1)
    return asked, Information.of(counts, chunks=50)
