"""The documents: add, find, mark, and what can be done with them; delete and bring back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.indexes.folder.trash import Removed
from quire.records import Document
from quire.ui import answers, problems, source_panel
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.inert import bare, html
from quire.ui.library import details, intake, listing, selection, summary_panel, table
from quire.ui.library.listing import Wanted
from quire.ui.shared import Shared
from quire.ui.state import state

_SHOWN = 50  # documents on one page of the table
_GROWS = 3.0  # seconds between two looks at what has come in meanwhile
_BACK = 20  # removed documents listed
_STATES = {"all": None, "whole": False, "remarks": True}


def draw(opened: Shared, *, chat: StreamlitPage) -> None:
    """Draw the page of documents; `chat` is the page on which they are asked."""
    state().redraw = False
    # subtle: as in the chat, the columns are there without a source too
    shelf, beside = st.columns((5, 6), gap="large")
    with shelf:
        st.header(label("documents.title"), anchor=False)
        _add(opened)
        intake.draw(opened)
        problems.show_kept()
        _told()
        removed = opened.base.removed()
        _bin(opened, removed)
        _summary(opened)
        if opened.documents():
            _list(opened, chat=chat)
        else:
            st.caption(label("documents.none"))
        _undo(opened, removed)
    if about := state().details:
        state().details = None
        details.show(opened, about, chat=chat)
    if state().source is not None:
        with beside:
            source_panel.draw(opened)


def _told() -> None:
    """Say, once, what was done."""
    if told := state().told:
        st.info(told)
        state().told = ""


def _add(opened: Shared) -> None:
    names = ["documents.files", "documents.folder"]
    if intake.paths_can_be_named():
        names.append("documents.place")
    files, folder, *place = st.tabs([label(name) for name in names])
    with files:
        intake.upload_area(opened)
    with folder:
        intake.folder_area(opened)
    if place:
        with place[0]:
            intake.path_area(opened)
    with st.expander(label("documents.encrypted"), type="compact"):
        intake.password_field()


def _summary(opened: Shared) -> None:
    """The summary that stands open, under the name of its document."""
    mine = state()
    document = next((each for each in opened.documents() if each.id == mine.summary), None)
    if document is None:
        return

    def close() -> None:
        mine.summary = None

    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.html(f'<div class="quire-name"><bdi>{html(document.name)}</bdi></div>')
            st.button(
                "",
                key="close-summary",
                icon=":material/close:",
                type="tertiary",
                help=label("app.close"),
                on_click=close,
            )
        summary_panel.draw(opened, document.id)


def _list(opened: Shared, *, chat: StreamlitPage) -> None:
    """The documents, as a part of the page that is redrawn alone, and by itself while files are
    taken in: those of a folder come one by one."""
    every = _GROWS if opened.ingests.active else None
    st.fragment(_documents, run_every=every)(opened, chat=chat)


@problems.guarded
def _documents(opened: Shared, *, chat: StreamlitPage) -> None:
    """The documents that fit what is looked for, a page at a time, and what can be done with those
    that are marked."""
    mine = state()
    if mine.redraw:
        st.rerun()
    documents = opened.documents()
    with st.container(key="library"):
        _wanted(documents)
        text = mine.wanted.text
        holding = opened.base.holding(text) if text.strip() else frozenset[str]()
        found = listing.matching(documents, mine.wanted, holding=holding)
        found = listing.ordered(found, mine.order, descending=mine.descending)
        st.caption(_count(found, documents))
        # subtle: the pages are placed below the rows that they choose
        rows, pages = st.container(), -(-len(found) // _SHOWN)
        page = st.pagination(pages, key=f"documents-{mine.wanted}") if pages > 1 else 1
        first = (page - 1) * _SHOWN
        with rows:
            pressed = table.draw(
                found[first : first + _SHOWN],
                listing.folders(documents, mine.unfolded),
                everything=documents,
                first=first,
                total=len(found),
            )
        chosen = [document for document in documents if document.id in mine.checked]
        mine.checked = {document.id for document in chosen}  # others are gone meanwhile
        selection.draw(opened, chosen, found, chat=chat)
    if pressed is not None:
        _do(opened, pressed)


def _count(found: Sequence[Document], documents: Sequence[Document]) -> str:
    if not found:
        return label("library.no_match")
    if len(found) == len(documents):
        return label("documents.count", n=len(found))
    return label("library.found", n=len(found), total=len(documents))


def _do(opened: Shared, pressed: Mapping[str, Any]) -> None:
    """Do what was pressed in the table. It comes from a browser, and may name anything."""
    mine = state()
    what, named = pressed.get("what"), str(pressed.get("id"))
    if what == "sort" and pressed.get("by") in listing.ORDERS:
        by = str(pressed["by"])
        mine.descending = by == mine.order and not mine.descending
        mine.order = by
    elif what == "folder":
        folder = pressed.get("folder")
        mine.wanted = replace(mine.wanted, folder=folder if isinstance(folder, str) else None)
    elif what == "unfold":
        mine.unfolded ^= {str(pressed.get("folder"))}
    elif what == "details":
        mine.details = named
    elif what == "delete":
        selection.delete(opened, mine.checked or {named})
    elif what == "read":
        document = next((each for each in opened.documents() if each.id == named), None)
        if document is None:
            mine.told = plain("library.gone", n=1)
        else:
            answers.open_document(document)
    st.rerun()


def _wanted(documents: Sequence[Document]) -> None:
    """The field for words, and the filters; what is chosen is what `state().wanted` says."""
    mine = state()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            label("library.search"), key="search-documents", icon=":material/search:", live=True
        )
        given = mine.wanted.filters
        name = label("library.filters_on", n=given) if given else label("library.filters")
        with st.popover(name, icon=":material/filter_alt:", key="filters"):
            chosen = _filters(documents)
    mine.wanted = replace(chosen, text=text or "", folder=mine.wanted.folder)


def _filters(documents: Sequence[Document]) -> Wanted:
    def several(key: str, options: Sequence[str], names: Mapping[str, str] | None = None) -> Any:
        return st.multiselect(
            label(key),
            options,
            format_func=lambda value: bare((names or {}).get(value, value)),
            key=key,
            placeholder=plain("scope.any"),
            select_all=False,
        )

    left, right = st.columns(2)  # one below the other they would not all be in sight
    with left:
        kinds = several("library.by_kind", sorted({listing.kind(each) for each in documents}))
        tags = several("documents.tags", sorted({tag for each in documents for tag in each.tags}))
        since = st.date_input(label("library.since"), None, key="library.since")
    with right:
        languages = several(
            "library.by_language", sorted({each.language for each in documents}), LANGUAGES
        )
        states = st.selectbox(
            label("library.state"),
            [*_STATES],
            format_func=lambda value: plain(f"library.state_{value}"),
            key="library.state",
        )
        until = st.date_input(label("library.until"), None, key="library.until")
    return Wanted(
        kinds=tuple(kinds),
        languages=tuple(languages),
        tags=tuple(tags),
        since=since,
        until=until,
        remarks=_STATES[states],
    )


def _undo(opened: Shared, binned: Sequence[Removed]) -> None:
    """Offer to bring back what this tab has deleted last: above the page's end wherever the reader
    is (style.css), until it is dismissed or the page left."""
    mine = state()
    removed = [each for each in binned if each.document_id in mine.removed]
    if not removed:
        return
    several = plain("library.deleted", n=len(removed))
    told = plain("documents.deleted", name=removed[0].name) if len(removed) == 1 else several

    def dismiss() -> None:
        mine.removed = ()

    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, border=True, key="undo"
    ):
        st.html(f'<div class="quire-meta">{html(told)}</div>')
        _bring_back(opened, *(each.document_id for each in removed), key="undo-last")
        st.button(
            "",
            key="dismiss-undo",
            icon=":material/close:",
            type="tertiary",
            help=label("app.close"),
            on_click=dismiss,
        )


def _bring_back(opened: Shared, *document_ids: str, key: str) -> None:
    def bring_back() -> None:
        for document_id in document_ids:
            with problems.kept():
                opened.base.restore(document_id)

    st.button(
        label("documents.undo"),
        key=key,
        icon=":material/undo:",
        type="tertiary",
        on_click=bring_back,
    )


def _bin(opened: Shared, removed: Sequence[Removed]) -> None:
    """What was deleted and can be brought back, the last one first, until the bin is emptied."""
    if not removed:
        return
    with st.expander(label("documents.bin", n=len(removed)), type="compact", key="bin"):
        st.caption(label("documents.bin_about"))
        for each in removed[:_BACK]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(f'<div class="quire-meta">{html(each.name)}</div>')
                _bring_back(opened, each.document_id, key=f"undo-{each.document_id}")
        with st.popover(label("documents.empty_bin"), icon=":material/delete_forever:"):
            st.write(label("documents.empty_bin_about", n=len(removed)))
            if st.button(label("documents.empty_bin_now"), key="empty-bin", type="primary"):
                with problems.caught(), st.spinner(label("documents.emptying")):
                    opened.base.compact()
                    st.rerun()
