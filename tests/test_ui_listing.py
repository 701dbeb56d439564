"""Which documents the library shows, and the folders that they are in."""

import dataclasses
from datetime import date

from quire.records import Document
from quire.ui.library import listing
from quire.ui.library.listing import Wanted

LEASE = Document(
    id="a",
    content_hash="a" * 64,
    uri="/home/ada/papers/lease.PDF",
    name="lease.PDF",
    title="Lease",
    media_type="application/pdf",
    language="en",
    pages=7,
    chunks=20,
    added_at="2024-05-02T12:00:00+00:00",
    modified="2024-05-01T12:00:00+00:00",
    warnings=("page 3 has no text",),
    tags=("house",),
    folder="/home/ada/papers",
)
RENT = dataclasses.replace(
    LEASE,
    id="b",
    name="租金.md",
    language="zh",
    pages=None,
    chunks=2,
    warnings=(),
    tags=(),
    folder="/home/ada/papers/2024",
    added_at="2024-06-02T12:00:00+00:00",
)
NOTES = dataclasses.replace(LEASE, id="c", name="Notes", media_type="text/plain", folder="")
ALL = [LEASE, NOTES, RENT]


def found(wanted: Wanted, holding: set[str] | None = None) -> str:
    return "".join(each.id for each in listing.matching(ALL, wanted, holding=holding or set()))


def test_of_one_kind_any_condition_fits_and_of_different_kinds_each() -> None:
    assert found(Wanted()) == "acb"
    assert found(Wanted(kinds=("PDF", "MD"))) == "ab"
    assert found(Wanted(kinds=("PDF", "MD"), languages=("zh",))) == "b"
    assert found(Wanted(tags=("house",))) == "ac"
    assert found(Wanted(remarks=False)) == "b"
    assert found(Wanted(since=date(2024, 6, 1))) == "b"
    assert found(Wanted(until=date(2024, 6, 1))) == "ac"


def test_words_stand_in_name_or_tags_each_or_in_the_contents() -> None:
    assert found(Wanted(text="LEASE house")) == "a"
    assert found(Wanted(text="lease"), {"b"}) == "ab"
    assert found(Wanted(text="nothing")) == ""


def test_a_folder_takes_in_those_below_it_and_no_folder_is_one_too() -> None:
    assert found(Wanted(folder="/home/ada/papers")) == "ab"
    assert found(Wanted(folder="/home/ada/papers/2024")) == "b"
    assert found(Wanted(folder="/home/ada/pap")) == ""
    assert found(Wanted(folder="")) == "c"


def test_folders_are_a_tree_in_which_lone_ones_are_one() -> None:
    (top,) = listing.folders(ALL, set())
    assert (top.path, top.name, top.documents) == ("/home/ada/papers", "/home/ada/papers", 2)
    assert (top.has_folders, top.is_open) == (True, False)
    top, below = listing.folders(ALL, {"/home/ada/papers"})
    assert (below.path, below.name, below.depth) == ("/home/ada/papers/2024", "2024", 1)
    assert listing.folders([NOTES], set()) == []


def test_documents_are_sorted_by_each_column() -> None:
    orders = {by: listing.ordered(ALL, by, descending=False) for by in listing.ORDERS}
    assert "".join(each.id for each in orders["extent"]) == "bac"
    assert "".join(each.id for each in orders["language"]) == "acb"
    assert listing.ordered(ALL, "added", descending=True)[0] is RENT
