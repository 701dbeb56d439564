"""The chats in the sidebar: begin a new one, open, find, rename, export or delete an old one."""

import json

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.conversations.schema import Conversation, FoundTurn, Origin
from quire.indexes.folder.originals import safe_name
from quire.ui import problems
from quire.ui.catalogue import label, plain
from quire.ui.chat import exporting, unanswered
from quire.ui.inert import markdown
from quire.ui.shared import Shared
from quire.ui.state import state

_RECENT = 15  # shown at once; the older ones are behind a fold
_FEW = 6  # chats among which nobody needs a search
_OF_PROGRAMS = 50  # conversations of programs that are listed
_FOUND = 10  # turns that a search shows
_TITLE = 28  # characters of a title that fit


def draw(opened: Shared, *, chat_page: StreamlitPage) -> None:
    """Draw the sidebar's list. Opening a chat leads to `chat_page`."""
    if st.button(
        label("conversations.new"),
        icon=":material/add:",
        key="new",
        width="stretch",
        help=markdown("Ctrl+Shift+O"),
        shortcut="Ctrl+Shift+O",
    ):
        begin_new()
        st.switch_page(chat_page)
    _list(opened, chat_page=chat_page)


@st.fragment
@problems.guarded
def _list(opened: Shared, *, chat_page: StreamlitPage) -> None:
    """The chats, and what can be done with them; a press redraws them alone."""
    everything = opened.conversations.all()
    if everything or unanswered.alone(state().base):
        st.caption(label("conversations.title"))
    wanted = ""
    if len(everything) > _FEW:
        wanted = st.text_input(
            label("conversations.search"),
            key=f"search-chats-{state().searches}",
            placeholder=plain("conversations.search"),
            label_visibility="collapsed",
            icon=":material/search:",
        ).strip()
    if wanted:
        _found(opened, wanted, chat_page=chat_page)
        return
    by_origin: dict[Origin, list[Conversation]] = {"page": [], "program": []}
    for chat in everything:
        by_origin[chat.origin].append(chat)
    chats = by_origin["page"]
    with st.container(gap=None, key="chats"):
        for id_, title in unanswered.alone(state().base):
            _row_without_answer(id_, title, chat_page=chat_page)
        for chat in chats[:_RECENT]:
            _row(opened, chat, chat_page=chat_page)
    _folded("older", "conversations.older", opened, chats[_RECENT:], chat_page=chat_page)
    # Those of programs may be very many, and would hide the reader's own.
    theirs = by_origin["program"][:_OF_PROGRAMS]
    _folded("program", "conversations.of_programs", opened, theirs, chat_page=chat_page)
    _bin(opened)


def _folded(
    key: str, text: str, opened: Shared, chats: list[Conversation], *, chat_page: StreamlitPage
) -> None:
    """Chats behind a fold, drawn when it is opened."""
    if not chats:
        return
    fold = st.expander(label(text), on_change="rerun", key=key)
    if fold.open:
        with fold, st.container(gap=None, key=f"{key}_chats"):
            for chat in chats:
                _row(opened, chat, chat_page=chat_page)


def _bin(opened: Shared) -> None:
    """What was deleted and can be brought back, the last one first; the last one of this tab stands
    outside of the fold."""
    removed = opened.conversations.removed()
    mine = state()
    for chat in removed:
        if chat.id == mine.removed_chat:
            st.caption(label("conversations.removed", title=_shortened(chat.title)))
            _bring_back(opened, chat, key="undo-last-chat")
    if not removed:
        return
    with st.expander(label("documents.bin", n=len(removed)), type="compact", key="chat-bin"):
        for chat in removed[:_RECENT]:
            st.caption(markdown(_shortened(chat.title)))
            _bring_back(opened, chat, key=f"undo-chat-{chat.id}")

        def empty() -> None:
            with problems.kept():
                opened.conversations.empty_bin()

        st.button(
            label("conversations.delete_now"),
            icon=":material/delete_forever:",
            key="empty-chat-bin",
            on_click=empty,
            help=label("conversations.bin_about"),
        )


def _bring_back(opened: Shared, chat: Conversation, *, key: str) -> None:
    def bring_back() -> None:
        state().removed_chat = None
        with problems.kept():
            opened.conversations.restore(chat.id)

    st.button(
        label("documents.undo"),
        key=key,
        icon=":material/undo:",
        type="tertiary",
        on_click=bring_back,
    )


