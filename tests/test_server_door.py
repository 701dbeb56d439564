"""Who may ask the server, and how much: nothing passes the door that may not."""

import asyncio
import contextlib
import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

import serving
from quire.checked import CheckedText
from quire.errors import SettingsError
from quire.server import keys, limits
from quire.server.application import routes
from quire.server.door import OPEN, UPLOADS
from quire.server.limits import BODY_BYTES
from quire.server.served import Served

pytestmark = pytest.mark.usefixtures("parser_here")

CHAT = "/v1/chat/completions"
ASKED = {"model": "kb", "messages": [{"role": "user", "content": "When does the lease end?"}]}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving.served(tmp_path) as found:
        yield found


def get(served: Served, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with serving.asked(served, headers=options.pop("client", {})) as client:
            return await client.request(method, path, **options)

    return asyncio.run(once())


def every_route(served: Served) -> list[tuple[str, str]]:
    """Method and path of all that can be asked, with something in the place of each value."""
    found = []
    for route in routes(served).routes:
        assert isinstance(route, Route | APIRoute), f"{route} is of a kind that nobody looked at"
        path = route.path.replace("{", "").replace("}", "")
        found += [(method, path) for method in route.methods or ()]
    assert len(found) > 5
    return found


def test_every_route_but_one_asks_for_the_key(served: Served) -> None:
    asked = [*every_route(served), ("GET", "/docs"), ("GET", "/nothing"), ("TRACE", "/v1/models")]
    for authorization in ("", "Bearer ", f"Basic {serving.KEY}", f"Bearer {serving.KEY[:-1]}"):
        for method, path in asked:
            response = get(served, method, path, client={"Authorization": authorization})
            if path == OPEN:
                assert response.status_code == 200
                assert response.json() == {"status": "ok"}
            else:
                assert response.status_code == 401, (method, path)
                assert response.headers["www-authenticate"] == "Bearer"
                assert "quire" not in response.text.lower()


def test_nothing_is_changed_by_get(served: Served) -> None:
    before = sorted(served.bases["kb"].base.folder.rglob("*"))
    for method, path in every_route(served):
        if method in {"GET", "HEAD"}:
            get(served, method, path)
    after = sorted(served.bases["kb"].base.folder.rglob("*"))
    assert [each for each in after if "conversations" not in each.name] == [
        each for each in before if "conversations" not in each.name
    ]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil", "["]
)
def test_another_name_than_its_own_reaches_nothing(served: Served, host: str) -> None:
    for path in (OPEN, "/v1/models"):
        response = get(served, "GET", path, headers={"Host": host})
        assert response.status_code == 421
        assert "--allow-host" in response.json()["error"]["hint" if path == OPEN else "message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_in_a_browser_reach_nothing(served: Served, headers: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        asks = {"Access-Control-Request-Method": "POST", **headers}
        response = get(served, method, "/v1/models", headers=asks)
        assert response.status_code == 403
        assert not [name for name in response.headers if name.startswith("access-control")]


def saying(role: str, content: object) -> str:
    return json.dumps({"model": "kb", "messages": [{"role": role, "content": content}]})


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("[" * 100_000, 422, "nested too deep"),
        ('{"model": ' * 33 + "1" + "}" * 33, 422, "nested too deep"),
        ('{"model": NaN}', 422, "NaN is no number"),
        ('{"temperature": -Infinity}', 422, "-Infinity is no number"),
        ('{"model": "\\ud800"}', 422, "half of a character"),
        ('{"max_tokens": ' + "9" * 5_000 + "}", 422, "digits"),
        ('{"model": "kb"', 422, "Expecting"),
        (b"\xff\xfe\x00", 422, "not UTF-8"),
        ("null", 422, "body of the request"),
        ("[]", 422, "body of the request"),
        ('{"model": "kb", "messages": []}', 422, "messages"),
        (
            '{"model": "kb", "messages": [{"role": "user", "content": 5}]}',
            422,
            "messages.0.content",
        ),
        ('{"model": "kb", "messages": [{"role": "cat", "content": "?"}]}', 422, "messages.0.role"),
        ('{"model": "kb", "messages": [{"role": "user", "content": " "}]}', 422, "question"),
        ('{"model": "kb", "messages": [{"role": "system", "content": "x"}]}', 422, "the user's"),
        ("{" + " " * BODY_BYTES + "}", 413, "larger than 1,000,000 bytes"),
    ],
    ids=range(16),
)
def test_a_body_that_cannot_be_is_refused_with_what_to_change(
    served: Served, body: Any, status: int, said: str
) -> None:
    began = time.process_time()
    response = get(served, "POST", CHAT, content=body, headers={"Content-Type": "application/json"})
    assert time.process_time() - began < 1
    assert response.status_code == status, response.text
    assert said in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"NaN",
        b'{"k": 1e999}',
        b'{"k": -1e999, "width": -Infinity}',
        b'{"text": "\\ud800"}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'"text"',
        b"[]",
        b"null",
        b"{}",
        b'{"question": {}, "text": [], "input": 5, "messages": "x", "model": null, "verdict": 1}',
        b"{" + b" " * BODY_BYTES + b"}",
        b"\xff\xfe",
        b"",
    ],
    ids=range(15),
)
def test_every_route_that_takes_json_refuses_what_it_cannot_take(
    served: Served, body: bytes
) -> None:
    paths = [path for method, path in every_route(served) if method == "POST"]
    for path in paths:
        if path == UPLOADS:
            continue
        began = time.process_time()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        response = get(served, "POST", path, content=body, headers=headers)
        assert time.process_time() - began < 1
        assert 400 <= response.status_code < 500, (path, response.text)
        error = response.json()["error"]
        assert len(error["message"]) > 10
    assert {"/v1/chat/completions", "/api/ask", "/api/check", "/api/search", "/mcp"} <= {*paths}


