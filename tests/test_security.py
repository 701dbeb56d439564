"""What SECURITY.md promises: that each promise names tests that there are, and those tests that
belong to no other file's subject."""

import ast
import asyncio
import json
import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import httpx
import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

import serving
from ports import free_port
from quire import KnowledgeBase, cli, load_settings
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.server import keys, logs
from quire.ui.door.asgi import Door
from quire.ui.door.keys import Keyring

pytestmark = pytest.mark.usefixtures("parser_here")

TESTS = Path(__file__).parent
SECURITY = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
CANARY = "the canary sings in the cellar"


def part(heading: str) -> str:
    """What SECURITY.md says under a heading."""
    return SECURITY.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def functions(module: Path) -> set[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


# -- the list of promises --------------------------------------------------------------------------


def test_every_promise_names_the_tests_that_hold_it() -> None:
    promised = re.findall(r"^- \*\*(.+?)\.\*\*", part("What is promised"), re.MULTILINE)
    table = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", part("What holds it"), re.MULTILINE)[2:]
    assert len(promised) > 5
    assert list(dict.fromkeys(promise for promise, _, _ in table)) == promised
    for _, what, cell in table:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", cell)
        assert named, f"no test holds: {what}"
        for file, test in named:
            assert test in functions(TESTS / file), f"{file} has no {test}"


# -- who reaches what ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "ui"])
def test_loopback_is_where_both_listen_unless_told_otherwise(command: str) -> None:
    from typer.main import get_command  # noqa: PLC0415

    parameters: Any = vars(get_command(cli.app))["commands"][command].params
    (host,) = (each for each in parameters if each.name == "host")
    assert host.default == "127.0.0.1"


def test_the_server_listens_nowhere_without_a_safe_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    KnowledgeBase.open(tmp_path / "kb").close()
    file = tmp_path / "key"
    keys.write_new(file)
    file.chmod(0o644)

    def listens(*_: object) -> None:
        raise AssertionError("it listens")

    monkeypatch.setattr("quire.server.running.listening", listens)
    command = ["quire", "serve", "--host", "0.0.0.0", "--port", str(free_port())]
    where = ["--kb", str(tmp_path / "kb"), "--key-file", str(file), "--json"]
    monkeypatch.setattr("sys.argv", [*command, *where])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)["error"]
    assert "can be read by other users" in told["message"]
    assert "--new-key" in told["hint"]


def test_every_key_is_compared_in_constant_time() -> None:
    """Each module that compares keys does it by `hmac`, and compares nothing else but with what
    stands in the code."""
    compared: Counter[str] = Counter()
    for module in ("server/keys.py", "ui/door/keys.py"):
        source = (TESTS.parent / "app" / module).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                assert isinstance(node.comparators[0], ast.Constant), ast.unparse(node)
            compared[module] += ast.unparse(node) == "hmac.compare_digest"
    assert compared == {"server/keys.py": 1, "ui/door/keys.py": 2}


def page_requests() -> Iterator[tuple[str, str, bool]]:
    """Method, path and whether by a socket, of each route that Streamlit has."""
    for route in create_streamlit_routes(MagicMock()):
        if isinstance(route, WebSocketRoute):
            yield "GET", route.path, True
        elif isinstance(route, Mount):
            yield from (("GET", f"{route.path}/index.html", False), ("HEAD", route.path, False))
        else:
            assert isinstance(route, Route), f"{route} is of a kind that nobody looked at"
            path = re.sub(r"\{.*?\}", "x", route.path)
            yield from ((method, path, False) for method in sorted(route.methods or ()))


