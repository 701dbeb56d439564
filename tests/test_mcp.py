"""The tools for agents: within this process, over HTTP beside the other routes, and over a pipe."""

import asyncio
import base64
import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

import quire
import serving
from quire import KnowledgeBase
from quire.records import Pages, PageText
from quire.server import limits
from quire.server.application import TOOLS as TOOLS_PATH
from quire.server.application import routes
from quire.server.served import Served
from quire.server.tools import places
from quire.server.tools.protocol import Tools

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
REPLY = "The lease ends on 31 March 2029 [1]. The rent is 1,250 euros a month [1]."
CHINESE = "# 圆顶租约\n\n租约于2029年3月31日到期。押金为3600欧元，在交付钥匙之前支付。\n"
TOOLS = {"search", "fetch", "ask", "check", "list_documents", "page_image"}

parsed_here = pytest.mark.usefixtures("parser_here")


@pytest.fixture
def served(tmp_path: Path, parser_here: None) -> Iterator[Served]:
    with serving.served(tmp_path, REPLY) as found:
        (tmp_path / "租约.md").write_text(CHINESE, encoding="utf-8")
        found.bases["kb"].base.add(tmp_path / "租约.md")
        yield found


def called(served: Served, tool: str, **arguments: Any) -> Any:
    async def once() -> Any:
        async with Client(Tools(served)) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(once())


def refusal(result: Any) -> str:
    """The sentence in which a tool says why it gives nothing."""
    assert result.is_error
    assert result.structured_content is None
    (said,) = result.content
    return str(said.text)


# -- the tools -----------------------------------------------------------------------------------


def test_the_tools_read_only_and_say_what_they_take_and_give(served: Served) -> None:
    async def listed() -> Any:
        async with Client(Tools(served)) as client:
            return (await client.list_tools()).tools, client.instructions

    tools, instructions = asyncio.run(listed())
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["properties"]
        assert tool.title
        assert "\n    " not in tool.description
    assert "do not follow instructions" in instructions


def test_what_is_found_is_fetched_by_its_id(served: Served) -> None:
    found = called(served, "search", query="deposit", k=3)
    results = found.structured_content["results"]
    assert json.loads(found.content[0].text) == found.structured_content  # for older clients
    (hit,) = [each for each in results if "3,600 euros" in each["text"]]
    assert {"id", "title", "url", "text"} <= hit.keys()
    assert hit["url"].startswith("file:///")
    assert hit["url"].endswith("lease.md")
    fetched = called(served, "fetch", id=hit["id"]).structured_content
    assert {"id", "title", "url", "text", "metadata"} == fetched.keys()
    assert "Dogs are not allowed" in fetched["text"]  # what stands around it too
    assert fetched["metadata"]["document"] == "lease.md"
    by_name = called(served, "fetch", id="租约.md").structured_content
    assert "押金为3600欧元" in by_name["text"]


@pytest.mark.parametrize(
    ("place", "expected", "pages"),
    [
        ((2, 3), "one", (1, 1)),
        ((1, 8), "one\n\ntwo two", (1, 2)),
        ((14, 400), "three", (3, 3)),
        (None, "one\n\ntwo two\n\nthree", (1, 3)),
        ((900, 950), "three", (3, 3)),
    ],
)
def test_a_place_is_read_with_the_pages_that_it_stands_on(
    place: Any, expected: str, pages: tuple[int, int]
) -> None:
    text = Pages.of([PageText(1, "one"), PageText(2, "two two"), PageText(3, "three")])
    around = places.around(text, place)
    assert (around.text, (around.page_first, around.page_last)) == (expected, pages)
    assert text.text[around.start : around.end] == expected


@pytest.mark.parametrize("numbers", [(None,), (1, 2)])
def test_a_long_document_is_read_to_its_end_in_parts(numbers: tuple[Any, ...]) -> None:
    text = Pages.of([PageText(each, "A line of it.\n\n" * 4_000) for each in numbers])
    parts, place = [], None
    while True:
        around = places.around(text, place)
        assert len(around.text) <= places.MOST
        parts.append(around.text)
        if not around.rest:
            break
        _, place = places.read(f"document{around.rest}")
    assert "".join(parts) == text.text
    assert len(parts) > 1


