"""The knowledge base as a whole: opened, changed, asked, damaged, put right and emptied."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

from faults import contents, files_with, flipped, watched_disk
from made_documents import assert_equal, state
from quire import Answer, KnowledgeBase, load_settings
from quire.errors import (
    DocumentNotFound,
    KnowledgeBaseDamaged,
    KnowledgeBaseError,
    KnowledgeBaseLocked,
    KnowledgeBaseMismatch,
    KnowledgeBaseNotFound,
    QuireError,
    UsageError,
)
from quire.indexes import catalog
from quire.indexes.scope import Scope
from quire.ingest import chunking
from quire.models.fakes import FakeEmbedder
from quire.text import analysis

CANARY = "Zanzibar-8841"


pytestmark = pytest.mark.usefixtures("parser_here")


def opened(folder: Path, **arguments: Any) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", lock_wait=0.2)
    return KnowledgeBase.open(
        folder, settings=settings, **{"embedder": FakeEmbedder(), **arguments}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "lease.txt").write_text("The lease ends in May.\n\nThe dog may stay.")
    (folder / "leave.md").write_text("# 年假\n\n员工每年有五天年假。\n\n# 病假\n\n病假十天。")
    (folder / "boiler.txt").write_text("The landlord repairs the boiler.")
    return folder


@pytest.fixture
def kb(tmp_path: Path, folder: Path) -> Iterator[KnowledgeBase]:
    """An open knowledge base of the three files."""
    with opened(tmp_path / "kb") as kb:
        kb.add(folder)
        yield kb


# -- opening -----------------------------------------------------------------------------------


def test_a_missing_knowledge_base_is_only_made_when_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseNotFound, match="no knowledge base at") as caught:
        opened(tmp_path / "kb", create=False)
    assert "quire ingest" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    opened(tmp_path / "kb").close()
    opened(tmp_path / "kb", create=False).close()


def test_a_file_is_no_knowledge_base(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(KnowledgeBaseNotFound, match="is a file"):
        opened(tmp_path / "file")


def test_an_empty_knowledge_base_answers_everything(tmp_path: Path) -> None:
    with opened(tmp_path / "kb") as kb:
        assert kb.documents() == []
        assert kb.search("anything") == []
        assert kb.verify() == []
        kb.repair()
        kb.compact()
        assert kb.ask("Is anybody there?").status == "not_found"


@pytest.mark.parametrize("other", [{"name": "other"}, {"fingerprint": "other"}])
def test_another_embedding_model_is_refused_with_what_to_do(
    kb: KnowledgeBase, folder: Path, other: dict[str, str]
) -> None:
    before = contents(kb.folder)
    (folder / "new.txt").write_text("New.")

    def use(how: str, what: object) -> None:
        with opened(kb.folder, embedder=FakeEmbedder(**other)) as wrong:
            getattr(wrong, how)(what)

    for how, what in (("search", "dog"), ("ask", "Whose dog?"), ("add", folder)):
        with pytest.raises(KnowledgeBaseMismatch) as caught:
            use(how, what)
        name = other.get("name", "fake")
        assert f"quire reindex --embedder {name}" in caught.value.hint
    assert contents(kb.folder) == before


def test_documents_cut_by_another_version_are_refused(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "VERSION", chunking.VERSION + 1)
    with pytest.raises(KnowledgeBaseMismatch, match="chunker") as caught:
        opened(kb.folder)
    assert "quire reindex --read" in caught.value.hint


@pytest.mark.parametrize("changed", [chunking, analysis])
def test_documents_of_another_version_are_read_again_from_their_files(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch, changed: ModuleType
) -> None:
    kb.add_upload("upload.txt", b"The owl sleeps in the attic.", tags=["birds"])
    (folder / "gone.txt").write_text("The badger sleeps in the cellar.")
    kb.add(folder)
    (folder / "gone.txt").unlink()
    before = {document.name: document for document in kb.documents()}
    monkeypatch.setattr(changed, "VERSION", changed.VERSION + 1)
    with opened(kb.folder, as_made=True) as other:
        assert other.is_of_other_version
        assert other.search("owl attic")
        halted = threading.Event()
        halted.set()
        assert other.read_again(cancel=halted).cancelled
        assert other.is_of_other_version
        report = other.read_again()
        assert report.left == ("gone.txt",)
        assert report.read == len(before) - 1
        assert not other.is_of_other_version
        after = {document.name: document for document in other.documents()}
        assert after.keys() == before.keys()
        for name, document in after.items():
            assert (document.id, document.tags) == (before[name].id, before[name].tags)
            assert (document.added_at > before[name].added_at) == (name != "gone.txt")
        assert other.search("badger cellar")[0].document.name == "gone.txt"
        assert other.search("owl attic")[0].document.name == "upload.txt"
        assert other.verify() == []
    with opened(kb.folder) as again:
        assert again.documents() == [*after.values()]


def test_where_all_files_are_there_all_documents_are_read_again_and_found(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "VERSION", analysis.VERSION + 1)
    with opened(kb.folder, as_made=True) as other:
        found = [hit.document.name for hit in other.search("dog")]
        assert other.read_again().left == ()
        assert [hit.document.name for hit in other.search("dog")] == found != []
        assert other.verify() == []


def test_reading_again_where_nothing_was_ever_added_leaves_all_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path / "empty") as empty:
        assert empty.read_again().read == 0
    with opened(tmp_path / "empty") as empty:
        (tmp_path / "owl.txt").write_text("The owl sleeps in the attic.")
        empty.add(tmp_path / "owl.txt")
        assert empty.search("owl attic")


def test_moving_the_folder_loses_nothing(
    kb: KnowledgeBase, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.add_upload("upload.txt", b"An upload.")
    kb.close()
    kb.folder.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    with opened(Path("moved")) as moved:
        monkeypatch.chdir("/")
        assert len(moved.documents()) == 4
        assert moved.verify() == []
        path = moved.original(moved.document("upload.txt"))
        assert path is not None
        assert path.is_relative_to(tmp_path / "moved")
        assert moved.add(folder).unchanged == 3


# -- documents ---------------------------------------------------------------------------------


def test_a_document_is_named_by_name_path_place_or_beginning_of_its_id(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "second.txt").write_bytes((folder / "lease.txt").read_bytes())
    kb.add(folder)
    (document,) = (d for d in kb.documents() if d.name == "lease.txt")
    monkeypatch.chdir(folder)
    for reference in (
        "lease.txt",
        str(folder / "lease.txt"),
        "./lease.txt",
        "second.txt",
        str(folder / "second.txt"),
        document.id,
        document.id[:6],
    ):
        assert kb.document(reference) == document


def test_an_unknown_or_ambiguous_name_is_an_error_that_helps(
    kb: KnowledgeBase, folder: Path
) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "lease.txt").write_text("Another lease.")
    kb.add(folder)
    with pytest.raises(DocumentNotFound, match="'missing'"):
        kb.document("missing")
    with pytest.raises(DocumentNotFound, match="names 2 documents") as caught:
        kb.document("lease.txt")
    for path in (folder / "lease.txt", folder / "inner" / "lease.txt"):
        assert str(path) in caught.value.message


def test_nothing_is_removed_when_one_name_is_wrong(kb: KnowledgeBase) -> None:
    with pytest.raises(DocumentNotFound):
        kb.remove(["lease.txt", "missing"])
    assert len(kb.documents()) == 3
    assert [document.name for document in kb.remove(["lease.txt", "boiler.txt"])] == [
        "lease.txt",
        "boiler.txt",
    ]
    assert [document.name for document in kb.documents()] == ["leave.md"]
    assert kb.verify() == []


def test_the_text_is_kept_page_by_page(kb: KnowledgeBase) -> None:
    (page,) = kb.pages(kb.document("lease.txt"))
    assert (page.number, page.text) == (None, "The lease ends in May.\n\nThe dog may stay.")


def test_the_original_is_given_only_while_it_is_as_it_was(kb: KnowledgeBase, folder: Path) -> None:
    document = kb.document("lease.txt")
    assert kb.original(document) == folder / "lease.txt"
    (folder / "lease.txt").write_text("Something else.")
    assert kb.original(document) is None


def test_an_upload_is_kept_below_the_folder_and_goes_with_its_document(kb: KnowledgeBase) -> None:
    report = kb.add_upload("../../报告.txt", b"The upload.")
    assert report.added == 1
    document = kb.document("报告.txt")
    path = kb.original(document)
    assert path is not None
    assert path.is_relative_to(kb.folder / "originals")
    kb.remove(document.id)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_no_copy_is_kept_of_an_upload_that_is_not_taken_in(
    kb: KnowledgeBase, content: bytes
) -> None:
    report = kb.add_upload("a", content)
    assert report.added == 0
    assert len(report.skipped) + len(report.failed) == 1
    assert list((kb.folder / "originals").iterdir()) == []


# -- questions ---------------------------------------------------------------------------------


def test_each_leg_and_both_together_find_what_is_asked_for(kb: KnowledgeBase) -> None:
    for mode in ("hybrid", "lexical"):
        (best, *_) = kb.search("When does the lease end?", mode=mode)
        assert best.document.name == "lease.txt"
    best, *_ = kb.search("pets", mode="dense")  # not a word of it stands in the document
    assert (best.document.name, best.ranks) == ("lease.txt", {"dense": 1})
    best, *_ = kb.search("年假有几天", mode="lexical")
    assert best.document.name == "leave.md"


def test_no_more_hits_than_asked_for_with_ranks_from_one(kb: KnowledgeBase) -> None:
    assert [hit.rank for hit in kb.search("dog", k=2)] == [1, 2]
    assert len(kb.search("dog", k=100)) == 4


@pytest.mark.parametrize("text", ["", " \n", "\x00"])
def test_an_empty_question_is_a_usage_error(kb: KnowledgeBase, text: str) -> None:
    for ask in (kb.search, kb.ask):
        with pytest.raises(UsageError):
            ask(text)
    with pytest.raises(UsageError):
        kb.search("dog", k=0)


def test_an_answer_is_kept_in_its_conversation(kb: KnowledgeBase) -> None:
    first = kb.ask("When does the lease end?")
    assert (first.status, first.text) == ("extractive", "The lease ends in May.")
    second = kb.ask("May the dog stay?", conversation=first.conversation)
    assert second.conversation == first.conversation
    turns = kb.conversations.turns(first.conversation)
    assert [turn.answer for turn in turns] == [
        json.loads(json.dumps(answer.to_dict())) for answer in (first, second)
    ]


def folder_in_place(path: Path) -> None:
    path.mkdir()


def no_database(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def always_full(path: Path) -> None:
    path.symlink_to("/dev/full")


@pytest.mark.parametrize("break_", [folder_in_place, no_database, always_full])
def test_answers_that_cannot_be_kept_are_given_and_kept_when_they_can_be(
    kb: KnowledgeBase, break_: Callable[[Path], None]
) -> None:
    chats = kb.folder / "conversations.sqlite3"
    break_(chats)
    first = kb.ask("When does the lease end?")
    assert first.text == "The lease ends in May."
    assert sum("not kept" in note for note in first.notes) == 1
    second = kb.ask("And who repairs its boiler?", conversation=first.conversation)
    assert second.standalone_question == "And who repairs its boiler? (lease end)"
    assert second.conversation == first.conversation
    turns = kb.unkept(first.conversation)
    assert [turn.id for turn in turns] == [first.id, second.id]
    assert kb.verify() != []  # it is found as well as told
    chats.rmdir() if chats.is_dir() else chats.unlink()
    third = kb.ask("May the dog stay?", conversation=first.conversation)
    assert not any("not kept" in note for note in third.notes)
    assert kb.unkept(first.conversation) == []
    asked = kb.conversations.turns(first.conversation)
    assert [turn.id for turn in asked] == [first.id, second.id, third.id]
    assert not any("not kept" in note for turn in asked for note in turn.answer["notes"])
    assert kb.conversations.find(first.conversation).title == "When does the lease end?"
    assert kb.verify() == []


def test_on_a_full_disk_a_chat_goes_on_and_is_kept_once_there_is_space(
    tmp_path: Path, folder: Path
) -> None:
    with watched_disk() as disk, opened(tmp_path / "full") as kb:
        kb.add(folder)
        first = kb.ask("When does the lease end?")
        for nth in range(1, 5):
            disk.fails_from = disk.writes + nth
            answer = kb.ask("May the dog stay?", conversation=first.conversation)
            assert answer.text == "The dog may stay."
            assert any("is full" in note for note in answer.notes)
        assert len(kb.conversations.turns(first.conversation)) == 1
        assert len(kb.unkept(first.conversation)) == 4
        disk.fails_from = None
        kb.ask("Who repairs the boiler?", conversation=first.conversation)
        assert len(kb.conversations.turns(first.conversation)) == 6
        assert kb.unkept(first.conversation) == []
        assert kb.verify() == []


def test_a_stream_ends_in_the_answer_whose_text_it_gave(kb: KnowledgeBase) -> None:
    *pieces, answer = kb.stream("When does the lease end?")
    assert isinstance(answer, Answer)
    assert "".join(str(piece) for piece in pieces) == answer.text


# -- beside others -----------------------------------------------------------------------------


def test_what_another_process_commits_is_found_by_the_next_question(
    kb: KnowledgeBase, folder: Path
) -> None:
    assert kb.search("sugar", mode="lexical") == []
    (folder / "new.txt").write_text("Leaves make sugar.")
    with opened(kb.folder) as other:
        other.add(folder)
    assert [hit.document.name for hit in kb.search("sugar", mode="lexical")] == ["new.txt"]
    assert kb.search("food", mode="dense")[0].document.name == "new.txt"
    with opened(kb.folder) as other:
        other.remove("new.txt")
    assert kb.search("sugar", mode="lexical") == []
    assert "new.txt" not in [hit.document.name for hit in kb.search("food", mode="dense")]


def test_a_second_writer_waits_and_then_says_who_writes(kb: KnowledgeBase, folder: Path) -> None:
    (folder / "new.txt").write_text("New.")
    with kb._collection.writing(), opened(kb.folder) as other:
        for write in (
            lambda: other.add(folder),
            lambda: other.remove("lease.txt"),
            other.compact,
            other.repair,
            lambda: other.add_upload("a.txt", b"a"),
        ):
            with pytest.raises(KnowledgeBaseLocked, match="process"):
                write()
        assert len(other.search("dog")) == 4
        assert other.verify() == []


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("readers", "documents"), [(3, 10), pytest.param(8, 500, marks=pytest.mark.soak)]
)
def test_readers_during_an_ingest_see_whole_states_only(
    kb: KnowledgeBase, tmp_path: Path, readers: int, documents: int
) -> None:
    """A document is two chunks that name each other's number; both are there, or neither is."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(documents):
        (many / f"{number}.md").write_text(f"# One\n\nodd x{number}.\n\n# Two\n\nodd x{number}.")
    stop = threading.Event()
    problems: list[object] = []
    looks = 0

    def look() -> None:
        nonlocal looks
        try:
            with opened(kb.folder) as reader:
                while not stop.is_set():
                    for mode in ("lexical", "dense"):
                        numbers = [
                            hit.chunk.text.split()[-1]
                            for hit in reader.search("odd", k=1000, mode=mode)
                            if "odd" in hit.chunk.text
                        ]
                        if any(numbers.count(number) != 2 for number in numbers):
                            problems.append((mode, numbers))
                    looks += 1
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=look) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for version in ("first", "second"):
        kb.add(many)
        for path in many.iterdir():
            path.write_text(path.read_text() + f"\n\n# Three\n\n{version}")
    kb.remove([document.id for document in kb.documents()])
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert looks > readers


