"""Hashes of large files, kept by what the file system tells of them."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from quire.models import known_hashes

OLD = time.time() - 3600


def old_file(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    os.utime(path, (OLD, OLD))
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_hashed_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "weights", tmp_path / "cache" / "hashes.json"
    first = old_file(path, b"one")
    assert known_hashes.sha256(path, kept) == first
    assert not kept.exists(), "its status changed a moment ago"
    monkeypatch.setattr(known_hashes, "_SETTLED", 0.0)
    time.sleep(0.01)
    assert known_hashes.sha256(path, kept) == first
    ((stamp, found),) = json.loads(kept.read_text()).values()
    assert found == first
    kept.write_text(json.dumps({str(path): [stamp, "known"]}))
    assert known_hashes.sha256(path, kept) == "known", "it was not read"
    second = old_file(path, b"two")  # of the same size, with the same time of change
    assert known_hashes.sha256(path, kept) == second


def test_damaged_memory_is_no_hash(tmp_path: Path) -> None:
    path, kept = tmp_path / "weights", tmp_path / "hashes.json"
    right = old_file(path, b"one")
    for damaged in ("", "[]", json.dumps({str(path): "x"}), json.dumps({str(path): ["a", "b"]})):
        kept.write_text(damaged)
        assert known_hashes.sha256(path, kept) == right
    assert known_hashes.sha256(path, None) == right