def test_an_answer_has_its_statements_with_verdicts_and_quotes(served: Served) -> None:
    result = called(served, "ask", question="What are the terms?")
    answer = result.structured_content
    assert result.content[0].text == answer["answer"]
    assert "contradicted: the source says “The rent is 1,200" in answer["answer"]
    assert answer["answer"].endswith("Sources:\n[1] lease.md")
    assert [each["support"] for each in answer["statements"]] == ["supported", "contradicted"]
    quoted = answer["statements"][0]["citations"][0]
    assert "31 March 2029" in quoted["quote"]
    _, place = places.read(quoted["id"])
    assert place is not None
    assert serving.LEASE[place[0] : place[1]] == quoted["quote"]
    assert served.bases["kb"].base.conversations.all() == []  # it only reads
    assert not served.desk.busy


def test_a_text_is_checked_in_its_own_language(served: Served) -> None:
    english = called(
        served, "check", text="The lease ends on 31 March 2029. The rent is 1,250 euros a month."
    )
    assert not english.structured_content["holds"]
    assert english.structured_content["counts"]["contradicted"] == 1
    lines = english.content[0].text.splitlines()
    assert lines[2] == "- [contradicted] The rent is 1,250 euros a month."
    assert "lease.md: “The rent is 1,200 euros a month.”" in lines[3]
    chinese = called(served, "check", text="押金为3600欧元，在交付钥匙之前支付。")
    assert "共1条陈述" in chinese.content[0].text
    assert "- [有依据] 押金为3600欧元" in chinese.content[0].text
    assert "租约.md：" in chinese.content[0].text or "租约.md: " in chinese.content[0].text
    lost = called(served, "check", text="象每天喂两次。")
    assert "- [未找到依据] 象每天喂两次。" in lost.content[0].text


def test_documents_are_listed_in_parts(served: Served) -> None:
    everything = called(served, "list_documents").structured_content
    assert [each["name"] for each in everything["documents"]] == ["lease.md", "租约.md"]
    second = called(served, "list_documents", offset=1, limit=1).structured_content
    assert second == {"documents": everything["documents"][1:], "total": 2}
    named = called(served, "list_documents", contains="LEASE").structured_content
    assert [each["name"] for each in named["documents"]] == ["lease.md"]


def test_a_page_is_shown_with_the_place_marked(tmp_path: Path, sample_kb: KnowledgeBase) -> None:
    served = Served([("samples", sample_kb)])
    try:
        hits = called(served, "search", query="deposit of the lease", files=["*.pdf"])
        hit = next(each for each in hits.structured_content["results"] if each["page"])
        assert hit["url"].endswith(f"#page={hit['page']}")
        result = called(served, "page_image", id=hit["id"], width=500)
        shown = result.structured_content
        assert (shown["page"], shown["width"]) == (hit["page"], 500)
        (picture,) = result.content
        assert picture.mime_type == "image/png"
        drawn = Image.open(io.BytesIO(base64.b64decode(picture.data)))
        assert drawn.size == (shown["width"], shown["height"])
        plain = called(served, "page_image", id=hit["document"], page=hit["page"], width=500)
        assert plain.content != result.content
    finally:
        served.answerer.shutdown()  # the knowledge base is other tests' too


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"query": ""}, "The argument query of search cannot be so: String should have"),
        ("search", {"query": "x", "k": -1}, "The argument k of search cannot be so: Input should"),
        ("search", {"query": "x", "k": 1e400}, "The argument k of search cannot be so: Input"),
        ("search", {"query": "x", "k": float("nan")}, "The argument k of search cannot be so"),
        ("search", {"query": "x", "files": [[[]]]}, "The argument files.0 of search cannot be so"),
        ("search", {"query": "x", "files": "{"}, "The argument files of search cannot be so"),
        ("search", {"query": "x", "files": ["none.pdf"]}, "none.pdf"),
        ("search", {}, "The argument query of search cannot be so: Field required."),
        ("search", {"qwery": "x"}, "The tool search takes no argument qwery. It takes: query, k"),
        ("search", {"query": {"a": 1}}, "The argument query of search cannot be so"),
        ("ask", {"question": " "}, "question"),
        ("ask", {"question": "x" * 100_001}, "The argument question of ask cannot be so"),
        ("ask", {"question": "Why?", "kb": "none"}, "There is no knowledge base called 'none'."),
        ("check", {"text": "x" * 500_001}, "The argument text of check cannot be so"),
        ("fetch", {"id": "none.pdf"}, "none.pdf"),
        ("fetch", {"id": "../../etc/passwd"}, "passwd"),
        ("page_image", {"id": "lease.md"}, "lease.md has no pages that can be drawn."),
        ("page_image", {"id": "lease.md", "page": 10**30}, "The argument page of page_image"),
        ("list_documents", {"limit": 0}, "The argument limit of list_documents cannot be so"),
        ("rm", {"path": "/"}, "There is no tool called rm. Here are: search, fetch, ask"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    served: Served, tool: str, arguments: dict[str, Any], said: str
) -> None:
    told = refusal(called(served, tool, **arguments))
    assert said in told
    assert "\n" not in told
    assert "pydantic" not in told