# -- damage ------------------------------------------------------------------------------------


def damage(kb: KnowledgeBase, sql: str) -> None:
    with kb._catalog.writing() as connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM lexical WHERE rowid = 1",
        "DELETE FROM vectors WHERE chunk_id = 2",
        "UPDATE vectors SET vector = zeroblob(64) WHERE chunk_id = 3",
        "UPDATE chunks SET text = 'The cat may stay.' WHERE id = 1",
        "UPDATE chunks SET text = CAST(x'ff' AS TEXT) WHERE id = 2",
        "UPDATE chunks SET heading_path = '[' WHERE id = 3",
        "UPDATE pages SET text = replace(text, 'dog', 'cat')",
        "UPDATE pages SET text = CAST(x'ff' AS TEXT)",
        "DELETE FROM chunks WHERE id = 1",
        "DELETE FROM lexical; DELETE FROM vectors; UPDATE chunks SET text = ''",
    ],
)
def test_repair_puts_right_what_verify_finds(kb: KnowledgeBase, sql: str) -> None:
    expected = state(kb._catalog)
    hits = [hit.to_dict() for hit in kb.search("dog 年假")]
    damage(kb, sql)
    assert kb.verify() != []
    kb.repair()
    assert kb.verify() == []
    assert_equal(state(kb._catalog), expected)
    assert len(kb.search("dog 年假")) == len(hits)
    with opened(kb.folder) as again:
        assert again.verify() == []
        assert [hit.chunk.text for hit in again.search("dog 年假")] == [hit["text"] for hit in hits]


