"""Removed documents can be brought back until the knowledge base is compacted, and not after."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import contents, files_with
from quire import KnowledgeBase
from quire.errors import DocumentNotFound, Unreadable
from quire.indexes.folder import trash
from quire.indexes.folder.names import TRASH
from quire.models.fakes import FakeEmbedder

TEXT = b"The gate of the observatory opens at six in the morning."


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as base:
        yield base


def test_a_removed_upload_comes_back_with_its_tags(kb: KnowledgeBase) -> None:
    kb.add_upload("门.txt", TEXT)
    (document,) = kb.tag("门.txt", add=["opening hours"])
    kb.remove("门.txt")
    assert kb.documents() == []
    assert kb.search("gate") == []
    assert not list((kb.folder / "originals").iterdir())
    assert [each.name for each in kb.removed()] == ["门.txt"]
    assert kb.restore(document.id).tags == ("opening hours",)
    assert [hit.document.name for hit in kb.search("gate")] == ["门.txt"]
    assert kb.original(kb.document("门.txt")) is not None
    assert kb.removed() == []


def test_a_removed_file_comes_back_from_where_it_lies(kb: KnowledgeBase, tmp_path: Path) -> None:
    file = tmp_path / "gate.txt"
    file.write_bytes(TEXT)
    kb.add(file)
    (document,) = kb.remove("gate.txt")
    assert not list((kb.folder / TRASH).glob("*/files"))  # the user's own file is not copied
    assert kb.restore(document.id).uri == str(file)


def test_a_file_that_has_changed_or_gone_is_not_taken_for_the_removed_one(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    file = tmp_path / "gate.txt"
    file.write_bytes(TEXT)
    kb.add(file)
    (document,) = kb.remove("gate.txt")
    file.write_bytes(b"Another text.")
    with pytest.raises(DocumentNotFound, match=r"gate\.txt cannot be brought back"):
        kb.restore(document.id)
    file.write_bytes(TEXT)
    assert kb.restore(document.id).name == "gate.txt"


def test_compacting_leaves_nothing_to_bring_back(kb: KnowledgeBase) -> None:
    kb.add_upload("gate.txt", TEXT)
    (document,) = kb.remove("gate.txt")
    kb.compact()
    assert kb.removed() == []
    files = [path for path in kb.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"observatory" in path.read_bytes()]
    assert not [path for path in files if b"gate.txt" in path.read_bytes()]
    with pytest.raises(DocumentNotFound, match="no removed document"):
        kb.restore(document.id)


def test_what_was_added_again_is_not_offered(kb: KnowledgeBase) -> None:
    kb.add_upload("gate.txt", TEXT)
    kb.remove("gate.txt")
    kb.add_upload("gate.txt", TEXT)
    assert kb.removed() == []


def test_a_record_that_a_crash_cut_short_is_passed_over(kb: KnowledgeBase) -> None:
    kb.add_upload("gate.txt", TEXT)
    (document,) = kb.remove("gate.txt")
    record = kb.folder / TRASH / document.content_hash / "record.json"
    record.write_bytes(record.read_bytes()[:20])
    assert kb.removed() == []


# -- what a process leaves that ends in between -------------------------------------------------


def test_copies_that_were_not_yet_moved_come_back_too(kb: KnowledgeBase) -> None:
    """The removal was committed, and the process ended before it moved the copy."""
    kb.add_upload("gate.txt", TEXT)
    (document,) = kb.remove("gate.txt")
    trash.give_back(kb.folder, document.content_hash)
    assert kb.restore(document.id).name == "gate.txt"
    assert kb.original(kb.document("gate.txt")) is not None


def test_compacting_takes_nothing_that_is_being_brought_back(kb: KnowledgeBase) -> None:
    kb.add_upload("gate.txt", TEXT)
    kb.tag("gate.txt", add="hours")
    kb.remove("gate.txt")
    (removed,) = kb.removed()
    assert trash.begin_restoring(kb.folder, removed, own=[])
    kb.compact()
    assert [each.restoring for each in kb.removed()] == [True]
    assert kb.restore(removed.document_id).tags == ("hours",)
    assert not (kb.folder / TRASH / removed.content_hash).exists()


def test_compacting_leaves_the_only_copy_of_a_document_that_is_there(kb: KnowledgeBase) -> None:
    """The catalog has lost the removal, or it was never committed."""
    kb.add_upload("gate.txt", TEXT)
    document = kb.document("gate.txt")
    trash.note(kb.folder, document, [])
    trash.take(kb.folder, document.content_hash)
    assert kb.original(document) is None
    kb.compact()
    assert kb.original(document) is not None
    assert kb.removed() == []


def test_what_cannot_be_brought_back_stays_removed_as_it_was(
    kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb.add_upload("gate.txt", TEXT)
    (document,) = kb.remove("gate.txt")
    before = contents(kb.folder / TRASH)
    with monkeypatch.context() as patch:
        patch.setattr("quire.ingest.parsing.pool.ParserPool.parse", unreadable)
        with pytest.raises(DocumentNotFound, match="brought back: parser crashed"):
            kb.restore(document.id)
    assert contents(kb.folder / TRASH) == before
    assert [each.name for each in kb.removed()] == ["gate.txt"]
    assert kb.restore(document.id).name == "gate.txt"
    assert kb.restore(document.id).name == "gate.txt"  # once more is no error


def unreadable(*_: object, **__: object) -> None:
    raise Unreadable("parser crashed")


def test_an_upload_and_a_file_of_the_same_content_come_back_both(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    file = tmp_path / "same.txt"
    file.write_bytes(TEXT)
    kb.add_upload("gate.txt", TEXT)
    kb.add(file)
    (document,) = kb.remove("gate.txt")
    kb.restore(document.id)
    file.unlink()
    assert kb.original(kb.document(document.id)) is not None
    assert kb.document("gate.txt").id == document.id
    assert kb.document(str(file)).id == document.id


def test_compacting_leaves_no_byte_of_a_chat_that_was_removed(kb: KnowledgeBase) -> None:
    kb.add_upload("gate.txt", TEXT)
    chat = kb.ask("Does the zebrafish8841 open the gate?").conversation
    kb.conversations.remove(chat)
    assert files_with(kb.folder, "zebrafish8841")
    kb.compact()
    assert kb.conversations.removed() == []
    assert files_with(kb.folder, "zebrafish8841") == []