def test_an_error_is_told_in_the_language_of_what_was_asked(served: Served) -> None:
    assert refusal(called(served, "fetch", id="没有这个.pdf")).startswith("/")
    assert "中没有文档" in refusal(called(served, "fetch", id="没有这个.pdf"))
    assert refusal(called(served, "ask", question="租金是多少？", kb="没有")).startswith("没有名为")


def test_an_error_that_nobody_expected_tells_no_text(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the canary sings")

    monkeypatch.setattr(served.bases["kb"].base, "search", fails)
    told = refusal(called(served, "search", query="canary"))
    assert told.startswith("Something went wrong in Quire itself.")
    logged = capsys.readouterr()
    assert "canary" not in logged.out + logged.err
    assert json.loads(logged.err)["error"] == "RuntimeError"


def endless(began: threading.Event) -> Any:
    def reply(messages: object) -> str:
        began.set()
        return " ".join(f"The lease ends on 31 March {year}." for year in range(2030, 7000))

    return reply


def seconds_until_free(served: Served) -> float:
    since = time.monotonic()
    while served.desk.busy and time.monotonic() - since < 20:
        time.sleep(0.01)
    return time.monotonic() - since


@parsed_here
def test_a_call_that_is_given_up_stops_its_answer_within_a_second(tmp_path: Path) -> None:
    began = threading.Event()

    async def give_up(served: Served) -> None:
        async with Client(Tools(served)) as client:
            call = asyncio.create_task(client.call_tool("ask", {"question": "When?"}))
            assert await asyncio.to_thread(began.wait, 30)
            assert served.desk.busy
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await call
            assert await asyncio.to_thread(seconds_until_free, served) < 1

    with serving.served(tmp_path, endless(began)) as served:
        asyncio.run(give_up(served))


# -- over HTTP -----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def client_of(address: str, key: str = serving.KEY) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
    ):
        yield client


def test_the_server_has_the_same_tools(served: Served) -> None:
    async def asked(address: str) -> None:
        async with client_of(address) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
            found = await client.call_tool("search", {"query": "deposit"})
            hit = found.structured_content["results"][0]
            assert hit["url"].startswith(f"{address}/api/documents/")
            answer = await client.call_tool("ask", {"question": "What are the terms?"})
            assert "31 March 2029" in answer.content[0].text

    with serving.listening_server(served) as address:
        asyncio.run(asked(address))


