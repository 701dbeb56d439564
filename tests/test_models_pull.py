"""Models are got from a hub whole, right, or not at all, whatever the network and the disk do."""

import errno
import hashlib
import os
import random
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import Hub, running_hub
from made_models import (
    chat_model_file,
    classifier,
    embedding_model_files,
    entailment_model_files,
)
from quire import load_settings
from quire.errors import DownloadFailed, DownloadStopped, ModelUnusable, QuireError, UsageError
from quire.models import catalog, opening
from quire.models.store import downloads, installed, placing, provenance, pulling, starter
from quire.models.store.downloads import DownloadProgress
from quire.models.store.pulling import Pulled
from quire.models.store.sentence_folder import read_folder
from quire.models.store.wanting import Wanted, wanted

REPO, FILE = "someone/Tiny-GGUF", "tiny.gguf"
REFERENCE = f"hf:{REPO}/{FILE}"
EMBEDDER = "someone/little-embedder"
CHECKER = "someone/little-checker"


@pytest.fixture(scope="module")
def tiny() -> bytes:
    return chat_model_file()


@pytest.fixture(scope="module")
def starter_file() -> Path:
    """A real chat model, of 98 MB."""
    assert starter.CHAT.path is not None
    return starter.CHAT.path


@pytest.fixture
def hub(tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a chat model, and with more than is wanted of an embedding model."""
    with running_hub() as hub:
        hub.repositories = {REPO: {FILE: tiny, "words.gguf": b"GGUF" + b"w" * 5000}}
        hub.repositories[EMBEDDER] = {
            **embedding_model_files(),
            "onnx/model.onnx": b"x" * 1000,
            "pytorch_model.bin": b"y" * 1000,
        }
        hub.repositories[CHECKER] = {
            **entailment_model_files(),
            "onnx/model.onnx": b"x" * 1000,
            "pytorch_model.bin": b"y" * 1000,
            "README.md": b"z",
        }
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


def pull(folder: Path, reference: str = REFERENCE, sha256: str = "", **options: Any) -> Pulled:
    options = {"pause": 0.001, "patience": 5.0, **options}
    return pulling.pull(wanted(reference, sha256=sha256), folder, **options)


def visible(folder: Path) -> list[str]:
    """What could be taken for a model."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def part(folder: Path) -> Path:
    return folder / f".{FILE}.part"


# -- when all goes well ----------------------------------------------------------------------------


def test_a_chat_model_arrives_and_is_recorded(hub: Hub, tiny: bytes, tmp_path: Path) -> None:
    heard: list[DownloadProgress] = []
    hub.pause = 0.003
    pulled = pull(tmp_path, progress=heard.append)
    assert pulled.path == tmp_path / FILE
    assert pulled.path.read_bytes() == tiny
    assert (pulled.verified, pulled.there) == ("hub", False)
    assert pulled.sha256 == hashlib.sha256(tiny).hexdigest()
    assert visible(tmp_path) == [FILE]
    assert not part(tmp_path).exists()
    record = provenance.read(pulled.path)
    assert record is not None
    assert record.source == f"huggingface:{REPO}"
    assert record.files[0].sha256 == pulled.sha256
    assert (pulled.path.stat().st_mode & 0o077) == 0
    loading = [each for each in heard if each.stage == "downloading"]
    assert [each.done for each in loading] == sorted(each.done for each in loading)
    assert loading[-1].done == loading[-1].total == len(tiny)
    assert any(each.remaining is not None for each in loading)
    assert heard[-1].stage == "checking"


def test_what_is_there_is_not_got_again(hub: Hub, tmp_path: Path) -> None:
    pull(tmp_path)
    hub.asked.clear()
    assert pull(tmp_path).there
    assert hub.asked == []


def test_an_embedding_model_arrives_without_pickles_and_exports(hub: Hub, tmp_path: Path) -> None:
    pulled = pull(tmp_path, f"hf:{EMBEDDER}")
    assert read_folder(pulled.path).parameters == 2**18
    assert not {"onnx", "pytorch_model.bin"} & {path.name for path in pulled.path.iterdir()}
    assert (pulled.path / "1_Pooling" / "config.json").is_file()
    (model,) = [m for m in installed.installed_models(tmp_path) if m.path.parent == tmp_path]
    assert (model.name, model.kind) == ("little-embedder", "embedding")
    assert pulled.verified == "hub"
    weights = hub.content(EMBEDDER, "model.safetensors")
    assert pulled.sha256 == hashlib.sha256(weights).hexdigest()


def test_a_real_embedding_model_works_when_it_has_arrived(hub: Hub, tmp_path: Path) -> None:
    assert starter.ENGLISH.path is not None
    hub.repositories["someone/real"] = {
        path.relative_to(starter.ENGLISH.path).as_posix(): path
        for path in starter.ENGLISH.path.rglob("*")
        if path.is_file()
    }
    pulled = pull(tmp_path, "hf:someone/real")
    assert pulled.sha256 == starter.ENGLISH.sha256
    embedder = opening.embedder(load_settings(models=tmp_path, embedder="real"))
    assert (embedder.name, len(embedder.embed_question("Hello"))) == ("real", 384)


def test_an_entailment_model_arrives_without_pickles_and_exports(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [5, 300_000]
    pulled = pull(tmp_path, f"hf:{CHECKER}")
    assert sorted(path.name for path in pulled.path.iterdir()) == sorted(entailment_model_files())
    assert (pulled.name, pulled.kind, pulled.verified) == ("little-checker", "entailment", "hub")
    (model,) = [m for m in installed.installed_models(tmp_path) if m.path.parent == tmp_path]
    assert (model.name, model.kind) == ("little-checker", "entailment")
    assert pull(tmp_path, f"hf:{CHECKER}").there


def test_a_real_entailment_model_works_when_it_has_arrived(hub: Hub, tmp_path: Path) -> None:
    pair = ("The gate opens at six.", "It opens at six.")
    made = classifier(tmp_path / "made", labels=["neutral", "entailment"], taught=[(*pair, 1)])
    hub.repositories["someone/real"] = {path.name: path for path in made.iterdir()}
    pulled = pull(tmp_path / "models", "hf:someone/real")
    model = opening.entailment(load_settings(models=tmp_path / "models", entailment="real"))
    assert model is not None
    assert (model.name, pulled.kind) == ("real", "entailment")
    assert model.probabilities([pair])[0].argmax() == 0


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"architectures": ["Qwen3ForCausalLM"]}, "no entailment model at someone/little-checker"),
        ({"architectures": None}, "no entailment model"),
        ({"auto_map": {"AutoModel": "evil.Model"}}, "brings a program of its own"),
    ],
)
def test_what_is_no_classifier_is_refused_before_its_weights_are_asked_for(
    hub: Hub, tmp_path: Path, config: dict[str, Any], says: str
) -> None:
    hub.repositories[CHECKER] = entailment_model_files(**config)
    with pytest.raises(ModelUnusable, match=says) as caught:
        pull(tmp_path, f"hf:{CHECKER}")
    assert "It was deleted" in caught.value.message
    assert not [path for _, path, _ in hub.asked if path.endswith("model.safetensors")]
    assert visible(tmp_path) == []
    assert not list(tmp_path.glob(".*.part"))


