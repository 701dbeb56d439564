"""The page and the server for other programs in one process: one knowledge base, one model."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest
import streamlit as st

import serving
import ui_driver
from ports import free_port, wait_for
from quire import KnowledgeBase
from quire.models import opening
from quire.models.fakes import FakeChatModel
from quire.ui import beside, shared

REPLY = "The deposit is CNY 20,400 [1]."


def test_both_answer_with_one_model_that_is_loaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[FakeChatModel] = []

    def load(_: object) -> FakeChatModel:
        time.sleep(0.2)  # so that a second load would begin before the first is done
        loads.append(FakeChatModel(REPLY))
        return loads[-1]

    monkeypatch.setattr(opening, "chat_model", load)
    with ui_driver.lease(tmp_path / "kb"):
        monkeypatch.setenv("QUIRE_MODEL", "starter")
        served = beside.of_page(shared.first())
        served.load_models()
        tab = ui_driver.ask(ui_driver.browser(), ui_driver.DEPOSIT)
        assert not tab.exception
        assert len(loads) == 1
        asked_by_page = len(loads[0].asked)
        assert asked_by_page

        async def ask() -> httpx.Response:
            async with serving.asked(served) as client:
                body = {"question": ui_driver.DEPOSIT, "stream": False}
                return await client.post("/api/ask", json=body)

        answer = asyncio.run(ask()).json()
        assert "20,400" in answer["text"]
        assert len(loads) == 1
        assert len(loads[0].asked) > asked_by_page
        # What one keeps, the other shows.
        chats = shared.first().conversations.all()
        assert answer["conversation"] in {chat.id for chat in chats}
        assert len(chats) == 2
        served.answerer.shutdown()


def test_files_that_one_takes_in_are_jobs_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_KB", str(tmp_path / "kb"))
    opened = shared.first()
    try:
        served = beside.of_page(opened)
        jobs = served.bases["kb"].jobs
        job = jobs.add("pump.txt", b"The pump is red.")
        assert [item.name for item in opened.ingests.items] == ["pump.txt"]
        assert opened.ingests.wait(60)
        assert jobs.job(job)["report"]["added"] == 1
        assert [each.name for each in opened.base.documents()] == ["pump.txt"]
    finally:
        st.cache_resource.clear()


def test_one_command_starts_both_and_a_signal_ends_both(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "notes") as base:
        (tmp_path / "note.txt").write_text("The gate is green.", encoding="utf-8")
        base.add(tmp_path / "note.txt")
    page, api = free_port(), free_port()
    command = [sys.executable, "-m", "quire", "ui", "--no-browser", "--json"]
    process = subprocess.Popen(
        [*command, "--kb", str(tmp_path / "notes"), "--port", str(page), "--api", str(api)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while not said.endswith("\n}\n"):
            said += process.stdout.readline()
        told = json.loads(said)
        key = Path(told["api"]["key_from"]).read_text("ascii").strip()
        wait_for(page)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{page}/", timeout=20)
        with urllib.request.urlopen(told["url"], timeout=20) as response:
            assert response.status == 200  # the link lets in
        bearer = {"Authorization": f"Bearer {key}"}
        asked = {"text": "What colour is the gate?"}
        found = when_there(told["api"]["url"] + "/api/search", json=asked, headers=bearer)
        assert found.json()["hits"][0]["document"] == "note.txt"
        refused = httpx.get(told["api"]["url"] + "/v1/models", timeout=20)
        assert refused.status_code == 401
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 5
        with pytest.raises(httpx.ConnectError):
            httpx.get(told["api"]["url"] + "/health", timeout=5)
    finally:
        process.kill()
        process.communicate()


def when_there(address: str, **options: Any) -> httpx.Response:
    """What is answered, once the server listens: it opens the knowledge base first."""
    for _ in range(300):
        try:
            return httpx.post(address, timeout=60, **options)
        except httpx.ConnectError:
            time.sleep(0.2)
    pytest.fail("the server did not answer")
