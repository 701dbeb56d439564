"""A hub on loopback: repositories as Hugging Face and ModelScope serve them, and all that can go
wrong on the way."""

import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BLOCK = 64 * 1024
PAGE = b"<!doctype html><title>Log in</title><p>Please log in to the network."


@dataclass
class Hub:
    """What the server has, how it misbehaves, and what it was asked.

    `repositories` map a path to the bytes of a file, or to a file. `cuts` are how many bytes of a
    body are sent before the connection is cut, one for each request for a body, used up from the
    front. `claims` are what the hub says a file's SHA-256 is, where it does not say the truth.
    """

    repositories: dict[str, dict[str, bytes | Path]] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)  # in place of a file's own content
    status: int = 200  # of every body
    ranges: bool = True
    lengths: bool = True  # says how long a body is
    pages: bool = False  # a web page in place of every body
    hangs_at: int | None = None  # sends nothing more from this byte of a file on
    token: str = ""  # asked for, in every repository
    etag: str = ""  # of every body, else its hash
    linked: bool = True  # says what large files are before it leads to them
    elsewhere: str = ""  # where it sends those who want a body
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bytes_sent: int = 0
    pause: float = 0.0  # seconds between two blocks
    hashes: dict[bytes | Path, str] = field(default_factory=dict)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def content(self, repo: str, path: str) -> bytes:
        found = self.repositories[repo][path]
        return found.read_bytes() if isinstance(found, Path) else found

    def hash_of(self, repo: str, path: str) -> str:
        found = self.repositories[repo][path]
        if found not in self.hashes:
            self.hashes[found] = hashlib.sha256(self.content(repo, path)).hexdigest()
        return self.hashes[found]

    def bodies(self) -> list[dict[str, str]]:
        """The headers of each request for a body."""
        return [headers for method, path, headers in self.asked if path.startswith("/cdn/")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass

    def _answer(self, *, body: bool) -> None:
        hub = self.hub
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.asked.append((self.command, self.path, headers))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        if path.startswith("/cdn/"):
            repo, file = path.removeprefix("/cdn/").split("//")
            return self._body(repo, file, send=body)
        if hub.token and headers.get("authorization") != f"Bearer {hub.token}":
            return self._say(401, b"Access to this model is restricted.")
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+|refs/pr/\d+)/(.+)", path):
            return self._lead(found[1], found[3])
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path):
            return self._list(found[1])
        if found := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo/files", path):
            return self._list_as_modelscope(found[1])
        if found := re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)/repo", path):
            return self._lead(found[1], query["FilePath"])
        return self._say(404, b"Not found")

    def _lead(self, repo: str, file: str) -> None:
        if file not in self.hub.repositories.get(repo, {}):
            return self._say(404, b"Entry not found")
        content = self.hub.content(repo, file)
        extra = {"Location": f"{self.hub.elsewhere or self.hub.url}/cdn/{repo}//{file}"}
        if self.hub.linked:
            extra |= {
                "X-Linked-Etag": f'"{self._sha256(repo, file)}"',
                "X-Linked-Size": str(len(content)),
            }
        return self._say(302, b"", **extra)

    def _sha256(self, repo: str, file: str) -> str:
        return self.hub.claims.get(file) or self.hub.hash_of(repo, file)

    def _list(self, repo: str) -> None:
        if repo not in self.hub.repositories:
            return self._say(404, b"Repository not found")
        rows: list[dict[str, Any]] = [{"type": "directory", "path": "1_Pooling", "oid": "0" * 40}]
        for path in self.hub.repositories[repo]:
            content = self.hub.content(repo, path)
            row: dict[str, Any] = {"type": "file", "path": path, "size": len(content)}
            row["oid"] = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            if path.endswith((".safetensors", ".bin", ".gguf")):
                row["lfs"] = {"oid": self._sha256(repo, path), "size": len(content)}
            rows.append(row)
        return self._say(200, json.dumps(rows).encode(), **{"Content-Type": "application/json"})

    def _list_as_modelscope(self, repo: str) -> None:
        if repo not in self.hub.repositories:
            return self._say(404, b"{}")
        rows = [
            {
                "Type": "blob",
                "Path": path,
                "Size": len(self.hub.content(repo, path)),
                "Sha256": self._sha256(repo, path),
            }
            for path in self.hub.repositories[repo]
        ]
        answer = {"Code": 200, "Data": {"Files": rows}}
        return self._say(200, json.dumps(answer).encode(), **{"Content-Type": "application/json"})

    def _body(self, repo: str, file: str, *, send: bool) -> None:
        hub = self.hub
        if hub.status != 200:
            return self._say(hub.status, b"No.")
        if hub.pages:
            return self._say(200, PAGE, **{"Content-Type": "text/html; charset=utf-8"})
        content = hub.sent.get(file) or hub.content(repo, file)
        etag = hub.etag or f'"{hub.hash_of(repo, file)}"'
        start, wanted = 0, re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        fresh = self.headers.get("If-Range") in {None, etag}
        if wanted and hub.ranges and fresh:
            start = int(wanted[1])
            if start >= len(content):
                return self._say(416, b"", **{"Content-Range": f"bytes */{len(content)}"})
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if hub.lengths:
            self.send_header("Content-Length", str(len(content) - start))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if send:
            self._send(content[start:], start)
        return None

    def _send(self, data: bytes, start: int) -> None:
        hub = self.hub
        cut = hub.cuts.pop(0) if hub.cuts else None
        end = len(data) if cut is None else min(cut, len(data))
        for at in range(0, end, BLOCK):
            block = data[at : min(at + BLOCK, end)]
            if hub.hangs_at is not None and start + at + len(block) > hub.hangs_at:
                self.wfile.write(block[: max(0, hub.hangs_at - start - at)])
                self.wfile.flush()
                hub.released.wait()
                break
            self.wfile.write(block)
            time.sleep(hub.pause)
            hub.bytes_sent += len(block)
        if cut is not None or hub.hangs_at is not None:
            self.wfile.flush()
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _say(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Those who leave in the middle are expected."""


@contextlib.contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub that answers while the block runs."""
    hub = Hub()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
