"""What is known of one document: what of it was not read, its tags, its versions, and what can be
done with it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.answering.versions import editions
from quire.background.ingesting import Intake
from quire.indexes.folder.names import ORIGINALS
from quire.knowledge_base import KnowledgeBase
from quire.records import Document
from quire.ui import answers, problems
from quire.ui.catalogue import LANGUAGES, label, plain, said
from quire.ui.inert import html, markdown
from quire.ui.library import listing, selection
from quire.ui.shared import Shared
from quire.ui.state import state

_OPENING = 1_500  # characters in which a document says what it is
_AT_ONCE = 0.3  # seconds to wait before a summary is drawn as being made


def show(opened: Shared, document_id: str, *, chat: StreamlitPage) -> None:
    """Open a document's details as a dialog."""

    @problems.dialog(label("documents.about"))
    def draw() -> None:
        document = next((each for each in opened.documents() if each.id == document_id), None)
        if state().redraw:  # deleted by a press here: the dialog closes, and undo is offered
            st.rerun()
        if document is None:
            st.info(label("library.gone", n=1))
            return
        _told(opened, document)
        _actions(opened, document, chat=chat)
        _tags(opened, document)
        _versions(opened, document)

    draw()


def versions(
    base: KnowledgeBase, document: Document, documents: Sequence[Document]
) -> list[Document]:
    """The versions of a document, itself among them, the newest first; none where it is the only
    one. Those of the same name are, and those that are called alike but for an edition."""
    edition = editions.read(document, _opening(base, document))
    found = [
        other
        for other in documents
        if other.id != document.id
        and (
            other.name.casefold() == document.name.casefold()
            or (
                editions.are_called_alike(edition, other)
                and editions.are_versions(edition, editions.read(other, _opening(base, other)))
            )
        )
    ]
    newest = sorted([document, *found], key=lambda each: (each.modified, each.added_at))
    return newest[::-1] if found else []


def _opening(base: KnowledgeBase, document: Document) -> str:
    return next((page.text[:_OPENING] for page in base.pages(document) if page.text.strip()), "")


def _told(opened: Shared, document: Document) -> None:
    facts = [
        listing.kind(document),
        LANGUAGES.get(document.language, document.language),
        *([answers.extent(document.name, document.pages)] if document.pages else []),
        plain("documents.passages", n=document.chunks),
        plain("documents.added_at", date=listing.added(document).isoformat()),
    ]
    own = opened.base.folder / ORIGINALS
    uploaded = Path(document.uri).is_relative_to(own)
    where = plain("documents.uploaded") if uploaded else document.uri
    folder = [plain("library.in_folder", folder=document.folder)] if document.folder else []
    st.html(
        f'<h3 class="quire-name"><bdi>{html(document.name)}</bdi></h3>'
        f'<div class="quire-meta">{" · ".join(f"<b>{html(fact)}</b>" for fact in facts)}</div>'
        + "".join(f'<div class="quire-meta">{html(line)}</div>' for line in (*folder, where))
    )
    if document.warnings:
        st.markdown(f"**{label('library.not_read')}**")
        for warning in document.warnings:
            st.caption(markdown(said(warning)))
    else:
        st.caption(label("library.all_read"))


def _actions(opened: Shared, document: Document, *, chat: StreamlitPage) -> None:
    with st.container(horizontal=True, gap="small"):
        read = st.button(
            label("documents.read"),
            key=f"read-{document.id}",
            icon=":material/article:",
            on_click=answers.open_document,
            args=(document,),
        )
        if st.button(label("library.ask_this"), key="ask-this", icon=":material/forum:"):
            selection.ask(opened, [document], chat=chat)
        summarized = st.button(
            label("documents.summary"),
            key=f"summary-of-{document.id}",
            icon=":material/notes:",
            on_click=_summarize,
            args=(opened, document),
        )
        again = st.button(
            label("documents.again"),
            key=f"again-{document.id}",
            icon=":material/refresh:",
            disabled=opened.ingests.busy,
            on_click=_read_again,
            args=(opened, document),
        )
        deleted = st.button(
            label("documents.delete"),
            key=f"remove-{document.id}",
            icon=":material/delete:",
            on_click=selection.delete,
            args=(opened, [document.id]),
        )
    if read or summarized or again or deleted:
        st.rerun()


def _summarize(opened: Shared, document: Document) -> None:
    state().summary = document.id
    opened.summaries.of(document.id).wait(_AT_ONCE)


def _tags(opened: Shared, document: Document) -> None:
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


def _versions(opened: Shared, document: Document) -> None:
    found = versions(opened.base, document, opened.documents())
    if not found:
        return
    st.markdown(f"**{label('library.versions')}**")
    for at, each in enumerate(found):
        told = [each.name, plain("library.dated", date=each.modified[:10])]
        told += [plain("library.newest")] if at == 0 else []
        told += [plain("library.this_one")] if each.id == document.id else []
        if each.id == document.id:
            st.html(f'<div class="quire-meta">{html(" · ".join(told))}</div>')
        elif st.button(markdown(" · ".join(told)), key=f"version-{each.id}", type="tertiary"):
            answers.open_document(each)
            st.rerun()


def _read_again(opened: Shared, document: Document) -> None:
    """Take in what is now at the place that the document came from."""
    path = Path(document.uri)
    size = path.stat().st_size if path.exists() else 0
    opened.ingests.add([Intake(document.name, size, path=path)])
