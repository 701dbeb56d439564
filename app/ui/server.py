"""The browser's server, in a process of its own as `quire ui` starts it, or by `streamlit run`.

`python -m quire.ui.server` reads one JSON object from standard input: `options` for Streamlit, and
what opens the door. Neither stands in its arguments or its environment, which others can see. It
ends with the process that started it, which holds its standard input open for that.

To judge whether a page from elsewhere may connect, Streamlit asks a server on the internet for the
external address of this machine. Nothing may leave the machine, so it is told that there is none.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from importlib import resources
from pathlib import Path

from starlette.middleware import Middleware
from streamlit import config, net_util
from streamlit.starlette import App

from quire.loopback import LOOPBACK_NAMES
from quire.ui.door.asgi import Door
from quire.ui.door.keys import Keyring, made_key
from quire.ui.launch import DOOR, PASSWORD, log_to_terminal


def no_external_address() -> None:
    """Stands in for the look-up of this machine's address by a server elsewhere."""


net_util.get_external_ip = no_external_address
# Without a proxy of the user's own, whose variable this is, no header says who is there.
os.environ.setdefault("FORWARDED_ALLOW_IPS", "")

SCRIPT = str(resources.files("quire.ui") / "main.py")

_MOST_FILES = 16384  # open at once, connections among them; one that idles takes some 4 KB
_GRACE = 3.0  # seconds to end in good order


def door_for_streamlit_run(checkout: Path) -> Middleware:
    """The door where somebody has started Streamlit by himself. With `QUIRE_PASSWORD` it asks for
    that, else for a key that is made now and printed."""
    _leave_out_current_folder(checkout)
    password = os.environ.pop(PASSWORD, "")
    os.environ[DOOR] = "password" if password else "key"
    if password:
        return Middleware(Door, keyring=Keyring(password), kind="password")
    key = made_key()
    log_to_terminal(f"The page asks for this key: {key}")
    return Middleware(Door, keyring=Keyring(key), hosts=LOOPBACK_NAMES)


def _leave_out_current_folder(checkout: Path) -> None:
    """Take back what was read from settings in the current folder, where that is not the checkout:
    anybody may have put them there. Of secrets none are read: Streamlit puts them into the
    environment, and so into the settings of Quire and of each process that it starts."""
    if Path.cwd() != checkout:
        planted = str(Path.cwd() / ".streamlit" / "config.toml")
        for name, option in config.get_config_options().items():
            if option.where_defined == planted:
                config.set_option(name, option.default_val, "<default>")
    config.set_option("secrets.files", [])


def _allow_connections() -> None:
    """Raise the limit on open files, which often is a thousand: another user of the machine could
    hold as many connections, and the server would do nothing but complain."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415  exists on POSIX only

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _end_with_parent() -> None:
    """End when whoever has started this server is gone, however that came about."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def main() -> None:
    """Serve until told to end."""
    given = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _allow_connections()
    sys.argv = [sys.argv[0]]  # Streamlit takes the others for the script's
    os.environ[DOOR] = given["kind"]
    keyring = Keyring(given["secret"], link=given["link"]) if given["secret"] else None
    door = Middleware(Door, keyring=keyring, kind=given["kind"], hosts=given["hosts"])
    app = App(SCRIPT, middleware=[door])
    if given["api"] is None:
        app.run(config=given["options"])
        return
    from quire.ui import beside  # noqa: PLC0415  loads the server

    end = beside.serve(given["api"])
    try:
        app.run(config=given["options"])
    finally:
        end()


if __name__ == "__main__":
    main()
