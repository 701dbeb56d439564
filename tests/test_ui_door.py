"""The door before the browser's server: who may come in, and what nobody may."""

import asyncio
import os
import re
import socket as sockets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ports import free_port, wait_for
from quire.errors import UsageError
from quire.ui.door import asgi, guesses, peers
from quire.ui.door.asgi import Door, Message, Receive, Scope, Send
from quire.ui.door.guesses import Guesses, TooMany
from quire.ui.door.keys import Keyring, made_key
from quire.ui.door.peers import is_of_another_user
from quire.ui.library.paths import checked_path

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1:8501"
PASSWORD = "correct horse battery"


class Behind:
    """An application behind the door, which notes who got through and what it was sent."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.passed.append(scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        message = await receive()
        self.received += len(message.get("body", b""))
        headers = [(b"access-control-allow-origin", b"*"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"inside"})


class Answer:
    """What came back: of a refused connection the status is 403, of an accepted one 101."""

    def __init__(self, messages: list[Message], asked: int) -> None:
        first = messages[0]
        kinds = {"websocket.close": 403, "websocket.accept": 101}
        self.status = kinds.get(first["type"], first.get("status", 0))
        self.headers = {name.decode(): value.decode() for name, value in first.get("headers", [])}
        self.body = b"".join(message.get("body", b"") for message in messages[1:]).decode()
        self.asked = asked  # how often for a part of the request's body

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


def call(
    door: Door,
    path: str = "/",
    *,
    method: str = "GET",
    query: str = "",
    body: bytes = b"",
    socket: bool = False,
    client: str = "127.0.0.1",
    **headers: str,
) -> Answer:
    given = {"host": HOST, "accept": "text/html", **headers}
    sent: list[Message] = []
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "websocket" if socket else "http",
        "scheme": "ws" if socket else "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "client": (client, 1),
        "server": ("127.0.0.1", 8501),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in given.items()
        ],
    }
    asyncio.run(door(scope, receive, send))
    return Answer(sent, asked)


@pytest.fixture
def behind() -> Behind:
    return Behind()


def locked(behind: Behind, **options: Any) -> Door:
    given = {"keyring": Keyring("the key", link="once"), "hosts": ("127.0.0.1", "localhost")}
    return Door(behind, **(given | options))


def enter(door: Door, key: str = "the key", **options: Any) -> Answer:
    form = f"key={key.replace(' ', '+')}&next=%2F%3Fchat%3Dabcd".encode()
    return call(door, "/door", method="POST", body=form, origin=f"http://{HOST}", **options)


@pytest.mark.parametrize(
    "path", ["/", "/documents", "/_stcore/host-config", "/media/a", "/static/x"]
)
def test_without_the_key_nothing_is_shown(behind: Behind, path: str) -> None:
    door = locked(behind)
    assert call(door, path).status == 401
    assert call(door, path, cookie="quire-8501=guessed; quire=guessed").status == 401
    assert call(door, "/_stcore/stream", socket=True).status == 403
    assert behind.passed == []


def test_no_byte_of_an_upload_is_read_without_the_key(behind: Behind) -> None:
    answer = call(locked(behind), "/_stcore/upload_file/a/b", method="PUT", body=b"x" * 1000)
    assert (answer.status, answer.asked, behind.received) == (401, 0, 0)


def test_the_link_lets_one_browser_in_once(behind: Behind) -> None:
    door = locked(behind)
    answer = call(door, query="key=once&chat=abcd")
    assert answer.status == 200
    assert 'url=/?chat=abcd"' in answer.body.replace("; url", ";url").replace("url= ", "url=")
    flags = answer.headers["set-cookie"].split("; ")[1:]
    assert set(flags) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert "the key" not in answer.headers["set-cookie"]
    assert call(door, cookie=answer.cookie).body == "inside"
    again = call(door, query="key=once")
    assert (again.status, again.cookie) == (401, "")
    assert "used already" in again.body


def test_the_link_is_no_use_to_another_user_who_reads_the_list_of_processes(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = locked(behind)
    monkeypatch.setattr(asgi, "is_of_another_user", lambda *_: True)
    stolen = call(door, query="key=once")
    assert (stolen.status, stolen.cookie) == (401, "")
    monkeypatch.setattr(asgi, "is_of_another_user", lambda *_: False)
    assert call(door, query="key=once").status == 200


def test_the_system_tells_whose_a_connection_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with sockets.create_connection(("127.0.0.1", port)) as client:
            assert not is_of_another_user(client.getsockname()[1], port)
    row = "0: 0100007F:{:04X} 0100007F:{:04X} 01 00000000:00000000 00:00000000 00000000 {} 0 1"
    table = tmp_path / "tcp"
    monkeypatch.setattr(peers, "_TABLES", (tmp_path / "none", table))
    owners = {41000: os.getuid(), 41001: 0, 41002: os.getuid() + 1}
    rows = [row.format(port, 8501, owner) for port, owner in owners.items()]
    table.write_text("\n".join(["  sl  local_address rem_address", *rows]))
    assert [is_of_another_user(port, 8501) for port in owners] == [False, False, True]
    assert not is_of_another_user(41002, 8502)


def test_another_browser_enters_the_key(behind: Behind) -> None:
    door = locked(behind)
    wrong = enter(door, "another")
    assert (wrong.status, wrong.cookie) == (401, "")
    assert "not right" in wrong.body
    right = enter(door)
    assert "/?chat=abcd" in right.body
    assert call(door, "/documents", cookie=f"other=1; {right.cookie}").body == "inside"
    assert call(door, "/_stcore/stream", socket=True, cookie=right.cookie).status == 101


def test_what_leads_on_after_the_key_is_a_path_of_this_server(behind: Behind) -> None:
    door = locked(behind)
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        form = f"key=the+key&next={elsewhere}".encode()
        answer = call(door, "/door", method="POST", body=form)
        assert "evil" not in answer.body
        assert "javascript" not in answer.body
    shown = call(door, "/", query='chat="><script>alert(1)</script>')
    assert "<script>" not in shown.body


@pytest.mark.parametrize("host", ["evil.example:8501", "10.0.0.1:8501", "localhost.evil:8501", ""])
@pytest.mark.parametrize("keyring", [Keyring("the key"), None])
def test_only_our_own_name_is_answered(behind: Behind, host: str, keyring: Keyring | None) -> None:
    door = locked(behind, keyring=keyring)
    for path in ("/", "/_stcore/health", "/door"):
        assert call(door, path, host=host).status == 421
    assert call(door, "/_stcore/stream", socket=True, host=host).status == 403
    assert behind.passed == []


@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8502", "http://localhost:8501", "http://evil.example", "null"]
)
def test_a_page_of_another_origin_reaches_nothing(
    behind: Behind, origin: str, with_key: bool
) -> None:
    door = locked(behind) if with_key else locked(behind, keyring=None)
    cookie = enter(door).cookie if with_key else ""
    assert call(door, "/_stcore/stream", socket=True, origin=origin, cookie=cookie).status == 403
    for method in ("PUT", "POST", "DELETE"):
        answer = call(door, "/_stcore/upload_file/a/b", method=method, origin=origin, cookie=cookie)
        assert answer.status == 403
    assert behind.passed == []
    assert call(door, "/door", method="POST", body=b"key=the+key", origin=origin).cookie == ""


def test_every_answer_forbids_frames_and_reading_from_elsewhere(behind: Behind) -> None:
    door = locked(behind)
    cookie = enter(door).cookie
    for answer in (call(door), call(door, cookie=cookie), call(door, host="evil"), enter(door)):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in answer.headers
        # Cookies do not tell ports apart: a page of another port must not take in what is ours.
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/auth/login", "/oauth2callback"])
def test_what_nobody_needs_is_closed(behind: Behind, path: str) -> None:
    door = locked(behind)
    assert call(door, path, cookie=enter(door).cookie).status == 404
    assert behind.passed == []


def test_one_browser_holds_no_more_than_a_few_connections(behind: Behind) -> None:
    door = locked(behind)
    cookie = enter(door).cookie
    visit = door._keyring and door._keyring.visit(cookie.partition("=")[2])
    assert visit is not None
    visit.sockets, visit.uploads = 24, 256
    assert call(door, "/_stcore/stream", socket=True, cookie=cookie).status == 403
    assert call(door, "/_stcore/upload_file/a/b", method="PUT", cookie=cookie).status == 429
    other = enter(door).cookie
    assert call(door, "/_stcore/stream", socket=True, cookie=other).status == 101


def test_files_sent_at_once_are_read_by_turns_and_none_is_refused() -> None:
    reading = most = 0

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        await asyncio.sleep(0.01)
        reading -= 1
        await send({"type": "http.response.start", "status": 204, "headers": []})

    door, headers = Door(read, keyring=None), [(b"host", HOST.encode())]
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    async def give(files: int) -> None:
        scope: Scope = {
            "type": "http", "scheme": "http", "method": "PUT", "query_string": b"",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "headers": headers,
        }  # fmt: skip
        paths = [f"/_stcore/upload_file/a/{n}" for n in range(files)]
        await asyncio.gather(*(door(scope | {"path": path}, receive, send) for path in paths))

    asyncio.run(give(20))
    assert statuses == [204] * 20
    assert most == 4


def test_the_door_speaks_the_readers_language(behind: Behind) -> None:
    assert "密钥" in call(locked(behind), accept_language="zh-CN,zh;q=0.9").body
    asked = call(locked(behind, kind="password"), accept_language="fr, en;q=0.5")
    assert 'placeholder="Password"' in asked.body


def test_a_form_that_never_ends_is_not_read(behind: Behind) -> None:
    answer = call(locked(behind), "/door", method="POST", body=b"key=" + b"x" * 5000)
    assert answer.status == 401


def test_a_form_that_does_not_arrive_is_given_up(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "_SLOWEST_FORM", 0.01)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/door", "query_string": b""}
    scope["headers"] = [(b"host", HOST.encode())]
    asyncio.run(asyncio.wait_for(locked(behind)(scope, receive, send), 10))
    assert sent[0]["status"] == 408


def test_keys_are_long_and_no_two_are_the_same() -> None:
    assert len({made_key() for _ in range(100)}) == 100
    assert len(made_key()) * 6 >= 256


# -- guessing --------------------------------------------------------------------------------------


def test_wrong_passwords_take_longer_and_a_right_one_is_let_in_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(guesses.asyncio, "sleep", sleep)
    judge = Guesses().judge

    async def tries() -> None:
        for _ in range(6):
            assert not await judge("10.0.0.1", lambda: False)
        assert not await judge("10.0.0.2", lambda: False)
        assert slept == [0.25, 0.5, 1, 2, 2, 2, 0.25]
        assert await judge("10.0.0.1", lambda: True)
        assert len(slept) == 7

    asyncio.run(tries())


def test_many_addresses_together_are_slowed_down_too(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(guesses.asyncio, "sleep", sleep)
    judge = Guesses().judge

    async def tries() -> None:
        for number in range(80):
            await judge(f"10.0.{number}.1", lambda: False)
        for number in range(3):
            await judge(f"2001:db8::{number:x}", lambda: False)  # one household

    asyncio.run(tries())
    assert slept[0] == 0.25
    assert slept[79] == 1
    assert slept[80:] == [1, 1, 1]


def test_an_attack_from_elsewhere_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one address has its line full of wrong tries, the owner's right one is let in."""
    pause = asyncio.sleep

    async def sleep(_: float) -> None:
        await asyncio.Event().wait()  # longer than any machine is busy

    monkeypatch.setattr(guesses.asyncio, "sleep", sleep)

    async def attack() -> list[bool | Exception]:
        judge = Guesses().judge
        wrong = [asyncio.create_task(judge("10.0.0.9", lambda: False)) for _ in range(30)]
        await pause(0)
        assert await judge("10.0.0.1", lambda: True)
        assert not any(task.done() and not task.exception() for task in wrong)
        for task in wrong:
            task.cancel()
        return [task.exception() for task in wrong if task.done() and not task.cancelled()]  # type: ignore[misc]

    refused = asyncio.run(attack())
    assert refused
    assert all(isinstance(each, TooMany) for each in refused)


