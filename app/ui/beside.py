"""The server for other programs, in the process of the page: one set of models answers both."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

from quire.server.running import listening, run
from quire.server.served import Served
from quire.ui.launch import log_to_terminal
from quire.ui.shared import Shared, first

_GRACE = 2.0  # seconds that requests under way are given at the end


def serve(given: Mapping[str, Any]) -> Callable[[], None]:
    """Listen on the `port` of loopback in a thread of its own, for who has the `key`; what is
    returned ends it. The knowledge base is the one that the page opens, opened once for both."""
    running: list[uvicorn.Server] = []
    serving: list[Served] = []

    def work() -> None:
        with listening("127.0.0.1", given["port"]) as listener:
            serving.append(of_page(first()))
            run(serving[0], listener, key=given["key"], started=running.append)

    def end() -> None:
        for served in serving:
            served.stop()
        for server in running:
            server.should_exit = True
        thread.join(_GRACE)

    thread = threading.Thread(target=work, name="quire-server", daemon=True)
    thread.start()
    log_to_terminal(f"Other programs are served at http://127.0.0.1:{given['port']}")
    return end


def of_page(opened: Shared) -> Served:
    """What is served of a knowledge base that the page has open, with the files on their way."""
    name = opened.base.folder.name
    return Served([(name, opened.base)], ingests={name: opened.ingests})
