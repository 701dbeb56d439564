"""A model on a server: what is sent, what is read, and everything that a server can do wrong."""

import gc
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from quire import KnowledgeBase, Settings, diagnosis, load_settings
from quire.diagnosis import Check
from quire.errors import (
    ModelBusy,
    ModelError,
    ModelNotFound,
    ModelUnreachable,
    ModelUnusable,
    ReplyUnusable,
    UsageError,
)
from quire.models import opening, speed
from quire.models.engine import gguf
from quire.models.engine.runtime import Interrupt, LlamaRuntime
from quire.models.fakes import FakeEmbedder
from quire.models.forms import Grammar, JsonSchema
from quire.models.protocols import Message
from quire.models.remote import access
from quire.models.remote.access import Server
from quire.models.remote.events import MAX_EVENT
from quire.models.remote.model import MAX_AT_ONCE, RemoteModel, estimate
from quire.models.store.starter import CHAT
from remote_server import Behaviour, Connection, RemoteServer, drips, hangs, says, serving

KEY = "sk-0123456789-secret"
WHEN = [Message("system", "Be brief."), Message("user", "When does it end?")]


@contextmanager
def talking(behave: Behaviour, **options: Any) -> Iterator[tuple[RemoteModel, RemoteServer]]:
    """A model on a server that behaves so."""
    with serving(behave) as server:
        options = {"model": "qwen", "key": KEY, "timeout": 30.0, **options}
        model = RemoteModel(access.server(server.url), **options)
        try:
            yield model, server
        finally:
            model.close()


def reply(model: RemoteModel, **options: Any) -> str:
    return "".join(model.stream(WHEN, **{"max_tokens": 40, **options}))


# What is asked and what is heard