def test_a_wrong_password_never_stops_costing_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(guesses.asyncio, "sleep", sleep)

    async def tries() -> None:
        judge = Guesses().judge
        for _ in range(1100):  # half an hour of them
            assert not await judge("10.0.0.9", lambda: False)

    asyncio.run(tries())
    assert slept[-1] == 2


def test_another_user_of_the_machine_guesses_in_a_line_of_his_own(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = locked(behind, keyring=Keyring(PASSWORD), kind="password", hosts=None)
    monkeypatch.setattr(asgi, "is_of_another_user", lambda *_: True)
    enter(door, "wrong")
    assert door._guesses._wrong.keys() == {"others"}
    door._guesses._waiting["others"] = 1000
    assert enter(door, PASSWORD).status == 429
    monkeypatch.setattr(asgi, "is_of_another_user", lambda *_: False)
    assert enter(door, PASSWORD).status == 200


def test_wrong_keys_of_another_user_keep_the_owner_waiting_for_nothing(behind: Behind) -> None:
    """All users of the machine have the same address; and nobody guesses a key."""
    door = locked(behind)
    door._guesses._waiting["127.0.0.1"] = 1000
    assert enter(door, "wrong").status == 401
    assert enter(door).status == 200
    door = locked(behind, keyring=Keyring(PASSWORD), kind="password", hosts=None)
    door._guesses._waiting["127.0.0.1"] = 1000
    assert enter(door, "wrong").status == 429


def test_what_a_header_says_of_the_address_does_not_count(behind: Behind) -> None:
    door = locked(behind, keyring=Keyring(PASSWORD), kind="password", hosts=None)
    for number in range(3):
        enter(door, "wrong", client="10.0.0.7", x_forwarded_for=f"1.2.3.{number}")
    assert door._guesses._wrong.keys() == {"10.0.0.7"}


# -- paths -----------------------------------------------------------------------------------------


def test_a_path_leads_only_below_the_folders_that_are_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, shared = tmp_path / "home", tmp_path / "shared"
    for folder in (home / "docs", home / ".ssh", shared):
        folder.mkdir(parents=True)
    (home / "docs" / "keys").symlink_to(home / ".ssh")
    (home / "docs" / "out").symlink_to(shared)
    monkeypatch.setenv("HOME", str(home))
    assert checked_path("~/docs", folders=()) == home / "docs"
    assert checked_path(" docs ", folders=()) == home / "docs"
    assert checked_path(str(shared), folders=[shared]) == shared
    for given in ("/etc/passwd", str(shared), "~/docs/../../shared", "~/docs/out", "/proc/self"):
        with pytest.raises(UsageError, match="outside"):
            checked_path(given, folders=())
    for given in ("~/.ssh", "~/.ssh/id_rsa", "~/docs/keys"):
        with pytest.raises(UsageError, match="hidden"):
            checked_path(given, folders=())


@pytest.mark.parametrize("given", ["~nobody-of-this-name/x", "a\0b", "circle", "circle/x"])
def test_what_is_no_path_is_told_so(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(UsageError, match="not a path"):
        checked_path(given, folders=())


# -- the server itself -----------------------------------------------------------------------------

PLANTED = """
[server]
address = "0.0.0.0"
enableCORS = false
enableXsrfProtection = false
enableStaticServing = true
scriptHealthCheckEnabled = true
baseUrlPath = "elsewhere"
cookieSecret = "known"
allowedHosts = ["*"]
[client]
showErrorDetails = "full"
[[theme.fontFaces]]
family = "Source Sans"
url = "http://evil.example/font"
"""
SECRETS = """
QUIRE_FOLDERS = '["/"]'
QUIRE_MODEL = "remote"
QUIRE_REMOTE_URL = "http://evil.example"
PYTHONPATH = "/tmp"
"""


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A current folder with settings that would open what they can."""
    folder = tmp_path / "here"
    (folder / ".streamlit").mkdir(parents=True)
    (folder / ".streamlit" / "config.toml").write_text(PLANTED)
    (folder / ".streamlit" / "secrets.toml").write_text(SECRETS)
    (folder / ".env").write_text("QUIRE_PASSWORD=known-to-others\nQUIRE_DOOR=nothing\n")
    return folder


def status(url: str, **headers: str) -> int:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def served(planted: Path, tmp_path: Path) -> Iterator[tuple[int, str, str]]:
    """`quire ui`, started in that folder: its port, its link, its key."""
    port = free_port()
    command = [sys.executable, "-P", "-m", "quire", "ui", "--no-browser", "--port", str(port)]
    command += ["--kb", str(tmp_path / "kb")]
    with subprocess.Popen(command, cwd=planted, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            link = re.search(r"http\S+", process.stdout.readline())
            key = process.stdout.readline().split()[-1]
            assert link is not None
            wait_for(port)
            yield port, link[0], key
        finally:
            process.terminate()


def test_settings_in_the_current_folder_open_nothing(served: tuple[int, str, str]) -> None:
    port, link, _ = served
    page = f"http://127.0.0.1:{port}/"
    assert status(page) == status(f"{page}elsewhere/") == 401
    assert status(f"{page}_stcore/metrics") == 404
    assert status(page, Host="evil.example") == 421
    other = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1] for row in other if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    assert listening == {f"0100007F:{port:04X}"}
    with urllib.request.urlopen(urllib.request.Request(link, headers={"Accept": "text/html"})) as a:
        cookie = a.headers["Set-Cookie"].partition(";")[0]
    assert status(page, Cookie=cookie) == 200
    assert status(f"{page}elsewhere/_stcore/health", Cookie=cookie) != 401
    assert status(link, Accept="text/html") == 401


def test_neither_key_nor_link_stands_where_others_can_read_it(
    served: tuple[int, str, str],
) -> None:
    _, link, key = served
    secrets = (key, link.partition("key=")[2])
    for process in Path("/proc").glob("[0-9]*"):
        for part in ("cmdline", "environ"):
            try:
                told = (process / part).read_bytes().decode(errors="replace")
            except OSError:
                continue
            assert not any(secret in told for secret in secrets), process.name


def test_streamlit_run_asks_for_a_key_too(planted: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    command += [f"--server.port={port}", "--server.headless=true"]
    variables = os.environ | {"QUIRE_KB": str(tmp_path / "kb")}
    with subprocess.Popen(
        command, cwd=planted, env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            told = next(line for line in process.stderr if "asks for this key" in line)
            wait_for(port)
            page = f"http://127.0.0.1:{port}"
            assert status(page) == 401
            assert status(page, Host="evil.example") == 421
            form = f"key={told.split()[-1]}".encode()
            request = urllib.request.Request(f"{page}/door", data=form)
            with urllib.request.urlopen(request) as answer:
                cookie = answer.headers["Set-Cookie"].partition(";")[0]
            assert status(page, Cookie=cookie) == 200
            assert status(f"{page}/_stcore/host-config", Cookie=cookie) == 200
        finally:
            process.terminate()
            process.stderr.close()


def test_nothing_in_the_current_folder_sets_the_environment_of_streamlit_run(
    planted: Path,
) -> None:
    code = f"""
import os, pathlib
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
root = pathlib.Path({str(ROOT)!r})
config._main_script_path = str(root / "streamlit_app.py")
config.get_config_options(force_reparse=True)
from quire.ui.server import door_for_streamlit_run
before = dict(os.environ)
door_for_streamlit_run(root)
secrets_singleton.load_if_toml_exists()
print({{*os.environ.items()}} - {{*before.items()}})
print(config.get_option("server.baseUrlPath"), config.get_option("theme.fontFaces"))
print(config.get_option("client.showErrorDetails"), config.get_option("runner.magicEnabled"))
"""
    command = [sys.executable, "-P", "-c", code]
    told = subprocess.run(command, cwd=planted, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["{('QUIRE_DOOR', 'key')}", " None", "none False"]
