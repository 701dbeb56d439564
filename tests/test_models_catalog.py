"""What is known of models, which are on this machine, and what a setting's value means."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from made_models import embedding_model_folder
from quire import Models, load_settings
from quire.errors import ModelNotFound, UsageError
from quire.models import catalog, opening
from quire.models.catalog import known_models
from quire.models.embedding import SentenceEmbedder
from quire.models.engine import gguf
from quire.models.entailment.classes import Columns, columns
from quire.models.store import installed, starter


def file_in(folder: Path, name: str) -> Path:
    """The starter model's file under another name."""
    folder.mkdir(parents=True, exist_ok=True)
    assert starter.CHAT.path is not None
    (folder / name).symlink_to(starter.CHAT.path)
    return folder / name


def folder_in(folder: Path, name: str) -> Path:
    """The starter embedding model's folder under another name."""
    folder.mkdir(parents=True, exist_ok=True)
    assert starter.ENGLISH.path is not None
    (folder / name).symlink_to(starter.ENGLISH.path)
    return folder / name


@pytest.mark.parametrize("model", known_models(), ids=lambda model: model.name)
def test_an_entry_of_the_catalog_is_whole(model: catalog.KnownModel) -> None:
    assert installed.checked_name(model.name) == model.name
    assert model.languages
    assert {"en", "zh"} == set(model.notes)
    assert 0 < model.body < model.parameters
    assert bool(model.package) != bool(model.repositories)
    if model.sha256 or model.kind != "entailment":  # of two of these nobody has told it
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert all(
        re.fullmatch(r"[0-9a-f]{40}|refs/pr/\d+|master", r.revision) for r in model.repositories
    )
    if model.repositories:
        assert bool(model.file) != bool(model.weights)
    if model.kind == "chat":
        assert model.kv_bytes
        assert model.memory(context_tokens=8192) > model.memory(context_tokens=4096) > model.size
    else:
        assert bool(model.dimension) == (model.kind == "embedding")
    if model.labels:
        assert columns(["LABEL_0", "LABEL_1"], known=model.labels, of=Path("x")) in (
            Columns(0),
            Columns(1),
        )
    assert not model.frame or re.search(r"\{source\}.*\{statement\}", model.frame, re.DOTALL)


def test_the_catalog_knows_the_starter_models_as_they_are() -> None:
    assert starter.CHAT.path is not None
    facts, known = gguf.read_facts(starter.CHAT.path), catalog.named(starter.CHAT.name)
    assert (known.size, known.parameters) == (facts.size, facts.parameters)
    assert known.kv_bytes == facts.kv_bytes_per_token
    assert known.sha256 == starter.CHAT.sha256
    assert catalog.named(starter.ENGLISH.name).sha256 == starter.ENGLISH.sha256
    ours, path = catalog.named(starter.ENTAILMENT.name), starter.ENTAILMENT.path
    assert path is not None
    assert (ours.size, ours.sha256) == (path.stat().st_size, starter.ENTAILMENT.sha256)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ours.sha256
    assert not known.capable
    assert catalog.named("Qwen3-1.7B").capable


def test_a_name_is_found_in_any_spelling_and_by_its_file() -> None:
    wanted = catalog.named("Qwen3-4B-Instruct-2507")
    for spelling in (
        "qwen3-4b-instruct-2507",
        "Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
        "qwen3-4b-instruct-2507-q4_k_m",
    ):
        assert catalog.find(spelling) is wanted


@pytest.mark.parametrize(
    ("wrong", "near"), [("qwen3-4b", "Qwen3-4B-Instruct-2507"), ("bge-m4", "bge-m3")]
)
def test_a_name_that_is_not_known_is_refused_with_those_near_it(wrong: str, near: str) -> None:
    with pytest.raises(ModelNotFound, match="No model is known as") as caught:
        catalog.named(wrong)
    assert near in caught.value.hint


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", ".hidden", "-x", "none", "Starter", "a\nb", "a" * 200]
)
def test_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        installed.checked_name(name)


