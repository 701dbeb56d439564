"""A chat or an answer as a file: each is made when it is pressed, since pages are drawn for it."""

from functools import partial

import streamlit as st

from quire.conversations.schema import Turn
from quire.indexes.folder.originals import safe_name
from quire.reports.forms import ENDINGS
from quire.ui import problems
from quire.ui.catalogue import label
from quire.ui.shared import Shared

_TYPES = {
    "markdown": "text/markdown",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def draw(opened: Shared, turn: Turn) -> None:
    """Draw the button of an answer that leads to its exports."""
    if st.button(
        label("answer.export"),
        key=f"export-{turn.id}",
        icon=":material/download:",
        type="tertiary",
        help=label("answer.export_about"),
    ):
        _ask(opened, turn)


def buttons(opened: Shared, reference: str, *, stem: str, answer: bool = False) -> None:
    """Draw a button for each form of a chat, or of an answer, by its id."""
    for ending, form in ENDINGS.items():
        st.download_button(
            label(f"conversations.as_{form}"),
            partial(opened.base.export, reference, form=form, answer=answer),
            file_name=f"{stem}{ending}",
            mime=_TYPES[form],
            icon=":material/download:",
            key=f"export-as-{form}",
            on_click="ignore",
        )


def _ask(opened: Shared, turn: Turn) -> None:
    @problems.dialog(label("answer.export"))
    def ask() -> None:
        st.caption(label("answer.export_about"))
        stem = safe_name(turn.question)[:60]
        buttons(opened, turn.id, stem=stem, answer=True)
        st.download_button(
            label("answer.as_html"),
            lambda: opened.base.export_answer(turn.id).encode(),
            file_name=f"{stem}.html",
            mime="text/html",
            icon=":material/verified:",
            key="export-as-html",
            on_click="ignore",
        )

    ask()
