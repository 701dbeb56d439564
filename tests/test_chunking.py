"""From parsed documents to chunks."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.ingest import chunking
from quire.models.fakes import FakeEmbedder
from quire.records import (
    PAGE_BREAK,
    Block,
    BlockKind,
    Blocks,
    Chunk,
    Pages,
    PageText,
    ParsedDocument,
)

count_words = FakeEmbedder().count_tokens


def count_letters(texts: Sequence[str]) -> list[int]:
    """As if each character were a token."""
    return [sum(not c.isspace() for c in text) for text in texts]


def document(
    *pages: Sequence[tuple[BlockKind, str] | tuple[BlockKind, str, int] | str],
) -> ParsedDocument:
    """A document of pages of blocks (kind, text, level); a plain string is text outside of them."""
    page_texts: list[PageText] = []
    blocks: list[Block] = []
    at = 0
    for number, parts in enumerate(pages, start=1):
        text = ""
        for part in parts:
            if text:
                text += "\n"
            if isinstance(part, str):
                text += part
                continue
            kind, inside, *level = part
            blocks.append(Block(kind, at + len(text), at + len(text) + len(inside), *level))
            text += inside
        page_texts.append(PageText(number, text))
        at += len(text) + len(PAGE_BREAK)
    return ParsedDocument("0" * 64, "text/plain", "title", Pages.of(page_texts), Blocks(blocks))


def chunked(parsed: ParsedDocument, limit: int = 254) -> list[Chunk]:
    return list(chunking.chunk(parsed, count_tokens=count_words, limit=limit))


_WORDS = st.sampled_from(
    [
        *["the", "lease", "ends", "in", "May.", "A", "1,500", "|", "...", "(i)", "No."],
        *["年假", "为五天。", "！", "中" * 50, "\u3000", "\n", "\n\n"],
        *["x" * 90, "https://example.org/" + "a/b" * 40],
    ]
)
_INSIDE = st.lists(_WORDS, max_size=60).map(" ".join)
_BLOCK = st.one_of(
    st.tuples(st.sampled_from(["paragraph", "list", "table", "code"]), _INSIDE),
    st.tuples(st.just("heading"), _INSIDE, st.integers(1, 6)),
    _INSIDE,  # text outside of blocks, such as a footer
)
_DOCUMENTS = st.lists(st.lists(_BLOCK, max_size=6), min_size=1, max_size=4).map(
    lambda pages: document(*pages)
)
_LIMITS = st.sampled_from([5, 20, 64, 254])


@given(_DOCUMENTS, _LIMITS)
def test_a_chunk_is_exactly_what_stands_at_its_offsets(parsed: ParsedDocument, limit: int) -> None:
    text = parsed.text
    for at, chunk in enumerate(chunked(parsed, limit)):
        assert chunk.ordinal == at
        assert text[chunk.span.start : chunk.span.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""


@given(_DOCUMENTS, _LIMITS)
def test_every_character_of_a_block_lies_in_exactly_one_chunk_and_no_other_does(
    parsed: ParsedDocument, limit: int
) -> None:
    text = parsed.text
    chunks = chunked(parsed, limit)
    in_chunks = [
        at
        for chunk in chunks
        for at in range(chunk.span.start, chunk.span.end)
        if not text[at].isspace()
    ]
    in_blocks = [
        at
        for block in parsed.blocks
        for at in range(block.start, block.end)
        if not text[at].isspace()
    ]
    assert in_chunks == in_blocks


@given(_DOCUMENTS, _LIMITS, st.sampled_from([count_words, count_letters]))
def test_no_chunk_is_longer_than_the_embedder_reads(
    parsed: ParsedDocument, limit: int, count: chunking.CountTokens
) -> None:
    for chunk in chunking.chunk(parsed, count_tokens=count, limit=limit):
        assert count([chunk.text])[0] <= limit
        embedded = chunking.embedded_text(chunk, title="A title", count_tokens=count, limit=limit)
        assert count([embedded])[0] <= limit
        assert embedded.endswith(chunk.text)


@given(_DOCUMENTS)
def test_a_chunk_knows_the_pages_it_lies_on(parsed: ParsedDocument) -> None:
    starts = parsed.page_starts
    for chunk in chunked(parsed):
        for number, offset in (
            (chunk.span.page_first, chunk.span.start),
            (chunk.span.page_last, chunk.span.end - 1),
        ):
            assert number is not None
            page = parsed.pages[number - 1].text
            assert starts[number - 1] <= offset < starts[number - 1] + len(page)


def test_a_sentence_is_not_cut_when_it_fits() -> None:
    sentences = [
        f"Sentence number {n} says what it has to say and then it ends." for n in range(99)
    ]
    parsed = document([("paragraph", " ".join(sentences))])
    chunks = chunked(parsed)
    assert len(chunks) > 3
    for chunk in chunks:
        assert chunk.text.startswith("Sentence number")
        assert chunk.text.endswith("ends.")


def test_a_long_paragraph_is_cut_into_parts_of_about_equal_length() -> None:
    parsed = document([("paragraph", "One two three four. " * 50)])  # 250 tokens, 200 fit
    assert [chunk.tokens for chunk in chunked(parsed)] == [125, 125]


def test_short_paragraphs_are_gathered_and_sections_are_not() -> None:
    parsed = document(
        [
            ("heading", "Rent", 1),
            ("paragraph", "It is due on the first."),
            ("paragraph", "It is paid by transfer."),
            ("heading", "Notice", 1),
            ("paragraph", "Three months."),
        ]
    )
    assert [(chunk.text, chunk.heading_path) for chunk in chunked(parsed)] == [
        ("Rent\nIt is due on the first.\nIt is paid by transfer.", ("Rent",)),
        ("Notice\nThree months.", ("Notice",)),
    ]


def test_headings_lead_from_the_outermost_to_the_innermost() -> None:
    parsed = document(
        [
            ("heading", "Handbook", 1),
            ("heading", "Leave", 2),
            ("paragraph", "Five days."),
            ("heading", "Sick leave", 3),
            ("paragraph", "Ten days."),
            ("heading", "Pay", 2),
            ("paragraph", "Monthly."),
        ]
    )
    assert [chunk.heading_path for chunk in chunked(parsed)] == [
        ("Handbook", "Leave"),
        ("Handbook", "Leave", "Sick leave"),
        ("Handbook", "Pay"),
    ]


def test_what_stands_between_blocks_is_not_indexed() -> None:
    parsed = document([("paragraph", "The term begins"), "Page 1 of 2"], [("paragraph", "in May.")])
    assert [chunk.text for chunk in chunked(parsed)] == ["The term begins", "in May."]


def test_a_paragraph_that_goes_on_over_the_page_is_one_chunk() -> None:
    parsed = document([("paragraph", "The term begins")], [("paragraph", "in May.")])
    (chunk,) = chunked(parsed)
    assert (chunk.span.page_first, chunk.span.page_last) == (1, 2)


def test_a_long_table_repeats_its_header_row_in_what_is_embedded() -> None:
    rows = "\n".join(["Item | Price", *(f"thing {n} | {n} EUR" for n in range(100))])
    chunks = chunked(document([("heading", "Prices", 1), ("table", rows)]))
    assert len(chunks) > 2
    for chunk in chunks[1:]:
        assert chunk.heading_path == ("Prices", "Item | Price")
        embedded = chunking.embedded_text(chunk, title="", count_tokens=count_words, limit=254)
        assert "Item | Price" in embedded


def test_the_innermost_headings_are_embedded_when_not_all_fit() -> None:
    parsed = document(
        [
            ("heading", "The outer heading " * 3, 1),
            ("heading", "Inner", 2),
            ("paragraph", "word " * 30),
            ("paragraph", "word " * 30),
        ]
    )
    chunk = list(chunking.chunk(parsed, count_tokens=count_words, limit=50))[-1]
    embedded = chunking.embedded_text(chunk, title="", count_tokens=count_words, limit=50)
    assert embedded.startswith("Inner\n")


def test_the_title_stands_before_what_is_embedded_unless_it_is_the_name_of_the_file() -> None:
    path = Path("/x/lease.pdf")
    parsed = document([("heading", "Rent", 1), ("paragraph", "It is due on the first.")])
    (chunk,) = chunked(parsed)
    for title, expected in (("Lease of the East Dome", "Lease of the East Dome\n"), ("lease", "")):
        embedded = chunking.embedded_text(
            chunk, title=chunking.own_title(title, path), count_tokens=count_words, limit=254
        )
        assert embedded == expected + chunk.text


def test_a_piece_with_dense_and_sparse_parts_is_cut_until_each_part_fits() -> None:
    """Cut at half its characters, all the tokens would lie in the second part."""
    parsed = document([("paragraph", ("x" * 45 + " ") * 40 + "中" * 390)])
    chunks = chunked(parsed)
    assert max(count_words([chunk.text])[0] for chunk in chunks) <= 254
    assert all(chunk.tokens == count_words([chunk.text])[0] for chunk in chunks)


def test_a_flood_of_text_marked_as_a_heading_is_not_repeated_with_every_chunk() -> None:
    parsed = document(
        [("heading", "flood " * 5000, 1)],
        *([("paragraph", "Some words. " * 50)] for _ in range(50)),
    )
    stored = sum(len("".join(chunk.heading_path)) for chunk in chunked(parsed))
    assert stored < len(parsed.text)


@pytest.mark.parametrize("kind", ["paragraph", "code", "table", "list"])
def test_a_million_characters_are_cut_within_seconds(kind: BlockKind) -> None:
    parsed = document([(kind, "word 中文。" * 10_000 + "x" * 900_000)])
    assert sum(len(chunk.text) for chunk in chunked(parsed)) > 900_000


@pytest.mark.parametrize(
    "blocks",
    [
        [("paragraph", "It ends. " * 50_000)],
        [("paragraph", "x" * 450_000)],
        [("table", "a | b\n" * 50_000)],
        [("paragraph", "It ends.")] * 50_000,
        [("heading", "a", 1), *[("paragraph", "a")] * 50_000],
    ],
    ids=["sentences", "no blank", "rows", "paragraphs", "echoes"],
)
def test_however_a_text_is_made_only_little_of_it_is_counted_and_kept_at_once(
    blocks: list[tuple[BlockKind, str] | tuple[BlockKind, str, int]],
) -> None:
    """Beside the text, a few bytes for each of its sentences."""
    parsed = document(blocks)
    most = 0

    def count(texts: Sequence[str]) -> list[int]:
        nonlocal most
        most = max(most, sum(map(len, texts)))
        return count_letters(texts)

    tracemalloc.start()
    try:
        chunks = chunking.chunk(parsed, count_tokens=count, limit=254)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(chunk.tokens for chunk in chunks) == count_letters([parsed.text])[0]
    assert most <= 250_000
    assert peak < 4 * len(parsed.text) + 1_000_000


def test_a_word_that_is_longer_than_any_is_counted_in_parts() -> None:
    longest = 0

    def count(texts: Sequence[str]) -> list[int]:
        nonlocal longest
        longest = max(longest, *map(len, texts))
        return count_letters(texts)

    parsed = document([("paragraph", "x" * 1_000_000)])
    assert len(chunking.chunk(parsed, count_tokens=count, limit=254)) == 5_000
    assert longest <= 20_000


def test_no_more_chunks_are_made_than_are_wanted() -> None:
    parsed = document(
        [part for n in range(50) for part in (("heading", f"Part {n}", 1), ("paragraph", "Words."))]
    )
    wanted = chunking.chunk(parsed, count_tokens=count_words, limit=254, most=50)
    assert (len(wanted), wanted.cut) == (50, False)
    cut = chunking.chunk(parsed, count_tokens=count_words, limit=254, most=49)
    assert (list(cut), cut.cut) == (list(wanted)[:49], True)


def test_whoever_counts_can_end_the_work() -> None:
    class Stopped(Exception):
        pass

    def count(texts: Sequence[str]) -> list[int]:
        raise Stopped

    with pytest.raises(Stopped):
        chunking.chunk(document([("paragraph", "Words.")]), count_tokens=count, limit=254)


LEVELS = " | Fair value\n(in millions) | Level 1 | Level 2\n"
ROWS = "\n".join(f"Security number {n} | {n},000 | {n},500" for n in range(1, 60))


def test_a_long_table_repeats_all_rows_of_its_header() -> None:
    chunks = chunked(document([("heading", "Assets", 1), ("table", LEVELS + ROWS)]))
    tables = [chunk for chunk in chunks if "Security" in chunk.text]
    assert len(tables) > 1
    for chunk in tables:
        assert chunk.heading_path == ("Assets", "Fair value (in millions) | Level 1 | Level 2")


@pytest.mark.parametrize("rows", [ROWS, "Bonds | 7,000 | 8,000\nNotes | 1,000 | 2,000"])
def test_a_table_that_goes_on_on_the_next_page_keeps_its_header(rows: str) -> None:
    parsed = document(
        [("table", LEVELS + ROWS), "86"],
        ["A Report", ("table", rows), ("paragraph", "These are all.")],
    )
    *_, last, after = chunked(parsed)
    assert last.span.page_first == 2
    assert last.heading_path == ("Fair value (in millions) | Level 1 | Level 2",)
    assert (after.text, after.heading_path) == ("These are all.", ())


@pytest.mark.parametrize(
    "rows",
    [
        "Name | Fee | Rent\nBoat | 7 | 8",  # a header of its own
        "Bonds | 7,000\nNotes | 1,000",  # other columns
    ],
)
def test_another_table_on_the_next_page_does_not_take_the_header(rows: str) -> None:
    *_, last = chunked(document([("table", LEVELS + ROWS), "86"], [("table", rows)]))
    assert not any("Level 1" in heading for heading in last.heading_path)


def test_a_table_of_a_thousand_columns_repeats_a_part_of_its_header_row() -> None:
    wide = " | ".join(f"column {n}" for n in range(1000))
    rows = "\n".join([wide, *(" | ".join("7" * 1000) for _ in range(20))])
    chunks = list(chunking.chunk(document([("table", rows)]), count_tokens=count_words, limit=254))
    assert len(chunks) > 50
    assert {len(heading) for chunk in chunks for heading in chunk.heading_path} <= {*range(2001)}


def test_headings_are_counted_once() -> None:
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(texts)
        return count_words(texts)

    remembering = chunking.remembering(count)
    for texts in (["a b", "c"], ["c", "a b", "c"], ["d e f"]):
        assert remembering(texts) == count_words(texts)
    assert counted == ["a b", "c", "d e f"]


def test_a_document_without_blocks_has_no_chunks() -> None:
    assert chunked(document(["only a footer"])) == []
    assert chunked(document([("paragraph", " \n ")])) == []