def test_what_is_in_the_models_folder_is_found(tmp_path: Path) -> None:
    file_in(tmp_path, "Qwen3-0.6B-Q8_0.gguf")
    file_in(tmp_path, "mine.gguf")
    folder_in(tmp_path, "bge-m3")
    (tmp_path / ".half.gguf.part").write_bytes(b"GGUF")
    (tmp_path / "notes.txt").touch()
    found = {(model.kind, model.name) for model in installed.installed_models(tmp_path)}
    assert found == {
        ("chat", "Qwen3-0.6B-Q8_0.gguf"),  # nobody has looked whether it is that
        ("chat", "mine"),
        ("chat", "SmolLM2-135M-Instruct"),
        ("embedding", "bge-m3"),
        ("embedding", "all-MiniLM-L6-v2"),
        *([("embedding", starter.BILINGUAL.name)] if starter.BILINGUAL.path else []),
        *([("entailment", starter.ENTAILMENT.name)] if starter.BILINGUAL.path else []),
    }


def test_a_setting_names_a_model_by_catalog_by_file_or_by_path(tmp_path: Path) -> None:
    path = file_in(tmp_path / "models", "Qwen3-0.6B-Q8_0.gguf")
    other = file_in(tmp_path / "elsewhere", "mine.gguf")
    for setting, expected in (
        ("qwen3-0.6b-q8_0.gguf", path),
        ("Qwen3-0.6B-Q8_0.gguf", path),
        (str(path), path),
        (str(other), other),
        ("starter", starter.CHAT.path),
        ("smollm2-135m-instruct", starter.CHAT.path),
    ):
        model = installed.located(setting, kind="chat", folder=tmp_path / "models")
        assert model.path == expected
    assert model.languages == {"en"}
    by_path = installed.located(str(other), kind="chat", folder=tmp_path / "models")
    assert (by_path.name, by_path.languages) == ("mine", {"en", "zh"})


def test_a_model_that_is_known_and_not_there_names_the_command_that_gets_it(
    tmp_path: Path,
) -> None:
    settings = load_settings(models=tmp_path, model="Qwen3-8B", embedder="bge-m3")
    for open_it in (opening.chat_model, opening.embedder):
        with pytest.raises(ModelNotFound, match="is not on this machine") as caught:
            open_it(settings)
        assert "quire models pull" in caught.value.hint


def test_an_embedding_model_is_one_for_all_until_its_weights_change(tmp_path: Path) -> None:
    folder = embedding_model_folder(tmp_path / "mine")
    settings = load_settings(embedder=str(folder))
    first = opening.embedder(settings)
    assert opening.embedder(settings) is first
    assert opening.embedder(load_settings(embedder=str(folder), threads=7)) is not first
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(0, 0))
    changed = opening.embedder(settings)
    assert changed is not first
    assert opening.embedder(settings) is changed


def test_a_model_of_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="bge-m3 is the wrong kind of model") as caught:
        opening.chat_model(load_settings(models=tmp_path, model="bge-m3"))
    assert "'embedder'" in caught.value.hint


def test_a_name_that_is_nowhere_is_refused_with_those_near_it(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no embedding model called bge-m4") as caught:
        opening.embedder(load_settings(models=tmp_path, embedder="bge-m4"))
    assert "bge-m3" in caught.value.hint


def test_an_embedding_model_has_one_name_however_it_is_set(tmp_path: Path) -> None:
    path = folder_in(tmp_path, "bge-m3")
    for setting in ("BGE-M3", "bge-m3", str(path)):
        settings = load_settings(models=tmp_path, embedder=setting)
        embedder = opening.embedder(settings)
        assert isinstance(embedder, SentenceEmbedder)
        assert embedder.name == opening.embedder_name(settings) == "bge-m3"
    assert opening.embedder_name(load_settings()) == starter.embedder().name


def test_the_list_has_what_is_known_and_what_is_there(tmp_path: Path) -> None:
    file_in(tmp_path, "mine.gguf")
    models = Models(load_settings(models=tmp_path, model="mine"))
    entries = {entry.name: entry for entry in models.all()}
    assert set(entries) == {"mine", *(known.name for known in known_models())}
    assert entries["mine"].in_use
    assert not entries["SmolLM2-135M-Instruct"].in_use
    assert entries[starter.embedder().name].in_use
    assert [e.kind for e in models.all()] == sorted(entry.kind for entry in models.all())
    assert len({frozenset(entry.to_dict()) for entry in models.all()}) == 1
    assert models.info("Mine.gguf").to_dict()["path"] == str(tmp_path / "mine.gguf")
    with pytest.raises(ModelNotFound, match="No model is known"):
        models.info("nothing")
