"""Embedding models exported to ONNX: the export computes what torch does, and whatever happens to
it, torch is there."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from made_models import embedding_model_folder
from quire.models.embedding import SentenceEmbedder
from quire.models.runtimes import exporting, exports
from quire.models.runtimes.contract import Role, Vectors
from quire.models.runtimes.manifest import GRAPH, MANIFEST, TOKENIZER, Manifest
from quire.models.runtimes.onnx import OnnxRuntime
from quire.models.runtimes.pytorch import TorchRuntime
from quire.models.store.starter import ENGLISH

# Short and long, so that most of a batch is padding; one is longer than the model reads.
TEXTS = [
    "When does the lease end?",
    "The lease ends in May. " * 12,
    "病假每年最多十天。",
    " spaces \t and\nlines ",
    "word " * 400,
]


@pytest.fixture(scope="module")
def model() -> Path:
    assert ENGLISH.path is not None, ENGLISH.install
    return ENGLISH.path


@pytest.fixture(scope="module")
def reference(model: Path) -> TorchRuntime:
    return TorchRuntime(model, exact=True)


@pytest.fixture(scope="module")
def cache(home: Path) -> Path:
    """Where the export of the starter model lies, or will."""
    return home / "cache" / "embedders"


@pytest.fixture(scope="module")
def made(model: Path, cache: Path) -> exports.Export:
    fingerprint = SentenceEmbedder(model, name="starter").fingerprint
    return exports.find_or_make(model, cache, fingerprint=fingerprint)


@pytest.fixture
def own(made: exports.Export, tmp_path: Path) -> Path:
    """A cache of this test's own, with a copy of the export; the folder of the export."""
    return Path(shutil.copytree(made.folder, tmp_path / made.folder.name))


def starter(model: Path, cache: Path) -> SentenceEmbedder:
    return SentenceEmbedder(model, name="starter", cache=cache)


def least(ours: Vectors, theirs: Vectors) -> float:
    return float((ours * theirs).sum(axis=1).min())


def test_the_exact_graph_computes_what_torch_does_in_padded_batches(
    model: Path, reference: TorchRuntime, tmp_path: Path
) -> None:
    found = exporting.trace(TorchRuntime(model, exact=True), tmp_path)
    graph = exporting.put_together(tmp_path, found, exporting.EXACT)
    for texts in (TEXTS, TEXTS[:1], TEXTS[2:4] * 5):
        for role in ("query", "passage"):
            assert least(graph.embed(texts, role), reference.embed(texts, role)) > 0.99999


class Maskless(OnnxRuntime):
    """What an export computes that has lost its mask."""

    def inputs(self, texts: Sequence[str], role: Role) -> dict[str, npt.NDArray[np.int64]]:
        inputs = super().inputs(texts, role)
        return {name: np.ones_like(v) if "mask" in name else v for name, v in inputs.items()}


def test_an_export_that_has_lost_its_mask_is_told_from_one_that_has_it(
    made: exports.Export, reference: TorchRuntime
) -> None:
    got = exporting.vectors_of(Maskless(made.folder, made.manifest))
    assert exporting.least_cosine(got, exporting.vectors_of(reference)) < 0.9


def test_the_export_is_alike_and_counts_the_same_tokens(
    made: exports.Export, reference: TorchRuntime
) -> None:
    assert made.note == ""
    runtime = OnnxRuntime(made.folder, made.manifest)
    assert runtime.count_tokens(TEXTS) == reference.count_tokens(TEXTS)
    assert (runtime.dimension, runtime.max_tokens) == (384, 254)
    assert runtime.prompts == {"query": "", "passage": ""}
    assert least(runtime.embed(TEXTS, "passage"), reference.embed(TEXTS, "passage")) > 0.98


def test_a_text_has_one_vector_whatever_it_is_embedded_with(made: exports.Export) -> None:
    """Its activations are rounded by token, not by batch."""
    runtime = OnnxRuntime(made.folder, made.manifest)
    alone = np.concatenate([runtime.embed([text], "passage") for text in TEXTS])
    assert least(alone, runtime.embed(TEXTS, "passage")) > 0.9999


