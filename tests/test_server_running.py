"""The server as a process, with several knowledge bases, and at its end."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

import serving
from quire import KnowledgeBase, load_settings
from quire.errors import KnowledgeBaseMismatch, UsageError
from quire.ingest import chunking
from quire.models.fakes import FakeEmbedder
from quire.server.running import listening
from quire.server.served import Served, opened

pytestmark = pytest.mark.usefixtures("parser_here")


def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    KnowledgeBase.open(tmp_path / "notes").close()
    key_file = tmp_path / "key"
    command = [sys.executable, "-m", "quire", "serve", "--kb", str(tmp_path / "notes"), "--json"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--key-file", str(key_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            said += process.stdout.readline()
        told = json.loads(said)
        assert told["key_from"] == str(key_file)
        key = key_file.read_text().strip()
        request = urllib.request.Request(f"{told['url']}/v1/models")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=20)
        request.add_header("Authorization", f"Bearer {key}")
        with urllib.request.urlopen(request, timeout=20) as response:
            assert [each["id"] for each in json.load(response)["data"]] == ["notes"]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest, logged = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
        assert process.returncode == 0
        assert rest == ""
        assert [json.loads(line)["status"] for line in logged.splitlines()] == [401, 200]
        assert key not in logged
    finally:
        process.kill()
        process.wait()


def test_a_new_key_is_made_and_printed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    command = [sys.executable, "-m", "quire", "serve", "--new-key", "--key-file", str(file)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"key": file.read_text().strip(), "key_file": str(file)}


def test_answers_on_an_open_connection_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Small packets that wait for an acknowledgement take 40 ms each, whatever the load."""
    with (
        serving.served(tmp_path) as served,
        serving.listening_server(served) as address,
        httpx.Client(base_url=address) as client,
    ):
        took = []
        for _ in range(20):
            began = time.monotonic()
            assert client.get("/health").status_code == 200
            took.append(time.monotonic() - began)
        assert min(took[3:]) < 0.03


def test_a_port_in_use_is_told() -> None:
    with (
        listening("127.0.0.1", 0) as taken,
        pytest.raises(UsageError, match="Quire cannot listen on"),
        listening("127.0.0.1", taken.getsockname()[1]),
    ):
        pass


def test_an_answer_on_its_way_ends_with_the_server(tmp_path: Path) -> None:
    began = threading.Event()

    def endless(messages: object) -> str:
        began.set()
        return " ".join(f"The lease ends on 31 March {year}." for year in range(2030, 7000))

    heard: list[Any] = []
    with serving.served(tmp_path, endless) as served, serving.listening_server(served) as address:
        client = openai.OpenAI(base_url=f"{address}/v1", api_key=serving.KEY, max_retries=0)

        def ask() -> None:
            messages: Any = [{"role": "user", "content": "When does the lease end?"}]
            heard.append(client.chat.completions.create(model="kb", messages=messages))

        asking = threading.Thread(target=ask)
        asking.start()
        assert began.wait(30)
        stopped = time.monotonic()
        served.stop()
        asking.join(30)
        assert time.monotonic() - stopped < 5
        assert heard[0].choices[0].message.content
        with pytest.raises(openai.InternalServerError, match="The server is ending") as refused:
            ask()
        assert refused.value.status_code == 503
        client.close()


def test_several_knowledge_bases_are_served_by_their_names(tmp_path: Path) -> None:
    for name, text in {"leases": "The lease ends in May.", "pumps": "The pump is red."}.items():
        (tmp_path / f"{name}.txt").write_text(text)
        with KnowledgeBase.open(tmp_path / name, embedder=FakeEmbedder()) as base:
            base.add(tmp_path / f"{name}.txt")
    bases = [
        (name, KnowledgeBase.open(tmp_path / name, embedder=FakeEmbedder()))
        for name in ("leases", "pumps")
    ]
    served = Served(bases)
    try:
        with (
            serving.listening_server(served) as address,
            openai.OpenAI(base_url=f"{address}/v1", api_key=serving.KEY) as client,
        ):
            for name in ("leases", "pumps"):
                messages: Any = [{"role": "user", "content": "When does the lease end?"}]
                answer = client.chat.completions.create(model=name, messages=messages)
                assert answer.model == name
                assert {each["document"] for each in answer.citations} <= {f"{name}.txt"}
    finally:
        served.close()


def test_two_knowledge_bases_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [tmp_path / "a" / "kb", tmp_path / "b" / "kb"]
    for folder in folders:
        KnowledgeBase.open(folder).close()
    with pytest.raises(UsageError, match="Two of the knowledge bases are called kb"):
        opened(folders, load_settings())


def test_a_knowledge_base_of_another_version_is_refused_wherever_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lease.md").write_text("The lease ends in March.")
    for name in ("new", "old"):
        with KnowledgeBase.open(tmp_path / name, embedder=FakeEmbedder()) as base:
            if name == "old":
                base.add(tmp_path / "lease.md")
    monkeypatch.setattr(chunking, "VERSION", chunking.VERSION + 1)
    for names in (("old",), ("new", "old")):
        with pytest.raises(KnowledgeBaseMismatch):
            opened([tmp_path / name for name in names], load_settings())


def test_the_example_of_the_document_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "server.md").read_text("utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    with (
        serving.served(tmp_path, name="default") as served,
        serving.listening_server(served) as address,
    ):
        example = example.replace("http://127.0.0.1:8765", address)
        exec(compile(example, "server.md", "exec"), {"KEY": serving.KEY})
        printed = capsys.readouterr().out
        assert "31 March 2029" in printed
        assert "lease.md None" in printed