def test_a_reply_comes_in_pieces_with_the_tokens_that_the_server_counted() -> None:
    with talking(says("It ends", " in May", "。租约")) as (model, server):
        stream = model.stream(WHEN, max_tokens=40, temperature=0.5, stop=["\n\n"])
        assert list(stream) == ["It ends", " in May", "。租约"]
        assert (stream.finish, stream.usage.prompt_tokens, stream.usage.completion_tokens) == (
            "stop",
            20,
            3,
        )
    assert server.asked.line == "POST /v1/chat/completions HTTP/1.1"
    assert server.asked.headers["authorization"] == f"Bearer {KEY}"
    assert server.asked.json == {
        "model": "qwen",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "When does it end?"},
        ],
        "max_tokens": 40,
        "temperature": 0.5,
        "stop": ["\n\n"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_what_a_model_thinks_reaches_nobody() -> None:
    def thinks(connection: Connection) -> None:
        connection.head()
        connection.event(reasoning_content="The user wants")
        connection.event(reasoning="a date", content=None)
        for text in ("<thi", "nk>May or June?</th", "ink>\n\nIn ", "May."):
            connection.event(content=text)
        connection.event(finish="stop")

    with talking(thinks) as (model, _):
        assert reply(model) == "In May."


def test_a_reply_that_is_nothing_but_thought_is_an_error_that_says_so() -> None:
    def thinks(connection: Connection) -> None:
        connection.head()
        connection.event(reasoning_content="The user wants")
        connection.event(finish="length")

    with talking(thinks) as (model, _), pytest.raises(ModelError, match="for thinking") as caught:
        reply(model)
    assert "remote_options" in caught.value.hint


@pytest.mark.parametrize(
    ("model_name", "options"),
    [("DeepSeek-R1-Distill-Qwen-7B", {}), ("foo", {"thinks": True})],
)
def test_a_thought_that_the_servers_prompt_opened_is_held_back(
    model_name: str, options: dict[str, Any]
) -> None:
    thinks = says("The user ", "wants</thi", "nk>\n\nIn", " May.")
    with talking(thinks, model=model_name, **options) as (model, server):
        assert list(model.stream(WHEN, max_tokens=40)) == ["In", " May."]
        server.behave = says("In May", ".")  # thinking was turned off
        assert reply(model) == "In May."

        def cut(connection: Connection) -> None:
            connection.head()
            connection.event(content="The user")
            connection.event(finish="length")

        server.behave = cut
        with pytest.raises(ReplyUnusable, match="for thinking"):
            reply(model)

        def apart(connection: Connection) -> None:
            connection.head()
            connection.event(reasoning_content="The user wants")
            connection.event(content="In")
            connection.event(content=" May.", finish="length")

        server.behave = apart
        assert list(model.stream(WHEN, max_tokens=40)) == ["In", " May."]


def test_a_model_is_caught_thinking_aloud_once() -> None:
    thinks = says("The user wants", "</think>", "In May.")
    with talking(thinks) as (model, _):
        with pytest.raises(ReplyUnusable, match="nothing announced") as caught:
            reply(model)
        assert "remote_thinks" in caught.value.hint
        assert reply(model) == "In May."
    with talking(thinks, thinks=False) as (model, _):
        assert reply(model) == "The user wants</think>In May."


def test_a_stop_string_ends_a_reply_and_the_connection() -> None:
    left = threading.Event()

    def goes_on(connection: Connection) -> None:
        connection.head()
        for text in ("One. ", "EN", "D Two."):
            connection.event(content=text)
        if connection.left_within(20):
            left.set()

    with talking(goes_on) as (model, _):
        stream = model.stream(WHEN, max_tokens=40, stop=["END"])
        assert "".join(stream) == "One. "
        assert stream.finish == "stop"
        assert left.wait(60)


def test_a_server_that_does_not_stream_is_understood() -> None:
    def at_once(connection: Connection) -> None:
        connection.answer(
            200,
            {
                "choices": [{"message": {"content": "In May."}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 4},
            },
        )

    with talking(at_once) as (model, _):
        stream = model.stream(WHEN, max_tokens=40)
        assert "".join(stream) == "In May."
        assert stream.usage.completion_tokens == 4


def test_a_stream_that_says_it_is_done_need_not_say_why() -> None:
    def done(connection: Connection) -> None:
        connection.head()
        connection.event(content="In May.")
        connection.send('data: {"choices": [], "usage": {"prompt_tokens": 9}}\n\n')
        connection.send("data: [DONE]\n\n")

    with talking(done) as (model, _):
        stream = model.stream(WHEN, max_tokens=40)
        assert "".join(stream) == "In May."
        assert stream.finish == "stop"


def test_tokens_are_counted_here_where_the_server_does_not() -> None:
    with talking(says("It ", "ends", ".", usage=None)) as (model, _):
        stream = model.stream(WHEN, max_tokens=40)
        list(stream)
        assert stream.usage.completion_tokens == 3
        assert stream.usage.prompt_tokens == model.prompt_tokens(WHEN)


def test_a_reply_cut_short_says_length() -> None:
    def cut(connection: Connection) -> None:
        connection.head()
        connection.event(content="It ends")
        connection.event(finish="length")

    with talking(cut) as (model, _):
        stream = model.stream(WHEN, max_tokens=2)
        assert "".join(stream) == "It ends"
        assert stream.finish == "length"


def test_the_servers_list_tells_the_only_model_and_its_context() -> None:
    with talking(says("Yes."), model="") as (model, server):
        server.models = {"data": [{"id": "qwen3-4b", "max_model_len": 2048}]}
        assert (model.name, model.context_tokens) == ("qwen3-4b", 2048)
        assert model.fingerprint == f"qwen3-4b at {server.url}"
        reply(model)
    assert server.asked.json["model"] == "qwen3-4b"
    assert sum("/models" in each.line for each in server.requests) == 1


def test_a_server_that_cannot_list_its_models_yet_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quire.models.remote.listing._AGAIN_SECONDS", 0.0)
    with talking(says("Yes."), model="") as (model, server):
        server.models = answers(503, {"error": "Loading model"})
        assert model.context_tokens == 4096
        server.models = {"data": [{"id": "qwen3-4b", "max_model_len": 2048}]}
        assert (model.name, model.context_tokens) == ("qwen3-4b", 2048)
        reply(model)
    assert server.asked.json["model"] == "qwen3-4b"


def test_all_who_ask_at_once_name_the_model() -> None:
    def slow(connection: Connection) -> None:
        time.sleep(0.4)
        connection.answer(200, {"data": [{"id": "qwen3-4b"}]})

    with talking(says("Yes."), model="") as (model, server):
        server.models = slow
        threads = [threading.Thread(target=reply, args=(model,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent = [each.json["model"] for each in server.requests if "chat" in each.line]
        assert sent == ["qwen3-4b"] * 3
        assert len(server.requests) == 4, "the list was asked for once"


def test_several_models_and_no_name_is_an_error_that_lists_them() -> None:
    with talking(says("Yes."), model="") as (model, server):
        server.models = {"data": [{"id": "small"}, {"id": "large"}]}
        with pytest.raises(ModelNotFound) as caught:
            reply(model)
        assert "small, large" in caught.value.hint


@pytest.mark.parametrize(
    "listed", ["<html>", "[]", '{"data": [7, {"id": 5}, null]}', '{"data": 7}']
)
def test_a_list_that_is_none_is_done_without(listed: str) -> None:
    with talking(says("Yes.")) as (model, server):
        server.models = listed
        assert model.context_tokens == 4096
        assert reply(model) == "Yes."


def test_a_schema_is_asked_for_and_held_to() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with talking(says('{"n": 5}')) as (model, server):
        assert reply(model, form=JsonSchema(schema)) == '{"n": 5}'
        assert server.asked.json["response_format"]["json_schema"]["schema"] == schema
        server.behave = says("Five.")
        with pytest.raises(ModelError, match="no JSON"):
            reply(model, form=JsonSchema(schema))
        with pytest.raises(UsageError, match="not to a grammar"):
            reply(model, form=Grammar('root ::= "a"'))


def test_the_estimate_of_tokens_is_high_and_not_absurd() -> None:
    assert CHAT.path is not None
    runtime = LlamaRuntime(
        gguf.read_facts(CHAT.path),
        context_tokens=256,
        threads=1,
        gpu_layers=0,
        extra_buffers=False,
        interrupt=Interrupt(),
    )
    samples = Path(__file__).parent.parent / "examples" / "sources"
    for path in ("lease-and-handbook.txt", "board-minutes.txt"):
        text = (samples / path).read_text(encoding="utf-8")
        real = len(runtime.tokenize(text, special=False))
        assert real <= estimate(text) <= 1.6 * real
    runtime.close()


def test_a_server_that_counts_more_corrects_the_estimate() -> None:
    with talking(says("Yes.", usage=(10_000, 1)), context_tokens=100_000) as (model, _):
        before = model.prompt_tokens(WHEN)
        reply(model)
        assert model.prompt_tokens(WHEN) == pytest.approx(4 * before, rel=0.1)


def test_a_prompt_that_is_too_long_is_not_sent() -> None:
    with (
        talking(says("Yes."), context_tokens=64) as (model, server),
        pytest.raises(ModelError, match="reads 64"),
    ):
        model.stream([Message("user", "租约" * 100)], max_tokens=5)
    assert not any("chat" in each.line for each in server.requests)


# What a server can do wrong


def answers(status: int, value: object, media: str = "application/json", **h: str) -> Behaviour:
    return lambda connection: connection.answer(status, value, media, **h)


def sends(*parts: bytes, media: str = "text/event-stream", **headers: str) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.head(200, media, **headers)
        for part in parts:
            connection.send(part)

    return behave


PIECE = b'data: {"choices": [{"delta": {"content": "It ends"}}]}\n\n'

WRONG: dict[str, tuple[Behaviour, type[ModelError], str]] = {
    "a wrong key": (
        answers(401, {"error": {"message": f"Incorrect API key: {KEY}"}}),
        ModelUnusable,
        r"refuses the key \(401\): Incorrect API key: …\.$",
    ),
    "no right to": (answers(403, ""), ModelUnusable, r"refuses the key \(403\)\.$"),
    "a wrong model": (
        answers(404, {"error": {"message": "The model `qwen` does not exist."}}),
        ModelNotFound,
        r"has no model 'qwen' for this key \(404\): The model `qwen` does not exist\.$",
    ),
    "a wrong path": (
        answers(404, "<h1>Not Found</h1>", "text/html"),
        ModelUnusable,
        "no chat route",
    ),
    "too many requests": (answers(429, {"detail": "slow down"}), ModelBusy, r"busy \(429\): slow"),
    "a model that loads": (answers(503, {"error": "Loading model"}), ModelBusy, "Loading model"),
    "a failure": (answers(500, {"error": {"message": "x" * 999}}), ModelUnreachable, r"x{200}\.$"),
    "a refused request": (
        answers(400, [{"error": {"message": "This model's maximum context is 10 tokens."}}]),
        ModelError,
        "maximum context is 10",
    ),
    "a redirect elsewhere": (
        answers(307, "", Location="https://elsewhere.example/v1/chat/completions"),
        ModelUnusable,
        r"redirects to https://elsewhere\.example/.*refused",
    ),
    "a web page": (answers(200, "<!DOCTYPE html>", "text/html"), ModelUnusable, "a web page"),
    "another kind": (answers(200, "…", "image/png"), ModelUnusable, "image/png"),
    "no kind at all": (answers(200, "…", ""), ModelUnusable, "something"),
    "a plain web server": (
        answers(501, "<p>Error code: 501", "text/html"),
        ModelUnusable,
        r"no chat route at http.*/v1/chat/completions \(501\)\.$",
    ),
    "JSON of something else": (
        answers(200, {"hello": "world"}),
        ModelUnreachable,
        r'JSON that is no reply: {"hello": "world"}\.$',
    ),
    "an error that is called a success": (
        answers(200, {"code": "InvalidApiKey", "message": f"no such key: {KEY}"}),
        ModelUnreachable,
        r"reports: no such key: …\.$",
    ),
    "no choices": (answers(200, {"choices": []}), ModelUnreachable, "no reply"),
    "no message": (answers(200, {"choices": [{"text": "In"}]}), ModelUnreachable, "no reply"),
    "an error as an event": (
        sends(b'data: {"code": "Throttling", "message": "too fast"}\n\n'),
        ModelUnreachable,
        "reports: too fast",
    ),
    "an end without a reply": (
        sends(b"data: {}\n\ndata: [DONE]\n\n"),
        ModelUnreachable,
        "sends nothing of a reply",
    ),
    "no JSON": (sends(b"data: {nope}\n\n"), ModelUnreachable, "not JSON"),
    "JSON that is no object": (sends(b"data: [1]\n\n"), ModelUnreachable, "no reply"),
    "nested JSON": (sends(b"data: " + b"[" * 99_999 + b"\n\n"), ModelUnreachable, "not JSON"),
    "an error in the middle": (
        sends(PIECE, b'data: {"error": {"message": "out of memory"}}\n\n'),
        ModelUnreachable,
        "reports: out of memory",
    ),
    "an error by llama-server": (
        sends(PIECE, b'error: {"error": {"message": "slot lost"}}\n\n'),
        ModelUnreachable,
        "reports: slot lost",
    ),
    "half a stream": (sends(PIECE), ModelUnreachable, "broke off"),
    "half an event": (sends(PIECE, b'data: {"choi'), ModelUnreachable, "not JSON"),
    "half a chunk": (
        sends(b"400\r\n" + PIECE, Transfer_Encoding="chunked"),
        ModelUnreachable,
        "broke off",
    ),
    "fewer bytes than promised": (
        sends(PIECE, Content_Length="99999"),
        ModelUnreachable,
        "broke off",
    ),
    "an oversized event": (
        sends(b"data: " + b"x" * (MAX_EVENT + 10)),
        ModelUnreachable,
        r"more than 1,048,576 bytes",
    ),
    "an event of many lines": (
        sends(*[b"data: " + b"x" * 1000 + b"\n"] * 1100),
        ModelUnreachable,
        r"more than 1,048,576 bytes",
    ),
    "a packed answer": (sends(PIECE, Content_Encoding="gzip"), ModelUnreachable, "packs"),
    "no HTTP": (lambda c: c.send("SSH-2.0-OpenSSH_9.2\r\n"), ModelUnreachable, "broke off"),
    "nothing": (lambda _: None, ModelUnreachable, "broke off"),
    "endless headers": (
        lambda c: c.send("HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 99_999),
        ModelUnreachable,
        "broke off",
    ),
    "a filter": (
        lambda c: (c.head(), c.event(content="It"), c.event(finish="content_filter")),
        ModelError,
        "its filter objects",
    ),
}


@pytest.mark.parametrize(("behave", "kind", "words"), WRONG.values(), ids=WRONG.keys())
def test_whatever_a_server_does_wrong_is_one_sentence(
    behave: Behaviour, kind: type[ModelError], words: str
) -> None:
    with talking(behave) as (model, server), pytest.raises(kind, match=words) as caught:
        reply(model)
    message = caught.value.message
    assert type(caught.value) is kind
    assert "127.0.0.1" in message
    assert "\n" not in message
    assert message.endswith(".")
    assert KEY not in message + caught.value.hint
    assert len([each for each in server.requests if "chat" in each.line]) == 1


@pytest.mark.parametrize(
    ("after", "hint"),
    [("17", "in 17 seconds"), ("soon", "in a minute"), ("9" * 40, "in a minute"), ("", "a minute")],
)
def test_a_busy_server_says_when_to_come_again(after: str, hint: str) -> None:
    behave = answers(429, {"error": "busy"}, Retry_After=after)
    with talking(behave) as (model, _), pytest.raises(ModelBusy) as caught:
        reply(model)
    assert hint in caught.value.hint


def test_a_key_is_asked_for_where_there_is_none() -> None:
    with (
        talking(answers(401, ""), key="") as (model, server),
        pytest.raises(ModelUnusable, match="asks for a key") as caught,
    ):
        reply(model)
    assert access.KEY_VARIABLE in caught.value.hint
    assert "authorization" not in server.asked.headers


@pytest.mark.parametrize("behave", [hangs, drips], ids=["silent", "dripping"])
def test_a_server_that_says_nothing_is_given_up(behave: Behaviour) -> None:
    with (
        talking(behave, timeout=0.4) as (model, _),
        pytest.raises(ModelUnreachable, match=r"said nothing for"),
    ):
        reply(model)


def test_a_server_that_stops_in_the_middle_is_given_up() -> None:
    def stops(connection: Connection) -> None:
        connection.head()
        connection.event(content="It ends")
        connection.left_within(60)

    with talking(stops, timeout=1.0) as (model, _):
        stream = model.stream(WHEN, max_tokens=5)
        assert next(stream) == "It ends"
        with pytest.raises(ModelUnreachable, match=r"said nothing for"):
            next(stream)


def test_a_server_that_keeps_silent_after_the_last_word_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quire.models.remote.connection._LAST_WORDS_SECONDS", 0.2)

    def lingers(connection: Connection) -> None:
        connection.head()
        connection.event(content="In May.", finish="stop")
        connection.left_within(60)

    with talking(lingers) as (model, _):
        assert reply(model) == "In May."


def test_a_server_that_ignores_the_limit_is_cut_off() -> None:
    def endless(connection: Connection) -> None:
        connection.head()
        while True:
            connection.event(content="and on and on " * 100)

    with talking(endless) as (model, _):
        stream = model.stream(WHEN, max_tokens=20)
        assert len("".join(stream)) < 5_000
        assert stream.finish == "length"


def test_a_server_that_thinks_without_end_is_cut_off() -> None:
    def endless(connection: Connection) -> None:
        connection.head()
        while True:
            connection.event(reasoning_content="hm")

    with talking(endless) as (model, _):
        stream = model.stream(WHEN, max_tokens=20)
        with pytest.raises(ModelError, match="for thinking"):
            list(stream)
        assert 20 <= stream.usage.completion_tokens <= 20 * 32


def test_events_without_anything_in_them_are_silence() -> None:
    def beats(connection: Connection) -> None:
        connection.head()
        while True:
            connection.send('data: {"choices": []}\n\n')
            time.sleep(0.05)

    with (
        talking(beats, timeout=0.4) as (model, _),
        pytest.raises(ModelUnreachable, match="said nothing for"),
    ):
        reply(model)


def test_a_server_that_dawdles_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quire.models.remote.reply._SECONDS_PER_TOKEN", 0.01)

    def dawdles(connection: Connection) -> None:
        connection.head()
        while True:
            connection.event(reasoning_content="h")
            time.sleep(0.05)

    with (
        talking(dawdles, timeout=1.5) as (model, _),
        pytest.raises(ModelUnreachable, match="end of its reply in 2 seconds") as caught,
    ):
        reply(model, max_tokens=20)
    assert "thinking" in caught.value.hint


def test_nobody_listening_is_one_sentence() -> None:
    with serving(hangs) as server:
        gone = access.server(server.url)
    model = RemoteModel(gone, model="qwen")
    with pytest.raises(ModelUnreachable, match="cannot be reached") as caught:
        reply(model)
    assert caught.value.hint
    model.close()


def test_a_server_without_encryption_behind_https_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def refuse() -> None:
            for _ in range(2):  # the list of models, the reply
                wire, _ = plain.accept()
                with wire:
                    wire.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        model = RemoteModel(access.server(f"https://127.0.0.1:{plain.getsockname()[1]}"))
        with pytest.raises(ModelUnreachable, match="cannot be made secure") as caught:
            reply(model)
        assert "http://" in caught.value.hint
        model.close()
        thread.join()


def test_a_server_that_comes_back_is_used_again() -> None:
    with talking(answers(503, "")) as (model, server):
        with pytest.raises(ModelBusy):
            reply(model)
        server.behave = says("Yes.")
        assert reply(model) == "Yes."


# Leaving


@pytest.mark.parametrize("how", ["cancel", "event", "drop"])
@pytest.mark.parametrize("when", ["waiting", "writing"])
def test_a_caller_who_leaves_closes_the_connection_soon(how: str, when: str) -> None:
    left: list[bool] = []
    done = threading.Event()

    def goes_on(connection: Connection) -> None:
        if when == "writing":
            connection.head()
            connection.event(content="It ends")
        left.append(connection.left_within(20))
        done.set()

    with talking(goes_on) as (model, server):
        event = threading.Event()
        stream = model.stream(WHEN, max_tokens=40, cancel=event)
        if when == "writing":
            assert next(stream) == "It ends"
        else:
            while not any("chat" in each.line for each in server.requests):
                time.sleep(0.01)
        if how == "drop":
            del stream
            gc.collect()
        else:
            if how == "cancel":
                stream.cancel()
            else:
                event.set()
            assert list(stream) == []
            assert stream.finish == "cancelled"
        assert done.wait(60)
        assert left == [True]  # and not because it has waited long enough: that takes longer


def test_closing_ends_replies_with_an_error() -> None:
    with talking(hangs) as (model, _):
        stream = model.stream(WHEN, max_tokens=40)
        model.close()
        model.close()
        with pytest.raises(ModelError, match="closed"):
            list(stream)
        with pytest.raises(ModelError, match="closed"):
            model.stream(WHEN, max_tokens=40)


def test_only_so_many_are_asked_for_at_once() -> None:
    with talking(hangs, model="") as (model, _):
        streams = [model.stream(WHEN, max_tokens=4) for _ in range(MAX_AT_ONCE)]
        with pytest.raises(ModelBusy, match="8 replies"):
            model.stream(WHEN, max_tokens=4)
        streams[0].cancel()
        list(streams[0])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                streams.append(model.stream(WHEN, max_tokens=4))
                break
            except ModelBusy:
                time.sleep(0.02)
        assert len(streams) == MAX_AT_ONCE + 1


# Addresses and keys


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no server is named"),
        ("example.org/v1", "http://"),
        ("ftp://example.org", "http://"),
        ("http://", "http://"),
        ("http://host:99999999/v1", "ort"),
        ("http://[::1/v1", "cannot be"),
        ("http://user:password@example.org/v1", "password"),
        ("http://example.org/v1?key=1", r"before any \?"),
        ("http://exa mple.org", "http://"),
        ("http://example.org/\nX: y", "http://"),
    ],
)
def test_an_address_that_cannot_be_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(ModelUnusable, match=words) as caught:
        access.server(url)
    assert caught.value.hint
    assert "user:" not in caught.value.message


def test_a_proxy_takes_even_a_local_address_off_the_machine() -> None:
    assert access.server("http://localhost:8080").local
    assert not access.server("http://localhost:8080", proxy="http://proxy.example").local


def test_a_key_comes_from_the_environment_first_then_from_a_file_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "remote.key"
    monkeypatch.delenv(access.KEY_VARIABLE, raising=False)
    assert access.key(file) == ""
    file.write_text("from-file\n")
    file.chmod(0o600)
    assert access.key(file) == "from-file"
    monkeypatch.setenv(access.KEY_VARIABLE, "from-environment")
    assert access.key(file) == "from-environment"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.delenv(access.KEY_VARIABLE, raising=False)
    file = tmp_path / "remote.key"
    file.write_text(KEY)
    file.chmod(mode)
    with pytest.raises(ModelUnusable, match="other users") as caught:
        access.key(file)
    assert caught.value.hint.endswith(f"chmod 600 {file}")


@pytest.mark.parametrize("key", ["two words", "钥匙", "a\nb", "x" * 5000])
def test_what_cannot_be_a_key_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(access.KEY_VARIABLE, key)
    with pytest.raises(ModelUnusable) as caught:
        access.key(tmp_path / "none")
    assert key not in str(caught.value)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with talking(says("Yes.")) as (model, _):
        assert reply(model) == "Yes."


def test_a_proxy_that_is_named_is_used() -> None:
    with serving(says("Yes.")) as server:
        proxy = server.url.removesuffix("/v1")
        elsewhere = access.server("http://models.example/v1", proxy=proxy)
        model = RemoteModel(elsewhere, model="qwen", proxy=proxy)
        assert reply(model) == "Yes."
        assert server.asked.line.startswith("POST http://models.example/v1/chat/completions")
        model.close()


def test_options_are_added_to_each_request_and_replace_nothing_of_quires() -> None:
    with talking(says("Yes."), options={"enable_thinking": False}) as (model, server):
        reply(model)
    assert server.asked.json["enable_thinking"] is False
    with pytest.raises(UsageError, match="messages"):
        RemoteModel(server=access.server(server.url), options={"messages": []})


# In a knowledge base


@pytest.fixture
def lease(tmp_path: Path) -> Path:
    (tmp_path / "lease.txt").write_text("The lease of the house ends on 31 May 2030.")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        kb.add(tmp_path / "lease.txt")
    return tmp_path / "kb"


def test_an_answer_says_which_machine_it_was_asked_of(
    lease: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reply_text = "The lease of the house ends on 31 May 2030."
    for local, sent_to in ((True, None), (False, "models.example")):
        with serving(says(reply_text)) as server:
            model = RemoteModel(Server(server.url, "models.example", local), model="q", key=KEY)
            with KnowledgeBase.open(lease, embedder=FakeEmbedder(), model=model) as kb:
                answer = kb.ask("When does the lease of the house end?")
                assert (answer.status, answer.model) == ("answered", "q")
                assert answer.sent_to == answer.to_dict()["sent_to"] == sent_to
                _, turn = kb.conversations.turn(answer.id)
                assert turn.answer["sent_to"] == sent_to
                assert turn.receipt is not None
                assert turn.receipt["model"]["sent_to"] == sent_to
            model.close()
    assert KEY not in caplog.text
    assert not any(KEY.encode() in file.read_bytes() for file in lease.rglob("*") if file.is_file())


def test_a_server_that_fails_leaves_the_quotes_and_says_why(lease: Path) -> None:
    with serving(answers(401, "")) as server:
        settings = load_settings(model="remote", remote_url=server.url, remote_model="q")
        with KnowledgeBase.open(lease, embedder=FakeEmbedder(), settings=settings) as kb:
            answer = kb.ask("When does the lease of the house end?")
    assert answer.status == "extractive"
    assert any("asks for a key" in note for note in answer.notes)


def thinks_only(connection: Connection) -> None:
    connection.head()
    connection.event(content="<think>The lease of the house ends")
    connection.event(finish="length")


def test_a_model_that_only_thinks_leaves_the_quotes_and_says_how_to_give_it_more(
    lease: Path,
) -> None:
    with serving(thinks_only) as server:
        model = RemoteModel(access.server(server.url), model="q")
        with KnowledgeBase.open(lease, embedder=FakeEmbedder(), model=model) as kb:
            answer = kb.ask("When does the lease of the house end?")
        model.close()
    assert answer.status == "extractive"
    assert any("for thinking" in note and "answer_tokens" in note for note in answer.notes)


def test_a_model_that_only_thinks_works_for_the_doctor_and_can_be_measured(
    settings: Settings,
) -> None:
    with serving(thinks_only) as server:
        there = settings.model_copy(
            update={"model": "remote", "remote_model": "q", "remote_url": server.url}
        )
        (*_, check) = diagnosis._remote_model(there)
        assert (check.ok, check.found.endswith("thought")) == (True, True)
        model = RemoteModel(access.server(server.url), model="q")
        assert speed.measure_chat(model).decode > 0
        model.close()


def test_a_remote_model_without_an_address_leaves_the_quotes_and_says_why(lease: Path) -> None:
    settings = load_settings(model="remote")
    assert opening.server(settings) is None
    with KnowledgeBase.open(lease, embedder=FakeEmbedder(), settings=settings) as kb:
        answer = kb.ask("When does the lease of the house end?")
    assert answer.status == "extractive"
    assert any("no server is named" in note for note in answer.notes)


def test_the_doctor_says_where_questions_go(settings: Settings) -> None:
    def checks(**changes: str) -> dict[str, Check]:
        there = settings.model_copy(update={"model": "remote", **changes})
        return {check.name: check for check in diagnosis._remote_model(there)}

    with serving(says("Yes")) as server:
        server.models = {"data": [{"id": "qwen3-4b"}]}
        found = checks(remote_url=server.url)
        assert found["Chat model"].ok
        assert "qwen3-4b" in found["Chat model"].found
        assert found["Leaves this machine"].found.startswith("no: ")
        found = checks(remote_url=server.url, remote_proxy=server.url)
        assert found["Leaves this machine"].found.startswith("yes: questions")
    found = checks(remote_url=server.url)
    assert not found["Chat model"].ok
    assert found["Chat model"].todo