def test_no_route_of_the_page_forgets_the_door() -> None:
    """Streamlit's own table is walked: a route that a new version brings is behind the door too."""
    passed: list[tuple[str, str]] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        passed.append((scope.get("method", "socket"), scope["path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    door = Door(inside, keyring=Keyring("the key"), hosts=["127.0.0.1"])

    def asked(method: str, path: str, *, socket: bool) -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            raise AssertionError("the request was read")

        async def send(message: Any) -> None:
            sent.append(message)

        kind = "websocket" if socket else "http"
        scope = {"type": kind, "method": method, "path": path, "query_string": b""}
        asyncio.run(door({**scope, "headers": [(b"host", b"127.0.0.1:8501")]}, receive, send))
        return int(sent[0].get("status", 403))

    requests = list(page_requests())
    assert len(requests) > 20
    for method, path, socket in requests:
        if path == "/_stcore/health" and method in {"GET", "HEAD"}:
            assert asked(method, path, socket=socket) == 200
        else:
            assert asked(method, path, socket=socket) in {401, 403, 404}, (method, path)
    assert {path for _, path in passed} == {"/_stcore/health"}


# -- names are no paths ----------------------------------------------------------------------------


def hostile_names(folder: Path) -> list[str]:
    """Two hundred names that would lead elsewhere, if one were a path; `folder` is elsewhere."""
    ways = [
        *("../", "../../", "../" * 12, "..\\", "..\\..\\", "/", "//", "./", "\\\\host\\share\\"),
        *("C:\\", "c:/", "~/", "~root/", "$HOME/", "%2e%2e%2f", "%252e%252e/", "..%c0%af", "..;/"),
        *("a/../../../", "\x00/", "\n/", "\u202e/", "\uff0e\uff0e\uff0f", "/proc/self/cwd/"),
        *(f"{folder}/", f"file://{folder}/", f"../../../..{folder}/", f"{folder}\\", "originals/"),
    ]
    names = [
        *("evil.txt", "catalog.sqlite3", "..", "writer.lock", "evil.txt\x00.png", "-rf evil.txt"),
        *(".ssh", "x" * 300 + ".txt"),
    ]
    odd = ["", ".", "..", "...", "/", "\\", "CON", "nul.txt", "`id`.txt", "$(id)", "a:b", "\r\n"]
    made = [way + name for way, name in product(ways, names)][: 200 - len(odd)]
    return [*odd, *made]


def outside(folder: Path, kb: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if kb not in (path, *path.parents)}


def test_two_hundred_hostile_names_write_nothing_outside_by_any_way_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "a" / "b" / "c", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    names = hostile_names(elsewhere)
    assert len(names) == len(set(names)) == 200
    with serving.served(here) as served:
        base = served.bases["kb"].base
        before = outside(tmp_path, base.folder)

        # over HTTP, by the same line of uploads that the page has; and from Python
        async def upload() -> None:
            async with serving.asked(served) as client:
                for at in range(0, len(names), 50):
                    files = [
                        ("file", (name, f"Valve {name!r} is green.".encode()))
                        for name in names[at : at + 50]
                        if name  # without one it is a field and no file
                    ]
                    response = await client.post("/api/documents", files=files)
                    assert response.status_code == 202, response.text

        asyncio.run(upload())
        assert served.bases["kb"].jobs._ingests.wait(120)
        for at, name in enumerate(names[::20]):
            assert base.add_upload(name, f"Pump {at} is red.".encode()).failed == ()
        documents = base.documents()
        assert len(documents) > len(names)
        assert not [each.name for each in documents if set(each.name) & set("/\\\x00\n")]
        assert outside(tmp_path, base.folder) == before
        assert not list(elsewhere.iterdir())


# -- what is written -------------------------------------------------------------------------------


def test_all_that_a_knowledge_base_writes_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where the system lets everybody read what is made."""
    before = os.umask(0)
    try:
        (tmp_path / "lamp.txt").write_text("The lamp is lit. The gate is green.")
        settings = load_settings(kb=tmp_path / "kb", model="none")
        with KnowledgeBase.open(
            settings=settings, embedder=FakeEmbedder(), model=FakeChatModel("The lamp is lit [1].")
        ) as kb:
            kb.add(tmp_path / "lamp.txt")
            kb.add_upload("pump.txt", b"The pump is red.")
            kb.ask("Is the lamp lit?")
            kb.remove("pump.txt")
            found = [kb.folder, *kb.folder.rglob("*")]
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in found}
    finally:
        os.umask(before)
    assert len(modes) > 5
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} has {mode:o}"


def test_no_message_of_a_library_stands_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Of what a library says, the level and its name are kept; of an error, kind and place."""
    handler = logs.Lines()
    for name in ("httpx", "pypdf._reader", "quire.server.served"):
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            failed = (type(error), error, error.__traceback__)
            handler.emit(logging.LogRecord(name, 40, "x.py", 1, CANARY, (), failed))
    handler.emit(logging.LogRecord("httpx", 30, "x.py", 1, "GET %s", (CANARY,), None))
    handler.emit(logging.LogRecord("quire.server", 30, "x.py", 1, "A model is missing.", (), None))
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["logger"] for line in lines][:2] == ["httpx", "pypdf._reader"]
    assert lines[0]["error"] == "ValueError"
    assert lines[-1]["message"] == "A model is missing."
    assert CANARY not in logged


def test_an_error_within_a_stream_stands_under_its_requests_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving.served(tmp_path) as served:
        base = served.bases["kb"].base
        stream = base.stream

        def fails(*question: Any, **options: Any) -> Iterator[object]:
            yield next(iter(stream(*question, **options)))
            raise RuntimeError(CANARY)

        monkeypatch.setattr(base, "stream", fails)

        async def ask() -> httpx.Response:
            async with serving.asked(served) as client:
                asked = {"question": "When does the lease end?"}
                return await client.post("/api/ask", json=asked, headers={"X-Request-Id": "mine-2"})

        response = asyncio.run(ask())
    assert "event: error" in response.text
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [(line["event"], line["request_id"]) for line in lines] == [
        ("error", "mine-2"),
        ("request", "mine-2"),
    ]
    assert CANARY not in response.text + logged


# -- what a document can do ------------------------------------------------------------------------


def test_one_document_that_repeats_itself_makes_half_of_the_context_at_most(
    tmp_path: Path,
) -> None:
    loud = "\n\n".join(f"The pump of hall {at} is red and was bought in May." for at in range(100))
    (tmp_path / "loud.md").write_text(loud)
    for at in range(12):
        (tmp_path / f"{at}.md").write_text(f"The pump of cellar {at} is green, bought in June.")
    settings = load_settings(kb=tmp_path / "kb")
    model = FakeChatModel("The pump is red [1].")
    with KnowledgeBase.open(settings=settings, embedder=FakeEmbedder(), model=model) as kb:
        kb.add([tmp_path / "loud.md", *(tmp_path / f"{at}.md" for at in range(12))])
        answer = kb.ask("Which pump was bought?", store=False)
    of = Counter(passage.document.name for passage in answer.passages)
    assert sum(of.values()) > 2
    assert of["loud.md"] <= of.total() / 2


def test_nothing_but_the_header_carries_the_key(tmp_path: Path) -> None:
    """A key in the address would stand in the log of each proxy: it opens nothing there."""
    with serving.served(tmp_path) as served:

        async def once(path: str, **headers: str) -> httpx.Response:
            async with serving.asked(served, headers={"Authorization": ""}) as client:
                return await client.get(path, headers=headers)

        for name in ("key", "api_key", "access_token", "token"):
            assert asyncio.run(once(f"/v1/models?{name}={serving.KEY}")).status_code == 401
        for name in ("cookie", "x-api-key", "api-key", "proxy-authorization"):
            given = asyncio.run(once("/v1/models", **{name: f"Bearer {serving.KEY}"}))
            assert given.status_code == 401
