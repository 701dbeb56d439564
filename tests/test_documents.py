"""Documents as rows of a catalog: in parts, where they are long."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from made_documents import delete, insert, parsed
from quire.errors import KnowledgeBaseDamaged
from quire.indexes import documents
from quire.indexes.catalog import Catalog
from quire.indexes.checksums import checksum
from quire.records import PageText

_PAGES = st.lists(st.text(alphabet="ab \n中😀", max_size=30), min_size=1, max_size=5)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3", create=True)
    yield opened
    opened.close()


def pages_of(catalog: Catalog, document_id: str) -> tuple[PageText, ...]:
    with catalog.reading() as connection:
        return documents.pages(connection, document_id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_PAGES, st.integers(1, 9))
def test_pages_come_back_whole_whatever_the_length_of_their_parts(
    catalog: Catalog, pages: list[str], part: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_PART", part)
        document_id = insert(catalog, "a.txt", *pages)
    assert pages_of(catalog, document_id) == tuple(parsed(*pages).pages)
    delete(catalog, document_id)


def test_a_long_page_is_not_in_memory_several_times_while_it_is_written(catalog: Catalog) -> None:
    document = parsed("中" * 2_000_000, title="long")
    tracemalloc.start()  # of Python alone: SQLite has each row that it is given another three times
    try:
        with catalog.writing() as connection:
            documents.insert(connection, document, language="zh", chunks=[])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000  # it is four, and six in UTF-8
    assert pages_of(catalog, document.id)[0].text == document.text


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_a_part_of_a_page_that_is_gone_is_noticed(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setattr(documents, "_PART", 4)
    document_id = insert(catalog, "a.txt", "The dog may stay", "and eat")
    with catalog.writing() as connection:
        connection.execute("DELETE FROM pages WHERE position = ?", (lost,))
    with pytest.raises(KnowledgeBaseDamaged, match="a page of document"):
        pages_of(catalog, document_id)


def test_the_checksum_of_a_row_is_what_it_was_for_catalogs_that_there_are() -> None:
    assert checksum("a", None, 7, b"\x00") == 1_746_356_766
    assert checksum("id", "中文 " * 100_000, 3) == 2_226_982_601
