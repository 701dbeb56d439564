"""A file is taken for the model that it is, whatever it is called and whoever asks for it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import Hub, running_hub
from made_models import (
    change_catalog,
    chat_model_file,
    embedding_model_files,
    embedding_model_folder,
)
from quire import Models, load_settings
from quire.errors import DownloadFailed, ModelNotFound, UsageError
from quire.models import catalog
from quire.models.store import installed, provenance, pulling
from quire.models.store.pulling import Pulled
from quire.models.store.wanting import wanted

REPO, OTHER, FILE = "someone/Tiny-GGUF", "another/Tiny-GGUF", "tiny.gguf"
REFERENCE = f"hf:{REPO}/{FILE}"
EMBEDDER = "someone/little-embedder"
KNOWN = "Qwen3-8B"


@pytest.fixture(scope="module")
def tiny() -> bytes:
    return chat_model_file()


@pytest.fixture
def hub(tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Two repositories with another file under the same name, and an embedding model."""
    with running_hub() as hub:
        hub.repositories = {
            REPO: {FILE: tiny},
            OTHER: {FILE: chat_model_file(seed=2)},
            EMBEDDER: dict(embedding_model_files()),
        }
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setenv("QUIRE_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    return Models(load_settings())


@pytest.fixture
def file(tmp_path: Path, tiny: bytes) -> Path:
    path = tmp_path / "my.gguf"
    path.write_bytes(tiny)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return embedding_model_folder(tmp_path / "my-embedder")


def pull(folder: Path, reference: str = REFERENCE, sha256: str = "", **options: Any) -> Pulled:
    options = {"pause": 0.001, "patience": 5.0, **options}
    return pulling.pull(wanted(reference, sha256=sha256), folder, **options)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 255
    path.write_bytes(content)


# -- what is there already -------------------------------------------------------------------------


@pytest.mark.parametrize("promised", [False, True])
def test_a_file_that_has_changed_is_not_the_one_that_came(
    hub: Hub, tiny: bytes, tmp_path: Path, promised: bool
) -> None:
    sha256 = hashlib.sha256(tiny).hexdigest() if promised else ""
    pulled = pull(tmp_path, sha256=sha256)
    assert pull(tmp_path, sha256=sha256).there
    flip(pulled.path)
    with pytest.raises(DownloadFailed, match=r"has changed since it came from huggingface") as said:
        pull(tmp_path, sha256=sha256)
    assert "quire models remove tiny.gguf" in said.value.hint


def test_a_file_of_a_folder_that_has_changed_is_noticed(hub: Hub, tmp_path: Path) -> None:
    pulled = pull(tmp_path, f"hf:{EMBEDDER}")
    again = pull(tmp_path, f"hf:{EMBEDDER}")
    assert (again.there, again.verified, again.sha256) == (True, "hub", pulled.sha256)
    (pulled.path / "config.json").write_text("{}")
    with pytest.raises(DownloadFailed, match=r"has changed since .* config\.json"):
        pull(tmp_path, f"hf:{EMBEDDER}")


@pytest.mark.parametrize("reference", [f"hf:{OTHER}/{FILE}", "address"])
def test_another_model_with_a_file_of_that_name_is_not_the_one(
    hub: Hub, tiny: bytes, tmp_path: Path, reference: str
) -> None:
    pull(tmp_path)
    if reference == "address":
        reference = f"{hub.url}/cdn/{OTHER}//{FILE}"
    with pytest.raises(
        DownloadFailed, match=r"another tiny\.gguf .* from huggingface:some"
    ) as said:
        pull(tmp_path, reference)
    assert "--name NAME" in said.value.hint
    assert "quire models remove tiny.gguf" in said.value.hint
    assert (tmp_path / FILE).read_bytes() == tiny


def test_another_revision_is_another_model_where_the_hub_tells_another_hash(
    hub: Hub, tmp_path: Path
) -> None:
    pull(tmp_path)
    hub.repositories[REPO][FILE] = chat_model_file(seed=3)
    assert pull(tmp_path).there, "the same revision is not asked for again"
    with pytest.raises(DownloadFailed, match=r"another tiny\.gguf"):
        pull(tmp_path, f"hf:{REPO}@v2/{FILE}")


def test_the_same_content_from_elsewhere_is_the_same_model(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    pull(tmp_path)
    hub.repositories[OTHER][FILE] = tiny
    again = pull(tmp_path, f"hf:{OTHER}/{FILE}")
    assert (again.there, again.verified, again.source) == (True, "hub", f"huggingface:{REPO}")


def test_a_file_that_nobody_pulled_is_held_against_the_hub(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_bytes(tiny)
    assert pull(tmp_path).there
    (tmp_path / FILE).write_bytes(chat_model_file(seed=9))
    provenance.forget(tmp_path / FILE)
    with pytest.raises(DownloadFailed, match=r"another tiny\.gguf"):
        pull(tmp_path)


def test_an_address_whose_signature_has_changed_is_the_same(hub: Hub, tmp_path: Path) -> None:
    address = f"{hub.url}/cdn/{REPO}//{FILE}"
    pull(tmp_path, f"{address}?signature=1")
    again = pull(tmp_path, f"{address}?signature=2")
    assert (again.there, again.verified) == (True, "nothing")
    record = (tmp_path / ".records" / f"{FILE}.json").read_text()
    assert "signature" not in record
    assert REPO not in record


def test_the_weights_of_a_folder_are_those_in_its_root(hub: Hub, tmp_path: Path) -> None:
    module = hub.content(EMBEDDER, "model.safetensors")[:-4] + b"more"
    hub.repositories[EMBEDDER]["2_Dense/model.safetensors"] = module
    root = hub.content(EMBEDDER, "model.safetensors")
    pulled = pull(tmp_path, f"hf:{EMBEDDER}")
    assert pulled.sha256 == hashlib.sha256(root).hexdigest()


# -- names of the catalog --------------------------------------------------------------------------


def test_the_file_that_the_catalog_means_gets_its_name(
    models: Models, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    change_catalog(monkeypatch, KNOWN, sha256=sha256)
    known = catalog.named(KNOWN)
    for path, name in ((file, "qwen3-8b"), (file.with_name(known.file), "")):
        file = file.rename(path)
        added = models.add(path, name=name)
        assert (added.name, added.path.name) == (KNOWN, known.file)
        entry = models.info(KNOWN)
        assert entry.here is not None
        assert entry.known is known
        models.remove(KNOWN)
    assert provenance.read(added.path) is None
    assert models.info(KNOWN).here is None


def test_another_file_does_not_get_the_name_of_a_known_model(
    models: Models, file: Path, folder: Path
) -> None:
    with pytest.raises(UsageError, match="is not the Qwen3-8B that Quire knows") as caught:
        models.add(file, name=KNOWN)
    assert "--name" in caught.value.hint
    with pytest.raises(UsageError, match="is not the bge-m3 that Quire knows"):
        models.add(folder, name="BGE-M3")
    assert models.info(KNOWN).here is None


def test_another_file_that_is_called_as_a_known_one_goes_by_its_files_name(
    hub: Hub, models: Models, file: Path, tiny: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = catalog.named(KNOWN)
    hub.repositories[OTHER] = {known.file: tiny}
    added = models.add(file.rename(file.with_name(known.file)))
    models.remove(added.name)
    pulled = models.pull(f"hf:{OTHER}/{known.file}")
    assert added.name == pulled.name == known.file
    assert models.info(KNOWN).here is None
    entry = models.info(known.file)
    assert (entry.known, entry.memory) == (None, None)
    with pytest.raises(ModelNotFound, match="was not found to be Qwen3-8B"):
        models.use(KNOWN)
    assert models.use(known.file).value == known.file
    assert Models(load_settings()).info(known.file).in_use
    with pytest.raises(DownloadFailed, match="There is another Qwen3-8B"):
        models.pull(KNOWN)
    change_catalog(monkeypatch, KNOWN, sha256=hashlib.sha256(tiny).hexdigest())
    assert models.pull(KNOWN).there
    assert models.info(KNOWN).here is not None


def test_a_known_file_that_was_put_there_by_hand_counts_once_it_was_compared(
    models: Models, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_catalog(monkeypatch, KNOWN, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    models.settings.models.mkdir()
    target = file.rename(models.settings.models / catalog.named(KNOWN).file)
    assert models.info(KNOWN).here is None
    pulled = models.pull(KNOWN)
    assert (pulled.there, pulled.verified, pulled.name) == (True, "promised", KNOWN)
    entry = models.info(KNOWN)
    assert entry.here is not None
    assert entry.here.path == target


@pytest.mark.parametrize("reference", ["hf:a/b/bge-m3.gguf", "hf:a/b/Qwen3-8B.gguf", "hf:a/BGE-M3"])
def test_a_name_by_which_the_catalog_knows_another_model_is_refused(reference: str) -> None:
    with pytest.raises(UsageError, match="Quire knows another model by the name") as caught:
        wanted(reference)
    assert "--name" in caught.value.hint


def test_no_two_models_have_one_name(models: Models, file: Path, folder: Path) -> None:
    for path, name in ((file, "bge-m3"), (folder, "Qwen3-8B"), (folder, "Qwen3-8B-Q4_K_M")):
        with pytest.raises(UsageError, match="Quire knows another model by the name"):
            models.add(path, name=name)
    models.add(folder, name="mine")
    with pytest.raises(UsageError, match="There is another model called mine"):
        models.add(file, name="mine")
    assert len({each.name for each in models.all()}) == len(models.all())


def test_a_hash_that_is_not_the_catalogs_is_refused_with_its_name() -> None:
    with pytest.raises(UsageError, match="is known by another SHA-256"):
        wanted(KNOWN, sha256="1" * 64)
    assert wanted(KNOWN, sha256=catalog.named(KNOWN).sha256).sha256


def test_a_path_is_not_taken_for_a_known_model_by_its_name(tmp_path: Path, file: Path) -> None:
    path = file.rename(file.with_name("Qwen3-8B-Q4_K_M.gguf"))
    model = installed.located(str(path), kind="chat", folder=tmp_path / "models")
    assert (model.name, model.known) == ("Qwen3-8B-Q4_K_M", None)
