"""What can be done with the documents that are marked: ask them, tag, move, export and delete."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.errors import DocumentNotFound
from quire.indexes.scope import Scope
from quire.records import Document
from quire.ui import problems
from quire.ui.catalogue import label, plain
from quire.ui.inert import bare
from quire.ui.library import exporting
from quire.ui.shared import Shared
from quire.ui.state import state


def draw(
    opened: Shared, chosen: Sequence[Document], found: Sequence[Document], *, chat: StreamlitPage
) -> None:
    """Draw the bar of what can be done with the `chosen` ones, of all that were `found`."""
    if not chosen:
        return
    with st.container(border=True, key="selection"):
        _marked(chosen, found)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(label("library.ask"), icon=":material/forum:", key="ask-checked"):
                ask(opened, chosen, chat=chat)
            if st.button(label("library.tag"), icon=":material/sell:", key="tag-checked"):
                _tag(opened, chosen)
            if st.button(
                label("library.move"), icon=":material/drive_file_move:", key="move-checked"
            ):
                move(opened, chosen)
            large = exporting.size(chosen) > exporting.MOST
            st.download_button(
                label("library.export"),
                partial(exporting.packed, opened.base, chosen),
                file_name="quire-documents.zip",
                mime="application/zip",
                icon=":material/download:",
                key="export-checked",
                on_click="ignore",
                disabled=large,
                help=label("library.large", size=exporting.MOST // 1024**2) if large else None,
            )
            st.button(
                label("documents.delete"),
                icon=":material/delete:",
                key="delete-checked",
                on_click=delete,
                args=(opened, [document.id for document in chosen]),
            )


def _marked(chosen: Sequence[Document], found: Sequence[Document]) -> None:
    """Say how many are marked, with what marks all and none."""
    mine = state()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        told = plain("library.checked", n=len(chosen))
        st.html(f'<div class="quire-meta" role="status">{told}</div>', width="content")
        rest = [document.id for document in found if document.id not in mine.checked]
        if rest and st.button(
            label("library.check_all", n=len(found)), key="check-all", type="tertiary"
        ):
            mine.checked |= set(rest)
            st.rerun()
        if st.button(label("library.uncheck"), key="uncheck", type="tertiary"):
            mine.checked = set()
            st.rerun()


def ask(opened: Shared, chosen: Sequence[Document], *, chat: StreamlitPage) -> None:
    """Go to the chat, whose next questions look in these documents alone."""
    state().scope = Scope(file=_called(chosen, opened.documents()))
    st.switch_page(chat)


def delete(opened: Shared, document_ids: Iterable[str]) -> None:
    """Delete documents, which may be gone already: another window, or a program, was quicker."""
    mine = state()
    wanted = set(document_ids)
    with problems.kept():
        try:
            removed = opened.base.remove(sorted(wanted & _there(opened)))
        except DocumentNotFound:  # between the two
            removed = opened.base.remove(sorted(wanted & _there(opened)))
        mine.removed = tuple(document.id for document in removed)
        mine.checked -= wanted
        mine.redraw = True  # what was deleted can be brought back at the page's end
        if gone := len(wanted) - len(removed):
            mine.told = plain("library.gone", n=gone)


def move(opened: Shared, chosen: Sequence[Document]) -> None:
    """Ask into which folder, and move documents there."""
    known = sorted({each.folder for each in opened.documents() if each.folder})

    def put(*, back: bool) -> None:
        folder = "" if back else st.session_state["move-to"]
        if folder is not None:  # else none was chosen
            _change(partial(opened.base.move, folder=folder), opened, chosen)

    @problems.dialog(label("library.move"))
    def show() -> None:
        st.caption(label("library.move_about"))
        st.selectbox(
            label("library.folder"),
            known,
            index=None,
            accept_new_options=True,
            format_func=bare,
            key="move-to",
            placeholder=plain("library.folder_about_new"),
        )
        with st.container(horizontal=True):
            pressed = st.button(
                label("library.move"),
                key="move-now",
                type="primary",
                on_click=partial(put, back=False),
            )
            back = st.button(
                label("library.move_back"),
                key="move-back",
                type="tertiary",
                on_click=partial(put, back=True),
            )
        if pressed or back:
            st.rerun()

    show()


def _tag(opened: Shared, chosen: Sequence[Document]) -> None:
    known = sorted({tag for each in opened.documents() for tag in each.tags})
    theirs = sorted({tag for each in chosen for tag in each.tags})

    def keep() -> None:
        given = {name: st.session_state.get(f"tags-{name}", ()) for name in ("add", "remove")}
        _change(partial(opened.base.tag, **given), opened, chosen)

    @problems.dialog(label("library.tag"))
    def show() -> None:
        st.multiselect(
            label("library.tags_add"),
            known,
            accept_new_options=True,
            key="tags-add",
            placeholder=plain("documents.tags_about"),
            select_all=False,
        )
        if theirs:
            st.multiselect(
                label("library.tags_remove"),
                theirs,
                key="tags-remove",
                placeholder=plain("scope.any"),
                select_all=False,
            )
        if st.button(label("documents.keep"), key="tag-now", type="primary", on_click=keep):
            st.rerun()

    show()


def _change(
    change: Callable[[list[str]], list[Document]], opened: Shared, chosen: Sequence[Document]
) -> None:
    """Change those of some documents that are still there, and tell how many are not."""
    with problems.kept():
        known = _there(opened)
        there = [document.id for document in chosen if document.id in known]
        change(there)
        if gone := len(chosen) - len(there):
            state().told = plain("library.gone", n=gone)


def _there(opened: Shared) -> set[str]:
    return {document.id for document in opened.base.documents()}


def _called(chosen: Sequence[Document], everything: Sequence[Document]) -> list[str]:
    """What names these documents and no others: their names where they are their own, else their
    paths."""
    ids = {document.id for document in chosen}
    others = {document.name.casefold() for document in everything if document.id not in ids}
    return [
        document.uri if document.name.casefold() in others else document.name for document in chosen
    ]
