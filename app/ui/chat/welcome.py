"""What a chat shows before its first question."""

from collections.abc import Sequence

import streamlit as st

from quire.background.ingesting import Intake
from quire.models import opening
from quire.records import Document
from quire.ui.catalogue import joined, label, plain
from quire.ui.chat import samples, suggested
from quire.ui.inert import html
from quire.ui.library import intake
from quire.ui.shared import Shared


def draw(opened: Shared, documents: Sequence[Document]) -> None:
    """Draw what stands above the place for the first files, or all where there are some."""
    if not documents:
        about = [plain("chat.empty")]
        if intake.paths_can_be_named():
            about.append(plain("chat.empty_here"))
        _hero(plain("chat.empty_title"), joined(*about))
        return
    _hero(plain("chat.title"), plain("chat.about", n=len(documents)))
    suggested.to_begin(opened)


def draw_below(opened: Shared, documents: Sequence[Document]) -> None:
    """Draw what stands below that place, where there are no documents."""
    if documents:
        return
    if not opened.ingests.active:
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button(label("chat.samples"), icon=":material/auto_stories:", key="samples"):
                opened.ingests.add(
                    [
                        Intake(name, len(content), content=content)
                        for name, content in samples.documents()
                    ]
                )
                st.rerun()
    settings = opened.base.settings
    model = settings.model
    if server := opening.server(settings):
        better = plain("chat.model_remote", model=settings.remote_model, host=server.host)
    else:
        known = model if model in ("starter", "none") else "other"
        better = plain(f"chat.model_{known}", model=model)
    st.html(f'<div class="quire-hero quire-model"><p>{html(better)}</p></div>')


def _hero(title: str, about: str) -> None:
    st.html(f'<div class="quire-hero"><h2>{html(title)}</h2><p>{html(about)}</p></div>')
