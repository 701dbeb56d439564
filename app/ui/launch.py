"""Starts the browser interface: Streamlit in a child process, reachable from this machine only
unless there is a password."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from quire.errors import UsageError
from quire.ingest.limits import Limits
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

_SHORTEST = 10  # characters of such a password
_GRACE = 3.0  # seconds given to the server to end in good order


def launch(
    kb_folder: Path,
    *,
    port: int,
    host: str = "127.0.0.1",
    open_browser: bool = True,
    announce: Callable[[str], None] = lambda _: None,
) -> int:
    """Serve the interface for one knowledge base until Ctrl-C; returns the exit status.

    `announce` is told the address once nothing stands in the way.

    Raises UsageError when `host` is reachable from other machines and there is no password in the
    environment, or a short one, and when `port` is in use.
    """
    password = os.environ.get(PASSWORD, "")
    if not is_loopback(host) and not password:
        raise UsageError(
            f"Without a password the interface cannot listen on {host}, where other machines "
            "reach it.",
            hint=f"Put one into the environment ({PASSWORD}), or leave the address out and reach "
            "it from elsewhere through an SSH tunnel.",
        )
    if password and len(password) < _SHORTEST:
        raise UsageError(
            f"The password in {PASSWORD} is too short.",
            hint=f"Take one of at least {_SHORTEST} characters.",
        )
    _check_free(host, port)
    wait_passively()  # the server inherits it, whatever it loads before its script
    announce(f"http://{host}:{port}")
    process = subprocess.Popen(
        command(port=port, host=host, open_browser=open_browser),
        env=os.environ | {"QUIRE_KB": str(kb_folder.expanduser().absolute())},
    )
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        _end(process)


def command(*, port: int, host: str, open_browser: bool) -> list[str]:
    """The command line of the server. Flags go before a `.streamlit` folder, wherever it is."""
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": _yes(not open_browser),
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "server.runOnSave": "false",
        "server.enableStaticServing": "false",
        "server.maxUploadSize": Limits().file_bytes // 1024**2,
        "browser.serverAddress": host if is_loopback(host) else socket.gethostname(),
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "logger.hideWelcomeMessage": "true",
        "logger.level": "warning",
        "runner.magicEnabled": "false",
        # With models loaded a full collection takes most of a second, and a page that shows how
        # far an answer is runs every half second: nothing else would get to run.
        "runner.postScriptGC": "false",
        **THEME,
    }
    script = str(resources.files("quire.ui") / "main.py")
    flags = [f"--{name}={value}" for name, value in options.items()]
    if is_loopback(host):
        # against pages elsewhere whose host name is made to lead to this machine; other machines
        # know it by names that nobody can list here, and have to give the password
        flags += [f"--server.allowedHosts={name}" for name in dict.fromkeys((host, "localhost"))]
    # -P: a file called streamlit.py in the current folder must not become the server
    return [sys.executable, "-P", "-m", "quire.ui.server", "run", script, *flags]


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _yes(value: bool) -> str:
    return "true" if value else "false"