def test_what_cannot_be_put_right_is_still_named_and_the_rest_works(
    kb: KnowledgeBase, folder: Path
) -> None:
    lease = kb.document("lease.txt")
    (folder / "lease.txt").unlink()
    damage(kb, f"UPDATE pages SET text = 'other' WHERE document_id = '{lease.id}'")
    kb.repair()
    assert [where for _, where in kb.verify()] == [lease.id]
    assert kb.search("boiler")[0].document.name == "boiler.txt"
    kb.remove("lease.txt")
    assert kb.verify() == []


@pytest.mark.parametrize("damage", ["missing", "empty", "halved", "last byte", "folder"])
def test_a_lost_catalog_is_refused_and_not_begun_anew(kb: KnowledgeBase, damage: str) -> None:
    kb.close()
    path = kb.folder / "catalog.sqlite3"
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        kept = {"empty": 0, "halved": len(content) // 2, "last byte": len(content) - 1}[damage]
        path.write_bytes(content[:kept])
    with pytest.raises(KnowledgeBaseError), opened(kb.folder) as again:
        again.search("dog")


def test_no_flipped_bit_of_the_catalog_ends_in_a_foreign_error_or_a_wrong_text(
    kb: KnowledgeBase, folder: Path
) -> None:
    texts = [page.text for document in kb.documents() for page in kb.pages(document)]
    kb.close()
    path = kb.folder / "catalog.sqlite3"
    content = path.read_bytes()
    refused = 0
    for bit in range(5, 8 * len(content), 8 * len(content) // 120):
        path.write_bytes(flipped(content, bit))
        try:
            with opened(kb.folder) as again:
                for mode in ("lexical", "dense"):
                    for hit in again.search("dog 年假", mode=mode):
                        assert any(hit.chunk.text in text for text in texts), bit
                        assert hit.chunk.span.page_first is None
                for document in again.documents():
                    for page in again.pages(document):
                        assert page.text in texts, bit
                again.verify()
        except QuireError:
            refused += 1
        for rest in kb.folder.glob("catalog.sqlite3-*"):
            rest.unlink()
    assert refused


def test_a_snapshot_that_cannot_be_written_costs_nothing_but_time(
    kb: KnowledgeBase, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (kb.folder / "vectors").iterdir():
        path.unlink()
    (kb.folder / "vectors").rmdir()
    (kb.folder / "vectors").write_text("in the way")
    with opened(kb.folder) as again:
        again._collection.index().save_snapshot()
        damage(again, "DELETE FROM snapshots")
        (folder / "new.txt").write_text("New.")
        assert again.add(folder).added == 1
        assert again.search("dog")[0].document.name == "lease.txt"
        assert again.verify() == []
    assert "vectors" in caplog.text


# -- read-only ---------------------------------------------------------------------------------


def test_a_write_protected_knowledge_base_answers_and_refuses_changes(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.close()
    monkeypatch.setattr(catalog, "is_writable", lambda _: False)  # root can always write
    before = contents(kb.folder)
    with opened(kb.folder) as again:
        assert again.search("pets", mode="dense")[0].document.name == "lease.txt"
        assert again.verify() == []
        (folder / "lease.txt").write_text("Changed.")
        for write in (lambda: again.add(folder), lambda: again.remove("lease.txt")):
            with pytest.raises(KnowledgeBaseError, match="read-only"):
                write()
    assert contents(kb.folder) == before


# -- deletion is real --------------------------------------------------------------------------


def test_after_remove_and_compact_no_file_holds_a_byte_of_the_text(
    kb: KnowledgeBase, folder: Path
) -> None:
    (folder / "secret.txt").write_text(f"The password of the safe is {CANARY}.")
    kb.add(folder)
    kb.add_upload("upload.txt", f"The safe stands in {CANARY}.".encode())
    first = kb.ask("What is the password of the safe?")
    assert CANARY in first.text
    kb.ask("Where does the safe stand?", conversation=first.conversation)
    kb.ask("When does the lease end?", conversation=first.conversation)
    assert files_with(kb.folder, CANARY, CANARY.casefold())
    kb.remove(["secret.txt", "upload.txt"])
    kb.compact()
    assert files_with(kb.folder, CANARY, CANARY.casefold()) == []
    turns = kb.conversations.turns(first.conversation)
    assert turns[0].answer["text"] == "(source deleted)"
    assert turns[2].answer["text"] == "The lease ends in May."
    assert kb.verify() == []
    kb.close()
    assert files_with(kb.folder, CANARY, CANARY.casefold()) == []


def test_nor_does_one_hold_its_name_or_path(kb: KnowledgeBase, tmp_path: Path) -> None:
    place = tmp_path / "Dar-es-Salaam-77"
    place.mkdir()
    path = place / f"{CANARY}.txt"
    path.write_text("The lighthouse keeper opens the safe at noon.")
    kb.add(path)
    kb.add_upload(f"{CANARY}.md", b"# Lighthouse\n\nA keeper of the lighthouse has the key.")
    kb.tag(path.name, add="safe")
    first = kb.ask("When does the keeper of the lighthouse open the safe?")
    assert first.citations
    asked = kb.ask(f"What does {path.name} say?", conversation=first.conversation)
    kb.feedback(asked.id, "down", comment=f"Not in {path}, but in {CANARY}.md.")
    assert kb.ask("Which files mention the lighthouse?").scan
    kb.ask("When does the safe open?", scope=Scope(file=[path.name, "lease.txt"]))
    kb.ask("When does the safe open?", scope=Scope(file=path))
    kb.conversations.rename(first.conversation, f"About {CANARY}.TXT")
    names = (CANARY, CANARY.casefold(), CANARY.upper(), "Dar-es-Salaam", "dar-es-salaam")
    assert len(files_with(kb.folder, *names)) > 2
    kb.remove([path.name, f"{CANARY}.md"])
    kb.compact()
    assert files_with(kb.folder, *names) == []
    kb.close()
    assert files_with(kb.folder, *names) == []
    with opened(kb.folder) as again:
        assert again.conversations.turns(first.conversation)[1].question == (
            "What does (source deleted) say?"
        )
        assert {*again.replay(first.id).before["text"].split("\n")} == {"(source deleted)"}


def test_nor_does_one_of_the_old_version_of_a_changed_file(kb: KnowledgeBase, folder: Path) -> None:
    path = folder / "secret.txt"
    path.write_text(f"The password of the safe is {CANARY}.\n\n" + "Other words. " * 2000)
    kb.add(folder)
    path.write_text("The password was changed.\n\n" + "Other words. " * 2000)
    kb.add(folder)
    kb.compact()
    assert files_with(kb.folder, CANARY, CANARY.casefold()) == []
    assert len(kb.documents()) == 4


def test_nor_do_leftovers_of_a_killed_upload(kb: KnowledgeBase) -> None:
    place = kb.folder / "originals" / ("0" * 64)
    place.mkdir(parents=True)
    (place / "whole.txt").write_text(CANARY)
    (place / ".half.txt.1234abcd.part").write_text(CANARY)
    kb.compact()
    assert files_with(kb.folder, CANARY) == []


def test_compacting_gives_space_back_and_changes_no_result(kb: KnowledgeBase, folder: Path) -> None:
    (folder / "long.txt").write_text("\n\n".join(f"Paragraph {n} of many." for n in range(5000)))
    kb.add(folder)
    kb.remove("long.txt")
    expected = state(kb._catalog)
    before = sum(map(len, contents(kb.folder).values()))
    kb.compact()
    assert sum(map(len, contents(kb.folder).values())) < before / 2
    assert_equal(state(kb._catalog), expected)


def test_a_reader_elsewhere_holds_compacting_up_with_a_clear_word(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log cannot be emptied while somebody reads from it."""
    monkeypatch.setattr(catalog, "_BUSY_MS", 50)
    with opened(kb.folder) as other:
        reader = apsw.Connection(str(kb.folder / "catalog.sqlite3"))
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM chunks").fetchall()
        with pytest.raises(KnowledgeBaseError, match="busy"):
            other.compact()
        reader.close()
        other.compact()


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    kb = opened(tmp_path / "kb")
    kb.close()
    kb.close()


def test_an_error_while_opening_leaves_no_connection_behind(kb: KnowledgeBase) -> None:
    damage(kb, "UPDATE settings SET value = '[' WHERE name = 'embedder'")
    with pytest.raises(KnowledgeBaseDamaged):
        opened(kb.folder)


def test_of_two_editions_of_a_text_the_one_whose_file_is_named_comes_first(
    tmp_path: Path,
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    text = "# Leave\n\nEvery employee has {} days of leave a year, to be taken until March."
    chinese = "# 年假\n\n每位员工每年有{}天年假，应于三月之前休完。"
    for year, days in ((2022, 15), (2023, 22), (2024, 55)):  # all one to the fake embedder
        (files / f"Handbook_{year}.md").write_text(text.format(days))
        (files / f"员工手册{year}版.md").write_text(chinese.format(days))
    with opened(tmp_path / "editions") as kb:
        kb.add(files)
        for year in (2022, 2023, 2024):
            (first, *_) = kb.search(f"How many days of leave does the handbook of {year} give?")
            assert first.document.name == f"Handbook_{year}.md"
            (first, *_) = kb.search(f"{year}版的员工手册规定年假有几天？")
            assert first.document.name == f"员工手册{year}版.md"
