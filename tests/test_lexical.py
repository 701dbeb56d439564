"""BM25 over terms that Quire makes itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_documents import delete, insert
from quire.indexes import lexical
from quire.indexes.catalog import Catalog
from quire.indexes.lexical import Frequencies


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.sqlite3", create=True)
    yield made
    made.close()


def found(catalog: Catalog, question: str, k: int = 10) -> list[str]:
    """The texts of the chunks that are found, the best first."""
    with catalog.reading() as connection:
        return [
            connection.execute("SELECT text FROM chunks WHERE id = ?", (chunk,)).get
            for chunk, _ in lexical.search(Frequencies(connection), question, k=k)
        ]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The tenant may terminate the lease.", "leases"),
        ("员工年假为五天。", "年假"),
        ("員工年假為五天。", "员工"),
        ("绿茶", "茶"),
        ("符合 GB/T 1234-2020 标准", "GB/T 1234-2020"),
        ("The price is 1,500 EUR.", "1500"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
    ],
)
def test_words_are_found_in_both_languages(catalog: Catalog, text: str, question: str) -> None:
    insert(catalog, "other", "Something else. 别的东西。")
    insert(catalog, "wanted", text)
    assert found(catalog, question) == [text]


def test_the_chunk_that_says_it_more_often_comes_first(catalog: Catalog) -> None:
    insert(catalog, "a", "The boiler and many other things that a house has and needs.")
    insert(catalog, "b", "The boiler is a boiler.")
    assert found(catalog, "boiler")[0] == "The boiler is a boiler."


def test_headings_and_titles_are_searched_too(catalog: Catalog) -> None:
    insert(catalog, "a", "# Parking\n\nFive spaces.", title="Handbook")
    insert(catalog, "b", "Nothing of the kind.")
    assert found(catalog, "parking") == found(catalog, "handbook") == ["# Parking\n\nFive spaces."]


def test_words_of_most_chunks_do_not_count_when_others_do(catalog: Catalog) -> None:
    for letter in "abcdefghijklmnopqrstuvwxyz":
        insert(catalog, letter, f"contract about x{letter}")
    with catalog.reading() as connection:
        assert lexical.selective_terms(Frequencies(connection), "contract xk") == ["xk"]
        assert lexical.selective_terms(Frequencies(connection), "contract") == ["contract"]


def test_words_of_too_many_chunks_only_add_to_the_score(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        text = f"Field {number} of the {'barley' if number % 4 else 'wheat'} harvest."
        insert(catalog, str(number), text + " Rain." * (number % 5 < 2))
    with catalog.reading() as connection:
        question = "rain on the wheat"
        everything = dict(lexical.search(Frequencies(connection), question, k=100))
        monkeypatch.setattr(lexical, "_MOST_ROWS", 15)
        fewer = dict(lexical.search(Frequencies(connection), question, k=100))
    assert (len(everything), len(fewer)) == (22, 10)
    assert fewer == pytest.approx({chunk: everything[chunk] for chunk in fewer})
    assert next(iter(fewer)) == next(iter(everything))


def test_what_is_removed_is_not_found(catalog: Catalog) -> None:
    document = insert(catalog, "a", "The boiler.")
    delete(catalog, document)
    assert found(catalog, "boiler") == []
    insert(catalog, "a", "The boiler.")
    assert found(catalog, "boiler") == ["The boiler."]


_HOSTILE = [
    '"',
    "'",
    "' OR 1=1 --",
    "NEAR(a b)",
    "a AND NOT b",
    "body: x",
    "*",
    "lease*",
    "^lease",
    "(((",
    "-",
    "lease -lease",
    "{body title}: lease",
    "\x00",
    "\ufffe\uffff",
    "a" * 100_000,
    "中" * 10_000,
    "a b " * 5_000,
    "%s %d {}",
    "\\",
    "lease\x00lease",
    "\udcff lease\udcff",
    "'\"`;DROP TABLE chunks;",
]


@pytest.mark.parametrize("question", _HOSTILE, ids=range(len(_HOSTILE)))
def test_no_question_is_taken_for_query_syntax(catalog: Catalog, question: str) -> None:
    insert(catalog, "a", "The lease ends. 租约到期。")
    assert len(found(catalog, question)) <= 1


@settings(max_examples=25)
@given(text=st.text(max_size=300), question=st.text(max_size=60))
def test_any_text_can_be_indexed_found_by_itself_and_checked(
    tmp_path_factory: pytest.TempPathFactory, text: str, question: str
) -> None:
    """What FTS5 counts is what Quire counted: nothing in a text is cut in two or swallowed."""
    catalog = Catalog(tmp_path_factory.mktemp("any") / "catalog.sqlite3", create=True)
    try:
        insert(catalog, "a", "before", text.replace("\x00", ""), "after")
        found(catalog, question)
        with catalog.reading() as connection:
            kept = lexical.rows(connection)
            assert kept is not None
            rows = connection.execute("SELECT id, text FROM chunks").fetchall()
            for chunk, stored in rows:
                assert kept[chunk] == lexical.expected_row(stored, (), "a")
                if kept[chunk][0][0]:
                    hits = lexical.search(Frequencies(connection), stored, k=len(rows))
                    assert chunk in [hit for hit, _ in hits]
    finally:
        catalog.close()


def test_of_a_question_the_rare_words_are_the_larger_share_of_what_a_name_says(
    catalog: Catalog,
) -> None:
    for number in range(30):
        insert(catalog, f"{number}.txt", f"The report of department {number} on sales.")
    insert(catalog, "amcor.txt", "Amcor makes bottles.")
    with catalog.reading() as connection:
        frequencies = Frequencies(connection)
        shares = lexical.shares(
            frequencies, "What does Amcor report?", ["AMCOR_2023_10K", "sales_report", "notes"]
        )
    assert 1 > shares["AMCOR_2023_10K"] > 0.5 > shares["sales_report"] > shares["notes"] == 0
    assert list(lexical.shares(frequencies, "?", ["notes"]).values()) == [0]
