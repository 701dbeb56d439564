"""The settings page: the language, and what is in use where."""

import streamlit as st

from quire.config import config_path
from quire.models import opening
from quire.ui import problems
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.inert import html
from quire.ui.shared import Shared
from quire.ui.state import state


def draw(opened: Shared) -> None:
    """Draw the settings page."""
    st.header(label("settings.title"), anchor=False)
    mine = state()
    choices = ["", *LANGUAGES]
    chosen = st.radio(
        label("settings.language"),
        choices,
        index=choices.index(mine.language or ""),
        format_func=lambda code: LANGUAGES.get(code) or label("settings.follow_browser"),
        horizontal=True,
    )
    if chosen != (mine.language or ""):
        mine.language = chosen or None
        st.rerun()
    settings = opened.base.settings
    st.subheader(label("settings.model"), anchor=False)
    _row("settings.chat_model", f"{settings.model} — {plain(f'settings.{opened.model_state}')}")
    if opened.model_state == "problem" and opened.base.model_problem:
        problems.show(opened.base.model_problem)
    if settings.model == "starter":
        st.caption(label("settings.starter"))
    _row("settings.embedder", opening.embedder_name(settings))
    st.subheader(label("settings.privacy"), anchor=False)
    st.write(label("settings.offline"))
    _row("settings.folder", str(opened.base.folder))
    _row("settings.models_folder", str(settings.models))
    _row("settings.config", str(config_path()))


def _row(key: str, value: str) -> None:
    st.html(
        f'<div class="quire-meta">{html(plain(key))}</div>'
        f'<div class="quire-name">{html(value)}</div>'
    )
