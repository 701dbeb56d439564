"""Questions that a reader may press in place of writing one; each was tried before it is shown."""

import streamlit as st

from quire.conversations.schema import Turn
from quire.ui import problems
from quire.ui.catalogue import label, language
from quire.ui.chat import samples
from quire.ui.inert import markdown
from quire.ui.jobs.suggesting import Suggested
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.5  # seconds between two looks at what was found


def to_begin(opened: Shared) -> None:
    """Draw questions for a chat without any, as soon as they are found."""
    documents = opened.documents()
    found = opened.suggestions.to_begin(
        [document.id for document in documents],
        first=samples.questions({document.name for document in documents}, language()),
        language=language(),
    )
    _draw(found, key="suggested")


def after(opened: Shared, turn: Turn) -> None:
    """Draw questions that lead on from an answer, as soon as they are found."""
    if turn.answer["citations"] and not opened.ingests.busy:
        ids = [document.id for document in opened.documents()]
        _draw(opened.suggestions.after(turn.id, ids), key=f"next-{turn.id}")


def _draw(found: Suggested, *, key: str) -> None:
    # subtle: found or not, it is the same fragment, so that it goes on when the page is redrawn
    st.fragment(_buttons, run_every=None if found.done else _POLL)(found, key)


@problems.guarded
def _buttons(found: Suggested, key: str) -> None:
    if not (found.done and found.questions):
        return
    begins = key == "suggested"
    with st.container(key=f"suggestions-{key}" if not begins else "suggestions", gap="small"):
        if not begins:
            st.caption(label("chat.next"))
        with st.container(
            horizontal=True, horizontal_alignment="center" if begins else "left", gap="small"
        ):
            for at, question in enumerate(found.questions):
                if st.button(markdown(question), key=f"{key}-{at}"):
                    state().pressed = question
                    st.rerun()