def test_a_cross_encoder_with_a_program_of_its_own_is_refused(hub: Hub, tmp_path: Path) -> None:
    """One that sentence-transformers has saved has its modules, as embedding models do."""
    hub.repositories[CHECKER] = {
        **embedding_model_files(),
        "config_sentence_transformers.json": b'{"model_type": "CrossEncoder"}',
        "config.json": b'{"auto_map": {"AutoModel": "evil.Model"}}',
    }
    with pytest.raises(ModelUnusable, match="brings a program of its own"):
        pull(tmp_path, f"hf:{CHECKER}")
    assert visible(tmp_path) == []


def test_a_model_whose_hash_is_not_known_is_the_version_that_the_catalog_names(
    hub: Hub, tmp_path: Path
) -> None:
    known = catalog.named("FactCG-DeBERTa-v3-Large")
    assert not known.sha256
    (where,) = known.repositories
    hub.repositories[where.repo] = entailment_model_files()
    for reference, right in ((f"hf:{where.repo}@other", False), (known.name, True)):
        pulled = pull(tmp_path, reference)
        assert (pulled.name, pulled.kind, pulled.verified) == (known.name, "entailment", "hub")
        found = installed.at(pulled.path)
        assert found is not None
        assert (found.known is known) == right
        assert pull(tmp_path, reference).there
        with (pulled.path / "model.safetensors").open("ab") as file:
            file.write(b"more")
        found = installed.at(pulled.path)
        assert found is not None
        assert found.known is None
        with pytest.raises(DownloadFailed, match="has changed since it came"):
            pull(tmp_path, reference)
        shutil.rmtree(pulled.path)
        provenance.forget(pulled.path)


