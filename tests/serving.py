"""A server of ours within the test: its routes behind their door, or listening on loopback."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import uvicorn

from quire import KnowledgeBase, load_settings
from quire.models.fakes import FakeChatModel, FakeEmbedder, FakeEntailment
from quire.server import logs
from quire.server.application import application
from quire.server.keys import made_key
from quire.server.running import listening, run
from quire.server.served import Served

KEY = made_key()
BEARER = {"Authorization": f"Bearer {KEY}"}

LEASE = """# Lease of the East Dome

## 2 Term
The lease begins on 1 April 2024 and ends on 31 March 2029. It may be ended by either party with
six months' notice in writing.

## 3 Rent
The rent is 1,200 euros a month. A deposit of 3,600 euros is paid before the keys are handed over.

## 4 Animals
Dogs are not allowed in the dome.
"""


@contextlib.contextmanager
def served(folder: Path, reply: Any = "", *, name: str = "kb") -> Iterator[Served]:
    """A knowledge base of this name with one document, and a model that replies so; without a reply
    none, so that answers are quotes."""
    (folder / "lease.md").write_text(LEASE, encoding="utf-8")
    model = FakeChatModel(reply, parameters=None) if reply else None
    base = KnowledgeBase.open(
        folder / "kb",
        settings=load_settings(kb=folder / "kb"),
        embedder=FakeEmbedder(),
        model=model,
        entailment=FakeEntailment(),
    )
    base.add(folder / "lease.md")
    serving = Served([(name, base)])
    try:
        yield serving
    finally:
        serving.close()


def asked(serving: Served, **options: Any) -> httpx.AsyncClient:
    """A client of the routes behind their door, without a network."""
    transport = httpx.ASGITransport(application(serving, key=KEY, hosts=["127.0.0.1"]))
    headers = {**BEARER, **options.pop("headers", {})}
    return httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers, **options
    )


@contextlib.contextmanager
def listening_server(serving: Served) -> Iterator[str]:
    """The address of a real server on loopback. Its thread logs when it likes, also between tests,
    so it logs nothing."""
    ready = threading.Event()
    running: list[uvicorn.Server] = []
    heard: list[str] = []

    def announce(address: str) -> None:
        heard.append(address)
        ready.set()

    start: Callable[[uvicorn.Server], None] = running.append
    silent = patch.object(logs, "write", lambda *_, **__: None)
    with listening("127.0.0.1", 0) as listener, silent:
        thread = threading.Thread(
            target=lambda: run(serving, listener, key=KEY, announce=announce, started=start)
        )
        thread.start()
        try:
            assert ready.wait(30)
            yield heard[0]
        finally:
            serving.stop()
            running[0].should_exit = True
            thread.join(30)
            assert not thread.is_alive()
