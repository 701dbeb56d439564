"""Runs the server until it is told to end: by Ctrl-C, or by SIGTERM as service managers send it."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from quire.config import Settings
from quire.errors import UsageError
from quire.loopback import LOOPBACK_NAMES
from quire.server import logs
from quire.server.application import application
from quire.server.served import Served, opened

_GRACE = 4  # seconds that requests under way are given at the end
_IDLE = 20  # seconds that a connection is kept open without a request
_CONNECTIONS = 256  # at once; the next one hears 503
_BACKLOG = 128


def serve(
    folders: Sequence[Path],
    *,
    settings: Settings,
    key: str,
    host: str,
    port: int,
    allowed: Collection[str] = (),
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the knowledge bases in these folders. Port 0 takes a free one; `allowed` are names by
    which the server may be called, beside its address and those of loopback. `announce` is told the
    address once it listens.

    Raises UsageError when the port is in use, and what opening a knowledge base raises.
    """
    host = "127.0.0.1" if host == "localhost" else host
    with listening(host, port) as listener, logs.lines():
        serving = opened(folders, settings)
        try:
            run(serving, listener, key=key, hosts={host, *allowed}, announce=announce)
        finally:
            serving.close()


def run(
    serving: Served,
    listener: socket.socket,
    *,
    key: str,
    hosts: Collection[str] = (),
    announce: Callable[[str], None] = lambda _: None,
    started: Callable[[uvicorn.Server], None] = lambda _: None,
) -> None:
    """Answer what comes in at a socket, until told to end. `started` is given what can be told."""
    config = uvicorn.Config(
        application(serving, key=key, hosts={*LOOPBACK_NAMES, *hosts}),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no header says who is there
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config, serving)
    started(server)
    for each in serving.bases.values():
        each.jobs.resume()
    threading.Thread(target=serving.load_models, name="quire-models", daemon=True).start()
    host, port = listener.getsockname()[:2]
    announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, serving: Served) -> None:
        super().__init__(config)
        self._serving = serving

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End in good order; a second Ctrl-C does not wait for that. The signal is not sent once
        more when all has ended, as uvicorn does: it would end the process before files are
        closed."""
        self._serving.stop()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that connections wait at. Raises UsageError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # subtle: with the protocol named, asyncio sends what is small at once; without, each answer on
    # an open connection waits some 40 ms for the client's acknowledgement
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise UsageError(
                f"Quire cannot listen on {host}, port {port}: {error.strerror or error}.",
                hint=f"Name another port, such as --port {port % 65535 + 1}, or another --host.",
            ) from error
        yield listener
