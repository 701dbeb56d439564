"""One at a time changes a model in the models folder, and what a kill leaves is swept away."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import Hub, running_hub
from made_models import chat_model_file
from quire import Models, load_settings
from quire.errors import DownloadFailed, DownloadStopped, ModelBusy, UsageError
from quire.models import catalog
from quire.models.store import adding, claims, starter

REPO, FILE = "someone/Tiny-GGUF", "tiny.gguf"
REFERENCE = f"hf:{REPO}/{FILE}"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    monkeypatch.setenv("QUIRE_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    return Models(load_settings())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / FILE
    path.write_bytes(chat_model_file())
    return path


@pytest.fixture
def silent_hub(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that sends the beginning of a file, and then nothing."""
    with running_hub() as hub:
        known = catalog.named("Qwen3-8B").file
        hub.repositories = {REPO: {FILE: file, known: file}, "Qwen/Qwen3-8B-GGUF": {known: file}}
        hub.hangs_at = 1000
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def pulling(silent_hub: Hub, models: Models) -> Iterator[threading.Event]:
    """A download that goes on for as long as the event is not set."""
    with PullOf(models, REFERENCE, models.settings.models / f".{FILE}.part") as cancel:
        yield cancel


class PullOf:
    """A download in a thread, which has begun."""

    def __init__(self, models: Models, reference: str, part: Path) -> None:
        self.part, self.cancel = part, threading.Event()

        def pull() -> None:
            with pytest.raises(DownloadStopped):
                models.pull(reference, cancel=self.cancel)

        self.thread = threading.Thread(target=pull)

    def __enter__(self) -> threading.Event:
        self.thread.start()
        while not self.part.exists():
            assert self.thread.is_alive()
            time.sleep(0.01)
        return self.cancel

    def __exit__(self, *_: object) -> None:
        self.cancel.set()
        self.thread.join()


def hidden(models: Models) -> list[str]:
    folder = models.settings.models
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_what_is_being_downloaded_is_neither_added_nor_removed(
    pulling: threading.Event, models: Models, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "_PATIENCE", 0.0)
    for change in (lambda: models.add(file), lambda: models.remove("tiny")):
        with pytest.raises(ModelBusy, match=r"tiny\.gguf is being downloaded by") as caught:
            change()
        assert f"process {os.getpid()} since 20" in caught.value.message
    assert hidden(models) == [f".{FILE}.lock", f".{FILE}.part", f".{FILE}.part.json"]
    pulling.set()
    while f".{FILE}.lock" in hidden(models):
        time.sleep(0.01)
    assert models.remove("tiny") > 0
    assert hidden(models) == []


def test_two_names_of_one_file_take_turns(silent_hub: Hub, models: Models) -> None:
    known = catalog.named("Qwen3-8B").file
    heard: list[str] = []
    cancel = threading.Event()

    def hear(stage: str) -> None:
        heard.append(stage)
        cancel.set()

    with (
        PullOf(models, f"hf:{REPO}/{known}", models.settings.models / f".{known}.part"),
        pytest.raises(DownloadStopped),
    ):
        models.pull("Qwen3-8B", progress=lambda p: hear(p.stage), cancel=cancel)
    assert heard == ["waiting"]


def test_of_two_that_add_the_same_one_does(models: Models, file: Path) -> None:
    said: list[str] = []

    def add() -> None:
        try:
            models.add(file)
        except (UsageError, ModelBusy) as error:
            said.append(error.message)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 2
    assert hidden(models) == []
    assert (models.settings.models / FILE).read_bytes() == file.read_bytes()


def test_no_lock_is_left_of_a_name_that_was_nothing(
    silent_hub: Hub, models: Models, tmp_path: Path
) -> None:
    for number in range(3):
        with pytest.raises(DownloadFailed):
            models.pull(f"hf:{REPO}/none-{number}.gguf")
    assert list(models.settings.models.iterdir()) == []


def test_a_lock_that_was_deleted_is_held_by_nobody(tmp_path: Path) -> None:
    """Many in turn, each of which deletes the file that the others wait at."""
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            with claims.claimed(tmp_path / "x.gguf", "added"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20
    assert list(tmp_path.iterdir()) == []


def test_adding_that_is_stopped_leaves_nothing(models: Models, file: Path) -> None:
    cancel = threading.Event()
    with pytest.raises(DownloadStopped, match="what was copied is deleted"):
        models.add(file, progress=lambda _: cancel.set(), cancel=cancel)
    assert list(models.settings.models.iterdir()) == []


def test_what_a_kill_left_is_deleted_and_what_is_under_way_is_not(
    models: Models, file: Path
) -> None:
    folder = models.settings.models
    (folder / ".old-embedder.copy").mkdir(parents=True)
    (folder / ".old-embedder.copy" / "x").touch()
    for name in (".old.gguf.copy", ".older.gguf.gone", ".busy.gguf.copy", ".half.gguf.part"):
        (folder / name).touch()
    with claims.claimed(folder / "busy.gguf", "added"):
        models.all()
        assert hidden(models) == [".busy.gguf.copy", ".busy.gguf.lock", ".half.gguf.part"]
    models.add(file)
    assert hidden(models) == [".half.gguf.part"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_stopped_while_it_copies_leaves_nothing(
    models: Models, number: signal.Signals
) -> None:
    """A program that copies slowly, as from a slow disk."""
    program = (
        "import signal, sys, time; from quire import cli; from quire.models.store import placing\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "blocks = placing.blocks\n"
        "placing.blocks = lambda *given: (time.sleep(0.05) or each for each in blocks(*given))\n"
        "sys.argv = ['quire', 'models', 'add', sys.argv[1], '--json']\n"
        "cli.main()\n"
    )
    assert starter.CHAT.path is not None
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(starter.CHAT.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    folder = models.settings.models
    while process.poll() is None and not list(folder.glob(".*.copy")):
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    if number == signal.SIGKILL:
        assert len(list(folder.glob(".*.copy"))) == 1
        models.all()
    else:
        assert (process.returncode, err) == (1, "")
        assert json.loads(out)["error"]["code"] == "download_stopped"
    assert list(folder.iterdir()) == []
