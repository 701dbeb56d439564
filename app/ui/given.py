"""The files that were given and could not be read, with why and what to do: a lasting list, beside
every page."""

from datetime import datetime

import streamlit as st

from quire.indexes.folder.unread import UnreadFile
from quire.ui import problems
from quire.ui.catalogue import joined, label, plain, said
from quire.ui.inert import html
from quire.ui.shared import Shared


def draw(opened: Shared) -> None:
    """Draw a button that leads to the list, where something is on it."""
    listed = opened.ingests.unread.all()
    if listed and st.button(
        label("given.open", n=len(listed)),
        key="given",
        icon=":material/report:",
        type="tertiary",
        width="stretch",
    ):
        _show(opened)


def _show(opened: Shared) -> None:
    def dismiss(one: UnreadFile) -> None:
        with problems.kept():
            opened.ingests.unread.forget(one.name, place=one.place)

    def dismiss_all() -> None:
        for one in opened.ingests.unread.all():
            dismiss(one)

    @problems.dialog(label("given.title"))
    def show() -> None:
        listed = opened.ingests.unread.all()
        if not listed:
            st.rerun()
        st.caption(label("given.about"))
        for at, one in enumerate(listed):
            with st.container(
                horizontal=True, vertical_alignment="center", wrap=False, key=f"given-row-{at}"
            ):
                st.html(_told(one))
                st.button(
                    "",
                    key=f"dismiss-given-{at}",
                    icon=":material/close:",
                    type="tertiary",
                    help=label("given.dismiss", name=one.name),
                    on_click=dismiss,
                    args=(one,),
                )
        if len(listed) > 1:
            st.button(label("given.dismiss_all"), key="dismiss-given", on_click=dismiss_all)

    show()


def _told(one: UnreadFile) -> str:
    """A file as HTML: its name, where it lies, why it was not read and what to do."""
    day = datetime.fromisoformat(one.given_at).astimezone().date().isoformat()
    where = one.place or plain("given.uploaded")
    remedy = said(one.hint) or plain("given.remedy")
    return (
        f'<div class="quire-name" title="{html(where)}">{html(one.name)}</div>'
        f'<div class="quire-meta">{html(joined(said(one.reason)))} · {day}</div>'
        f'<div class="quire-remedy">{html(remedy)}</div>'
    )
