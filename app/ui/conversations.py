"""The chats in the sidebar: begin a new one, open an old one, delete one."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.conversations import Conversation
from quire.ui import confirmation
from quire.ui.catalogue import label
from quire.ui.inert import markdown
from quire.ui.shared import Shared
from quire.ui.state import state

_RECENT = 15  # shown at once; the older ones are behind a fold
_TITLE = 28  # characters of a title that fit


def draw(opened: Shared, *, chat_page: StreamlitPage) -> None:
    """Draw the sidebar's list. Opening a chat leads to `chat_page`."""
    if st.button(label("conversations.new"), icon=":material/add:", key="new", width="stretch"):
        _open(None)
        st.switch_page(chat_page)
    chats = opened.conversations.all()
    if not chats:
        return
    st.caption(label("conversations.title"))
    with st.container(gap=None, key="chats"):
        for chat in chats[:_RECENT]:
            _row(opened, chat, chat_page=chat_page)
    if chats[_RECENT:]:
        with st.expander(label("conversations.older")), st.container(gap=None, key="older_chats"):
            for chat in chats[_RECENT:]:
                _row(opened, chat, chat_page=chat_page)


def _row(opened: Shared, chat: Conversation, *, chat_page: StreamlitPage) -> None:
    title = chat.title if len(chat.title) <= _TITLE else f"{chat.title[:_TITLE].rstrip()}…"
    with st.container(horizontal=True, gap=None, wrap=False, vertical_alignment="center"):
        chosen = st.button(
            markdown(title),
            key=f"open-{chat.id}",
            type="secondary" if chat.id == state().conversation else "tertiary",
            width="stretch",
        )
        if chosen:
            _open(chat.id)
            st.switch_page(chat_page)
        if st.button(
            "",
            key=f"delete-{chat.id}",
            icon=":material/close:",
            type="tertiary",
            help=label("conversations.delete"),
        ):
            _confirm(opened, chat)


def _open(conversation: str | None) -> None:
    mine = state()
    mine.conversation = conversation
    mine.answering = None  # goes on by itself, and is in its chat when done
    mine.next_questions.clear()
    mine.source = None
    mine.problem = None


def _confirm(opened: Shared, chat: Conversation) -> None:
    def delete() -> None:
        opened.conversations.delete(chat.id)
        if state().conversation == chat.id:
            _open(None)

    confirmation.ask(
        label("conversations.delete_title"),
        about=label("conversations.delete_about", title=chat.title),
        yes=label("conversations.delete"),
        do=delete,
    )