@pytest.fixture
def copied(made: exports.Export, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A child that has exported before; what it was to export into, call by call."""
    calls: list[Path] = []

    def copy(model: Path, part: Path, *, threads: int) -> str:
        calls.append(part)
        shutil.copytree(made.folder, part, dirs_exist_ok=True)
        return ""

    monkeypatch.setattr(exports, "_run", copy)
    return calls


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink], ids=["cut", "flipped", "gone"])
@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, MANIFEST])
def test_a_damaged_export_is_made_again(
    model: Path, own: Path, copied: list[Path], name: str, harm: Callable[[Path], None]
) -> None:
    harm(own / name)
    embedder = starter(model, own.parent)
    assert embedder.runtime.startswith("onnx")
    assert Manifest.read(own) is not None
    assert len(copied) == 1
    assert starter(model, own.parent).runtime == embedder.runtime
    assert len(copied) == 1


def test_an_export_of_other_versions_goes_once_there_is_a_new_one(
    model: Path, own: Path, copied: list[Path]
) -> None:
    kind = own.name.rpartition("-")[0]
    old, another = own.rename(own.with_name(f"{kind}-old")), own.with_name("another-cpu-old")
    another.mkdir()
    assert starter(model, own.parent).runtime.startswith("onnx")
    assert {path.name for path in own.parent.iterdir() if path.is_dir()} == {own.name, another.name}
    assert not old.exists()


def test_a_child_that_fails_leaves_torch_to_embed_and_is_tried_three_times(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    for n in range(exports.TRIES + 1):
        embedder = starter(model, tmp_path)
        vector = embedder.embed_question("When does the lease end?")
        assert vector.shape == (384,)
        assert embedder.runtime.startswith("torch")
        given_up = n == exports.TRIES
        assert ("3 tries ended before their time" in embedder.export_note) == given_up
        assert ("the export failed: it ended with 1" in embedder.export_note) != given_up
    assert "torch embeds." in caplog.text
    assert not list(tmp_path.glob("*.part"))


def test_a_disk_without_room_leaves_torch_to_embed_until_there_is_some(
    model: Path, own: Path, copied: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(own)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
        embedder = starter(model, own.parent)
        assert embedder.runtime.startswith("torch")
        assert "has 1 MB free" in embedder.export_note
    assert copied == []
    assert starter(model, own.parent).runtime.startswith("onnx")


def test_a_folder_that_cannot_be_written_leaves_torch_to_embed(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    embedder = starter(model, tmp_path / "file" / "embedders")
    assert embedder.runtime.startswith("torch")
    assert "cannot be written to" in embedder.export_note


def test_a_disk_that_takes_no_more_ends_the_child_with_a_sentence(
    model: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quire.models.runtimes.exporting", model, tmp_path, "0"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"{tmp_path} cannot be written to: File too large"
    assert not (tmp_path / MANIFEST).exists()


def test_a_model_that_cannot_be_exported_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = embedding_model_folder(tmp_path / "model")
    first = exports.find_or_make(folder, tmp_path / "cache", fingerprint="f" * 64)
    assert "It is not exported to ONNX: The embedding model" in first.note
    monkeypatch.setattr(sys, "executable", "nobody asks")
    again = exports.find_or_make(folder, tmp_path / "cache", fingerprint="f" * 64)
    assert again.note == first.note


def test_a_kill_during_an_export_leaves_a_clean_second_try(
    model: Path, own: Path, copied: list[Path]
) -> None:
    shutil.rmtree(own)
    code = (
        "import sys; from pathlib import Path; from quire.models.embedding import SentenceEmbedder;"
        "SentenceEmbedder(Path(sys.argv[1]), name='x', cache=Path(sys.argv[2])).dimension"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, model, own.parent], start_new_session=True
    )
    part = own.with_name(f"{own.name}.part")
    while not any(part.glob("*")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert part.is_dir()
    assert not own.exists()
    assert starter(model, own.parent).runtime.startswith("onnx")
    assert not part.exists()
    assert len(copied) == 1
