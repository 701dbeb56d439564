"""From files to a catalog: every file ends as exactly one of added, updated, unchanged, removed,
skipped or failed, and nothing is done twice."""

import os
import resource
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults import contents, watched_disk
from made_documents import assert_equal, state
from quire import IngestReport, KnowledgeBase
from quire.errors import KnowledgeBaseError, Unreadable
from quire.ingest import chunking, kept_vectors, pipeline
from quire.ingest.kept_vectors import KeptVectors
from quire.ingest.limits import Limits
from quire.ingest.parsing.pool import ParserPool
from quire.ingest.pipeline import Ingest
from quire.ingest.report import Progress
from quire.models.fakes import FakeEmbedder


class Embedder(FakeEmbedder):
    """Remembers what it has embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []

    def embed_passages(
        self, texts: Sequence[str], *, progress: Callable[[int], None] = lambda _: None
    ) -> npt.NDArray[np.float32]:
        self.embedded += texts
        return super().embed_passages(texts, progress=progress)


pytestmark = pytest.mark.usefixtures("parser_here")


@pytest.fixture
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def kb(tmp_path: Path, embedder: Embedder) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path / "kb", embedder=embedder) as kb:
        yield kb


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files."""
    folder = tmp_path / "files"
    (folder / "inner").mkdir(parents=True)
    (folder / "lease.txt").write_text("The lease ends in May.\n\nThe dog may stay.")
    (folder / "leave.md").write_text("# 年假\n\n员工每年有五天年假。\n\n# 病假\n\n病假十天。")
    (folder / "inner" / "boiler.txt").write_text("The landlord repairs the boiler.")
    return folder


def counts(report: IngestReport) -> dict[str, int]:
    """The outcomes that occurred."""
    every = report.to_dict()
    numbers = {
        name: every[name] if isinstance(every[name], int) else len(every[name])
        for name in ("added", "updated", "unchanged", "removed", "skipped", "failed")
    }
    return {name: number for name, number in numbers.items() if number}


def texts(kb: KnowledgeBase) -> set[str]:
    """The names of the documents, and all of their text."""
    return {f"{d.name}: {page.text}" for d in kb.documents() for page in kb.pages(d)}


# -- the same again ------------------------------------------------------------------------------


