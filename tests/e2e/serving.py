"""A served knowledge base and a browser tab on it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Dialog, Page, Request, expect

LOOPBACK = re.compile(r"(?:https?|wss?)://(?:127\.0\.0\.1|localhost)[:/]|data:|blob:|about:")
expect.set_options(timeout=120_000)  # a small machine that is busy with models


class Served:
    """The server of one knowledge base, started as `quire ui` starts it. Without a `model`, the
    settings file names it."""

    def __init__(self, folder: Path, *, model: str | None) -> None:
        self.folder = folder
        self._model = model
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.link = self.key = ""  # of the last start
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Served":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        code = (
            "import sys; from pathlib import Path; from quire.ui.launch import launch; "
            f"sys.exit(launch(Path({str(self.folder)!r}), port={self.port}, open_browser=False, "
            "announce=lambda *told: print(*told, flush=True)))"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=os.environ | ({"QUIRE_MODEL": self._model} if self._model else {}),
            start_new_session=True,  # a group of its own, which can be killed
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.link, self.key = self._process.stdout.readline().split()  # with a password: None
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail("the server did not answer")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.send_signal(number)
            self._ended(self._process)

    def kill(self) -> None:
        """End it as a power cut does, with the process that it started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._ended(self._process)

    def _ended(self, process: "subprocess.Popen[str]") -> None:
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None


class Address(Protocol):
    """Where a server is reached, and the key that it asks for."""

    url: str
    key: str


def enter(page: Page, key: str) -> None:
    """Give the key, where the door asks for it."""
    field = page.locator("input[name=key]")
    if field.is_visible():
        field.fill(key)
        field.press("Enter")


class Tab:
    """A browser tab that notes what it asked for and what popped up."""

    def __init__(self, page: Page, server: Address) -> None:
        self.page = page
        self.url = server.url
        self._server = server
        self.elsewhere: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", self._heard)
        page.on("dialog", self._popped)

    def open(self, path: str = "") -> "Tab":
        self.page.goto(f"{self.url}/{path}")
        enter(self.page, self._server.key)
        expect(self.page.get_by_test_id("stSidebar")).to_be_attached()
        return self

    def ask(self, question: str) -> None:
        """Ask, and wait until the answer has come."""
        answered = self.page.get_by_test_id("stChatMessage").count() // 2
        box = self.page.get_by_test_id("stChatInputTextArea")
        expect(box).to_be_enabled()
        box.fill(question)
        box.press("Enter")
        expect(self.page.get_by_test_id("stChatMessage")).to_have_count(2 * answered + 2)
        expect(self.page.locator(".st-key-stop")).to_have_count(0)
        expect(self.page.locator("[class*=st-key-again-]")).to_have_count(1)

    def _heard(self, request: Request) -> None:
        if not LOOPBACK.match(request.url):
            self.elsewhere.append(request.url)

    def _popped(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
