"""The documents: add, find, delete."""

from datetime import datetime
from pathlib import Path

import streamlit as st

from quire.records import Document
from quire.ui import confirmation, intake, problems
from quire.ui.catalogue import label, plain, said
from quire.ui.inert import html, markdown
from quire.ui.ingesting import Intake
from quire.ui.shared import Shared

_SHOWN = 25  # documents on one page of the list


def draw(opened: Shared) -> None:
    """Draw the page of documents."""
    st.header(label("documents.title"), anchor=False)
    intake.upload_area(opened)
    with st.expander(label("documents.encrypted"), type="compact"):
        intake.password_field()
    intake.draw(opened)
    problems.show_kept()
    documents = opened.base.documents()
    if not documents:
        st.caption(label("documents.none"))
        return
    wanted = st.text_input(
        label("documents.search"), key="search-documents", icon=":material/search:", live=True
    )
    found = [d for d in documents if (wanted or "").casefold() in d.name.casefold()]
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


def _row(opened: Shared, document: Document) -> None:
    added = datetime.fromisoformat(document.added_at).astimezone().date().isoformat()
    facts = [
        *([plain("documents.pages", n=document.pages)] if document.pages else []),
        plain("documents.passages", n=document.chunks),
        plain("documents.added_at", date=added),
    ]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.html(
                f'<div class="quire-name">{html(document.name)}</div>'
                f'<div class="quire-meta" title="{html(document.uri)}">'
                f"{html(' · '.join(facts))}</div>"
            )
            if st.button(
                "",
                key=f"again-{document.id}",
                icon=":material/refresh:",
                type="tertiary",
                help=label("documents.again"),
                disabled=opened.ingests.active,
            ):
                _read_again(opened, document)
            if st.button(
                "",
                key=f"remove-{document.id}",
                icon=":material/delete:",
                type="tertiary",
                help=label("documents.delete"),
            ):
                _confirm(opened, document)
        if document.warnings:
            with st.expander(label("documents.warnings", n=len(document.warnings))):
                for warning in document.warnings:
                    st.caption(markdown(said(warning)))


def _read_again(opened: Shared, document: Document) -> None:
    """Take in what is now at the place that the document came from."""
    path = Path(document.uri)
    size = path.stat().st_size if path.exists() else 0
    opened.ingests.add([Intake(document.name, size, path=path)])
    st.rerun()


def _confirm(opened: Shared, document: Document) -> None:
    def remove() -> None:
        opened.base.remove(document.id)
        st.toast(label("documents.deleted", name=document.name))

    confirmation.ask(
        label("documents.delete_title"),
        about=label("documents.delete_about", name=document.name),
        yes=label("documents.delete"),
        do=remove,
    )