def begin_new() -> None:
    """Leave the open chat for one without turns."""
    _open(None)


def _found(opened: Shared, wanted: str, *, chat_page: StreamlitPage) -> None:
    """The turns in which some words stand, the latest first."""
    found: list[FoundTurn] = opened.conversations.search(wanted)
    if not found:
        st.caption(label("conversations.no_match", text=wanted))
    with st.container(gap=None, key="found_chats"):
        for turn in found[:_FOUND]:
            if st.button(
                markdown(_shortened(turn.title)),
                key=f"found-{turn.turn}",
                type="tertiary",
                width="stretch",
            ):
                _open(turn.conversation)
                state().searches += 1  # an empty field
                st.switch_page(chat_page)
            st.caption(markdown(turn.excerpt))


def _row_without_answer(id_: str, title: str, *, chat_page: StreamlitPage) -> None:
    """A chat whose first question has no answer: its way there, and nothing to manage."""
    if st.button(
        markdown(_shortened(title)),
        key=f"open-{id_}",
        type="secondary" if id_ == state().unbegun else "tertiary",
        width="stretch",
    ):
        _open(None, unbegun=id_)
        st.switch_page(chat_page)


def _row(opened: Shared, chat: Conversation, *, chat_page: StreamlitPage) -> None:
    with st.container(horizontal=True, gap=None, wrap=False, vertical_alignment="center"):
        chosen = st.button(
            markdown(_shortened(chat.title)),
            key=f"open-{chat.id}",
            type="secondary" if chat.id == state().conversation else "tertiary",
            width="stretch",
        )
        if chosen:
            _open(chat.id)
            st.switch_page(chat_page)
        if st.button(
            "",
            key=f"more-{chat.id}",
            icon=":material/more_horiz:",
            type="tertiary",
            help=label("conversations.more"),
        ):
            _manage(opened, chat)


def _shortened(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[:_TITLE].rstrip()}…"


def _open(conversation: str | None, *, unbegun: str = "") -> None:
    mine = state()
    mine.conversation, mine.unbegun = conversation, unbegun
    mine.answering = None  # goes on by itself, and is in its chat when done
    mine.next_questions.clear()
    mine.awaited.clear()
    mine.early = None
    mine.failed.clear()
    mine.meanwhile = []
    mine.asked += 1
    mine.scope = None
    mine.earlier = 0
    mine.source = None
    mine.problem = None
    unanswered.recall(mine)


def _manage(opened: Shared, chat: Conversation) -> None:
    """Ask what to do with a chat."""
    named = f"name-{chat.id}"

    def rename() -> None:
        with problems.kept():
            opened.conversations.rename(chat.id, st.session_state[named])

    def delete() -> None:
        with problems.kept():
            opened.conversations.remove(chat.id)
            state().removed_chat = chat.id
            if state().conversation == chat.id:
                _open(None)

    @problems.dialog(label("conversations.more"))
    def ask() -> None:
        if chat.id not in {each.id for each in opened.conversations.all()}:
            st.rerun()  # deleted: `delete` comes before the dialog is drawn once more
        with st.form("rename-chat", border=False):
            st.text_input(label("conversations.name"), value=chat.title, key=named, max_chars=200)
            if st.form_submit_button(label("conversations.rename"), on_click=rename):
                st.rerun()
        turns = opened.conversations.turns(chat.id)
        stem = safe_name(chat.title)[:60]
        with st.container(horizontal=True):
            exporting.buttons(opened, chat.id, stem=stem)
            kept = {**chat.to_dict(), "turns": [turn.to_dict() for turn in turns]}
            st.download_button(
                label("conversations.as_json"),
                json.dumps(kept, ensure_ascii=False, indent=1),
                file_name=f"{stem}.json",
                mime="application/json",
                icon=":material/download:",
                key="export-json",
                on_click="ignore",
            )
        with st.expander(label("conversations.delete"), type="compact"):
            st.caption(label("conversations.delete_about", title=chat.title))
            if st.button(
                label("documents.delete"),
                icon=":material/delete:",
                key="confirm",
                on_click=delete,
            ):
                st.rerun()

    ask()
