"""A knowledge base is brought over to another embedding model while it goes on answering."""

import json
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults import watched_disk
from made_documents import assert_equal, state
from quire import KnowledgeBase, cli, load_settings
from quire.commands import reindexing as commands
from quire.errors import (
    KnowledgeBaseError,
    KnowledgeBaseMismatch,
    ModelNotFound,
    QuireError,
    UsageError,
)
from quire.indexes import staging
from quire.ingest import reindexing
from quire.ingest.embedded_texts import vectors_of
from quire.ingest.reindexing import ReindexProgress
from quire.models.fakes import FakeEmbedder
from quire.models.store import starter

pytestmark = pytest.mark.usefixtures("parser_here")

OTHER = {"name": "other", "fingerprint": "other", "dimension": 48}


def other(**changes: Any) -> FakeEmbedder:
    return FakeEmbedder(**{**OTHER, **changes})


def opened(folder: Path, embedder: FakeEmbedder | None = None) -> KnowledgeBase:
    settings = load_settings(kb=folder, model="none", lock_wait=0.2)
    return KnowledgeBase.open(folder, settings=settings, embedder=embedder or FakeEmbedder())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A knowledge base of twelve files, embedded three chunks at a time."""
    monkeypatch.setattr(reindexing, "_BATCH", 3)
    files = tmp_path / "files"
    files.mkdir()
    for number in range(12):
        text = (
            f"# Rule {number}\n\nThe dog of number {number} is ill.\n\n# 第二节\n\n病假{number}天。"
        )
        (files / f"{number}.md").write_text(text)
    with opened(tmp_path / "kb") as kb:
        kb.add(files)
    return tmp_path / "kb"


def header(kb: KnowledgeBase) -> dict[str, Any]:
    return kb._catalog.settings()


def after(count: int, act: Callable[[], object]) -> Callable[[ReindexProgress], None]:
    """A listener that acts once, when so many chunks are done."""
    done = False

    def hear(progress: ReindexProgress) -> None:
        nonlocal done
        if not done and progress.done >= count:
            done = True
            act()

    return hear


# -- a whole run -----------------------------------------------------------------------------------


def test_all_is_as_if_it_had_been_made_with_the_other_model(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "new", other()) as new:
        new.add(tmp_path / "files")
        expected, made_with = state(new._catalog), header(new)
    with opened(folder) as kb:
        chunks = state(kb._catalog)["vectors"].keys()
        report = kb.reindex(other())
        assert_equal(state(kb._catalog), expected)
        assert kb.verify() == []
        assert kb.search("sick leave")[0].chunk.text
        assert kb.embedder.name == "other"
        found = header(kb)
    assert (report.chunks, report.embedded, report.in_parts) == (len(chunks), len(chunks), 0)
    assert report.to_dict()["reading"].keys() == {"en", "zh"}
    del made_with["created_at"], found["created_at"]
    assert found == made_with
    with opened(folder, other()) as again:
        assert again.search("sick leave")
        assert len(list((folder / "vectors").glob("*.faiss"))) == 1
    with pytest.raises(
        KnowledgeBaseMismatch, match="made with the embedding model other"
    ) as caught:
        opened(folder)
    assert "quire reindex --embedder fake" in caught.value.hint


def test_progress_tells_how_long_it_takes(folder: Path) -> None:
    heard: list[ReindexProgress] = []
    with opened(folder) as kb:
        report = kb.reindex(other(), progress=heard.append)
    assert [each.done for each in heard] == sorted(each.done for each in heard)
    assert heard[-1].done == heard[-1].total == report.chunks
    assert all(each.remaining is not None for each in heard)


def test_other_weights_under_the_same_name_are_another_model(folder: Path) -> None:
    with opened(folder) as kb:
        assert kb.reindex(FakeEmbedder(fingerprint="new")).embedded
        assert kb.search("dog")
    with opened(folder) as old, pytest.raises(KnowledgeBaseMismatch, match="other weights") as no:
        old.search("dog")
    assert "quire reindex --embedder fake" in no.value.hint


def test_another_prompt_before_texts_makes_other_vectors(folder: Path) -> None:
    prompted = FakeEmbedder(prompts=("query: ", "passage: "))
    with opened(folder) as old, pytest.raises(KnowledgeBaseMismatch, match="other prompts") as no:
        KnowledgeBase.open(folder, settings=old.settings, embedder=prompted).search("dog")
    assert "quire reindex --embedder fake" in no.value.hint
    with opened(folder) as kb:
        assert kb.reindex(prompted).embedded
        assert header(kb)["prompts"] == ["query: ", "passage: "]
        assert kb.search("dog")


def test_there_is_nothing_to_embed_in_an_empty_knowledge_base(tmp_path: Path) -> None:
    with opened(tmp_path / "kb") as kb, pytest.raises(UsageError, match="nothing in"):
        kb.reindex(other())


def test_all_documents_removed_leaves_a_knowledge_base_of_the_new_model(folder: Path) -> None:
    with opened(folder) as kb:
        kb.remove([document.id for document in kb.documents()])
        assert kb.reindex(other()).chunks == 0
        assert header(kb)["embedder"] == "other"


def test_a_model_that_is_not_there_changes_nothing(folder: Path) -> None:
    with opened(folder) as kb, pytest.raises(ModelNotFound, match="is not on this machine"):
        kb.reindex("bge-m3")
    with opened(folder) as kb:
        assert kb.search("dog")


# -- interrupted -----------------------------------------------------------------------------------


def test_a_run_that_was_stopped_is_gone_on_with(folder: Path) -> None:
    cancel = threading.Event()
    with opened(folder) as kb:
        before = state(kb._catalog)
        first = kb.reindex(other(), progress=after(7, cancel.set), cancel=cancel)
        assert first.cancelled
        assert 6 <= first.embedded < first.chunks
        assert_equal(state(kb._catalog), before)
        assert kb.search("sick leave")
        assert kb.verify() == []
    with opened(folder) as kb:
        second = kb.reindex(other())
        assert second.embedded == first.chunks - first.embedded
        assert kb.verify() == []


def test_what_was_done_for_one_model_is_not_taken_for_another(folder: Path, tmp_path: Path) -> None:
    cancel = threading.Event()
    with opened(folder) as kb:
        kb.reindex(other(), progress=after(7, cancel.set), cancel=cancel)
        third = other(name="third", fingerprint="third", dimension=40)
        report = kb.reindex(third)
        assert report.embedded == report.chunks
        assert kb.verify() == []
        with kb._catalog.reading() as connection:
            assert staging.counts(connection)[0] == 0


def test_a_vector_that_is_damaged_while_it_waits_is_made_again(folder: Path) -> None:
    def damage() -> None:
        with kb._catalog.writing() as connection:
            connection.execute("UPDATE staged SET vector = zeroblob(96) WHERE chunk_id = 2")

    with opened(folder) as kb:
        report = kb.reindex(other(), progress=after(20, damage))
        assert report.embedded == report.chunks + 1
        assert kb.verify() == []


def test_the_disk_may_fill_up_at_any_write(folder: Path, tmp_path: Path) -> None:
    with watched_disk() as disk, opened(folder) as kb:
        before = disk.writes
        kb.reindex(other())
        writes = disk.writes - before
    choose = random.Random(3)
    for point in sorted(choose.sample(range(1, writes), 6)):
        copy = tmp_path / f"copy{point}"
        shutil.copytree(folder, copy)
        with watched_disk() as disk:
            with opened(copy, other()) as kb:
                target = FakeEmbedder()
                disk.fails_from = disk.writes + point
                try:
                    kb.reindex(target)
                except KnowledgeBaseError as error:
                    assert "disk" in error.message + error.hint  # noqa: PT017
                disk.fails_from = None
            name = "other"
            try:
                reopened = opened(copy, other())
            except KnowledgeBaseMismatch:
                name, reopened = "fake", opened(copy)
            with reopened as kb:
                assert header(kb)["embedder"] == name
                assert kb.verify() == []
                assert kb.search("sick leave")
                kb.reindex(target)
                assert kb.verify() == []
        shutil.rmtree(copy)


# -- meanwhile -------------------------------------------------------------------------------------


def test_documents_come_and_go_meanwhile(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "files" / "new.md").write_text("# New\n\nThe cat of nobody is new here.")

    def act() -> None:
        with opened(folder) as beside:
            assert beside.add(tmp_path / "files").added == 1
            beside.remove(["3.md", "11.md"])
            assert beside.search("cat")[0].document.name == "new.md"

    with opened(folder) as kb:
        report = kb.reindex(other(), progress=after(10, act))
        assert kb.verify() == []
        names = {document.name for document in kb.documents()}
        assert "new.md" in names
        assert "3.md" not in names
        assert (
            kb.search("The cat of nobody is new here.", mode="dense")[0].document.name == "new.md"
        )
    assert report.chunks == 2 * 10 + 1


def test_two_runs_with_two_models_do_not_mix(folder: Path) -> None:
    def act() -> None:
        with opened(folder) as beside:
            beside.reindex(other(name="third", fingerprint="third", dimension=40))

    with opened(folder) as kb, pytest.raises(KnowledgeBaseError, match="Another run"):
        kb.reindex(other(), progress=after(10, act))
    with opened(folder, other(name="third", fingerprint="third", dimension=40)) as kb:
        assert kb.verify() == []


def test_two_runs_with_one_model_end_well(folder: Path) -> None:
    def act() -> None:
        with opened(folder) as beside:
            assert beside.reindex(other()).embedded

    with opened(folder) as kb:
        assert not kb.reindex(other(), progress=after(10, act)).cancelled
        assert kb.verify() == []
        assert kb.search("dog")


def test_an_open_knowledge_base_with_a_model_of_its_own_says_what_to_do(folder: Path) -> None:
    with opened(folder) as beside:
        assert beside.search("dog")
        with opened(folder) as kb:
            kb.reindex(other())
        (folder.parent / "files" / "new.md").write_text("New.")
        for ask in (beside.search, beside.ask, lambda _: beside.add(folder.parent / "files")):
            with pytest.raises(KnowledgeBaseMismatch, match="was brought over to") as caught:
                ask("dog")
            assert "quire models use other" in caught.value.hint
        assert beside.documents()


def test_a_search_in_the_moment_of_the_switch_is_no_wrong_answer(folder: Path) -> None:
    with opened(folder) as beside:
        retriever = beside._search()
        with opened(folder) as kb:
            kb.reindex(other(dimension=32))
        with pytest.raises(KnowledgeBaseMismatch, match="this very moment"):
            retriever.search("dog", k=3, mode="dense")


# -- chunks that are too long ----------------------------------------------------------------------


def test_a_chunk_that_is_longer_than_the_model_reads_counts_to_its_end(tmp_path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    (tmp_path / "long.txt").write_text(f"{words}. The mosquitoes are here.")
    (tmp_path / "other.txt").write_text("Nothing of the kind.")
    with opened(tmp_path / "kb") as kb:
        kb.add([tmp_path / "long.txt", tmp_path / "other.txt"])
        report = kb.reindex(other(max_tokens=16))
        assert (report.chunks, report.in_parts) == (2, 1)
        assert kb.search("insects", mode="dense")[0].document.name == "long.txt"
        assert kb.verify() == []


@pytest.mark.parametrize("text", ["一" * 300, "a" * 1000, "x. " * 200, "one two " * 90, "。" * 99])
def test_parts_fit_whatever_the_text(text: str) -> None:
    embedder = other(max_tokens=16)
    seen: list[str] = []
    inner = embedder.embed_passages
    embedder.embed_passages = lambda texts, **o: seen.extend(texts) or inner(texts, **o)  # type: ignore[method-assign, func-returns-value]
    vectors, _ = vectors_of([text], embedder)
    assert vectors.shape == (1, 48)
    assert all(count <= 16 for count in embedder.count_tokens(seen))
    assert "".join("".join(seen).split()) == "".join(text.split())


# -- real models -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter model with its vectors projected to 64 dimensions, by chance: near stays near."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.sentence_transformer.modules import (  # noqa: PLC0415
        Dense,
        Normalize,
    )

    folder = tmp_path_factory.mktemp("models") / "small-64"
    torch.manual_seed(1)
    transformers.logging.disable_progress_bar()
    whole = SentenceTransformer(str(starter.ENGLISH.path), device="cpu", local_files_only=True)
    project = Dense(384, 64, bias=False, activation_function=torch.nn.Identity())
    SentenceTransformer(modules=[whole[0], whole[1], project, Normalize()], device="cpu").save(
        str(folder), create_model_card=False
    )
    return folder


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Any]:
    monkeypatch.setattr("sys.argv", ["quire", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_a_real_model_takes_over_on_the_command_line(
    sample_kb: KnowledgeBase,
    small_embedder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kb = tmp_path / "kb"
    shutil.copytree(sample_kb.folder, kb)
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    question = "How much notice must be given to end the lease?"
    code, _ = run(monkeypatch, capsys, "models", "add", str(small_embedder))
    assert code == 0
    with KnowledgeBase.open(kb, create=False, settings=load_settings(model="none")) as beside:
        before = beside.search(question)[0]
        code, report = run(
            monkeypatch, capsys, "reindex", "--embedder", "small-64", "--kb", str(kb)
        )
        assert (code, report["embedder"], report["cancelled"]) == (0, "small-64", False)
        assert report["chunks"] == report["embedded"] == sum(d.chunks for d in beside.documents())
        assert report["reading"]["en"] >= 0.6
        # The one that was open all the time goes on with the new model.
        assert beside.search(question)[0].chunk.text == before.chunk.text
        assert beside.embedder.dimension == 64
        assert beside.verify() == []
    # Nothing need be set: a knowledge base keeps the model that it was made with.
    code, found = run(monkeypatch, capsys, "search", question, "--kb", str(kb))
    assert (code, found["hits"][0]["text"]) == (0, before.chunk.text)
    monkeypatch.setenv("QUIRE_EMBEDDER", "starter")  # which names no certain one
    code, found = run(monkeypatch, capsys, "search", question, "--kb", str(kb))
    assert (code, found["hits"][0]["text"]) == (0, before.chunk.text)
    monkeypatch.setenv("QUIRE_EMBEDDER", starter.embedder().name)
    code, refused = run(monkeypatch, capsys, "search", question, "--kb", str(kb))
    assert (code, refused["error"]["code"]) == (1, "knowledge_base_mismatch")
    assert f"quire reindex --embedder {starter.embedder().name}" in refused["error"]["hint"]
    code, back = run(monkeypatch, capsys, "reindex", "--embedder", "starter", "--kb", str(kb))
    assert (code, back["embedder"]) == (0, starter.embedder().name)
    code, found = run(monkeypatch, capsys, "search", question, "--kb", str(kb))
    assert (code, found["hits"][0]["text"]) == (0, before.chunk.text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_done(  # noqa: PLR0917  fixtures
    number: signal.Signals,
    sample_kb: KnowledgeBase,
    small_embedder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kb = tmp_path / "kb"
    shutil.copytree(sample_kb.folder, kb)
    monkeypatch.setattr(reindexing, "_BATCH", 8)
    arguments = ("reindex", "--embedder", str(small_embedder), "--kb", str(kb))
    sent = after(1, lambda: os.kill(os.getpid(), number))
    told = commands._told

    def told_and_sent(progress: ReindexProgress) -> str:
        sent(progress)
        return told(progress)

    with monkeypatch.context() as patch:
        patch.setattr(commands, "_told", told_and_sent)
        code, stopped = run(monkeypatch, capsys, *arguments)
    assert (code, stopped["cancelled"]) == (1, True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with KnowledgeBase.open(kb, create=False, settings=load_settings(model="none")) as base:
        assert base.embedder.name == starter.embedder().name
        assert base.search("lease")
    code, rest = run(monkeypatch, capsys, *arguments)
    assert (code, rest["cancelled"]) == (0, False)
    assert rest["embedded"] + stopped["embedded"] == rest["chunks"]


def test_as_made_opens_with_the_model_of_the_knowledge_base(folder: Path) -> None:
    settings = load_settings(kb=folder, model="none", embedder=starter.embedder().name)
    with pytest.raises(KnowledgeBaseMismatch):
        KnowledgeBase.open(folder, settings=settings)
    with KnowledgeBase.open(folder, settings=settings, as_made=True) as kb:
        assert kb.documents()
        with pytest.raises(QuireError, match="no embedding model called fake"):
            kb.search("dog")
        kb.reindex(other())
        assert kb.search("dog")
