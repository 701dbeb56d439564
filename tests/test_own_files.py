"""What Quire writes into the folder of a knowledge base is known by name, and is no document."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import watched_disk
from quire import GivenText, KnowledgeBase, load_settings
from quire.errors import PageNotFound, ReplyUnusable
from quire.indexes.folder import files, names
from quire.indexes.folder.unread import UnreadFiles
from quire.indexes.folder.waiting import WaitingRoom
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.ui.settings import bases

pytestmark = pytest.mark.usefixtures("parser_here")

CANARY = b"The canary sings in the hall of the observatory."
HALL = "Who sings in the hall?"


def opened(folder: Path, embedder: FakeEmbedder | None = None) -> KnowledgeBase:
    return KnowledgeBase.open(
        settings=load_settings(kb=folder, model="none"),
        embedder=embedder or FakeEmbedder(),
        model=FakeChatModel("The canary sings in the hall of the observatory [1]."),
    )


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder of the user's own, in which the knowledge base lies."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "lamp.txt").write_text("The lamp is lit.")
    return folder


@pytest.fixture
def kb(papers: Path) -> Iterator[KnowledgeBase]:
    with opened(papers / "kb") as base:
        yield base


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def in_catalog(kb: KnowledgeBase) -> list[str]:
    return [document.name for document in kb.documents()]


# -- the list --------------------------------------------------------------------------------------


def steps(kb: KnowledgeBase, papers: Path) -> dict[str, Callable[[], object]]:
    """All that a knowledge base can do, by the names of its methods, in an order that works."""

    def the_answer() -> str:
        (conversation,) = kb.conversations.all()
        return kb.conversations.turns(conversation.id)[-1].id

    def canary() -> str:
        return kb.document("canary.txt").id

    def try_judge() -> None:
        with pytest.raises(ReplyUnusable):
            kb.try_judge()

    def draw() -> None:
        with pytest.raises(PageNotFound):
            kb.page_image("canary.txt", 1)

    return {
        "model": lambda: kb.model,
        "made_with": lambda: kb.made_with,
        "follow": lambda: kb.follow(kb.settings, model=kb.model),
        "model_problem": lambda: kb.model_problem,
        "embedder": lambda: kb.embedder,
        "warnings": lambda: kb.warnings,
        "documents": kb.documents,
        "add": lambda: kb.add(papers / "lamp.txt"),
        "add_upload": lambda: kb.add_upload("canary.txt", CANARY),
        "add_texts": lambda: kb.add_texts([GivenText("1", "The heron waits.")]),
        "given_texts": kb.given_texts,
        "given_text": lambda: kb.given_text(kb.document("canary.txt")),
        "boxes": lambda: kb.boxes([(hit.document, hit.chunk.span) for hit in kb.search(HALL)]),
        "document": canary,
        "holding": lambda: kb.holding("canary"),
        "holdings": kb.holdings,
        "has_document": lambda: kb.has_document("canary.txt"),
        "pages": lambda: kb.pages(kb.document("canary.txt")),
        "headings": lambda: kb.headings(kb.document("canary.txt"), 3),
        "sections": lambda: kb.sections(kb.document("canary.txt")),
        "recognized": lambda: kb.recognized(kb.document("canary.txt"), 1),
        "page_image": draw,
        "original": lambda: kb.original(kb.document("canary.txt")),
        "tag": lambda: kb.tag("canary.txt", add="birds"),
        "move": lambda: kb.move("canary.txt", "Birds"),
        "search": lambda: kb.search(HALL),
        "explain": lambda: kb.explain(HALL, "canary.txt"),
        "ask": lambda: kb.ask(HALL),
        "check": lambda: kb.check(HALL),
        "suggest": lambda: kb.suggest(first=[HALL]),
        "check_file": lambda: kb.check_file(papers / "lamp.txt"),
        "try_judge": try_judge,
        "stream": lambda: list(kb.stream(HALL, conversation=kb.conversations.all()[0].id)),
        "conversations": lambda: kb.conversations.search("canary"),
        "unkept": lambda: kb.unkept(kb.conversations.all()[0].id),
        "regenerate": lambda: kb.regenerate(the_answer()),
        "feedback": lambda: kb.feedback(the_answer(), "up"),
        "replay": lambda: kb.replay(the_answer()),
        "export_answer": lambda: kb.export_answer(the_answer()),
        "export": lambda: kb.export(the_answer(), form="markdown", answer=True),
        "summarize": lambda: kb.summarize("canary.txt"),
        "remove": lambda: kb.remove("canary.txt"),
        "removed": kb.removed,
        "restore": lambda: kb.restore(kb.removed()[0].document_id),
        "verify": kb.verify,
        "repair": kb.repair,
        "compact": kb.compact,
        "is_of_other_version": lambda: kb.is_of_other_version,
        "read_again": kb.read_again,
        "reindex": lambda: kb.reindex(FakeEmbedder(name="other", fingerprint="other")),
        "close": kb.close,
    }


def test_the_list_names_all_that_quire_writes_and_nothing_else(papers: Path) -> None:
    folder = papers / "kb"
    with watched_disk() as disk:
        written: set[str] = set()
        disk.on_change = lambda _kind, path, _offset, _data: written.add(path)
        kb = opened(folder)
        met = {"open": listed(folder)}
        room = WaitingRoom(folder)
        waits = room.keep("waits.txt", content=b"It waits.")
        for name, step in steps(kb, papers).items():
            step()
            met[name] = listed(folder)
        room.drop(waits)
        unread = UnreadFiles(folder)
        unread.note("bad.pdf", reason="It is damaged.")
        met["unread"] = listed(folder)
        room.close()
        met["closed"] = listed(folder)
    public = {name for name in vars(KnowledgeBase) if not name.startswith("_")}
    assert public <= met.keys()  # a new method belongs among the steps
    met["SQLite"] = {Path(path).name for path in written if path.startswith(str(folder))}
    for moment, found in met.items():
        assert found <= names.ALL, moment
    assert set().union(*met.values()) == names.ALL


def test_what_a_kill_leaves_half_written_is_known_too(kb: KnowledgeBase) -> None:
    before = listed(kb.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: None)  # the process ended just before
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        files.write_file(kb.folder / "half", CANARY)
        files.probe_writable(kb.folder)
    left = listed(kb.folder) - before
    assert len(left) == 2
    assert all(map(names.is_own, left))
    kb.compact()
    assert listed(kb.folder).isdisjoint(left)


def test_deleting_a_knowledge_base_leaves_nothing_of_it_and_all_else(
    kb: KnowledgeBase, papers: Path
) -> None:
    for name, step in steps(kb, papers).items():
        if name != "restore":  # the trash is full then
            step()
    WaitingRoom(kb.folder).keep("waits.txt", content=CANARY)
    (kb.folder / "mine.txt").write_text("of somebody else")
    bases.delete(kb.folder, wait=0)
    assert [path.name for path in kb.folder.iterdir()] == ["mine.txt"]


# -- among documents -------------------------------------------------------------------------------


@pytest.mark.parametrize("compacted", [False, True])
def test_a_removed_document_does_not_come_back_with_its_folder(
    kb: KnowledgeBase, papers: Path, compacted: bool
) -> None:
    kb.add_upload("canary.txt", CANARY)
    kb.remove("canary.txt")
    if compacted:
        kb.compact()
    assert kb.add(papers).added == 1
    kb.compact()
    assert in_catalog(kb) == ["lamp.txt"]
    assert kb.search("canary", mode="lexical") == []


def test_what_waits_to_be_read_is_no_document_yet(kb: KnowledgeBase, papers: Path) -> None:
    room = WaitingRoom(kb.folder)
    room.keep("canary.txt", content=CANARY)
    room.keep("a folder", path=papers)
    report = kb.add(papers)
    assert (report.added, report.skipped, report.failed) == (1, (), ())
    assert in_catalog(kb) == ["lamp.txt"]
    room.close()
    assert kb.add([kb.folder, papers]).added == 0  # left by a process that has ended


def test_no_part_of_a_knowledge_base_is_taken_in_however_it_is_named(
    kb: KnowledgeBase, papers: Path
) -> None:
    kb.add_upload("canary.txt", CANARY)
    kb.add_upload("kept.txt", b"The lamp of the hall is green.")
    kb.ask(HALL)
    kb.remove("canary.txt")
    (papers / "link").symlink_to(kb.folder)
    (papers / "bin").symlink_to(kb.folder / "trash")
    (copy,) = kb.folder.glob("trash/*/files/canary.txt")
    (papers / "canary.txt").symlink_to(copy)
    everything = [path for path in kb.folder.rglob("*") if "originals" not in path.parts]
    report = kb.add([papers, papers / "link", papers / "canary.txt", copy, *everything])
    assert (report.skipped, report.failed) == ((), ())
    assert in_catalog(kb) == ["kept.txt", "lamp.txt"]


def test_another_knowledge_base_among_the_documents_is_none_of_them(
    kb: KnowledgeBase, papers: Path, tmp_path: Path
) -> None:
    kb.add_upload("canary.txt", CANARY)
    kb.remove("canary.txt")
    (kb.folder / "notes.txt").write_text("A note that somebody keeps beside.")
    with opened(tmp_path / "other") as other:
        other.add(papers)
        assert in_catalog(other) == ["lamp.txt", "notes.txt"]
        lost = papers / "moved away"
        shutil.copytree(kb.folder, lost, ignore=shutil.ignore_patterns("catalog.sqlite3*"))
        other.add(papers)
        assert in_catalog(other) == ["lamp.txt", "notes.txt"]


def test_a_folder_of_the_users_own_may_be_called_as_parts_are(
    kb: KnowledgeBase, papers: Path
) -> None:
    for name in ("trash", "originals", "waiting", "vectors"):
        (papers / name).mkdir()
        (papers / name / f"{name}.txt").write_text(f"This is about {name}.")
    kb.add(papers)
    assert len(in_catalog(kb)) == 5
