"""What a disk, a hub or a setting holds that is no model ends in a sentence, and at once."""

import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub as hubs
from hub import Hub, running_hub
from made_models import chat_model_file, embedding_model_folder
from quire import Models, load_settings
from quire.errors import DownloadFailed, ModelUnusable, QuireError
from quire.models import opening
from quire.models.engine import gguf
from quire.models.store import sentence_folder

REPO, FILE = "someone/Tiny-GGUF", "tiny.gguf"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    return Models(load_settings())


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as hub:
        hub.repositories = {REPO: {FILE: chat_model_file()}}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return embedding_model_folder(tmp_path / "my-embedder")


# -- on the disk -----------------------------------------------------------------------------------


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(
    models: Models, tmp_path: Path
) -> None:
    pipe, sock = tmp_path / "pipe.gguf", tmp_path / "s.gguf"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(sock))
        for path in (pipe, sock, Path("/dev/zero")):
            with pytest.raises(ModelUnusable, match="is no regular file"):
                gguf.read_facts(path)
            with pytest.raises(ModelUnusable, match="is no regular file"):
                models.add(path, name="mine")
            with pytest.raises(ModelUnusable, match="is no regular file"):
                opening.chat_model(load_settings(model=str(path)))


def test_a_folder_is_no_chat_model(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match="is a folder") as caught:
        opening.chat_model(load_settings(model=str(folder)))
    assert "'embedder'" in caught.value.hint


def test_a_pipe_in_a_folder_is_not_waited_for(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    os.mkfifo(folder / "model.safetensors")
    assert sentence_folder.read_folder(folder).parameters == 2**18
    (folder / "modules.json").unlink()
    os.mkfifo(folder / "modules.json")
    with pytest.raises(ModelUnusable, match=r"modules\.json that is no regular file"):
        sentence_folder.read_folder(folder)


def test_json_without_an_end_of_its_depth_is_damage(folder: Path) -> None:
    deep = b"[" * 200_000
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(deep)) + deep)
    with pytest.raises(ModelUnusable, match=r"damaged model\.safetensors"):
        sentence_folder.read_folder(folder)
    (folder / "modules.json").write_bytes(deep)
    with pytest.raises(ModelUnusable, match="cannot be read"):
        sentence_folder.read_folder(folder)


@pytest.mark.parametrize("shape", [[2**70, 2**70], [-1, -1], [3, 3]])
def test_a_tensor_holds_no_more_than_its_bytes(folder: Path, shape: list[int]) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}}).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(4)
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"damaged model\.safetensors"):
        sentence_folder.read_folder(folder)


def test_a_models_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(chat_model_file())
    for folder in (file, Path("/proc/x")):
        models = Models(load_settings(models=folder))
        for link in (False, True):
            with pytest.raises(DownloadFailed, match="cannot be made") as caught:
                models.add(file, link=link)
            assert "QUIRE_MODELS" in caught.value.hint
        assert models.all()


# -- from a hub ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference", ["https://[bad/x.gguf", "https:///x.gguf", "http://x y/[.gguf"]
)
def test_an_address_that_is_none_is_refused_at_once(models: Models, reference: str) -> None:
    with pytest.raises(QuireError):
        models.pull(reference)
    assert not models.settings.models.exists()


@pytest.mark.parametrize("endpoint", ["http://[::bad", "https://", "nonsense"])
def test_an_endpoint_that_is_no_address_is_named(
    models: Models, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(DownloadFailed, match="is no address of a server") as caught:
        models.pull(f"hf:{REPO}/{FILE}")
    assert "HF_ENDPOINT" in caught.value.hint


def test_a_list_of_files_without_an_end_of_its_depth_is_a_sentence(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deep(self: hubs._Handler, _: str) -> None:
        self._say(200, b"[" * 200_000, **{"Content-Type": "application/json"})

    monkeypatch.setattr(hubs._Handler, "_list", deep)
    with pytest.raises(DownloadFailed, match="instead of a list of files"):
        models.pull(f"hf:{REPO}")


def test_a_size_of_thousands_of_digits_is_none(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lead(self: hubs._Handler, repo: str, file: str) -> None:
        where = f"{hub.url}/cdn/{repo}//{file}"
        etag = f'"{hub.hash_of(repo, file)}"'
        told = {"X-Linked-Etag": etag, "X-Linked-Size": "9" * 5000}
        self._say(302, b"", Location=where, **told)

    monkeypatch.setattr(hubs._Handler, "_lead", lead)
    assert models.pull(f"hf:{REPO}/{FILE}").path.exists()


@pytest.mark.parametrize("linked", [True, False])
def test_a_redirect_to_no_address_is_a_sentence(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    def lead(self: hubs._Handler, repo: str, file: str) -> None:
        told = {"X-Linked-Etag": f'"{hub.hash_of(repo, file)}"'} if linked else {}
        self._say(302, b"", Location="http://[::bad/x", **told)

    monkeypatch.setattr(hubs._Handler, "_lead", lead)
    with pytest.raises(DownloadFailed, match="which is no address"):
        models.pull(f"hf:{REPO}/{FILE}")


def test_a_wrong_token_is_called_wrong(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "right"
    with pytest.raises(DownloadFailed, match="wants to know who asks") as caught:
        models.pull(f"hf:{REPO}/{FILE}")
    assert "repository that is not there" in caught.value.hint
    monkeypatch.setenv("HF_TOKEN", "wrong")
    with pytest.raises(DownloadFailed, match="the token in HF_TOKEN is wrong"):
        models.pull(f"hf:{REPO}/{FILE}")
