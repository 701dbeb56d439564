"""The pages and how one gets from one to the other; errors of a page become sentences here."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.config import load_settings
from quire.ui import given, problems, progress, style
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.chat import certainty, conversations, unanswered
from quire.ui.chat import page as chat
from quire.ui.check import page as check
from quire.ui.inert import bare
from quire.ui.insight import made, overview
from quire.ui.library import page as library
from quire.ui.settings import bases, search_models
from quire.ui.settings import page as preferences
from quire.ui.shared import Shared, shared
from quire.ui.state import state

_CHAT, _OVERVIEW = ":material/forum:", ":material/query_stats:"


def show() -> None:
    """Draw the page that the browser asks for."""
    # subtle: Streamlit would fetch one of its named icons from a server elsewhere
    st.set_page_config(page_title="Quire", page_icon=style.file("icon.svg"), layout="wide")
    style.apply()
    mine = state()
    _recall()
    chat.take_over()  # before the address and the list of chats, which name the open one
    unanswered.keep(mine)
    _remember()
    kept = {"language": mine.language or "", "risk": certainty.kept(mine.risk)}
    busy = mine.answering is not None and not mine.answering.done
    mine.sending = style.mount(
        kept=kept,
        asked=mine.asked,
        busy=busy,
        answered=mine.answered,
        word=(mine.words, mine.word),
    )
    # each leads to the other: the chat is drawn with the page that there is by then
    talk = _page(lambda opened: chat.draw(opened, made=one), "chat", icon=_CHAT, first=True)
    one = _page(partial(made.draw, chat=talk), "answer", icon=_OVERVIEW, hidden=True)
    documents = _page(partial(library.draw, chat=talk), "documents", icon=":material/folder_open:")
    text = _page(check.draw, "check", icon=":material/fact_check:")
    settings = _page(preferences.draw, "settings", icon=":material/tune:")
    counts = _page(overview.draw, "overview", icon=_OVERVIEW)
    page = st.navigation([talk, documents, text, counts, settings, one])
    with problems.caught():
        opened = shared()
        with st.sidebar, problems.caught():
            _switch()
            conversations.draw(opened, chat_page=talk)
            given.draw(opened)
        progress.draw(opened)
        problems.warn(opened.base.warnings)
        search_models.notice(opened, settings_page=None if page == settings else settings)
        page.run()


def _switch() -> None:
    """Where there are several knowledge bases, let another one be chosen."""
    configured = load_settings().kb
    names = bases.names(configured)
    if len(names) < 2:
        return
    mine = state()
    now = mine.base or configured.name
    chosen = st.selectbox(
        label("bases.one"),
        names,
        index=names.index(now),
        format_func=bare,
        label_visibility="collapsed",
        key=f"base-{now}",
    )
    if chosen != now:
        preferences.switch(chosen)


def _page(
    draw: Callable[[Shared], None],
    name: str,
    *,
    icon: str,
    first: bool = False,
    hidden: bool = False,
) -> StreamlitPage:
    def run() -> None:
        mine = state()
        if mine.page != name:  # what stands open beside a page belongs to it
            mine.page, mine.source, mine.removed = name, None, ()
        with problems.caught():
            draw(shared())

    return st.Page(
        run,
        title=plain(f"app.{name}"),
        icon=icon,
        url_path=name,
        default=first,
        visibility="hidden" if hidden else "visible",
    )


def _recall() -> None:
    """Take up what the address says and the browser keeps, when a tab is opened or loaded anew."""
    mine = state()
    if mine.began:
        return
    mine.began = True
    mine.base = st.query_params.get("kb")
    mine.conversation = st.query_params.get("chat")
    unanswered.recall(mine)
    cookies = st.context.cookies
    language = st.query_params.get("language") or cookies.get("quire-language")
    mine.language = language if language in LANGUAGES else None
    mine.risk = certainty.recalled(cookies.get("quire-risk"))


def _remember() -> None:
    """Put into the address what a tab needs that is loaded anew."""
    mine = state()
    chat = mine.conversation or mine.unbegun
    remembered = {"kb": mine.base, "chat": chat, "language": mine.language}
    for name, value in remembered.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]
