"""The documents: add, find, tag, delete and bring back."""

from datetime import datetime
from pathlib import Path

import streamlit as st

from quire.background.ingesting import Intake
from quire.indexes.folder.names import ORIGINALS
from quire.records import Document
from quire.ui import answers, problems, source_panel
from quire.ui.catalogue import label, plain, said
from quire.ui.inert import html, markdown
from quire.ui.library import intake, summary_panel
from quire.ui.shared import Shared
from quire.ui.state import state

_SHOWN = 25  # documents on one page of the list
_GROWS = 3.0  # seconds between two looks at what has come in meanwhile
_BACK = 20  # removed documents listed
_AT_ONCE = 0.3  # seconds to wait before a summary is drawn as being made


def draw(opened: Shared) -> None:
    """Draw the page of documents."""
    # subtle: as in the chat, the columns are there without a source too
    shelf, beside = st.columns((5, 6), gap="large")
    with shelf:
        st.header(label("documents.title"), anchor=False)
        _add(opened)
        intake.draw(opened)
        problems.show_kept()
        _bin(opened)
        if opened.documents():
            _list(opened)
        else:
            st.caption(label("documents.none"))
        _undo(opened)
    if state().source is not None:
        with beside:
            source_panel.draw(opened)


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


def _list(opened: Shared) -> None:
    """The documents, as a part of the page that is redrawn alone, and by itself while files are
    taken in: those of a folder come one by one."""
    st.fragment(_documents, run_every=_GROWS if opened.ingests.active else None)(opened)


@problems.guarded
def _documents(opened: Shared) -> None:
    """The documents that fit what is searched for, some at a time."""
    documents = opened.documents()
    wanted = st.text_input(
        label("documents.search"), key="search-documents", icon=":material/search:", live=True
    )
    found = [document for document in documents if _fits(document, wanted or "")]
    if not found:
        st.caption(label("documents.no_match", text=wanted))
        return
    st.caption(label("documents.count", n=len(found)))
    # subtle: the pages are placed below the rows that they choose
    rows, pages = st.container(), -(-len(found) // _SHOWN)
    page = st.pagination(pages, key=f"documents-{wanted}") if pages > 1 else 1
    with rows:
        for document in found[(page - 1) * _SHOWN : page * _SHOWN]:
            _row(opened, document)


def _fits(document: Document, wanted: str) -> bool:
    """Whether each word is in the name or one of the tags."""
    said_of = " ".join((document.name, *document.tags)).casefold()
    return all(word in said_of for word in wanted.casefold().split())


def _row(opened: Shared, document: Document) -> None:
    added = datetime.fromisoformat(document.added_at).astimezone().date().isoformat()
    facts = [
        *([answers.extent(document.name, document.pages)] if document.pages else []),
        plain("documents.passages", n=document.chunks),
        plain("documents.added_at", date=added),
        *([plain("documents.warnings", n=len(document.warnings))] if document.warnings else []),
    ]
    tags = "".join(f'<span class="quire-tag">{html(tag)}</span>' for tag in document.tags)
    with st.container(border=True):
        _told(opened, document, tags, facts)
        if state().summary == document.id:
            summary_panel.draw(opened, document.id)


def _told(opened: Shared, document: Document, tags: str, facts: list[str]) -> None:
    """A document's name, what is known of it, and what can be done with it."""
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, key=f"row-{document.id}"
    ):
        with st.container(gap=None):
            if st.button(
                markdown(document.name),
                key=f"read-{document.id}",
                type="tertiary",
                help=label("documents.read"),
            ):
                answers.open_document(document)
            st.html(
                f'<div class="quire-meta" title="{html(_from(opened, document))}">'
                f"{html(' · '.join(facts))} {tags}</div>"
            )
        if st.button(
            "",
            key=f"summary-of-{document.id}",
            icon=":material/notes:",
            type="tertiary",
            help=label("documents.summary"),
        ):
            _summarize(opened, document)
        if st.button(
            "",
            key=f"about-{document.id}",
            icon=":material/sell:",
            type="tertiary",
            help=label("documents.about"),
        ):
            _about(opened, document)
        if st.button(
            "",
            key=f"again-{document.id}",
            icon=":material/refresh:",
            type="tertiary",
            help=label("documents.again"),
            disabled=opened.ingests.busy,
        ):
            _read_again(opened, document)
        if st.button(
            "",
            key=f"remove-{document.id}",
            icon=":material/delete:",
            type="tertiary",
            help=label("documents.delete"),
        ):
            with problems.caught():
                opened.base.remove(document.id)
                state().removed = document.id
                st.rerun()


