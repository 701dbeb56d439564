"""A model on a real server: the one of llama-cpp-python, on loopback, with the starter model."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quire import KnowledgeBase, Settings, load_settings
from quire.errors import ModelUnusable
from quire.models.protocols import Message
from quire.models.remote import access
from quire.models.remote.model import RemoteModel
from quire.models.store.starter import CHAT

KEY = "a-key-for-the-tests"
CAPITAL = (
    Message("system", "Answer in one short sentence."),
    Message("user", "What is the capital of France?"),
)
LONG = 500  # tokens: longer than any reply here


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one byte for each step that the server's model has taken."""
    return tmp_path_factory.mktemp("steps") / "steps"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, steps: Path) -> Iterator[str]:
    """The address of a server that runs."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, str(Path(__file__).parent / "llama_server.py")]
    options = {
        "model": str(CHAT.path),
        "model_alias": "smol",
        "host": "127.0.0.1",
        "port": str(port),
        "api_key": KEY,
        "n_ctx": "2048",
        "n_threads": str(load_settings().threads or 1),
    }
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    with (
        log.open("w") as out,
        subprocess.Popen(
            [*command, *given],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"QUIRE_TEST_STEPS": str(steps)},
        ) as server,
    ):
        address = f"http://127.0.0.1:{port}/v1"
        deadline = time.monotonic() + 120
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            except OSError:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        try:
            yield address
        finally:
            server.kill()


@pytest.fixture
def model(url: str) -> Iterator[RemoteModel]:
    model = RemoteModel(access.server(url), key=KEY, context_tokens=2048)
    yield model
    model.close()


def test_it_answers_in_pieces(model: RemoteModel) -> None:
    assert model.name == "smol"
    reply = model.stream(CAPITAL, max_tokens=20)
    pieces = list(reply)
    assert len(pieces) > 1
    assert reply.finish in {"stop", "length"}
    assert 1 < reply.usage.completion_tokens <= 20
    assert reply.usage.prompt_tokens > 5


def test_a_limit_and_a_stop_string_are_kept(model: RemoteModel) -> None:
    reply = model.stream(CAPITAL, max_tokens=2)
    list(reply)
    assert reply.finish == "length"
    text = "".join(model.stream(CAPITAL, max_tokens=40, stop=list("aeiou")))
    assert not set(text) & set("aeiou")


def test_a_caller_who_leaves_stops_the_server(model: RemoteModel, steps: Path) -> None:
    count = [Message("user", "Count from one to a thousand in words.")]
    before = steps.stat().st_size
    reply = model.stream(count, max_tokens=LONG)
    next(reply)
    reply.cancel()
    list(reply)
    assert reply.finish == "cancelled"
    list(model.stream([Message("user", "Say yes.")], max_tokens=1))
    assert steps.stat().st_size - before < LONG, "the server went on writing"


def test_a_wrong_key_is_refused(url: str) -> None:
    model = RemoteModel(access.server(url), model="smol", key="another")
    with pytest.raises(ModelUnusable, match=r"refuses the key \(401\)"):
        list(model.stream([Message("user", "Hello.")], max_tokens=1))
    model.close()


def test_a_knowledge_base_is_answered_from_a_server(
    url: str,
    sample_kb: KnowledgeBase,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(access.KEY_VARIABLE, KEY)
    there = settings.model_copy(
        update={"model": "remote", "remote_url": url, "context_tokens": 2048}
    )
    with KnowledgeBase.open(sample_kb.folder, settings=there, embedder=sample_kb.embedder) as kb:
        answer = kb.ask("When does the lease of the East Dome end?")
        assert kb.model is not None
        assert kb.model.name == "smol"
        assert answer.status in {"answered", "extractive"}
        assert answer.usage.completion_tokens > 0, answer.notes
        assert answer.notes == ()
        assert answer.sent_to is None
