"""The settings page: the language, what is in use where, and the knowledge bases."""

from functools import partial

import streamlit as st

from quire.config import config_path
from quire.loopback import is_loopback
from quire.models import opening
from quire.models.library import Models
from quire.models.store import starter
from quire.ui import problems
from quire.ui import shared as sharing
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.chat import agent, conversations
from quire.ui.inert import bare, html, markdown
from quire.ui.library import intake
from quire.ui.settings import bases, choosing, remote, search_models
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 1.0  # seconds between two looks at a model that is being loaded


def draw(opened: Shared) -> None:
    """Draw the settings page."""
    st.header(label("settings.title"), anchor=False)
    _language()
    settings = opened.settings
    problems.show_kept()
    if told := state().told:
        st.success(markdown(told), icon=":material/check:")
        state().told = ""
    st.subheader(label("settings.model"), anchor=False)
    server = opening.server(settings)
    st.fragment(_model, run_every=_POLL if opened.model_state == "loading" else None)(opened)
    if settings.model in ("starter", "none"):
        st.caption(label(f"settings.better_than_{settings.model}"))
    st.caption(label("settings.answers"))
    _models(opened)
    st.subheader(label("bases.title"), anchor=False)
    _bases(opened)
    st.subheader(label("settings.privacy"), anchor=False)
    if server is None:
        alone = is_loopback(str(st.get_option("server.address") or ""))
        st.write(label("settings.offline" if alone else "settings.network"))
    elif server.local:
        st.write(label("settings.beside", url=server.url))
    else:
        st.warning(label("settings.leaves", host=server.host), icon=":material/cloud_upload:")
    _row("settings.folder", str(opened.base.folder))
    _row("settings.models_folder", str(settings.models))
    _row("settings.config", str(config_path()))


def _models(opened: Shared) -> None:
    """Other models, for who is at this machine: they are written to its disk and run on it, and
    what is asked may be sent where they are."""
    search_models.draw(opened)
    if not intake.paths_can_be_named():
        st.caption(label("models.elsewhere"))
        return
    with st.expander(label("models.chat"), type="compact"):
        choosing.draw(opened, choosing.Offer("chat", _use))
        if opened.settings.model != "none":
            st.button(
                label("models.none"),
                key="use-none",
                type="tertiary",
                on_click=choosing.kept(lambda: _use(opened, "none")),
            )
    with st.expander(label("models.search"), type="compact"):
        st.caption(label("models.search_about"))
        cost = partial(search_models.cost, opened)
        choosing.draw(opened, choosing.Offer("embedding", search_models.use, cost))
    with st.expander(label("models.checkers"), type="compact"):
        st.caption(label("models.checkers_about"))
        choosing.draw(opened, choosing.Offer("entailment", _use))
    with st.expander(label("remote.title"), type="compact"):
        remote.draw(opened)


def _use(opened: Shared, name: str) -> None:
    choosing.tell(Models(opened.settings).use(name))


@problems.guarded
def _model(opened: Shared) -> None:
    """The chat model and how it is, looked at again for as long as it is being loaded."""
    settings, how = opened.settings, opened.model_state
    server = opening.server(settings)
    name = f"{settings.remote_model} ({server.host})" if server else settings.model
    if name == "starter":
        name = f"{starter.CHAT.name} (starter)"
    told = plain(f"settings.{how}")
    _row("settings.chat_model", told if how == "none" else f"{name} — {told}")
    if how == "ready":
        _row("settings.agent", plain(f"settings.agent_{agent.standing(opened)}"))
    if how == "problem" and opened.base.model_problem:
        problems.show(opened.base.model_problem)


def switch(name: str) -> None:
    """Go on with another knowledge base."""
    conversations.begin_new()
    state().base = name
    st.rerun()


def _language() -> None:
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


def _bases(opened: Shared) -> None:
    """Begin a knowledge base, or delete the open one once its name was written."""
    configured, now = opened.settings.kb, opened.base.folder
    st.caption(label("bases.about", folder=configured.parent))
    with st.form("new-base", border=False, clear_on_submit=True):
        name = st.text_input(label("bases.new"), max_chars=80)
        if st.form_submit_button(label("bases.make"), icon=":material/add:") and name.strip():
            with problems.caught():
                made = bases.new(configured, name)
                bases.make(configured.parent / made)
                state().told = plain("bases.made", name=made)
                switch(made)
    with (
        st.expander(label("bases.delete", name=now.name), type="compact"),
        st.form("delete-base", border=False, clear_on_submit=True),
    ):
        st.caption(label("bases.delete_about", n=len(opened.documents())))
        typed = st.text_input(label("bases.confirm", name=now.name))
        if st.form_submit_button(label("bases.delete_now"), icon=":material/delete_forever:"):
            if bare(typed) != bare(now.name):
                st.error(label("bases.not_confirmed"))
                return
            with problems.caught():
                sharing.forget(now)
                bases.delete(now, wait=opened.settings.lock_wait)
                state().told = plain("bases.deleted", name=now.name)
                switch(configured.name)


def _row(key: str, value: str) -> None:
    st.html(
        f'<div class="quire-meta">{html(plain(key))}</div>'
        f'<div class="quire-name">{html(value)}</div>'
    )
