"""The browser's server, in a process of its own as `quire ui` starts it, or by `streamlit run`.

`python -m quire.ui.server` reads one JSON object from standard input: `options` for Streamlit, and
what opens the door. Neither stands in its arguments or its environment, which others can see.

To judge whether a page from elsewhere may connect, Streamlit asks a server on the internet for the
external address of this machine. Nothing may leave the machine, so it is told that there is none.
"""

import json
import os
import sys
from importlib import resources

from starlette.middleware import Middleware
from streamlit import net_util
from streamlit.starlette import App

from quire.ui.door.asgi import Door
from quire.ui.door.keys import Keyring, made_key
from quire.ui.launch import DOOR, LOOPBACK_NAMES, PASSWORD, log_to_terminal


def no_external_address() -> None:
    """Stands in for the look-up of this machine's address by a server elsewhere."""


net_util.get_external_ip = no_external_address
# Without a proxy of the user's own, whose variable this is, no header says who is there.
os.environ.setdefault("FORWARDED_ALLOW_IPS", "")

SCRIPT = str(resources.files("quire.ui") / "main.py")


def door_for_streamlit_run() -> Middleware:
    """The door where somebody has started Streamlit by himself. With `QUIRE_PASSWORD` it asks for
    that, else for a key that is made now and printed."""
    password = os.environ.pop(PASSWORD, "")
    os.environ[DOOR] = "password" if password else "key"
    if password:
        return Middleware(Door, keyring=Keyring(password), kind="password")
    key = made_key()
    log_to_terminal(f"The page asks for this key: {key}")
    return Middleware(Door, keyring=Keyring(key), hosts=LOOPBACK_NAMES)


def main() -> None:
    """Serve until told to end."""
    given = json.loads(sys.stdin.readline())
    sys.argv = [sys.argv[0]]  # Streamlit takes the others for the script's
    os.environ[DOOR] = given["kind"]
    keyring = Keyring(given["secret"], link=given["link"]) if given["secret"] else None
    door = Middleware(Door, keyring=keyring, kind=given["kind"], hosts=given["hosts"])
    App(SCRIPT, middleware=[door]).run(config=given["options"])


if __name__ == "__main__":
    main()