def test_a_model_with_another_hash_than_the_catalogs_is_refused(hub: Hub, tmp_path: Path) -> None:
    known = catalog.named("mDeBERTa-v3-base-xnli-multilingual-nli-2mil7")
    hub.repositories[known.repositories[0].repo] = entailment_model_files()
    with pytest.raises(DownloadFailed, match=r"another model\.safetensors than the one that is"):
        pull(tmp_path, known.name)
    assert visible(tmp_path) == []


def test_the_model_that_comes_along_is_on_no_hub() -> None:
    with pytest.raises(UsageError, match="a part of Quire") as caught:
        wanted(starter.ENTAILMENT.name)
    assert "make starter" in caught.value.hint


@pytest.mark.parametrize("reference", [f"ms:{REPO}/{FILE}", f"ms:{EMBEDDER}", f"ms:{CHECKER}"])
def test_modelscope_serves_the_same(hub: Hub, tmp_path: Path, reference: str) -> None:
    pulled = pull(tmp_path, reference)
    assert pulled.verified == "hub"
    assert all(method == "GET" for method, *_ in hub.asked)
    assert pulled.path.exists()


def test_an_address_is_held_against_the_hash_that_is_given(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    address = f"{hub.url}/cdn/{REPO}//{FILE}"
    with pytest.raises(DownloadFailed, match=r"sent a wrong tiny\.gguf"):
        pull(tmp_path, address, sha256="0" * 64)
    assert visible(tmp_path) == []
    pulled = pull(tmp_path, address, sha256=hashlib.sha256(tiny).hexdigest().upper())
    assert pulled.verified == "promised"
    pulled.path.unlink()
    assert pull(tmp_path, address).verified == "nothing"


def test_a_hub_that_cannot_be_reached_gives_way_to_the_other(
    hub: Hub, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    both = wanted(REFERENCE)
    both = Wanted(
        both.name,
        both.kind,
        (*both.repositories, *wanted(f"ms:{REPO}/{FILE}").repositories),
        both.file,
    )
    pulled = pulling.pull(both, tmp_path, pause=0.001)
    assert pulled.source == f"modelscope:{REPO}"
    with pytest.raises(DownloadFailed, match="cannot be reached") as caught:
        pull(tmp_path / "other")
    assert "--from modelscope" in caught.value.hint


# -- when the network fails ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(50))])
def test_a_download_that_is_cut_ten_times_arrives_whole(
    hub: Hub, starter_file: Path, tmp_path: Path, seed: int
) -> None:
    hub.repositories[REPO][FILE] = starter_file
    size = starter_file.stat().st_size
    choose = random.Random(seed)
    hub.cuts = [choose.randrange(size // 12) for _ in range(10)]
    pulled = pull(tmp_path)
    assert pulled.sha256 == starter.CHAT.sha256
    assert hub.cuts == []
    assert hub.bytes_sent < size * 1.05, "it went on where it was"


def test_a_download_that_is_killed_again_and_again_arrives_whole(
    hub: Hub, starter_file: Path, tmp_path: Path
) -> None:
    """Each time in a process of its own, so that nothing is remembered but what is on the disk."""
    program = (
        "import sys; from pathlib import Path\n"
        "from quire.models.store import pulling, wanting\n"
        "model = wanting.wanted(sys.argv[1])\n"
        "def hear(p):\n"
        "    if p.stage == 'downloading' and p.done > int(sys.argv[3]): sys.stdin.read()\n"
        "pulling.pull(model, Path(sys.argv[2]), progress=hear)\n"
    )
    hub.repositories[REPO][FILE] = starter_file
    for most in (30_000_000, 70_000_000):
        with subprocess.Popen(
            [sys.executable, "-c", program, REFERENCE, str(tmp_path), str(most)],
            stdin=subprocess.PIPE,
        ) as process:
            while not (part(tmp_path).exists() and part(tmp_path).stat().st_size > most):
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
    assert visible(tmp_path) == []
    assert pull(tmp_path).sha256 == starter.CHAT.sha256
    assert hub.bodies()[-1]["range"].startswith("bytes=7"), "it went on at 70 MB"


def test_a_server_without_ranges_is_asked_from_the_start(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    hub.ranges, hub.cuts = False, [1_000_000, 500_000]
    assert pull(tmp_path).path.read_bytes() == tiny


def test_half_a_stream_that_looks_like_a_whole_one_is_not_taken_for_it(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    hub.lengths, hub.cuts = False, [len(tiny) // 2]
    assert pull(tmp_path).path.read_bytes() == tiny


def test_a_connection_that_breaks_every_time_ends_with_what_is_there(
    hub: Hub, tmp_path: Path
) -> None:
    hub.cuts = [300_000, *[0] * 20]
    with pytest.raises(DownloadFailed, match=r"broke off\. 0\.3 MB of 3\.1 MB") as caught:
        pull(tmp_path)
    assert "goes on where it stopped" in caught.value.hint
    assert visible(tmp_path) == []
    assert part(tmp_path).stat().st_size == 300_000


def test_a_server_that_falls_silent_is_left_after_a_while(hub: Hub, tmp_path: Path) -> None:
    hub.hangs_at = 2_000_000
    hub.cuts = []
    with pytest.raises(DownloadFailed, match="sent nothing for 0 seconds"):
        pull(tmp_path, patience=0.1)
    assert part(tmp_path).stat().st_size >= 2_000_000


def test_a_download_can_be_left_while_the_server_is_silent(hub: Hub, tmp_path: Path) -> None:
    hub.hangs_at = 2_000_000
    cancel = threading.Event()

    def leave() -> None:
        while not (part(tmp_path).exists() and part(tmp_path).stat().st_size >= 1_900_000):
            time.sleep(0.01)
        cancel.set()

    leaving = threading.Thread(target=leave)
    leaving.start()
    with pytest.raises(DownloadStopped):  # and no word of silence
        pull(tmp_path, cancel=cancel, patience=120.0)
    leaving.join()
    assert part(tmp_path).stat().st_size >= 1_900_000


@pytest.mark.parametrize(
    ("status", "says", "hint"),
    [
        (401, "wants to know who asks", "HF_TOKEN"),
        (401, "wants to know who asks", "repository that is not there"),
        (403, "wants to know who asks", "HF_TOKEN"),
        (404, r"has no tiny\.gguf", "spelling"),
        (500, "is overloaded", "goes on"),
        (418, "status 418", "later"),
    ],
)
def test_a_refusal_is_a_sentence(
    hub: Hub, tmp_path: Path, status: int, says: str, hint: str
) -> None:
    hub.status = status
    with pytest.raises(DownloadFailed, match=says) as caught:
        pull(tmp_path)
    assert hint in caught.value.hint
    assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (f"hf:{REPO}/other.gguf", "has no someone/Tiny-GGUF/other.gguf"),
        ("hf:nobody/nothing/a.gguf", "has no"),
        ("hf:nobody/nothing", "There is no repository nobody/nothing"),
        (f"ms:{REPO}/other.gguf", "no other.gguf in someone/Tiny-GGUF"),
        ("ms:nobody/nothing", "There is no repository nobody/nothing"),
        (f"hf:{REPO}", "no sentence-transformers model"),
    ],
)
def test_what_a_hub_does_not_have_is_said(
    hub: Hub, tmp_path: Path, reference: str, says: str
) -> None:
    with pytest.raises(QuireError, match=says):
        pull(tmp_path, reference)
    assert visible(tmp_path) == []


def test_a_web_page_is_not_taken_for_a_model(hub: Hub, tmp_path: Path) -> None:
    hub.pages = True
    with pytest.raises(DownloadFailed, match=r"web page instead of tiny\.gguf") as caught:
        pull(tmp_path)
    assert "login" in caught.value.hint
    assert visible(tmp_path) == []


def test_a_redirect_to_an_address_without_encryption_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.elsewhere = "http://example.org"
    with pytest.raises(DownloadFailed, match=r"example\.org would be asked without encryption"):
        pull(tmp_path)


def test_a_hub_without_encryption_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example.org")
    with pytest.raises(DownloadFailed, match="without encryption"):
        pull(tmp_path)


# -- when the content is wrong ---------------------------------------------------------------------


def test_a_file_with_a_wrong_hash_is_deleted_and_never_used(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    hub.sent[FILE] = tiny[:-1] + b"!"
    with pytest.raises(DownloadFailed, match=r"sent a wrong tiny\.gguf") as caught:
        pull(tmp_path)
    assert "It was deleted" in caught.value.message
    assert visible(tmp_path) == []
    assert not part(tmp_path).exists()


def test_a_part_that_was_damaged_on_the_disk_is_got_anew(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    hub.cuts = [2_000_000, *[0] * 9]
    with pytest.raises(DownloadFailed):
        pull(tmp_path)
    hub.cuts.clear()
    with part(tmp_path).open("rb+") as file:
        file.seek(1000)
        file.write(b"damage")
    assert pull(tmp_path).path.read_bytes() == tiny


def test_a_part_of_an_older_version_is_not_mixed_with_a_newer_one(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    """With a hash from the hub, and by the ETag alone."""
    newer = tiny[:-4] + b"more"
    for reference in (REFERENCE, f"{hub.url}/cdn/{REPO}//{FILE}"):
        hub.repositories[REPO][FILE] = tiny
        hub.cuts = [2_000_000, *[0] * 9]
        with pytest.raises(DownloadFailed):
            pull(tmp_path, reference)
        hub.cuts.clear()
        hub.repositories[REPO][FILE] = newer
        pulled = pull(tmp_path, reference)
        assert pulled.path.read_bytes() == newer
        pulled.path.unlink()


def test_what_the_hub_says_does_not_count_against_what_is_known(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match=r"another tiny\.gguf than the one that is known"):
        pull(tmp_path, sha256="1" * 64)
    assert hub.bodies() == []


def test_a_wrong_small_file_of_a_folder_is_found_by_its_git_hash(hub: Hub, tmp_path: Path) -> None:
    hub.sent["config.json"] = b"{}"
    with pytest.raises(DownloadFailed, match=r"sends 2 bytes of config\.json"):
        pull(tmp_path, f"hf:{EMBEDDER}")
    content = hub.content(EMBEDDER, "config.json")
    hub.sent["config.json"] = content[:-2] + b" }"
    with pytest.raises(DownloadFailed, match=r"wrong config\.json: it has the Git hash"):
        pull(tmp_path, f"hf:{EMBEDDER}")
    assert visible(tmp_path) == []
    hub.sent.clear()
    hub.bytes_sent = 0
    assert read_folder(pull(tmp_path, f"hf:{EMBEDDER}").path)


def test_what_is_no_chat_model_is_deleted(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"words\.gguf .* It was deleted"):
        pull(tmp_path, f"hf:{REPO}/words.gguf")
    assert visible(tmp_path) == []
    assert not list(tmp_path.glob("*.part"))


def test_another_file_of_that_name_is_kept(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"mine")
    with pytest.raises(DownloadFailed, match=r"another tiny\.gguf in"):
        pull(tmp_path, sha256="1" * 64)
    assert (tmp_path / FILE).read_bytes() == b"mine"


# -- names and passwords ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        "hf:owner/repo/../../escape.gguf",
        "hf:../repo/a.gguf",
        "hf:owner/../a.gguf",
        "hf:owner/repo//a.gguf",
        "hf:owner/repo/.hidden.gguf",
        "hf:owner/repo/a\nb.gguf",
        "hf:owner/repo/a\\b.gguf",
        "hf:owner/repo/model.bin",
        "hf:owner",
        "hf:",
        "https://example.org/",
        "https://example.org/model.zip",
        "ftp://example.org/a.gguf",
        "../../a.gguf",
        "/etc/passwd",
    ],
)
def test_a_reference_that_could_lead_out_of_the_folder_is_refused(
    tmp_path: Path, reference: str
) -> None:
    with pytest.raises(UsageError):
        wanted(reference)


@pytest.mark.parametrize("name", ["../../evil.json", "/etc/evil.json", "a\\b.json", "..", "x/../y"])
def test_names_of_a_hub_are_not_used_as_paths(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.repositories[EMBEDDER][name] = b"evil"
    pull(tmp_path / "models", f"hf:{EMBEDDER}")
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    assert not list(tmp_path.rglob("*evil*"))


def test_a_token_is_shown_only_to_a_hub_that_asks_for_it(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(tmp_path / "open")
    assert not [headers for *_, headers in hub.asked if "authorization" in headers]
    hub.token = "hf_secret"
    with running_hub() as cdn:
        cdn.repositories = hub.repositories
        hub.elsewhere = cdn.url
        pull(tmp_path / "gated")
        assert not [headers for *_, headers in cdn.asked if "authorization" in headers]
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(DownloadFailed, match="the token in HF_TOKEN is wrong") as caught:
        pull(tmp_path / "wrong")
    said = f"{caught.value}{caught.value.hint}{caplog.text}{wanted(REFERENCE)}"
    assert "hf_secret" not in said
    assert "hf_wrong" not in said


# -- when the disk is full -------------------------------------------------------------------------


def test_a_disk_that_is_too_small_is_noticed_before(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 40_000_000})
    monkeypatch.setattr(placing.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadFailed, match=r"40\.0 MB free, and 53\.1 MB are needed"):
        pull(tmp_path)
    assert hub.bodies() == []


def shrinking_disk(free: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with so many bytes free, of which what has arrived takes its share."""

    def usage(_: Path) -> object:
        taken = part(folder).stat().st_size if part(folder).exists() else 0
        return type("Usage", (), {"free": free - taken})

    monkeypatch.setattr(placing.shutil, "disk_usage", usage)


def test_a_file_of_unknown_length_leaves_the_disk_its_reserve(
    hub: Hub, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.linked = hub.lengths = False
    with monkeypatch.context() as patch:
        shrinking_disk(52_000_000, tmp_path, patch)
        with pytest.raises(DownloadFailed, match=r"has 50\.\d MB free, and 50\.\d MB are needed"):
            pull(tmp_path)
    assert visible(tmp_path) == []
    assert 1_800_000 < part(tmp_path).stat().st_size <= 2_000_000 < len(tiny)
    assert pull(tmp_path).path.read_bytes() == tiny


def test_a_length_that_only_the_body_tells_is_held_against_the_disk(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrinking_disk(52_000_000, tmp_path, monkeypatch)
    with pytest.raises(DownloadFailed, match=r"52\.0 MB free, and 53\.1 MB are needed"):
        pull(tmp_path, f"{hub.url}/cdn/{REPO}//{FILE}")
    assert not part(tmp_path).exists() or part(tmp_path).stat().st_size == 0


def test_a_disk_that_is_full_at_nine_tenths_loses_nothing(
    hub: Hub, tiny: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = len(tiny) * 9 // 10
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        room = full - os.fstat(descriptor).st_size
        if room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:room])

    with monkeypatch.context() as patch:
        patch.setattr(downloads.os, "write", write)
        with pytest.raises(DownloadFailed, match=r"is full; 2\.8 MB have arrived") as caught:
            pull(tmp_path)
    assert "Free some space" in caught.value.hint
    assert visible(tmp_path) == []
    assert installed.find("tiny", kind="chat", folder=tmp_path) is None
    assert pull(tmp_path).path.read_bytes() == tiny
    assert hub.bodies()[-1]["range"] == f"bytes={full}-"


def test_a_disk_that_takes_no_large_files_is_a_sentence(
    hub: Hub, tiny: bytes, tmp_path: Path
) -> None:
    """The system itself refuses the write here, at a limit for this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(tiny) // 2, before[1]))
    try:
        with pytest.raises(DownloadFailed, match=r"takes no file this large; 1\.6 MB have arrived"):
            pull(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert visible(tmp_path) == []
    assert pull(tmp_path).path.read_bytes() == tiny


def test_a_folder_that_cannot_be_written_is_a_sentence(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadFailed, match="cannot be made") as caught:
        pull(tmp_path / "file" / "models")
    assert "QUIRE_MODELS" in caught.value.hint


# -- two at once -----------------------------------------------------------------------------------


def test_two_that_want_the_same_take_turns(hub: Hub, tiny: bytes, tmp_path: Path) -> None:
    results: list[Pulled] = []
    threads = [threading.Thread(target=lambda: results.append(pull(tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.there for result in results) == [False, True, True]
    assert hub.bytes_sent == len(tiny)


def test_whoever_waits_for_another_can_leave(hub: Hub, tmp_path: Path) -> None:
    hub.hangs_at = 1000
    ends = threading.Event()
    stopped: list[BaseException] = []

    def first() -> None:
        try:
            pull(tmp_path, cancel=ends)
        except DownloadStopped as error:
            stopped.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    while not part(tmp_path).exists():
        time.sleep(0.01)
    heard: list[DownloadProgress] = []
    cancel = threading.Event()

    def hear(progress: DownloadProgress) -> None:
        heard.append(progress)
        cancel.set()

    with pytest.raises(DownloadStopped):
        pull(tmp_path, progress=hear, cancel=cancel)
    assert [each.stage for each in heard] == ["waiting"]
    ends.set()
    thread.join()
    assert stopped


def test_a_record_that_is_damaged_is_none(tmp_path: Path) -> None:
    (tmp_path / provenance.RECORDS).mkdir()
    for content in ("", "[]", "{", '{"source": "", "origin": "", "files": [{"path": 1}]}'):
        (tmp_path / provenance.RECORDS / "x.gguf.json").write_text(content)
        assert provenance.read(tmp_path / "x.gguf") is None
