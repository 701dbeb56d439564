"""The server's own routes: questions, documents, jobs and chats."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import serving
from quire.server import limits
from quire.server.served import Served

pytestmark = pytest.mark.usefixtures("parser_here")

REPLY = "The lease ends on 31 March 2029 [1]. The rent is 1,250 euros a month [1]."


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving.served(tmp_path, REPLY) as found:
        yield found


def call(served: Served, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with serving.asked(served) as client:
            return await client.request(method, path, **options)

    return asyncio.run(once())


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """(name, data) of each event."""
    found = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_answer_comes_as_drafts_text_sentences_and_whole(served: Served) -> None:
    response = call(served, "POST", "/api/ask", json={"question": "What are the terms?"})
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events(response)
    names = [name for name, _ in told]
    assert names[0] == "draft"
    assert names[-1] == "answer"
    answer = told[-1][1]
    assert "".join(data["text"] for name, data in told if name == "text") == answer["text"]
    sentences = [data for name, data in told if name == "sentence"]
    assert [each["support"] for each in sentences] == ["supported", "contradicted"]
    assert sentences[0]["citations"][0]["document"] == "lease.md"
    assert [each["text"] for each in sentences] == [each["text"] for each in answer["sentences"]]


def test_a_chat_is_kept_continued_and_deleted(served: Served) -> None:
    asked = {"question": "When must the deposit for the East Dome be paid?", "stream": False}
    first = call(served, "POST", "/api/ask", json=asked).json()
    chat = first["conversation"]
    more = {"question": "And how much is it?", "stream": False, "conversation": chat[:8]}
    second = call(served, "POST", "/api/ask", json=more).json()
    assert second["standalone_question"] == "And how much is it? (deposit East Dome paid)"
    (listed,) = call(served, "GET", "/api/conversations").json()["conversations"]
    assert (listed["id"], listed["turns"]) == (chat, 2)
    shown = call(served, "GET", f"/api/conversations/{chat}").json()
    assert [turn["id"] for turn in shown["turns"]] == [first["id"], second["id"]]
    assert call(served, "DELETE", f"/api/conversations/{chat}").json()["deleted"]["id"] == chat
    gone = call(served, "GET", f"/api/conversations/{chat}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "conversation_not_found")


def test_an_answer_is_judged_and_the_judgement_taken_back(served: Served) -> None:
    asked = {"question": "When does the lease end?", "stream": False}
    answer = call(served, "POST", "/api/ask", json=asked).json()
    path = f"/api/answers/{answer['id']}/feedback"

    def kept() -> Any:
        chat = call(served, "GET", f"/api/conversations/{answer['conversation']}").json()
        return chat["turns"][0]["feedback"]

    judged = {"verdict": "down", "comment": "It ends in May."}
    assert call(served, "POST", path, json=judged).json()["verdict"] == "down"
    assert (kept()["verdict"], kept()["comment"]) == ("down", "It ends in May.")
    assert call(served, "POST", path, json={"verdict": None}).status_code == 200
    assert kept() is None
    for body, param in (
        ({"verdict": "meh"}, "verdict"),
        ({"verdict": "up", "comment": "x" * 2_001}, "comment"),
        ({}, "verdict"),
    ):
        refused = call(served, "POST", path, json=body)
        assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)
    nowhere = call(served, "POST", "/api/answers/none/feedback", json={"verdict": "up"})
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "conversation_not_found")


def test_what_is_not_to_be_stored_is_not(served: Served) -> None:
    call(served, "POST", "/api/ask", json={"question": "When?", "store": False})
    messages = [{"role": "user", "content": "When does the lease end?"}]
    call(served, "POST", "/v1/chat/completions", json={"model": "kb", "messages": messages})
    assert call(served, "GET", "/api/conversations").json() == {"conversations": []}


def test_a_search_is_that_of_the_command_line(served: Served) -> None:
    found = call(served, "POST", "/api/search", json={"text": "deposit", "k": 3}).json()
    assert len(found["hits"]) == 3
    assert any("deposit" in hit["text"] for hit in found["hits"])
    assert found["timings_ms"]["total"] > 0
    nowhere = {"text": "deposit", "scope": {"file": ["none.pdf"]}}
    refused = call(served, "POST", "/api/search", json=nowhere)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "document_not_found")


def test_a_text_is_checked_statement_by_statement(served: Served) -> None:
    text = "The lease ends on 31 March 2029. The rent is 1,250 euros a month."
    checked = call(served, "POST", "/api/check", json={"text": text, "name": "draft"}).json()
    assert checked["name"] == "draft"
    assert [each["support"] for each in checked["statements"]] == ["supported", "contradicted"]
    assert checked["counts"]["contradicted"] == 1
    assert not served.desk.busy


def finished(served: Served, job: str) -> dict[str, Any]:
    for _ in range(600):
        told: dict[str, Any] = call(served, "GET", f"/api/jobs/{job}").json()
        if told["stage"] not in {"waiting", "working"}:
            return told
        time.sleep(0.05)
    pytest.fail("the job did not end")


def test_a_file_is_taken_in_as_a_job_and_is_found(served: Served) -> None:
    content = b"The warranty of the pump lasts three years."
    files = [("file", ("pump.txt", content)), ("file", ("empty.txt", b""))]
    response = call(served, "POST", "/api/documents", files=files)
    assert response.status_code == 202
    pump, empty = response.json()["jobs"]
    assert finished(served, pump["id"])["report"]["added"] == 1
    skipped = finished(served, empty["id"])
    assert skipped["report"]["skipped"][0]["reason"]
    assert [job["name"] for job in call(served, "GET", "/api/jobs").json()["jobs"]] == [
        "empty.txt",
        "pump.txt",
    ]
    names = [each["name"] for each in call(served, "GET", "/api/documents").json()["documents"]]
    assert names == ["lease.md", "pump.txt"]
    shown = call(served, "GET", "/api/documents/pump.txt").json()
    assert shown["name"] == "pump.txt"
    removed = call(served, "DELETE", f"/api/documents/{shown['id'][:8]}").json()
    assert [each["name"] for each in removed["removed"]] == ["pump.txt"]
    again = call(served, "DELETE", "/api/documents/pump.txt")
    assert (again.status_code, again.json()["error"]["code"]) == (404, "document_not_found")


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.txt",
        "/etc/evil.txt",
        "..\\evil.txt",
        "a\x00b.txt",
        ".",
        "CON",
        "x" * 300,
        "病.txt",
    ],
)
def test_a_name_is_never_a_path(served: Served, tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if tmp_path / "kb" not in path.parents}
    response = call(served, "POST", "/api/documents", files={"file": (name, b"Some text.")})
    if response.status_code == 202:
        finished(served, response.json()["jobs"][0]["id"])
    else:
        assert response.status_code == 422
    after = {path for path in tmp_path.rglob("*") if tmp_path / "kb" not in path.parents}
    assert after == before


def test_an_upload_that_is_too_large_or_none_is_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(served, "POST", "/api/documents", json={}).status_code == 422
    assert call(served, "POST", "/api/documents", data={"file": "text"}).status_code == 422
    many = [("file", (f"{at}.txt", b"x")) for at in range(limits.PARTS + 1)]
    assert call(served, "POST", "/api/documents", files=many).status_code in {400, 422}
    monkeypatch.setattr(limits, "WAITING_FILES", 1)
    two = call(served, "POST", "/api/documents", files=many[:2])
    assert (two.status_code, two.json()["error"]["code"]) == (503, "too_many_files")
    assert int(two.headers["retry-after"]) > 0
    assert call(served, "GET", "/api/jobs").json() == {"jobs": []}  # not even the first of them
    monkeypatch.setattr(limits, "UPLOAD_BYTES", 1_000)

    async def pieces() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100

    head = {"Content-Type": "multipart/form-data; boundary=x"}
    declared = call(served, "POST", "/api/documents", content=b"x" * 2_000, headers=head)
    streamed = call(served, "POST", "/api/documents", content=pieces(), headers=head)
    assert (declared.status_code, streamed.status_code) == (413, 413)


def test_a_page_that_is_not_there_is_told(served: Served) -> None:
    response = call(served, "GET", "/api/documents/lease.md/pages/3")
    assert response.json()["error"]["message"] == "lease.md has no page 3."
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/ask", {"question": "When?", "modle": "x"}, "modle"),
        ("/api/ask", {"question": ""}, "question"),
        ("/api/ask", {"question": "When?", "max_risk": 2}, "max_risk"),
        ("/api/ask", {"question": "When?", "scope": {"since": "soon"}}, "scope.since"),
        ("/api/search", {"text": "x", "k": 0}, "k"),
        ("/api/search", {"text": "x", "k": 1e9}, "k"),
        ("/api/search", {"text": "x", "k": -1}, "k"),
        ("/api/search", {"text": "x", "mode": "psychic"}, "mode"),
        ("/api/search", {"text": ["x"]}, "text"),
    ],
)
def test_a_field_that_cannot_be_is_named(served: Served, path: str, body: Any, field: str) -> None:
    response = call(served, "POST", path, json=body)
    assert response.status_code == 422
    assert response.json()["error"]["param"] == field
    assert f"The field {field} cannot be so: " in response.json()["error"]["message"]


HOSTILE = [
    *('"', '""', "a AND", "NEAR(a b)", "NEAR/9", "a*", "*", "(", ")", "^x", "col:x", "-x", "{x}"),
    *(
        "'; DROP TABLE chunks; --",
        "\x00",
        "a\x00b",
        "\u202e",
        "%00",
        "../../etc/passwd",
        "<|im_end|>",
    ),
    *("\n\n", "\t", "$$", "💥", "\ufeff", "\u0301" * 500, "x" * 99_000, "病" * 50_000, "((" * 900),
    *("[" * 5_000, "a " * 45_000, "? " * 3_000, "1" * 9_000, "1,2," * 9_000, "一二三" * 9_000),
]


def test_no_text_is_an_error_of_the_server(served: Served) -> None:
    async def all_of_them() -> list[tuple[str, str, int]]:
        found = []
        async with serving.asked(served, timeout=120) as client:
            for text in HOSTILE:
                bodies = {
                    "/api/search": {"text": text},
                    "/api/ask": {"question": text, "stream": False, "store": False},
                    "/v1/chat/completions": {
                        "model": "kb",
                        "messages": [
                            {"role": "user", "content": text},
                            {"role": "assistant", "content": text},
                            {"role": "user", "content": text},
                        ],
                    },
                    "/v1/embeddings": {"model": "kb", "input": text},
                }
                for path, body in bodies.items():
                    response = await client.post(path, json=body)
                    found.append((path, text[:20], response.status_code))
        return found

    wrong = [each for each in asyncio.run(all_of_them()) if each[2] not in {200, 422}]
    assert not wrong


def test_the_schema_tells_each_route_with_examples(served: Served) -> None:
    schema = call(served, "GET", "/openapi.json").json()
    assert set(schema["paths"]) >= {"/v1/chat/completions", "/api/ask", "/api/documents", "/health"}
    paths = {
        "ChatRequest": "/v1/chat/completions",
        "ResponsesRequest": "/v1/responses",
        "EmbeddingRequest": "/v1/embeddings",
        "SearchRequest": "/api/search",
        "AskRequest": "/api/ask",
        "CheckRequest": "/api/check",
    }
    for name, path in paths.items():
        example = schema["components"]["schemas"][name]["examples"][0]
        body = {key: value for key, value in example.items() if key != "scope"}
        body |= {"model": "kb"} if "model" in body else {}
        assert call(served, "POST", path, json=body).status_code == 200


def test_the_counts_are_told(served: Served) -> None:
    call(served, "POST", "/api/ask", json={"question": "What are the terms?"})
    counted = call(served, "GET", "/metrics").text
    assert 'quire_requests_total{route="/api/ask",status="200"} 1\n' in counted
    assert 'quire_answers_total{status="answered"} 1\n' in counted
    assert "quire_answers_under_way 0\n" in counted
