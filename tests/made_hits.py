"""Hits made up for tests: chunk `ordinal` of a document whose chunks are alike."""

from quire.records import Chunk, Document, Hit, Span

TOKENS = 90


def hit(rank: int, document: str, ordinal: int) -> Hit:
    """A hit of rank `rank`; every fourth chunk begins a section."""
    start = ordinal * 100
    chunk = Chunk(
        id=hash((document, ordinal)),
        document_id=document,
        ordinal=ordinal,
        text="x" * 99,
        span=Span(None, None, start, start + 99),
        heading_path=(f"section {ordinal // 4}",),
        tokens=TOKENS,
    )
    found = Document(
        id=document,
        content_hash=document,
        uri=document,
        name=document,
        title=document,
        media_type="text/plain",
        language="en",
        pages=None,
        chunks=31,
        added_at="",
        modified="",
    )
    return Hit(rank, found, chunk, 1 / max(rank, 1), {})
