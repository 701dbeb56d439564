"""A server on loopback for tests of remote models: each test says what it sends, byte by byte."""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What a client sent: `line` is its first line, header names are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Connection:
    """The server's end of one request."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire

    def send(self, data: bytes | str) -> None:
        self._wire.sendall(data.encode() if isinstance(data, str) else data)

    def head(self, status: int = 200, media: str = "text/event-stream", **headers: str) -> None:
        named = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
        self.send(
            f"HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nConnection: close\r\n{named}\r\n"
        )

    def answer(self, status: int, value: object, media: str = "application/json", **h: str) -> None:
        """A whole answer at once."""
        body = value if isinstance(value, str) else json.dumps(value)
        self.head(status, media, Content_Length=str(len(body.encode())), **h)
        self.send(body)

    def event(self, **delta: Any) -> None:
        """A piece of a reply; `finish` is why it ends, and `usage` tokens read and written."""
        finish, usage = delta.pop("finish", None), delta.pop("usage", None)
        data: dict[str, Any] = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        if usage:
            data["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        self.send(f"data: {json.dumps(data)}\n\n")

    def left_within(self, seconds: float) -> bool:
        """Whether the client closes the connection within so many seconds."""
        self._wire.settimeout(seconds)
        try:
            return self._wire.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True


Behaviour = Callable[[Connection], None]


@dataclass
class RemoteServer:
    """`behave` answers chat requests. `models` is the list of models, a behaviour that answers for
    it, or None for no list."""

    url: str
    behave: Behaviour
    models: object = None
    requests: list[Request] = field(default_factory=list)

    @property
    def asked(self) -> Request:
        """The last request for a reply."""
        return [each for each in self.requests if "/chat/completions" in each.line][-1]


@contextmanager
def serving(behave: Behaviour) -> Iterator[RemoteServer]:
    """A server that runs while the block does."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode("latin-1").strip()
            headers = {}
            while (row := self.rfile.readline().decode("latin-1").strip()) != "":
                name, _, value = row.partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            mine.requests.append(Request(line, headers, body))
            connection = Connection(self.connection)
            try:
                if "/models " not in line:
                    mine.behave(connection)
                elif callable(mine.models):
                    mine.models(connection)
                elif mine.models is None:
                    connection.answer(404, {"error": "no list"})
                else:
                    connection.answer(200, mine.models)
            except OSError:  # the client left, as some tests want it to
                pass

    class Tcp(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Tcp(("127.0.0.1", 0), Handler) as server:
        mine = RemoteServer(f"http://127.0.0.1:{server.server_address[1]}/v1", behave)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield mine
        finally:
            server.shutdown()
            thread.join()


def says(*pieces: str, usage: tuple[int, int] | None = (20, 3)) -> Behaviour:
    """A server that writes these pieces and is done."""

    def behave(connection: Connection) -> None:
        connection.head()
        for text in pieces:
            connection.event(content=text)
        connection.event(finish="stop", **({"usage": usage} if usage else {}))
        connection.send("data: [DONE]\n\n")

    return behave


def hangs(connection: Connection) -> None:
    """A server that takes a question and says nothing, for a minute or until the client leaves."""
    connection.left_within(60)


def drips(connection: Connection) -> None:
    """A server that keeps the connection alive and never says anything."""
    connection.head()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection.send(": still here\n\n")
        time.sleep(0.05)
