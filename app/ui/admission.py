"""The password page, where the interface was started with one: `QUIRE_PASSWORD`.

Nothing of the knowledge base is sent to a tab before its password was right, and it is asked for
again in every tab: no cookie lets anybody in, on which another page could ride.
"""

import hmac
import os
import threading
import time

import streamlit as st

from quire.ui.catalogue import label
from quire.ui.launch import PASSWORD
from quire.ui.state import state

_FIRST = 1.0  # seconds that the first wrong password from an address costs; each further one twice
_LONGEST = 30.0
_FORGOTTEN = 600.0  # seconds after which a wrong password is forgotten


class Doorkeeper:
    """Compares passwords; makes an address wait, one try after the other, while it is wrong."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._lock = threading.Lock()
        self._doors: dict[str, threading.Lock] = {}
        self._wrong: dict[str, tuple[int, float]] = {}  # how often, and when last

    def admits(self, given: str, *, address: str) -> bool:
        """Whether a password is right. A wrong one takes time, and more each time."""
        with self._lock:
            door = self._doors.setdefault(address, threading.Lock())
        with door:
            if hmac.compare_digest(given.encode(), self._password):
                self._wrong.pop(address, None)
                return True
            times, last = self._wrong.get(address, (0, 0.0))
            if time.monotonic() - last > _FORGOTTEN:
                times = 0
            self._wrong[address] = (times + 1, time.monotonic())
            time.sleep(min(_LONGEST, _FIRST * 2**times))
            return False


def is_admitted() -> bool:
    """Whether this tab may see the knowledge base: it gave the password, or there is none."""
    return state().admitted or not os.environ.get(PASSWORD)


def draw() -> None:
    """Draw the password page, and look at what was given."""
    with st.container(key="admission"):
        st.header("Quire", anchor=False)
        with st.form("admission", border=False):
            given = st.text_input(
                label("admission.password"), type="password", autocomplete="current-password"
            )
            entered = st.form_submit_button(label("admission.enter"), type="primary")
        if entered:
            keeper = _doorkeeper(os.environ[PASSWORD])
            if keeper.admits(given, address=st.context.ip_address or ""):
                state().admitted = True
                st.rerun()
            st.error(label("admission.wrong"))


@st.cache_resource(show_spinner=False)
def _doorkeeper(password: str) -> Doorkeeper:
    return Doorkeeper(password)