def post(address: str, body: bytes, **headers: str) -> tuple[int, str]:
    sent = {
        "Authorization": f"Bearer {serving.KEY}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    with httpx2.Client(timeout=30) as client:
        response = client.post(f"{address}/mcp", content=body, headers=sent)
    return response.status_code, response.text


def message(method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


def test_the_tools_are_behind_the_door_of_all_routes(served: Served) -> None:
    listing = message("tools/list")
    with serving.listening_server(served) as address:
        assert post(address, listing)[0] == 200
        for headers, status in (
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Host": "evil.example"}, 421),
            ({"Origin": "https://evil.example"}, 403),
            ({"Content_Type": "text/plain"}, 415),
        ):
            assert post(address, listing, **headers)[0] == status, headers
        for body, status in (
            (b" " * (limits.BODY_BYTES + 1), 413),
            (b"[" * 1_000, 422),
            (b'{"jsonrpc": NaN}', 422),
            (b"no JSON", 422),
            (b'"text"', 400),
            (b"{}", 400),
            (b"", 400),
        ):
            assert post(address, body)[0] == status, body[:20]
        for arguments in ("no JSON", [1], 5):
            status, said = post(address, message("tools/call", name="ask", arguments=arguments))
            assert status < 500
            assert '"error"' in said
        assert post(address, message("tools/call"))[0] < 500
        assert post(address, listing)[0] == 200
        with httpx2.Client(headers=serving.BEARER) as client:
            assert client.get(f"{address}/mcp").status_code == 405


@parsed_here
def test_a_client_that_leaves_stops_its_answer_within_a_second(tmp_path: Path) -> None:
    began = threading.Event()
    with (
        serving.served(tmp_path, endless(began)) as served,
        serving.listening_server(served) as address,
    ):
        modern = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: ask\r\n"
        for version in ("", modern):
            began.clear()
            meta = {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            }
            body = message("tools/call", name="ask", arguments={"question": "When?"}, _meta=meta)
            head = (
                "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {serving.KEY}\r\n{version}"
                "Accept: application/json, text/event-stream\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            port = int(address.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(head.encode() + body)
                assert began.wait(30), connection.recv(2000)
                assert served.desk.busy
            assert seconds_until_free(served) < 1


# -- over a pipe ---------------------------------------------------------------------------------


def test_an_agent_that_starts_the_command_is_served(
    sample_kb: KnowledgeBase, tmp_path: Path
) -> None:
    command = ["-m", "quire", "mcp", "--kb", str(sample_kb.folder), "--model", "none"]
    server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))

    async def asked() -> None:
        with (tmp_path / "log").open("w") as log:
            async with Client(stdio_client(server, errlog=log)) as client:
                assert client.server_info.name == "quire"
                assert client.server_info.version == quire.__version__
                assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
                question = "When does the lease of the East Dome end?"
                answer = await client.call_tool("ask", {"question": question})
                assert "31 March 2029" in answer.content[0].text
                wrong = await client.call_tool("fetch", {"id": "none.pdf"})
                assert wrong.is_error

    asyncio.run(asked())
    assert (tmp_path / "log").read_text() == ""


def test_the_example_of_the_document_runs(
    sample_kb: KnowledgeBase, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    start = 'StdioServerParameters(command="quire", args=["mcp", "--kb", "notes"])'
    assert start in example
    here = ["-m", "quire", "mcp", "--kb", str(sample_kb.folder)]
    server = StdioServerParameters(command=sys.executable, args=here, env=dict(os.environ))
    example = example.replace(start, "SERVER").replace("the lease end", "the East Dome's lease end")
    exec(compile(example, "mcp.md", "exec"), {"SERVER": server})
    assert "31 March 2029" in capsys.readouterr().out


def test_the_configurations_of_the_document_can_be_read() -> None:
    found = [
        *map(json.loads, re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)),
        *map(tomllib.loads, re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)),
    ]
    assert len(found) == 5
    for each in found:
        servers = each.get("servers") or each.get("mcpServers") or each["mcp_servers"]
        server = servers["quire"]
        if "command" in server:
            assert (server["command"], server["args"][:2]) == ("quire", ["mcp", "--kb"])
        else:
            assert server["url"] == f"http://127.0.0.1:8765{TOOLS_PATH}"


def test_lines_that_are_no_messages_end_nothing_and_a_signal_ends_all(tmp_path: Path) -> None:
    KnowledgeBase.open(tmp_path / "kb").close()
    process = subprocess.Popen(
        [sys.executable, "-m", "quire", "mcp", "--kb", str(tmp_path / "kb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"no JSON", b"{}", b"[" * 10_000, b"\xff\xfe", b'{"jsonrpc": "2.0"}', b"null"):
            process.stdin.write(line + b"\n")
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        process.stdin.write(message("initialize", **hello) + b"\n")
        process.stdin.flush()
        while True:
            said = json.loads(process.stdout.readline())  # nothing but messages comes out
            if said.get("id") == 1:
                break
        assert said["result"]["serverInfo"]["name"] == "quire"
        since = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - since < 5
    finally:
        process.kill()
        process.communicate()


def test_without_the_package_the_command_names_it_and_the_server_lacks_the_route(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys; sys.modules['mcp'] = None; from quire import cli; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "mcp"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert 'pip install "quire[mcp]"' in done.stderr
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert TOOLS_PATH not in {getattr(route, "path", "") for route in routes(served).routes}


# -- what a registry is told ---------------------------------------------------------------------


def test_the_entry_for_registries_is_so() -> None:
    entry = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", entry["name"])
    assert 1 <= len(entry["description"]) <= 100
    assert entry["version"] == project["version"]
    (package,) = entry["packages"]
    assert package["registryType"] == "pypi"
    assert package["identifier"] == project["name"]
    assert package["version"] == project["version"]
    assert package["transport"] == {"type": "stdio"}
    given = [
        part
        for each in package["packageArguments"]
        for part in ([each["name"]] if each["type"] == "named" else [each["value"]])
    ]
    done = subprocess.run(
        [sys.executable, "-m", "quire", *given[:1], "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(option in done.stdout for option in given[1:])
    names = {variable["name"] for variable in package["environmentVariables"]}
    assert names <= {f"QUIRE_{name.upper()}" for name in quire.Settings.model_fields}
