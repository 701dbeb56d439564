"""Searches and answers confined to some documents, and the tags that name them."""

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from quire import Answer, KnowledgeBase, Scope, load_settings
from quire.errors import DocumentNotFound, KnowledgeBaseDamaged, UsageError
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

QUESTION = "When does the lease of the dog end?"
CROWD = 300  # sections that all fit the question better than what is wanted


def opened(folder: Path) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", lock_wait=0.2)
    return KnowledgeBase.open(folder, settings=settings, embedder=FakeEmbedder())


def dated(path: Path, day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12).timestamp()
    os.utime(path, (noon, noon))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A crowd of sections about the lease, and five files about it in other folders."""
    folder = tmp_path / "files"
    texts = {
        "crowd.md": "\n\n".join(
            f"# Lease {number}\n\nThe lease of the dog ends: dog lease {number}."
            for number in range(CROWD)
        ),
        "Contracts/2024/north.txt": "The gold mine, the boiler and the tower stand on a lease.",
        "Contracts/2024/south.txt": "Insects and a drama are not part of any lease here.",
        "Contracts/2023/north.txt": "An old lease of the mountain, with its gold and its mine.",
        "letters/to 100%[1].txt": "Dear landlord, the lease of the shop is a drama.",
        "letters/年假.md": "# 租约\n\n租约在五月到期，员工每年有五天年假。",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        dated(path, date(2024, 6, 1))
    dated(folder / "Contracts/2023/north.txt", date(2023, 3, 31))
    return folder


@pytest.fixture
def kb(tmp_path: Path, folder: Path) -> Iterator[KnowledgeBase]:
    with opened(tmp_path / "kb") as kb:
        assert kb.add(folder).added == 6
        yield kb


def found(kb: KnowledgeBase, scope: Scope, *, mode: str = "hybrid") -> set[str]:
    """The last two parts of the paths of the documents that are found."""
    hits = kb.search(QUESTION, k=20, mode=mode, scope=scope)  # type: ignore[arg-type]
    return {"/".join(Path(hit.document.uri).parts[-2:]) for hit in hits}


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_what_a_scope_keeps_is_found_though_a_hundred_others_rank_before_it(
    kb: KnowledgeBase, mode: str
) -> None:
    first = kb.search(QUESTION, k=100, mode=mode)  # type: ignore[arg-type]
    assert {hit.document.name for hit in first} == {"crowd.md"}
    assert found(kb, Scope(folder="Contracts"), mode=mode) == {
        "2024/north.txt",
        "2024/south.txt",
        "2023/north.txt",
    }


def test_files_are_named_by_name_path_or_pattern_without_regard_to_case(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"2024/north.txt", "2023/north.txt"}
    assert found(kb, Scope(file="NORTH.txt")) == both
    assert found(kb, Scope(file="n?rth.*")) == both
    assert found(kb, Scope(file=folder / "Contracts/2023/north.txt")) == {"2023/north.txt"}
    monkeypatch.chdir(folder / "Contracts")
    assert found(kb, Scope(file="2023/north.txt")) == {"2023/north.txt"}
    assert found(kb, Scope(file="to 100%[1].txt")) == {"letters/to 100%[1].txt"}
    assert found(kb, Scope(file=["south.txt", "年假.md"])) == {"2024/south.txt", "letters/年假.md"}


def test_folders_are_named_by_path_or_by_the_last_parts_of_it(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_2024 = {"2024/north.txt", "2024/south.txt"}
    assert found(kb, Scope(folder=str(folder / "Contracts" / "2024"))) == in_2024
    assert found(kb, Scope(folder="contracts/2024/")) == in_2024
    assert found(kb, Scope(folder="2024")) == in_2024
    monkeypatch.chdir(folder / "Contracts" / "2023")
    assert found(kb, Scope(folder=".")) == {"2023/north.txt"}
    assert found(kb, Scope(folder="../2024")) == in_2024
    for nothing in ("2024/Contracts", "ontracts", "Contracts/20"):
        with pytest.raises(DocumentNotFound):
            found(kb, Scope(folder=nothing))


def test_days_are_those_of_the_file_or_of_its_ingest_and_both_ends_count(
    kb: KnowledgeBase,
) -> None:
    assert found(kb, Scope(until="2023-03-31")) == {"2023/north.txt"}
    assert found(kb, Scope(since=date(2023, 3, 31), until="2023-04-01")) == {"2023/north.txt"}
    assert "2023/north.txt" not in found(kb, Scope(since="2023-04-01"))
    today = datetime.now().astimezone().date()
    days = {"since": today - timedelta(1), "until": today + timedelta(1)}
    assert len(kb.search(QUESTION, k=400, scope=Scope(dates="added", **days))) >= CROWD
    with pytest.raises(DocumentNotFound, match="No document is added until 2023-03-31"):
        found(kb, Scope(until="2023-03-31", dates="added"))


@pytest.mark.parametrize("wrong", ["yesterday", "2024-13-01", "31.12.2024", ""])
def test_what_is_no_date_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(UsageError, match="not a date") as caught:
        Scope(since=wrong)
    assert "2024-12-31" in caught.value.hint
    with pytest.raises(UsageError, match="No day"):
        Scope(since="2024-02-01", until="2024-01-31")


def test_a_language_is_named_by_its_code(kb: KnowledgeBase) -> None:
    assert found(kb, Scope(language="zh")) == {"letters/年假.md"}
    assert found(kb, Scope(language="zh-CN")) == {"letters/年假.md"}
    assert "letters/年假.md" not in found(kb, Scope(language="en"))


def test_conditions_of_different_kinds_must_all_hold(kb: KnowledgeBase) -> None:
    both = Scope(folder=["Contracts", "letters"], language="zh", since="2024-01-01")
    assert found(kb, both) == {"letters/年假.md"}


def test_a_scope_without_conditions_keeps_everything(kb: KnowledgeBase) -> None:
    assert not Scope()
    assert kb.search(QUESTION, scope=Scope()) == kb.search(QUESTION)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (Scope(folder="nowhere"), "No document is in the folder nowhere."),
        (Scope(tag=["Secret", "b"], language="zh"), "No document is tagged secret or b."),
        (
            Scope(folder="Contracts", language="zh"),
            "No document is in the folder Contracts, in the language zh.",
        ),
    ],
)
def test_a_scope_that_keeps_nothing_is_named(kb: KnowledgeBase, scope: Scope, said: str) -> None:
    for ask in (kb.search, kb.ask):
        with pytest.raises(DocumentNotFound) as caught:
            ask(QUESTION, scope=scope)
        assert caught.value.message == said


def test_a_document_in_two_places_fits_when_one_place_does(kb: KnowledgeBase, folder: Path) -> None:
    copy = folder / "copies" / "second.txt"
    copy.parent.mkdir()
    copy.write_bytes((folder / "Contracts/2024/north.txt").read_bytes())
    kb.add(folder)
    assert found(kb, Scope(folder="copies")) == {"2024/north.txt"}


def test_an_answer_comes_from_the_scope_alone(kb: KnowledgeBase) -> None:
    scope = Scope(file="south.txt")
    answer = kb.ask("What is not part of the lease?", scope=scope)
    assert {passage.document.name for passage in answer.passages} == {"south.txt"}
    *_, streamed = kb.stream("What is not part of the lease?", scope=scope)
    assert isinstance(streamed, Answer)
    assert streamed.text == answer.text


def test_a_common_word_still_finds_where_it_is_the_only_one_in_the_scope(
    kb: KnowledgeBase,
) -> None:
    """Most chunks hold "lease", which is why it is left out of a search with rarer words."""
    hits = kb.search("lease 7", mode="lexical", scope=Scope(file="south.txt"))
    assert [hit.document.name for hit in hits] == ["south.txt"]


# -- tags --------------------------------------------------------------------------------------


def test_a_tag_is_given_shown_searched_for_and_taken_away(kb: KnowledgeBase) -> None:
    tagged = kb.tag(["south.txt", "年假.md"], add=[" Legal  Hold ", "２０２４"])
    assert [document.tags for document in tagged] == [("2024", "legal hold")] * 2
    assert kb.document("south.txt").to_dict()["tags"] == ["2024", "legal hold"]
    assert found(kb, Scope(tag="LEGAL HOLD")) == {"2024/south.txt", "letters/年假.md"}
    assert kb.search(QUESTION, scope=Scope(tag="2024"))[0].document.tags
    kb.tag("south.txt", remove=["legal hold", "never given"])
    assert found(kb, Scope(tag="legal hold")) == {"letters/年假.md"}


def test_no_document_is_tagged_when_one_is_not_found(kb: KnowledgeBase) -> None:
    with pytest.raises(DocumentNotFound):
        kb.tag(["south.txt", "missing"], add="x")
    assert kb.document("south.txt").tags == ()


@pytest.mark.parametrize("wrong", ["", "  ", "a\x00b", "x" * 101, "\u202e"])
def test_what_cannot_be_a_tag_is_refused(kb: KnowledgeBase, wrong: str) -> None:
    with pytest.raises(UsageError, match="cannot be a tag"):
        kb.tag("south.txt", add=wrong)


def test_tags_stay_with_a_file_that_changes_moves_or_is_repaired(
    kb: KnowledgeBase, folder: Path
) -> None:
    path = folder / "Contracts/2024/south.txt"
    kb.tag("south.txt", add="kept")
    path.write_text("Another text about the lease.")
    assert kb.add(folder).updated == 1
    assert kb.document("south.txt").tags == ("kept",)
    path.rename(path.with_name("moved.txt"))
    kb.add(folder)
    assert kb.document("moved.txt").tags == ("kept",)
    kb.close()
    connection = apsw.Connection(str(kb.folder / "catalog.sqlite3"))
    connection.execute("UPDATE pages SET text = 'x' || text WHERE text LIKE 'Another%'")
    connection.close()
    with opened(kb.folder) as again:
        assert again.verify()
        again.repair()
        assert again.verify() == []
        assert again.document("moved.txt").tags == ("kept",)


def test_tags_go_with_their_document(kb: KnowledgeBase, folder: Path) -> None:
    kb.tag("south.txt", add="gone")
    kb.remove("south.txt")
    kb.add(folder)
    assert kb.document("south.txt").tags == ()


def test_a_damaged_tag_is_noticed_and_forgotten_by_a_repair(kb: KnowledgeBase) -> None:
    kb.tag("south.txt", add=["one", "two"])
    kb.close()
    connection = apsw.Connection(str(kb.folder / "catalog.sqlite3"))
    connection.execute("UPDATE tags SET tag = CAST(x'ff' AS TEXT) WHERE tag = 'one'")
    connection.close()
    with opened(kb.folder) as again:
        with pytest.raises(KnowledgeBaseDamaged):
            again.documents()
        again.repair()
        assert again.document("south.txt").tags == ("two",)
        assert again.verify() == []


# -- folders of the library --------------------------------------------------------------------


def test_a_document_is_moved_searched_for_there_and_moved_back(
    kb: KnowledgeBase, folder: Path
) -> None:
    lay = str(folder / "Contracts/2024")
    assert kb.document("south.txt").folder == lay
    (moved,) = kb.move("south.txt", " Leases / 2024 /")
    assert moved.folder == moved.to_dict()["folder"] == "Leases/2024"
    assert Path(moved.uri).exists()
    assert found(kb, Scope(folder="leases")) == {"2024/south.txt"}
    assert "2024/south.txt" not in found(kb, Scope(folder=lay))
    (back,) = kb.move("south.txt", "")
    assert back.folder == lay


def test_an_upload_is_in_no_folder_until_it_is_moved(kb: KnowledgeBase) -> None:
    kb.add_upload("sent.txt", b"The lease of the sent letter.")
    assert kb.document("sent.txt").folder == ""
    assert kb.move("sent.txt", "信/2024")[0].folder == "信/2024"
    assert kb.verify() == []


@pytest.mark.parametrize("wrong", ["a/../b", "a\x00b", "x" * 501, "\u202e"])
def test_what_cannot_be_a_folder_is_refused(kb: KnowledgeBase, wrong: str) -> None:
    with pytest.raises(UsageError, match="cannot be a folder"):
        kb.move("south.txt", wrong)


def test_a_folder_stays_with_a_file_that_changes_or_is_repaired_and_comes_back_with_it(
    kb: KnowledgeBase, folder: Path
) -> None:
    path = folder / "Contracts/2024/south.txt"
    kb.move("south.txt", "Kept")
    path.write_text("Another text about the lease.")
    assert kb.add(folder).updated == 1
    assert kb.document("south.txt").folder == "Kept"
    (removed,) = kb.remove("south.txt")
    assert kb.restore(removed.id).folder == "Kept"
    kb.close()
    connection = apsw.Connection(str(kb.folder / "catalog.sqlite3"))
    connection.execute("UPDATE pages SET text = 'x' || text WHERE text LIKE 'Another%'")
    connection.close()
    with opened(kb.folder) as again:
        again.repair()
        assert again.verify() == []
        assert again.document("south.txt").folder == "Kept"


def test_a_damaged_folder_is_noticed_and_forgotten_by_a_repair(
    kb: KnowledgeBase, folder: Path
) -> None:
    kb.move(["south.txt", "年假.md"], "Kept")
    kb.close()
    connection = apsw.Connection(str(kb.folder / "catalog.sqlite3"))
    connection.execute("UPDATE filed SET folder = CAST(x'ff' AS TEXT)")
    connection.close()
    with opened(kb.folder) as again:
        with pytest.raises(KnowledgeBaseDamaged):
            again.documents()
        again.repair()
        assert again.document("south.txt").folder == str(folder / "Contracts/2024")
        assert again.verify() == []
