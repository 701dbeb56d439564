"""Starts the browser interface: Streamlit in a child process, reachable from this machine only
unless there is a password, and by nobody without this start's key."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from quire.config import Settings
from quire.errors import UsageError
from quire.ingest.limits import Limits
from quire.loopback import LOOPBACK_NAMES, is_loopback
from quire.models.engine.openmp import wait_passively

THEME: Mapping[str, str] = {
    "theme.light.primaryColor": "#2b5f8c",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f2f1ed",
    "theme.light.linkColor": "#2b5f8c",
    "theme.light.textColor": "#26282b",
    "theme.light.sidebar.backgroundColor": "#f7f6f3",
    "theme.dark.primaryColor": "#3a79b3",
    "theme.dark.backgroundColor": "#17191c",
    "theme.dark.secondaryBackgroundColor": "#23262b",
    "theme.dark.linkColor": "#8ab8e0",
    "theme.dark.textColor": "#e6e4df",
    "theme.dark.sidebar.backgroundColor": "#1d2024",
    "theme.baseRadius": "medium",
    # The built-in Latin font comes with Streamlit; the others are those that systems have for
    # Chinese. A list that ends in "sans-serif" alone shows some characters in Japanese shapes.
    "theme.font": "'Source Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "'Source Han Sans SC', 'WenQuanYi Micro Hei', sans-serif",
}
"""The colours, light and dark: white stands on the primary one, and links on the background.
`.streamlit/config.toml` repeats them for `streamlit run`."""

PASSWORD = "QUIRE_PASSWORD"  # noqa: S105  the name of the variable
"""The variable that holds the password of an interface that other machines can reach."""

DOOR = "QUIRE_DOOR"
"""The variable that says, within the server, what its door asks for: "key", "password", "nothing".
"""

_SHORTEST = 10  # characters of such a password
_GRACE = 3.0  # seconds given to the server to end in good order
_STARTING = 60.0  # seconds that the server may take before its page is opened


def launch(
    kb_folder: Path,
    *,
    port: int,
    host: str = "127.0.0.1",
    allowed: Collection[str] = (),
    with_key: bool = True,
    open_browser: bool = True,
    api: tuple[int, str] | None = None,
    announce: Callable[[str, str | None], None] = lambda *_: None,
) -> int:
    """Serve the interface for one knowledge base until Ctrl-C; returns the exit status.

    Every other user of the machine reaches what listens on its loopback address, so the page asks
    for a key that is made for this start; `with_key` false leaves that out. With a password in the
    environment it asks for that instead. `allowed` are names by which a proxy before it is called,
    and so the page too. `announce` is told the address, which with a key is a link that works once,
    and the key or None, when nothing stands in the way any more. With `api`, a port of this machine
    and a key, other programs are served there by the same process.

    Raises UsageError when `host` is reachable from other machines, or a name is allowed, and there
    is no password in the environment, or a short one, and when `port` is in use.
    """
    if host == "localhost":
        host = "127.0.0.1"  # a browser may try ::1 first, where another user can be listening
    password = os.environ.get(PASSWORD, "")
    if not is_loopback(host) and not password:
        raise UsageError(
            f"Without a password the interface cannot listen on {host}, where other machines "
            "reach it.",
            hint=f"Put one into the environment ({PASSWORD}), or leave the address out and reach "
            "it from elsewhere through an SSH tunnel.",
        )
    if allowed and not password:
        raise UsageError(
            f"Without a password the interface cannot be called {next(iter(allowed))}, by which "
            "other machines would reach it.",
            hint=f"Put one into the environment ({PASSWORD}).",
        )
    if password and len(password) < _SHORTEST:
        raise UsageError(
            f"The password in {PASSWORD} is too short.",
            hint=f"Take one of at least {_SHORTEST} characters.",
        )
    _check_free(host, port)
    if api is not None:
        _check_free("127.0.0.1", api[0])
    wait_passively()  # the server inherits it, whatever it loads before its script
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    key = secrets.token_urlsafe(32) if with_key and not password else None
    link = secrets.token_urlsafe(32) if key else None
    first = f"{address}/?key={link}" if link else address
    given = {
        "options": options(port=port, host=host),
        "secret": password or key,
        "link": link,
        "kind": "password" if password else "key" if key else "nothing",
        "api": {"port": api[0], "key": api[1]} if api else None,
        # Pages elsewhere may have their host's name lead to this machine. Other machines know it by
        # names that only its owner can list, and have to give the password.
        "hosts": [*dict.fromkeys((host, *LOOPBACK_NAMES, *map(str.lower, allowed)))]
        if allowed or is_loopback(host)
        else None,
    }
    announce(first, key)
    with tempfile.TemporaryDirectory(prefix="quire-ui-") as folder:
        # -P: a file called streamlit.py in the current folder must not become the server. And it is
        # started in a folder of its own, so that no `.streamlit` in the current one is read.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "quire.ui.server"],
            stdin=subprocess.PIPE,
            cwd=folder,
            env=_environment(kb_folder),
        )
        previous = signal.signal(signal.SIGTERM, _interrupt)
        try:
            _hand_over(process, given)
            if open_browser:
                waiting = (process, host, port, first)
                threading.Thread(target=_open_when_there, args=waiting, daemon=True).start()
            return process.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            signal.signal(signal.SIGTERM, previous)
            _end(process)


def options(*, port: int, host: str) -> dict[str, Any]:
    """What Streamlit is told. It goes before a configuration of its own, wherever that is, and so
    names each option that could open something."""
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.corsAllowedOrigins": [],
        "server.allowedHosts": [],  # the door looks at them
        "server.baseUrlPath": "",
        "server.scriptHealthCheckEnabled": False,
        "server.enableAgentApi": False,
        "server.trustedUserHeaders": {},
        "secrets.files": [],  # what is in them goes into the environment
        "server.maxUploadSize": Limits().file_bytes // 1024**2,
        "global.developmentMode": False,
        "browser.serverAddress": host if is_loopback(host) else socket.gethostname(),
        "browser.serverPort": port,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "runner.magicEnabled": False,
        # With models loaded a full collection takes most of a second, and a page that shows how
        # far an answer is runs every half second: nothing else would get to run.
        "runner.postScriptGC": False,
        **THEME,
    }


def log_to_terminal(text: str) -> None:
    """Tell whoever has started the server, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be used: {error.strerror}.",
                hint=f"Name another one, such as --port {port + 1}.",
            ) from error


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  Python's signature
    raise KeyboardInterrupt


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(kb_folder: Path) -> dict[str, str]:
    """The server's: without the password, and with paths that hold in any current folder."""
    variables = {name: value for name, value in os.environ.items() if name != PASSWORD}
    for name in ("QUIRE_CONFIG", *(f"QUIRE_{field.upper()}" for field in Settings.model_fields)):
        path = Path(variables.get(name, "")).expanduser()
        if name in variables and not path.is_absolute() and path.exists():
            variables[name] = str(path.absolute())
    return variables | {"QUIRE_KB": str(kb_folder.expanduser().absolute())}


def _hand_over(process: "subprocess.Popen[bytes]", given: Mapping[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101  it was asked for
    with contextlib.suppress(BrokenPipeError):  # it has ended already, and said why
        process.stdin.write(json.dumps(given).encode() + b"\n")
        process.stdin.flush()  # and left open: the server ends when it is closed


def _open_when_there(process: "subprocess.Popen[bytes]", host: str, port: int, page: str) -> None:
    """Open the page in a browser once the server listens."""
    end = time.monotonic() + _STARTING
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            webbrowser.open(page)
            return
        time.sleep(0.1)
