"""A model on a server: its address, tried before it is used."""

import os

import streamlit as st

from quire.config import load_settings
from quire.models.library import Models
from quire.models.remote import access
from quire.ui import problems
from quire.ui.catalogue import duration, label, plain
from quire.ui.settings import choosing
from quire.ui.shared import Shared
from quire.ui.state import state


def draw(opened: Shared) -> None:
    """Draw the form. What is typed as a key is shown nowhere again."""
    settings, models = opened.settings, Models(opened.settings)
    st.caption(label("remote.about"))
    with st.form("remote", border=False, enter_to_submit=False):
        url = st.text_input(
            label("remote.url"),
            value=settings.remote_url,
            placeholder="http://127.0.0.1:8080/v1",
            key="remote-url",
        )
        name = st.text_input(
            label("remote.model"),
            value=settings.remote_model,
            help=label("remote.model_about"),
            key="remote-model",
        )
        typed = st.text_input(
            label("remote.key"),
            type="password",
            autocomplete="off",
            placeholder=plain("remote.key_kept") if _is_kept(opened) else "",
            help=label("remote.key_about", file=settings.remote_key_file),
            key=f"remote-key-{state().keys}",
        )
        if os.environ.get(access.KEY_VARIABLE, "").strip():
            st.caption(label("remote.key_in_environment", variable=access.KEY_VARIABLE))
        with st.container(horizontal=True):
            tries = st.form_submit_button(label("remote.try"), icon=":material/cable:")
            uses = st.form_submit_button(label("remote.use"), icon=":material/check:")
    key = typed.strip() or None
    with problems.caught():
        if tries:
            with st.spinner(label("remote.trying")):
                tried = models.try_server(url, model=name, key=key)
            st.success(
                label(
                    "remote.works",
                    model=tried.model,
                    time=duration(tried.seconds),
                    n=tried.context_tokens,
                ),
                icon=":material/check:",
            )
            server = access.server(url, proxy=settings.remote_proxy)
            if not server.local:
                st.warning(
                    label("remote.would_leave", host=server.host), icon=":material/cloud_upload:"
                )
                if not server.encrypted:
                    st.warning(label("remote.not_encrypted"), icon=":material/no_encryption:")
        if uses:
            chosen = models.use_server(url, model=name, key=key)
            choosing.tell(chosen)
            state().keys += 1  # another field, which is empty
            opened.follow(load_settings(language="en"), again=True)
            st.rerun()


def _is_kept(opened: Shared) -> bool:
    return opened.settings.remote_key_file.is_file()
