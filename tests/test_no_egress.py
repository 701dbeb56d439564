"""Nothing leaves the machine: an ingest and an answer where every way out raises."""

import json
import os
import subprocess
import sys
from pathlib import Path

from quire.models.runtimes.manifest import Manifest
from quire.models.store.starter import ENGLISH

EXAMPLES = Path(__file__).parent.parent / "examples"

# Python reads `sitecustomize` at each start, so this guards parser processes as well. An audit hook
# sees what any library asks of Python's sockets and cannot be removed. Each attempt is written down
# too, because a library may swallow the error.
GUARD = """
import ipaddress, os, sys

def guard(event, arguments):
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "127.0.0.1"  # a local file
    elif event in ("socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "127.0.0.1"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name: looking it up is a message to the outside
        local = host in (None, "localhost")
    if not local:
        with open(os.path.join(os.path.dirname(__file__), "attempts.txt"), "a") as file:
            file.write(f"{event} {arguments}\\n")
        raise PermissionError(f"a way out was tried: {event} {arguments}")

sys.addaudithook(guard)
"""

WORK = """
import json, sys
from quire import KnowledgeBase

with KnowledgeBase.open(sys.argv[1]) as kb:
    report = kb.add(sys.argv[2:])
    answer = kb.ask("How much is the deposit?")
    print(json.dumps({
        "report": report.to_dict(),
        "answer": answer.to_dict(),
        "model": kb.model and kb.model.name,
        "loaded": sorted({"onnxruntime", "llama_cpp", "langchain_core"} & sys.modules.keys()),
    }))
"""

TRY_TO_LEAVE = """
import socket
for attempt in (
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 53)),
):
    try:
        attempt()
    except PermissionError:
        print("refused")
"""


def guarded(folder: Path, *arguments: str) -> str:
    """What Python prints when started with these arguments and no way out of the machine."""
    (folder / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "DO_NOT_TRACK"):
        environment.pop(name, None)  # it has to hold without them
    # A user's tracing key must not matter either.
    environment |= {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "key"}
    environment["QUIRE_MODEL"] = "starter"
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_ingest_and_an_answer_connect_to_nothing(tmp_path: Path) -> None:
    files = [
        str(EXAMPLES / "documents" / name)
        for name in ("lease-and-handbook.pdf", "board-minutes.docx", "visitor-faq.md")
    ]
    told = json.loads(guarded(tmp_path, "-c", WORK, str(tmp_path / "kb"), *files))
    assert told["report"]["added"] == 3
    assert told["answer"]["status"] in {"answered", "extractive"}
    assert told["answer"]["usage"]["completion_tokens"] > 0, "the chat model has written"
    assert told["model"] == "SmolLM2-135M-Instruct"
    assert told["loaded"] == ["langchain_core", "llama_cpp", "onnxruntime"]
    assert not (tmp_path / "attempts.txt").exists()


def test_an_export_of_an_embedding_model_connects_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    arguments = ("quire.models.runtimes.exporting", str(ENGLISH.path), str(tmp_path / "export"))
    guarded(tmp_path, "-m", *arguments, "0")
    manifest = Manifest.read(tmp_path / "export")
    assert manifest is not None
    assert manifest.runtime.startswith("onnx")
    assert not (tmp_path / "attempts.txt").exists()


def test_the_guard_refuses_ways_out_in_every_process(tmp_path: Path) -> None:
    assert guarded(tmp_path, "-c", TRY_TO_LEAVE).split() == ["refused"] * 3
    child = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-P', '-c', {TRY_TO_LEAVE!r}])"
    )
    assert guarded(tmp_path, "-c", child).split() == ["refused"] * 3
    assert len((tmp_path / "attempts.txt").read_text(encoding="utf-8").splitlines()) == 6