def _summarize(opened: Shared, document: Document) -> None:
    """Open the summary of a document, or close it."""
    mine = state()
    if mine.summary == document.id:
        mine.summary = None
    else:
        mine.summary = document.id
        opened.summaries.of(document.id).wait(_AT_ONCE)
    st.rerun()


def _about(opened: Shared, document: Document) -> None:
    """Show what is known of a document, and let its tags be changed."""
    known = sorted({tag for each in opened.documents() for tag in each.tags})
    key = f"tags-{document.id}"

    def keep() -> None:
        chosen: list[str] = st.session_state[key]
        with problems.kept():
            opened.base.tag(
                document.id,
                add=[tag for tag in chosen if tag not in document.tags],
                remove=[tag for tag in document.tags if tag not in chosen],
            )

    @problems.dialog(label("documents.about"))
    def show() -> None:
        st.html(
            f'<div class="quire-name">{html(document.name)}</div>'
            f'<div class="quire-meta">{html(_from(opened, document))}</div>'
        )
        for warning in document.warnings:
            st.caption(markdown(said(warning)))
        st.multiselect(
            label("documents.tags"),
            known,
            default=document.tags,
            accept_new_options=True,
            key=key,
            placeholder=plain("documents.tags_about"),
            select_all=False,
        )
        if st.button(label("documents.keep"), key="keep-tags", type="primary", on_click=keep):
            st.rerun()

    show()


def _from(opened: Shared, document: Document) -> str:
    """Where a document came from: a path, or an upload, whose copy is called after its hash."""
    own = opened.base.folder / ORIGINALS
    return plain("documents.uploaded") if Path(document.uri).is_relative_to(own) else document.uri


def _read_again(opened: Shared, document: Document) -> None:
    """Take in what is now at the place that the document came from."""
    path = Path(document.uri)
    size = path.stat().st_size if path.exists() else 0
    opened.ingests.add([Intake(document.name, size, path=path)])
    st.rerun()


def _undo(opened: Shared) -> None:
    """Offer to bring back what this tab has deleted last: above the page's end wherever the reader
    is (style.css), until it is dismissed or the page left."""
    mine = state()
    last = next((each for each in opened.base.removed() if each.document_id == mine.removed), None)
    if last is None:
        return

    def dismiss() -> None:
        mine.removed = None

    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, border=True, key="undo"
    ):
        st.html(f'<div class="quire-meta">{html(plain("documents.deleted", name=last.name))}</div>')
        _bring_back(opened, last.document_id, key="undo-last")
        st.button(
            "",
            key="dismiss-undo",
            icon=":material/close:",
            type="tertiary",
            help=label("app.close"),
            on_click=dismiss,
        )


def _bring_back(opened: Shared, document_id: str, *, key: str) -> None:
    def bring_back() -> None:
        with problems.kept():
            opened.base.restore(document_id)

    st.button(
        label("documents.undo"),
        key=key,
        icon=":material/undo:",
        type="tertiary",
        on_click=bring_back,
    )


def _bin(opened: Shared) -> None:
    """What was deleted and can be brought back, the last one first, until the bin is emptied."""
    removed = opened.base.removed()
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
