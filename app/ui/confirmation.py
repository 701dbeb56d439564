"""A question before something is deleted."""

from collections.abc import Callable

import streamlit as st

from quire.ui.answering import log_place
from quire.ui.catalogue import label
from quire.ui.state import state


def ask(title: str, *, about: str, yes: str, do: Callable[[], None]) -> None:
    """Ask over the page, in Markdown; `do` runs when the button `yes` is pressed."""

    def act() -> None:
        try:
            do()
        except Exception as error:
            log_place(error)
            state().problem = error

    @st.dialog(title)
    def draw() -> None:
        st.write(about)
        with st.container(horizontal=True):
            confirmed = st.button(yes, type="primary", key="confirm", on_click=act)
            if st.button(label("app.cancel"), key="decline") or confirmed:
                st.rerun()

    draw()