def test_adding_twice_equals_adding_once(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    assert counts(kb.add(folder)) == {"added": 3}
    before = state(kb._catalog)
    embedder.embedded.clear()
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert embedder.embedded == []
    assert_equal(state(kb._catalog), before)


def test_a_file_named_several_times_counts_once(kb: KnowledgeBase, folder: Path) -> None:
    paths = [folder, folder / "lease.txt", folder / "inner" / ".." / "lease.txt", folder]
    assert counts(kb.add(paths)) == {"added": 3}


def test_the_order_of_adding_does_not_matter(tmp_path: Path, folder: Path) -> None:
    files = [folder / "lease.txt", folder / "leave.md", folder / "inner" / "boiler.txt"]
    states = []
    for name, order in (("one", files), ("other", files[::-1])):
        with KnowledgeBase.open(tmp_path / name, embedder=FakeEmbedder()) as kb:
            for path in order:
                kb.add(path)
            states.append(state(kb._catalog))
    assert_equal(*states)


def test_removing_and_adding_again_equals_adding(kb: KnowledgeBase, folder: Path) -> None:
    kb.add(folder)
    before = state(kb._catalog)
    kb.remove("lease.txt")
    assert len(kb.documents()) == 2
    assert counts(kb.add(folder)) == {"added": 1, "unchanged": 2}
    assert_equal(state(kb._catalog), before)


def test_hundreds_of_unchanged_files_cost_no_read_no_write_and_no_model(
    kb: KnowledgeBase, tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text(f"Number {number}.")
    kb._catalog._writer.pragma("synchronous", "off")  # hundreds of flushes are not what is tested
    assert counts(kb.add(folder)) == {"added": 300}
    writes = kb._catalog._writer.total_changes()
    files = contents(kb.folder)
    embedder.embedded.clear()
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "ParserPool", None)
        report = kb.add(folder)
    assert counts(report) == {"unchanged": 300}
    assert kb._catalog._writer.total_changes() == writes
    assert embedder.embedded == []
    assert contents(kb.folder) == files


# -- changes -------------------------------------------------------------------------------------


def test_a_changed_file_replaces_its_old_version(kb: KnowledgeBase, folder: Path) -> None:
    kb.add(folder)
    (folder / "lease.txt").write_text("The lease ends in November.")
    assert counts(kb.add(folder)) == {"updated": 1, "unchanged": 2}
    assert len(kb.documents()) == 3
    assert not any("May" in text for text in texts(kb))
    assert [hit.chunk.text for hit in kb.search("November", mode="lexical")] == [
        "The lease ends in November."
    ]
    assert kb.search("May", mode="lexical") == []
    assert kb.verify() == []


def test_a_touched_file_is_unchanged_and_not_read_a_second_time(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    kb.add(folder)
    embedder.embedded.clear()
    os.utime(folder / "lease.txt", (1, 1))
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert embedder.embedded == []
    writes = kb._catalog._writer.total_changes()
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert kb._catalog._writer.total_changes() == writes


def test_new_content_under_the_same_size_and_time_is_found_on_request(
    kb: KnowledgeBase, folder: Path
) -> None:
    path = folder / "lease.txt"
    kb.add(folder)
    status = path.stat()
    path.write_text(path.read_text().replace("May", "Jun"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert counts(kb.add(folder, verify_content=True)) == {"updated": 1, "unchanged": 2}
    assert any("Jun" in text for text in texts(kb))


def test_only_the_changed_chunks_of_a_file_are_embedded_again(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    kb.add(folder)
    embedder.embedded.clear()
    (folder / "leave.md").write_text("# 年假\n\n员工每年有五天年假。\n\n# 病假\n\n病假十二天。")
    kb.add(folder)
    assert embedder.embedded == ["年假\n病假\n\n病假十二天。"]  # under the title


def test_equal_chunks_are_embedded_once(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    same = "# One\n\nThis is the same.\n\n"
    (folder / "a.md").write_text(same + "# Two\n\nThis is not.")
    (folder / "b.md").write_text(same + "# Three\n\nNor is this.")
    kb.add(folder)
    assert embedder.embedded.count("One\n\nThis is the same.") == 1


def test_what_can_no_longer_be_read_keeps_its_old_version_and_says_so(
    kb: KnowledgeBase, folder: Path
) -> None:
    kb.add(folder)
    before = texts(kb)
    (folder / "lease.txt").write_bytes(b"")
    (folder / "leave.md").write_bytes(b"%PDF-1.7 and nothing more")
    report = kb.add(folder)
    assert counts(report) == {"unchanged": 1, "skipped": 1, "failed": 1}
    assert sorted(report.warnings) == [
        f"{folder / name}: Its earlier version stays until it can be read again."
        for name in ("lease.txt", "leave.md")
    ]
    assert texts(kb) == before


# -- places --------------------------------------------------------------------------------------


def test_a_copy_is_skipped_with_the_place_of_the_first(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    kb.add(folder)
    embedder.embedded.clear()
    shutil.copy(folder / "lease.txt", folder / "copy.txt")
    report = kb.add(folder)
    assert counts(report) == {"unchanged": 3, "skipped": 1}
    assert report.skipped[0].path == str(folder / "copy.txt")
    assert report.skipped[0].reason == f"same content as {folder / 'lease.txt'}"
    assert embedder.embedded == []
    assert counts(kb.add(folder)) == {"unchanged": 4}
    assert len(kb.documents()) == 3


def test_two_equal_files_in_one_run_are_one_document(kb: KnowledgeBase, folder: Path) -> None:
    for name in "abc":
        (folder / f"{name}.txt").write_text("The same in all.")
    report = kb.add(folder)
    assert counts(report) == {"added": 4, "skipped": 2}
    assert {refusal.reason for refusal in report.skipped} == {f"same content as {folder / 'a.txt'}"}
    assert counts(kb.add(folder)) == {"unchanged": 6}


def test_a_document_stays_as_long_as_a_place_holds_it(kb: KnowledgeBase, folder: Path) -> None:
    shutil.copy(folder / "lease.txt", folder / "copy.txt")
    kb.add(folder)
    (folder / "copy.txt").write_text("Something else.")
    assert counts(kb.add(folder)) == {"updated": 1, "unchanged": 3}
    assert len(kb.documents()) == 4
    (folder / "lease.txt").unlink()
    assert counts(kb.add(folder, sync=True)) == {"removed": 1, "unchanged": 3}
    assert not any("May" in text for text in texts(kb))


def test_a_moved_file_is_a_rename(kb: KnowledgeBase, folder: Path, embedder: Embedder) -> None:
    kb.add(folder)
    embedder.embedded.clear()
    (folder / "lease.txt").rename(folder / "inner" / "contract.txt")
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert embedder.embedded == []
    assert {document.name for document in kb.documents()} == {
        "contract.txt",
        "leave.md",
        "boiler.txt",
    }
    assert kb.document("contract.txt").title == "contract"
    assert [hit.document.name for hit in kb.search("contract", mode="lexical")] == ["contract.txt"]
    assert kb.verify() == []


def test_a_moved_file_is_a_rename_with_sync_too(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    kb.add(folder)
    embedder.embedded.clear()
    (folder / "lease.txt").rename(folder / "contract.txt")
    assert counts(kb.add(folder, sync=True)) == {"unchanged": 3}
    assert embedder.embedded == []


def test_sync_forgets_what_is_gone_and_only_below_the_named_folders(
    kb: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("From another place.")
    kb.add([folder, elsewhere])
    elsewhere.unlink()
    (folder / "lease.txt").unlink()
    shutil.rmtree(folder / "inner")
    (folder / "inner").write_text("now a file")
    assert counts(kb.add(folder)) == {"added": 1, "unchanged": 1}
    assert counts(kb.add(folder, sync=True)) == {"removed": 2, "unchanged": 2}
    assert {document.name for document in kb.documents()} == {"elsewhere.txt", "inner", "leave.md"}
    assert kb.verify() == []


def test_sync_does_not_take_a_folder_that_cannot_be_read_for_an_empty_one(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disconnected drive must not empty the knowledge base."""
    kb.add(folder)
    gone = folder / "inner" / "boiler.txt"
    gone.unlink()
    real = os.lstat

    def refuse(path: str | Path) -> os.stat_result:
        if Path(path) == gone:
            raise OSError(5, os.strerror(5))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", refuse)
        assert counts(kb.add(folder, sync=True)) == {"unchanged": 2}
    assert counts(kb.add(folder, sync=True)) == {"unchanged": 2, "removed": 1}


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    kb: KnowledgeBase, folder: Path, embedder: Embedder
) -> None:
    kb.add(folder)
    (folder / "lease.txt").unlink()
    (folder / "leave.md").write_text("Changed.")
    (folder / "new.txt").write_text("New.")
    embedder.embedded.clear()
    before = contents(kb.folder)
    expected = {"added": 1, "updated": 1, "unchanged": 1, "removed": 1}
    assert counts(kb.add(folder, sync=True, dry_run=True)) == expected
    assert contents(kb.folder) == before
    assert embedder.embedded == []
    assert counts(kb.add(folder, sync=True)) == expected


def test_the_knowledge_base_s_own_files_are_not_taken_in(
    folder: Path, tmp_path: Path, embedder: Embedder
) -> None:
    with KnowledgeBase.open(folder / "kb", embedder=embedder) as kb:
        kb.add_upload("upload.txt", b"An upload.")
        assert counts(kb.add(folder)) == {"added": 3}
        assert counts(kb.add(folder)) == {"unchanged": 3}
    shutil.rmtree(folder / "kb")
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    with KnowledgeBase.open(folder, embedder=embedder) as kb:
        kb.add_upload("upload.txt", b"An upload.")
        assert counts(kb.add(folder)) == {"added": 3}
        assert counts(kb.add(folder)) == {"unchanged": 3}
        assert counts(kb.add(link)) == {"skipped": 3}  # the same by another way


def test_two_files_that_have_changed_names_are_both_read(tmp_path: Path) -> None:
    """The content of each is known when the parsers look, and that of one has gone by its turn."""
    one, other = tmp_path / "one.md", tmp_path / "other.md"
    one.write_text("The gate is green.")
    other.write_text("The bridge is red.")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        kb.add([one, other])
        aside = one.rename(tmp_path / "aside")
        other.rename(one)
        aside.rename(other)
        assert not kb.add([one, other]).failed
        found = {each.name: kb.pages(each)[0].text for each in kb.documents()}
    assert found == {"one.md": "The bridge is red.", "other.md": "The gate is green."}


_OPERATIONS = st.tuples(
    st.sampled_from(
        ["write", "copy", "move", "delete", "touch", "add", "sync", "remove", "reopen"]
    ),
    st.integers(0, 4),
    st.integers(0, 4),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_OPERATIONS, max_size=20))
def test_whatever_has_happened_a_sync_leaves_what_is_on_the_disk(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int, int]]
) -> None:
    """The same as a new knowledge base of the folder, whichever way it got there."""
    place = tmp_path_factory.mktemp("history")
    folder = place / "files"
    folder.mkdir()
    (folder / "always.txt").write_text("Always there.")
    kb = KnowledgeBase.open(place / "kb", embedder=FakeEmbedder())
    for what, one, other in operations:
        path, second = folder / f"{one}.md", folder / f"{other}.md"
        match what:
            case "write":
                path.write_text(f"# Title\n\nText {other}.\n\n# Same\n\nThe same in all.")
            case "copy" if path.exists() and one != other:
                shutil.copy(path, second)
            case "move" if path.exists():
                path.rename(second)
            case "delete":
                path.unlink(missing_ok=True)
            case "touch" if path.exists():
                os.utime(path, (other, other))
            case "add":
                kb.add(path if path.exists() else folder)
            case "sync":
                kb.add(folder, sync=True)
            case "remove":
                kb.remove([document.id for document in kb.documents()[one : other + 1]])
            case "reopen":
                kb.close()
                kb = KnowledgeBase.open(place / "kb", embedder=FakeEmbedder())
    report = kb.add(folder, sync=True, verify_content=True)
    found = len(list(folder.iterdir()))
    assert sum(counts(report).values()) - report.removed == found
    assert kb.verify() == []
    with KnowledgeBase.open(place / "new", embedder=FakeEmbedder()) as new:
        new.add(folder)
        assert_equal(state(kb._catalog), state(new._catalog))
        # Of copies of a text any may be the hit, and the others are named beside it.
        hits, expected = (
            [
                (document.uri, span)
                for hit in each.search("text same", mode="lexical")
                for document, span in (
                    (hit.document, hit.chunk.span),
                    *((copy.document, copy.span) for copy in hit.duplicates),
                )
            ]
            for each in (kb, new)
        )
        assert sorted(hits, key=str) == sorted(expected, key=str)
    kb.close()


# -- odd files -----------------------------------------------------------------------------------


def test_one_bad_file_among_good_ones_stops_nothing(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "ParserPool", ParserPool)
    (folder / "a-broken.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(500))
    (folder / "b-empty.txt").write_bytes(b"")
    (folder / "c-image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(500))
    (folder / "d-blank.txt").write_text(" \n\n ")
    report = kb.add(folder, jobs=2)
    assert report.added == 3
    assert len(report.skipped) + len(report.failed) == 4
    assert {Path(refusal.path).name for refusal in report.failed} == {"a-broken.pdf", "c-image.png"}
    for refusal in (*report.skipped, *report.failed):
        assert refusal.reason
    assert kb.verify() == []


def within(kb: KnowledgeBase, path: Path, **limits: float) -> IngestReport:
    """Add with other limits."""
    return Ingest(
        kb._catalog,
        open_embedder=kb._header.embedder_in_use,
        writing=kb._collection.writing,
        limits=Limits(**limits),  # type: ignore[arg-type]
    ).run([path])


def test_passages_past_the_limit_are_left_out_with_a_warning(
    kb: KnowledgeBase, folder: Path
) -> None:
    path = folder / "leave.md"
    report = within(kb, path, chunks=1)
    assert counts(report) == {"added": 1}
    assert report.chunks == 1
    warning = "Text past the limit of 1 passages is left out."
    assert report.warnings == (f"{path}: {warning}",)
    assert kb.document("leave.md").warnings == (warning,)
    assert "病假十天" in next(iter(texts(kb)))  # which is shown, and not found
    assert kb.verify() == []


def test_a_text_that_takes_too_long_to_cut_is_refused_and_the_next_is_taken_in(
    kb: KnowledgeBase, folder: Path
) -> None:
    report = within(kb, folder, wall_seconds=0, wall_seconds_per_mb=0)
    assert {refusal.reason for refusal in report.failed} == {"limit: took longer than 0 s"}
    assert len(report.failed) == 3
    assert kb.documents() == []
    assert counts(kb.add(folder)) == {"added": 3}


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_a_long_document_is_embedded_in_batches_and_equal_chunks_once(
    kb: KnowledgeBase,
    folder: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    monkeypatch.setattr(pipeline, "_BATCH", batch)
    monkeypatch.setattr(kept_vectors, "_IN_MEMORY", 200)  # three vectors, and the rest on the disk
    kb.add(folder)
    embedder.embedded.clear()
    for name in ("a", "b"):
        parts = (f"# Part {n % 4}\n\nThis is part {n % 4}.\n\n" for n in range(9))
        (folder / f"{name}.md").write_text(f"# {name}\n\nThis is {name}.\n\n" + "".join(parts))
    report = kb.add(folder)
    assert counts(report) == {"added": 2, "unchanged": 3}
    assert report.chunks == 2 * 10
    assert len(embedder.embedded) == len(set(embedder.embedded)) == 2 + 4
    assert kb.verify() == []
    vectors = state(kb._catalog)["vectors"]
    for document in kb.documents():
        title = chunking.own_title(document.title, Path(document.uri))
        for chunk in kb._collection.chunks(document):
            text = chunking.embedded_text(
                chunk, title=title, count_tokens=embedder.count_tokens, limit=embedder.max_tokens
            )
            expected = embedder.embed_question(text).astype(np.float16)
            assert (vectors[document.id, chunk.ordinal] == expected).all()
    assert list(kb.folder.rglob(".*")) == []


def fill(vectors: KeptVectors) -> None:
    for number in range(9):
        vectors[bytes([number])] = np.ones(32, np.float16)
    assert vectors[b"\x00"].sum() == 32


def test_a_disk_that_is_full_while_vectors_wait_on_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system itself refuses the write here, at a limit for this process."""
    monkeypatch.setattr(kept_vectors, "_IN_MEMORY", 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with (
            pytest.raises(KnowledgeBaseError, match="could not be written") as caught,
            kept_vectors.kept_vectors(tmp_path) as vectors,
        ):
            fill(vectors)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "free space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        b"not-utf8-\xff\xfe.txt",
        b"new\nline.txt",
        b"-rf.txt",
        "é".encode() * 125 + b".txt",
        b"\x1b[31mred.txt",
        "Cafe\u0301.txt".encode(),
        b" blank .txt",
        "报告（终稿）.txt".encode(),
        b"'; DROP TABLE chunks; --.txt",
    ],
    ids=repr,
)
def test_odd_names_are_kept_and_shown_escaped(
    kb: KnowledgeBase, tmp_path: Path, name: bytes
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_text("The boiler.")
    assert counts(kb.add(path)) == {"added": 1}
    (document,) = kb.documents()
    assert document.name.isprintable()
    document.name.encode()
    assert kb.original(document) == path
    assert counts(kb.add(path)) == {"unchanged": 1}
    assert kb.document(document.name) == kb.document(document.uri) == document
    kb.remove(document.name)
    assert kb.documents() == []


def test_twin_names_that_only_differ_in_their_bytes_are_two_places(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    (folder / "Caf\u00e9.txt").write_text("Composed.")
    (folder / "Cafe\u0301.txt").write_text("Decomposed.")
    assert counts(kb.add(folder)) == {"added": 2}
    assert counts(kb.add(folder)) == {"unchanged": 2}


@pytest.mark.parametrize("when", [-(10**18), 0, 4 * 10**18])
def test_any_time_of_change_is_taken(kb: KnowledgeBase, folder: Path, when: int) -> None:
    os.utime(folder / "lease.txt", ns=(when, when))
    assert counts(kb.add(folder)) == {"added": 3}
    assert counts(kb.add(folder)) == {"unchanged": 3}
    assert len(kb.documents()) == 3


def test_a_path_that_does_not_exist_is_refused_before_anything_is_done(
    kb: KnowledgeBase, folder: Path
) -> None:
    with pytest.raises(Unreadable, match="missing does not exist"):
        kb.add([folder, folder / "missing"])
    assert kb.documents() == []


# -- stopping ------------------------------------------------------------------------------------


def test_a_stopped_ingest_keeps_what_is_committed_and_the_next_takes_the_rest(
    tmp_path: Path, folder: Path, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quire.ingest.pipeline._GROUP", 1)
    cancel = threading.Event()

    def stop_after_one(progress: Progress) -> None:
        if progress.files_done == 1:
            cancel.set()

    report = kb.add(folder, progress=stop_after_one, cancel=cancel)
    assert report.cancelled
    assert counts(report) == {"added": 1, "skipped": 2}
    assert {refusal.reason for refusal in report.skipped} == {"not reached: the ingest was stopped"}
    assert len(kb.documents()) == 1
    assert kb.verify() == []
    assert counts(kb.add(folder)) == {"added": 2, "unchanged": 1}
    with KnowledgeBase.open(tmp_path / "other", embedder=FakeEmbedder()) as other:
        other.add(folder)
        assert_equal(state(kb._catalog), state(other._catalog))


def test_progress_only_goes_forward_and_ends_with_all_files(
    kb: KnowledgeBase, folder: Path
) -> None:
    heard: list[Progress] = []
    kb.add(folder, progress=heard.append)
    done = [progress.files_done for progress in heard]
    assert done == sorted(done)
    assert (heard[-1].files_done, heard[-1].files_total, heard[-1].chunks) == (3, 3, 4)
    for counted in ("pages", "chunks", "seconds"):
        values = [getattr(progress, counted) for progress in heard]
        assert values == sorted(values)
    assert all(progress.remaining is None or progress.remaining >= 0 for progress in heard)


def test_a_disk_that_fills_at_any_write_leaves_whole_documents_and_a_next_run_completes(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quire.ingest.pipeline._GROUP", 1)
    shutil.rmtree(folder / "inner")
    with KnowledgeBase.open(tmp_path / "whole", embedder=FakeEmbedder()) as kb:
        kb.add(folder)
        expected = state(kb._catalog)
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        kb._header.embedder_in_use()  # making it is tested with the catalog
    first = contents(tmp_path / "kb")
    failures = 0
    for nth in range(1, 200):
        place = tmp_path / f"{nth}"
        place.mkdir()
        for name, content in first.items():
            (place / name).write_bytes(content)
        with watched_disk(apsw.FullError if nth % 2 else apsw.IOError) as disk:
            kb = KnowledgeBase.open(place, embedder=FakeEmbedder())
            disk.fails_from = disk.writes + nth
            try:
                kb.add(folder)
                break
            except KnowledgeBaseError as error:
                failures += 1
                assert str(place) in error.message  # noqa: PT017  not each write fails a run
            finally:
                disk.fails_from = None
                assert kb.verify() == []
                found = state(kb._catalog)
                for document in kb.documents():
                    assert found[document.uri] == expected[document.uri]
                kb.add(folder)
                assert_equal(state(kb._catalog), expected)
                kb.close()
        shutil.rmtree(place)
    assert failures > 5