def test_too_many_messages_and_too_long_ones_are_refused(served: Served) -> None:
    one = {"role": "user", "content": "When?"}
    many = get(served, "POST", CHAT, json={"model": "kb", "messages": [one] * 513})
    long = {"role": "user", "content": "x" * (limits.QUESTION_CHARACTERS + 1)}
    wide = get(served, "POST", CHAT, json={"model": "kb", "messages": [long]})
    assert (many.status_code, wide.status_code) == (422, 422)


def test_what_is_not_json_is_refused(served: Served) -> None:
    form = get(served, "POST", CHAT, data={"model": "kb"})
    assert form.status_code == 415
    assert "Content-Type: application/json" in form.json()["error"]["message"]


def test_a_request_has_an_id_in_its_answer_and_its_line(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "When does the canary sing?"
    asked = {**ASKED, "messages": [{"role": "user", "content": secret}]}
    response = get(served, "POST", CHAT, json=asked, headers={"X-Request-Id": "mine-1"})
    assert response.headers["x-request-id"] == "mine-1"
    get(served, "GET", f"/v1/models/{secret}", headers={"X-Request-Id": "evil\tid"})
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [(line["request_id"], line["route"], line["status"]) for line in lines[:1]] == [
        ("mine-1", CHAT, 200)
    ]
    assert lines[1]["route"] == "/v1/models/{name}"
    assert "canary" not in logged
    assert serving.KEY not in logged
    assert "evil" not in logged


def test_an_error_that_nobody_expected_tells_no_text(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the canary sings")

    monkeypatch.setattr(served.bases["kb"].base, "stream", fails)
    response = get(served, "POST", CHAT, json=ASKED)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal"
    assert "canary" not in response.text + capsys.readouterr().err
    assert get(served, "GET", "/v1/models").status_code == 200


# -- one answer at a time ------------------------------------------------------------------------


class Slow:
    """A model that writes until it is let go; `writing` counts those at work."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Event()

    def __call__(self, messages: object) -> str:
        self.began.set()
        assert self.go.wait(60)
        return "The lease ends on 31 March 2029."


def test_eight_wait_and_the_next_is_told_to_come_again(tmp_path: Path) -> None:
    slow = Slow()

    async def all_at_once(served: Served) -> list[httpx.Response]:
        async with serving.asked(served, timeout=60) as client:
            first = asyncio.create_task(client.post(CHAT, json=ASKED))
            await asyncio.to_thread(slow.began.wait, 30)
            rest = [asyncio.create_task(client.post(CHAT, json=ASKED)) for _ in range(11)]
            while served.desk.waiting < limits.WAITING_ANSWERS:
                await asyncio.sleep(0.01)
            refused = [await each for each in (await asyncio.wait(rest, timeout=1))[0]]
            assert (await client.get("/v1/models")).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert "quire_answers_waiting 8\n" in metrics
            slow.go.set()
            answered = [await each for each in (first, *rest) if each not in refused]
            while served.desk.busy:
                await asyncio.sleep(0.01)
            return [*refused, *answered]

    with serving.served(tmp_path, slow) as served:
        responses = asyncio.run(all_at_once(served))
    refused = [each for each in responses if each.status_code == 503]
    assert all(int(each.headers["retry-after"]) > 0 for each in refused)
    assert sum(each.status_code == 200 for each in responses) == 9


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {**ASKED, "stream": False}),
        (CHAT, {**ASKED, "stream": True}),
        ("/v1/responses", {"model": "kb", "input": "When does the lease end?"}),
        ("/v1/responses", {"model": "kb", "input": "When does the lease end?", "stream": True}),
        ("/api/ask", {"question": "When does the lease end?", "stream": False}),
        ("/api/ask", {"question": "When does the lease end?", "stream": True}),
    ],
    ids=range(6),
)
def test_a_client_that_leaves_stops_its_answer_within_a_second(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    began = threading.Event()

    def endless(messages: object) -> str:
        began.set()
        return " ".join(f"The lease ends on 31 March {year}." for year in range(2030, 7000))

    with serving.served(tmp_path, endless) as served, serving.listening_server(served) as address:
        with sent(address, path, body):
            assert began.wait(30)
            assert served.desk.busy
        assert within(served, lambda: not served.desk.busy) < 1.0


def test_a_client_that_leaves_stops_its_check_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " ".join(f"The lease of dome {n} ends on {n % 28 + 1} May 2031." for n in range(4_000))
    checked: list[CheckedText] = []
    began = threading.Event()
    with serving.served(tmp_path) as served, serving.listening_server(served) as address:
        base = served.bases["kb"].base
        check = base.check

        def heard(*given: Any, **options: Any) -> CheckedText:
            checked.append(check(*given, progress=lambda *_: began.set(), **options))
            return checked[-1]

        monkeypatch.setattr(base, "check", heard)
        with sent(address, "/api/check", {"text": text}):
            assert began.wait(30)
            assert served.desk.busy
        assert within(served, lambda: not served.desk.busy) < 1.0
    assert checked[0].left_out > 1_000


@contextlib.contextmanager
def sent(address: str, path: str, body: dict[str, Any]) -> Iterator[None]:
    """A request on its way, whose client leaves at the end."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {serving.KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + content)
        yield


def within(served: Served, ready: Callable[[], bool]) -> float:
    """Seconds until something is so."""
    began = time.monotonic()
    while not ready() and time.monotonic() - began < 20:
        time.sleep(0.01)
    return time.monotonic() - began


def test_two_gigabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with serving.served(tmp_path) as served, serving.listening_server(served) as address:
        port = int(address.rpartition(":")[2])
        for length in ("Content-Length: 2000000000", "Transfer-Encoding: chunked"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(
                    f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Authorization: Bearer {serving.KEY}\r\n"
                    f"Content-Type: application/json\r\n{length}\r\n\r\n".encode()
                )
                began = time.monotonic()
                if "chunked" in length:
                    chunk = b"80000\r\n" + b" " * 0x80000 + b"\r\n"
                    connection.sendall(chunk * 2)
                answer = connection.recv(4096)
                assert b" 413 " in answer.splitlines()[0]
                assert time.monotonic() - began < 5


# -- the key -------------------------------------------------------------------------------------


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "quire" / "server.key"
    key, where = keys.found_or_made(file)
    assert where == str(file)
    assert len(key) == 43
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys.found_or_made(file)[0] == key
    assert keys.write_new(file) != key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_that_others_can_read_or_that_is_short_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "server.key"
    keys.write_new(file)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by other users"):
        keys.found_or_made(file)
    file.unlink()
    file.touch(0o600)
    file.write_text("secret")
    with pytest.raises(SettingsError, match="no safe key") as refused:
        keys.found_or_made(file)
    assert "secret" not in str(refused.value)
    monkeypatch.setenv(keys.KEY_VARIABLE, "x" * 43)
    assert keys.found_or_made(file) == ("x" * 43, keys.KEY_VARIABLE)
    monkeypatch.setenv(keys.KEY_VARIABLE, "x" * 42)
    with pytest.raises(SettingsError, match="no safe key"):
        keys.found_or_made(file)
