"""The server of the browser interface: reachable from this machine only, and gone when told."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ports import free_port, wait_for
from quire.errors import UsageError
from quire.ui.launch import THEME, launch, options

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
@pytest.mark.parametrize("password", ["", "too short"])
def test_an_address_that_other_machines_can_reach_is_refused_without_a_password(
    host: str, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_PASSWORD", password)
    with pytest.raises(UsageError, match=r"[Pp]assword"):
        launch(tmp_path, port=free_port(), host=host, open_browser=False)


def test_a_name_that_a_proxy_is_called_by_needs_a_password_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUIRE_PASSWORD", raising=False)
    with pytest.raises(UsageError, match=r"quire\.example\.org"):
        launch(tmp_path, port=free_port(), allowed=["quire.example.org"], open_browser=False)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            launch(tmp_path, port=port, open_browser=False)


def test_a_checkouts_configuration_says_what_the_flags_say() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    told = options(port=1, host="127.0.0.1")

    def check(table: dict[str, object], path: str) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                check(value, f"{path}{name}.")
            else:
                assert told[f"{path}{name}"] == value

    check(config, "")


def test_nobody_elsewhere_is_asked_whether_a_page_may_connect() -> None:
    code = """
import socket
import quire.ui.server
from streamlit.web.server.server_util import is_url_from_allowed_origins

def refused(*_, **__):
    raise AssertionError("a name was looked up")

socket.getaddrinfo = refused
print(is_url_from_allowed_origins("http://elsewhere.example"))
"""
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "False"


def test_with_a_password_it_listens_on_another_address(tmp_path: Path) -> None:
    port = free_port()
    code = (
        "import sys; from pathlib import Path; from quire.ui.launch import THEME, launch; "
        f"sys.exit(launch(Path({str(tmp_path / 'kb')!r}), port={port}, host='0.0.0.0', "
        "open_browser=False))"
    )
    variables = os.environ | {"HOME": "/none", "QUIRE_PASSWORD": "correct horse battery"}
    process = subprocess.Popen([sys.executable, "-c", code], env=variables)
    try:
        wait_for(port)
        assert not (tmp_path / "kb").exists()  # nothing is opened before the password
    finally:
        process.terminate()
        process.wait(60)


def test_a_proxy_with_tls_is_believed_where_it_is_named(tmp_path: Path) -> None:
    """What docs/team.md tells to set: the name, the password, and who may say `https`."""
    port, password = free_port(), "correct horse battery"
    code = (
        "import sys; from pathlib import Path; from quire.ui.launch import launch; "
        f"sys.exit(launch(Path({str(tmp_path / 'kb')!r}), port={port}, open_browser=False, "
        "allowed=['quire.example.org']))"
    )
    variables = {"HOME": "/none", "QUIRE_PASSWORD": password, "FORWARDED_ALLOW_IPS": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | variables)

    def asked(host: str, origin: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Host": host, "Origin": origin, "X-Forwarded-Proto": "https"}
        with contextlib.closing(connection):
            connection.request("POST", "/door", f"key={password.replace(' ', '+')}", headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers["Set-Cookie"] or ""

    try:
        wait_for(port)
        status, cookie = asked("quire.example.org", "https://quire.example.org")
        assert (status, "; Secure" in cookie) == (200, True)
        assert asked("other.example.org", "https://other.example.org") == (421, "")
        assert asked("quire.example.org", "https://other.example.org") == (403, "")
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_and_ends_when_it_is_told(
    number: signal.Signals, tmp_path: Path
) -> None:
    port = free_port()
    code = (
        "import sys; from pathlib import Path; from quire.ui.launch import THEME, launch; "
        f"sys.exit(launch(Path({str(tmp_path / 'kb')!r}), port={port}, open_browser=False))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"HOME": "/none"})
    try:
        wait_for(port)
        process.send_signal(number)
        assert process.wait(60) == 0
        with pytest.raises(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)
    finally:
        process.kill()
        process.wait()


def test_the_server_ends_with_what_has_started_it(tmp_path: Path) -> None:
    port = free_port()
    code = (
        "from pathlib import Path; from quire.ui.launch import launch; "
        f"launch(Path({str(tmp_path / 'kb')!r}), port={port}, open_browser=False)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_for(port)
    finally:
        process.kill()
        process.wait()
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    pytest.fail("the server is still there")


def test_a_thousand_open_connections_do_not_stop_the_server() -> None:
    code = """
import resource
from quire.ui.server import _allow_connections
hard = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
_allow_connections()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard)
"""
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "True"


def test_localhost_is_the_address_that_the_server_listens_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser tries ::1 first for that name, where another user can listen to the link."""
    told: list[str] = []

    def announce(address: str, key: str | None) -> None:
        told.append(address)
        raise KeyboardInterrupt

    monkeypatch.delenv("QUIRE_PASSWORD", raising=False)
    with pytest.raises(KeyboardInterrupt):
        launch(tmp_path, port=free_port(), host="localhost", open_browser=False, announce=announce)
    assert told[0].startswith("http://127.0.0.1:")


def luminance(colour: str) -> float:
    """The relative luminance of a colour such as "#2b5f8c", as WCAG 2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_in_a_colour_can_be_read(scheme: str) -> None:
    theme = {name: THEME[f"theme.{scheme}.{name}Color"] for name in ("primary", "link", "text")}
    background = THEME[f"theme.{scheme}.backgroundColor"]
    for one, other in (
        ("#ffffff", theme["primary"]),
        (theme["link"], background),
        (theme["text"], background),
    ):
        darker, lighter = sorted((luminance(one), luminance(other)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (one, other)
